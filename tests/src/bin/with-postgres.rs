//! Runs a command with one Postgres for all of its tests: `with-postgres cargo nextest run`. A test runner that gives
//! each test a process of its own would else start a cluster for each.

use std::{
    env,
    process::{Command, ExitCode},
};

use namaskah_tests::postgres;

fn main() -> ExitCode {
    let mut words = env::args_os().skip(1);
    let Some(program) = words.next() else {
        eprintln!("with-postgres: name a command to run");
        return ExitCode::from(2);
    };
    let mut command = Command::new(program);
    command.args(words);
    if let Some(url) = postgres::cluster_url() {
        command.env("TEST_DATABASE_URL", url);
    }
    match command.status() {
        Ok(status) => ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)),
        Err(error) => {
            eprintln!("with-postgres: the command did not start: {error}");
            ExitCode::FAILURE
        }
    }
}
