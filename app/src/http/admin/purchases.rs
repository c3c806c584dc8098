//! Attempts at providers. Those that brought a number which serves no order are the point.

use std::{borrow::Cow, sync::Arc};

use namaskah_domain::{
    Clock, OrderId, PurchaseId, Time, UserId,
    entity::PurchaseEntity,
    staff::{OrderDesk, PurchaseStatus},
    verification::{
        Capability, CountryCode, Purchase, PurchaseState, Receivable, ReservationId, ServiceCode,
    },
};
use poem_openapi::{Object, OpenApi, param::Query, registry::MetaSchema};

use crate::http::{
    body::{AfterQuery, LimitQuery, Listed, MoneyBody, Shown, Text, TextForm, text::one_of, word_enum},
    problem::Problem,
    staff_scheme::{Staff, may},
    tags::Tag,
};

impl TextForm for PurchaseStatus {
    const EXPECTED: &'static str = "sent, bound, absent or orphan";

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
    /// Who bears the cost of a number.
    pub ReceivableWord, "who bears the cost of a number";
    Open = "open",
    Credited = "credited",
    Costed = "costed",
    WrittenOff = "written_off",
}

impl From<Receivable> for ReceivableWord {
    fn from(receivable: Receivable) -> Self {
        match receivable {
            Receivable::Open => Self::Open,
            Receivable::Credited { .. } => Self::Credited,
            Receivable::Costed { .. } => Self::Costed,
            Receivable::WrittenOff { .. } => Self::WrittenOff,
        }
    }
}

/// One attempt to buy a number, or a number that no attempt explains.
#[derive(Debug, Object)]
#[oai(rename = "Purchase")]
pub struct PurchaseBody {
    /// Its identifier.
    pub id: Text<PurchaseId>,
    /// At which provider.
    pub provider: String,
    /// How it stands.
    pub status: Text<PurchaseStatus>,
    /// For which order; null for a number that no attempt explains.
    pub verification_id: Option<Text<OrderId>>,
    /// For whom.
    pub user_id: Option<Text<UserId>>,
    /// For which service.
    pub service: Text<ServiceCode>,
    /// From which country.
    pub country: Text<CountryCode>,
    /// How the code arrives.
    pub capability: Text<Capability>,
    /// The most that it may cost.
    pub cost_cap: MoneyBody,
    /// The provider's own name of the number; null if there is none.
    pub reservation: Option<String>,
    /// What the number cost.
    pub cost: Option<MoneyBody>,
    /// Who bears the cost.
    pub receivable: Option<Text<ReceivableWord>>,
    /// When it was committed, to be sent at once.
    pub sent_at: Text<Time>,
    /// When its outcome was known.
    pub settled_at: Option<Text<Time>>,
    /// Seconds since it was sent.
    pub age_s: i64,
}

impl PurchaseBody {
    /// As it is at `now`.
    pub fn of(purchase: Purchase, now: Time) -> Self {
        let status = PurchaseStatus::of(&purchase);
        let bought = purchase.bought();
        let settled_at = match &purchase.state {
            PurchaseState::Sent => None,
            PurchaseState::Absent { at } => Some(*at),
            PurchaseState::Bound(bought) | PurchaseState::Orphan(bought) => Some(bought.bound_at),
        };
        let reservation = bought.map(|bought| &bought.reservation).map(ReservationId::to_string);
        Self {
            id: Text(purchase.id),
            provider: purchase.provider.name().to_owned(),
            status: Text(status),
            verification_id: purchase.wanted_by.map(|(order, _)| Text(order)),
            user_id: purchase.wanted_by.map(|(_, user)| Text(user)),
            cost_cap: purchase.cost_cap.into(),
            reservation,
            cost: bought.map(|bought| bought.cost.into()),
            receivable: bought.map(|bought| Text(bought.receivable.into())),
            sent_at: Text(purchase.sent_at),
            settled_at: settled_at.map(Text),
            age_s: (now - purchase.sent_at).num_seconds().max(0),
            service: Text(purchase.ask.service),
            country: Text(purchase.ask.country),
            capability: Text(purchase.ask.capability),
        }
    }
}

/// Routes of attempts.
pub struct PurchasesApi {
    /// Finds them.
    pub desk: Arc<OrderDesk>,
    /// How old they are.
    pub clock: Arc<dyn Clock>,
}

#[OpenApi(prefix_path = "/api/v1/admin/purchases", tag = "Tag::Admin")]
impl PurchasesApi {
    /// Attempts to buy numbers
    ///
    /// An `orphan` is a number that serves no order: it is cancelled at the provider, and its cost is followed.
    #[oai(path = "/", method = "get", operation_id = "list_purchases")]
    async fn list(
        &self,
        _staff: Staff<may::OrdersRead>,
        /// How they stand.
        state: Query<Option<Text<PurchaseStatus>>>,
        #[oai(default)] limit: Query<LimitQuery>,
        after: Query<AfterQuery<PurchaseEntity>>,
    ) -> Result<Shown<Listed<PurchaseBody>>, Problem> {
        let state = state.0.map(|state| state.0);
        let page = self.desk.purchases(state, limit.0.page(after.0)).await?;
        let now = self.clock.now();
        Ok(Shown(Listed::of(page, |purchase| purchase.id, |purchase| PurchaseBody::of(purchase, now))))
    }
}
