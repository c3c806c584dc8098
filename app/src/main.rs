//! Namaskah's one binary.

use std::process::ExitCode;

use clap::Parser;
use namaskah::{cli::Cli, command};

#[tokio::main]
async fn main() -> ExitCode {
    command::run(Cli::parse()).await
}
