//! From where staff may come.

use std::sync::Arc;

use ipnet::IpNet;
use namaskah_domain::{
    Time, UserId,
    staff::{AllowedNetwork, StaffService},
    wallet::Reason,
};
use poem_openapi::{Object, OpenApi, param::Query};
use serde::Deserialize;

use crate::http::{
    body::{Body, Created, Listed, NoContent, Shown, Text},
    detached::detached,
    problem::Problem,
    staff_scheme::{Staff, SteppedUp, may},
    tags::Tag,
};

/// A network to enter.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "NewAllowedNetwork")]
pub struct AllowBody {
    /// Which. The address that asks must be in it, or in another one of the list.
    pub network: Text<IpNet>,
    /// What it is.
    pub note: Text<Reason>,
}

/// A network from which staff may come.
#[derive(Debug, Object)]
#[oai(rename = "AllowedNetwork")]
pub struct AllowedBody {
    /// Which.
    pub network: Text<IpNet>,
    /// What it is.
    pub note: String,
    /// Who entered it.
    pub added_by: Text<UserId>,
    /// When.
    pub added_at: Text<Time>,
}

impl From<AllowedNetwork> for AllowedBody {
    fn from(allowed: AllowedNetwork) -> Self {
        Self {
            network: Text(allowed.network),
            note: allowed.note.as_str().to_owned(),
            added_by: Text(allowed.added_by),
            added_at: Text(allowed.added_at),
        }
    }
}

/// Routes of the list.
pub struct NetworksApi {
    /// Keeps it.
    pub staff: Arc<StaffService>,
}

#[OpenApi(prefix_path = "/api/v1/admin/ip-allowlist", tag = "Tag::Admin")]
impl NetworksApi {
    /// From where staff may come
    ///
    /// An empty list means: from anywhere.
    #[oai(path = "/", method = "get", operation_id = "list_allowed_networks")]
    async fn list(&self, _staff: Staff<may::Settings>) -> Result<Shown<Listed<AllowedBody>>, Problem> {
        let list = self.staff.allowlist().await?;
        Ok(Shown(Listed::whole(list.networks.into_iter().map(AllowedBody::from).collect())))
    }

    /// Enter a network
    ///
    /// Refused if the list would then shut out the address that asks.
    #[oai(path = "/", method = "post", operation_id = "allow_network")]
    async fn allow(
        &self,
        staff: Staff<SteppedUp<may::Settings>>,
        body: Body<AllowBody>,
    ) -> Result<Created<AllowedBody>, Problem> {
        let AllowBody { network, note } = body.0;
        let (service, actor) = (self.staff.clone(), staff.0);
        let allowed = detached(async move { service.allow_network(&actor, network.0, note.0).await }).await?;
        let location = format!("/api/v1/admin/ip-allowlist?network={}", allowed.network);
        Ok(Created::new(allowed.into(), location))
    }

    /// Remove a network
    ///
    /// Refused if the list would then shut out the address that asks.
    #[oai(path = "/", method = "delete", operation_id = "remove_network")]
    async fn remove(
        &self,
        staff: Staff<SteppedUp<may::Settings>>,
        /// Which.
        network: Query<Text<IpNet>>,
    ) -> Result<NoContent, Problem> {
        let (service, actor) = (self.staff.clone(), staff.0);
        detached(async move { service.remove_network(&actor, network.0.0).await }).await?;
        Ok(NoContent)
    }
}
