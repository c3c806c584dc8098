//! Lines of the log of what staff did.

use std::collections::BTreeMap;

use namaskah_domain::{
    AuditId, Fault, UserId,
    auth::Role,
    staff::{Actor, AuditAction, AuditEntry, By, Facts, Subject},
};
use sea_orm::entity::prelude::*;

use crate::persistence::stored::{time, unreadable, us};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_log")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Without one it was done at the console.
    pub actor_id: Option<Uuid>,
    pub role: Option<String>,
    pub ip: Option<String>,
    pub request_id: Option<String>,
    pub action: String,
    pub subject_kind: String,
    pub subject_id: String,
    /// A JSON object of texts and nulls, in the order of their names.
    pub facts_before: String,
    pub facts_after: String,
    pub at_us: i64,
}
alone!();

fn written(facts: &Facts) -> Result<String, Fault> {
    serde_json::to_string(&facts.0).map_err(Fault::new)
}

fn read(text: &str) -> Result<Facts, Fault> {
    let facts: BTreeMap<String, Option<String>> =
        serde_json::from_str(text).map_err(|_| unreadable("fact of the audit log"))?;
    Ok(Facts(facts))
}

impl Model {
    pub(crate) fn of(entry: &AuditEntry) -> Result<Self, Fault> {
        let actor = entry.by.actor();
        Ok(Self {
            id: entry.id.uuid(),
            actor_id: actor.map(|actor| actor.user.uuid()),
            role: actor.map(|actor| actor.role.name().to_owned()),
            ip: actor.map(|actor| actor.ip.to_string()),
            request_id: actor.map(|actor| actor.request.clone()),
            action: entry.action.name().to_owned(),
            subject_kind: entry.subject.kind.clone(),
            subject_id: entry.subject.id.clone(),
            facts_before: written(&entry.before)?,
            facts_after: written(&entry.after)?,
            at_us: us(entry.at),
        })
    }
}

impl TryFrom<Model> for AuditEntry {
    type Error = Fault;

    fn try_from(row: Model) -> Result<Self, Fault> {
        let by = match (row.actor_id, row.role, row.ip, row.request_id) {
            (None, None, None, None) => By::Console,
            (Some(user), Some(role), Some(ip), Some(request)) => By::Staff(Actor {
                user: UserId::from_uuid(user),
                role: Role::from_name(&role).ok_or_else(|| unreadable("role"))?,
                ip: ip.parse().map_err(|_| unreadable("address"))?,
                request,
            }),
            _ => return Err(unreadable("actor")),
        };
        Ok(Self {
            id: AuditId::from_uuid(row.id),
            by,
            action: AuditAction::from_name(&row.action).ok_or_else(|| unreadable("action"))?,
            subject: Subject { kind: row.subject_kind, id: row.subject_id },
            before: read(&row.facts_before)?,
            after: read(&row.facts_after)?,
            at: time(row.at_us)?,
        })
    }
}
