//! Payments that are not what was asked: each waits, whole, until a person resolves it.

use std::{borrow::Cow, sync::Arc};

use namaskah_domain::{
    PaymentId, Time, UserId,
    entity::PaymentEntity,
    payment::{
        Destination, PaymentDesk, SetAside, Suspended, SuspenseReason, SuspenseService, SuspenseState,
        SuspenseStatus,
    },
    staff::By,
};
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
    registry::MetaSchema,
};
use serde::Deserialize;

use crate::http::{
    body::{
        AfterQuery, Body, Changed, LimitQuery, Listed, MoneyBody, Shown, Text, TextForm, text::one_of,
        word_enum,
    },
    detached::detached,
    idempotency::{Canon, Fingerprinted, KeyHeader},
    problem::Problem,
    staff_scheme::{Staff, SteppedUp, may},
    tags::Tag,
};

impl TextForm for SuspenseStatus {
    const EXPECTED: &'static str = "open, credited or returned";

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

word_enum! {
    /// Where a payment in suspense goes.
    pub DestinationWord, "owner or source";
    Owner = "owner",
    Source = "source",
}

word_enum! {
    /// Why a payment was set aside.
    pub ReasonWord, "why a payment was set aside";
    AmountDiffers = "amount_differs",
    CurrencyDiffers = "currency_differs",
    AccountClosed = "account_closed",
}

/// Where it is to go.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "SuspenseResolution")]
pub struct ResolveBody {
    /// `owner`: credited to the owner of the payment, at the rate in force. `source`: booked back to where it was paid
    /// from; somebody gives it back at the gateway.
    pub to: Text<DestinationWord>,
}

/// What makes the command this one.
struct ResolveCommand(PaymentId, DestinationWord);

impl Fingerprinted for ResolveCommand {
    const COMMAND: &'static str = "resolve_suspense";

    fn fields(&self, canon: &mut Canon) {
        canon.field("payment", self.0);
        canon.field("to", self.1.write());
    }
}

impl From<DestinationWord> for Destination {
    fn from(word: DestinationWord) -> Self {
        match word {
            DestinationWord::Owner => Self::Owner,
            DestinationWord::Source => Self::Source,
        }
    }
}

/// A payment that was set aside.
#[derive(Debug, Object)]
#[oai(rename = "SuspendedPayment")]
pub struct SuspendedBody {
    /// Which payment.
    pub payment_id: Text<PaymentId>,
    /// Its owner.
    pub user_id: Text<UserId>,
    /// How it stands.
    pub status: Text<SuspenseStatus>,
    /// What was really paid.
    pub paid: MoneyBody,
    /// Why it was set aside.
    pub reason: Text<ReasonWord>,
    /// When.
    pub at: Text<Time>,
    /// What its owner got; null unless he did.
    pub credited: Option<MoneyBody>,
    /// When it was resolved.
    pub resolved_at: Option<Text<Time>>,
}

impl From<Suspended> for SuspendedBody {
    fn from(item: Suspended) -> Self {
        let status = item.status();
        let (credited, resolved_at) = match item.state {
            SuspenseState::Open => (None, None),
            SuspenseState::Credited { amount, at } => (Some(amount.into()), Some(Text(at))),
            SuspenseState::Returned { at } => (None, Some(Text(at))),
        };
        let reason = match item.reason {
            SuspenseReason::AmountDiffers => ReasonWord::AmountDiffers,
            SuspenseReason::CurrencyDiffers => ReasonWord::CurrencyDiffers,
            SuspenseReason::AccountClosed => ReasonWord::AccountClosed,
        };
        Self {
            payment_id: Text(item.payment),
            user_id: Text(item.user),
            status: Text(status),
            paid: item.paid.into(),
            reason: Text(reason),
            at: Text(item.at),
            credited,
            resolved_at,
        }
    }
}

/// A payment that was set aside, in a list.
#[derive(Debug, Object)]
#[oai(rename = "ListedSuspense")]
pub struct ListedBody {
    /// What was set aside.
    #[oai(flatten)]
    pub suspended: SuspendedBody,
    /// The payment's name at the gateway.
    pub reference: String,
}

impl From<SetAside> for ListedBody {
    fn from(found: SetAside) -> Self {
        Self { reference: found.reference.to_string(), suspended: found.item.into() }
    }
}

/// A payment that was resolved.
#[derive(Debug, Object)]
#[oai(rename = "ResolvedSuspense")]
pub struct ResolvedBody {
    /// How it stands now.
    #[oai(flatten)]
    pub suspended: SuspendedBody,
    /// What is still to be given back at the gateway, and no more. Null if it was credited; and null while the gateway
    /// does not say what went back there: look before anything is sent.
    pub left_to_return: Option<MoneyBody>,
}

/// Routes of suspense.
pub struct SuspenseApi {
    /// Resolves.
    pub suspense: Arc<SuspenseService>,
    /// Lists.
    pub desk: Arc<PaymentDesk>,
}

#[OpenApi(prefix_path = "/api/v1/admin/suspense", tag = "Tag::Admin")]
impl SuspenseApi {
    /// Payments in suspense
    #[oai(path = "/", method = "get", operation_id = "list_suspense")]
    async fn list(
        &self,
        _staff: Staff<may::PaymentsRead>,
        /// How they stand.
        state: Query<Option<Text<SuspenseStatus>>>,
        #[oai(default)] limit: Query<LimitQuery>,
        after: Query<AfterQuery<PaymentEntity>>,
    ) -> Result<Shown<Listed<ListedBody>>, Problem> {
        let page = self.desk.set_aside(state.0.map(|state| state.0), limit.0.page(after.0)).await?;
        Ok(Shown(Listed::of(page, |found| found.item.payment, ListedBody::from)))
    }

    /// Resolve a payment in suspense
    ///
    /// Once, and never one's own. To its source the books are changed alone: `left_to_return` is what somebody gives
    /// back at the gateway.
    #[oai(path = "/:id/resolve", method = "post", operation_id = "resolve_suspense")]
    async fn resolve(
        &self,
        staff: Staff<SteppedUp<may::Suspense>>,
        id: Path<Text<PaymentId>>,
        #[oai(name = "Idempotency-Key")] key: KeyHeader,
        body: Body<ResolveBody>,
    ) -> Result<Changed<ResolvedBody>, Problem> {
        let (payment, to) = (id.0.0, body.0.to.0);
        let claim = key.claim(staff.0.user, &ResolveCommand(payment, to), payment.uuid());
        let (service, by) = (self.suspense.clone(), By::Staff(staff.0));
        let done = detached(async move { service.resolve(&by, payment, to.into(), claim).await }).await?;
        let left_to_return = match done.value.status() {
            SuspenseStatus::Returned => self.left_to_return(payment).await,
            SuspenseStatus::Open | SuspenseStatus::Credited => None,
        };
        Ok(Changed::done(done, |item| ResolvedBody { suspended: item.into(), left_to_return }))
    }
}

impl SuspenseApi {
    /// What is booked is booked: that the gateway is silent now does not make a failure of it.
    async fn left_to_return(&self, payment: PaymentId) -> Option<MoneyBody> {
        match self.suspense.left_to_return(payment).await {
            Ok(left) => Some(left.into()),
            Err(error) => {
                tracing::warn!(%error, "what is left to return is not known");
                None
            }
        }
    }
}
