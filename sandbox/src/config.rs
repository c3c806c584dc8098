use std::{fmt, net::SocketAddr, path::PathBuf};

/// Where the simulators keep their books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// One SQLite file, made if it is missing. One process at a time may have it open.
    File(PathBuf),
    /// Gone when the sandbox stops; for tests.
    Memory,
}

/// The only credentials the simulators then accept.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Paystack's secret key, `sk_test_…`.
    pub paystack_secret_key: String,
    /// TextVerified's user name, an e-mail address.
    pub textverified_username: String,
    /// TextVerified's API key.
    pub textverified_api_key: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

/// The only client that the simulated Google then knows.
#[derive(Clone, PartialEq, Eq)]
pub struct GoogleClient {
    /// Its identifier.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// Where its browsers are sent back to; `None`: to our callback's path on any host.
    pub redirect_uri: Option<String>,
}

impl fmt::Debug for GoogleClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GoogleClient").finish_non_exhaustive()
    }
}

/// How a sandbox is to run.
#[derive(Clone)]
pub struct SandboxConfig {
    /// Address of the HTTP listener; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Address of the mail listener; port 0 picks a free one.
    pub smtp_listen: SocketAddr,
    /// Where the books are kept.
    pub database: Database,
    /// Base of the product, such as `http://127.0.0.1:8080`. Webhooks go to `/api/v1/hooks/paystack` and
    /// `/api/v1/hooks/textverified` under it. Without it they wait until `POST /control/webhooks` names one.
    pub product_url: Option<String>,
    /// Base of the pages for people, such as `http://127.0.0.1:8081`: the checkout, and Google's. `None`: the host that the product
    /// used to ask for them.
    pub public_url: Option<String>,
    /// Signs Paystack's webhooks.
    pub paystack_secret_key: String,
    /// Signs TextVerified's webhooks.
    pub textverified_webhook_secret: String,
    /// `None`: any credentials are accepted.
    pub credentials: Option<Credentials>,
    /// `None`: any client may ask the simulated Google.
    pub google: Option<GoogleClient>,
}

impl fmt::Debug for SandboxConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SandboxConfig")
            .field("listen", &self.listen)
            .field("smtp_listen", &self.smtp_listen)
            .field("database", &self.database)
            .field("product_url", &self.product_url)
            .field("public_url", &self.public_url)
            .finish_non_exhaustive()
    }
}
