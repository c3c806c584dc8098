//! Webhook endpoints of users, as staff sees them and switches them off.

use super::StaffService;
use crate::{
    Change, EndpointId, Fault, Letter, Time, UnitOfWork, UserId,
    auth::{ATTEMPTS, KeptChanging},
    staff::{Actor, AuditAction, By, Facts, ManageUserError, Subject},
    wallet::Reason,
    webhook::{Endpoint, Standing},
};

fn facts_of(endpoint: &Endpoint, reason: Option<&Reason>) -> Facts {
    let why = match endpoint.standing {
        Standing::On => None,
        Standing::Off { why, .. } => Some(why.name()),
    };
    let facts = Facts::none().with("endpoint", endpoint.id).maybe("disabled_reason", why);
    match reason {
        Some(reason) => facts.with("reason", reason.as_str()),
        None => facts,
    }
}

impl StaffService {
    /// A user's endpoints, newest first.
    ///
    /// # Errors
    /// `NotFound`; `Unavailable` if the store cannot be read.
    pub async fn endpoints_of(&self, user: UserId) -> Result<Vec<Endpoint>, ManageUserError> {
        let ports = &self.auth.ports;
        ports.reads.user(user).await?.ok_or(ManageUserError::NotFound)?;
        Ok(ports.webhooks.endpoints(user).await?)
    }

    /// Nothing is posted to an endpoint until staff switches it on again; its user is told by mail, without the reason.
    /// Nothing is changed if that is so.
    ///
    /// # Errors
    /// `NotFound`, `Oneself`; `Unavailable` if the store does not answer.
    pub async fn switch_endpoint_off(
        &self,
        actor: &Actor,
        id: EndpointId,
        reason: &Reason,
    ) -> Result<Endpoint, ManageUserError> {
        let action = AuditAction::WebhookSwitchedOff;
        self.switch(actor, id, (action, Some(reason)), Endpoint::blocked).await
    }

    /// An endpoint that staff has switched off is on again. Nothing is changed if staff has not.
    ///
    /// # Errors
    /// `NotFound`, `Oneself`; `Unavailable` if the store does not answer.
    pub async fn switch_endpoint_on(
        &self,
        actor: &Actor,
        id: EndpointId,
    ) -> Result<Endpoint, ManageUserError> {
        self.switch(actor, id, (AuditAction::WebhookSwitchedOn, None), Endpoint::allowed).await
    }

    async fn switch(
        &self,
        actor: &Actor,
        id: EndpointId,
        (action, reason): (AuditAction, Option<&Reason>),
        decide: fn(Endpoint, Time) -> Option<Endpoint>,
    ) -> Result<Endpoint, ManageUserError> {
        let ports = &self.auth.ports;
        for _ in 0..ATTEMPTS {
            let now = ports.clock.now();
            let before = ports.webhooks.endpoint(id).await?.ok_or(ManageUserError::NotFound)?;
            if before.user == actor.user {
                return Err(ManageUserError::Oneself);
            }
            let Some(after) = decide(before.clone(), now) else { return Ok(before) };
            let facts = (facts_of(&before, None), facts_of(&after, reason));
            let by = By::Staff(actor.clone());
            let line = self.entry(&by, action, Subject::user(after.user), facts, now);
            let mut unit = UnitOfWork::new().with(Change::WebhookEndpoint(after.clone())).with(line);
            if before.is_on() {
                let user = ports.reads.user(after.user).await?.ok_or(ManageUserError::NotFound)?;
                unit = self.auth.mail(unit, &user.email, Letter::WebhookEndpointOff, now);
            }
            if self.auth.commit(unit).await? {
                return Ok(after);
            }
        }
        Err(Fault::new(KeptChanging).into())
    }

    /// What waits for a user's endpoints does not wait for the end of a suspension any more.
    pub(super) async fn going_on(&self, unit: UnitOfWork, user: UserId) -> Result<UnitOfWork, Fault> {
        let waits = |endpoint: &Endpoint| endpoint.health.rests_until.is_some();
        let endpoints = self.auth.ports.webhooks.endpoints(user).await?.into_iter().filter(waits);
        Ok(endpoints.fold(unit, |unit, endpoint| unit.with(Change::WebhookEndpoint(endpoint.trusted()))))
    }
}
