//! What came back to a closed account and waits in suspense, and how it leaves. Pure.

use super::{SUSPENSE, given_back};
use crate::{
    Amount, Change, Time, UnitOfWork,
    payment::{Dispute, Intent, Refund, refund::Share, settlement::Undecidable},
    wallet::{Account, EntryKind, LedgerAccount, Legs, Purse, Source},
};

/// A refund or a dispute whose money waits in suspense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Aside {
    /// It came to nothing after all.
    Refund(Refund),
    /// It was won after all.
    Dispute(Dispute),
}

impl Aside {
    /// Everything of a payment that waits.
    pub(crate) fn all(refunds: &[Refund], disputes: &[Dispute]) -> Vec<Self> {
        let refunds = refunds.iter().filter(|refund| refund.aside).cloned().map(Self::Refund);
        let disputes = disputes.iter().filter(|dispute| dispute.aside).cloned().map(Self::Dispute);
        refunds.chain(disputes).collect()
    }

    /// How much of what was paid.
    const fn charged(&self) -> Amount {
        match self {
            Self::Refund(refund) => refund.charged,
            Self::Dispute(dispute) => dispute.claimed,
        }
    }

    /// Where it is booked when it leaves by way of the wallet, what it is worth there, and its row afterwards. `None` if
    /// that cannot be said.
    fn leaving(self, of: &Intent) -> Option<(Source, EntryKind, Share, Change)> {
        Some(match self {
            Self::Refund(refund) => {
                let row = Refund { aside: false, version: refund.version.next(), ..refund };
                let share = Share { amount: row.amount, charged: row.charged };
                (Source::unrefunded(row.id, row.version), EntryKind::Refund, share, Change::Refund(row))
            }
            Self::Dispute(dispute) => {
                let row = Dispute { aside: false, version: dispute.version.next(), ..dispute };
                let share = of.share_taken(row.claimed)?;
                (Source::undisputed(row.id, row.version), EntryKind::Chargeback, share, Change::Dispute(row))
            }
        })
    }
}

/// Money of a payment leaves the house. If exactly this sum waits in suspense, it is that money, and not the closed
/// account's to owe a second time: it goes to the wallet, and the same unit takes it from there. The account is as it is in
/// between.
pub(super) fn taken_up(
    unit: UnitOfWork,
    of: &Intent,
    (account, waiting): (&Account, &[Aside]),
    charged: Amount,
    at: Time,
) -> Result<(UnitOfWork, Account), Undecidable> {
    let mut account = account.clone();
    let same = waiting.iter().find(|aside| aside.charged() == charged).cloned();
    let Some((source, kind, share, row)) = same.and_then(|aside| aside.leaving(of)) else {
        return Ok((unit, account));
    };
    let wallet = LedgerAccount::User(account.user, Purse::Wallet);
    let mut legs = Legs::new(source, kind, at);
    for (debit, credit, amount) in
        given_back(&[(wallet, share.amount)], share.charged, SUSPENSE).into_iter().rev()
    {
        legs.add(credit, debit, amount);
    }
    account.wallet.posted = account.wallet.posted.checked_add(share.amount.money())?;
    Ok((unit.post(legs.into_entry()?).with(row), account))
}
