use std::collections::BTreeSet;

use super::{one_of, page::page, signed_in};
use crate::{
    books::Books,
    http::{Answer, Call},
    world::World,
};

/// `GET /sms`: every text the account ever got, newest first, whatever became of the reservation.
pub(crate) fn sms(world: &World, call: &Call) -> Result<Answer, Answer> {
    world.with(|books, now| {
        let username = signed_in(books, call, now)?;
        check_type(call)?;
        let places = places(books, call, &username);
        page(call, "/sms", &places, |n| books.phones.messages.get(n).map(|message| message.wire()))
    })
}

/// `GET /calls`: the simulators make no calls.
pub(crate) fn calls(world: &World, call: &Call) -> Result<Answer, Answer> {
    world.with(|books, now| signed_in(books, call, now))?;
    check_type(call)?;
    page(call, "/calls", &BTreeSet::new(), |_| None)
}

fn check_type(call: &Call) -> Result<(), Answer> {
    let allowed = ["renewable", "nonrenewable", "verification"];
    call.query("reservationType").map_or(Ok(()), |value| one_of(value, "reservationType", &allowed))
}

/// The account's messages that pass every filter.
fn places(books: &Books, call: &Call, username: &str) -> BTreeSet<(i64, usize)> {
    let phones = &books.phones;
    let is_rental =
        call.query("reservationType").is_some_and(|value| !value.eq_ignore_ascii_case("verification"));
    let (reservation, to) = (call.query("reservationId"), call.query("to").map(digits));
    if is_rental {
        return BTreeSet::new();
    }
    if reservation.is_none() && to.is_none() {
        return phones.shelves.get(username).map(|shelf| shelf.inbox.clone()).unwrap_or_default();
    }
    let purchases: Vec<usize> = match (reservation, &to) {
        (Some(id), _) => phones.find(username, id).into_iter().collect(),
        (None, Some(number)) => phones.by_number.get(number.as_str()).cloned().unwrap_or_default(),
        (None, None) => Vec::new(),
    };
    let purchases = purchases.into_iter().filter_map(|n| phones.purchases.get(n));
    purchases
        .filter(|purchase| {
            purchase.account == username && to.as_ref().is_none_or(|to| *to == purchase.number)
        })
        .flat_map(|purchase| purchase.messages.iter().copied())
        .filter_map(|n| Some((phones.messages.get(n)?.created_ms, n)))
        .collect()
}

/// A number in any spelling as its ten digits.
pub(crate) fn digits(number: &str) -> String {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    match digits.strip_prefix('1') {
        Some(national) if national.len() == 10 => national.to_owned(),
        _ => digits,
    }
}
