//! Settling unknown purchases: which reservation at the provider belongs to which attempt of ours. Pure.
//!
//! Nothing is ever sent again. An attempt is settled once every attempt of its class (provider and service) whose
//! window overlaps has an outcome or is past its deadline, so that no answer still under way can claim the same
//! reservation.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;

use crate::{
    PurchaseId, ReservationId, Time,
    time::{minutes, seconds},
    verification::{Purchase, PurchaseState, Reservation, ReservationState},
};

/// Between two complete listings that must both miss a purchase.
const LISTINGS_APART_S: i64 = 30;
/// The second listing must be this long past the deadline.
const MISSED_AFTER_S: i64 = 60;
/// After this nothing is waited for any more.
const HARD_STOP_MIN: i64 = 20;
/// Clocks agree to a second only.
const MARGIN_S: i64 = 1;
/// A listing reaches so far back before the oldest attempt: the margin, and a second for whole stamps.
const LISTING_MARGIN_S: i64 = 2;
/// What is younger is no stray yet: our record of it may still be on its way.
const STRAY_AFTER_S: i64 = 120;
/// A reservation must have this much left to be of use.
const LEAST_LEFT_MIN: i64 = 2;

/// What is known when attempts are settled.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// Our time when the listing was begun.
    pub now: Time,
    /// The provider's clock minus ours.
    pub skew: TimeDelta,
    /// How long an answer can take.
    pub time_out: TimeDelta,
    /// True if the listing reaches back past the window of every open attempt.
    pub complete: bool,
    /// The provider's reservations.
    pub reservations: Vec<Reservation>,
    /// Those that a purchase of ours holds already.
    pub held: BTreeSet<ReservationId>,
    /// Attempts, open and settled, read after the listing.
    pub attempts: Vec<Purchase>,
    /// Pairs that must not be made: the user of the attempt has seen the number before.
    pub seen: BTreeSet<(PurchaseId, ReservationId)>,
}

/// What to do about one attempt or one reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The reservation serves the attempt, if it is still of use when read again.
    Adopt(PurchaseId, ReservationId),
    /// The attempt was not in a complete listing; look again later.
    Missed(PurchaseId),
    /// There is no number, for certain.
    Absent(PurchaseId),
    /// Nobody's number: no attempt explains it any more.
    Stray(ReservationId),
}

/// The time in which an attempt's reservation was made, if it was, on the provider's clock.
fn window(attempt: &Purchase, evidence: &Evidence) -> (Time, Time) {
    let margin = seconds(MARGIN_S);
    let from = attempt.sent_at + evidence.skew - margin;
    (from, deadline(attempt, evidence) + evidence.skew + margin)
}

/// Until when the answer to an attempt can still arrive.
fn deadline(attempt: &Purchase, evidence: &Evidence) -> Time {
    attempt.send_by + evidence.time_out
}

/// True if its answer can no longer arrive.
fn is_over(attempt: &Purchase, evidence: &Evidence) -> bool {
    evidence.now > deadline(attempt, evidence)
}

fn overlap(a: (Time, Time), b: (Time, Time)) -> bool {
    a.0 <= b.1 && b.0 <= a.1
}

/// The earliest instant that a listing must reach to settle these attempts.
pub fn listing_from(attempts: &[Purchase], skew: TimeDelta) -> Option<Time> {
    attempts.iter().map(|attempt| attempt.sent_at + skew - seconds(LISTING_MARGIN_S)).min()
}

/// Decides about every open attempt and every unexplained reservation.
pub fn settle(evidence: &Evidence) -> Vec<Verdict> {
    let open: Vec<&Purchase> = oldest_first(evidence.attempts.iter().filter(|a| a.is_sent()).collect());
    let over: Vec<&Purchase> = open.iter().copied().filter(|a| is_over(a, evidence)).collect();
    let free: Vec<&Reservation> = free_reservations(evidence);
    let pairs = matching(&over, &free, evidence);
    let mut verdicts = Vec::new();
    for attempt in &over {
        let pair = pairs.get(&attempt.id).filter(|_| is_quiet(attempt, evidence));
        if let Some(reservation) = pair {
            // Even past the hard stop: too late to be of use, it is booked as an orphan with its order's end.
            verdicts.push(Verdict::Adopt(attempt.id, reservation.clone()));
        } else if is_past_hard_stop(attempt, evidence.now) {
            verdicts.push(Verdict::Absent(attempt.id));
        } else if !is_quiet(attempt, evidence) {
            continue;
        } else if evidence.complete && !has_rivals(attempt, &free, evidence) {
            verdicts.extend(missing(attempt, evidence));
        }
    }
    verdicts.extend(strays(&open, &free, &verdicts, evidence));
    verdicts
}

/// True if every attempt that could claim the same reservations has an outcome or is past its deadline.
fn is_quiet(attempt: &Purchase, evidence: &Evidence) -> bool {
    let mine = window(attempt, evidence);
    let rival = |other: &&Purchase| {
        other.is_sent() && same_class(attempt, other) && overlap(mine, window(other, evidence))
    };
    evidence.attempts.iter().filter(rival).all(|other| is_over(other, evidence))
}

fn same_class(a: &Purchase, b: &Purchase) -> bool {
    a.provider == b.provider && a.ask.service == b.ask.service
}

fn oldest_first(mut attempts: Vec<&Purchase>) -> Vec<&Purchase> {
    attempts.sort_by_key(|attempt| (attempt.sent_at, attempt.id));
    attempts
}

fn free_reservations(evidence: &Evidence) -> Vec<&Reservation> {
    let free = evidence.reservations.iter().filter(|r| !evidence.held.contains(&r.id));
    let mut free: Vec<_> = free.collect();
    free.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    free
}

/// True if the reservation can be what the attempt bought.
fn fits(attempt: &Purchase, reservation: &Reservation, evidence: &Evidence) -> bool {
    let (from, until) = window(attempt, evidence);
    // Stamps of whole seconds stand for any instant of their second; the margin covers them.
    let in_time = reservation.created_at >= from && reservation.created_at <= until;
    let area = attempt.ask.area_code.as_ref().map(crate::verification::AreaCode::as_str);
    let of_area = area.is_none_or(|area| reservation.number.as_str().get(2..5) == Some(area));
    reservation.service == attempt.ask.service
        && in_time
        && reservation.cost.is_at_most(attempt.cost_cap)
        && of_area
}

fn may_pair(attempt: &Purchase, reservation: &Reservation, evidence: &Evidence) -> bool {
    fits(attempt, reservation, evidence) && !evidence.seen.contains(&(attempt.id, reservation.id.clone()))
}

/// True if attempts with different wishes could have bought this reservation: then nobody can tell, and none gets it.
fn is_ambiguous(reservation: &Reservation, evidence: &Evidence) -> bool {
    let mut asks =
        evidence.attempts.iter().filter(|a| a.is_sent() && fits(a, reservation, evidence)).map(|a| &a.ask);
    asks.next().is_some_and(|first| asks.any(|other| other != first))
}

/// A maximum matching of attempts to reservations, oldest first (Kuhn's augmenting paths).
fn matching(
    attempts: &[&Purchase],
    reservations: &[&Reservation],
    evidence: &Evidence,
) -> BTreeMap<PurchaseId, ReservationId> {
    let clear: Vec<&Reservation> =
        reservations.iter().copied().filter(|r| !is_ambiguous(r, evidence)).collect();
    let edges: Vec<Vec<usize>> = attempts
        .iter()
        .map(|attempt| (0..clear.len()).filter(|at| may_pair(attempt, clear[*at], evidence)).collect())
        .collect();
    let mut taken_by: Vec<Option<usize>> = vec![None; clear.len()];
    for attempt in 0..attempts.len() {
        augment(attempt, &edges, &mut taken_by, &mut vec![false; clear.len()]);
    }
    let pair =
        |(at, attempt): (usize, &Option<usize>)| Some((attempts[(*attempt)?].id, clear[at].id.clone()));
    taken_by.iter().enumerate().filter_map(pair).collect()
}

fn augment(attempt: usize, edges: &[Vec<usize>], taken_by: &mut [Option<usize>], tried: &mut [bool]) -> bool {
    // A number that is free is taken before another attempt is asked to move: the oldest keeps the oldest.
    if let Some(&free) = edges[attempt].iter().find(|at| taken_by[**at].is_none()) {
        taken_by[free] = Some(attempt);
        return true;
    }
    for &reservation in &edges[attempt] {
        if std::mem::replace(&mut tried[reservation], true) {
            continue;
        }
        if taken_by[reservation].is_none_or(|other| augment(other, edges, taken_by, tried)) {
            taken_by[reservation] = Some(attempt);
            return true;
        }
    }
    false
}

/// True if a reservation fits the attempt that cannot be told apart from another's: it may be there.
fn has_rivals(attempt: &Purchase, free: &[&Reservation], evidence: &Evidence) -> bool {
    free.iter().any(|r| fits(attempt, r, evidence) && is_ambiguous(r, evidence))
}

/// Two complete listings, the second long after the deadline, must both have missed it.
fn missing(attempt: &Purchase, evidence: &Evidence) -> Option<Verdict> {
    let Some((_, first)) = attempt.missed else { return Some(Verdict::Missed(attempt.id)) };
    let apart = evidence.now >= first + seconds(LISTINGS_APART_S);
    let late = evidence.now >= deadline(attempt, evidence) + seconds(MISSED_AFTER_S);
    (apart && late).then_some(Verdict::Absent(attempt.id))
}

/// What is left over when these verdicts are carried out: an attempt without a number explains none.
fn strays(
    open: &[&Purchase],
    free: &[&Reservation],
    verdicts: &[Verdict],
    evidence: &Evidence,
) -> Vec<Verdict> {
    let is_absent = |attempt: &&Purchase| verdicts.contains(&Verdict::Absent(attempt.id));
    let adopted =
        |r: &Reservation| verdicts.iter().any(|v| matches!(v, Verdict::Adopt(_, id) if *id == r.id));
    let open: Vec<&Purchase> = open.iter().copied().filter(|attempt| !is_absent(attempt)).collect();
    let stray = free.iter().filter(|r| !adopted(r) && is_stray(r, &open, evidence));
    stray.map(|r| Verdict::Stray(r.id.clone())).collect()
}

/// True if no open attempt of its class can explain the reservation, now or later.
fn is_stray(reservation: &Reservation, open: &[&Purchase], evidence: &Evidence) -> bool {
    let youngest = evidence.now + evidence.skew - seconds(STRAY_AFTER_S);
    reservation.created_at <= youngest && !open.iter().any(|attempt| fits(attempt, reservation, evidence))
}

/// True if a reservation that was read again can still serve an order: pending, and with time left.
pub fn is_of_use(reservation: &Reservation, now: Time, skew: TimeDelta) -> bool {
    let left = reservation.ends_at.map(|ends_at| ends_at - skew - now);
    reservation.state == ReservationState::Pending && left.is_some_and(|left| left >= minutes(LEAST_LEFT_MIN))
}

/// True if nothing is waited for any more, whether or not the provider can be read.
pub fn is_past_hard_stop(attempt: &Purchase, now: Time) -> bool {
    now >= attempt.sent_at + minutes(HARD_STOP_MIN)
}

/// True if an attempt has no outcome and its answer can no longer arrive.
pub fn is_overdue(attempt: &Purchase, now: Time, time_out: TimeDelta) -> bool {
    matches!(attempt.state, PurchaseState::Sent) && now > attempt.send_by + time_out
}

#[cfg(test)]
mod tests;
