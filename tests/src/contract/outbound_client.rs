//! What every `OutboundClient` does. The suite talks to the port, and to the receivers through [`OutboundWorld`].

use std::net::{IpAddr, Ipv4Addr};

use async_trait::async_trait;
use namaskah_domain::{
    EventId, TraceParent, UserId,
    memory::Receiver,
    outbound::{
        Answer, BodyEnd, CallError, Destination, DestinationRefusal, OutboundCall, OutboundClient,
        OutboundPolicy, RetryAfter, SetAside, Signature,
    },
    time::Time,
};
use uuid::Uuid;

/// What a receiver saw of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrived {
    /// `webhook-id`
    pub id: String,
    /// `webhook-timestamp`
    pub timestamp: String,
    /// `webhook-signature`
    pub signature: String,
    /// The body.
    pub body: Vec<u8>,
}

/// A client, and the strings behind its receivers. Its policy lets through [`OutboundWorld::receiver`] alone.
#[async_trait]
pub trait OutboundWorld: Send + Sync {
    /// The client under test.
    fn client(&self) -> &dyn OutboundClient;

    /// A receiver that does this once it is called.
    async fn receiver(&self, does: Receiver) -> Destination;

    /// `name` leads to these addresses; to none: it does not exist.
    async fn lead(&self, name: &str, addresses: Vec<IpAddr>);

    /// Everything that arrived at any receiver.
    async fn arrived(&self) -> Vec<Arrived>;
}

/// A call like any other.
pub fn call() -> OutboundCall {
    OutboundCall {
        id: EventId::from_uuid(Uuid::from_u128(7)),
        at: Time::UNIX_EPOCH + namaskah_domain::time::seconds(1_767_225_605),
        signature: Signature::try_new("v1,bmV3 v1,b2xk").expect("a signature"),
        body: br#"{"type":"verification.completed"}"#.to_vec(),
        user: UserId::from_uuid(Uuid::from_u128(8)),
        cause: TraceParent::new(3, 4, true),
    }
}

fn named(name: &str) -> Destination {
    let url = format!("https://{name}/hook?key=secret");
    Destination::try_new(&url, &OutboundPolicy::default()).expect("a URL of the internet")
}

async fn answered(world: &dyn OutboundWorld, does: Receiver) -> Answer {
    let to = world.receiver(does).await;
    world.client().post(&to, &call()).await.expect("an answer")
}

async fn failed(world: &dyn OutboundWorld, does: Receiver) -> CallError {
    let to = world.receiver(does).await;
    world.client().post(&to, &call()).await.expect_err("no answer")
}

pub async fn a_call_arrives_once_as_it_was_signed(world: &dyn OutboundWorld) {
    let answer = answered(world, Receiver::Answers(204)).await;
    assert_eq!((answer.status, answer.body), (204, BodyEnd::Whole));
    let arrived = Arrived {
        id: call().id.to_string(),
        timestamp: "1767225605".to_owned(),
        signature: "v1,bmV3 v1,b2xk".to_owned(),
        body: call().body,
    };
    assert_eq!(world.arrived().await, [arrived]);
}

pub async fn every_status_is_an_answer(world: &dyn OutboundWorld) {
    for status in [200, 201, 400, 410, 429, 500, 503] {
        assert_eq!(answered(world, Receiver::Answers(status)).await.status, status);
    }
    assert_eq!(world.arrived().await.len(), 7);
}

pub async fn a_redirect_is_an_answer_and_is_not_followed(world: &dyn OutboundWorld) {
    for status in [301, 302, 303, 307, 308] {
        assert_eq!(answered(world, Receiver::Answers(status)).await.status, status);
    }
    assert_eq!(world.arrived().await.len(), 5);
}

pub async fn a_body_without_end_is_cut_off_and_its_status_counts(world: &dyn OutboundWorld) {
    let answer = answered(world, Receiver::AnswersWithoutEnd(200)).await;
    assert_eq!((answer.status, answer.body), (200, BodyEnd::CutOff));
}

/// Whatever its status; who asks for none has asked for none.
pub async fn a_receiver_that_asks_for_a_pause_is_heard(world: &dyn OutboundWorld) {
    for status in [200, 429, 503] {
        let answer = answered(world, Receiver::AsksForAPause(status, 90)).await;
        let asked = RetryAfter::In(namaskah_domain::time::seconds(90));
        assert_eq!((answer.status, answer.retry_after), (status, Some(asked)));
    }
    assert_eq!(answered(world, Receiver::Answers(503)).await.retry_after, None);
}

pub async fn a_silent_receiver_is_given_up_and_not_called_again(world: &dyn OutboundWorld) {
    let error = failed(world, Receiver::IsSilent).await;
    assert!(matches!(error, CallError::TimedOut), "{error:?}");
    assert_eq!(world.arrived().await.len(), 1);
}

pub async fn a_receiver_that_hangs_up_is_not_called_again(world: &dyn OutboundWorld) {
    let error = failed(world, Receiver::HangsUp).await;
    assert!(matches!(error, CallError::Broken(_)), "{error:?}");
    assert_eq!(world.arrived().await.len(), 1);
}

pub async fn nothing_is_sent_where_nobody_listens(world: &dyn OutboundWorld) {
    let error = failed(world, Receiver::IsAbsent).await;
    assert!(matches!(error, CallError::NotSent(_)), "{error:?}");
    assert_eq!(world.arrived().await, []);
}

/// It was accepted under a wider policy.
pub async fn an_address_that_is_not_let_through_any_more_is_not_called(world: &dyn OutboundWorld) {
    let wider = OutboundPolicy::allowing(vec!["127.0.0.0/8".parse().expect("a network")]);
    let to = Destination::try_new("http://127.0.0.2:9000/", &wider).expect("let through once");
    let error = world.client().post(&to, &call()).await.expect_err("refused");
    let refusal = DestinationRefusal::Address(SetAside::Loopback);
    assert!(matches!(error, CallError::Refused(what) if what == refusal), "{error:?}");
    assert_eq!(world.arrived().await, []);
}

pub async fn a_name_is_refused_for_any_of_its_addresses(world: &dyn OutboundWorld) {
    let good = IpAddr::from(Ipv4Addr::LOCALHOST);
    for (what, address) in [
        (SetAside::Private, "10.0.0.1"),
        (SetAside::LinkLocal, "169.254.169.254"),
        (SetAside::Metadata, "168.63.129.16"),
        (SetAside::Shared, "100.100.100.200"),
        (SetAside::ThisNetwork, "0.0.0.0"),
        (SetAside::Loopback, "127.0.0.2"),
        (SetAside::Loopback, "::1"),
        (SetAside::Unspecified, "::"),
        (SetAside::Embedded, "::ffff:127.0.0.1"),
        (SetAside::Embedded, "64:ff9b::7f00:1"),
        (SetAside::Private, "fd00:ec2::254"),
        (SetAside::LinkLocal, "fe80::1"),
    ] {
        let bad: IpAddr = address.parse().expect(address);
        for addresses in [vec![bad], vec![good, bad], vec![bad, good]] {
            world.lead("hooks.example.com", addresses).await;
            let error = world.client().post(&named("hooks.example.com"), &call()).await.expect_err("refused");
            let refusal = DestinationRefusal::Address(what);
            assert!(matches!(error, CallError::Refused(why) if why == refusal), "{address}: {error:?}");
        }
    }
    assert_eq!(world.arrived().await, []);
}

pub async fn a_name_that_does_not_exist_is_not_called_and_no_failure_shows_the_url(
    world: &dyn OutboundWorld,
) {
    world.lead("nowhere.example.com", Vec::new()).await;
    let error = world.client().post(&named("nowhere.example.com"), &call()).await.expect_err("no address");
    assert!(matches!(error, CallError::NotSent(_)), "{error:?}");
    for text in [error.to_string(), format!("{error:?}")] {
        assert!(!text.contains("secret") && !text.contains("nowhere"), "{text}");
    }
}

/// Runs every sentence of the suite as a test of its own, each on a new world.
#[macro_export]
macro_rules! outbound_client_contract {
    ($world:path) => {
        $crate::contract_tests!($crate::contract::outbound_client, $world,
            a_call_arrives_once_as_it_was_signed
            every_status_is_an_answer
            a_redirect_is_an_answer_and_is_not_followed
            a_body_without_end_is_cut_off_and_its_status_counts
            a_receiver_that_asks_for_a_pause_is_heard
            a_silent_receiver_is_given_up_and_not_called_again
            a_receiver_that_hangs_up_is_not_called_again
            nothing_is_sent_where_nobody_listens
            an_address_that_is_not_let_through_any_more_is_not_called
            a_name_is_refused_for_any_of_its_addresses
            a_name_that_does_not_exist_is_not_called_and_no_failure_shows_the_url
        );
    };
}
