//! The user's own record.

use super::{ATTEMPTS, AuthService, KeptChanging, SignedIn};
use crate::{
    Change, EndSessions, Fault, Letter, Standing, Time, UnitOfWork, UserId,
    auth::{DeleteAccountError, Email, Identity, Remainder, SessionError, User},
    wallet::Account,
    webhook::{Endpoint, OffReason},
};

impl AuthService {
    /// The user.
    ///
    /// # Errors
    /// `NotFound`; `Unavailable` if the store cannot be read.
    pub async fn me(&self, user: UserId) -> Result<User, SessionError> {
        self.ports.reads.user(user).await?.ok_or(SessionError::NotFound)
    }

    /// The identities that sign in the user, newest first.
    ///
    /// # Errors
    /// `Unavailable` if the store cannot be read.
    pub async fn identities(&self, user: UserId) -> Result<Vec<Identity>, SessionError> {
        Ok(self.ports.reads.identities(user).await?)
    }

    /// Makes the user anonymous and ends every session, every key, every identity and every webhook endpoint. The journal stays, and names only the identifier. A
    /// payment that comes later is set aside.
    ///
    /// # Errors
    /// `NotEmpty` with money, open orders, debt, a dispute or a role of staff; `StepUpRequired`, with or without a second
    /// factor, since it cannot be undone; `NotFound`; `Unavailable` if the store does not answer.
    pub async fn delete_account(&self, by: SignedIn) -> Result<(), DeleteAccountError> {
        let user = by.user;
        for _ in 0..ATTEMPTS {
            let record = self.ports.reads.user(user).await?.ok_or(DeleteAccountError::NotFound)?;
            if record.role.is_staff() {
                return Err(DeleteAccountError::NotEmpty(Remainder::Role));
            }
            let account = self.ports.accounts.account(user).await?.ok_or(DeleteAccountError::NotFound)?;
            if let Some(remainder) = left_on(&account) {
                return Err(DeleteAccountError::NotEmpty(remainder));
            }
            let now = self.ports.clock.now();
            if !self.is_elevated(by, now).await? {
                return Err(DeleteAccountError::StepUpRequired);
            }
            // Keys, identities and endpoints are made together with the user's next version, so none escapes these lists.
            let keys = self.ports.reads.api_keys(user).await?.into_iter();
            let identities = self.ports.reads.identities(user).await?.into_iter();
            let endpoints = self.ports.webhooks.endpoints(user).await?.into_iter();
            // Whatever money came, or is about to by a decision that read the same account, makes this one stale.
            let unit = UnitOfWork::new()
                .expecting(user, Standing::AsRead(account.version))
                .with(Change::User(record.anonymised(now)))
                .with(Change::EndSessions(EndSessions { user, except: None, at: now }));
            let unit = keys.fold(unit, |unit, key| unit.with(Change::ApiKey(key.anonymised(now))));
            let unit = identities.fold(unit, |unit, known| unit.with(Change::Identity(known.anonymised())));
            let unit = endpoints.fold(unit, |unit, e| unit.with(Change::WebhookEndpoint(e.deleted(now))));
            if self.commit(unit).await? {
                self.ports.standings.forget(user).await;
                return Ok(());
            }
        }
        Err(Fault::new(KeptChanging).into())
    }

    /// Adds the end of every key and every identity of a user, what opens his account besides the password, and switches
    /// his webhook endpoints off: whoever had the account may have left any of them. For a unit with his next version; all
    /// are made together with that, so none escapes these lists. He is told by mail of the endpoints.
    pub(crate) async fn without_other_ways_in(
        &self,
        unit: UnitOfWork,
        (user, to): (UserId, &Email),
        now: Time,
    ) -> Result<UnitOfWork, Fault> {
        let keys = self.ports.reads.api_keys(user).await?.into_iter();
        let identities = self.ports.reads.identities(user).await?.into_iter();
        let endpoints: Vec<Endpoint> =
            self.ports.webhooks.endpoints(user).await?.into_iter().filter(Endpoint::is_on).collect();
        let unit = keys.fold(unit, |unit, key| unit.with(Change::ApiKey(key.ended(now))));
        let unit = identities.fold(unit, |unit, known| unit.with(Change::Identity(known.anonymised())));
        if endpoints.is_empty() {
            return Ok(unit);
        }
        let off = |endpoint: Endpoint| Change::WebhookEndpoint(endpoint.off(OffReason::Recovered, now));
        let unit = endpoints.into_iter().map(off).fold(unit, UnitOfWork::with);
        Ok(self.mail(unit, to, Letter::WebhookEndpointOff, now))
    }
}

fn left_on(account: &Account) -> Option<Remainder> {
    if account.open_orders > 0 {
        Some(Remainder::OpenOrders)
    } else if !account.may_order() {
        Some(Remainder::Debt)
    } else if account.wallet.posted.is_zero() && account.promo.posted.is_zero() {
        None
    } else {
        Some(Remainder::Balance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Currency, Money};

    #[test]
    fn only_an_account_without_orders_debt_dispute_and_money_is_empty() {
        let cent = Money::from_units(1, Currency::Usd);
        let empty = || Account::open(UserId::from_uuid(uuid::Uuid::nil()));
        let with = |change: fn(&mut Account, Money)| {
            let mut account = empty();
            change(&mut account, cent);
            left_on(&account)
        };
        assert_eq!(left_on(&empty()), None);
        assert_eq!(with(|account, cent| account.wallet.posted = cent), Some(Remainder::Balance));
        assert_eq!(with(|account, cent| account.promo.posted = cent), Some(Remainder::Balance));
        assert_eq!(with(|account, _| account.open_orders = 1), Some(Remainder::OpenOrders));
        assert_eq!(with(|account, cent| account.debt = cent), Some(Remainder::Debt));
        assert_eq!(with(|account, _| account.frozen = true), Some(Remainder::Debt));
    }
}
