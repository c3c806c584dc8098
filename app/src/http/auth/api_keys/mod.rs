//! API keys: made, listed, deleted. By people alone; no key makes another.

pub mod body;

use std::sync::Arc;

use namaskah_domain::{
    ApiKeyId,
    auth::{AuthService, CreateApiKey},
};
use poem_openapi::{OpenApi, param::Path};

use self::body::{ApiKeyBody, ApiKeyCreateBody, NewApiKeyBody};
use crate::http::{
    auth_scheme::SignedIn,
    body::{Body, Created, Listed, NoContent, Shown, Text},
    detached::detached,
    problem::Problem,
    tags::Tag,
};

/// Routes of API keys.
pub struct ApiKeysApi {
    /// Keeps them.
    pub auth: Arc<AuthService>,
}

#[OpenApi(prefix_path = "/api/v1/api-keys", tag = "Tag::Auth")]
impl ApiKeysApi {
    /// Make an API key
    ///
    /// The secret is shown this once. Needs a step-up. At most 50 keys. You are told by mail.
    #[oai(path = "/", method = "post", operation_id = "create_api_key")]
    async fn create(
        &self,
        user: SignedIn,
        body: Body<ApiKeyCreateBody>,
    ) -> Result<Created<NewApiKeyBody>, Problem> {
        let command: CreateApiKey = body.0.parse(user.0)?;
        let auth = self.auth.clone();
        let new = detached(async move { auth.create_api_key(command).await }).await?;
        let location = format!("/api/v1/api-keys/{}", new.key.id);
        Ok(Created::new(new.into(), location))
    }

    /// Your API keys
    #[oai(path = "/", method = "get", operation_id = "list_api_keys")]
    async fn list(&self, user: SignedIn) -> Result<Shown<Listed<ApiKeyBody>>, Problem> {
        let keys = self.auth.api_keys(user.id()).await?;
        Ok(Shown(Listed::whole(keys.into_iter().map(ApiKeyBody::from).collect())))
    }

    /// Delete an API key
    ///
    /// It works nowhere any more. With a second factor it needs a step-up. You are told by mail.
    #[oai(path = "/:id", method = "delete", operation_id = "delete_api_key")]
    async fn delete(&self, user: SignedIn, id: Path<Text<ApiKeyId>>) -> Result<NoContent, Problem> {
        let (auth, by, id) = (self.auth.clone(), user.0, id.0.0);
        detached(async move { auth.delete_api_key(by, id).await }).await?;
        Ok(NoContent)
    }
}
