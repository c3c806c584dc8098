//! Users who fund their wallets, and want money back.

use namaskah_domain::{
    Amount, PaymentId, RefundId, UserId,
    payment::{AskRefund, OpenPayment, service::Done},
};

use super::{DEPOSITS, cents, claim};
use crate::sim::world::World;

/// What is wanted back, in cents; `None` for all that may go back.
const BACK: [Option<i64>; 5] = [None, Some(100), Some(50), Some(333), Some(900)];

/// A refund that can be asked for again under its key.
#[derive(Debug, Clone)]
pub struct Refunded {
    user: UserId,
    payment: PaymentId,
    amount: Option<Amount>,
    key: String,
}

impl World {
    /// A user wants to fund the wallet.
    pub fn deposit(&mut self) {
        let (user, amount, id) = (self.a_user(), cents(DEPOSITS[self.roll(4)]), self.id());
        self.opened.push((user, id));
        self.open(user, amount, id, self.opened.len());
    }

    /// Opens a payment under a key of its own.
    pub fn open(&mut self, user: UserId, amount: Amount, id: PaymentId, key: usize) {
        let claim = claim(user, &format!("pay-{key}"), &format!("pay {amount}"), id.uuid());
        self.command(
            || format!("{user} opens {id} of {amount}"),
            |process| {
                let payments = process.payments.clone();
                async move { payments.open(OpenPayment { user, amount, claim, id }).await }
            },
            |told, answer| match answer {
                Ok(Done { value, .. }) => told.payment(&value),
                Err(error) => format!("no payment: {error}"),
            },
        );
    }

    /// A user comes back from the checkout.
    pub fn sync(&mut self) {
        if self.opened.is_empty() {
            return;
        }
        let (user, id) = self.opened[self.roll(self.opened.len())];
        self.command(
            || format!("{user} returns from the checkout of {id}"),
            |process| {
                let payments = process.payments.clone();
                async move { payments.sync(user, id).await }
            },
            move |told, answer| match answer {
                Ok(intent) => told.payment(&intent),
                Err(error) => format!("nothing new of {id}: {error}"),
            },
        );
    }

    fn a_payment(&self) -> Option<(UserId, PaymentId)> {
        let back = self.roll(self.opened.len().min(5));
        self.opened.len().checked_sub(1 + back).map(|place| self.opened[place])
    }

    /// A user wants a payment back, or a part of it, perhaps somebody else's.
    pub fn refund(&mut self) {
        let Some((owner, payment)) = self.a_payment() else { return };
        let user = self.perhaps_another(owner);
        let amount = BACK[self.roll(BACK.len())].map(cents);
        let key = format!("refund-{}", self.refunded.len());
        self.send_refund(Refunded { user, payment, amount, key });
    }

    /// A refund is asked for once more under its key, or another one under the key of something else.
    pub fn repeat_refund(&mut self) {
        if self.refunded.is_empty() {
            return;
        }
        let mut command = self.refunded[self.roll(self.refunded.len())].clone();
        match self.roll(5) {
            3 => command.amount = Some(cents(150)),
            4 if !self.ordered.is_empty() => {
                let ordered = &self.ordered[self.roll(self.ordered.len())];
                (command.user, command.key) = (ordered.buy.user, format!("key-{}", ordered.key));
            }
            _ => {}
        }
        self.send_refund(command);
    }

    fn send_refund(&mut self, command: Refunded) {
        self.refunded.push(command.clone());
        let Refunded { user, payment, amount, key } = command;
        let id: RefundId = self.id();
        let claim = claim(user, &key, &format!("refund {payment} {amount:?}"), id.uuid());
        let asked = AskRefund { user, payment, amount, claim, id };
        let wanted = asked.clone();
        self.command(
            || format!("{user} wants {amount:?} of {payment} back as {id} under key {key}"),
            |process| {
                let payments = process.payments.clone();
                async move { payments.refund(wanted).await }
            },
            move |told, answer| told.refunded(&asked, answer),
        );
    }
}
