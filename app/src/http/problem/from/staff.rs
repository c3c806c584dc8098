//! Errors of the gate of staff, and of what staff does.

use namaskah_domain::staff::{
    AddStaffError, AllowlistError, AllowlistRefusal, GateError, ManageUserError, Refusal,
};

use super::{second_factor::step_up_required, unavailable};
use crate::http::problem::Problem;

impl From<GateError> for Problem {
    fn from(error: GateError) -> Self {
        match error {
            GateError::Refused(refusal) => refusal.into(),
            GateError::Unavailable(fault) => unavailable(&fault),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotPermitted => Self::refused(403, "forbidden", &"You may not do this."),
            Refusal::PasswordDue => {
                Self::refused(403, "password_change_required", &"The password must be changed first.")
            }
            Refusal::SecondFactorRequired => Self::refused(
                403,
                "second_factor_required",
                &"Turn your second factor on, then sign in anew with a code.",
            ),
            Refusal::SessionOver => {
                Self::refused(401, "staff_session_over", &"This sign-in is over for staff. Sign in anew.")
            }
            Refusal::AddressNotAllowed => {
                Self::refused(403, "address_not_allowed", &"Staff may not come from this address.")
            }
            Refusal::StepUpRequired => step_up_required(),
        }
    }
}

impl From<AllowlistError> for Problem {
    fn from(error: AllowlistError) -> Self {
        match error {
            AllowlistError::Refused(AllowlistRefusal::LocksOut) => {
                Self::refused(409, "would_lock_you_out", &"The list would shut out your own address.")
            }
            AllowlistError::Refused(AllowlistRefusal::Listed) => {
                Self::invalid("network", "conflict", "it is on the list already")
            }
            AllowlistError::Refused(AllowlistRefusal::Full) => {
                Self::invalid("network", "out_of_range", "the list has a hundred networks")
            }
            AllowlistError::Refused(AllowlistRefusal::NotListed) => Self::not_found(),
            AllowlistError::Unavailable(fault) => unavailable(&fault),
        }
    }
}

impl From<AddStaffError> for Problem {
    fn from(error: AddStaffError) -> Self {
        match error {
            AddStaffError::AlreadyStaff => {
                Self::refused(409, "already_staff", &"This address belongs to staff already.")
            }
            AddStaffError::NotPermitted => Refusal::NotPermitted.into(),
            AddStaffError::Unavailable(fault) => unavailable(&fault),
        }
    }
}

impl From<ManageUserError> for Problem {
    fn from(error: ManageUserError) -> Self {
        match error {
            ManageUserError::NotFound => Self::not_found(),
            ManageUserError::Oneself => {
                Self::refused(409, "own_account", &"Nobody does this to his own account.")
            }
            ManageUserError::NotPermitted => Refusal::NotPermitted.into(),
            ManageUserError::EndsBefore => Self::invalid("until", "out_of_range", "later than now"),
            ManageUserError::Unavailable(fault) => unavailable(&fault),
        }
    }
}
