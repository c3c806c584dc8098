//! The user's own record.

use namaskah_domain::auth::{ChangeEmail, DeleteAccountError};
use poem_openapi::OpenApi;

use super::{
    body::{ChangeMeBody, IdentityBody, MeBody, SentBody},
    export::{Export, Sources},
};
use crate::http::{
    auth_scheme::SignedIn,
    body::{Accepted, Body, NoContent, Shown},
    detached::detached,
    middleware::rate::Meter,
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
    async fn me(&self, user: SignedIn) -> Result<Shown<MeBody>, Problem> {
        let identities = self.sources.auth.identities(user.id()).await?;
        let identities = identities.into_iter().map(IdentityBody::from).collect();
        let user = self.sources.auth.me(user.id()).await?.into();
        Ok(Shown(MeBody { user, identities }))
    }

    /// Change your address
    ///
    /// Needs a step-up. Mails a link to the new address, and a notice to the present one; nothing changes until the link
    /// is followed. A taken address gets the same answer.
    #[oai(path = "/", method = "patch", operation_id = "change_me")]
    async fn change(
        &self,
        user: SignedIn,
        meter: Meter,
        body: Body<ChangeMeBody>,
    ) -> Result<Accepted<SentBody>, Problem> {
        meter.mail(&body.0.email.0).await?;
        let (auth, command) = (self.sources.auth.clone(), ChangeEmail { by: user.0, email: body.0.email.0 });
        detached(async move { auth.change_email(command).await }).await?;
        Ok(super::sent(super::SentWord::VerificationSent))
    }

    /// Everything that is kept about you
    #[oai(path = "/export", method = "get", operation_id = "export_me")]
    async fn export(&self, user: SignedIn) -> Result<Export, Problem> {
        Export::begin(self.sources.clone(), user.0).await
    }

    /// Close your account
    ///
    /// Needs a step-up. Refused while there is a balance, an open order or a debt. Numbers and texts of your orders are erased.
    #[oai(path = "/", method = "delete", operation_id = "delete_me")]
    async fn delete(&self, user: SignedIn) -> Result<NoContent, Problem> {
        let (auth, retention, by) = (self.sources.auth.clone(), self.sources.retention.clone(), user.0);
        detached(async move {
            auth.delete_account(by).await?;
            // The account is closed whatever comes of this; what is left is erased when its time is over.
            if let Err(error) = retention.purge_user(by.user).await {
                tracing::error!(user = %by.user, %error, "numbers and texts of a closed account wait for their time");
            }
            Ok::<_, DeleteAccountError>(())
        })
        .await?;
        Ok(NoContent)
    }
}
