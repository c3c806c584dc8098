//! Services that are not sold, and those that are although of their kind none is.

use std::sync::Arc;

use namaskah_domain::{
    PageOf, Time, UserId,
    staff::{ServiceStanding, TradeDesk},
    verification::{Block, ServiceCode},
    wallet::Reason,
};
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
};
use serde::Deserialize;

use crate::http::{
    body::{Body, LimitQuery, Listed, Shown, Text, word_enum},
    detached::detached,
    problem::Problem,
    staff_scheme::{Staff, SteppedUp, may},
    tags::Tag,
};

word_enum! {
    /// Who says that a service is not sold.
    pub BlockedByWord, "who says that a service is not sold";
    Default = "default",
    Staff = "staff",
}

word_enum! {
    /// Whether services are sold.
    pub BlockedFilterWord, "blocked or sold";
    Blocked = "blocked",
    Sold = "sold",
}

/// Why a service is not to be sold.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "ServiceBlock")]
pub struct BlockBody {
    /// Why.
    pub reason: Text<Reason>,
}

/// How a service stands.
#[derive(Debug, Object)]
#[oai(rename = "ServiceStanding")]
pub struct StandingBody {
    /// Its code.
    pub code: Text<ServiceCode>,
    /// True if it is not sold.
    pub blocked: bool,
    /// Who says so; null if it is sold.
    pub blocked_by: Option<Text<BlockedByWord>>,
    /// Why; null if it is sold.
    pub reason: Option<String>,
    /// Who of staff has last decided on it; null if nobody has.
    pub decided_by: Option<Text<UserId>>,
    /// When.
    pub decided_at: Option<Text<Time>>,
}

impl From<ServiceStanding> for StandingBody {
    fn from(standing: ServiceStanding) -> Self {
        let (blocked_by, reason) = match standing.block {
            None => (None, None),
            Some(Block::ByDefault(kind)) => (Some(BlockedByWord::Default), Some(kind.reason().to_owned())),
            Some(Block::ByStaff(decision)) => {
                (Some(BlockedByWord::Staff), decision.reason.map(|reason| reason.as_str().to_owned()))
            }
        };
        let decision = standing.decision;
        Self {
            code: Text(standing.service),
            blocked: blocked_by.is_some(),
            blocked_by: blocked_by.map(Text),
            reason,
            decided_by: decision.as_ref().map(|decision| Text(decision.by)),
            decided_at: decision.map(|decision| Text(decision.at)),
        }
    }
}

/// Routes of services.
pub struct ServicesApi {
    /// Decides on them.
    pub desk: Arc<TradeDesk>,
}

#[OpenApi(prefix_path = "/api/v1/admin/services", tag = "Tag::Admin")]
impl ServicesApi {
    /// How services stand, by code
    ///
    /// Those that the provider sells, and whatever else was decided on.
    #[oai(path = "/", method = "get", operation_id = "list_service_standings")]
    async fn list(
        &self,
        _staff: Staff<may::Services>,
        /// Only those that are not sold, or that are.
        status: Query<Option<Text<BlockedFilterWord>>>,
        #[oai(default)] limit: Query<LimitQuery>,
        /// The code of the last service that you have seen.
        after: Query<Option<Text<ServiceCode>>>,
    ) -> Result<Shown<Listed<StandingBody>>, Problem> {
        let wanted = status.0.map(|Text(word)| word == BlockedFilterWord::Blocked);
        let rows = self.desk.services().await?.into_iter().filter(|standing| {
            wanted.is_none_or(|blocked| blocked == standing.block.is_some())
                && after.0.as_ref().is_none_or(|Text(after)| standing.service > *after)
        });
        let limit = limit.0.rows();
        let rows = rows.take(limit as usize + 1).map(StandingBody::from).collect();
        let page = PageOf::from_one_more(rows, limit);
        Ok(Shown(Listed::by(page, |standing: &StandingBody| standing.code.0.to_string())))
    }

    /// Block a service
    ///
    /// No new order of it is taken, nor is an open one retried or given another number. Open orders go on.
    #[oai(path = "/:code/block", method = "post", operation_id = "block_service")]
    async fn block(
        &self,
        staff: Staff<SteppedUp<may::Services>>,
        code: Path<Text<ServiceCode>>,
        body: Body<BlockBody>,
    ) -> Result<Shown<StandingBody>, Problem> {
        let (desk, actor, reason) = (self.desk.clone(), staff.0, body.0.reason.0);
        let blocking = async move { desk.block(&actor, &code.0.0, reason).await };
        Ok(Shown(detached(blocking).await?.into()))
    }

    /// Unblock a service
    ///
    /// It is sold, also if it is of a kind that is not.
    #[oai(path = "/:code/unblock", method = "post", operation_id = "unblock_service")]
    async fn unblock(
        &self,
        staff: Staff<SteppedUp<may::Services>>,
        code: Path<Text<ServiceCode>>,
    ) -> Result<Shown<StandingBody>, Problem> {
        let (desk, actor) = (self.desk.clone(), staff.0);
        let unblocking = async move { desk.unblock(&actor, &code.0.0).await };
        Ok(Shown(detached(unblocking).await?.into()))
    }
}
