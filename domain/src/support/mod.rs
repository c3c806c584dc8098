//! Support: tickets in which a user and staff write to each other.

pub mod canned;
pub mod error;
pub mod ports;
pub mod service;
pub mod ticket;
pub mod words;

pub use canned::{CannedAnswer, CannedAnswerError, MAX_CANNED, Saying};
pub use error::{OpenTicketError, TicketError};
pub use ports::{Reading, SupportReads, TicketQuery};
pub use service::{OpenTicket, SupportPorts, SupportService};
pub use ticket::{Author, Line, MAX_LINES, MAX_OPEN, Ticket, TicketCategory, TicketStatus};
pub use words::{InvalidWords, TicketSubject, TicketText};
