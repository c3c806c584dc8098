//! Rent a number and receive its code, all in memory: `cargo run --example rent_a_number --features memory`.

use namaskah_domain::{Fault, memory::Platform, time::minutes};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Fault> {
    rent().await
}

/// A code is paid for; no code is not.
pub async fn rent() -> Result<(), Fault> {
    let platform = Platform::new(1);
    let ada = platform.new_user("ada@example.com").await?;
    platform.fund(ada, "10.00").await?;

    // The price is held, and the number can be used.
    let order = platform.buy(ada, "whatsapp", "2.00").await?;
    println!("{} {:?}", order.status().name(), platform.balance(ada).await?);

    // The code arrives: the hold is captured.
    let order = platform.deliver(order.head().id, "Your code is 482-913").await?;
    let texts = platform.orders.get(ada, order.head().id).await.map_err(Fault::new)?.messages;
    let code = texts.iter().find_map(|text| text.code.as_ref()).map(|code| code.as_str());
    println!("{} {code:?} {:?}", order.status().name(), platform.balance(ada).await?);
    assert_eq!(code, Some("482913"));

    // No code arrives: after a quarter of an hour the hold is released.
    let order = platform.buy(ada, "telegram", "2.00").await?;
    platform.advance(minutes(15)).await;
    let order = platform.read(order.head().id).await?;
    println!("{} {:?}", order.status().name(), platform.balance(ada).await?);
    assert_eq!(platform.balance(ada).await?.available.to_string(), "8.87");
    Ok(())
}
