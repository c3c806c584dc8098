//! Use cases of staff.
//!
//! Architecture invariant: whatever staff changes is committed together with its line of the audit log.

mod networks;

use std::sync::Arc;

use crate::{
    Change, Fault, Page, PageOf, Time, UnitOfWork,
    auth::{AuthService, SignedIn, Standing},
    staff::{
        Actor, Allowlists, Ask, AuditAction, AuditEntry, AuditQuery, AuditSeals, By, Facts, GateError,
        Refusal, SealedLog, StaffReads, Subject, gate,
    },
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
        let standing = self.auth.ports.standings.of_session(visitor.session).await?;
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
        page: Page<crate::AuditId>,
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
