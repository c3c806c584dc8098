//! `admin`: the first staff, with no default account anywhere; and a way back in for whoever has lost a second factor.

use namaskah_adapters::persistence::Access;
use namaskah_domain::auth::{Email, Register, Secret};

use super::CommandError;
use crate::{
    cli::Admin,
    config::Config,
    start,
    wiring::{self, Adapters, Outside, Wired},
};

pub(super) async fn run(config: &Config, what: &Admin) -> Result<(), CommandError> {
    let access = match what {
        Admin::Create { .. } => Access::Make,
        Admin::ResetFactor { .. } => Access::Change,
    };
    let database = start::open_database(config, access).await?;
    let stores = wiring::open_stores(config, &database).await?;
    let clock = start::clock_of(config, &stores).await?;
    let nowhere = "http://127.0.0.1:1";
    let outside = Outside::of(config, Some(nowhere), None);
    let adapters = Adapters::of(config, &outside, nowhere, clock.clone())?;
    let wired = wiring::wire(config, stores, adapters, nowhere, clock)?;
    let done = match what {
        Admin::Create { email } => create(&wired, email).await,
        Admin::ResetFactor { email } => reset_factor(&wired, email).await,
    };
    database.close().await;
    done
}

async fn create(wired: &Wired, email: &str) -> Result<(), CommandError> {
    let email = Email::try_new(email)?;
    let mut bytes = [0u8; 18];
    start::random().fill(&mut bytes);
    let password = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, bytes);
    let owner = wired.auth.create_owner(Register { email, password: Secret::new(password.clone()) }).await?;
    say!("{} is an owner; the password must be changed at the first sign-in:", owner.email.as_str());
    say!("{password}");
    Ok(())
}

async fn reset_factor(wired: &Wired, email: &str) -> Result<(), CommandError> {
    let user = wired.staff.reset_factor(&Email::try_new(email)?).await?;
    say!("the second factor of {} is off, and all sessions have ended", user.email.as_str());
    Ok(())
}
