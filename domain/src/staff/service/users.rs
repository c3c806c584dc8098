//! Users, as staff finds, sees and manages them.

use super::{Decided, Ends, StaffService};
use crate::{
    Fault, Page, PageOf, Time, UserId,
    auth::{Identity, MailTokenPurpose, Session, Suspension, User},
    payment::Intent,
    staff::{Actor, AuditAction, Facts, ManageUserError, UserFilter},
    wallet::{Account, Reason},
};

/// How many payments a user is shown with.
const PAYMENTS: u32 = 10;

/// A user, with what staff wants to know first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserDetail {
    /// The user.
    pub user: User,
    /// The money, and how many orders are open.
    pub account: Account,
    /// The newest payments.
    pub payments: Vec<Intent>,
    /// Open sessions, newest first.
    pub sessions: Vec<Session>,
    /// Identities that sign him in, newest first.
    pub identities: Vec<Identity>,
}

/// Until when a user is to do nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspend {
    /// Why.
    pub reason: Reason,
    /// Until when; `None`: until it is lifted.
    pub until: Option<Time>,
}

fn facts_of(suspension: Option<&Suspension>) -> Facts {
    Facts::none()
        .maybe("reason", suspension.map(|s| s.reason.as_str()))
        .at("since", suspension.map(|s| s.since))
        .at("until", suspension.and_then(|s| s.until))
}

impl StaffService {
    /// Users, newest first.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn users(&self, filter: &UserFilter, page: Page<UserId>) -> Result<PageOf<User>, Fault> {
        self.ports.reads.users(filter, self.auth.ports.clock.now(), page).await
    }

    /// One user; `None` if there is none.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn user(&self, id: UserId) -> Result<Option<UserDetail>, Fault> {
        let ports = &self.auth.ports;
        let Some(user) = ports.reads.user(id).await? else { return Ok(None) };
        let account = ports.accounts.account(id).await?.unwrap_or_else(|| Account::open(id));
        let payments = self.ports.payments.intents(id, Page { limit: PAYMENTS, after: None }).await?.rows;
        let sessions = ports.reads.open_sessions(id, ports.clock.now()).await?;
        let identities = ports.reads.identities(id).await?;
        Ok(Some(UserDetail { user, account, payments, sessions, identities }))
    }

    /// A user may do nothing for a time, and all his sessions end. His open orders go on and end by themselves; what is to
    /// be posted to his webhook endpoints waits.
    ///
    /// # Errors
    /// `NotFound`, `Oneself`, `NotPermitted`, `EndsBefore`; `Unavailable` if the store does not answer.
    pub async fn suspend(&self, actor: &Actor, id: UserId, cmd: Suspend) -> Result<User, ManageUserError> {
        self.manage(actor, id, |_, user, now| {
            if cmd.until.is_some_and(|until| until <= now) {
                return Err(ManageUserError::EndsBefore);
            }
            let before = facts_of(user.suspension.as_ref());
            let reason = cmd.reason.as_str().to_owned();
            let user = user.suspended(Suspension { reason, since: now, until: cmd.until });
            let facts = (before, facts_of(user.suspension.as_ref()));
            let action = AuditAction::UserSuspended;
            Ok(Some(Decided { user, action, facts, mail: None, ends: Ends::Sessions }))
        })
        .await
    }

    /// A user may do again what he could. Nothing is changed if he can.
    ///
    /// # Errors
    /// `NotFound`, `Oneself`, `NotPermitted`; `Unavailable` if the store does not answer.
    pub async fn unsuspend(&self, actor: &Actor, id: UserId) -> Result<User, ManageUserError> {
        self.manage(actor, id, |_, user, _| {
            if user.suspension.is_none() {
                return Ok(None);
            }
            let facts = (facts_of(user.suspension.as_ref()), Facts::none());
            let action = AuditAction::UserUnsuspended;
            Ok(Some(Decided { user: user.unsuspended(), action, facts, mail: None, ends: Ends::Suspension }))
        })
        .await
    }

    /// A user's password is void from now on: he is mailed a link that sets a new one, all his sessions, identities and
    /// keys end, and his webhook endpoints are off.
    ///
    /// # Errors
    /// `NotFound`, `Oneself`, `NotPermitted`; `Unavailable` if the store or the hasher does not answer.
    pub async fn force_reset(&self, actor: &Actor, id: UserId) -> Result<User, ManageUserError> {
        let unknown = self.auth.unguessable().await?;
        self.manage(actor, id, |_, user, now| {
            let due = |user: &User| Facts::none().with("must_change_password", user.must_change_password);
            let before = due(&user);
            let user = User { must_change_password: true, ..user.with_password(unknown.clone(), now) };
            let facts = (before, due(&user));
            let mail = Some(MailTokenPurpose::ResetPassword);
            Ok(Some(Decided { user, action: AuditAction::UserReset, facts, mail, ends: Ends::All }))
        })
        .await
    }

    /// Ends all sessions of a user.
    ///
    /// # Errors
    /// `NotFound`, `Oneself`, `NotPermitted`; `Unavailable` if the store does not answer.
    pub async fn end_sessions(&self, actor: &Actor, id: UserId) -> Result<User, ManageUserError> {
        self.manage(actor, id, |_, user, _| {
            let facts = (Facts::none(), Facts::none());
            let action = AuditAction::UserSessionsEnded;
            Ok(Some(Decided { user: user.touched(), action, facts, mail: None, ends: Ends::Sessions }))
        })
        .await
    }
}
