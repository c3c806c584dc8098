//! `sandbox`: the simulators alone.

use namaskah_sandbox::{Sandbox, SandboxConfig};

use super::{CommandError, asked_to_stop};
use crate::{
    config::{Config, Mode},
    start,
};

pub(super) async fn run(config: &Config, product_url: Option<String>) -> Result<(), CommandError> {
    if config.mode != Mode::Sandbox {
        return Err("the simulators run in mode sandbox alone".into());
    }
    // Products of any folder may come, each with a secret of its own.
    let settings = SandboxConfig { google: None, ..start::sandbox_config(config, product_url) };
    let sandbox = Sandbox::start(settings).await?;
    offer!("the sandbox is ready");
    offer!("  console   http://{}", sandbox.http_addr());
    offer!("  mail      smtp://{}", sandbox.smtp_addr());
    asked_to_stop().await?;
    sandbox.stop().await;
    Ok(())
}
