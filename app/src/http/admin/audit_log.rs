//! The log of what staff did.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use namaskah_domain::{
    AuditId, Time, UserId,
    auth::Role,
    entity::{AuditEntity, UserEntity},
    staff::{AuditAction, AuditEntry, AuditQuery, Facts, SealedLog, StaffService},
};
use poem_openapi::{Object, OpenApi, param::Query, registry::MetaSchema};

use crate::http::{
    body::{
        AfterQuery, LimitQuery, Listed, Shown, Text, TextForm,
        text::{one_of, sized},
    },
    problem::Problem,
    staff_scheme::{Staff, may},
    tags::Tag,
};

impl TextForm for AuditAction {
    const EXPECTED: &'static str = "an action of staff";

    fn schema() -> MetaSchema {
        one_of(&Self::ALL.iter().map(|action| action.name()).collect::<Vec<_>>())
    }

    fn read(text: &str) -> Option<Self> {
        Self::from_name(text)
    }

    fn write(&self) -> Cow<'_, str> {
        self.name().into()
    }
}

/// The name of what something was done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectName(String);

impl TextForm for SubjectName {
    const EXPECTED: &'static str = "an identifier, or another name of at most 100 visible characters";

    fn schema() -> MetaSchema {
        sized(1, 100, "usr_01k8y6m2w4f3v9q7r5t1x0z8ab")
    }

    fn read(text: &str) -> Option<Self> {
        let fits = (1..=100).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(text.to_owned()))
    }

    fn write(&self) -> Cow<'_, str> {
        self.0.as_str().into()
    }
}

/// Who did something.
#[derive(Debug, Object)]
#[oai(rename = "AuditActor")]
pub struct ActorBody {
    /// Who.
    pub id: Text<UserId>,
    /// As what.
    pub role: Text<Role>,
    /// From which address.
    pub ip: String,
    /// By which request.
    pub request_id: String,
}

/// To what something was done.
#[derive(Debug, Object)]
#[oai(rename = "AuditSubject")]
pub struct SubjectBody {
    /// Its kind, such as `user`.
    pub kind: String,
    /// Its name, such as `usr_…`.
    pub id: String,
}

/// One line of the log.
#[derive(Debug, Object)]
#[oai(rename = "AuditEntry")]
pub struct AuditBody {
    /// Its identifier.
    pub id: Text<AuditId>,
    /// By whom; null if it was done at the console of the machine.
    pub actor: Option<ActorBody>,
    /// What was done.
    pub action: Text<AuditAction>,
    /// To what.
    pub subject: SubjectBody,
    /// What was so before.
    pub before: HashMap<String, String>,
    /// What is so since.
    pub after: HashMap<String, String>,
    /// When.
    pub at: Text<Time>,
}

/// What is absent is left out.
fn shown(facts: Facts) -> HashMap<String, String> {
    let facts: BTreeMap<String, Option<String>> = facts.0;
    facts.into_iter().filter_map(|(name, fact)| Some((name, fact?))).collect()
}

impl From<AuditEntry> for AuditBody {
    fn from(entry: AuditEntry) -> Self {
        let actor = entry.by.actor().map(|actor| ActorBody {
            id: Text(actor.user),
            role: Text(actor.role),
            ip: actor.ip.to_string(),
            request_id: actor.request.clone(),
        });
        Self {
            id: Text(entry.id),
            actor,
            action: Text(entry.action),
            subject: SubjectBody { kind: entry.subject.kind, id: entry.subject.id },
            before: shown(entry.before),
            after: shown(entry.after),
            at: Text(entry.at),
        }
    }
}

/// A stretch of the log that is not as it was sealed.
#[derive(Debug, Object)]
#[oai(rename = "BrokenSeal")]
pub struct BrokenBody {
    /// Which rows.
    pub rows: String,
    /// What is wrong with them.
    pub why: String,
}

/// What reading the sealed log again has shown.
#[derive(Debug, Object)]
#[oai(rename = "AuditLogVerification")]
pub struct VerifiedBody {
    /// True if every row that was sealed is as it was.
    pub whole: bool,
    /// How many batches were sealed. What is younger than ten minutes may not be among them yet.
    pub batches: u64,
    /// What is not as it was sealed.
    pub broken: Vec<BrokenBody>,
}

impl From<SealedLog> for VerifiedBody {
    fn from(log: SealedLog) -> Self {
        let broken = log.broken.into_iter().map(|broken| BrokenBody { rows: broken.rows, why: broken.why });
        let broken: Vec<_> = broken.collect();
        Self { whole: broken.is_empty(), batches: log.batches, broken }
    }
}

/// Routes of the log.
pub struct AuditLogApi {
    /// Reads it.
    pub staff: Arc<StaffService>,
}

#[OpenApi(prefix_path = "/api/v1/admin/audit-log", tag = "Tag::Admin")]
impl AuditLogApi {
    /// What staff did
    #[oai(path = "/", method = "get", operation_id = "list_audit_log")]
    #[allow(clippy::too_many_arguments)] // Each is a parameter of the query.
    async fn list(
        &self,
        _staff: Staff<may::Audit>,
        /// By whom.
        actor: Query<AfterQuery<UserEntity>>,
        /// What was done.
        action: Query<Option<Text<AuditAction>>>,
        /// To what, by its name.
        subject: Query<Option<Text<SubjectName>>>,
        /// Not before.
        from: Query<Option<Text<Time>>>,
        /// Before.
        to: Query<Option<Text<Time>>>,
        #[oai(default)] limit: Query<LimitQuery>,
        after: Query<AfterQuery<AuditEntity>>,
    ) -> Result<Shown<Listed<AuditBody>>, Problem> {
        let query = AuditQuery {
            actor: actor.0.map(|id| id.0),
            action: action.0.map(|action| action.0),
            subject: subject.0.map(|subject| subject.0.0),
            from: from.0.map(|from| from.0),
            to: to.0.map(|to| to.0),
        };
        let page = self.staff.audit_log(&query, limit.0.page(after.0)).await?;
        Ok(Shown(Listed::of(page, |entry| -> AuditId { entry.id }, AuditBody::from)))
    }

    /// Is the log whole?
    ///
    /// Reads every row again that was sealed.
    #[oai(path = "/verify", method = "get", operation_id = "verify_audit_log")]
    async fn verify(&self, _staff: Staff<may::Audit>) -> Result<Shown<VerifiedBody>, Problem> {
        Ok(Shown(self.staff.verify_audit_log().await?.into()))
    }
}
