//! Corrections of wallets, with four eyes where it is much.

use std::{borrow::Cow, sync::Arc};

use namaskah_domain::{
    AdjustmentId, Amount, Currency, Money, MoneyError, Time, UserId,
    entity::{AdjustmentEntity, UserEntity},
    staff::{Adjustment, AdjustmentQuery, AdjustmentService, AdjustmentState, AdjustmentStatus, Wish},
    wallet::{Direction, Reason},
};
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
    registry::MetaSchema,
};
use serde::Deserialize;

use crate::http::{
    body::{
        AfterQuery, Body, Created, LimitQuery, Listed, MoneyBody, Shown, Text, TextForm,
        money::{PlainDecimal, WalletCurrency},
        text::{one_of, pattern},
    },
    detached::detached,
    idempotency::{Canon, Fingerprinted, KeyHeader},
    problem::Problem,
    staff_scheme::{Staff, SteppedUp, may},
    tags::Tag,
};

impl TextForm for AdjustmentStatus {
    const EXPECTED: &'static str = "proposed, expired, booked or rejected";

    fn schema() -> MetaSchema {
        one_of(&STATUSES.map(Self::name))
    }

    fn read(text: &str) -> Option<Self> {
        STATUSES.into_iter().find(|status| status.name() == text)
    }

    fn write(&self) -> Cow<'_, str> {
        self.name().into()
    }
}

const STATUSES: [AdjustmentStatus; 4] = [
    AdjustmentStatus::Proposed,
    AdjustmentStatus::Expired,
    AdjustmentStatus::Booked,
    AdjustmentStatus::Rejected,
];

/// A decimal that may be below zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedDecimal(Direction, String);

impl TextForm for SignedDecimal {
    const EXPECTED: &'static str = "a decimal string with at most 6 digits after the point, as 2.50 or -2.50";

    fn schema() -> MetaSchema {
        pattern("^-?[0-9]{1,12}(\\.[0-9]{1,6})?$", "-2.50")
    }

    fn read(text: &str) -> Option<Self> {
        let (direction, plain) = match text.strip_prefix('-') {
            Some(plain) => (Direction::Debit, plain),
            None => (Direction::Credit, text),
        };
        PlainDecimal::read(plain).map(|_| Self(direction, plain.to_owned()))
    }

    fn write(&self) -> Cow<'_, str> {
        match self.0 {
            Direction::Credit => self.1.as_str().into(),
            Direction::Debit => format!("-{}", self.1).into(),
        }
    }
}

/// What a wallet gets; below zero if it loses.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "SignedWalletAmount")]
pub struct SignedAmountBody {
    /// A decimal string other than zero. Below zero: at most what is available.
    pub amount: Text<SignedDecimal>,
    /// The currency of wallets.
    pub currency: Text<WalletCurrency>,
}

impl SignedAmountBody {
    fn parse(&self) -> Result<(Direction, Amount), Problem> {
        let refuse = |error: MoneyError| Problem::invalid("amount.amount", "invalid", error);
        let SignedDecimal(direction, plain) = &self.amount.0;
        let money = Money::parse(plain, Currency::Usd).map_err(refuse)?;
        Ok((*direction, Amount::try_new(money).map_err(refuse)?))
    }
}

/// A correction to make.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "NewAdjustment")]
pub struct AskBody {
    /// By how much.
    pub amount: SignedAmountBody,
    /// Why.
    pub reason: Text<Reason>,
}

/// Why a correction is not made.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "AdjustmentRejection")]
pub struct RejectBody {
    /// For whoever proposed it.
    pub reason: Option<Text<Reason>>,
}

/// What makes the command this one.
struct AskCommand {
    user: UserId,
    direction: Direction,
    amount: Amount,
    reason: Reason,
}

impl Fingerprinted for AskCommand {
    const COMMAND: &'static str = "adjust_wallet";

    fn fields(&self, canon: &mut Canon) {
        let direction = match self.direction {
            Direction::Credit => "credit",
            Direction::Debit => "debit",
        };
        canon.field("user", self.user);
        canon.field("direction", direction);
        canon.field("units", self.amount.units());
        canon.field("reason", self.reason.as_str());
    }
}

/// A correction of a wallet.
#[derive(Debug, Object)]
#[oai(rename = "Adjustment")]
pub struct AdjustmentBody {
    /// Its identifier.
    pub id: Text<AdjustmentId>,
    /// Whose wallet.
    pub user_id: Text<UserId>,
    /// How it stands.
    pub status: Text<AdjustmentStatus>,
    /// By how much.
    pub amount: MoneyBody,
    /// Why.
    pub reason: String,
    /// Who asked.
    pub proposed_by: Text<UserId>,
    /// When.
    pub proposed_at: Text<Time>,
    /// Until when somebody else can decide; null unless it waits, or has waited in vain.
    pub expires_at: Option<Text<Time>>,
    /// Who approved or rejected; null if nobody did, or nobody had to.
    pub decided_by: Option<Text<UserId>>,
    /// When it was booked or rejected.
    pub decided_at: Option<Text<Time>>,
    /// Why it was rejected, if that was said.
    pub note: Option<String>,
}

impl AdjustmentBody {
    fn of(asked: Adjustment, now: Time) -> Self {
        let (expires_at, decided_by, decided_at, note) = match &asked.state {
            AdjustmentState::Proposed => (Some(asked.expires_at()), None, None, None),
            AdjustmentState::Booked { approved_by, at } => (None, *approved_by, Some(*at), None),
            AdjustmentState::Rejected { by, note, at } => (None, Some(*by), Some(*at), note.as_ref()),
        };
        Self {
            id: Text(asked.id),
            user_id: Text(asked.user),
            status: Text(asked.status(now)),
            amount: asked.signed().into(),
            reason: asked.reason.as_str().to_owned(),
            proposed_by: Text(asked.proposed_by),
            proposed_at: Text(asked.proposed_at),
            expires_at: expires_at.map(Text),
            decided_by: decided_by.map(Text),
            decided_at: decided_at.map(Text),
            note: note.map(|note| note.as_str().to_owned()),
        }
    }
}

/// Routes of corrections.
pub struct AdjustmentsApi {
    /// Makes them.
    pub adjustments: Arc<AdjustmentService>,
}

#[OpenApi(prefix_path = "/api/v1/admin", tag = "Tag::Admin")]
impl AdjustmentsApi {
    /// Correct a wallet
    ///
    /// Booked at once up to a limit a day, by you and to this user each; above it, it is proposed and waits for 72
    /// hours for somebody else to approve it. A credit repays debt first.
    #[oai(path = "/users/:id/adjustments", method = "post", operation_id = "adjust_wallet")]
    async fn ask(
        &self,
        staff: Staff<SteppedUp<may::Adjust>>,
        id: Path<Text<UserId>>,
        #[oai(name = "Idempotency-Key")] key: KeyHeader,
        body: Body<AskBody>,
    ) -> Result<Created<AdjustmentBody>, Problem> {
        let (direction, amount) = body.0.amount.parse()?;
        let command = AskCommand { user: id.0.0, direction, amount, reason: body.0.reason.0 };
        let new = self.adjustments.id();
        let claim = key.claim(staff.0.user, &command, new.uuid());
        let AskCommand { user, direction, amount, reason } = command;
        let wish = Wish { id: new, user, direction, amount, reason };
        let (service, actor) = (self.adjustments.clone(), staff.0);
        let done = detached(async move { service.ask(&actor, wish, claim).await }).await?;
        let now = self.adjustments.now();
        Ok(Created::done(
            done,
            |asked| format!("/api/v1/admin/adjustments/{}", asked.id),
            |asked| AdjustmentBody::of(asked, now),
        ))
    }

    /// Corrections
    #[oai(path = "/adjustments", method = "get", operation_id = "list_adjustments")]
    async fn list(
        &self,
        _staff: Staff<may::PaymentsRead>,
        /// How they stand.
        state: Query<Option<Text<AdjustmentStatus>>>,
        /// Whose wallet.
        user: Query<AfterQuery<UserEntity>>,
        #[oai(default)] limit: Query<LimitQuery>,
        after: Query<AfterQuery<AdjustmentEntity>>,
    ) -> Result<Shown<Listed<AdjustmentBody>>, Problem> {
        let query = AdjustmentQuery { status: state.0.map(|state| state.0), user: user.0.map(|user| user.0) };
        let page = self.adjustments.list(&query, limit.0.page(after.0)).await?;
        let now = self.adjustments.now();
        Ok(Shown(Listed::of(page, |asked| asked.id, |asked| AdjustmentBody::of(asked, now))))
    }

    /// One correction
    #[oai(path = "/adjustments/:id", method = "get", operation_id = "get_adjustment")]
    async fn get(
        &self,
        _staff: Staff<may::PaymentsRead>,
        id: Path<Text<AdjustmentId>>,
    ) -> Result<Shown<AdjustmentBody>, Problem> {
        let asked = self.adjustments.get(id.0.0).await?;
        Ok(Shown(AdjustmentBody::of(asked, self.adjustments.now())))
    }

    /// Approve a correction
    ///
    /// Of somebody else, for somebody else, and not before you have been staff for a day. Repeats safely.
    #[oai(path = "/adjustments/:id/approve", method = "post", operation_id = "approve_adjustment")]
    async fn approve(
        &self,
        staff: Staff<SteppedUp<may::Approve>>,
        id: Path<Text<AdjustmentId>>,
    ) -> Result<Shown<AdjustmentBody>, Problem> {
        let (service, actor) = (self.adjustments.clone(), staff.0);
        let approved = detached(async move { service.approve(&actor, id.0.0).await }).await?;
        Ok(Shown(AdjustmentBody::of(approved, self.adjustments.now())))
    }

    /// Reject a correction
    ///
    /// Of somebody else, for somebody else. Repeats safely.
    #[oai(path = "/adjustments/:id/reject", method = "post", operation_id = "reject_adjustment")]
    async fn reject(
        &self,
        staff: Staff<SteppedUp<may::Approve>>,
        id: Path<Text<AdjustmentId>>,
        body: Body<RejectBody>,
    ) -> Result<Shown<AdjustmentBody>, Problem> {
        let (service, actor) = (self.adjustments.clone(), staff.0);
        let note = body.0.reason.map(|reason| reason.0);
        let rejected = detached(async move { service.reject(&actor, id.0.0, note).await }).await?;
        Ok(Shown(AdjustmentBody::of(rejected, self.adjustments.now())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::body::tree;

    fn parsed(text: &str) -> Option<(Direction, String)> {
        let json = format!(r#"{{"amount":"{text}","currency":"USD"}}"#);
        let body: SignedAmountBody = tree::read(json.as_bytes()).ok()?;
        body.parse().ok().map(|(direction, amount)| (direction, amount.to_string()))
    }

    #[test]
    fn a_sum_below_zero_is_a_debit_and_zero_is_none() {
        assert_eq!(parsed("2.5"), Some((Direction::Credit, "2.50".to_owned())));
        assert_eq!(parsed("-2.5"), Some((Direction::Debit, "2.50".to_owned())));
        for text in ["0", "-0", "-0.00", "--1", "+1", "1e3", "NaN", "-", "", "- 1", "1234567890123"] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }
}
