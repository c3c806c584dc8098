//! Notifications: what users are told about, in the product and by mail, and what they wish of that.
//!
//! Architecture invariant: a notification, and the job that mails it, are in the commit of what they tell about. What
//! its user wishes is asked when it is shown and when it is mailed, so a commit about money asks nothing for it.

pub mod news;
pub mod occasion;
pub mod ports;
pub mod record;
pub mod service;
pub mod settings;
mod watching;

pub use news::News;
pub use occasion::{Channel, NotificationKind, Occasion};
pub use ports::{Ending, NotificationQuery, NotificationReads};
pub use record::Notification;
pub use service::{NotificationError, NotificationPorts, NotificationService};
pub use settings::{NotificationSettings, RequiredChannel};
pub use watching::EXPIRING_MINUTES;
