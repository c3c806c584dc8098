use std::{net::IpAddr, sync::Arc};

use async_trait::async_trait;
use chrono::TimeDelta;
use namaskah_domain::{
    Amount, Clock, Money, PaymentReference, PhoneNumber, ReservationId,
    memory::{
        FakeNumberProvider, FakeOutboundClient, FakePaymentGateway, GatewayFailure, GatewayOperation,
        ManualClock, OddPayment, ProviderFailure, ProviderOperation, Receiver,
    },
    outbound::{Destination, OutboundClient, OutboundPolicy},
    payment::{
        ChargeStatus, ChargedMoney, GatewayDispute, GatewayDisputeStatus, GatewayRefundId,
        GatewayRefundStatus, PaymentGateway,
    },
    verification::{NumberProvider, ServiceCode},
};
use namaskah_tests::contract::{
    number_provider::{NumberWorld, ProviderBooks, Trouble},
    outbound_client::{Arrived, OutboundWorld},
    payment_gateway::{Customer, PaymentWorld},
};

/// More calls than any sentence makes.
const ALL: usize = 50;

pub struct Numbers {
    clock: Arc<ManualClock>,
    provider: FakeNumberProvider,
}

pub async fn numbers() -> Numbers {
    let clock = Arc::new(ManualClock::default());
    Numbers { provider: FakeNumberProvider::new(clock.clone()), clock }
}

#[async_trait]
impl NumberWorld for Numbers {
    fn provider(&self) -> &dyn NumberProvider {
        &self.provider
    }

    fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    async fn advance(&self, by: TimeDelta) {
        self.clock.advance(by);
    }

    async fn receive(&self, reservation: &ReservationId, text: &str, parsed_code: Option<&str>) {
        self.provider.receive(reservation, text, parsed_code).expect("the number can receive");
    }

    async fn fail_next_purchase(&self, trouble: Trouble) {
        let failure = match trouble {
            Trouble::AnswerLost => ProviderFailure::LostAnswer,
            Trouble::NotDone => ProviderFailure::Unavailable,
        };
        self.provider.fail_next(ProviderOperation::Buy, failure);
    }

    async fn shut(&self) {
        use ProviderOperation::{Balance, Buy, Cancel, Cost, Get, List, Messages, Report, Services, Stock};
        for operation in [Balance, Buy, Cancel, Cost, Get, List, Messages, Report, Services, Stock] {
            (0..ALL).for_each(|_| self.provider.fail_next(operation, ProviderFailure::Unavailable));
        }
    }

    async fn set_listing_lag(&self, lag: TimeDelta) {
        self.provider.set_listing_lag(lag);
    }

    async fn sell(&self, service: &ServiceCode, cost: Money, stock: u32) {
        self.provider.sell(service.clone(), cost, stock.into());
    }

    async fn set_balance(&self, balance: Money) {
        self.provider.set_balance(balance);
    }

    async fn set_account_limit(&self, limit: u32) {
        self.provider.set_account_limit(limit as usize);
    }

    async fn next_number(&self, number: &PhoneNumber) {
        self.provider.next_number(number.clone());
    }

    async fn books(&self) -> ProviderBooks {
        ProviderBooks {
            sold: self.provider.reservations().len(),
            charged: self.provider.charged(),
            credited: self.provider.credited(),
        }
    }
}

pub struct Payments {
    clock: Arc<ManualClock>,
    gateway: FakePaymentGateway,
}

pub async fn payments() -> Payments {
    let clock = Arc::new(ManualClock::default());
    Payments { gateway: FakePaymentGateway::new(clock.clone()), clock }
}

#[async_trait]
impl PaymentWorld for Payments {
    fn gateway(&self) -> &dyn PaymentGateway {
        &self.gateway
    }

    fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    async fn advance(&self, by: TimeDelta) {
        self.clock.advance(by);
    }

    async fn customer(&self, reference: &PaymentReference, does: Customer) {
        let odd = |odd: OddPayment| self.gateway.pay_oddly(reference, &odd);
        let is_known = match does {
            Customer::Pays => self.gateway.pay(reference),
            Customer::PaysOtherwise(amount) => {
                odd(OddPayment { paid: Some(ChargedMoney::Known(amount)), ..OddPayment::default() })
            }
            Customer::PaysInOtherMode => odd(OddPayment { in_other_mode: true, ..OddPayment::default() }),
            Customer::IsRefused => self.gateway.set_status(reference, ChargeStatus::Failed),
            Customer::Leaves => self.gateway.set_status(reference, ChargeStatus::Abandoned),
        };
        assert!(is_known, "the gateway knows the reference");
    }

    async fn fail_next_opening(&self, trouble: Trouble) {
        let failure = match trouble {
            Trouble::AnswerLost => GatewayFailure::LostAnswer,
            Trouble::NotDone => GatewayFailure::Unavailable,
        };
        self.gateway.fail_next(GatewayOperation::Open, failure);
    }

    async fn fail_next_refund(&self, trouble: Trouble) {
        let failure = match trouble {
            Trouble::AnswerLost => GatewayFailure::LostAnswer,
            Trouble::NotDone => GatewayFailure::Unavailable,
        };
        self.gateway.fail_next(GatewayOperation::Refund, failure);
    }

    async fn refund_becomes(&self, id: &GatewayRefundId, status: GatewayRefundStatus) {
        assert!(self.gateway.set_refund(id, status));
    }

    async fn dashboard_refund(&self, reference: &PaymentReference, amount: Amount) {
        self.gateway.refund_in_dashboard(reference, amount).expect("so much is left");
    }

    async fn dispute(&self, reference: &PaymentReference, claimed: Option<Amount>) {
        self.gateway.open_dispute(reference, claimed).expect("it was paid");
    }

    async fn decide(&self, dispute: &GatewayDispute, status: GatewayDisputeStatus) {
        assert!(self.gateway.decide_dispute(&dispute.id, status));
    }

    async fn shut(&self) {
        use GatewayOperation::{Disputes, List, Open, Refund, Refunds, Verify};
        for operation in [Open, Verify, List, Refund, Refunds, Disputes] {
            (0..ALL).for_each(|_| self.gateway.fail_next(operation, GatewayFailure::Unavailable));
        }
    }
}

pub struct Outbound {
    client: FakeOutboundClient,
    policy: OutboundPolicy,
}

pub async fn outbound() -> Outbound {
    let policy = OutboundPolicy::allowing(vec!["127.0.0.1/32".parse().expect("a network")]);
    Outbound { client: FakeOutboundClient::new(policy.clone()), policy }
}

#[async_trait]
impl OutboundWorld for Outbound {
    fn client(&self) -> &dyn OutboundClient {
        &self.client
    }

    async fn receiver(&self, does: Receiver) -> Destination {
        self.client.next(does);
        Destination::try_new("http://127.0.0.1:9000/hook", &self.policy).expect("let through")
    }

    async fn lead(&self, name: &str, addresses: Vec<IpAddr>) {
        self.client.lead(name, addresses);
    }

    async fn arrived(&self) -> Vec<Arrived> {
        let arrived = self.client.arrived().into_iter();
        let arrived = arrived.map(|(_, call)| Arrived {
            id: call.id.to_string(),
            timestamp: call.at.timestamp().to_string(),
            signature: call.signature.as_str().to_owned(),
            body: call.body,
        });
        arrived.collect()
    }
}

/// The fake tells its texts in notices too.
#[tokio::test]
async fn a_notice_of_the_fake_tells_its_text() {
    let world = numbers().await;
    let attempt = namaskah_tests::contract::number_provider::attempt("whatsapp", "0.75");
    let reservation = world.provider.buy(&attempt).await.expect("a number");
    let text = world.provider.receive(&reservation.id, "Your code is 482913", None).expect("it can receive");
    let notice = world.provider.notice_of(&text);
    assert_eq!(world.provider.read_notice(&notice), [text]);
    assert_eq!(world.provider.read_notice(b"something else"), []);
}
