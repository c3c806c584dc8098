//! What staff decided against the journal: bookings, corrections, gifts; and money that nobody may have.

use namaskah_domain::{
    Fault, UserId, Version,
    wallet::{Booking, Direction, Movement, PromoGrant, Source, Transfer},
};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::{
    Finding, Snapshot,
    law::{Law, Subject},
    lines::{self, Posted},
    tally::Tally,
};
use crate::persistence::entity::{booking, grant};

pub(super) const LAWS: [Law; 3] = [
    Law {
        promise: 4,
        name: "adjusted",
        says: "a correction that is booked has its booking, and no other correction has one",
        of: "adjustments",
        subject: Subject::Adjustment,
        of_ledger: false,
        broken: "SELECT a.id AS id, a.state || ', ' || a.direction || ' of ' || CAST(a.amount_units AS TEXT) \
             || COALESCE(', booked as ' || b.kind || ' of ' || CAST(b.amount_units AS TEXT), ', not booked') AS why \
             FROM adjustments a LEFT JOIN bookings b ON b.id = a.id \
             WHERE (a.state = 'booked' AND (b.id IS NULL OR b.kind <> a.direction OR b.user_id IS NULL \
             OR b.user_id <> a.user_id OR b.amount_units <> a.amount_units)) OR (a.state <> 'booked' AND b.id IS NOT NULL)",
    },
    Law {
        promise: 1,
        name: "promo",
        says: "promo money is explained by gifts that are not closed: what of them was not taken back",
        of: "accounts",
        subject: Subject::Account,
        of_ledger: false,
        broken: "SELECT a.user_id AS id, CAST(a.promo_posted_units AS TEXT) || ' posted, ' \
             || CAST(COALESCE(g.rest, 0) AS TEXT) || ' explained' AS why FROM accounts a \
             LEFT JOIN (SELECT user_id, SUM(amount_units - taken_units) AS rest FROM promo_grants \
             WHERE closed_at_us IS NULL GROUP BY user_id) g ON g.user_id = a.user_id \
             WHERE a.promo_posted_units > COALESCE(g.rest, 0)",
    },
    Law {
        promise: 1,
        name: "closed",
        says: "an account that its user has closed has no money",
        of: "accounts",
        subject: Subject::Account,
        of_ledger: false,
        broken: "SELECT a.user_id AS id, 'wallet ' || CAST(a.wallet_posted_units AS TEXT) || ', promo ' \
             || CAST(a.promo_posted_units AS TEXT) AS why FROM accounts a JOIN users u ON u.id = a.user_id \
             WHERE (a.wallet_posted_units <> 0 OR a.promo_posted_units <> 0) AND u.email LIKE 'deleted-%@deleted.invalid'",
    },
];

/// Records that are in memory at a time, and their lines.
const PAGE: usize = 200;
/// No gift is written more often; what says so is not read further.
const VERSIONS: i64 = 200;

const BOOKINGS: &str = "SELECT id, kind, user_id, amount_units, currency, bought_units, bought_currency, reason, at_us \
     FROM bookings WHERE id > $1 ORDER BY id LIMIT 200";

const GRANTS: &str = "SELECT id, user_id, amount_units, taken_units, reason, expires_at_us, clawed_back_at_us, \
     clawed_back_for, due_at_us, granted_at_us, closed_at_us, version \
     FROM promo_grants WHERE id > $1 ORDER BY id LIMIT 200";

/// True if these lines are exactly those, one by one.
fn are(lines: &[Posted], due: &[Transfer]) -> bool {
    lines.len() == due.len() && lines.iter().zip(due).all(|(line, due)| line.is(due))
}

/// What is wrong with the lines of a booking. A credit may have repaid debt at once.
fn fault_of(booking: &Booking, lines: &[Posted]) -> Option<String> {
    let due = match booking.movement.legs(booking.id, booking.at).into_entry() {
        Ok(entry) => entry.into_transfers(),
        Err(error) => return Some(error.to_string()),
    };
    let is_credit = matches!(booking.movement, Movement::Adjusted { direction: Direction::Credit, .. });
    let user = booking.movement.user().map(UserId::uuid);
    let (own, repaid) = lines.split_at(due.len().min(lines.len()));
    let repays = |line: &Posted| is_credit && user.is_some_and(|user| line.goes(user, "wallet", "debt"));
    let is_sound = are(own, &due) && repaid.len() <= 1 && repaid.iter().all(repays);
    (!is_sound).then(|| format!("{:?}, posted {lines:?}", booking.movement))
}

/// Walks through every booking.
pub(super) async fn check_bookings(snapshot: &Snapshot, rows: u32) -> Result<Finding, Fault> {
    let says = "what staff booked is posted as it was decided";
    let mut tally = Tally::new(4, "booking", says, "bookings", rows);
    let mut after = Uuid::nil();
    loop {
        let page = snapshot.rows(BOOKINGS, vec![after.into()]).await?;
        let is_full = page.len() == PAGE;
        tally.checked(page.len());
        let mut bookings: Vec<Booking> = Vec::with_capacity(page.len());
        for row in &page {
            let model = booking::Model::from_query_result(row, "").map_err(Fault::new)?;
            after = model.id;
            match Booking::try_from(model) {
                Ok(booking) => bookings.push(booking),
                Err(fault) => tally.add(after.to_string(), || fault.to_string()),
            }
        }
        let sources = bookings.iter().map(|booking| Source::booking(booking.id).to_string()).collect();
        let lines = lines::of(snapshot, sources).await?;
        for booking in &bookings {
            let posted = lines.get(Source::booking(booking.id).as_str()).map_or(&[][..], Vec::as_slice);
            if let Some(why) = fault_of(booking, posted) {
                tally.add(booking.id.to_string(), || why);
            }
        }
        if !is_full {
            return Ok(tally.finding());
        }
    }
}

fn takes(grant: &PromoGrant) -> impl Iterator<Item = String> + use<> {
    let id = grant.id;
    let versions = (1..=grant.version.get().min(VERSIONS)).map(Version::from_stored);
    versions.map(move |version| Source::grant_taken(id, version).to_string())
}

/// Walks through every gift.
pub(super) async fn check_grants(snapshot: &Snapshot, rows: u32) -> Result<Finding, Fault> {
    let says = "a gift is posted as it was given, and what was taken back of it is what it says";
    let mut tally = Tally::new(4, "grant", says, "promo_grants", rows);
    let mut after = Uuid::nil();
    loop {
        let page = snapshot.rows(GRANTS, vec![after.into()]).await?;
        let is_full = page.len() == PAGE;
        tally.checked(page.len());
        let mut grants: Vec<PromoGrant> = Vec::with_capacity(page.len());
        for row in &page {
            let model = grant::Model::from_query_result(row, "").map_err(Fault::new)?;
            after = model.id;
            match PromoGrant::try_from(model) {
                Ok(grant) => grants.push(grant),
                Err(fault) => tally.add(after.to_string(), || fault.to_string()),
            }
        }
        let given = grants.iter().map(|grant| Source::granted(grant.id).to_string());
        let lines = lines::of(snapshot, given.chain(grants.iter().flat_map(takes)).collect()).await?;
        for grant in &grants {
            let given = lines.get(Source::granted(grant.id).as_str()).map_or(&[][..], Vec::as_slice);
            let due = grant.given().map_err(Fault::new)?.into_transfers();
            if !are(given, &due) {
                tally.add(grant.id.to_string(), || format!("given {:?}, posted {given:?}", grant.amount));
                continue;
            }
            let taken: Vec<&Posted> =
                takes(grant).filter_map(|source| lines.get(&source)).flatten().collect();
            let user = grant.user.uuid();
            let sum = taken.iter().fold(0i64, |sum, line| sum.saturating_add(line.units));
            if sum != grant.taken.units()
                || !taken.iter().all(|line| line.goes(user, "promo", "promo_expense"))
            {
                tally.add(grant.id.to_string(), || format!("taken {:?}, posted {taken:?}", grant.taken));
            }
        }
        if !is_full {
            return Ok(tally.finding());
        }
    }
}
