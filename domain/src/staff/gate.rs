//! The gate of everything that staff does: one pure decision over the session, its user and the asking address.

use std::net::IpAddr;

use crate::{
    Time,
    auth::{SecondFactor, Standing},
    staff::{Allowlist, Permission},
};

/// What a request must show besides a staff sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Nothing.
    SignIn,
    /// A step-up of a few minutes ago: for money, staff and settings.
    StepUp,
}

/// What somebody wants to do, and from where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// What he must be permitted.
    pub permission: Permission,
    /// What he must have shown.
    pub proof: Proof,
    /// The client's address.
    pub from: IpAddr,
}

/// Why somebody may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// He is no staff, or his role is not permitted this.
    #[error("this credential may not do this")]
    NotPermitted,
    /// The password must be changed before anything else.
    #[error("the password must be changed first")]
    PasswordDue,
    /// His second factor is off, or the session began without it.
    #[error("a sign-in with a second factor is required")]
    SecondFactorRequired,
    /// The session has been idle for 30 minutes, or is 12 hours old, or has ended.
    #[error("this sign-in is over for staff")]
    SessionOver,
    /// Staff may not come from this address.
    #[error("staff may not come from this address")]
    AddressNotAllowed,
    /// It takes a step-up.
    #[error("a step-up is required")]
    StepUpRequired,
}

/// Decides. Nothing is told about permissions before the sign-in itself is good enough for staff.
///
/// # Errors
/// The first [`Refusal`] that applies.
pub fn admit(standing: &Standing, allowlist: &Allowlist, ask: &Ask, now: Time) -> Result<(), Refusal> {
    let Standing { session, user } = standing;
    if !user.role.is_staff() || user.is_suspended(now) {
        return Err(Refusal::NotPermitted);
    }
    if user.must_change_password {
        return Err(Refusal::PasswordDue);
    }
    match &user.second_factor {
        SecondFactor::On(factor) if factor.since <= session.created_at => {}
        SecondFactor::Off | SecondFactor::Pending(_) | SecondFactor::On(_) => {
            return Err(Refusal::SecondFactorRequired);
        }
    }
    if !session.is_open(now) || !session.is_fit_for_staff(now) {
        return Err(Refusal::SessionOver);
    }
    if !allowlist.admits(ask.from) {
        return Err(Refusal::AddressNotAllowed);
    }
    if !ask.permission.is_of(user.role) {
        return Err(Refusal::NotPermitted);
    }
    match ask.proof {
        Proof::StepUp if !session.is_elevated(now) => Err(Refusal::StepUpRequired),
        Proof::StepUp | Proof::SignIn => Ok(()),
    }
}
