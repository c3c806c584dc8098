//! Who is staff: shown, added, given another role, removed; and the factor of whoever has lost it.

use super::{Decided, Ends, StaffService};
use crate::{
    Change, EndSessions, Fault, Letter, Time, UnitOfWork, UserId,
    auth::{ATTEMPTS, Email, KeptChanging, MailTokenPurpose, PasswordHash, Role, SecondFactor, User, opened},
    staff::{
        Actor, AddStaffError, AuditAction, By, Facts, ManageUserError, Permission, ResetFactorError, Subject,
    },
};

impl StaffService {
    /// Everybody with a staff role, oldest first.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn staff(&self) -> Result<Vec<User>, Fault> {
        self.ports.reads.staff().await
    }

    /// Makes staff of an address, and mails a link that sets its password. A customer of that address becomes staff
    /// with nothing that he signed in with before: his sessions, second factor, identities and keys end. Whoever had
    /// one of them would have it as staff.
    ///
    /// # Errors
    /// `AlreadyStaff`, `NotPermitted`; `Unavailable` if the store or the hasher does not answer.
    pub async fn add_staff(&self, actor: &Actor, email: &Email, role: Role) -> Result<User, AddStaffError> {
        let auth = &self.auth;
        let unknown = auth.unguessable().await?;
        for _ in 0..ATTEMPTS {
            let now = auth.ports.clock.now();
            let me = self.still(actor, Permission::Staff, now).await?.ok_or(AddStaffError::NotPermitted)?;
            let known = auth.ports.reads.user_by_email(email).await?;
            if known.as_ref().is_some_and(|user| user.role.is_staff()) {
                return Err(AddStaffError::AlreadyStaff);
            }
            let before = Facts::none().maybe("role", known.as_ref().map(|user| user.role.name()));
            let (user, unit) = match known {
                Some(user) => self.promoted(user, unknown.clone(), role, now).await?,
                None => {
                    let user = auth.new_user(email.clone(), unknown.clone(), now);
                    let user = User { role, must_change_password: true, ..user };
                    let unit = opened(&user);
                    (user, unit)
                }
            };
            let facts = (before, Facts::none().with("role", role.name()));
            let entry = self.entry(
                &By::Staff(actor.clone()),
                AuditAction::StaffAdded,
                Subject::user(user.id),
                facts,
                now,
            );
            let unit = unit.with(Change::User(me.touched())).with(entry);
            let unit = auth.mail_with_token(unit, &user, MailTokenPurpose::ResetPassword, now);
            if auth.commit(unit).await? {
                auth.ports.standings.forget(user.id).await;
                return Ok(user);
            }
        }
        Err(Fault::new(KeptChanging).into())
    }

    /// A customer who becomes staff with nothing that he signed in with before.
    async fn promoted(
        &self,
        user: User,
        unknown: PasswordHash,
        role: Role,
        now: Time,
    ) -> Result<(User, UnitOfWork), Fault> {
        let user = user.with_password(unknown, now);
        let user = User { role, must_change_password: true, second_factor: SecondFactor::Off, ..user };
        let everywhere = EndSessions { user: user.id, except: None, at: now };
        let unit = UnitOfWork::new().with(Change::User(user.clone())).with(Change::EndSessions(everywhere));
        let unit = self.auth.without_other_ways_in(unit, (user.id, &user.email), now).await?;
        Ok((user, unit))
    }

    /// Gives staff another role, [`Role::Customer`] to make it none. Ends all its sessions. Never oneself: so an owner
    /// stays, whoever else does the same at this moment.
    ///
    /// # Errors
    /// `NotFound`, `Oneself`, `NotPermitted`; `Unavailable` if the store does not answer.
    pub async fn change_role(&self, actor: &Actor, id: UserId, role: Role) -> Result<User, ManageUserError> {
        self.manage(actor, id, |_, user, _| {
            if !user.role.is_staff() {
                return Err(ManageUserError::NotFound);
            }
            if user.role == role {
                return Ok(None);
            }
            let action =
                if role.is_staff() { AuditAction::StaffRoleChanged } else { AuditAction::StaffRemoved };
            let facts =
                (Facts::none().with("role", user.role.name()), Facts::none().with("role", role.name()));
            Ok(Some(Decided {
                user: User { role, ..user }.touched(),
                action,
                facts,
                mail: None,
                ends: Ends::Sessions,
            }))
        })
        .await
    }

    /// Turns off the second factor of an address whose user has lost it, and ends all his sessions. For the console.
    ///
    /// # Errors
    /// `NotFound`, `NotOn`; `Unavailable` if the store does not answer.
    pub async fn reset_factor(&self, email: &Email) -> Result<User, ResetFactorError> {
        let auth = &self.auth;
        for _ in 0..ATTEMPTS {
            let now = auth.ports.clock.now();
            let user = auth.ports.reads.user_by_email(email).await?.ok_or(ResetFactorError::NotFound)?;
            if user.second_factor == SecondFactor::Off {
                return Err(ResetFactorError::NotOn);
            }
            let user = user.with_second_factor(SecondFactor::Off);
            let facts =
                (Facts::none().with("second_factor", "on"), Facts::none().with("second_factor", "off"));
            let subject = Subject::user(user.id);
            let entry = self.entry(&By::Console, AuditAction::FactorReset, subject, facts, now);
            let unit = UnitOfWork::new()
                .with(Change::User(user.clone()))
                .with(Change::EndSessions(EndSessions { user: user.id, except: None, at: now }))
                .with(entry);
            if auth.commit(auth.mail(unit, email, Letter::SecondFactorOff, now)).await? {
                auth.ports.standings.forget(user.id).await;
                return Ok(user);
            }
        }
        Err(Fault::new(KeptChanging).into())
    }
}
