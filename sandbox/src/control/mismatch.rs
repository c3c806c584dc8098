use serde::Deserialize;
use serde_json::json;

use super::{missing, same_site, unprocessable};
use crate::{
    books::{Books, Key, NewPurchase, NewTransaction, Outcome, Payment},
    http::{Answer, Call},
    money::Micros,
    world::World,
};

/// What the vendors have and the product does not, or the other way round. No webhook tells of it.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Mismatch {
    /// A success that nobody asked for.
    Success { reference: String, amount_subunits: i64 },
    /// A paid transaction is said to have had another sum.
    Paid { reference: String, amount_subunits: i64 },
    /// A paid transaction is said to have failed.
    Unpaid { reference: String },
    /// Somebody buys a number in the dashboard.
    Bought { service: String },
    /// A verification is said to have cost something else. The balance stays.
    Cost { id: String, cost: String },
    /// The balance moves by itself, up or down.
    Balance { change: String },
}

/// `POST /control/mismatch`
pub(crate) fn mismatch(world: &World, call: &Call) -> Result<Answer, Answer> {
    same_site(call)?;
    let body: Mismatch = call.parse()?;
    let what = world.with(|books, now| match body {
        Mismatch::Success { reference, amount_subunits } => success(books, reference, amount_subunits, now),
        Mismatch::Paid { reference, amount_subunits } => {
            let n = paid(books, &reference)?;
            if let Some(transaction) = books.payments.transactions.get_mut(n) {
                transaction.amount = amount_subunits;
            }
            books.touch(Key::Transaction(n));
            Ok(reference)
        }
        Mismatch::Unpaid { reference } => {
            let n = paid(books, &reference)?;
            if let Some(transaction) = books.payments.transactions.get_mut(n) {
                "failed".clone_into(&mut transaction.status);
            }
            books.touch(Key::Transaction(n));
            Ok(reference)
        }
        Mismatch::Bought { service } => {
            let account = account(books)?;
            let wanted = NewPurchase { service, area_codes: vec![], carriers: vec![], max_price: None };
            let n = books.buy(&account, &wanted, now);
            let n = n.map_err(|refusal| unprocessable(refusal.description))?;
            Ok(books.phones.purchases.get(n).map(|purchase| purchase.id.clone()).unwrap_or_default())
        }
        Mismatch::Cost { id, cost } => {
            let cost = sum(&cost)?;
            let n = books.phones.by_id.get(&id).copied();
            let n = n.ok_or_else(|| missing("there is no verification of that id"))?;
            if let Some(purchase) = books.phones.purchases.get_mut(n) {
                purchase.cost = cost;
            }
            books.touch(Key::Purchase(n));
            Ok(id)
        }
        Mismatch::Balance { change } => {
            let (name, change) = (account(books)?, sum(&change)?);
            let account = books.account(&name);
            account.balance = account.balance.plus(change).unwrap_or(account.balance);
            books.touch(Key::Account(name.clone()));
            Ok(name)
        }
    })?;
    Ok(Answer::ok(&json!({ "of": what })))
}

fn success(books: &mut Books, reference: String, amount: i64, now: i64) -> Result<String, Answer> {
    let new = NewTransaction {
        reference: Some(reference.clone()),
        email: "somebody@example.com".to_owned(),
        amount,
        currency: "NGN".to_owned(),
        callback_url: None,
        metadata: json!({}),
    };
    let n = books.initialize(new, now).ok_or_else(|| unprocessable("the reference is taken"))?;
    let payment =
        Payment { outcome: Outcome::Success, amount: None, currency: None, domain: None, webhooks: 0 };
    books.pay(n, &payment, now).map_err(|_| unprocessable("the transaction has been paid"))?;
    Ok(reference)
}

fn paid(books: &Books, reference: &str) -> Result<usize, Answer> {
    let n = books.payments.find(reference);
    let is_paid = |n: &usize| books.payments.transactions.get(*n).is_some_and(|t| t.paid_ms.is_some());
    n.filter(is_paid).ok_or_else(|| missing("there is no paid transaction of that reference"))
}

/// The account that buys: the product has one.
fn account(books: &Books) -> Result<String, Answer> {
    let first = books.phones.accounts.keys().next().cloned();
    first.ok_or_else(|| missing("nobody has an account yet"))
}

fn sum(text: &str) -> Result<Micros, Answer> {
    Micros::parse(text).ok_or_else(|| unprocessable("a sum is decimal text such as \"12.50\""))
}
