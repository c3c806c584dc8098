//! SeaORM entities, one a table, and how each becomes the domain's record and back.

/// An entity that joins nothing: records name each other by identifier alone.
macro_rules! alone {
    () => {
        #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
        pub enum Relation {}
        impl ActiveModelBehavior for ActiveModel {}
    };
}

pub(crate) mod account;
pub(crate) mod adjustment;
pub(crate) mod allowlist;
pub(crate) mod api_key;
pub(crate) mod audit_entry;
pub(crate) mod batch;
pub(crate) mod booking;
pub(crate) mod canned_answer;
pub(crate) mod claim;
pub(crate) mod dispute;
pub(crate) mod event;
pub(crate) mod finding;
pub(crate) mod grant;
pub(crate) mod hold;
pub(crate) mod identity;
pub(crate) mod intent;
pub(crate) mod job;
pub(crate) mod mail_suppression;
pub(crate) mod mail_token;
pub(crate) mod message;
pub(crate) mod notice;
pub(crate) mod notification;
pub(crate) mod notification_settings;
pub(crate) mod order;
pub(crate) mod pricing_rule;
pub(crate) mod provider_switch;
pub(crate) mod purchase;
pub(crate) mod quote;
pub(crate) mod reconciliation_run;
pub(crate) mod refresh_token;
pub(crate) mod refund;
pub(crate) mod schedule;
pub(crate) mod service_decision;
pub(crate) mod session;
pub(crate) mod shown_number;
pub(crate) mod suppressed_number;
pub(crate) mod suspended;
pub(crate) mod ticket;
pub(crate) mod ticket_line;
pub(crate) mod transfer;
pub(crate) mod user;
pub(crate) mod wallet_settings;
pub(crate) mod webhook_attempt;
pub(crate) mod webhook_cursor;
pub(crate) mod webhook_delivery;
pub(crate) mod webhook_endpoint;
