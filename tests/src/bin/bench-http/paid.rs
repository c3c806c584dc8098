//! Payments that were paid at the gateway and of which nobody has told the product yet.

use futures::{StreamExt, TryStreamExt, stream};
use namaskah_domain::{
    Change, Clock, UnitOfWork, UserId,
    payment::{ChargeRequest, Intent, PaymentGateway},
    time::hours,
};
use namaskah_tests::given;

use crate::{
    Failure,
    server::{Bench, USERS, user},
};

/// Commits on their way at once while everything is put in its place.
const AT_ONCE: usize = 64;

/// References of so many payments, spread over users.
pub async fn references(bench: &Bench, count: u64) -> Result<Vec<String>, Failure> {
    let mut users = Vec::new();
    for _ in 0..if count > 0 { USERS } else { 0 } {
        users.push(user(&bench.wired).await?);
    }
    let each = users.iter().copied().cycle().take(usize::try_from(count)?);
    stream::iter(each.map(|user| paid(bench, user))).buffered(AT_ONCE).try_collect().await
}

async fn paid(bench: &Bench, user: UserId) -> Result<String, Failure> {
    let now = bench.wired.clock.now();
    let intent = Intent {
        created_at: now,
        expires_at: now + hours(72),
        // No sweep takes it before its webhook does.
        next_check_at: Some(now + hours(1)),
        ..given::intent(user)
    };
    let reference = intent.reference.clone();
    let charge = ChargeRequest {
        reference: reference.clone(),
        email: given::email(),
        amount: intent.charged,
        return_url: None,
    };
    bench.gateway.open(&charge).await?;
    let opened = UnitOfWork::new().count_intent_opened(user, u32::MAX).with(Change::Intent(intent));
    bench.wired.store.commit(opened).await?;
    bench.gateway.pay(&reference);
    Ok(reference.to_string())
}
