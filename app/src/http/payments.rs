//! Payments.

use std::{borrow::Cow, sync::Arc};

use namaskah_domain::{
    Amount, Clock, PaymentId, Random, RefundId, Time,
    entity::{PaymentEntity, RefundEntity},
    payment::{
        AskRefund, Intent, IntentState, OpenPayment, PaymentService, PaymentStatus, Refund, RefundState,
    },
};
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
    registry::MetaSchema,
};
use serde::Deserialize;

use crate::http::{
    body::{
        AfterQuery, AmountBody, Begun, Body, Created, LimitQuery, Listed, MoneyBody, Shown, Text, TextForm,
        text::{decimal, one_of},
        word_enum,
    },
    detached::detached,
    idempotency::{Canon, Fingerprinted, KeyHeader},
    key_scheme::{Caller, WalletRead, WalletWrite},
    problem::Problem,
    tags::Tag,
};

word_enum! {
    /// By which way money comes.
    pub ProviderWord, "paystack or crypto";
    Paystack = "paystack",
    Crypto = "crypto",
}

impl TextForm for PaymentStatus {
    const EXPECTED: &'static str = "the status of a payment";

    fn schema() -> MetaSchema {
        one_of(&Self::ALL.map(Self::name))
    }

    fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == text)
    }

    fn write(&self) -> Cow<'_, str> {
        self.name().into()
    }
}

/// A wish to add money.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "NewPayment")]
pub struct OpenBody {
    /// By which way. `crypto` is not offered yet.
    pub provider: Text<ProviderWord>,
    /// What the wallet gets.
    pub amount: AmountBody,
}

/// What makes the command this one.
struct OpenCommand(Amount);

impl Fingerprinted for OpenCommand {
    const COMMAND: &'static str = "open_payment";

    fn fields(&self, canon: &mut Canon) {
        canon.field("provider", "paystack");
        canon.field("units", self.0.units());
        canon.field("currency", self.0.currency());
    }
}

impl OpenBody {
    fn parse(&self) -> Result<OpenCommand, Problem> {
        match self.provider.0 {
            ProviderWord::Paystack => Ok(OpenCommand(self.amount.parse("amount")?)),
            ProviderWord::Crypto => Err(Problem::invalid("provider", "not_offered", "crypto is not offered")),
        }
    }
}

/// A payment.
#[derive(Debug, Object)]
#[oai(rename = "Payment")]
pub struct PaymentBody {
    /// Its identifier.
    pub id: Text<PaymentId>,
    /// Its name at the gateway.
    pub reference: String,
    /// Where it stands.
    pub status: Text<PaymentStatus>,
    /// What the wallet gets.
    pub amount: MoneyBody,
    /// What the gateway charges.
    pub charged: MoneyBody,
    /// Charged currency for one of the wallet's.
    pub fx_rate: String,
    /// Where to pay; null until the gateway has answered.
    pub checkout_url: Option<String>,
    /// Until when the rate holds.
    pub expires_at: Text<Time>,
    /// When it was made.
    pub created_at: Text<Time>,
    /// When the wallet got it, or when it was set aside.
    pub settled_at: Option<Text<Time>>,
}

impl From<Intent> for PaymentBody {
    fn from(intent: Intent) -> Self {
        let settled_at = match intent.state {
            IntentState::Succeeded { at } | IntentState::Suspense { at } => Some(Text(at)),
            IntentState::Pending | IntentState::Failed { .. } | IntentState::Expired { .. } => None,
        };
        Self {
            id: Text(intent.id),
            reference: intent.reference.as_str().to_owned(),
            status: Text(intent.status()),
            amount: intent.amount.into(),
            charged: intent.charged.into(),
            fx_rate: decimal(intent.rate.ngn_per_usd()),
            checkout_url: intent.checkout_url,
            expires_at: Text(intent.expires_at),
            created_at: Text(intent.created_at),
            settled_at,
        }
    }
}

word_enum! {
    /// Where a refund stands.
    pub RefundWord, "the status of a refund";
    Pending = "pending",
    Processed = "processed",
    Failed = "failed",
}

/// A wish to have money back where it came from.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "NewRefund")]
pub struct RefundWishBody {
    /// How much leaves the wallet; all that may go back if it is missing.
    pub amount: Option<AmountBody>,
}

/// What makes the command this one.
struct RefundCommand(PaymentId, Option<Amount>);

impl Fingerprinted for RefundCommand {
    const COMMAND: &'static str = "refund_payment";

    fn fields(&self, canon: &mut Canon) {
        canon.field("payment", self.0);
        canon.optional("units", self.1.map(Amount::units));
        canon.optional("currency", self.1.map(Amount::currency));
    }
}

/// A refund of a payment.
#[derive(Debug, Object)]
#[oai(rename = "Refund")]
pub struct RefundBody {
    /// Its identifier.
    pub id: Text<RefundId>,
    /// Of which payment.
    pub payment_id: Text<PaymentId>,
    /// Where it stands. The money is held until it is processed, and back in the wallet if it has failed.
    pub status: Text<RefundWord>,
    /// What leaves the wallet.
    pub amount: MoneyBody,
    /// What the payer is given back.
    pub charged: MoneyBody,
    /// When it was asked for.
    pub created_at: Text<Time>,
    /// When it was processed, or failed.
    pub settled_at: Option<Text<Time>>,
}

impl From<Refund> for RefundBody {
    fn from(refund: Refund) -> Self {
        let (status, settled_at) = match refund.state {
            RefundState::Sent { .. } | RefundState::Pending { .. } => (RefundWord::Pending, None),
            RefundState::Processed { at, .. } => (RefundWord::Processed, Some(Text(at))),
            RefundState::Failed { at, .. } => (RefundWord::Failed, Some(Text(at))),
        };
        Self {
            id: Text(refund.id),
            payment_id: Text(refund.payment),
            status: Text(status),
            amount: refund.amount.into(),
            charged: refund.charged.into(),
            created_at: Text(refund.created_at),
            settled_at,
        }
    }
}

/// Routes of payments.
pub struct PaymentsApi {
    /// Opens and settles.
    pub payments: Arc<PaymentService>,
    /// For identifiers.
    pub clock: Arc<dyn Clock>,
    /// For identifiers.
    pub random: Arc<dyn Random>,
}

#[OpenApi(prefix_path = "/api/v1/payments", tag = "Tag::Payments")]
impl PaymentsApi {
    /// Add money
    ///
    /// Answers with the page to pay on. The wallet is credited when the gateway confirms the payment.
    #[oai(path = "/", method = "post", operation_id = "open_payment")]
    async fn open(
        &self,
        user: Caller<WalletWrite>,
        #[oai(name = "Idempotency-Key")] key: KeyHeader,
        body: Body<OpenBody>,
    ) -> Result<Created<PaymentBody>, Problem> {
        let command = body.0.parse()?;
        let id = PaymentId::generate(self.clock.now(), self.random.as_ref());
        let claim = key.claim(user.id(), &command, id.uuid());
        let open = OpenPayment { user: user.id(), amount: command.0, claim, id };
        let payments = self.payments.clone();
        let done = detached(async move { payments.open(open).await }).await?;
        Ok(Created::done(done, |intent| format!("/api/v1/payments/{}", intent.id), PaymentBody::from))
    }

    /// Your payments
    #[oai(path = "/", method = "get", operation_id = "list_payments")]
    async fn list(
        &self,
        user: Caller<WalletRead>,
        #[oai(default)] limit: Query<LimitQuery>,
        after: Query<AfterQuery<PaymentEntity>>,
    ) -> Result<Shown<Listed<PaymentBody>>, Problem> {
        let page = self.payments.list(user.id(), limit.0.page(after.0)).await?;
        Ok(Shown(Listed::of(page, |intent| intent.id, PaymentBody::from)))
    }

    /// One payment
    #[oai(path = "/:id", method = "get", operation_id = "get_payment")]
    async fn get(
        &self,
        user: Caller<WalletRead>,
        id: Path<Text<PaymentId>>,
    ) -> Result<Shown<PaymentBody>, Problem> {
        Ok(Shown(self.payments.get(user.id(), id.0.0).await?.into()))
    }

    /// Ask the gateway now
    #[oai(path = "/:id/sync", method = "post", operation_id = "sync_payment")]
    async fn sync(
        &self,
        user: Caller<WalletWrite>,
        id: Path<Text<PaymentId>>,
    ) -> Result<Shown<PaymentBody>, Problem> {
        let (payments, user, id) = (self.payments.clone(), user.id(), id.0.0);
        let intent = detached(async move { payments.sync(user, id).await }).await?;
        Ok(Shown(intent.into()))
    }

    /// Have money back where it came from
    ///
    /// Wallet money alone: what is available, and came by this payment or before it. It is held until the gateway has
    /// given it back, or has not.
    #[oai(path = "/:id/refund", method = "post", operation_id = "refund_payment")]
    async fn refund(
        &self,
        user: Caller<WalletWrite>,
        id: Path<Text<PaymentId>>,
        #[oai(name = "Idempotency-Key")] key: KeyHeader,
        body: Body<RefundWishBody>,
    ) -> Result<Begun<RefundBody>, Problem> {
        let amount = body.0.amount.map(|amount| amount.parse("amount")).transpose()?;
        let command = RefundCommand(id.0.0, amount);
        let refund = RefundId::generate(self.clock.now(), self.random.as_ref());
        let claim = key.claim(user.id(), &command, refund.uuid());
        let ask = AskRefund { user: user.id(), payment: id.0.0, amount, claim, id: refund };
        let payments = self.payments.clone();
        let done = detached(async move { payments.refund(ask).await }).await?;
        Ok(Begun::done(done, RefundBody::from))
    }

    /// Refunds of a payment
    #[oai(path = "/:id/refunds", method = "get", operation_id = "list_refunds")]
    async fn refunds(
        &self,
        user: Caller<WalletRead>,
        id: Path<Text<PaymentId>>,
        #[oai(default)] limit: Query<LimitQuery>,
        after: Query<AfterQuery<RefundEntity>>,
    ) -> Result<Shown<Listed<RefundBody>>, Problem> {
        let page = self.payments.refunds(user.id(), id.0.0, limit.0.page(after.0)).await?;
        Ok(Shown(Listed::of(page, |refund| refund.id, RefundBody::from)))
    }
}

#[cfg(test)]
mod tests {
    use namaskah_domain::{Currency, Money};

    use super::*;
    use crate::http::idempotency::fingerprint;

    #[test]
    fn a_refund_is_another_command_in_another_currency() {
        let of = |amount| fingerprint(&RefundCommand(PaymentId::from_uuid(uuid::Uuid::nil()), amount)).0;
        let amount = |currency| Amount::try_new(Money::from_units(1_000_000, currency)).expect("above zero");
        let (dollars, naira) = (of(Some(amount(Currency::Usd))), of(Some(amount(Currency::Ngn))));
        assert!(dollars != naira && naira != of(None) && dollars != of(None));
        assert_eq!(dollars, of(Some(amount(Currency::Usd))));
    }
}
