//! What the number provider does for money: sell, give back, sell again.

use super::{Account, Books, Due, Key, NewPurchase, Purchase, Refusal, State, Token, Vendor};
use crate::{
    catalogue::{self, TestService},
    money::Micros,
};

const INSUFFICIENT_BALANCE: Refusal = Refusal {
    code: "InsufficientBalance",
    description: "The account has too few credits for this verification.",
};
const UNAVAILABLE: Refusal =
    Refusal { code: "Unavailable", description: "No number is available for this combination." };
const TOO_MANY: Refusal = Refusal {
    code: "TooManyUnfinishedVerifications",
    description: "The account has too many verifications that have not ended.",
};
const PRICE_TOO_HIGH: Refusal =
    Refusal { code: "PriceTooHigh", description: "The price is above the maximum price given." };
pub(crate) const UNKNOWN_SERVICE: Refusal = Refusal {
    code: "InvalidServiceName",
    description: "There is no service of this name for verifications.",
};
const WRONG_STATE: Refusal =
    Refusal { code: "InvalidState", description: "The verification's state does not allow this." };

impl Books {
    /// The account of that name, opened with the float if it is new.
    pub(crate) fn account(&mut self, username: &str) -> &mut Account {
        if !self.phones.accounts.contains_key(username) {
            self.touch(Key::Account(username.to_owned()));
        }
        self.phones.accounts.entry(username.to_owned()).or_insert_with(|| Account {
            username: username.to_owned(),
            balance: catalogue::FLOAT,
            unfinished_limit: catalogue::UNFINISHED_LIMIT,
        })
    }

    /// Today's price of a service with its options; `None` for a service that is not sold.
    pub(crate) fn price(&self, service: &str, with_area_code: bool, with_carrier: bool) -> Option<Micros> {
        let listed = catalogue::price(service)?;
        let mut price = self.settings.services.get(service).and_then(|change| change.price).unwrap_or(listed);
        if with_area_code {
            price = price.plus(catalogue::AREA_CODE_SURCHARGE)?;
        }
        if with_carrier {
            price = price.plus(catalogue::CARRIER_SURCHARGE)?;
        }
        Some(price)
    }

    /// Numbers of `service` the account could still have pending.
    pub(crate) fn available(&self, username: &str, service: &str) -> u32 {
        if TestService::named(service) == Some(TestService::NoNumbers) {
            return 0;
        }
        let stock =
            self.settings.services.get(service).and_then(|change| change.stock).unwrap_or(catalogue::STOCK);
        let shelf = self.phones.shelves.get(username);
        stock.saturating_sub(shelf.and_then(|shelf| shelf.pending.get(service)).copied().unwrap_or_default())
    }

    /// Sells a number: the price leaves the account now.
    pub(crate) fn buy(&mut self, username: &str, wanted: &NewPurchase, now: i64) -> Result<usize, Refusal> {
        let test = TestService::named(&wanted.service);
        let cost = self.check(username, wanted, test)?;
        let preferred = wanted.area_codes.iter().find(|code| *code != catalogue::WITHOUT_NUMBERS).cloned();
        let number = self.pick_number(preferred.as_deref());
        Ok(self.sell(username, &wanted.service, number, cost, test, now))
    }

    fn check(
        &mut self,
        username: &str,
        wanted: &NewPurchase,
        test: Option<TestService>,
    ) -> Result<Micros, Refusal> {
        match test {
            Some(TestService::InsufficientBalance) => return Err(INSUFFICIENT_BALANCE),
            Some(TestService::NoNumbers) => return Err(UNAVAILABLE),
            Some(TestService::TooManyUnfinished) => return Err(TOO_MANY),
            _ => {}
        }
        let cost = self
            .price(&wanted.service, !wanted.area_codes.is_empty(), !wanted.carriers.is_empty())
            .ok_or(UNKNOWN_SERVICE)?;
        let had = |code: &String| {
            code != catalogue::WITHOUT_NUMBERS && catalogue::AREA_CODES.iter().any(|(known, _)| known == code)
        };
        if !wanted.area_codes.is_empty() && !wanted.area_codes.iter().any(had) {
            return Err(UNAVAILABLE);
        }
        let known = |carrier: &String| catalogue::CARRIERS.contains(&carrier.as_str());
        if !wanted.carriers.iter().all(known) || self.available(username, &wanted.service) == 0 {
            return Err(UNAVAILABLE);
        }
        if wanted.max_price.is_some_and(|max| cost.decimal() > max) {
            return Err(PRICE_TOO_HIGH);
        }
        let account = self.account(username).clone();
        let unfinished = self.phones.shelves.get(username).map_or(0, |shelf| shelf.unfinished);
        if unfinished >= account.unfinished_limit {
            return Err(TOO_MANY);
        }
        if test.is_none() && account.balance < cost {
            return Err(INSUFFICIENT_BALANCE);
        }
        Ok(cost)
    }

    fn sell(
        &mut self,
        username: &str,
        service: &str,
        number: String,
        cost: Micros,
        test: Option<TestService>,
        now: i64,
    ) -> usize {
        let short_lived = matches!(test, Some(TestService::TimeOut | TestService::Reactivatable));
        let lifetime_ms = if short_lived { catalogue::TEST_DELAY_MS } else { catalogue::LIFETIME_MS };
        let charged = if test.is_some() { Micros::ZERO } else { cost };
        let purchase = Purchase {
            id: self.ids.ulid(if test.is_some() { "mock_" } else { "lr_" }, now),
            account: username.to_owned(),
            number,
            service: service.to_owned(),
            state: State::Pending,
            cost,
            charged,
            credited: Micros::ZERO,
            created_ms: now,
            ends_ms: now + lifetime_ms,
            listed_ms: now + self.settings.listing_lag_ms,
            reusable_until_ms: None,
            mock: test.is_some(),
            messages: Vec::new(),
        };
        let (id, n) = (purchase.id.clone(), self.phones.purchases.len());
        self.move_balance(username, charged, true);
        self.phones.purchases.push(purchase);
        self.phones.index(n);
        self.schedule(n);
        self.touch(Key::Purchase(n));
        let created = serde_json::json!({ "id": id, "type": "verification" });
        self.queue_hook(Vendor::TextVerified, "v2.reservation.created", created, now);
        n
    }

    /// Notes what falls due for a pending purchase. Also used when the books are opened.
    pub(super) fn schedule(&mut self, n: usize) {
        let Some(purchase) = self.phones.purchases.get(n).filter(|p| p.state == State::Pending) else {
            return;
        };
        let test = TestService::named(&purchase.service);
        if let Some(delay_ms) = test.and_then(TestService::text_after_ms) {
            self.due.insert((purchase.created_ms + delay_ms, Due::TestText(n)));
        }
        if test != Some(TestService::Pending) {
            self.due.insert((purchase.ends_ms, Due::TimeOut(n)));
        }
    }

    fn move_balance(&mut self, username: &str, sum: Micros, is_charge: bool) {
        let account = self.account(username);
        let moved = if is_charge { account.balance.minus(sum) } else { account.balance.plus(sum) };
        if let Some(balance) = moved {
            account.balance = balance;
        }
        self.touch(Key::Account(username.to_owned()));
    }

    fn pick_number(&mut self, area_code: Option<&str>) -> String {
        if let Some(number) = self.settings.next_numbers.pop_front() {
            self.touch(Key::Settings);
            if !self.phones.is_pending_number(&number) {
                return number;
            }
        }
        loop {
            let places = catalogue::AREA_CODES.len() as u64 - 1; // the last has no numbers
            let drawn = catalogue::AREA_CODES[self.ids.below(places) as usize].0;
            // 220–999 without 555 and the service codes that end in 11.
            let exchange = 220 + self.ids.below(780);
            let number = format!("{}{exchange}{:04}", area_code.unwrap_or(drawn), self.ids.below(10_000));
            if exchange != 555 && exchange % 100 != 11 && !self.phones.is_pending_number(&number) {
                return number;
            }
        }
    }

    /// Moves a purchase to `state`, and gives its charge back if `credit`; never twice.
    pub(super) fn end(&mut self, n: usize, state: State, credit: bool) {
        let Some(purchase) = self.phones.purchases.get_mut(n) else { return };
        let was_pending = std::mem::replace(&mut purchase.state, state) == State::Pending;
        let back = if credit { Micros(purchase.charged.0 - purchase.credited.0) } else { Micros::ZERO };
        purchase.credited = Micros(purchase.credited.0 + back.0);
        let (account, ends_ms, created_ms) =
            (purchase.account.clone(), purchase.ends_ms, purchase.created_ms);
        let text_after_ms = TestService::named(&purchase.service).and_then(TestService::text_after_ms);
        if was_pending {
            self.phones.unindex_pending(n);
            self.due.remove(&(ends_ms, Due::TimeOut(n)));
            if let Some(delay_ms) = text_after_ms {
                self.due.remove(&(created_ms + delay_ms, Due::TestText(n)));
            }
        }
        if back > Micros::ZERO {
            self.move_balance(&account, back, false);
        }
        self.touch(Key::Purchase(n));
    }

    pub(super) fn time_out(&mut self, n: usize) {
        if self.state_of(n) == Some(State::Pending) {
            self.end(n, State::TimedOut, true);
        }
    }

    fn state_of(&self, n: usize) -> Option<State> {
        self.phones.purchases.get(n).map(|purchase| purchase.state)
    }

    /// Cancels a pending purchase and gives its charge back.
    pub(crate) fn cancel(&mut self, n: usize) -> Result<(), Refusal> {
        if self.state_of(n) != Some(State::Pending) {
            return Err(WRONG_STATE);
        }
        self.end(n, State::Canceled, true);
        Ok(())
    }

    /// Reports a pending purchase, which ends it and gives its charge back, or a completed one, whose charge
    /// comes back only when the vendor decides so (`POST /control/textverified/{id}/credit`).
    pub(crate) fn report(&mut self, n: usize) -> Result<(), Refusal> {
        match self.state_of(n) {
            Some(State::Pending) => self.end(n, State::Reported, true),
            Some(State::Completed) => self.end(n, State::Reported, false),
            _ => return Err(WRONG_STATE),
        }
        Ok(())
    }

    /// The vendor gives a charge back of its own accord.
    pub(crate) fn credit(&mut self, n: usize) {
        self.end(n, State::Refunded, true);
    }

    /// Sells the number of a completed purchase again for the same service.
    pub(crate) fn reuse(&mut self, n: usize, now: i64) -> Result<usize, Refusal> {
        let reusable =
            |p: &&Purchase| p.state == State::Completed && p.reusable_until_ms.is_some_and(|at| now < at);
        self.again(n, now, State::Reused, reusable)
    }

    /// Sells the number of a cancelled or timed-out purchase again for the same service.
    pub(crate) fn reactivate(&mut self, n: usize, now: i64) -> Result<usize, Refusal> {
        self.again(n, now, State::Reactivated, |p| p.may_reactivate())
    }

    fn again(
        &mut self,
        n: usize,
        now: i64,
        state: State,
        allowed: impl Fn(&&Purchase) -> bool,
    ) -> Result<usize, Refusal> {
        let old = self.phones.purchases.get(n).filter(allowed).cloned().ok_or(WRONG_STATE)?;
        if self.phones.is_pending_number(&old.number) {
            return Err(UNAVAILABLE);
        }
        let test = old.mock.then_some(TestService::Pending);
        if !old.mock && self.account(&old.account).balance < old.cost {
            return Err(INSUFFICIENT_BALANCE);
        }
        self.end(n, state, false);
        Ok(self.sell(&old.account, &old.service, old.number, old.cost, test, now))
    }

    /// Gives out a bearer token for `username`, good for 15 minutes.
    pub(crate) fn issue_token(&mut self, username: &str, now: i64) -> (String, i64) {
        let expired: Vec<String> = self
            .phones
            .tokens
            .iter()
            .filter(|(_, t)| t.expires_ms <= now)
            .map(|(key, _)| key.clone())
            .collect();
        for token in expired {
            self.phones.tokens.remove(&token);
        }
        self.account(username);
        let (token, expires_ms) = (self.ids.token("tvb_"), now + 899_000);
        self.phones.tokens.insert(token.clone(), Token { username: username.to_owned(), expires_ms });
        self.touch(Key::Token(token.clone()));
        (token, expires_ms)
    }

    /// Whom a bearer token speaks for, while it is good.
    pub(crate) fn bearer(&self, token: &str, now: i64) -> Option<String> {
        self.phones.tokens.get(token).filter(|t| now < t.expires_ms).map(|t| t.username.clone())
    }
}
