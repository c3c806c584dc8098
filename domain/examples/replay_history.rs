//! Replay a recorded history: `cargo run --example replay_history --features memory`.
//!
//! Time and randomness are ports, so the same commands on the same seed make the same journal, line by line.

use namaskah_domain::{Fault, OrderId, UserId, memory::Platform, time::seconds};

/// One recorded command.
enum Command {
    Register(&'static str),
    Fund(&'static str),
    Rent(&'static str),
    Receive(&'static str),
    Cancel,
    Wait(i64),
}

const RECORDED: [Command; 9] = [
    Command::Register("ada@example.com"),
    Command::Fund("5.00"),
    Command::Rent("whatsapp"),
    Command::Receive("WhatsApp code: 806-185"),
    Command::Rent("telegram"),
    Command::Cancel,
    Command::Rent("google"),
    Command::Wait(900),
    Command::Fund("2.50"),
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Fault> {
    replay_twice().await
}

/// Two replays print one journal.
pub async fn replay_twice() -> Result<(), Fault> {
    let (first, second) = (replay(42).await?, replay(42).await?);
    first.iter().for_each(|line| println!("{line}"));
    assert_eq!(first, second);
    Ok(())
}

/// The journal that the recorded commands make.
async fn replay(seed: u64) -> Result<Vec<String>, Fault> {
    let platform = Platform::new(seed);
    let (mut user, mut order) = (None, None);
    for command in &RECORDED {
        match command {
            Command::Register(email) => user = Some(platform.new_user(email).await?),
            Command::Fund(dollars) => drop(platform.fund(known(user)?, dollars).await?),
            Command::Rent(service) => {
                let rented = platform.buy(known(user)?, service, "2.00").await?;
                order = Some(rented.head().id);
            }
            Command::Receive(text) => drop(platform.deliver(placed(order)?, text).await?),
            Command::Cancel => {
                let cancelled = platform.orders.cancel(known(user)?, placed(order)?).await;
                cancelled.map_err(Fault::new)?;
            }
            Command::Wait(span) => drop(platform.advance(seconds(*span)).await),
        }
    }
    let line = |posted: namaskah_domain::memory::PostedTransfer| {
        let transfer = posted.transfer;
        let (debit, credit) = (transfer.debit, transfer.credit);
        format!("{:>3} {debit} -> {credit} {:?} {}", posted.number, transfer.amount, transfer.source)
    };
    Ok(platform.store.journal().into_iter().map(line).collect())
}

fn known(user: Option<UserId>) -> Result<UserId, Fault> {
    user.ok_or_else(|| Fault::new("the history begins without a user"))
}

fn placed(order: Option<OrderId>) -> Result<OrderId, Fault> {
    order.ok_or_else(|| Fault::new("the history has no order yet"))
}
