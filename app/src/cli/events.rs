//! Flags of `listen` and `trigger`: what a customer's developer runs beside a product.

use clap::Args;
use namaskah_domain::EventKind;
use reqwest::Url;
use secrecy::SecretString;

use crate::config::is_on_this_machine;

/// Where the product is, and who asks.
#[derive(Debug, Args)]
pub struct Account {
    /// Where the product is.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080", value_parser = web)]
    pub product_url: Url,
    /// An API key of the account. In the environment it is seen by fewer than on the command line.
    #[arg(long, value_name = "KEY", env = "NMK_API_KEY", hide_env_values = true)]
    pub api_key: SecretString,
}

/// What is listened to, and where it goes.
#[derive(Debug, Args)]
pub struct Listen {
    /// Where on this machine each event is posted to, signed.
    #[arg(long, value_name = "URL", value_parser = local)]
    pub forward_to: Url,
    /// Only these types of events, separated by commas; all if none is named.
    #[arg(long, value_name = "TYPES", value_delimiter = ',', value_parser = kind)]
    pub events: Vec<EventKind>,
    /// Stops after so many events.
    #[arg(long, value_name = "COUNT")]
    pub count: Option<u32>,
    /// Whose events. The key needs wallet:read and verifications:read.
    #[command(flatten)]
    pub account: Account,
}

/// What is made to happen.
#[derive(Debug, Args)]
pub struct Trigger {
    /// The type of event, such as verification.completed.
    pub event: String,
    /// To whom. The key needs every scope of wallet and verifications.
    #[command(flatten)]
    pub account: Account,
}

fn web(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok().filter(|url| ["http", "https"].contains(&url.scheme()) && url.has_host());
    url.ok_or_else(|| "not a URL such as http://127.0.0.1:8080".to_owned())
}

/// Elsewhere events go by webhooks, whose networks are looked at, and not from a developer's terminal.
fn local(text: &str) -> Result<Url, String> {
    let url = web(text)?;
    let is_here = is_on_this_machine(&url);
    is_here.then_some(url).ok_or_else(|| "not on this machine: localhost, 127.0.0.1 or [::1]".to_owned())
}

fn kind(text: &str) -> Result<EventKind, String> {
    EventKind::from_name(text).ok_or_else(|| {
        let names = EventKind::ALL.map(EventKind::name).join(", ");
        format!("no type of event; there are {names}")
    })
}
