//! Jobs. The payload may hold a secret of a mail, so it is sealed.

use namaskah_domain::{
    Fault, JobId, JobKind, JobLane, Letter, MailSecret, NewJob, NotificationId, PurchaseId, UserId,
    auth::Email,
    notification::Occasion,
    outbox::{JobState, LeasedJob, QueuedJob},
    upkeep::Task,
};
use sea_orm::{FromQueryResult, Value, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    persistence::{
        plan::Row,
        stored::{RowVault, cause, count, time, traceparent, unreadable, us},
    },
    vault::Vault,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "jobs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub kind: String,
    pub payload_sealed: Vec<u8>,
    pub run_at_us: i64,
    pub state: String,
    pub attempts: i64,
    pub fence: i64,
    pub holder: Option<Uuid>,
    pub leased_until_us: i64,
    pub buried_for: Option<String>,
    pub cancelled_at_us: Option<i64>,
    pub priority: i64,
    pub unique_key: Option<String>,
    pub traceparent: Option<String>,
}
alone!();

const TABLE: &str = "jobs";
const PAYLOAD: &str = "payload_sealed";

/// What of a job is sealed. Names are those of storage, not of the domain, so that either can change alone.
#[derive(Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
enum Payload {
    SendMail { to: String, letter: StoredLetter },
    Notify { notification: String },
    TellStaff { occasion: String, subject: Option<String> },
    EndReservation { purchase: String },
    Upkeep { task: String },
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "letter", rename_all = "snake_case", deny_unknown_fields)]
enum StoredLetter {
    VerifyEmail { token: String },
    AlreadyRegistered,
    ResetPassword { token: String },
    PasswordChanged,
    SecondFactorOn,
    SecondFactorOff,
    ConfirmEmail { token: String },
    EmailChangeAsked,
    EmailChanged,
    IdentityLinked,
    IdentityUnlinked,
    ApiKeyCreated,
    ApiKeyDeleted,
    TicketAnswered,
    WebhookEndpointOff,
    WebhookEndpointSet { user: String },
}

impl Model {
    pub(crate) fn seal(job: &NewJob, vault: &Vault) -> Result<Self, Fault> {
        let (kind, payload) = stored(&job.kind);
        let clear = serde_json::to_vec(&payload).map_err(Fault::new)?;
        Ok(Self {
            id: job.id.uuid(),
            kind: kind.to_owned(),
            payload_sealed: RowVault::new(vault, TABLE, job.id.uuid()).seal(PAYLOAD, &clear)?,
            run_at_us: us(job.run_at),
            state: "pending".to_owned(),
            attempts: 0,
            fence: 0,
            holder: None,
            leased_until_us: 0,
            buried_for: None,
            cancelled_at_us: None,
            priority: job.kind.priority().rank(),
            unique_key: job.kind.key().map(|key| key.as_str().to_owned()),
            traceparent: traceparent(job.cause),
        })
    }
}

/// A job that was just leased. `attempts` counts this lease too.
#[derive(Debug, FromQueryResult)]
pub(crate) struct Leased {
    pub(crate) id: Uuid,
    payload_sealed: Vec<u8>,
    pub(crate) priority: i64,
    pub(crate) run_at_us: i64,
    pub(crate) attempts: i64,
    pub(crate) fence: i64,
    traceparent: Option<String>,
}

impl Leased {
    pub(crate) fn open(&self, vault: &Vault) -> Result<LeasedJob, Fault> {
        let clear = RowVault::new(vault, TABLE, self.id).open(PAYLOAD, &self.payload_sealed)?;
        let payload: Payload = serde_json::from_slice(&clear).map_err(|_| unreadable("job"))?;
        Ok(LeasedJob {
            id: JobId::from_uuid(self.id),
            kind: kind(payload)?,
            attempts: count(self.attempts - 1)?,
            run_at: time(self.run_at_us)?,
            fence: self.fence,
            cause: cause(self.traceparent.as_deref()),
        })
    }
}

/// What staff decided about a job: every column but what is in it. A cancelled one is buried, for whoever takes jobs. It
/// stands for no other of its key from here on.
pub(crate) fn decided(job: &QueuedJob) -> Row {
    let (state, cancelled) = match job.state {
        JobState::Cancelled => ("buried", Some(us(job.run_at))),
        JobState::Buried => ("buried", None),
        JobState::Waiting | JobState::InWork => ("pending", None),
    };
    let why = cancelled.map(|_| "cancelled by staff".to_owned());
    let columns: [(&'static str, Value); 9] = [
        ("id", job.id.uuid().into()),
        ("run_at_us", us(job.run_at).into()),
        ("state", state.into()),
        ("attempts", i64::from(job.attempts).into()),
        ("fence", job.fence.into()),
        ("holder", None::<Uuid>.into()),
        ("buried_for", why.into()),
        ("cancelled_at_us", cancelled.into()),
        ("unique_key", None::<String>.into()),
    ];
    let (columns, values) = columns.into_iter().unzip();
    Row { table: TABLE, columns, values, key: "id" }
}

/// A job as it is shown: without what is in it.
#[derive(Debug, FromQueryResult)]
pub(crate) struct Shown {
    id: Uuid,
    kind: String,
    run_at_us: i64,
    state: String,
    attempts: i64,
    fence: i64,
    cancelled_at_us: Option<i64>,
    is_held: i32,
}

impl TryFrom<Shown> for QueuedJob {
    type Error = Fault;

    fn try_from(row: Shown) -> Result<Self, Fault> {
        let lane = JobLane::of_job(&row.kind);
        let state = match (row.state.as_str(), row.cancelled_at_us, row.is_held) {
            ("pending", _, 0) => JobState::Waiting,
            ("pending", ..) => JobState::InWork,
            ("buried", Some(_), _) => JobState::Cancelled,
            ("buried", None, _) => JobState::Buried,
            _ => return Err(unreadable("state of a job")),
        };
        Ok(Self {
            id: JobId::from_uuid(row.id),
            lane: lane.ok_or_else(|| unreadable("kind of job"))?,
            state,
            attempts: count(row.attempts)?,
            run_at: time(row.run_at_us)?,
            fence: row.fence,
        })
    }
}

fn stored(kind: &JobKind) -> (&'static str, Payload) {
    let payload = match kind {
        JobKind::SendMail { to, letter } => {
            let letter = match letter {
                Letter::VerifyEmail { token } => StoredLetter::VerifyEmail { token: token.0.clone() },
                Letter::AlreadyRegistered => StoredLetter::AlreadyRegistered,
                Letter::ResetPassword { token } => StoredLetter::ResetPassword { token: token.0.clone() },
                Letter::PasswordChanged => StoredLetter::PasswordChanged,
                Letter::SecondFactorOn => StoredLetter::SecondFactorOn,
                Letter::SecondFactorOff => StoredLetter::SecondFactorOff,
                Letter::ConfirmEmail { token } => StoredLetter::ConfirmEmail { token: token.0.clone() },
                Letter::EmailChangeAsked => StoredLetter::EmailChangeAsked,
                Letter::EmailChanged => StoredLetter::EmailChanged,
                Letter::IdentityLinked => StoredLetter::IdentityLinked,
                Letter::IdentityUnlinked => StoredLetter::IdentityUnlinked,
                Letter::ApiKeyCreated => StoredLetter::ApiKeyCreated,
                Letter::ApiKeyDeleted => StoredLetter::ApiKeyDeleted,
                Letter::TicketAnswered => StoredLetter::TicketAnswered,
                Letter::WebhookEndpointOff => StoredLetter::WebhookEndpointOff,
                Letter::WebhookEndpointSet { user } => {
                    StoredLetter::WebhookEndpointSet { user: user.to_string() }
                }
            };
            Payload::SendMail { to: to.as_str().to_owned(), letter }
        }
        JobKind::Notify { notification } => Payload::Notify { notification: notification.to_string() },
        JobKind::TellStaff { occasion } => Payload::TellStaff {
            occasion: occasion.name().to_owned(),
            subject: occasion.subject().map(|id| id.to_string()),
        },
        JobKind::EndReservation { purchase } => Payload::EndReservation { purchase: purchase.to_string() },
        JobKind::Upkeep { task } => Payload::Upkeep { task: task.name().to_owned() },
    };
    (kind.lane().job(), payload)
}

fn occasion_of(name: &str, subject: Option<&str>) -> Option<Occasion> {
    let subject = subject.map(Uuid::parse_str).transpose().ok()?;
    Occasion::from_stored(name, subject)
}

fn kind(payload: Payload) -> Result<JobKind, Fault> {
    Ok(match payload {
        Payload::SendMail { to, letter } => JobKind::SendMail {
            to: Email::from_stored(&to).map_err(|_| unreadable("address"))?,
            letter: match letter {
                StoredLetter::VerifyEmail { token } => Letter::VerifyEmail { token: MailSecret(token) },
                StoredLetter::AlreadyRegistered => Letter::AlreadyRegistered,
                StoredLetter::ResetPassword { token } => Letter::ResetPassword { token: MailSecret(token) },
                StoredLetter::PasswordChanged => Letter::PasswordChanged,
                StoredLetter::SecondFactorOn => Letter::SecondFactorOn,
                StoredLetter::SecondFactorOff => Letter::SecondFactorOff,
                StoredLetter::ConfirmEmail { token } => Letter::ConfirmEmail { token: MailSecret(token) },
                StoredLetter::EmailChangeAsked => Letter::EmailChangeAsked,
                StoredLetter::EmailChanged => Letter::EmailChanged,
                StoredLetter::IdentityLinked => Letter::IdentityLinked,
                StoredLetter::IdentityUnlinked => Letter::IdentityUnlinked,
                StoredLetter::ApiKeyCreated => Letter::ApiKeyCreated,
                StoredLetter::ApiKeyDeleted => Letter::ApiKeyDeleted,
                StoredLetter::TicketAnswered => Letter::TicketAnswered,
                StoredLetter::WebhookEndpointOff => Letter::WebhookEndpointOff,
                StoredLetter::WebhookEndpointSet { user } => Letter::WebhookEndpointSet {
                    user: user.parse::<UserId>().map_err(|_| unreadable("user"))?,
                },
            },
        },
        Payload::Notify { notification } => JobKind::Notify {
            notification: notification.parse::<NotificationId>().map_err(|_| unreadable("notification"))?,
        },
        Payload::TellStaff { occasion, subject } => JobKind::TellStaff {
            occasion: occasion_of(&occasion, subject.as_deref()).ok_or_else(|| unreadable("occasion"))?,
        },
        Payload::EndReservation { purchase } => JobKind::EndReservation {
            purchase: purchase.parse::<PurchaseId>().map_err(|_| unreadable("purchase"))?,
        },
        Payload::Upkeep { task } => {
            JobKind::Upkeep { task: Task::from_name(&task).ok_or_else(|| unreadable("task"))? }
        }
    })
}
