//! Customers who go on while something happens to the product: they pay, buy, read, receive and cancel, and take no
//! answer but the one that they should get.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{
    controls::{Controls, eventually},
    customer::{Customer, text},
};

/// Customers at work. They end when they are asked to, or with the test.
pub struct Shoppers {
    tasks: JoinSet<()>,
    stop: CancellationToken,
    rounds: Arc<AtomicU64>,
}

impl Shoppers {
    /// So many of them, each on a connection that is kept.
    pub async fn start(count: usize, product: &str, controls: &Controls) -> Self {
        let mut shoppers =
            Self { tasks: JoinSet::new(), stop: CancellationToken::new(), rounds: Arc::default() };
        for _ in 0..count {
            let customer = Customer::registered(product, controls).await;
            let (controls, stop, rounds) = (controls.clone(), shoppers.stop.clone(), shoppers.rounds.clone());
            shoppers.tasks.spawn(async move {
                let mut round = 0;
                while !stop.is_cancelled() {
                    one_round(&customer, &controls, round).await;
                    rounds.fetch_add(1, Ordering::SeqCst);
                    round += 1;
                }
            });
        }
        shoppers
    }

    /// Returns when so many more rounds have gone well; fails at once if one did not.
    pub async fn go_on(&mut self, more: u64) {
        let until = self.rounds() + more;
        let rounds = self.rounds.clone();
        tokio::select! {
            failed = self.tasks.join_next() => panic!("a customer has stopped: {failed:?}"),
            () = eventually("customers go on", || async {
                (rounds.load(Ordering::SeqCst) >= until).then_some(())
            }) => {}
        }
    }

    /// Rounds that have gone well.
    pub fn rounds(&self) -> u64 {
        self.rounds.load(Ordering::SeqCst)
    }

    /// Ends their rounds; fails if a request did.
    pub async fn end(mut self) -> u64 {
        self.stop.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            ended.expect("every request was answered as it should be");
        }
        self.rounds()
    }
}

async fn one_round(customer: &Customer, controls: &Controls, round: u64) {
    if round.is_multiple_of(8) {
        customer.deposits(controls, "20.00").await;
    }
    let order = customer.orders("telegram").await;
    customer.get("wallet").await.is(200);
    customer.get("verifications").await.is(200);
    // On a busy machine the provider's answer may come too late to be known at once.
    if order["status"] != "waiting" || !round.is_multiple_of(3) {
        let cancelled = customer.cancels(&order).await.is(200);
        assert_eq!(text(&cancelled, "id"), text(&order, "id"));
        return;
    }
    controls.text(&order, "Telegram code 51234", "deliver").await;
    // A process that stops ends long polls early, with the order as it is.
    while customer.awaits(&customer.order(&order).await).await["status"] == "waiting" {}
    assert_eq!(customer.order(&order).await["status"], "completed");
}
