//! Calls: reads of users, and of the terms that new orders are held to.

use async_trait::async_trait;
use namaskah_domain::{
    Fault, Page, PageOf, PricingRuleId, SessionId, Time, UserId,
    auth::{
        ApiKey, AuthReads, Before, Email, Identity, Issuer, KeyStanding, MailToken, RefreshToken, Session,
        Subject, TokenHash, User,
    },
    verification::{Paid, PricingRule, ProviderSwitch, ServiceDecision, TermReads},
};

use super::Called;

#[async_trait]
impl AuthReads for Called<dyn AuthReads> {
    async fn user(&self, id: UserId) -> Result<Option<User>, Fault> {
        self.read(self.inner.user(id)).await
    }

    async fn user_by_email(&self, email: &Email) -> Result<Option<User>, Fault> {
        self.read(self.inner.user_by_email(email)).await
    }

    async fn session(&self, id: SessionId) -> Result<Option<Session>, Fault> {
        self.read(self.inner.session(id)).await
    }

    async fn session_by_cookie(&self, cookie: TokenHash) -> Result<Option<Session>, Fault> {
        self.read(self.inner.session_by_cookie(cookie)).await
    }

    async fn open_sessions(&self, user: UserId, now: Time) -> Result<Vec<Session>, Fault> {
        self.read(self.inner.open_sessions(user, now)).await
    }

    async fn signed_in_before<'a>(&self, user: UserId, device: Option<&'a str>) -> Result<Before, Fault> {
        self.read(self.inner.signed_in_before(user, device)).await
    }

    async fn refresh_token(&self, hash: TokenHash) -> Result<Option<RefreshToken>, Fault> {
        self.read(self.inner.refresh_token(hash)).await
    }

    async fn mail_token(&self, hash: TokenHash) -> Result<Option<MailToken>, Fault> {
        self.read(self.inner.mail_token(hash)).await
    }

    async fn api_keys(&self, user: UserId) -> Result<Vec<ApiKey>, Fault> {
        self.read(self.inner.api_keys(user)).await
    }

    async fn api_key(&self, hash: TokenHash) -> Result<Option<KeyStanding>, Fault> {
        self.read(self.inner.api_key(hash)).await
    }

    async fn identity(&self, issuer: &Issuer, subject: &Subject) -> Result<Option<Identity>, Fault> {
        self.read(self.inner.identity(issuer, subject)).await
    }

    async fn identities(&self, user: UserId) -> Result<Vec<Identity>, Fault> {
        self.read(self.inner.identities(user)).await
    }

    async fn staff_count(&self) -> Result<u32, Fault> {
        self.read(self.inner.staff_count()).await
    }
}

#[async_trait]
impl TermReads for Called<dyn TermReads> {
    async fn service_decisions(&self) -> Result<Vec<ServiceDecision>, Fault> {
        self.read(self.inner.service_decisions()).await
    }

    async fn provider_switches(&self) -> Result<Vec<ProviderSwitch>, Fault> {
        self.read(self.inner.provider_switches()).await
    }

    async fn open_pricing_rules(&self, now: Time) -> Result<Vec<PricingRule>, Fault> {
        self.read(self.inner.open_pricing_rules(now)).await
    }

    async fn pricing_rule(&self, id: PricingRuleId) -> Result<Option<PricingRule>, Fault> {
        self.read(self.inner.pricing_rule(id)).await
    }

    async fn pricing_rules(&self, page: Page<PricingRuleId>) -> Result<PageOf<PricingRule>, Fault> {
        self.read(self.inner.pricing_rules(page)).await
    }

    async fn paid_since(&self, since: Time) -> Result<Vec<Paid>, Fault> {
        self.read(self.inner.paid_since(since)).await
    }
}
