//! The user's own record.

use poem_openapi::OpenApi;

use super::{
    body::UserBody,
    export::{Export, Sources},
};
use crate::http::{
    auth_scheme::SignedIn,
    body::{NoContent, Shown},
    detached::detached,
    problem::Problem,
    tags::Tag,
};

/// Routes of the user's own record.
pub struct MeApi {
    /// Where what is kept about a user is.
    pub sources: Sources,
}

#[OpenApi(prefix_path = "/api/v1/me", tag = "Tag::Auth")]
impl MeApi {
    /// You
    #[oai(path = "/", method = "get", operation_id = "get_me")]
    async fn me(&self, user: SignedIn) -> Result<Shown<UserBody>, Problem> {
        Ok(Shown(self.sources.auth.me(user.id()).await?.into()))
    }

    /// Everything that is kept about you
    #[oai(path = "/export", method = "get", operation_id = "export_me")]
    async fn export(&self, user: SignedIn) -> Result<Export, Problem> {
        Export::begin(self.sources.clone(), user.0).await
    }

    /// Close your account
    ///
    /// Refused while there is a balance, an open order or a debt.
    #[oai(path = "/", method = "delete", operation_id = "delete_me")]
    async fn delete(&self, user: SignedIn) -> Result<NoContent, Problem> {
        let (auth, id) = (self.sources.auth.clone(), user.id());
        detached(async move { auth.delete_account(id).await }).await?;
        Ok(NoContent)
    }
}
