//! Commands of the command line, a file each.

#[macro_use]
mod output;

mod admin;
mod audit;
mod customer;
pub mod demo;
mod doctor;
mod keys;
mod listen;
mod mail;
mod migrate;
mod money;
mod purge;
mod ready;
mod reconcile;
mod sandbox;
mod serve;
mod telling;
mod trigger;

use std::process::ExitCode;

use namaskah_domain::Fault;

use self::{output::NobodyReads, telling::Telling};
use crate::{
    cli::{Admin, Cli, Command},
    config::{Absent, Config},
    http::server,
    start::Role,
};

/// What ends a command early: told on standard error, exit code 1.
pub type CommandError = Box<dyn std::error::Error + Send + Sync>;

/// Runs the command that was named.
pub async fn run(cli: Cli) -> ExitCode {
    // One TLS provider for everything; a second call finds it there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match dispatch(cli).await {
        Ok(code) => code,
        Err(error) => match error.downcast_ref::<NobodyReads>() {
            Some(NobodyReads(error)) => ExitCode::from(output::code(error)),
            None => {
                // With every cause.
                complain!("namaskah: {}", Fault::new(error));
                ExitCode::FAILURE
            }
        },
    }
}

async fn dispatch(cli: Cli) -> Result<ExitCode, CommandError> {
    let overrides = cli.flags.overrides();
    match cli.command.unwrap_or(Command::Serve) {
        Command::Openapi => {
            say!("{}", server::openapi());
            Ok(ExitCode::SUCCESS)
        }
        Command::Mail { what } => mail::run(&what, &overrides),
        Command::Demo => demo::run().await,
        Command::Listen(asked) => {
            listen::run(&asked).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Trigger(asked) => {
            trigger::run(&asked, cli.flags.simulators()).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Doctor => doctor::run(&overrides).await,
        command => {
            let config = Config::load(&overrides, absent(&command))?;
            let telling = Telling::start(&config, &command, overrides)?;
            let ended = perform(command, &config).await;
            telling.stop().await;
            ended
        }
    }
}

/// Whoever only looks makes no keys; whoever changes what is there needs those that it was written with.
const fn absent(command: &Command) -> Absent {
    match command {
        Command::Audit(_)
        | Command::Ready
        | Command::Migrate { .. }
        | Command::Mail { .. }
        | Command::Doctor
        | Command::Openapi
        | Command::Listen(_)
        | Command::Trigger(_) => Absent::Invent,
        Command::Money { .. }
        | Command::Reconcile(_)
        | Command::Keys { .. }
        | Command::Purge { .. }
        | Command::Admin { what: Admin::ResetFactor { .. } } => Absent::Refuse,
        Command::Serve
        | Command::Worker
        | Command::Sandbox { .. }
        | Command::Demo
        | Command::Admin { what: Admin::Create { .. } } => Absent::Make,
    }
}

async fn perform(command: Command, config: &Config) -> Result<ExitCode, CommandError> {
    match command {
        Command::Worker => serve::run(config, Role::Work).await?,
        Command::Sandbox { product_url } => sandbox::run(config, product_url).await?,
        Command::Migrate { what } => migrate::run(config, &what).await?,
        Command::Admin { what } => admin::run(config, &what).await?,
        Command::Audit(asked) => return audit::run(config, &asked).await,
        Command::Reconcile(asked) => return reconcile::run(config, &asked).await,
        Command::Keys { what } => return keys::run(config, &what).await,
        Command::Ready => return ready::run(config).await,
        Command::Purge { user } => purge::run(config, user).await?,
        Command::Money { what } => money::run(config, &what).await?,
        Command::Serve
        | Command::Listen(_)
        | Command::Trigger(_)
        | Command::Openapi
        | Command::Mail { .. }
        | Command::Demo
        | Command::Doctor => {
            serve::run(config, Role::Serve).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns when the process is asked to stop: SIGINT or SIGTERM.
async fn asked_to_stop() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}
