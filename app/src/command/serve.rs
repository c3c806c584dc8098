//! `serve` and `worker`.

use super::{CommandError, asked_to_stop};
use crate::{
    config::Config,
    reach::reached,
    start::{self, Role, Running},
};

pub(super) async fn run(config: &Config, role: Role) -> Result<(), CommandError> {
    let running = start::start(config, role).await?;
    announce(config, &running);
    asked_to_stop().await?;
    tracing::info!("stopping: requests finish, workers give back their leases");
    running.stop().await;
    Ok(())
}

/// Addresses, and a journey to paste.
fn announce(config: &Config, running: &Running) {
    let Some(address) = running.address().map(reached) else {
        offer!("namaskah works, in mode {}", config.mode.name());
        return;
    };
    offer!("namaskah is ready, in mode {}", config.mode.name());
    offer!("  product   http://{address}   documentation: http://{address}/docs");
    if let Some(sandbox) = running.sandbox_url() {
        offer!("  sandbox   {sandbox}   console: phones, checkouts, inbox, clock, faults");
        if let Some(smtp) = running.smtp_address() {
            offer!("  mail      smtp://{smtp}   read it at {sandbox}/inbox");
        }
        offer!("{}", journey(&format!("http://{address}"), sandbox));
    }
}

fn journey(product: &str, sandbox: &str) -> String {
    include_str!("journey.sh").replace("{product}", product).replace("{sandbox}", sandbox)
}
