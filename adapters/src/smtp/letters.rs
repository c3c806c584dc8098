//! What letters say: a subject, a text and its HTML.

use namaskah_domain::{Letter, auth::Email};
use reqwest::Url;

/// A letter in words.
#[derive(Debug)]
pub(super) struct Words {
    pub subject: &'static str,
    pub text: String,
    pub html: String,
}

/// A paragraph, or a link with its caption.
enum Part<'a> {
    Text(&'static str),
    Link(&'static str, &'a Url),
}

/// `to` is whom it is sent to: a link that proves an address names it.
pub(super) fn words(letter: &Letter, to: &Email, site: &Url) -> Words {
    match letter {
        Letter::VerifyEmail { token } => {
            let link = link(site, "verify-email", &[("token", &token.0)]);
            compose(
                "Confirm your address",
                &[
                    Part::Text("Welcome to Namaskah. One click and you can start:"),
                    Part::Link("Confirm my address", &link),
                    Part::Text("The link works for 24 hours. If you did not register, ignore this mail."),
                ],
            )
        }
        Letter::AlreadyRegistered => compose(
            "You have an account already",
            &[
                Part::Text(
                    "Somebody, perhaps you, tried to register with this address. It has an account already.",
                ),
                Part::Text("If it was you, sign in, or ask for a new password if the old one is lost:"),
                Part::Link("Go to Namaskah", site),
                Part::Text("If it was not you, there is nothing to do."),
            ],
        ),
        Letter::ResetPassword { token } => {
            let link = link(site, "reset-password", &[("token", &token.0)]);
            compose(
                "Choose a new password",
                &[
                    Part::Text("You can choose a new password here:"),
                    Part::Link("Choose a new password", &link),
                    Part::Text(
                        "It ends every session of your account, deletes its API keys, and Google does not sign you in \
                         any more until you link it again.",
                    ),
                    Part::Text(
                        "The link works once, for one hour. If you did not ask for it, ignore this mail.",
                    ),
                ],
            )
        }
        Letter::PasswordChanged => compose(
            "Your password was changed",
            &[
                Part::Text("The password of your account was just changed, and all its sessions were ended."),
                Part::Text("If it was not you, ask for a new password at once:"),
                Part::Link("Go to Namaskah", site),
            ],
        ),
        Letter::SecondFactorOn => compose(
            "Your second factor is on",
            &[
                Part::Text(
                    "From now on, signing in needs a code of your authenticator app as well. Every other session was \
                     ended. Keep the recovery codes where you find them without your device.",
                ),
                Part::Text("If it was not you, write to support at once:"),
                Part::Link("Go to Namaskah", site),
            ],
        ),
        Letter::SecondFactorOff => compose(
            "Your second factor is off",
            &[
                Part::Text(
                    "Signing in needs your password alone from now on. Every other session was ended.",
                ),
                Part::Text("If it was not you, ask for a new password at once, and turn it on again:"),
                Part::Link("Go to Namaskah", site),
            ],
        ),
        Letter::ConfirmEmail { token } => {
            let link = link(site, "confirm-email", &[("token", &token.0), ("email", to.as_str())]);
            compose(
                "Confirm your new address",
                &[
                    Part::Text("This address becomes that of your account once you confirm it:"),
                    Part::Link("Confirm my new address", &link),
                    Part::Text(
                        "The link works once, for one hour. If you did not ask for it, ignore this mail.",
                    ),
                ],
            )
        }
        Letter::EmailChangeAsked => compose(
            "Your address is about to change",
            &[
                Part::Text(
                    "Somebody who is signed in to your account has asked for another e-mail address. Nothing has \
                     changed yet.",
                ),
                Part::Text("If it was not you, choose a new password at once, which stops it:"),
                Part::Link("Go to Namaskah", site),
            ],
        ),
        Letter::EmailChanged => compose(
            "Your address was changed",
            &[
                Part::Text(
                    "Your account has another e-mail address from now on, and all its sessions were ended.",
                ),
                Part::Text("If it was not you, write to support at once:"),
                Part::Link("Go to Namaskah", site),
            ],
        ),
        Letter::IdentityLinked => compose(
            "Google signs you in from now on",
            &[
                Part::Text(
                    "A Google account can sign in to the Namaskah account of this address from now on.",
                ),
                Part::Text("If it was not you, ask for a new password at once, which stops it:"),
                Part::Link("Go to Namaskah", site),
            ],
        ),
        Letter::IdentityUnlinked => compose(
            "Google does not sign you in any more",
            &[
                Part::Text("Signing in needs your password from now on. Every other session was ended."),
                Part::Text("If it was not you, choose a new password at once:"),
                Part::Link("Go to Namaskah", site),
            ],
        ),
        Letter::ApiKeyCreated => compose(
            "An API key was made",
            &[
                Part::Text(
                    "A program that has the new key can act for your account, as far as its scopes allow.",
                ),
                Part::Text("If it was not you, delete the key and choose a new password at once:"),
                Part::Link("Go to Namaskah", site),
            ],
        ),
        Letter::ApiKeyDeleted => compose(
            "An API key was deleted",
            &[
                Part::Text("Programs that used it cannot act for your account any more."),
                Part::Text("If it was not you, choose a new password at once:"),
                Part::Link("Go to Namaskah", site),
            ],
        ),
        Letter::TicketAnswered => compose(
            "Support has answered",
            &[
                Part::Text(
                    "There is an answer to what you asked support. Sign in to read it and to write back:",
                ),
                Part::Link("Go to Namaskah", site),
            ],
        ),
        Letter::WebhookEndpointOff => compose(
            "A webhook endpoint was switched off",
            &[
                Part::Text(
                    "One of your webhook endpoints has taken nothing for five days, or has answered that it is gone \
                     (410). Nothing is sent to it any more.",
                ),
                Part::Text(
                    "Its deliveries and their answers are listed in the API. Switch it on again when it is mended, and \
                     have what it has missed sent again.",
                ),
                Part::Link("Go to Namaskah", site),
            ],
        ),
    }
}

fn link(site: &Url, page: &str, carried: &[(&str, &str)]) -> Url {
    let mut link = site.clone();
    // Never fails: the mailer accepts only addresses with a path.
    if let Ok(mut path) = link.path_segments_mut() {
        path.pop_if_empty().push(page);
    }
    // Behind the `#`, so that no server and no proxy on the way reads it when the page is opened.
    let carried = link.query_pairs_mut().clear().extend_pairs(carried).finish().query().map(str::to_owned);
    link.set_query(None);
    link.set_fragment(carried.as_deref());
    link
}

fn compose(subject: &'static str, parts: &[Part<'_>]) -> Words {
    let (mut text, mut html) = (String::from("Hello,\n"), String::from("<p>Hello,</p>\n"));
    for part in parts {
        match part {
            Part::Text(line) => {
                text.push_str(&format!("\n{line}\n"));
                html.push_str(&format!("<p>{}</p>\n", escape(line)));
            }
            Part::Link(caption, url) => {
                text.push_str(&format!("\n{url}\n"));
                let (href, caption) = (escape(url.as_str()), escape(caption));
                html.push_str(&format!("<p><a href=\"{href}\">{caption}</a><br>{href}</p>\n"));
            }
        }
    }
    text.push_str("\nNamaskah\n");
    let html = format!("<!doctype html>\n<html lang=\"en\"><body>\n{html}<p>Namaskah</p>\n</body></html>\n");
    Words { subject, text, html }
}

fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use namaskah_domain::MailSecret;

    use super::*;

    fn told(letter: &Letter, site: &str) -> Words {
        let to = Email::try_new("ada+new@example.com").expect("an address");
        words(letter, &to, &Url::parse(site).expect("an address"))
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
        assert_eq!(escape("<a href=\"'&'\">"), "&lt;a href=&quot;&#39;&amp;&#39;&quot;&gt;");
    }

    #[test]
    fn letters_without_a_token_have_none() {
        for letter in [
            Letter::AlreadyRegistered,
            Letter::PasswordChanged,
            Letter::SecondFactorOn,
            Letter::SecondFactorOff,
            Letter::EmailChangeAsked,
            Letter::EmailChanged,
            Letter::IdentityLinked,
            Letter::IdentityUnlinked,
            Letter::ApiKeyCreated,
            Letter::ApiKeyDeleted,
            Letter::TicketAnswered,
            Letter::WebhookEndpointOff,
        ] {
            let words = told(&letter, "https://example.com");
            assert!(!words.text.contains("token="));
            assert!(words.text.contains("https://example.com/"));
        }
    }
}
