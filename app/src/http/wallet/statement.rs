//! The statement: every movement of a time as CSV, oldest first, between an opening and a closing balance.
//!
//! Lines are read and sent page by page, so memory does not grow with the time.

use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, stream};
use namaskah_domain::{
    Money, UserId,
    wallet::{Entry, Period, Statement, WalletError, WalletService},
};
use poem::{Body, IntoResponse, Response, http::header};
use poem_openapi::{
    ApiResponse,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
};

use super::body::EntryBody;
use super::cell::cell;
use crate::http::body::TextForm;

/// Lines that are in memory at a time.
const PAGE: u32 = 500;
const HEAD: &str = "created_at,id,kind,reference,description,amount,balance_after,currency\n";

/// A statement that is ready to be written.
pub struct Outline {
    wallet: Arc<WalletService>,
    statement: Statement,
}

/// What is written next.
enum Part {
    Opening,
    Lines,
    Nothing,
}

impl Outline {
    /// Finds where the time begins and ends.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn read(wallet: Arc<WalletService>, user: UserId, period: Period) -> Result<Self, WalletError> {
        let statement = wallet.statement(user, period).await?;
        Ok(Self { wallet, statement })
    }

    /// The whole CSV, page by page. A page that cannot be read ends it without its closing line.
    pub fn csv(self) -> impl Stream<Item = std::io::Result<String>> + Send + 'static {
        stream::unfold((self, Part::Opening), |(mut outline, part)| async move {
            let (written, next) = match part {
                Part::Opening => {
                    let opening = balance_line("opening", outline.statement.opening);
                    (Ok(format!("{HEAD}{opening}")), Part::Lines)
                }
                Part::Lines => match outline.page().await {
                    Ok(Some(lines)) => (Ok(lines), Part::Lines),
                    Ok(None) => (Ok(balance_line("closing", outline.statement.closing)), Part::Nothing),
                    Err(error) => (Err(std::io::Error::other(error)), Part::Nothing),
                },
                Part::Nothing => return None,
            };
            Some((written, (outline, next)))
        })
    }

    async fn page(&mut self) -> Result<Option<String>, WalletError> {
        let lines = self.wallet.next_lines(&mut self.statement, PAGE).await?;
        Ok((!lines.is_empty()).then(|| lines.into_iter().map(line).collect()))
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
