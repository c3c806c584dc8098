//! `ready`: whether the product that runs beside it serves. For containers without a shell, and for whoever starts it.

use std::{process::ExitCode, time::Duration};

use super::CommandError;
use crate::{config::Config, reach::reached};

const PATIENCE: Duration = Duration::from_secs(5);

/// Exits with 1 if it does not serve, and says why.
pub(super) async fn run(config: &Config) -> Result<ExitCode, CommandError> {
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
    let answer = client.get(format!("http://{}/readyz", reached(config.listen))).send().await?;
    let is_ready = answer.status().is_success();
    say!("{}", answer.text().await?);
    Ok(if is_ready { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
