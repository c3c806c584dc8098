//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use namaskah_domain::{Time, UserId};

use crate::config::Overrides;

mod events;
pub mod money;
mod reconcile;

pub use events::{Account, Listen, Trigger};
pub use money::Money;
pub use reconcile::Reconcile;

/// Phone numbers that receive one verification code, paid for only when a code came.
#[derive(Debug, Parser)]
#[command(name = "namaskah", version)]
pub struct Cli {
    /// What to do; `serve` if nothing is named.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Where and with what.
    #[command(flatten)]
    pub flags: Flags,
}

/// Flags of every command. They outweigh the environment, which outweighs the file.
#[derive(Debug, Args, Default, Clone)]
pub struct Flags {
    /// Address of the product, such as 127.0.0.1:8080; port 0 picks a free one.
    #[arg(long, global = true, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Address of the simulators and their console.
    #[arg(long, global = true, value_name = "ADDRESS")]
    sandbox_listen: Option<String>,
    /// Address of the simulated mail server.
    #[arg(long, global = true, value_name = "ADDRESS")]
    sandbox_smtp_listen: Option<String>,
    /// Use simulators that run elsewhere, such as http://127.0.0.1:8081.
    #[arg(long, global = true, value_name = "URL")]
    sandbox_url: Option<String>,
    /// postgres://… or sqlite://…
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    /// Folder of the embedded database and of generated secrets.
    #[arg(long, global = true, value_name = "FOLDER")]
    data_dir: Option<String>,
    /// A configuration file; namaskah.toml if it is there.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The API and the workers.
    Serve,
    /// The workers alone.
    Worker,
    /// The simulators alone.
    Sandbox {
        /// Where the product listens, for the simulators' webhooks.
        #[arg(long, value_name = "URL")]
        product_url: Option<String>,
    },
    /// The schema of the database.
    Migrate {
        /// What to do with it.
        #[command(subcommand)]
        what: Migrate,
    },
    /// Staff.
    Admin {
        /// What to do.
        #[command(subcommand)]
        what: Admin,
    },
    /// Checks the promises about money and orders, while the product serves; exits with 1 if one is broken.
    Audit(Audit),
    /// Money that staff moves: corrections, gifts, suspense, debt, the house's own. Each takes effect once for its key.
    Money {
        /// What to do.
        #[command(subcommand)]
        what: Money,
    },
    /// Holds the lists of Paystack and TextVerified against our books; exits with 1 if a mismatch is open.
    Reconcile(Reconcile),
    /// Keys that encrypt numbers and texts.
    Keys {
        /// What to do.
        #[command(subcommand)]
        what: Keys,
    },
    /// Erases numbers and texts whose time is over, at once; or those of one user, before their time.
    Purge {
        /// Those of every order of this user that has ended.
        #[arg(long, value_name = "USER")]
        user: Option<UserId>,
    },
    /// Posts events of an account to a URL on this machine, signed as webhooks are.
    Listen(Listen),
    /// Makes an event happen to an account, in the sandbox.
    Trigger(Trigger),
    /// Letters.
    Mail {
        /// What to do.
        #[command(subcommand)]
        what: Mail,
    },
    /// Prints the OpenAPI document.
    Openapi,
    /// Asks the product that runs here whether it serves; exits with 1 if it does not.
    Ready,
    /// Checks configuration, database, providers and mail, and says how to mend what is wrong.
    Doctor,
    /// Plays the whole job in the terminal, in a temporary folder.
    Demo,
}

/// What can be done with the schema.
#[derive(Debug, Subcommand)]
pub enum Migrate {
    /// Applies what is missing.
    Up,
    /// Takes back the newest steps, with their data.
    Down {
        /// How many.
        #[arg(default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
        steps: u32,
        /// Without it, it is only said what would be taken back.
        #[arg(long)]
        yes: bool,
    },
    /// Lists every step and whether it is applied.
    Status,
    /// Prints the statements that let another user of Postgres serve, with no more rights than that takes.
    Grants {
        /// The user.
        role: String,
    },
}

/// What can be done with letters.
#[derive(Debug, Subcommand)]
pub enum Mail {
    /// Prints a letter as a user would get it, or the names of all letters. Sends nothing.
    Preview {
        /// Which letter.
        kind: Option<String>,
        /// Its HTML in the place of its text.
        #[arg(long)]
        html: bool,
    },
}

/// What can be done with keys.
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Seals what older keys have sealed with the newest one, while the product serves. Safe to stop and to repeat.
    Reseal,
}

/// What can be done with staff.
#[derive(Debug, Subcommand)]
pub enum Admin {
    /// Makes an owner with a random password that must be changed at the first sign-in.
    Create {
        /// The address to sign in with.
        #[arg(long)]
        email: String,
    },
    /// Turns off the second factor of whoever has lost it and the recovery codes, and ends all sessions.
    ResetFactor {
        /// Whose.
        #[arg(long)]
        email: String,
    },
}

/// What is audited.
#[derive(Debug, Args)]
pub struct Audit {
    /// How many rows are named of each law that is broken.
    #[arg(long, default_value_t = 100, value_name = "COUNT")]
    pub rows: u32,
    /// Checks accounts, holds and journal alone, and not what they were used for.
    #[arg(long)]
    pub ledger: bool,
    /// Writes the newest seal of each chain, to be kept elsewhere, if every law holds.
    #[arg(long, value_name = "FILE")]
    pub export: Option<PathBuf>,
    /// Checks nothing, and tells the posted total of this user.
    #[arg(long, value_name = "USER", conflicts_with_all = ["rows", "ledger", "export", "expect"])]
    pub balance: Option<UserId>,
    /// The instant of that total, such as 2026-11-01T00:00:00Z; now if it is not named.
    #[arg(long, value_name = "TIME", requires = "balance")]
    pub at: Option<Time>,
    /// Seals that were kept elsewhere must still be there.
    #[arg(long, value_name = "FILE")]
    pub expect: Option<PathBuf>,
}

impl Flags {
    /// Where the simulators are, for commands that read no configuration.
    pub fn simulators(&self) -> &str {
        self.sandbox_url.as_deref().unwrap_or("http://127.0.0.1:8081")
    }

    /// As the configuration takes them.
    pub fn overrides(&self) -> Overrides {
        let pairs = [
            ("http_listen", &self.listen),
            ("sandbox_listen", &self.sandbox_listen),
            ("sandbox_smtp_listen", &self.sandbox_smtp_listen),
            ("sandbox_url", &self.sandbox_url),
            ("database_url", &self.database_url),
            ("data_dir", &self.data_dir),
        ];
        let values = pairs.into_iter().filter_map(|(key, value)| Some((key, value.clone()?))).collect();
        Overrides { file: self.config.clone(), values }
    }
}
