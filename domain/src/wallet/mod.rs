//! Wallet: accounts, holds and the journal.
//!
//! A hold reserves an amount on the account's row and posts nothing; capture posts, release does not.
//! House accounts keep no balance: they are sums of transfers, so that no row is hot.

pub mod account;
pub mod balance;
pub mod booking;
pub mod books;
pub mod entry;
pub mod error;
pub mod grant;
pub mod hold;
pub mod ports;
pub mod repayment;
pub mod service;
pub mod settings;
pub mod statement;

pub use account::{Account, House, LedgerAccount, Pocket, Purse};
pub use balance::Balance;
pub use booking::{Booking, Direction, InvalidReason, Movement, Reason};
pub use books::{Book, BookError, BookService, ClawBack, Grant};
pub use entry::{Entry, EntryKind, JournalEntry, Legs, Source, Transfer, Unbalanced};
pub use error::WalletError;
pub use grant::{PromoGrant, newly_lapsed, room_for_promo, take_back};
pub use hold::{EndHold, Hold, HoldEnd, HoldPurpose, HoldState, PlaceHold, Purpose, Split};
pub use ports::{BookReads, WalletReads};
pub use repayment::repay;
pub use service::WalletService;
pub use settings::{Crossing, Settings};
pub use statement::{EmptyPeriod, Period, Span, Statement};
