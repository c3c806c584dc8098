//! Canned answers: what support says often.

use std::sync::Arc;

use namaskah_domain::{
    CannedAnswerId, Time,
    support::{CannedAnswer, Saying, SupportService, TicketSubject, TicketText},
};
use poem_openapi::{Object, OpenApi, param::Path};
use serde::Deserialize;

use crate::http::{
    body::{Body, Created, Listed, NoContent, Shown, Text},
    detached::detached,
    problem::Problem,
    staff_scheme::{Staff, may},
    tags::Tag,
};

/// What a canned answer is to be.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "NewCannedAnswer")]
pub struct SayingBody {
    /// What it is for, in a line.
    pub name: Text<TicketSubject>,
    /// What it says. Plain text.
    pub body: Text<TicketText>,
}

impl SayingBody {
    fn parse(self) -> Saying {
        Saying { name: self.name.0, text: self.body.0 }
    }
}

/// A canned answer.
#[derive(Debug, Object)]
#[oai(rename = "CannedAnswer")]
pub struct CannedBody {
    /// Its identifier.
    pub id: Text<CannedAnswerId>,
    /// What it is for, in a line.
    pub name: String,
    /// What it says: plain text, to be escaped wherever it is shown.
    pub body: String,
    /// When it was last changed.
    pub updated_at: Text<Time>,
}

impl From<CannedAnswer> for CannedBody {
    fn from(canned: CannedAnswer) -> Self {
        Self {
            id: Text(canned.id),
            name: canned.name.as_str().to_owned(),
            body: canned.text.as_str().to_owned(),
            updated_at: Text(canned.updated_at),
        }
    }
}

/// Routes of canned answers.
pub struct CannedApi {
    /// Keeps them.
    pub support: Arc<SupportService>,
}

#[OpenApi(prefix_path = "/api/v1/admin/canned-answers", tag = "Tag::Admin")]
impl CannedApi {
    /// What support says often
    ///
    /// By what it is for; all of it, which is 200 at most.
    #[oai(path = "/", method = "get", operation_id = "list_canned_answers")]
    async fn list(&self, _staff: Staff<may::Tickets>) -> Result<Shown<Listed<CannedBody>>, Problem> {
        let canned = self.support.canned_answers().await?;
        Ok(Shown(Listed::whole(canned.into_iter().map(CannedBody::from).collect())))
    }

    /// Add a canned answer
    #[oai(path = "/", method = "post", operation_id = "add_canned_answer")]
    async fn add(
        &self,
        staff: Staff<may::Tickets>,
        body: Body<SayingBody>,
    ) -> Result<Created<CannedBody>, Problem> {
        let (support, actor, id, saying) = (self.support.clone(), staff.0, self.support.id(), body.0.parse());
        let canned = detached(async move { support.add_canned(&actor, id, saying).await }).await?;
        let location = format!("/api/v1/admin/canned-answers/{}", canned.id);
        Ok(Created::new(canned.into(), location))
    }

    /// Change a canned answer
    #[oai(path = "/:id", method = "put", operation_id = "change_canned_answer")]
    async fn change(
        &self,
        staff: Staff<may::Tickets>,
        id: Path<Text<CannedAnswerId>>,
        body: Body<SayingBody>,
    ) -> Result<Shown<CannedBody>, Problem> {
        let (support, actor, saying) = (self.support.clone(), staff.0, body.0.parse());
        let canned = detached(async move { support.change_canned(&actor, id.0.0, &saying).await }).await?;
        Ok(Shown(canned.into()))
    }

    /// Take a canned answer out of use
    #[oai(path = "/:id", method = "delete", operation_id = "remove_canned_answer")]
    async fn remove(
        &self,
        staff: Staff<may::Tickets>,
        id: Path<Text<CannedAnswerId>>,
    ) -> Result<NoContent, Problem> {
        let (support, actor) = (self.support.clone(), staff.0);
        detached(async move { support.remove_canned(&actor, id.0.0).await }).await?;
        Ok(NoContent)
    }
}
