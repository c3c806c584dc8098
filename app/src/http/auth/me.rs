//! The user's own record.

use std::sync::Arc;

use namaskah_domain::auth::AuthService;
use poem_openapi::OpenApi;

use super::body::UserBody;
use crate::http::{
    auth_scheme::SignedIn,
    body::{NoContent, Shown},
    detached::detached,
    problem::Problem,
    tags::Tag,
};

/// Routes of the user's own record.
pub struct MeApi {
    /// Knows users.
    pub auth: Arc<AuthService>,
}

#[OpenApi(prefix_path = "/api/v1/me", tag = "Tag::Auth")]
impl MeApi {
    /// You
    #[oai(path = "/", method = "get", operation_id = "get_me")]
    async fn me(&self, user: SignedIn) -> Result<Shown<UserBody>, Problem> {
        Ok(Shown(self.auth.me(user.id()).await?.into()))
    }

    /// Close your account
    ///
    /// Refused while there is a balance, an open order or a debt.
    #[oai(path = "/", method = "delete", operation_id = "delete_me")]
    async fn delete(&self, user: SignedIn) -> Result<NoContent, Problem> {
        let (auth, id) = (self.auth.clone(), user.id());
        detached(async move { auth.delete_account(id).await }).await?;
        Ok(NoContent)
    }
}
