//! What happens at the gateway's own desk: refunds move on or are made there, cardholders dispute, disputes are decided.

use chrono::TimeDelta;
use namaskah_domain::{
    Amount, Money, PaymentReference, Sender,
    memory::FakePaymentGateway,
    payment::{
        ChargeStatus, ChargedMoney, GatewayDisputeStatus, GatewayNotice, GatewayRefund, GatewayRefundStatus,
    },
};

use super::world::World;

impl World {
    fn throw(&self, sides: usize) -> usize {
        self.turns.dice().roll(sides)
    }

    /// A payment that reached the gateway in our mode, and what was paid.
    fn a_paid_one(&self) -> Option<(PaymentReference, Amount)> {
        let references = self.gateway.fake.references().into_iter();
        let paid = references.filter_map(|reference| {
            let charge = self.gateway.charge(&reference)?;
            let is_paid = matches!(charge.status, ChargeStatus::Succeeded | ChargeStatus::Reversed);
            let ChargedMoney::Known(paid) = charge.paid else { return None };
            (charge.of_our_mode && is_paid).then_some((reference, paid))
        });
        let paid: Vec<_> = paid.collect();
        if paid.is_empty() { None } else { Some(paid[self.throw(paid.len())].clone()) }
    }

    /// All of a sum, or a part of it in whole coins.
    fn a_part(&self, of: Amount) -> Amount {
        let parts = [1, 2, 3, 10][self.throw(4)];
        let coin = Money::from_subunits(1, of.currency()).map_or(1, Money::units);
        let units = of.units() / parts / coin * coin;
        Amount::try_new(Money::from_units(units, of.currency())).unwrap_or(of)
    }

    /// The gateway tells once, twice or never, of a refund or a dispute of this payment.
    fn tell(&mut self, hint: &GatewayNotice, of: &PaymentReference) {
        for _ in 0..[1, 0, 2][self.throw(3)] {
            let body = FakePaymentGateway::notice_of(hint);
            self.notice(Sender::Paystack, Some(of.to_string()), body);
        }
    }

    /// Somebody of the house refunds at the gateway's desk.
    pub fn desk_refund(&mut self) {
        let Some((reference, paid)) = self.a_paid_one() else { return };
        let amount = self.a_part(paid);
        let Some(made) = self.gateway.fake.refund_in_dashboard(&reference, amount) else { return };
        self.say(|| format!("{amount} of {reference} are refunded at the desk: {}", made.as_str()));
        self.tell(&GatewayNotice::Refund(reference.clone()), &reference);
    }

    /// A refund moves on at the gateway, for good or not.
    pub fn refund_moves(&mut self) {
        use GatewayRefundStatus::{Failed, NeedsAttention, Pending, Processed};
        let references = self.gateway.fake.references();
        let all = references.iter().flat_map(|of| {
            let refunds = self.gateway.fake.refunds(of).into_iter();
            refunds.map(|refund| (of.clone(), refund))
        });
        let moving: Vec<(PaymentReference, GatewayRefund)> =
            all.filter(|(_, refund)| refund.status != Failed).collect();
        if moving.is_empty() {
            return;
        }
        let (of, refund) = moving[self.throw(moving.len())].clone();
        let to = match refund.status {
            Pending => [Processed, Failed, NeedsAttention, Pending][self.throw(4)],
            NeedsAttention => [Processed, Failed][self.throw(2)],
            Processed | Failed => Failed,
        };
        self.gateway.move_refund(&refund, to);
        self.say(|| format!("refund {} of {of} was {:?} and is {to:?}", refund.id.as_str(), refund.status));
        self.tell(&GatewayNotice::Refund(of.clone()), &of);
    }

    /// A cardholder disputes a payment; one at a time.
    pub fn dispute(&mut self) {
        let Some((reference, paid)) = self.a_paid_one() else { return };
        let stands = |status| status != GatewayDisputeStatus::Won;
        if self.gateway.disputes().iter().any(|d| d.reference == reference && stands(d.status)) {
            return;
        }
        let claimed = self.a_part(paid);
        let Some(opened) = self.gateway.fake.open_dispute(&reference, Some(claimed)) else { return };
        self.say(|| format!("{claimed} of {reference} are disputed: {}", opened.as_str()));
        self.tell(&GatewayNotice::Dispute(reference.clone()), &reference);
    }

    /// A dispute is won or lost, or one that was won is opened again or lost after all.
    pub fn decide_dispute(&mut self) {
        use GatewayDisputeStatus::{Lost, Open, Unknown, Won};
        let mut undecided = self.gateway.disputes();
        undecided.retain(|dispute| dispute.status != Lost);
        if undecided.is_empty() {
            return;
        }
        let dispute = undecided[self.throw(undecided.len())].clone();
        let to = match dispute.status {
            // Decided in a word that we do not know, until somebody says it plainly.
            Open => [Won, Lost, Won, Lost, Unknown][self.throw(5)],
            Unknown | Lost => [Won, Lost][self.throw(2)],
            Won => [Open, Lost][self.throw(2)],
        };
        self.gateway.move_dispute(&dispute.id, to);
        self.say(|| format!("dispute {} was {:?} and is {to:?}", dispute.id.as_str(), dispute.status));
        self.tell(&GatewayNotice::Dispute(dispute.reference.clone()), &dispute.reference);
    }

    /// New refunds are listed later from now on, or at once again.
    pub fn refunds_lag(&mut self) {
        let lag = TimeDelta::seconds([0, 5, 40][self.throw(3)]);
        self.gateway.set_listing_lag(lag);
        self.say(|| format!("lists of refunds lag by {lag}"));
    }
}
