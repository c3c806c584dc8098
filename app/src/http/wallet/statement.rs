//! The statement: every movement of a time as CSV, oldest first, between an opening and a closing balance.
//!
//! The journal is read newest first, so pages are walked twice: once to their ends to learn the cursors, and back
//! again to write. Memory grows by one cursor for each hundred lines.

use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, stream};
use namaskah_domain::{
    Currency, EntryId, Money, Page, Time, UserId,
    wallet::{Entry, WalletError, WalletService},
};
use poem::{Body, IntoResponse, Response, http::header};
use poem_openapi::{
    ApiResponse,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
};

use super::body::EntryBody;
use crate::http::body::TextForm;

const PAGE: u32 = 100;
const HEAD: &str = "created_at,id,kind,reference,description,amount,balance_after,currency\n";

/// From when to when: `from` belongs to it, `to` does not.
#[derive(Debug, Clone, Copy)]
pub struct Period {
    /// First instant.
    pub from: Option<Time>,
    /// First instant after it.
    pub to: Option<Time>,
}

impl Period {
    fn contains(&self, at: Time) -> bool {
        !self.is_before(at) && self.to.is_none_or(|to| at < to)
    }

    fn is_before(&self, at: Time) -> bool {
        self.from.is_some_and(|from| at < from)
    }
}

/// Where the pages of a statement begin, and the balance before its first line.
pub struct Outline {
    wallet: Arc<WalletService>,
    user: UserId,
    period: Period,
    /// What each page comes after, newest page first.
    pages: Vec<Option<EntryId>>,
    opening: Money,
    closing: Money,
}

impl Outline {
    /// Reads to the beginning of the period.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn read(wallet: Arc<WalletService>, user: UserId, period: Period) -> Result<Self, WalletError> {
        let zero = Money::zero(Currency::Usd);
        let mut outline = Self { wallet, user, period, pages: Vec::new(), opening: zero, closing: zero };
        let mut newest_seen = false;
        let mut after = None;
        loop {
            let page = outline.wallet.entries(user, Page { limit: PAGE, after }).await?;
            outline.pages.push(after);
            for entry in &page.rows {
                if period.is_before(entry.at) {
                    // The newest line before the period: what it left is what the period opens with.
                    outline.opening = entry.balance_after;
                    if !newest_seen {
                        outline.closing = entry.balance_after;
                    }
                    return Ok(outline);
                }
                if period.contains(entry.at) && !newest_seen {
                    newest_seen = true;
                    outline.closing = entry.balance_after;
                }
            }
            after = page.rows.last().map(|entry| entry.id);
            if !page.has_more {
                return Ok(outline);
            }
        }
    }

    /// The whole CSV, page by page. A page that cannot be read ends it without its closing line.
    pub fn csv(mut self) -> impl Stream<Item = std::io::Result<String>> + Send + 'static {
        let first = format!("{HEAD}{}", balance_line("opening", self.opening));
        let last = balance_line("closing", self.closing);
        let pages = std::mem::take(&mut self.pages);
        let body = stream::unfold((self, pages), |(outline, mut pages)| async move {
            let after = pages.pop()?;
            let lines = outline.page(after).await;
            // After an error nothing more is written.
            let pages = if lines.is_err() { Vec::new() } else { pages };
            Some((lines, (outline, pages)))
        });
        let mut failed = false;
        let end = stream::once(async move { Ok(last) });
        let whole = futures::StreamExt::chain(stream::once(async move { Ok(first) }), body);
        let whole = futures::StreamExt::chain(whole, end);
        futures::StreamExt::take_while(whole, move |item| {
            let go_on = !failed;
            failed |= item.is_err();
            std::future::ready(go_on)
        })
    }

    async fn page(&self, after: Option<EntryId>) -> std::io::Result<String> {
        let page = self.wallet.entries(self.user, Page { limit: PAGE, after }).await;
        let page = page.map_err(std::io::Error::other)?;
        let wanted = page.rows.into_iter().rev().filter(|entry| self.period.contains(entry.at));
        Ok(wanted.map(line).collect())
    }
}

fn line(entry: Entry) -> String {
    let (amount, balance, currency) = (entry.amount, entry.balance_after, entry.amount.currency());
    let shown = EntryBody::from(entry);
    let cells = [
        shown.created_at.0.write().into_owned(),
        shown.id.0.to_string(),
        shown.kind.0.write().into_owned(),
        cell(&shown.reference),
        cell(&shown.description),
        amount.to_string(),
        balance.to_string(),
        currency.to_string(),
    ];
    format!("{}\n", cells.join(","))
}

fn balance_line(kind: &str, balance: Money) -> String {
    format!(",,{kind},,,,{balance},{}\n", balance.currency())
}

/// Our texts hold no commas, quotes or line ends today; a cell that did would be quoted, and one that a spreadsheet
/// would take for a formula is kept from it.
fn cell(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// The statement as a download.
pub struct Csv(pub Outline);

impl IntoResponse for Csv {
    fn into_response(self) -> Response {
        let bytes = futures::StreamExt::map(self.0.csv(), |part| part.map(Bytes::from));
        Response::builder()
            .content_type("text/csv; charset=utf-8")
            .header(header::CONTENT_DISPOSITION, "attachment; filename=\"statement.csv\"")
            .body(Body::from_bytes_stream(bytes))
    }
}

impl ApiResponse for Csv {
    fn meta() -> MetaResponses {
        let schema = MetaSchemaRef::Inline(Box::new(MetaSchema::new("string")));
        MetaResponses {
            responses: vec![MetaResponse {
                description: "Comma-separated values, with a line of names",
                status: Some(200),
                status_range: None,
                content: vec![MetaMediaType { content_type: "text/csv", schema }],
                headers: vec![],
            }],
        }
    }

    fn register(_: &mut Registry) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        assert_eq!(cell("nmk-abc"), "nmk-abc");
        assert_eq!(cell("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(cell("=1+1"), "'=1+1");
    }
}
