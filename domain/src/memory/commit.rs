//! Committing in memory: every guard first, then every change, so that a refusal leaves nothing behind.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::state::{PostedTransfer, State, StoredEvent};
use crate::{
    AccountChange, Change, Claim, CommitError, Committed, EndSessions, Standing, SuppressedNumber, Unique,
    UnitOfWork, UserId, Version,
    auth::{Identity, SessionEnd},
    notification::Notification,
    payment::Refund,
    wallet::{
        Account, EndHold, EntryKind, Hold, HoldEnd, HoldState, House, LedgerAccount, PlaceHold, Purpose,
        Purse, Source, Transfer,
    },
};

impl State {
    /// Applies `unit` whole, or says why not and changes nothing.
    pub(super) fn commit(&mut self, unit: &UnitOfWork) -> Result<Committed, CommitError> {
        if let Some(claim) = unit.claim() {
            match self.claims.get(&(claim.scope, claim.key.as_str().to_owned())) {
                Some(first) if first.fingerprint == claim.fingerprint => {
                    return Ok(Committed::Replayed(first.outcome));
                }
                Some(_) => return Err(CommitError::KeyReused),
                None => {}
            }
        }
        for change in unit.changes() {
            self.check(change)?;
        }
        self.check_rules(unit)?;
        let accounts = self.decide_accounts(unit)?;
        self.check_sources(unit)?;
        self.apply(unit, accounts);
        Ok(Committed::Applied)
    }

    /// What the claim's key stands for, if it was used.
    pub(super) fn replay(&self, claim: &Claim) -> Result<Option<Uuid>, CommitError> {
        match self.claims.get(&(claim.scope, claim.key.as_str().to_owned())) {
            Some(first) if first.fingerprint == claim.fingerprint => Ok(Some(first.outcome)),
            Some(_) => Err(CommitError::KeyReused),
            None => Ok(None),
        }
    }

    fn check(&self, change: &Change) -> Result<(), CommitError> {
        match change {
            Change::OpenAccount(user) => absent(self.accounts.contains_key(user), Unique::Record),
            Change::User(user) => {
                let taken = self.users.values().any(|other| other.email == user.email && other.id != user.id);
                absent(taken, Unique::Email)?;
                guard(user.version, self.users.get(&user.id).map(|u| u.version))
            }
            Change::Session(s) => guard(s.version, self.sessions.get(&s.id).map(|x| x.version)),
            Change::RefreshToken(t) => guard(t.version, self.refresh_tokens.get(&t.hash).map(|x| x.version)),
            Change::EndSessions(_) => Ok(()),
            Change::Event(e) => absent(self.events.iter().any(|x| x.event.id == e.id), Unique::Record),
            Change::Suspended(item) => {
                guard(item.version, self.suspended.get(&item.payment).map(|x| x.version))
            }
            Change::Booking(b) => absent(self.bookings.contains_key(&b.id), Unique::Record),
            Change::Batch(b) => absent(self.batches.contains_key(&b.id), Unique::Record),
            Change::Grant(g) => guard(g.version, self.grants.get(&g.id).map(|x| x.version)),
            Change::MailToken(t) => guard(t.version, self.mail_tokens.get(&t.hash).map(|x| x.version)),
            Change::Identity(i) => {
                let same = |other: &Identity| {
                    i.subject.is_some() && (&other.issuer, &other.subject) == (&i.issuer, &i.subject)
                };
                let taken = self.identities.values().any(|other| other.id != i.id && same(other));
                absent(taken, Unique::Record)?;
                guard(i.version, self.identities.get(&i.id).map(|x| x.version))
            }
            Change::ApiKey(k) => {
                let taken = self.api_keys.values().any(|other| other.hash == k.hash && other.id != k.id);
                absent(taken, Unique::Record)?;
                guard(k.version, self.api_keys.get(&k.id).map(|x| x.version))
            }
            Change::WalletSettings(s) => {
                guard(s.version, self.wallet_settings.get(&s.user).map(|x| x.version))
            }
            Change::Notification(told) => {
                let same = |other: &Notification| {
                    (other.user, other.occasion) == (told.user, told.occasion) && other.id != told.id
                };
                let known = told.occasion.is_told_once() && self.notifications.values().any(same);
                absent(known, Unique::Record)?;
                guard(told.version, self.notifications.get(&told.id).map(|x| x.version))
            }
            Change::NotificationSettings(s) => {
                guard(s.version, self.notification_settings.get(&s.user).map(|x| x.version))
            }
            Change::Intent(i) => {
                let taken =
                    self.intents.values().any(|other| other.reference == i.reference && other.id != i.id);
                absent(taken, Unique::Reference)?;
                guard(i.version, self.intents.get(&i.id).map(|x| x.version))
            }
            Change::Refund(r) => {
                let clashes = |other: &&Refund| {
                    let same_name = r.gateway().is_some() && other.gateway() == r.gateway();
                    let both_open = other.payment == r.payment && other.is_open() && r.is_open();
                    other.id != r.id && (same_name || both_open)
                };
                absent(self.refunds.values().any(|other| clashes(&other)), Unique::Record)?;
                guard(r.version, self.refunds.get(&r.id).map(|x| x.version))
            }
            Change::Dispute(d) => {
                let known = self.disputes.values().any(|o| o.gateway == d.gateway && o.id != d.id);
                absent(known, Unique::Record)?;
                guard(d.version, self.disputes.get(&d.id).map(|x| x.version))
            }
            Change::Finding(f) => {
                let known =
                    self.findings.values().any(|o| o.id != f.id && (o.book, &o.key) == (f.book, &f.key));
                absent(known, Unique::Record)?;
                guard(f.version, self.findings.get(&f.id).map(|x| x.version))
            }
            Change::ReconciliationRun(run) => absent(self.runs.contains_key(&run.id), Unique::Record),
            Change::QueuedJob(job) => match self.jobs.get(&job.id) {
                Some(stored) if stored.fence + 1 == job.fence => Ok(()),
                Some(_) | None => Err(CommitError::Stale),
            },
            Change::Adjustment(a) => guard(a.version, self.adjustments.get(&a.id).map(|x| x.version)),
            Change::Ticket(t) => guard(t.version, self.tickets.get(&t.id).map(|x| x.version)),
            Change::TicketLine(l) => absent(self.ticket_lines.contains_key(&l.id), Unique::Record),
            Change::CannedAnswer(c) => guard(c.version, self.canned_answers.get(&c.id).map(|x| x.version)),
            Change::Audited(e) => absent(self.audit_log.contains_key(&e.id), Unique::Record),
            Change::WebhookEndpoint(e) => guard(e.version, self.endpoints.get(&e.id).map(|x| x.version)),
            Change::WebhookDelivery(d) => {
                absent(self.has_other_delivery(d), Unique::Record)?;
                guard(d.version, self.deliveries.get(&d.id).map(|x| x.version))
            }
            Change::WebhookAttempt(a) => absent(self.attempts.contains_key(&a.id), Unique::Record),
            Change::WebhookCursor(c) => guard(c.version, Some(self.webhook_cursor().version)),
            Change::Allowlist(list) => guard(list.version, self.allowlist.as_ref().map(|x| x.version)),
            Change::Suppression(s) => {
                guard(s.version, self.suppressions.get(s.email.as_str()).map(|x| x.version))
            }
            Change::ServiceDecision(d) => {
                guard(d.version, self.service_decisions.get(&d.service).map(|x| x.version))
            }
            Change::ProviderSwitch(s) => {
                guard(s.version, self.provider_switches.get(&s.provider).map(|x| x.version))
            }
            Change::PricingRule(r) => guard(r.version, self.pricing_rules.get(&r.id).map(|x| x.version)),
            Change::Quote(q) => guard(q.version, self.quotes.get(&q.id).map(|x| x.version)),
            Change::Order(o) => {
                let first = o.head().retry_of;
                let again = |other: &crate::verification::Order| {
                    other.head().retry_of == first && other.head().id != o.head().id
                };
                absent(first.is_some() && self.orders.values().any(again), Unique::Retry)?;
                guard(o.head().version, self.orders.get(&o.head().id).map(|x| x.head().version))
            }
            Change::Purchase(p) => {
                let taken = p.bought().is_some_and(|bought| {
                    let same = |other: &crate::verification::Purchase| {
                        other.id != p.id
                            && other.provider == p.provider
                            && other.bought().is_some_and(|b| b.reservation == bought.reservation)
                    };
                    self.purchases.values().any(same)
                });
                absent(taken, Unique::Reservation)?;
                guard(p.version, self.purchases.get(&p.id).map(|x| x.version))
            }
            Change::Message(m) => {
                let known = (m.reservation.clone(), m.received_at, m.text.clone());
                absent(self.message_once.contains(&known), Unique::Message)
            }
            Change::ShownNumber(s) => {
                let known = (s.user, s.service.clone(), s.number.clone());
                absent(self.shown.contains(&known), Unique::ShownNumber)
            }
            Change::SuppressedNumber(s) => {
                let same = |x: &SuppressedNumber| {
                    (&x.service, &x.number, x.order) == (&s.service, &s.number, s.order)
                };
                absent(self.suppressed.iter().any(same), Unique::Record)
            }
            Change::Notice(n) => {
                let known =
                    self.notices.values().any(|o| o.sender == n.sender && o.key == n.key && o.id != n.id);
                absent(known, Unique::Notice)?;
                guard(n.version, self.notices.get(&n.id).map(|x| x.version))
            }
            Change::Job(job) => absent(self.jobs.contains_key(&job.id), Unique::Job),
            Change::Schedule(s) => guard(s.version, self.schedules.get(&s.task).map(|x| x.version)),
        }
    }

    /// Of one scope one rule has no end, after the unit.
    fn check_rules(&self, unit: &UnitOfWork) -> Result<(), CommitError> {
        let written = |change: &Change| match change {
            Change::PricingRule(rule) => Some(rule.clone()),
            _ => None,
        };
        let mut rules: BTreeMap<_, _> =
            unit.changes().iter().filter_map(written).map(|rule| (rule.id, rule)).collect();
        if rules.is_empty() {
            return Ok(());
        }
        for (id, rule) in &self.pricing_rules {
            rules.entry(*id).or_insert_with(|| rule.clone());
        }
        let mut endless = std::collections::HashSet::new();
        let mut open = rules.values().filter(|rule| rule.ends_at.is_none());
        absent(open.any(|rule| !endless.insert(rule.scope.clone())), Unique::Record)
    }

    fn check_sources(&self, unit: &UnitOfWork) -> Result<(), CommitError> {
        let posted = |t: &Transfer| self.posted.contains(&(t.source.as_str().to_owned(), t.leg));
        absent(unit.transfers().iter().any(posted), Unique::Source)
    }

    fn decide_accounts(&self, unit: &UnitOfWork) -> Result<BTreeMap<UserId, Settled>, CommitError> {
        let opened = |user: &UserId| {
            unit.changes()
                .iter()
                .any(|c| matches!(c, Change::OpenAccount(u) if u == user))
                .then(|| Account::open(*user))
        };
        let decide = |(user, change): (&UserId, &AccountChange)| {
            let account =
                self.accounts.get(user).cloned().or_else(|| opened(user)).ok_or(CommitError::Stale)?;
            self.decide_account(account, change).map(|settled| (*user, settled))
        };
        unit.accounts().iter().map(decide).collect()
    }

    fn decide_account(&self, mut account: Account, change: &AccountChange) -> Result<Settled, CommitError> {
        expect(&account, change.standing)?;
        let mut holds = Vec::new();
        let before = posted_total(&account);
        let free_before = account.wallet.available().units();
        owe(&mut account, change)?;
        for end in &change.ends {
            holds.push(self.end(&mut account, end)?);
        }
        add(&mut account.wallet.posted, change.wallet_units);
        add(&mut account.promo.posted, change.promo_units);
        add(&mut account.promo_lapsed, change.promo_lapsed_units);
        if account.promo_lapsed.units() < 0 {
            return Err(CommitError::Stale);
        }
        for place in &change.places {
            let reserved = reserve(&mut account, place)?;
            absent(self.has_open_hold(place, &holds), Unique::Record)?;
            holds.push(reserved);
        }
        if change.intents_opened > 0 && account.open_intents + change.intents_opened > change.max_open_intents
        {
            return Err(CommitError::TooManyOpenIntents);
        }
        account.open_intents =
            (account.open_intents + change.intents_opened).saturating_sub(change.intents_closed);
        // What disputes have frozen stays, but for what those that close leave.
        let left = (free_before + change.disputed_units.min(0)).max(0);
        let frozen = account.disputed.units().min(left);
        if account.wallet.available().units() < frozen || account.promo.available().units() < 0 {
            return Err(CommitError::InsufficientFunds);
        }
        account.version = account.version.next();
        Ok(Settled { account, holds, before })
    }

    /// True if the order or refund has an open hold besides those that the unit ends.
    fn has_open_hold(&self, place: &PlaceHold, decided: &[Hold]) -> bool {
        let open = |hold: &&Hold| hold.purpose == place.purpose.of_hold() && hold.state == HoldState::Open;
        let stays = |hold: &&Hold| !decided.iter().any(|d| d.id == hold.id);
        self.holds.values().filter(stays).chain(decided).any(|hold| open(&hold))
    }

    fn end(&self, account: &mut Account, end: &EndHold) -> Result<Hold, CommitError> {
        let open =
            self.holds.get(&end.hold).filter(|hold| hold.state == HoldState::Open && hold.user == end.user);
        let hold = open.ok_or(CommitError::Stale)?;
        add(&mut account.wallet.held, -hold.split.wallet.units());
        add(&mut account.promo.held, -hold.split.promo.units());
        let state = match end.end {
            HoldEnd::Release => HoldState::Released { at: end.at },
            HoldEnd::Spend => HoldState::Captured { at: end.at },
            HoldEnd::Capture => {
                add(&mut account.wallet.posted, -hold.split.wallet.units());
                add(&mut account.promo.posted, -hold.split.promo.units());
                // Gifts that are over are spent first.
                let lapsed = account.promo_lapsed.units().min(hold.split.promo.units());
                add(&mut account.promo_lapsed, -lapsed);
                HoldState::Captured { at: end.at }
            }
        };
        if hold.purpose.order().is_some() {
            account.open_orders = account.open_orders.saturating_sub(1);
        }
        Ok(Hold { state, ..hold.clone() })
    }

    fn apply(&mut self, unit: &UnitOfWork, accounts: BTreeMap<UserId, Settled>) {
        if let Some(claim) = unit.claim() {
            self.claims.insert((claim.scope, claim.key.as_str().to_owned()), claim.clone());
        }
        for change in unit.changes() {
            self.write(change);
        }
        let mut totals = BTreeMap::new();
        let mut captures = Vec::new();
        for (user, settled) in accounts {
            totals.insert(user, settled.before);
            for hold in settled.holds {
                let end = unit.accounts()[&user].ends.iter().find(|end| end.hold == hold.id);
                if end.is_some_and(|end| end.end == HoldEnd::Capture) {
                    captures.extend(capture_legs(&hold));
                }
                self.holds.insert(hold.id, hold);
            }
            self.accounts.insert(user, settled.account);
        }
        for transfer in captures.into_iter().chain(unit.transfers().iter().cloned()) {
            self.post(transfer, &mut totals);
        }
    }

    fn post(&mut self, transfer: Transfer, totals: &mut BTreeMap<UserId, crate::Money>) {
        let user = transfer.debit.user().or(transfer.credit.user());
        let balance_after = user.and_then(|user| {
            let total = totals.get_mut(&user)?;
            for purse in [Purse::Wallet, Purse::Promo] {
                add(total, transfer.effect_on(LedgerAccount::User(user, purse)).units());
            }
            Some(*total)
        });
        self.posted.insert((transfer.source.as_str().to_owned(), transfer.leg));
        let number = self.transfers.len() as u64 + 1;
        self.transfers.push(PostedTransfer { number, transfer, balance_after });
    }

    fn write(&mut self, change: &Change) {
        match change.clone() {
            Change::OpenAccount(user) => drop(self.accounts.insert(user, Account::open(user))),
            Change::User(user) => drop(self.users.insert(user.id, user)),
            Change::Session(session) => drop(self.sessions.insert(session.id, session)),
            Change::RefreshToken(token) => drop(self.refresh_tokens.insert(token.hash, token)),
            Change::EndSessions(end) => self.end_sessions(&end),
            Change::MailToken(token) => drop(self.mail_tokens.insert(token.hash, token)),
            Change::Identity(known) => drop(self.identities.insert(known.id, known)),
            Change::ApiKey(key) => drop(self.api_keys.insert(key.id, key)),
            Change::WalletSettings(settings) => drop(self.wallet_settings.insert(settings.user, settings)),
            Change::Notification(told) => drop(self.notifications.insert(told.id, told)),
            Change::NotificationSettings(s) => drop(self.notification_settings.insert(s.user, s)),
            Change::Intent(intent) => drop(self.intents.insert(intent.id, intent)),
            Change::Suspended(item) => drop(self.suspended.insert(item.payment, item)),
            Change::Refund(refund) => drop(self.refunds.insert(refund.id, refund)),
            Change::Dispute(dispute) => drop(self.disputes.insert(dispute.id, dispute)),
            Change::Booking(booking) => drop(self.bookings.insert(booking.id, booking)),
            Change::Grant(grant) => drop(self.grants.insert(grant.id, grant)),
            Change::Finding(finding) => drop(self.findings.insert(finding.id, finding)),
            Change::Ticket(ticket) => drop(self.tickets.insert(ticket.id, ticket)),
            Change::TicketLine(line) => drop(self.ticket_lines.insert(line.id, line)),
            Change::CannedAnswer(c) => drop(self.canned_answers.insert(c.id, c)),
            Change::ReconciliationRun(run) => drop(self.runs.insert(run.id, run)),
            Change::QueuedJob(decided) => self.decide_job(&decided),
            Change::Adjustment(asked) => drop(self.adjustments.insert(asked.id, asked)),
            Change::Audited(entry) => drop(self.audit_log.insert(entry.id, entry)),
            Change::Allowlist(list) => self.allowlist = Some(list),
            Change::Suppression(s) => drop(self.suppressions.insert(s.email.as_str().to_owned(), s)),
            Change::ServiceDecision(d) => drop(self.service_decisions.insert(d.service.clone(), d)),
            Change::ProviderSwitch(s) => drop(self.provider_switches.insert(s.provider, s)),
            Change::PricingRule(rule) => drop(self.pricing_rules.insert(rule.id, rule)),
            Change::Quote(quote) => drop(self.quotes.insert(quote.id, quote)),
            Change::Order(order) => drop(self.orders.insert(order.head().id, order)),
            Change::Batch(batch) => drop(self.batches.insert(batch.id, batch)),
            Change::Purchase(purchase) => drop(self.purchases.insert(purchase.id, purchase)),
            Change::Message(m) => {
                self.message_once.insert((m.reservation.clone(), m.received_at, m.text.clone()));
                self.messages.insert(m.id, m);
            }
            Change::ShownNumber(s) => drop(self.shown.insert((s.user, s.service, s.number))),
            Change::SuppressedNumber(suppressed) => self.suppressed.push(suppressed),
            Change::Notice(notice) => drop(self.notices.insert(notice.id, notice)),
            Change::WebhookEndpoint(endpoint) => drop(self.endpoints.insert(endpoint.id, endpoint)),
            Change::WebhookDelivery(delivery) => drop(self.deliveries.insert(delivery.id, delivery)),
            Change::WebhookAttempt(attempt) => drop(self.attempts.insert(attempt.id, attempt)),
            Change::WebhookCursor(cursor) => self.webhook_cursor = Some(cursor),
            Change::Event(event) => self.events.push(StoredEvent { event, sequence: None }),
            Change::Job(job) => self.queue_job(job),
            Change::Schedule(schedule) => drop(self.schedules.insert(schedule.task, schedule)),
        }
    }

    fn end_sessions(&mut self, end: &EndSessions) {
        let open = self.sessions.values_mut().filter(|s| s.user == end.user && Some(s.id) != end.except);
        for session in open {
            *session = session.clone().ended(SessionEnd::Revoked, end.at);
        }
    }
}

/// What a commit makes of one account.
struct Settled {
    account: Account,
    holds: Vec<Hold>,
    before: crate::Money,
}

/// What the decision took for granted.
fn expect(account: &Account, standing: Standing) -> Result<(), CommitError> {
    let fulfilled = match standing {
        Standing::Any => true,
        Standing::Clear => account.is_clear(),
        Standing::AsRead(version) => account.version == version,
    };
    if fulfilled { Ok(()) } else { Err(CommitError::Stale) }
}

/// Debt and disputes after the unit.
fn owe(account: &mut Account, change: &AccountChange) -> Result<(), CommitError> {
    add(&mut account.debt, change.debt_units);
    add(&mut account.disputed, change.disputed_units);
    let disputes = (account.open_disputes + change.disputes_opened).checked_sub(change.disputes_closed);
    account.open_disputes = disputes.ok_or(CommitError::Stale)?;
    if account.debt.units() < 0 || account.disputed.units() < 0 {
        return Err(CommitError::Stale);
    }
    Ok(())
}

fn reserve(account: &mut Account, place: &PlaceHold) -> Result<Hold, CommitError> {
    if !account.may_order() {
        return Err(CommitError::AccountBlocked);
    }
    match place.purpose {
        Purpose::Order { max_open_orders, .. } if account.open_orders >= max_open_orders => {
            return Err(CommitError::TooManyOpenOrders);
        }
        Purpose::Order { .. } => account.open_orders += 1,
        Purpose::Refund { .. } => {}
    }
    let split = account.split_for(place.purpose, place.amount).ok_or(CommitError::InsufficientFunds)?;
    add(&mut account.promo.held, split.promo.units());
    add(&mut account.wallet.held, split.wallet.units());
    let PlaceHold { id, user, purpose, amount, at } = place.clone();
    Ok(Hold { id, user, purpose: purpose.of_hold(), amount, split, state: HoldState::Open, placed_at: at })
}

/// The transfers of a hold that was captured just now; none of any other.
fn capture_legs(hold: &Hold) -> Vec<Transfer> {
    let HoldState::Captured { at } = hold.state else { return Vec::new() };
    let leg = |leg, purse, money| {
        Some(Transfer {
            debit: LedgerAccount::User(hold.user, purse),
            credit: LedgerAccount::House(House::Revenue),
            amount: crate::Amount::try_new(money).ok()?,
            kind: EntryKind::Purchase,
            source: Source::captured(hold.id),
            leg,
            at,
        })
    };
    let legs = [leg(1, Purse::Wallet, hold.split.wallet), leg(2, Purse::Promo, hold.split.promo)];
    legs.into_iter().flatten().collect()
}

fn posted_total(account: &Account) -> crate::Money {
    let units = account.wallet.posted.units() + account.promo.posted.units();
    crate::Money::from_units(units, account.wallet.posted.currency())
}

fn add(money: &mut crate::Money, units: i64) {
    *money = crate::Money::from_units(money.units() + units, money.currency());
}

fn guard(version: Version, stored: Option<Version>) -> Result<(), CommitError> {
    match (version.decided_on(), stored) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(CommitError::Duplicate(Unique::Record)),
        (Some(decided_on), Some(stored)) if decided_on == stored => Ok(()),
        (Some(_), _) => Err(CommitError::Stale),
    }
}

fn absent(present: bool, what: Unique) -> Result<(), CommitError> {
    if present { Err(CommitError::Duplicate(what)) } else { Ok(()) }
}
