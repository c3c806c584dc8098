//! Payments through Paystack.
//!
//! Idempotency is the reference, stored before it is sent. A charge is opened by one call that is never repeated
//! here: its second try would be refused as a duplicate, and the checkout of the first would be lost.
//!
//! Source: the vendor's OpenAPI document (PaystackOSS/openapi, October 2025) and its webhook page, read in 2026.

mod client;
mod map;
mod refunds;
mod webhook;
mod wire;

use std::{fmt, time::Duration};

use async_trait::async_trait;
use chrono::SecondsFormat;
use namaskah_domain::{
    Fault, Money, PaymentReference, Time,
    payment::{
        Charge, ChargeRequest, Checkout, GatewayDispute, GatewayError, GatewayNotice, GatewayRefund, Listed,
        OpenChargeError, PaymentGateway, RefundFailure, RefundRequest,
    },
};
use reqwest::Url;
use secrecy::SecretString;
use serde_json::value::RawValue;

use self::client::{Client, parse};
use crate::http::{Answer, HttpFault, ReadPolicy};

pub use webhook::{notice, notice_key, notice_subject, verify_signature};

/// Rows of one page of a list, the most that the gateway gives.
const PER_PAGE: usize = 100;
/// A list is followed so far; a longer one is an error, since it could not be read whole.
const PAGES: usize = 100;

/// Whether real money moves. The key decides it; transactions say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaystackMode {
    /// Test cards.
    Test,
    /// Real money.
    Live,
}

impl PaystackMode {
    const fn domain(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Live => "live",
        }
    }
}

/// How to reach Paystack.
#[derive(Clone)]
pub struct PaystackConfig {
    /// `https://api.paystack.co`.
    pub base_url: String,
    /// The account's secret key; it signs webhooks too.
    pub secret_key: SecretString,
    /// Transactions of the other mode are marked as such.
    pub mode: PaystackMode,
    /// For one call, from the connection to the last byte.
    pub timeout: Duration,
    /// How reads are repeated.
    pub reads: ReadPolicy,
}

impl PaystackConfig {
    /// The usual time-outs: 10 s a call, 12 s a read with its repetitions.
    pub fn new(base_url: String, secret_key: SecretString, mode: PaystackMode) -> Self {
        let timeout = Duration::from_secs(10);
        Self { base_url, secret_key, mode, timeout, reads: ReadPolicy::default() }
    }
}

impl fmt::Debug for PaystackConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PaystackConfig")
            .field("base_url", &self.base_url)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

/// [`PaymentGateway`] on Paystack.
pub struct PaystackGateway {
    client: Client,
    mode: PaystackMode,
}

impl PaystackGateway {
    /// Makes no call.
    ///
    /// # Errors
    /// `Address` if `base_url` is no HTTP URL, `Client` if TLS cannot be set up.
    pub fn try_new(config: PaystackConfig) -> Result<Self, HttpFault> {
        let mode = config.mode;
        Ok(Self { client: Client::try_new(config)?, mode })
    }

    /// Every row of a list, page by page; an error if it cannot be read whole.
    async fn rows(
        &self,
        list: &str,
        filters: &[(&str, &str)],
        what: &'static str,
    ) -> Result<Vec<Box<RawValue>>, GatewayError> {
        let mut rows = Vec::new();
        for page in 1..=PAGES {
            let mut url = self.client.url(&[list]);
            url.query_pairs_mut()
                .extend_pairs(filters)
                .append_pair("perPage", &PER_PAGE.to_string())
                .append_pair("page", &page.to_string());
            let answer = self.client.get(url).await.map_err(unreadable)?;
            let mut read: Vec<Box<RawValue>> = parse(&answer, what).map_err(unreadable)?;
            let is_last = read.len() < PER_PAGE;
            rows.append(&mut read);
            if is_last {
                return Ok(rows);
            }
        }
        Err(unreadable(HttpFault::Malformed("a list longer than can be read")))
    }

    /// The transaction of a reference as it stands there; `None` if the gateway has never heard of it.
    async fn transaction(
        &self,
        reference: &PaymentReference,
    ) -> Result<Option<wire::Transaction>, GatewayError> {
        let url = self.client.url(&["transaction", "verify", reference.as_str()]);
        let answer = self.client.get(url).await.map_err(unreadable)?;
        if map::is_unknown_reference(&answer) {
            return Ok(None);
        }
        let raw: Box<RawValue> = parse(&answer, "the transaction").map_err(unreadable)?;
        let row: wire::Transaction =
            serde_json::from_str(raw.get()).map_err(|_| unreadable(HttpFault::Malformed("shape")))?;
        if row.reference == reference.as_str() {
            Ok(Some(row))
        } else {
            Err(unreadable(HttpFault::Malformed("another transaction than asked for")))
        }
    }

    fn charge(&self, raw: &RawValue) -> Result<Charge, &'static str> {
        let row = serde_json::from_str(raw.get()).map_err(|_| "shape")?;
        map::charge(&row, self.mode)
    }
}

#[async_trait]
impl PaymentGateway for PaystackGateway {
    async fn open(&self, request: &ChargeRequest) -> Result<Checkout, OpenChargeError> {
        let money: Money = request.amount.money();
        let refused = |what| OpenChargeError::Refused(Fault::new(HttpFault::Malformed(what)));
        let body = wire::Initialize {
            email: request.email.as_str(),
            amount: money.to_subunits().ok_or_else(|| refused("our sum is no whole number of subunits"))?,
            currency: money.currency().code(),
            reference: request.reference.as_str(),
            callback_url: request.return_url.as_deref(),
        };
        let url = self.client.url(&["transaction", "initialize"]);
        let answer = self.client.post(url, &body).await.map_err(unknown)?;
        if map::is_duplicate(&answer) {
            return Err(OpenChargeError::DuplicateReference);
        }
        if is_refusal(&answer) {
            return Err(OpenChargeError::Refused(Fault::new(map::unfit(&answer))));
        }
        let opened: wire::Initialized = parse(&answer, "the checkout").map_err(unknown)?;
        let is_page =
            Url::parse(&opened.authorization_url).is_ok_and(|u| matches!(u.scheme(), "http" | "https"));
        if is_page {
            Ok(Checkout { url: opened.authorization_url })
        } else {
            Err(unknown(HttpFault::Malformed("the checkout's address")))
        }
    }

    async fn verify(&self, reference: &PaymentReference) -> Result<Option<Charge>, GatewayError> {
        let Some(row) = self.transaction(reference).await? else { return Ok(None) };
        let charge = map::charge(&row, self.mode);
        charge.map(Some).map_err(|part| unreadable(HttpFault::Malformed(part)))
    }

    /// The gateway takes `from` by the transaction's creation, not by its payment: reach back as far as a checkout
    /// may have been opened. A row that cannot be read, or is not ours, is left out.
    async fn succeeded_since(&self, from: Time) -> Result<Vec<Charge>, GatewayError> {
        let filters = [("status", "success"), ("from", &millis(from))];
        let rows = self.rows("transaction", &filters, "a page of transactions").await?;
        let read = rows.iter().filter_map(|row| match self.charge(row) {
            Ok(charge) => Some(charge),
            Err(part) => {
                tracing::warn!(part, "a row of a Paystack list is left out");
                None
            }
        });
        Ok(read.collect())
    }

    async fn refund(&self, request: &RefundRequest) -> Result<GatewayRefund, RefundFailure> {
        self.ask_refund(request).await
    }

    async fn refunds_of(&self, reference: &PaymentReference) -> Result<Listed<GatewayRefund>, GatewayError> {
        self.list_refunds_of(reference).await
    }

    async fn refunds_since(
        &self,
        from: Time,
    ) -> Result<Listed<(PaymentReference, GatewayRefund)>, GatewayError> {
        self.list_refunds_since(from).await
    }

    async fn disputes_since(&self, from: Time) -> Result<Listed<GatewayDispute>, GatewayError> {
        self.list_disputes_since(from).await
    }

    fn read_notice(&self, body: &[u8]) -> GatewayNotice {
        notice(body)
    }
}

/// A time as filters of lists take it.
fn millis(time: Time) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// True for an answer that refuses the request itself, so that nothing came of it.
fn is_refusal(answer: &Answer) -> bool {
    answer.status.is_client_error() && !matches!(answer.status.as_u16(), 408 | 429)
}

fn unknown(fault: HttpFault) -> OpenChargeError {
    OpenChargeError::Unknown(Fault::new(fault))
}

fn unreadable(fault: HttpFault) -> GatewayError {
    match fault {
        HttpFault::Status { status: 400..=407 | 409..=428 | 430..=499, .. } => {
            GatewayError::Refused(Fault::new(fault))
        }
        _ => GatewayError::Unavailable(Fault::new(fault)),
    }
}
