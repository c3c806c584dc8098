//! Every letter with facts that nobody's are, to look at.

use chrono::TimeDelta;
use namaskah_domain::{
    Amount, Currency, Id, Letter, MailSecret, Money, PaymentReference, Time, auth::Email, notification::News,
    support::TicketCategory, verification::ServiceCode,
};
use reqwest::Url;
use uuid::Uuid;

use super::{Unwritten, Words, letter_draft, news_draft, templates::Draft};

/// A letter to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// What it is called.
    pub name: &'static str,
    /// What it says.
    pub words: Words,
}

/// Every letter as a user would get it, with links under `site`.
///
/// # Errors
/// If a template cannot be filled.
pub fn previews(site: &Url) -> Result<Vec<Preview>, Unwritten> {
    let drafts = sample_letters(site).into_iter().chain(sample_news(site).ok_or(Unwritten)?);
    let preview = |draft: Draft| Ok(Preview { name: draft.name(), words: draft.try_into()? });
    drafts.map(preview).collect()
}

fn sample_letters(site: &Url) -> Vec<Draft> {
    let token = || MailSecret("sample-token".to_owned());
    let letters = [
        Letter::VerifyEmail { token: token() },
        Letter::AlreadyRegistered,
        Letter::ResetPassword { token: token() },
        Letter::PasswordChanged,
        Letter::SecondFactorOn,
        Letter::SecondFactorOff,
        Letter::ConfirmEmail { token: token() },
        Letter::EmailChangeAsked,
        Letter::EmailChanged,
        Letter::IdentityLinked,
        Letter::IdentityUnlinked,
        Letter::ApiKeyCreated,
        Letter::ApiKeyDeleted,
        Letter::TicketAnswered,
        Letter::WebhookEndpointOff,
        Letter::WebhookEndpointSet { user: Id::from_uuid(Uuid::from_u128(7)) },
    ];
    let to = Email::try_new("ada@example.com").ok();
    to.map(|to| letters.iter().map(|letter| letter_draft(letter, &to, site)).collect()).unwrap_or_default()
}

fn sample_news(site: &Url) -> Option<Vec<Draft>> {
    let usd = |cents| Money::from_subunits(cents, Currency::Usd).ok();
    let naira = Amount::try_new(Money::from_subunits(1_600_000, Currency::Ngn).ok()?).ok()?;
    let amount = Amount::try_new(usd(1_000)?).ok()?;
    let reference = PaymentReference::try_new("nmk-sample-0001").ok()?;
    let at = Time::UNIX_EPOCH + TimeDelta::days(20_783);
    let number = Uuid::from_u128(7);
    let news = [
        News::NewSignIn {
            device: Some("Firefox on <Linux>".to_owned()),
            ip: Some("203.0.113.7".to_owned()),
            at,
        },
        News::LowBalance { available: usd(187)?, threshold: Amount::try_new(usd(200)?).ok()? },
        News::DepositReceived { amount, charged: naira, reference: reference.clone(), at },
        News::RefundMade { amount, charged: naira, reference, at },
        News::NumberExpiring {
            order: Id::from_uuid(number),
            service: ServiceCode::try_new("telegram").ok()?,
            expires_at: at,
        },
        News::TicketOpened { ticket: Id::from_uuid(number), category: TicketCategory::Payment },
        News::PaymentSuspended { payment: Id::from_uuid(number) },
        News::MismatchesFound { run: Id::from_uuid(number) },
    ];
    Some(news.iter().map(|news| news_draft(news, site)).collect())
}
