//! Permissions, and the table of roles. What is not in the table is denied.

use crate::auth::Role;

/// Something that staff may be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Look at users.
    UsersRead,
    /// Suspend users, reset their passwords, end their sessions.
    UsersManage,
    /// Look at orders and purchases.
    OrdersRead,
    /// Cancel orders.
    OrdersCancel,
    /// Look at payments, movements and suspense.
    PaymentsRead,
    /// Give payments back.
    Refund,
    /// Close payments in suspense.
    Suspense,
    /// Propose corrections of wallets.
    Adjust,
    /// Decide on what others propose.
    Approve,
    /// Run reconciliation and close what it found.
    Reconcile,
    /// See providers, and switch them on and off.
    Providers,
    /// Set prices.
    Pricing,
    /// Block services.
    Services,
    /// Answer tickets.
    Tickets,
    /// See jobs, repeat and cancel them.
    Jobs,
    /// See figures.
    Stats,
    /// Take lists out of the system.
    Exports,
    /// Read the audit log.
    Audit,
    /// Make and unmake staff; manage the accounts of staff.
    Staff,
    /// Change settings, such as from where staff may come.
    Settings,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 20] = [
        Self::UsersRead,
        Self::UsersManage,
        Self::OrdersRead,
        Self::OrdersCancel,
        Self::PaymentsRead,
        Self::Refund,
        Self::Suspense,
        Self::Adjust,
        Self::Approve,
        Self::Reconcile,
        Self::Providers,
        Self::Pricing,
        Self::Services,
        Self::Tickets,
        Self::Jobs,
        Self::Stats,
        Self::Exports,
        Self::Audit,
        Self::Staff,
        Self::Settings,
    ];

    /// The table: what a role may do.
    pub const fn of(role: Role) -> &'static [Self] {
        match role {
            Role::Customer => &[],
            Role::Support => &[Self::UsersRead, Self::OrdersRead, Self::PaymentsRead, Self::Tickets],
            Role::Finance => &[
                Self::UsersRead,
                Self::OrdersRead,
                Self::PaymentsRead,
                Self::Refund,
                Self::Suspense,
                Self::Adjust,
                Self::Approve,
                Self::Reconcile,
                Self::Stats,
                Self::Exports,
            ],
            Role::Operator => &[
                Self::UsersRead,
                Self::OrdersRead,
                Self::OrdersCancel,
                Self::Providers,
                Self::Pricing,
                Self::Services,
                Self::Jobs,
                Self::Stats,
            ],
            Role::Owner => &Self::ALL,
        }
    }

    /// True if the role has it.
    pub fn is_of(self, role: Role) -> bool {
        Self::of(role).contains(&self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_may_nothing_and_an_owner_everything() {
        for permission in Permission::ALL {
            assert!(!permission.is_of(Role::Customer), "{permission:?}");
            assert!(permission.is_of(Role::Owner), "{permission:?}");
        }
    }

    #[test]
    fn those_who_make_staff_and_read_the_log_are_owners_alone() {
        for role in [Role::Support, Role::Finance, Role::Operator] {
            for permission in
                [Permission::Staff, Permission::Settings, Permission::Audit, Permission::UsersManage]
            {
                assert!(!permission.is_of(role), "{role:?} {permission:?}");
            }
        }
    }

    #[test]
    fn money_is_moved_by_finance_and_not_by_support_or_operators() {
        for permission in [Permission::Refund, Permission::Suspense, Permission::Adjust, Permission::Approve]
        {
            assert!(permission.is_of(Role::Finance));
            assert!(!permission.is_of(Role::Support) && !permission.is_of(Role::Operator));
        }
    }
}
