//! What letters say, whoever sends them: a subject, a text and its HTML, out of the templates in `templates/letters`.

mod samples;
mod templates;

use std::fmt;

use namaskah_domain::{Amount, Letter, Money, Time, auth::Email, notification::News};
use reqwest::Url;

pub use samples::{Preview, previews};
use templates::Draft;

/// A letter in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// In one line.
    pub subject: &'static str,
    /// For those who read no HTML.
    pub text: String,
    /// The same as HTML. What a user wrote is escaped.
    pub html: String,
}

/// A template that could not be filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the letter cannot be written")]
pub struct Unwritten;

impl TryFrom<Draft> for Words {
    type Error = Unwritten;

    fn try_from(draft: Draft) -> Result<Self, Unwritten> {
        let (text, html) = (draft.text().map_err(|_| Unwritten)?, draft.html().map_err(|_| Unwritten)?);
        Ok(Self { subject: draft.subject(), text, html })
    }
}

/// A letter in words. `to` is whom it is sent to: a link that proves an address names it. `site` is where links lead.
///
/// # Errors
/// If the template cannot be filled, which no fact makes happen.
pub fn of_letter(letter: &Letter, to: &Email, site: &Url) -> Result<Words, Unwritten> {
    letter_draft(letter, to, site).try_into()
}

/// A letter about a notification in words.
///
/// # Errors
/// As [`of_letter`].
pub fn of_news(news: &News, site: &Url) -> Result<Words, Unwritten> {
    news_draft(news, site).try_into()
}

fn letter_draft(letter: &Letter, to: &Email, site: &Url) -> Draft {
    let home = site.to_string();
    match letter {
        Letter::VerifyEmail { token } => {
            Draft::VerifyEmail { link: link(site, "verify-email", &[("token", &token.0)]) }
        }
        Letter::AlreadyRegistered => Draft::AlreadyRegistered { site: home },
        Letter::ResetPassword { token } => {
            Draft::ResetPassword { link: link(site, "reset-password", &[("token", &token.0)]) }
        }
        Letter::PasswordChanged => Draft::PasswordChanged { site: home },
        Letter::SecondFactorOn => Draft::SecondFactorOn { site: home },
        Letter::SecondFactorOff => Draft::SecondFactorOff { site: home },
        Letter::ConfirmEmail { token } => Draft::ConfirmEmail {
            link: link(site, "confirm-email", &[("token", &token.0), ("email", to.as_str())]),
        },
        Letter::EmailChangeAsked => Draft::EmailChangeAsked { site: home },
        Letter::EmailChanged => Draft::EmailChanged { site: home },
        Letter::IdentityLinked => Draft::IdentityLinked { site: home },
        Letter::IdentityUnlinked => Draft::IdentityUnlinked { site: home },
        Letter::ApiKeyCreated => Draft::ApiKeyCreated { site: home },
        Letter::ApiKeyDeleted => Draft::ApiKeyDeleted { site: home },
        Letter::TicketAnswered => Draft::TicketAnswered { site: home },
        Letter::WebhookEndpointOff => Draft::WebhookEndpointOff { site: home },
        Letter::WebhookEndpointSet { .. } => Draft::WebhookEndpointSet { site: home },
    }
}

fn news_draft(news: &News, site: &Url) -> Draft {
    let site = site.to_string();
    match news {
        News::NewSignIn { device, ip, at } => {
            let told = |fact: &Option<String>| fact.clone().unwrap_or_else(|| "unknown".to_owned());
            Draft::NewSignIn { site, device: told(device), ip: told(ip), at: minute(*at) }
        }
        News::TicketAnswered { .. } => Draft::TicketAnswered { site },
        News::LowBalance { available, threshold } => {
            Draft::LowBalance { site, available: sum(*available), threshold: whole(*threshold) }
        }
        News::DepositReceived { amount, charged, reference, at } => Draft::DepositReceived {
            site,
            amount: whole(*amount),
            charged: whole(*charged),
            reference: reference.as_str().to_owned(),
            at: minute(*at),
        },
        News::RefundMade { amount, charged, reference, at } => Draft::RefundMade {
            site,
            amount: whole(*amount),
            charged: whole(*charged),
            reference: reference.as_str().to_owned(),
            at: minute(*at),
        },
        News::NumberExpiring { order, service, expires_at } => Draft::NumberExpiring {
            site,
            order: order.to_string(),
            service: service.as_str().to_owned(),
            expires_at: minute(*expires_at),
        },
        News::TicketOpened { ticket, category } => {
            Draft::TicketOpened { site, ticket: ticket.to_string(), category: category.name().to_owned() }
        }
        News::PaymentSuspended { payment } => Draft::PaymentSuspended { site, payment: payment.to_string() },
        News::MismatchesFound { run } => Draft::MismatchesFound { site, run: run.to_string() },
    }
}

fn sum(money: Money) -> String {
    format!("{money} {}", money.currency())
}

fn whole(amount: Amount) -> String {
    sum(amount.money())
}

/// To the minute, in UTC.
fn minute(at: Time) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

fn link(site: &Url, page: &str, carried: &[(&str, &str)]) -> String {
    let mut link = site.clone();
    // Never fails: senders accept only addresses with a path.
    if let Ok(mut path) = link.path_segments_mut() {
        path.pop_if_empty().push(page);
    }
    // Behind the `#`, so that no server and no proxy on the way reads it when the page is opened.
    let carried = link.query_pairs_mut().clear().extend_pairs(carried).finish().query().map(str::to_owned);
    link.set_query(None);
    link.set_fragment(carried.as_deref());
    link.into()
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Subject: {}\n\n{}", self.subject, self.text)
    }
}

#[cfg(test)]
mod tests {
    use namaskah_domain::MailSecret;

    use super::*;

    fn url(site: &str) -> Url {
        Url::parse(site).expect("an address")
    }

    fn told(letter: &Letter, site: &str) -> Words {
        let to = Email::try_new("ada+new@example.com").expect("an address");
        of_letter(letter, &to, &url(site)).expect("written")
    }

    fn verify(token: &str) -> Letter {
        Letter::VerifyEmail { token: MailSecret(token.into()) }
    }

    #[test]
    fn the_link_leads_under_the_public_address_and_carries_the_token() {
        for base in ["http://127.0.0.1:8080", "http://127.0.0.1:8080/"] {
            let words = told(&verify("abc-DEF_1"), base);
            assert!(
                words.text.contains("\nhttp://127.0.0.1:8080/verify-email#token=abc-DEF_1\n"),
                "{}",
                words.text
            );
            assert!(words.html.contains("href=\"http://127.0.0.1:8080/verify-email#token=abc-DEF_1\""));
        }
        let reset = Letter::ResetPassword { token: MailSecret("t".into()) };
        let words = told(&reset, "https://example.com/app");
        assert!(words.text.contains("\nhttps://example.com/app/reset-password#token=t\n"));
    }

    #[test]
    fn the_link_that_proves_a_new_address_names_it() {
        let letter = Letter::ConfirmEmail { token: MailSecret("t".into()) };
        let words = told(&letter, "https://example.com");
        let link = "\nhttps://example.com/confirm-email#token=t&email=ada%2Bnew%40example.com\n";
        assert!(words.text.contains(link), "{}", words.text);
    }

    #[test]
    fn a_hostile_token_stays_inside_its_link() {
        let words = told(&verify("\"><script>&x=1"), "https://example.com");
        assert!(!words.html.contains("<script>"));
        assert!(words.text.contains("#token=%22%3E%3Cscript%3E%26x%3D1\n"));
    }

    #[test]
    fn what_whoever_signs_in_writes_is_no_html() {
        let device = Some("<img src=x onerror='alert(\"1\")'> & co".to_owned());
        let at = Time::UNIX_EPOCH;
        let words = of_news(&News::NewSignIn { device, ip: None, at }, &url("https://example.com"));
        let words = words.expect("written");
        let escaped = "&#60;img src=x onerror=&#39;alert(&#34;1&#34;)&#39;&#62; &#38; co";
        assert!(words.html.contains(escaped), "{}", words.html);
        assert!(words.text.contains("Device: <img src=x"), "a text is no HTML: {}", words.text);
        assert!(words.text.contains("Address: unknown\nTime: 1970-01-01 00:00 UTC"), "{}", words.text);
    }

    #[test]
    fn letters_without_a_token_have_none() {
        for preview in previews(&url("https://example.com")).expect("written") {
            let has_link = matches!(preview.name, "verify_email" | "reset_password" | "confirm_email");
            assert_eq!(preview.words.text.contains("token="), has_link, "{}", preview.name);
            assert!(preview.words.text.contains("https://example.com/"), "{}", preview.name);
        }
    }

    #[test]
    fn every_letter_is_written_as_in_its_snapshot() {
        for Preview { name, words } in previews(&url("https://example.com")).expect("written") {
            insta::assert_snapshot!(name, format!("{words}\n{}", words.html));
        }
    }
}
