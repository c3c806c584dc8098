//! The simulators alone, for trying them by hand:
//! `cargo run -p namaskah-sandbox --example serve -- [http address] [mail address] [database file]`.

use std::path::PathBuf;

use namaskah_sandbox::{Database, Sandbox, SandboxConfig};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let sandbox = Sandbox::start(SandboxConfig {
        listen: arguments.next().as_deref().unwrap_or("127.0.0.1:8081").parse()?,
        smtp_listen: arguments.next().as_deref().unwrap_or("127.0.0.1:8025").parse()?,
        database: arguments.next().map_or(Database::Memory, |path| Database::File(PathBuf::from(path))),
        product_url: None,
        public_url: None,
        paystack_secret_key: "sk_test_sandbox".into(),
        textverified_webhook_secret: "whsec_sandbox".into(),
        credentials: None,
        google: None,
    })
    .await?;
    println!("console http://{}  mail smtp://{}", sandbox.http_addr(), sandbox.smtp_addr());
    tokio::signal::ctrl_c().await?;
    sandbox.stop().await;
    Ok(())
}
