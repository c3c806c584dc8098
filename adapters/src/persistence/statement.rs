//! A plan as one statement for Postgres: pure.
//!
//! The parts are data-modifying CTEs; the main query asks each of them whether it did what the unit promised, and
//! `namaskah_require` ends the statement by name if not, since a part that touched no row undoes nothing by itself.
//! The questions are asked in one order (claim, updates, sessions, holds, account, next account), and a part runs when
//! it is first asked for, so every commit locks in that order. New rows come last.
//!
//! An account's row is first read under a lock, as it is now and not as the statement's snapshot shows it; what
//! becomes of it is computed from that, and the update only writes it down. The text is constant for a shape, so it
//! stays prepared.

use std::fmt::Write;

use namaskah_domain::{Standing, unit::AccountChange, wallet::PlaceHold};
use sea_orm::{DbBackend, Statement, Value};
use uuid::Uuid;

use super::{
    entity::hold,
    plan::{Ending, HoldEnding, Line, Opened, Plan, Row, Update, hold_endings, unless_stood_for, version_of},
    settle::{length, order_bounds, promo_at_most},
    stored::us,
};

/// The one statement of a plan.
pub(crate) fn statement(plan: Plan) -> Statement {
    let mut sql = Sql::default();
    if let Some(claim) = plan.claim {
        let values = [claim.scope.into(), claim.key.into(), claim.fingerprint.into(), claim.outcome.into()];
        let values = sql.tuple(values);
        sql.part(
            "claim",
            &format!(
                "INSERT INTO idempotency_claims (scope, key, fingerprint, outcome) VALUES {values} RETURNING 1"
            ),
        );
        sql.promise("(SELECT count(*) FROM claim) = 1", "idempotency_once");
    }
    for (at, update) in plan.updates.into_iter().enumerate() {
        sql.update(at, update);
    }
    for (at, ending) in plan.endings.into_iter().enumerate() {
        sql.end_sessions(at, ending);
    }
    let accounts = plan.accounts.len();
    let mut captures = false;
    for (at, (user, change)) in plan.accounts.iter().enumerate() {
        captures |= sql.account(at, *user, change);
    }
    sql.post(plan.lines, accounts, &plan.opened, captures);
    sql.inserts(plan.inserts);
    sql.finish()
}

#[derive(Default)]
struct Sql {
    parts: String,
    promises: Vec<String>,
    values: Vec<Value>,
}

impl Sql {
    fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    fn tuple(&mut self, values: impl IntoIterator<Item = Value>) -> String {
        let places: Vec<String> = values.into_iter().map(|value| self.bind(value)).collect();
        format!("({})", places.join(", "))
    }

    fn part(&mut self, name: &str, sql: &str) {
        let before = if self.parts.is_empty() { "WITH " } else { ",\n" };
        // Writing to a String cannot fail.
        let _ = write!(self.parts, "{before}{name} AS ({sql})");
    }

    fn promise(&mut self, fulfilled: &str, name: &str) {
        self.promises.push(format!("namaskah_require({fulfilled}, '{name}')"));
    }

    fn update(&mut self, at: usize, Update { row, decided_on }: Update) {
        let mut key = String::new();
        let mut sets = Vec::with_capacity(row.columns.len());
        for (column, value) in row.columns.iter().zip(row.values) {
            let place = self.bind(value);
            if *column == row.key {
                key = place;
            } else {
                sets.push(format!("{column} = {place}"));
            }
        }
        let decided_on = self.bind(decided_on);
        let (table, sets) = (row.table, sets.join(", "));
        let name = format!("update_{at}");
        let sql = format!(
            "UPDATE {table} SET {sets} WHERE {} = {key} AND {} = {decided_on} RETURNING 1",
            row.key,
            version_of(table)
        );
        self.part(&name, &sql);
        self.promise(&format!("(SELECT count(*) FROM {name}) = 1"), &format!("{table}_as_decided"));
    }

    fn end_sessions(&mut self, at: usize, ending: Ending) {
        let (user, ended_at) = (self.bind(ending.user), self.bind(ending.at_us));
        let spared: String =
            ending.spared.into_iter().map(|id| format!(" AND id <> {}", self.bind(id))).collect();
        let name = format!("sessions_{at}");
        let sql = format!(
            "UPDATE sessions SET ended_at_us = {ended_at}, ended_for = 'revoked', version = version + 1 \
             WHERE user_id = {user} AND ended_at_us IS NULL{spared} RETURNING 1"
        );
        self.part(&name, &sql);
        self.promise(&format!("(SELECT count(*) FROM {name}) >= 0"), "sessions_ended");
    }

    /// Everything about one account; true if a hold of it is captured.
    fn account(&mut self, at: usize, user: Uuid, change: &AccountChange) -> bool {
        let user = self.bind(user);
        let ends: Vec<HoldEnding> = hold_endings(change).collect();
        let captured = ends.iter().any(|end| end.captured);
        let ended = self.end_holds(at, &user, ends);
        self.lock(at, &user, ended);
        self.compute(at, change, ended > 0);
        self.check(at, change);
        self.part(
            &format!("account_{at}"),
            &format!(
                "UPDATE accounts a SET wallet_posted_units = c.wallet_posted, \
                 wallet_held_units = c.wallet_held + c.wallet_placed, promo_posted_units = c.promo_posted, \
                 promo_held_units = c.promo_held + c.promo_placed, promo_lapsed_units = c.promo_lapsed, open_orders = c.open_orders, \
                 open_intents = c.open_intents, debt_units = c.debt, disputed_units = c.disputed, \
                 open_disputes = c.disputes, version = c.version \
                 FROM checked_{at} c WHERE a.user_id = c.user_id RETURNING 1"
            ),
        );
        self.promise(&format!("(SELECT count(*) FROM account_{at}) = 1"), "accounts_as_decided");
        self.place_holds(at, &change.places);
        captured
    }

    /// Ends holds that are open, and says how many there should be.
    fn end_holds(&mut self, at: usize, user: &str, ends: Vec<HoldEnding>) -> usize {
        let count = ends.len();
        if count == 0 {
            return 0;
        }
        let mut rows = Vec::with_capacity(count);
        for (order, end) in ends.into_iter().enumerate() {
            let order = i64::try_from(order).unwrap_or(i64::MAX);
            let values = [
                end.hold.into(),
                end.state.into(),
                end.at_us.into(),
                end.source.into(),
                order.into(),
                end.captured.into(),
            ];
            rows.push(self.tuple(values));
        }
        let name = format!("ended_{at}");
        let sql = format!(
            "UPDATE holds h SET state = e.state, ended_at_us = e.at_us \
             FROM (VALUES {}) AS e (id, state, at_us, source, place, posts) \
             WHERE h.id = e.id AND h.user_id = {user} AND h.state = 'open' \
             RETURNING h.user_id, h.promo_units, h.wallet_units, h.currency, h.purpose, e.posts, e.at_us, e.source, \
             e.place",
            rows.join(", ")
        );
        self.part(&name, &sql);
        self.promise(&format!("(SELECT count(*) FROM {name}) = {count}"), "holds_as_decided");
        count
    }

    /// Holds are locked before their account: the lock waits for the ends.
    fn lock(&mut self, at: usize, user: &str, ended: usize) {
        let after_holds = match ended {
            0 => String::new(),
            count => format!(" AND (SELECT count(*) FROM ended_{at}) = {count}"),
        };
        let sql = format!("SELECT * FROM accounts WHERE user_id = {user}{after_holds} FOR NO KEY UPDATE");
        self.part(&format!("locked_{at}"), &sql);
    }

    /// The row after holds have ended and transfers are posted, before holds are placed.
    fn compute(&mut self, at: usize, change: &AccountChange, ends: bool) {
        let sums = if ends {
            format!(
                "SELECT coalesce(sum(promo_units), 0)::bigint AS promo, \
                 coalesce(sum(wallet_units), 0)::bigint AS wallet, \
                 coalesce(sum(promo_units) FILTER (WHERE posts), 0)::bigint AS promo_captured, \
                 coalesce(sum(wallet_units) FILTER (WHERE posts), 0)::bigint AS wallet_captured, \
                 count(*) FILTER (WHERE purpose = 'order') AS orders FROM ended_{at}"
            )
        } else {
            "SELECT 0::bigint AS promo, 0::bigint AS wallet, 0::bigint AS promo_captured, \
             0::bigint AS wallet_captured, 0::bigint AS orders"
                .to_owned()
        };
        let (wallet, promo) = (self.bind(change.wallet_units), self.bind(change.promo_units));
        let lapsed = self.bind(change.promo_lapsed_units);
        let closed = self.bind(i64::from(change.intents_closed));
        let (debt, disputed) = (self.bind(change.debt_units), self.bind(change.disputed_units));
        let disputes = self.bind(i64::from(change.disputes_opened) - i64::from(change.disputes_closed));
        let sql = format!(
            "SELECT l.user_id, l.version + 1 AS version, l.frozen, l.debt_units AS debt_before, \
             l.open_disputes AS disputes_before, l.debt_units + {debt} AS debt, \
             l.disputed_units + {disputed} AS disputed, l.open_disputes + {disputes} AS disputes, \
             greatest(0, l.wallet_posted_units - l.wallet_held_units + least(0, {disputed})) AS may_stay_frozen, \
             l.wallet_posted_units + l.promo_posted_units AS total_before, \
             l.wallet_posted_units - e.wallet_captured + {wallet} AS wallet_posted, \
             l.promo_posted_units - e.promo_captured + {promo} AS promo_posted, \
             l.wallet_held_units - e.wallet AS wallet_held, l.promo_held_units - e.promo AS promo_held, \
             greatest(0, l.promo_lapsed_units - e.promo_captured) + {lapsed} AS promo_lapsed, \
             l.open_orders - e.orders AS orders_before, l.open_intents - {closed} AS intents_before \
             FROM locked_{at} l CROSS JOIN ({sums}) e"
        );
        self.part(&format!("computed_{at}"), &sql);
    }

    /// Refuses by name, and takes the parts of new holds: promo first, then wallet.
    fn check(&mut self, at: usize, change: &AccountChange) {
        let add = |units: &mut dyn Iterator<Item = i64>| units.fold(0, i64::saturating_add);
        let total = self.bind(add(&mut change.places.iter().map(|place| place.amount.units())));
        let promo = self.bind(add(&mut change.places.iter().map(promo_at_most)));
        let orders: Vec<i64> = order_bounds(change).collect();
        let (placed, opened) = (self.bind(length(&orders)), self.bind(i64::from(change.intents_opened)));
        let promo_placed = format!("least({promo}, greatest(0, promo_posted - promo_held - promo_lapsed))");
        let mut checks = Vec::new();
        let mut check = |fulfilled: String, name: &str| {
            checks.push(format!("namaskah_require({fulfilled}, '{name}')"));
        };
        match change.standing {
            Standing::Any => {}
            Standing::Clear => {
                check("debt_before = 0 AND disputes_before = 0".to_owned(), "accounts_as_decided");
            }
            Standing::AsRead(version) => {
                let next = self.bind(version.next().get());
                check(format!("version = {next}"), "accounts_as_decided");
            }
        }
        let not_below = "debt >= 0 AND disputed >= 0 AND disputes >= 0 AND promo_lapsed >= 0";
        check(not_below.to_owned(), "accounts_as_decided");
        if !change.places.is_empty() {
            check("NOT frozen AND debt = 0 AND disputes = 0".to_owned(), "accounts_not_blocked");
        }
        // The n-th new order meets n - 1 more open orders than the first.
        if let Some(least) = orders.iter().zip(0..).map(|(most, n)| most - n).min() {
            let least = self.bind(least);
            check(format!("orders_before < {least}"), "accounts_may_open_an_order");
        }
        if change.intents_opened > 0 {
            let max = self.bind(i64::from(change.max_open_intents));
            check(format!("intents_before + {opened} <= {max}"), "accounts_may_open_an_intent");
        }
        check("promo_posted >= promo_held".to_owned(), "accounts_have_the_money");
        check(
            format!(
                "wallet_posted - wallet_held - ({total} - {promo_placed}) >= least(disputed, may_stay_frozen)"
            ),
            "accounts_have_the_money",
        );
        let sql = format!(
            "SELECT *, orders_before + {placed} AS open_orders, intents_before + {opened} AS open_intents, \
             {promo_placed} AS promo_placed, {total} - {promo_placed} AS wallet_placed, {} AS fulfilled \
             FROM computed_{at}",
            checks.join(" AND ")
        );
        self.part(&format!("checked_{at}"), &sql);
    }

    /// New holds, each with its own share of what promo was to be had.
    fn place_holds(&mut self, at: usize, places: &[PlaceHold]) {
        if places.is_empty() {
            return;
        }
        let mut before = 0i64;
        let mut rows = Vec::with_capacity(places.len());
        for place in places {
            let (units, promo) = (place.amount.units(), promo_at_most(place));
            rows.push(self.tuple([
                place.id.uuid().into(),
                hold::subject(place.purpose.of_hold()).into(),
                hold::purpose_name(place.purpose.of_hold()).into(),
                units.into(),
                promo.into(),
                place.amount.currency().code().into(),
                us(place.at).into(),
                before.into(),
            ]));
            before = before.saturating_add(promo);
        }
        let sql = format!(
            "INSERT INTO holds (id, user_id, order_id, purpose, amount_units, promo_units, wallet_units, currency, \
             state, placed_at_us) \
             SELECT p.id, c.user_id, p.order_id, p.purpose, p.units, s.promo, p.units - s.promo, p.currency, 'open', \
             p.at_us FROM checked_{at} c \
             CROSS JOIN (VALUES {}) AS p (id, order_id, purpose, units, promo, currency, at_us, before) \
             CROSS JOIN LATERAL (SELECT greatest(0, least(p.promo, c.promo_placed - p.before)) AS promo) s",
            rows.join(", ")
        );
        self.part(&format!("placed_{at}"), &sql);
    }

    /// Posts captures and transfers in one order, each with the posted total that its user has after it.
    fn post(&mut self, lines: Vec<Line>, accounts: usize, opened: &[Opened], captures: bool) {
        let mut from = Vec::new();
        if captures {
            for at in 0..accounts {
                from.extend(self.captured(at));
            }
        }
        if !lines.is_empty() {
            from.push(self.explicit(lines));
        }
        if from.is_empty() {
            return;
        }
        let locked =
            (0..accounts).map(|at| format!("SELECT user_id, total_before, version FROM checked_{at}"));
        let mut befores: Vec<String> = locked.collect();
        for opened in opened {
            let (user, version) = (self.bind(opened.user), self.bind(opened.version));
            befores
                .push(format!("SELECT {user} AS user_id, 0::bigint AS total_before, {version} AS version"));
        }
        let (after, version, join) = if befores.is_empty() {
            ("NULL::bigint", "NULL::bigint", String::new())
        } else {
            (
                "b.total_before + sum(l.effect) OVER (PARTITION BY l.user_id ORDER BY l.place)",
                "b.version",
                format!(" LEFT JOIN ({}) b ON b.user_id = l.user_id", befores.join(" UNION ALL ")),
            )
        };
        let sql = format!(
            "INSERT INTO transfers (user_id, debit_account, credit_account, amount_units, currency, kind, source, \
             leg, balance_after_units, account_version, created_at_us) \
             SELECT l.user_id, l.debit, l.credit, l.units, l.currency, l.kind, l.source, l.leg, {after}, {version}, \
             l.at_us FROM ({}) l{join} ORDER BY l.place",
            from.join(" UNION ALL ")
        );
        self.part("posted", &sql);
    }

    /// The lines of an account's captured holds; nothing for an account without ends.
    fn captured(&self, at: usize) -> Vec<String> {
        if !self.parts.contains(&format!("ended_{at} AS (")) {
            return Vec::new();
        }
        [("wallet", 1), ("promo", 2)]
            .into_iter()
            .map(|(purse, leg)| {
                format!(
                    "SELECT user_id, '{purse}' AS debit, 'revenue' AS credit, {purse}_units AS units, \
                     -{purse}_units AS effect, currency, 'purchase' AS kind, source, {leg}::bigint AS leg, at_us, \
                     place * 2 + {leg} - 1000000 AS place FROM ended_{at} \
                     WHERE posts AND {purse}_units > 0"
                )
            })
            .collect()
    }

    fn explicit(&mut self, lines: Vec<Line>) -> String {
        let mut rows = Vec::with_capacity(lines.len());
        for (line, place) in lines.into_iter().zip(0i64..) {
            rows.push(self.tuple([
                line.user.into(),
                line.debit.into(),
                line.credit.into(),
                line.units.into(),
                line.effect.into(),
                line.currency.into(),
                line.kind.into(),
                line.source.into(),
                line.leg.into(),
                line.at_us.into(),
                place.into(),
            ]));
        }
        let names = "user_id, debit, credit, units, effect, currency, kind, source, leg, at_us, place";
        format!("SELECT {names} FROM (VALUES {}) AS given ({names})", rows.join(", "))
    }

    /// New rows: those of one table, as a rule, in one part and in their order.
    fn inserts(&mut self, rows: Vec<Row>) {
        let mut tables: Vec<(Row, Vec<Vec<Value>>)> = Vec::new();
        for mut row in rows {
            let values = std::mem::take(&mut row.values);
            match tables.iter_mut().find(|(first, _)| first.table == row.table) {
                Some((_, more)) => more.push(values),
                None => tables.push((row, vec![values])),
            }
        }
        for (at, (row, values)) in tables.into_iter().enumerate() {
            let tuples: Vec<String> = values.into_iter().map(|values| self.tuple(values)).collect();
            let sql = format!(
                "INSERT INTO {} ({}) VALUES {}{}",
                row.table,
                row.columns.join(", "),
                tuples.join(", "),
                unless_stood_for(row.table)
            );
            self.part(&format!("insert_{at}"), &sql);
        }
    }

    fn finish(self) -> Statement {
        let promises = if self.promises.is_empty() { "true".to_owned() } else { self.promises.join(",\n") };
        let sql = format!("{}\nSELECT {promises}", self.parts);
        Statement::from_sql_and_values(DbBackend::Postgres, sql, self.values)
    }
}
