//! Use cases of staff.
//!
//! Architecture invariant: whatever staff changes is committed together with its line of the audit log.

mod endpoints;
mod members;
mod networks;
mod timeline;
mod users;

pub use timeline::Happening;
pub use users::{Suspend, UserDetail};

use std::sync::Arc;

use crate::{
    AuditId, Change, EndSessions, Fault, Page, PageOf, Time, UnitOfWork, UserId,
    auth::{
        ATTEMPTS, AuthService, DirectStandings, KeptChanging, MailTokenPurpose, SignedIn, Standing,
        Standings, User,
    },
    payment::PaymentReads,
    staff::{
        Actor, Allowlists, Ask, AuditAction, AuditEntry, AuditQuery, AuditSeals, By, Facts, GateError,
        ManageUserError, Permission, Proof, Refusal, SealedLog, StaffReads, Subject, gate,
    },
    verification::OrderReads,
};

/// Everything outside that staff's work needs, besides what sign-in has.
#[derive(Clone)]
pub struct StaffPorts {
    /// Reads.
    pub reads: Arc<dyn StaffReads>,
    /// From where staff may come, up to a second old: for every request.
    pub allowlists: Arc<dyn Allowlists>,
    /// Reads the sealed log again.
    pub seals: Arc<dyn AuditSeals>,
    /// Payments of users.
    pub payments: Arc<dyn PaymentReads>,
    /// Their orders.
    pub orders: Arc<dyn OrderReads>,
}

/// Lets staff in, and does what staff asks.
pub struct StaffService {
    auth: Arc<AuthService>,
    ports: StaffPorts,
}

impl StaffService {
    /// Over sign-in and any ports.
    pub fn new(auth: Arc<AuthService>, ports: StaffPorts) -> Self {
        Self { auth, ports }
    }

    /// Lets somebody who is signed in through the gate, and notes that his session is used, at most once a minute.
    ///
    /// # Errors
    /// `Refused`; `Unavailable` if the store cannot be read.
    pub async fn admit(&self, visitor: SignedIn, ask: Ask, request: String) -> Result<Actor, GateError> {
        let now = self.auth.ports.clock.now();
        let standing = match ask.proof {
            Proof::SignIn => self.auth.ports.standings.of_session(visitor.session).await?,
            // A step-up is of this very moment, and whoever takes one may have made it elsewhere.
            Proof::StepUp => {
                DirectStandings::new(self.auth.ports.reads.clone()).of_session(visitor.session).await?
            }
        };
        let standing =
            standing.filter(|standing| standing.user.id == visitor.user).ok_or(Refusal::SessionOver)?;
        gate::admit(&standing, &self.ports.allowlists.current().await?, &ask, now)?;
        let actor = Actor { user: standing.user.id, role: standing.user.role, ip: ask.from, request };
        self.note_use(standing, now).await?;
        Ok(actor)
    }

    /// What moves the session meanwhile is a use as well: a stale note is no loss.
    async fn note_use(&self, standing: Standing, now: Time) -> Result<(), Fault> {
        let Some(used) = standing.session.used(now) else { return Ok(()) };
        if self.auth.commit(UnitOfWork::new().with(Change::Session(used))).await? {
            self.auth.ports.standings.forget(standing.user.id).await;
        }
        Ok(())
    }

    /// Lines of the log, newest first.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn audit_log(
        &self,
        query: &AuditQuery,
        page: Page<AuditId>,
    ) -> Result<PageOf<AuditEntry>, Fault> {
        self.ports.reads.audit_log(query, page).await
    }

    /// Reads the sealed log again.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn verify_audit_log(&self) -> Result<SealedLog, Fault> {
        self.ports.seals.verify().await
    }

    /// The line of something that is done now.
    fn entry(
        &self,
        by: &By,
        action: AuditAction,
        subject: Subject,
        (before, after): (Facts, Facts),
        at: Time,
    ) -> Change {
        let id = self.auth.id(at);
        Change::Audited(AuditEntry { id, by: by.clone(), action, subject, before, after, at })
    }
}

/// What is to become of a user that staff manages.
struct Decided {
    /// At the next version.
    user: User,
    action: AuditAction,
    facts: (Facts, Facts),
    /// A token that is mailed to him.
    mail: Option<MailTokenPurpose>,
    /// What opens his account and ends with it.
    ends: Ends,
}

/// What opens an account and ends by what staff has decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// Nothing but a suspension: what waits for his webhook endpoints goes on.
    Suspension,
    /// All sessions.
    Sessions,
    /// All sessions, identities and keys, and webhook endpoints are off.
    All,
}

impl StaffService {
    /// The actor's own record, if it still permits this. Read afresh.
    async fn still(&self, actor: &Actor, permission: Permission, now: Time) -> Result<Option<User>, Fault> {
        let me = self.auth.ports.reads.user(actor.user).await?;
        Ok(me.filter(|me| permission.is_of(me.role) && !me.is_suspended(now)))
    }

    /// Decides on a user and commits that with its line of the log. Of staff only whoever makes staff may decide, and
    /// his own record goes along, so that no two can unmake each other at one moment.
    async fn manage(
        &self,
        actor: &Actor,
        id: UserId,
        decide: impl Fn(&Self, User, Time) -> Result<Option<Decided>, ManageUserError> + Send + Sync,
    ) -> Result<User, ManageUserError> {
        if id == actor.user {
            return Err(ManageUserError::Oneself);
        }
        for _ in 0..ATTEMPTS {
            let now = self.auth.ports.clock.now();
            let user = self.auth.ports.reads.user(id).await?;
            let user = user.filter(|user| !user.is_deleted()).ok_or(ManageUserError::NotFound)?;
            let mut unit = UnitOfWork::new();
            if user.role.is_staff() {
                let me = self.still(actor, Permission::Staff, now).await?;
                unit = unit.with(Change::User(me.ok_or(ManageUserError::NotPermitted)?.touched()));
            }
            let Some(decided) = decide(self, user.clone(), now)? else { return Ok(user) };
            unit = match decided.ends {
                Ends::Sessions => unit,
                Ends::All => self.auth.without_other_ways_in(unit, (id, &decided.user.email), now).await?,
                Ends::Suspension => self.going_on(unit, id).await?,
            };
            if self.auth.commit(self.managed(unit, actor, &decided, now)).await? {
                self.auth.ports.standings.forget(id).await;
                return Ok(decided.user);
            }
        }
        Err(Fault::new(KeptChanging).into())
    }

    fn managed(&self, unit: UnitOfWork, actor: &Actor, decided: &Decided, now: Time) -> UnitOfWork {
        let Decided { user, action, facts, mail, ends } = decided;
        let by = By::Staff(actor.clone());
        let entry = self.entry(&by, *action, Subject::user(user.id), facts.clone(), now);
        let mut unit = unit.with(Change::User(user.clone())).with(entry);
        if *ends != Ends::Suspension {
            unit = unit.with(Change::EndSessions(EndSessions { user: user.id, except: None, at: now }));
        }
        match mail {
            Some(purpose) => self.auth.mail_with_token(unit, user, *purpose, now),
            None => unit,
        }
    }
}
