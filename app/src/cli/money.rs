//! `money …`: the words of its commands. What is wrong with one is told before anything is opened.

use clap::{Args, Subcommand, ValueEnum};
use namaskah_domain::{
    Amount, Currency, GrantId, IdempotencyKey, Money as Sum, MoneyError, PaymentId, RefundId, Time, UserId,
    auth::Email,
    payment::{GatewayDisputeId, GatewayRefundId},
    wallet::Reason,
};

/// What staff can do with money.
#[derive(Debug, Subcommand)]
pub enum Money {
    /// Corrects a wallet. A debit takes no more than is available.
    #[command(group = clap::ArgGroup::new("sign").required(true).args(["credit", "debit"]))]
    Adjust {
        /// Whose: an address or an identifier.
        #[arg(long, value_parser = user)]
        user: UserName,
        /// Gives so many dollars.
        #[arg(long, value_name = "AMOUNT", value_parser = dollars)]
        credit: Option<Amount>,
        /// Takes so many dollars.
        #[arg(long, value_name = "AMOUNT", value_parser = dollars)]
        debit: Option<Amount>,
        /// Why, and once.
        #[command(flatten)]
        why: Why,
    },
    /// Money that the house gives.
    Promo {
        /// What to do.
        #[command(subcommand)]
        what: Promo,
    },
    /// Payments that are not what was asked.
    Suspense {
        /// What to do.
        #[command(subcommand)]
        what: Suspense,
    },
    /// Refunds that have no end.
    Refund {
        /// What to do.
        #[command(subcommand)]
        what: Refund,
    },
    /// Disputes that are not decided.
    Dispute {
        /// What to do.
        #[command(subcommand)]
        what: Dispute,
    },
    /// Gives up all that a user owes.
    WriteOffDebt {
        /// Whose: an address or an identifier.
        #[arg(long, value_parser = user)]
        user: UserName,
        /// Why, and once.
        #[command(flatten)]
        why: Why,
    },
    /// The house's own money.
    Treasury {
        /// What to do.
        #[command(subcommand)]
        what: Treasury,
    },
}

/// What can be done with promo money.
#[derive(Debug, Subcommand)]
pub enum Promo {
    /// Gives it: spent first, never withdrawn.
    Grant {
        /// To whom: an address or an identifier.
        #[arg(long, value_parser = user)]
        user: UserName,
        /// How many dollars.
        #[arg(long, value_parser = dollars)]
        amount: Amount,
        /// From when on what is left is taken back, as 2026-12-31T23:00:00Z; never, if not said.
        #[arg(long, value_name = "TIME", value_parser = time)]
        expires_at: Option<Time>,
        /// Why, and once.
        #[command(flatten)]
        why: Why,
    },
    /// Takes back what is left of it.
    ClawBack {
        /// Which grant.
        #[arg(long, value_parser = id::<GrantId>)]
        grant: GrantId,
        /// Why, and once.
        #[command(flatten)]
        why: Why,
    },
}

/// What can be done with suspense.
#[derive(Debug, Subcommand)]
pub enum Suspense {
    /// Lists what waits, oldest first.
    List,
    /// Closes one, once.
    Resolve {
        /// Which payment.
        #[arg(value_parser = id::<PaymentId>)]
        payment: PaymentId,
        /// Where the money goes.
        #[arg(long)]
        to: Destination,
        /// Your name for this command; the same one again changes nothing.
        #[arg(long, value_parser = IdempotencyKey::try_new)]
        key: IdempotencyKey,
    },
}

/// What can be done with refunds.
#[derive(Debug, Subcommand)]
pub enum Refund {
    /// Ends one that has no end, as you see it at the gateway, once. What the gateway lists later still counts.
    Settle {
        /// Which refund.
        #[arg(value_parser = id::<RefundId>)]
        refund: RefundId,
        /// How it ended.
        #[arg(long = "as", value_name = "END")]
        end: End,
        /// What the gateway calls it: needed for `processed` if we do not know.
        #[arg(long, value_name = "NAME", value_parser = GatewayRefundId::try_new)]
        named: Option<GatewayRefundId>,
        /// Why, and once.
        #[command(flatten)]
        why: Why,
    },
}

/// What can be done with disputes.
#[derive(Debug, Subcommand)]
pub enum Dispute {
    /// Decides one that is open, as you see it at the gateway, once. What the gateway lists later still counts.
    Settle {
        /// Which dispute, as the gateway calls it.
        #[arg(value_name = "NAME", value_parser = GatewayDisputeId::try_new)]
        dispute: GatewayDisputeId,
        /// How it was decided.
        #[arg(long = "as", value_name = "END")]
        end: Verdict,
        /// What the customer was given, if it is not what was claimed: "16000.00 NGN".
        #[arg(long, value_name = "AMOUNT", value_parser = sum)]
        given_back: Option<Amount>,
        /// Why, and once.
        #[command(flatten)]
        why: Why,
    },
}

/// How a dispute was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Verdict {
    /// The house keeps the money: what is frozen is free.
    Won,
    /// The customer has the money: it is taken from the wallet, and the rest is owed.
    Lost,
}

/// How a refund ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum End {
    /// The customer has the money: what is held is spent.
    Processed,
    /// It came to nothing: what is held is released.
    Failed,
}

/// Where a payment in suspense goes.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Destination {
    /// To the wallet of who opened the payment, at the rate in force.
    Owner,
    /// Back to where it was paid from. This changes the books, and says what is still to be refunded at the gateway.
    Source,
}

/// What can be done with the house's own money. An AMOUNT has its currency: "1600000.00 NGN".
#[derive(Debug, Subcommand)]
pub enum Treasury {
    /// The gateway has paid out to our bank.
    Payout {
        /// How much arrived.
        #[arg(value_parser = sum)]
        amount: Amount,
        /// Why, and once.
        #[command(flatten)]
        why: Why,
    },
    /// Our balance at the provider was topped up from our bank.
    TopUp {
        /// How much, in dollars.
        #[arg(value_parser = sum)]
        amount: Amount,
        /// Why, and once.
        #[command(flatten)]
        why: Why,
    },
    /// Our bank has exchanged money.
    Convert {
        /// What left.
        #[arg(long, value_name = "AMOUNT", value_parser = sum)]
        sold: Amount,
        /// What arrived, in another currency.
        #[arg(long, value_name = "AMOUNT", value_parser = sum)]
        bought: Amount,
        /// Why, and once.
        #[command(flatten)]
        why: Why,
    },
}

/// Why something is done, and under which name it is done once.
#[derive(Debug, Args)]
pub struct Why {
    /// Why: it is kept with the movement.
    #[arg(long, value_parser = Reason::try_new)]
    pub reason: Reason,
    /// Your name for this command; the same one again changes nothing.
    #[arg(long, value_parser = IdempotencyKey::try_new)]
    pub key: IdempotencyKey,
}

/// How a user is named.
#[derive(Debug, Clone)]
pub enum UserName {
    /// By address.
    Email(Email),
    /// By identifier.
    Id(UserId),
}

fn user(text: &str) -> Result<UserName, String> {
    if let Ok(id) = text.parse() {
        return Ok(UserName::Id(id));
    }
    Email::try_new(text)
        .map(UserName::Email)
        .map_err(|_| "neither an address nor an identifier (usr_…)".into())
}

fn dollars(text: &str) -> Result<Amount, MoneyError> {
    Amount::try_new(Sum::parse(text, Currency::Usd)?)
}

fn sum(text: &str) -> Result<Amount, String> {
    let (number, currency) =
        text.split_once(' ').ok_or("an amount has its currency, as in \"1600000.00 NGN\"")?;
    let parsed = currency.parse().and_then(|currency| Sum::parse(number, currency)).and_then(Amount::try_new);
    parsed.map_err(|error| error.to_string())
}

fn time(text: &str) -> Result<Time, String> {
    let parsed = chrono::DateTime::parse_from_rfc3339(text).map(|time| time.with_timezone(&chrono::Utc));
    parsed.map_err(|_| "not a time in RFC 3339, as 2026-12-31T23:00:00Z".into())
}

fn id<T: std::str::FromStr<Err = namaskah_domain::InvalidId>>(
    text: &str,
) -> Result<T, namaskah_domain::InvalidId> {
    text.parse()
}
