//! What staff has decided on services.

use namaskah_domain::{
    Fault, UserId, Version,
    verification::{ServiceCode, ServiceDecision, Verdict},
    wallet::Reason,
};
use sea_orm::entity::prelude::*;

use crate::persistence::stored::{time, unreadable, us};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "service_decisions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub service: String,
    pub verdict: String,
    pub reason: Option<String>,
    pub decided_by: Uuid,
    pub decided_at_us: i64,
    pub version: i64,
}
alone!();

impl From<&ServiceDecision> for Model {
    fn from(decision: &ServiceDecision) -> Self {
        Self {
            service: decision.service.to_string(),
            verdict: decision.verdict.name().to_owned(),
            reason: decision.reason.as_ref().map(|reason| reason.as_str().to_owned()),
            decided_by: decision.by.uuid(),
            decided_at_us: us(decision.at),
            version: decision.version.get(),
        }
    }
}

impl TryFrom<Model> for ServiceDecision {
    type Error = Fault;

    /// What cannot be read is a fault and never an open door.
    fn try_from(row: Model) -> Result<Self, Fault> {
        let broken = || unreadable("decision on a service");
        let reason = row.reason.as_deref().map(Reason::try_new).transpose().map_err(|_| broken())?;
        Ok(Self {
            service: ServiceCode::try_new(&row.service).map_err(|_| broken())?,
            verdict: Verdict::from_name(&row.verdict).ok_or_else(broken)?,
            reason,
            by: UserId::from_uuid(row.decided_by),
            at: time(row.decided_at_us)?,
            version: Version::from_stored(row.version),
        })
    }
}
