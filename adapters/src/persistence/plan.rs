//! A unit of work as rows: pure, and the same for both databases.

use std::collections::{BTreeMap, BTreeSet};

use namaskah_domain::{
    Change, CommitError, Currency, EndSessions, Fault, UnitOfWork, UserId,
    unit::AccountChange,
    wallet::{EntryKind, HoldEnd, House, LedgerAccount, Purse, Source, Transfer},
};
use sea_orm::{EntityName, EntityTrait, IdenStatic, Iterable, ModelTrait, PrimaryKeyToColumn, Value};
use uuid::Uuid;

use super::{
    entity::{
        account, adjustment, allowlist, api_key, audit_entry, batch, booking, canned_answer, claim, dispute,
        event, finding, grant, hold, identity, intent, job, mail_suppression, mail_token, message, notice,
        notification, notification_settings, order, pricing_rule, provider_switch, purchase, quote,
        reconciliation_run, refresh_token, refund, schedule, service_decision, session, shown_number,
        suppressed_number, suspended, ticket, ticket_line, user, wallet_settings, webhook_attempt,
        webhook_cursor, webhook_delivery, webhook_endpoint,
    },
    settle::settle,
    stored::us,
};
use crate::vault::Vault;

/// A row to write, column by column in the table's order.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) table: &'static str,
    pub(crate) columns: Vec<&'static str>,
    pub(crate) values: Vec<Value>,
    pub(crate) key: &'static str,
}

/// The column that counts the changes of a row. Taking a job is one of its changes, and is fenced by the same number.
pub(crate) fn version_of(table: &str) -> &'static str {
    if table == "jobs" { "fence" } else { "version" }
}

/// What becomes of a new row where another one stands for it: a job of the same key that waits.
pub(crate) fn unless_stood_for(table: &str) -> &'static str {
    if table == "jobs" {
        " ON CONFLICT (unique_key) WHERE unique_key IS NOT NULL AND state = 'pending' AND holder IS NULL DO NOTHING"
    } else {
        ""
    }
}

/// A row that replaces the one of the version before.
#[derive(Debug)]
pub(crate) struct Update {
    pub(crate) row: Row,
    pub(crate) decided_on: i64,
}

/// Sessions to end: every open one of the user but these.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) user: Uuid,
    pub(crate) at_us: i64,
    pub(crate) spared: Vec<Uuid>,
}

/// A hold to end, with the source under which its capture is posted.
#[derive(Debug, Clone)]
pub(crate) struct HoldEnding {
    pub(crate) hold: Uuid,
    pub(crate) state: &'static str,
    /// True if its parts are posted to revenue by the end itself.
    pub(crate) captured: bool,
    pub(crate) source: String,
    pub(crate) at_us: i64,
}

/// A transfer, and what it does to the posted total of its user's wallet and promo.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) user: Option<Uuid>,
    pub(crate) debit: &'static str,
    pub(crate) credit: &'static str,
    pub(crate) units: i64,
    pub(crate) effect: i64,
    pub(crate) currency: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) source: String,
    pub(crate) leg: i64,
    pub(crate) at_us: i64,
}

impl Line {
    /// A part of a captured hold: from a purse to revenue.
    pub(crate) fn captured(user: Uuid, purse: &'static str, leg: i64, units: i64, end: &HoldEnding) -> Self {
        Self {
            user: Some(user),
            debit: purse,
            credit: House::Revenue.name(),
            units,
            effect: -units,
            currency: Currency::Usd.code(),
            kind: EntryKind::Purchase.name(),
            source: end.source.clone(),
            leg,
            at_us: end.at_us,
        }
    }
}

/// An account that begins with this unit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opened {
    pub(crate) user: Uuid,
    pub(crate) version: i64,
}

/// Everything that a unit does, in the order in which it is checked: claim, updates, holds, accounts, new rows.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) claim: Option<claim::Model>,
    pub(crate) updates: Vec<Update>,
    pub(crate) endings: Vec<Ending>,
    /// In the order in which accounts are locked.
    pub(crate) accounts: Vec<(Uuid, AccountChange)>,
    /// Accounts that the unit opens and changes at once: they begin with nothing, so their rows are known whole.
    pub(crate) opened: Vec<Opened>,
    /// Other than those that captured holds make.
    pub(crate) lines: Vec<Line>,
    pub(crate) inserts: Vec<Row>,
}

/// The unit breaks a law of the ledger; no store can apply it.
#[derive(Debug, thiserror::Error)]
#[error("a unit of work cannot be stored: {0}")]
struct Unstorable(&'static str);

fn unstorable(why: &'static str) -> CommitError {
    CommitError::Unavailable(Fault::new(Unstorable(why)))
}

impl Plan {
    pub(crate) fn of(unit: &UnitOfWork, vault: &Vault) -> Result<Self, CommitError> {
        let mut plan = Self {
            claim: unit.claim().map(claim::Model::from),
            updates: Vec::new(),
            endings: Vec::new(),
            accounts: accounts(unit)?,
            opened: Vec::new(),
            lines: unit.transfers().iter().map(line).collect::<Result<_, _>>()?,
            inserts: Vec::new(),
        };
        for change in unit.changes() {
            match change {
                Change::OpenAccount(user) => plan.open(*user)?,
                change => plan.add(change, unit, vault).map_err(CommitError::Unavailable)?,
            }
        }
        // Rows are locked table by table in one order, whatever the order in which they were decided.
        plan.updates.sort_by_key(|update| update.row.table);
        Ok(plan)
    }

    fn add(&mut self, change: &Change, unit: &UnitOfWork, vault: &Vault) -> Result<(), Fault> {
        match change {
            Change::OpenAccount(_) => {}
            Change::User(user) => self.versioned(&user::Model::seal(user, vault)?, user.version.get()),
            Change::Session(s) => self.versioned(&session::Model::from(s), s.version.get()),
            Change::RefreshToken(t) => self.versioned(&refresh_token::Model::from(t), t.version.get()),
            Change::EndSessions(end) => self.endings.push(ending(end, unit)),
            Change::MailToken(t) => self.versioned(&mail_token::Model::from(t), t.version.get()),
            Change::Identity(i) => self.versioned(&identity::Model::from(i), i.version.get()),
            Change::ApiKey(key) => self.versioned(&api_key::Model::from(key), key.version.get()),
            Change::WalletSettings(s) => self.versioned(&wallet_settings::Model::from(s), s.version.get()),
            Change::Notification(told) => {
                self.versioned(&notification::Model::from(told), told.version.get());
            }
            Change::NotificationSettings(s) => {
                self.versioned(&notification_settings::Model::of(s)?, s.version.get());
            }
            Change::Intent(i) => self.versioned(&intent::Model::from(i), i.version.get()),
            Change::Suspended(item) => self.versioned(&suspended::Model::from(item), item.version.get()),
            Change::Refund(r) => self.versioned(&refund::Model::from(r), r.version.get()),
            Change::Dispute(d) => self.versioned(&dispute::Model::from(d), d.version.get()),
            Change::Booking(b) => self.inserts.push(row(&booking::Model::from(b), &[])),
            Change::Batch(b) => self.inserts.push(row(&batch::Model::of(b)?, &[])),
            Change::Grant(g) => self.versioned(&grant::Model::from(g), g.version.get()),
            Change::Finding(f) => self.versioned(&finding::Model::from(f), f.version.get()),
            Change::ReconciliationRun(run) => {
                self.inserts.push(row(&reconciliation_run::Model::of(run)?, &[]))
            }
            Change::QueuedJob(decided) => {
                let decided_on = decided.fence - 1;
                self.updates.push(Update { row: job::decided(decided), decided_on });
            }
            Change::Adjustment(a) => self.versioned(&adjustment::Model::from(a), a.version.get()),
            Change::Ticket(t) => self.versioned(&ticket::Model::seal(t, vault)?, t.version.get()),
            Change::TicketLine(l) => self.inserts.push(row(&ticket_line::Model::seal(l, vault)?, &[])),
            Change::CannedAnswer(c) => self.versioned(&canned_answer::Model::from(c), c.version.get()),
            Change::Audited(e) => self.inserts.push(row(&audit_entry::Model::of(e)?, &[])),
            Change::Allowlist(list) => self.versioned(&allowlist::Model::of(list)?, list.version.get()),
            Change::Suppression(s) => {
                self.versioned(&mail_suppression::Model::of(s, vault), s.version.get());
            }
            Change::ServiceDecision(d) => {
                self.versioned(&service_decision::Model::from(d), d.version.get());
            }
            Change::ProviderSwitch(s) => {
                self.versioned(&provider_switch::Model::from(s), s.version.get());
            }
            Change::PricingRule(r) => self.versioned(&pricing_rule::Model::of(r)?, r.version.get()),
            Change::Quote(q) => self.versioned(&quote::Model::from(q), q.version.get()),
            Change::Order(o) => self.versioned(&order::Model::seal(o, vault)?, o.head().version.get()),
            Change::Purchase(p) => self.versioned(&purchase::Model::seal(p, vault)?, p.version.get()),
            Change::Message(m) => self.inserts.push(row(&message::Model::seal(m, vault)?, &[])),
            Change::ShownNumber(s) => self.inserts.push(row(&shown_number::Model::seal(s, vault), &[])),
            Change::SuppressedNumber(s) => {
                self.inserts.push(row(&suppressed_number::Model::seal(s, vault), &[]));
            }
            Change::Notice(n) => self.versioned(&notice::Model::seal(n, vault)?, n.version.get()),
            Change::WebhookEndpoint(e) => {
                self.versioned(&webhook_endpoint::Model::seal(e, vault)?, e.version.get());
            }
            Change::WebhookDelivery(d) => {
                self.versioned(&webhook_delivery::Model::from(d), d.version.get());
            }
            Change::WebhookAttempt(a) => self.inserts.push(row(&webhook_attempt::Model::from(a), &[])),
            Change::WebhookCursor(c) => self.versioned(&webhook_cursor::Model::from(c), c.version.get()),
            Change::Event(e) => self.inserts.push(row(&event::Model::from(e), &["recorded"])),
            Change::Job(j) => self.inserts.push(row(&job::Model::seal(j, vault)?, &[])),
            Change::Schedule(s) => self.versioned(&schedule::Model::from(s), s.version.get()),
        }
        Ok(())
    }

    /// The new account's row, with what else the unit does to it.
    fn open(&mut self, user: UserId) -> Result<(), CommitError> {
        let mut account = account::Model::opened(user);
        if let Some(at) = self.accounts.iter().position(|(known, _)| *known == account.user_id) {
            let (_, change) = self.accounts.remove(at);
            if !change.ends.is_empty() {
                return Err(CommitError::Stale);
            }
            let (settled, placed) = settle(account, &change, &[])?;
            account = settled;
            let holds =
                change.places.iter().zip(placed).map(|(place, parts)| hold::Model::placed(place, parts));
            self.inserts.extend(holds.map(|hold| row(&hold, &[])));
            self.opened.push(Opened { user: account.user_id, version: account.version });
        }
        self.inserts.push(row(&account, &[]));
        Ok(())
    }

    fn versioned<M: ModelTrait>(&mut self, model: &M, version: i64) {
        let row = row(model, &[]);
        if version <= 1 {
            self.inserts.push(row);
        } else {
            self.updates.push(Update { row, decided_on: version - 1 });
        }
    }
}

/// The model's columns but those that the database gives.
pub(crate) fn row<M: ModelTrait>(model: &M, given: &[&str]) -> Row {
    let columns =
        <M::Entity as EntityTrait>::Column::iter().filter(|column| !given.contains(&column.as_str()));
    let (columns, values) = columns.map(|column| (column.as_str(), model.get(column))).unzip();
    let key = <M::Entity as EntityTrait>::PrimaryKey::iter().next();
    Row {
        table: M::Entity::default().table_name(),
        columns,
        values,
        key: key.map_or("id", |key| key.into_column().as_str()),
    }
}

/// A session that the unit writes itself is not ended besides.
fn ending(end: &EndSessions, unit: &UnitOfWork) -> Ending {
    let written = unit.changes().iter().filter_map(|change| match change {
        Change::Session(session) => Some(session.id.uuid()),
        _ => None,
    });
    let spared = written.chain(end.except.map(|id| id.uuid())).collect();
    Ending { user: end.user.uuid(), at_us: us(end.at), spared }
}

/// Every account that the unit touches, also by a transfer that leaves both purses as they are.
fn accounts(unit: &UnitOfWork) -> Result<Vec<(Uuid, AccountChange)>, CommitError> {
    let touched = unit.transfers().iter().flat_map(|t| [t.debit.user(), t.credit.user()]).flatten();
    let users: BTreeSet<UserId> = unit.accounts().keys().copied().chain(touched).collect();
    let change = |user: &UserId| unit.accounts().get(user).cloned().unwrap_or_default();
    let accounts: BTreeMap<UserId, AccountChange> = users.iter().map(|user| (*user, change(user))).collect();
    if accounts.values().flat_map(|a| &a.places).any(|place| place.amount.currency() != Currency::Usd) {
        return Err(CommitError::InsufficientFunds);
    }
    Ok(accounts.into_iter().map(|(user, change)| (user.uuid(), change)).collect())
}

fn line(transfer: &Transfer) -> Result<Line, CommitError> {
    let (debit, credit) = (transfer.debit.user(), transfer.credit.user());
    if debit.is_some() && credit.is_some() && debit != credit {
        return Err(unstorable("a transfer between two users"));
    }
    let user = debit.or(credit);
    if user.is_some() && transfer.amount.currency() != Currency::Usd {
        return Err(unstorable("a user's purse in another currency"));
    }
    let units = transfer.amount.units();
    let shown = |account| matches!(account, LedgerAccount::User(_, Purse::Wallet | Purse::Promo));
    let effect = match (shown(transfer.debit), shown(transfer.credit)) {
        (true, false) => -units,
        (false, true) => units,
        _ => 0,
    };
    Ok(Line {
        user: user.map(UserId::uuid),
        debit: transfer.debit.name(),
        credit: transfer.credit.name(),
        units,
        effect,
        currency: transfer.amount.currency().code(),
        kind: transfer.kind.name(),
        source: transfer.source.as_str().to_owned(),
        leg: i64::from(transfer.leg),
        at_us: us(transfer.at),
    })
}

/// The ends of holds that a change asks for.
pub(crate) fn hold_endings(change: &AccountChange) -> impl Iterator<Item = HoldEnding> {
    change.ends.iter().map(|end| {
        let (state, captured) = match end.end {
            HoldEnd::Capture => ("captured", true),
            HoldEnd::Spend => ("captured", false),
            HoldEnd::Release => ("released", false),
        };
        HoldEnding {
            hold: end.hold.uuid(),
            state,
            captured,
            source: Source::captured(end.hold).as_str().to_owned(),
            at_us: us(end.at),
        }
    })
}
