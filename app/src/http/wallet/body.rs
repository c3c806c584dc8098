//! Wallet bodies.

use namaskah_domain::{
    Amount, EntryId, HoldId, UserId,
    wallet::{Balance, Entry, EntryKind, Hold, HoldPurpose, HoldState, Settings},
};
use poem_openapi::Object;
use serde::Deserialize;

use crate::http::{
    body::{AmountBody, MoneyBody, Text, word_enum},
    problem::Problem,
};
use namaskah_domain::Time;

/// What a user has, holds and owes.
#[derive(Debug, Object)]
#[oai(rename = "Wallet")]
pub struct WalletBody {
    /// What may be spent now, given money included.
    pub available: MoneyBody,
    /// What open orders reserve.
    pub held: MoneyBody,
    /// available + held.
    pub total: MoneyBody,
    /// The part of the total that the house gave.
    pub promo: MoneyBody,
    /// What is owed.
    pub debt: MoneyBody,
}

impl From<Balance> for WalletBody {
    fn from(balance: Balance) -> Self {
        Self {
            available: balance.available.into(),
            held: balance.held.into(),
            total: balance.total.into(),
            promo: balance.promo.into(),
            debt: balance.debt.into(),
        }
    }
}

word_enum! {
    /// What a movement means.
    pub EntryWord, "the kind of a movement";
    Deposit = "deposit",
    Purchase = "purchase",
    Refund = "refund",
    Adjustment = "adjustment",
    Promo = "promo",
    Chargeback = "chargeback",
    DebtRepayment = "debt_repayment",
}

/// A posted movement.
#[derive(Debug, Object)]
#[oai(rename = "WalletEntry")]
pub struct EntryBody {
    /// Its identifier.
    pub id: Text<EntryId>,
    /// What it means.
    pub kind: Text<EntryWord>,
    /// Debits are negative.
    pub amount: MoneyBody,
    /// The posted total after it.
    pub balance_after: MoneyBody,
    /// What it goes back to: a payment's reference, or a hold.
    pub reference: String,
    /// In words.
    pub description: String,
    /// When it was posted.
    pub created_at: Text<Time>,
}

/// The word for a kind. Costs, suspense and the house's own money touch no user's account; if one ever did, it is a
/// correction to him.
const fn word_of(kind: EntryKind) -> EntryWord {
    match kind {
        EntryKind::Deposit => EntryWord::Deposit,
        EntryKind::Purchase => EntryWord::Purchase,
        EntryKind::Refund => EntryWord::Refund,
        EntryKind::Adjustment | EntryKind::Cost | EntryKind::Suspense | EntryKind::Treasury => {
            EntryWord::Adjustment
        }
        EntryKind::Promo => EntryWord::Promo,
        EntryKind::Chargeback => EntryWord::Chargeback,
        EntryKind::DebtRepayment => EntryWord::DebtRepayment,
    }
}

const fn describe(word: EntryWord) -> &'static str {
    match word {
        EntryWord::Deposit => "Payment received",
        EntryWord::Purchase => "Verification code received",
        EntryWord::Refund => "Refund",
        EntryWord::Adjustment => "Correction",
        EntryWord::Promo => "Promotion",
        EntryWord::Chargeback => "Payment disputed",
        EntryWord::DebtRepayment => "Debt repaid",
    }
}

impl From<Entry> for EntryBody {
    fn from(entry: Entry) -> Self {
        let word = word_of(entry.kind);
        let source = entry.source.as_str();
        Self {
            id: Text(entry.id),
            kind: Text(word),
            amount: entry.amount.into(),
            balance_after: entry.balance_after.into(),
            reference: source.split_once(':').map_or(source, |(_, reference)| reference).to_owned(),
            description: describe(word).to_owned(),
            created_at: Text(entry.at),
        }
    }
}

word_enum! {
    /// Where a hold stands.
    pub HoldWord, "the status of a hold";
    Open = "open",
    Captured = "captured",
    Released = "released",
}

/// A reserved amount.
#[derive(Debug, Object)]
#[oai(rename = "Hold")]
pub struct HoldBody {
    /// Its identifier.
    pub id: Text<HoldId>,
    /// How much.
    pub amount: MoneyBody,
    /// Where it stands.
    pub status: Text<HoldWord>,
    /// The verification that it pays for, or the refund that it is for.
    pub reference: Text<HoldPurpose>,
    /// When it was placed.
    pub created_at: Text<Time>,
    /// When it ended.
    pub ended_at: Option<Text<Time>>,
}

impl From<Hold> for HoldBody {
    fn from(hold: Hold) -> Self {
        let (status, ended_at) = match hold.state {
            HoldState::Open => (HoldWord::Open, None),
            HoldState::Captured { at } => (HoldWord::Captured, Some(Text(at))),
            HoldState::Released { at } => (HoldWord::Released, Some(Text(at))),
        };
        Self {
            id: Text(hold.id),
            amount: hold.amount.into(),
            status: Text(status),
            reference: Text(hold.purpose),
            created_at: Text(hold.placed_at),
            ended_at,
        }
    }
}

/// What you wish of the wallet.
#[derive(Debug, Object)]
#[oai(rename = "WalletSettings")]
pub struct SettingsBody {
    /// Below which available amount it counts as low; null: never.
    pub low_balance_threshold: Option<MoneyBody>,
}

impl From<Settings> for SettingsBody {
    fn from(settings: Settings) -> Self {
        Self { low_balance_threshold: settings.low_balance_threshold().map(MoneyBody::from) }
    }
}

/// A wallet in which less is available than its user wishes, as events tell it: as it is when it is told, which may be
/// more again.
#[derive(Debug, Object)]
#[oai(rename = "LowBalance")]
pub struct LowBalanceBody {
    /// Whose wallet.
    pub id: Text<UserId>,
    /// What may be spent now, given money included.
    pub available: MoneyBody,
    /// Below which it counts as low; null if that was taken away meanwhile.
    pub low_balance_threshold: Option<MoneyBody>,
}

impl LowBalanceBody {
    /// The wallet as it is now.
    pub fn of(user: UserId, balance: &Balance, wishes: &Settings) -> Self {
        Self {
            id: Text(user),
            available: balance.available.into(),
            low_balance_threshold: wishes.low_balance_threshold().map(MoneyBody::from),
        }
    }
}

/// All that you wish of the wallet.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "NewWalletSettings")]
pub struct SettingsChangeBody {
    /// Below which available amount it counts as low; never if not said.
    pub low_balance_threshold: Option<AmountBody>,
}

impl SettingsChangeBody {
    /// The threshold.
    ///
    /// # Errors
    /// 422 for zero and for what the ledger cannot hold.
    pub fn parse(self) -> Result<Option<Amount>, Problem> {
        self.low_balance_threshold.map(|amount| amount.parse("low_balance_threshold")).transpose()
    }
}
