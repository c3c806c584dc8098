//! Pages for people: the console and the checkout. Data reaches them as JSON and is shown as text, never as HTML.

use poem::http::{HeaderName, StatusCode, header};

use crate::{
    http::{Answer, Call, Dialect},
    world::World,
};

const CONSOLE: &str = include_str!("console.html");
const CHECKOUT: &str = include_str!("checkout.html");
const SCRIPT: &str = include_str!("console.js");
const STYLE: &str = include_str!("console.css");

/// `GET /`
pub(crate) fn page(_: &World, _: &Call) -> Result<Answer, Answer> {
    Ok(Answer::html(CONSOLE.to_owned()))
}

/// `GET /console.js`
pub(crate) fn script(_: &World, _: &Call) -> Result<Answer, Answer> {
    Ok(asset(SCRIPT, "text/javascript; charset=utf-8"))
}

/// `GET /console.css`
pub(crate) fn style(_: &World, _: &Call) -> Result<Answer, Answer> {
    Ok(asset(STYLE, "text/css; charset=utf-8"))
}

fn asset(text: &str, kind: &str) -> Answer {
    const NOSNIFF: HeaderName = HeaderName::from_static("x-content-type-options");
    Answer { body: text.to_owned(), ..Answer::empty() }
        .header(header::CONTENT_TYPE, kind.into())
        .header(NOSNIFF, "nosniff".into())
}

/// `GET /checkout/{reference}`: where the gateway sends the customer.
pub(crate) fn checkout(world: &World, call: &Call) -> Result<Answer, Answer> {
    world.with(|books, _| {
        let found = books.payments.find(call.id()).and_then(|n| books.payments.transactions.get(n));
        let missing =
            || Answer::refusal(Dialect::Control, StatusCode::NOT_FOUND, "there is no such checkout");
        let transaction = found.ok_or_else(missing)?;
        let is_web = |url: &&str| url.starts_with("http://") || url.starts_with("https://");
        let callback = transaction.callback_url.as_deref().filter(is_web).unwrap_or_default();
        let sum = format!(
            "{} {}.{:02}",
            transaction.currency,
            transaction.requested_amount / 100,
            transaction.requested_amount % 100
        );
        let page = CHECKOUT
            .replace("{{reference}}", &escape(&transaction.reference))
            .replace("{{sum}}", &escape(&sum))
            .replace("{{status}}", &escape(&transaction.status))
            .replace("{{email}}", &escape(&transaction.email))
            .replace("{{callback}}", &escape(callback));
        Ok(Answer::html(page))
    })
}

/// Text as HTML text or as a quoted attribute. Braces go too, so that no value can pass for a placeholder.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '{' => safe.push_str("&#123;"),
            '}' => safe.push_str("&#125;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn markup_in_a_value_becomes_text() {
        assert_eq!(escape("<a href=\"x\">'&'"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;");
        assert_eq!(escape("{{email}}"), "&#123;&#123;email&#125;&#125;");
    }
}
