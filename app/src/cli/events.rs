//! Flags of `listen` and `trigger`: what a customer's developer runs beside a product.

use clap::Args;
use secrecy::SecretString;

/// Where the product is, and who asks.
#[derive(Debug, Args)]
pub struct Account {
    /// Where the product is.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    pub product_url: String,
    /// An API key of the account. In the environment it is seen by fewer than on the command line.
    #[arg(long, value_name = "KEY", env = "NMK_API_KEY", hide_env_values = true)]
    pub api_key: SecretString,
}

/// What is listened to, and where it goes.
#[derive(Debug, Args)]
pub struct Listen {
    /// Where each event is posted to, signed.
    #[arg(long, value_name = "URL")]
    pub forward_to: String,
    /// Only these types of events, separated by commas; all if none is named.
    #[arg(long, value_name = "TYPES", value_delimiter = ',')]
    pub events: Vec<String>,
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
