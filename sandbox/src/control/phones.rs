use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::{Delivery, missing, same_site, unprocessable};
use crate::{
    books::{Books, CreateDelay, Key, NewText, parse_code},
    catalogue,
    http::{Answer, Call},
    money::Micros,
    textverified::digits,
    time,
    world::World,
};

/// Longest text that is taken, in bytes.
const LONGEST_TEXT: usize = 10_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    text: String,
    /// Absent: parsed from the text. Null: the vendor found none.
    #[serde(default, deserialize_with = "given")]
    parsed_code: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    from: Option<Option<String>>,
    created_at: Option<String>,
    #[serde(default)]
    encrypted: bool,
    #[serde(default)]
    webhook: Delivery,
    name_reservation: Option<bool>,
    number: Option<String>,
}

/// Tells a null from an absent field.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl Text {
    fn read(self, now: i64) -> Result<NewText, Answer> {
        if self.text.len() > LONGEST_TEXT {
            return Err(unprocessable("text must be at most 10000 bytes"));
        }
        let created_ms = match self.created_at.as_deref().map(time::parse) {
            None => now,
            Some(Some(at)) => at,
            Some(None) => return Err(unprocessable("created_at must be a date with its offset")),
        };
        Ok(NewText {
            parsed_code: self.parsed_code.unwrap_or_else(|| parse_code(&self.text)),
            from: self.from.unwrap_or_else(|| Some("22395".into())),
            text: self.text,
            created_ms,
            encrypted: self.encrypted,
            deliver: self.webhook == Delivery::Deliver,
            name_reservation: self.name_reservation.unwrap_or(true),
        })
    }
}

/// `POST /control/textverified/{id}/sms`
pub(crate) fn text_reservation(world: &World, call: &Call) -> Result<Answer, Answer> {
    same_site(call)?;
    let body: Text = call.parse()?;
    if body.number.is_some() {
        return Err(unprocessable("number belongs to /control/textverified/sms"));
    }
    world.with(|books, now| {
        let n = books.phones.by_id.get(call.id()).copied();
        arrive(books, n.ok_or_else(|| missing("there is no verification of that id"))?, body, now)
    })
}

/// `POST /control/textverified/sms`
pub(crate) fn text_number(world: &World, call: &Call) -> Result<Answer, Answer> {
    same_site(call)?;
    let body: Text = call.parse()?;
    let number = body.number.as_deref().and_then(ten_digits);
    let number = number.ok_or_else(|| unprocessable("number must be +1 and ten digits, or ten digits"))?;
    world.with(|books, now| {
        let n = books.phones.holder_of(&number);
        arrive(books, n.ok_or_else(|| missing("nobody has held that number"))?, body, now)
    })
}

fn arrive(books: &mut Books, n: usize, body: Text, now: i64) -> Result<Answer, Answer> {
    let text = body.read(now)?;
    let place = books.receive(n, text, now);
    let message = place.and_then(|place| books.phones.messages.get(place)).map(|message| message.wire());
    let purchase = books.phones.purchases.get(n);
    Ok(Answer::ok(&json!({
        "message": message,
        "verification_id": purchase.map(|p| p.id.clone()),
        "state": purchase.map(|p| p.state),
    })))
}

fn ten_digits(number: &str) -> Option<String> {
    let is_plain = number.chars().all(|c| c.is_ascii_digit() || "+- ().".contains(c));
    Some(digits(number)).filter(|digits| is_plain && digits.len() == 10)
}

/// `POST /control/textverified/{id}/credit`
pub(crate) fn credit(world: &World, call: &Call) -> Result<Answer, Answer> {
    same_site(call)?;
    world.with(|books, _| {
        let n = books.phones.by_id.get(call.id()).copied();
        let n = n.ok_or_else(|| missing("there is no verification of that id"))?;
        books.credit(n);
        let purchase = books.phones.purchases.get(n);
        Ok(Answer::ok(&json!({
            "verification_id": purchase.map(|p| p.id.clone()),
            "state": purchase.map(|p| p.state),
            "credited": purchase.map(|p| p.credited.to_string()),
        })))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NextNumber {
    number: String,
}

/// `POST /control/textverified/next-number`
pub(crate) fn next_number(world: &World, call: &Call) -> Result<Answer, Answer> {
    same_site(call)?;
    let body: NextNumber = call.parse()?;
    let number = ten_digits(&body.number);
    let number = number.ok_or_else(|| unprocessable("number must be +1 and ten digits, or ten digits"))?;
    world.with(|books, _| {
        books.settings.next_numbers.push_back(number);
        books.touch(Key::Settings);
        Ok(Answer::ok(&json!({ "next_numbers": books.settings.next_numbers })))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listing {
    lag_s: f64,
}

/// `POST /control/textverified/listing`
pub(crate) fn listing(world: &World, call: &Call) -> Result<Answer, Answer> {
    same_site(call)?;
    let body: Listing = call.parse()?;
    if !(0.0..=86_400.0).contains(&body.lag_s) {
        return Err(unprocessable("lag_s must be a number of seconds from 0 to a day"));
    }
    world.with(|books, _| {
        books.settings.listing_lag_ms = (body.lag_s * 1_000.0).round() as i64;
        books.touch(Key::Settings);
    });
    Ok(Answer::ok(&json!({ "lag_s": body.lag_s })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Late {
    delay_ms: u64,
    count: Option<u32>,
}

/// `POST /control/textverified/create-delay`
pub(crate) fn create_delay(world: &World, call: &Call) -> Result<Answer, Answer> {
    same_site(call)?;
    let Late { delay_ms, count } = call.parse()?;
    if delay_ms > 60_000 {
        return Err(unprocessable("delay_ms must be at most 60000"));
    }
    let count = count.unwrap_or(1);
    world.with(|books, _| {
        books.settings.create_delay =
            Some(CreateDelay { delay_ms, count }).filter(|d| d.count > 0 && d.delay_ms > 0);
        books.touch(Key::Settings);
    });
    Ok(Answer::ok(&json!({ "delay_ms": delay_ms, "count": count })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetAccount {
    username: String,
    balance: Option<String>,
    unfinished_limit: Option<u32>,
}

/// `POST /control/textverified/account`
pub(crate) fn account(world: &World, call: &Call) -> Result<Answer, Answer> {
    same_site(call)?;
    let body: SetAccount = call.parse()?;
    if body.username.trim().is_empty() {
        return Err(unprocessable("username must not be empty"));
    }
    let balance = sum(body.balance.as_deref(), "balance")?;
    world.with(|books, _| {
        let account = books.account(&body.username);
        account.balance = balance.unwrap_or(account.balance);
        account.unfinished_limit = body.unfinished_limit.unwrap_or(account.unfinished_limit);
        let answer = json!({
            "username": account.username,
            "balance": account.balance.to_string(),
            "unfinished_limit": account.unfinished_limit,
        });
        books.touch(Key::Account(body.username.clone()));
        Ok(Answer::ok(&answer))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetService {
    service: String,
    price: Option<String>,
    stock: Option<u32>,
}

/// `POST /control/textverified/service`
pub(crate) fn service(world: &World, call: &Call) -> Result<Answer, Answer> {
    same_site(call)?;
    let body: SetService = call.parse()?;
    if catalogue::price(&body.service).is_none() {
        return Err(missing("there is no service of that name"));
    }
    let price = sum(body.price.as_deref(), "price")?;
    world.with(|books, _| {
        let change = books.settings.services.entry(body.service.clone()).or_default();
        change.price = price.or(change.price);
        change.stock = body.stock.or(change.stock);
        let stock = change.stock.unwrap_or(catalogue::STOCK);
        books.touch(Key::Settings);
        let price = books.price(&body.service, false, false);
        Ok(Answer::ok(&json!({
            "service": body.service,
            "price": price.map(|price| price.to_string()),
            "stock": stock,
        })))
    })
}

/// A sum as decimal text, not negative.
fn sum(text: Option<&str>, name: &str) -> Result<Option<Micros>, Answer> {
    let Some(text) = text else { return Ok(None) };
    let sum =
        Micros::parse(text).filter(|sum| *sum >= Micros::ZERO && *sum <= Micros::cents(100_000_000_000));
    sum.map(Some)
        .ok_or_else(|| unprocessable(&format!("{name} must be decimal text such as \"12.50\", not negative")))
}
