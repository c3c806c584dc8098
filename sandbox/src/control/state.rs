use serde_json::{Map, Value, json};

use crate::{
    books::{Books, Purchase},
    http::{Answer, Call},
    time,
    world::World,
};

/// `GET /control/state`: money as decimal text, Paystack's in subunits.
pub(crate) fn state(world: &World, _: &Call) -> Result<Answer, Answer> {
    world.with(|books, now| {
        let payments = &books.payments;
        let transactions: Vec<Value> =
            payments.transactions.iter().map(|transaction| transaction.wire()).collect();
        let refunds: Vec<Value> =
            (0..payments.refunds.len()).map(|place| books.refund_wire(place, false)).collect();
        let disputes: Vec<Value> =
            (0..payments.disputes.len()).map(|place| books.dispute_wire(place)).collect();
        Ok(Answer::ok(&json!({
            "clock": { "offset_s": time::seconds(books.settings.offset_ms), "now": time::with_z(now) },
            "textverified": { "accounts": accounts(books) },
            "paystack": { "transactions": transactions, "refunds": refunds, "disputes": disputes },
            "webhooks": {
                "product_url": books.settings.product_url,
                "pending": books.hooks.pending_count(),
                "delivered": books.hooks.delivered,
                "given_up": books.hooks.given_up,
            },
            "smtp": { "count": books.mails.len(), "refused": books.refused_mails },
        })))
    })
}

fn accounts(books: &Books) -> Value {
    let accounts = books.phones.accounts.values().map(|account| {
        let listing = books.phones.shelves.get(&account.username).map(|shelf| &shelf.listing);
        let purchases = listing.into_iter().flatten().filter_map(|(_, n)| books.phones.purchases.get(*n));
        let body = json!({
            "balance": account.balance.to_string(),
            "unfinished_limit": account.unfinished_limit,
            "purchases": purchases.map(|purchase| show(books, purchase)).collect::<Vec<Value>>(),
        });
        (account.username.clone(), body)
    });
    Value::Object(accounts.collect::<Map<String, Value>>())
}

fn show(books: &Books, purchase: &Purchase) -> Value {
    let messages = purchase.messages.iter().filter_map(|n| books.phones.messages.get(*n));
    json!({
        "id": purchase.id,
        "number": purchase.number,
        "service": purchase.service,
        "state": purchase.state,
        "cost": purchase.cost.to_string(),
        "charged": purchase.charged.to_string(),
        "credited": purchase.credited.to_string(),
        "created_at": time::with_z(purchase.created_ms),
        "ends_at": time::with_z(purchase.ends_ms),
        "messages": messages.map(|message| message.wire()).collect::<Vec<Value>>(),
    })
}

/// `GET /inbox?to=`
pub(crate) fn inbox(world: &World, call: &Call) -> Result<Answer, Answer> {
    world.with(|books, _| {
        let mails = books.inbox(call.query("to")).map(|mail| {
            json!({
                "to": mail.to,
                "subject": mail.subject,
                "text": mail.text,
                "html": mail.html,
                "received_at": time::with_z(mail.received_ms),
            })
        });
        Ok(Answer::ok(&json!({ "data": mails.collect::<Vec<Value>>() })))
    })
}
