//! `admin create`: the first staff, with no default account anywhere.

use namaskah_domain::auth::{Email, Register, Secret};

use super::CommandError;
use crate::{
    cli::Admin,
    config::Config,
    start,
    wiring::{self, Adapters, Outside},
};

pub(super) async fn run(config: &Config, what: &Admin) -> Result<(), CommandError> {
    let Admin::Create { email } = what;
    let email = Email::try_new(email)?;
    let database = start::open_database(config).await?;
    let stores = wiring::open_stores(config, &database).await?;
    let clock = std::sync::Arc::new(namaskah_adapters::system::SystemClock::new(0));
    let outside = Outside::of(config, Some("http://127.0.0.1:1"), None);
    let nowhere = "http://127.0.0.1:1";
    let adapters = Adapters::of(config, &outside, nowhere, clock.clone())?;
    let wired = wiring::wire(config, stores, adapters, nowhere, clock)?;
    let mut bytes = [0u8; 18];
    start::random().fill(&mut bytes);
    let password = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, bytes);
    let owner = wired.auth.create_owner(Register { email, password: Secret::new(password.clone()) }).await?;
    println!("{} is an owner; the password must be changed at the first sign-in:", owner.email.as_str());
    println!("{password}");
    database.close().await;
    Ok(())
}
