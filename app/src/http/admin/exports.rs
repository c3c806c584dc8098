//! Exports: whole lists as CSV. Rows are read and sent page by page, so memory does not grow with the list.

use std::{io, sync::Arc};

use bytes::Bytes;
use futures::{
    Stream, StreamExt,
    stream::{self, BoxStream},
};
use namaskah_domain::{
    Fault, Time,
    auth::User,
    staff::{Export, ExportReads, ExportService, OrderLine, OwnedEntry, Stretch},
};
use poem::{Body, IntoResponse, Response, http::header};
use poem_openapi::{
    ApiResponse, OpenApi,
    param::Query,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
};

use super::users::body::UserStateWord;
use crate::http::{
    body::{Text, TextForm},
    problem::Problem,
    staff_scheme::{Staff, SteppedUp, may},
    tags::Tag,
    wallet::cell::cell,
};

/// Rows that are in memory at a time.
const PAGE: u32 = 500;

/// A list as a download.
pub struct Csv {
    what: Export,
    lines: BoxStream<'static, io::Result<String>>,
}

impl IntoResponse for Csv {
    fn into_response(self) -> Response {
        let file = format!("attachment; filename=\"{}.csv\"", self.what.name());
        Response::builder()
            .content_type("text/csv; charset=utf-8")
            .header(header::CONTENT_DISPOSITION, file)
            .body(Body::from_bytes_stream(self.lines.map(|part| part.map(Bytes::from))))
    }
}

impl ApiResponse for Csv {
    fn meta() -> MetaResponses {
        let schema = MetaSchemaRef::Inline(Box::new(MetaSchema::new("string")));
        MetaResponses {
            responses: vec![MetaResponse {
                description: "Comma-separated values, with a line of names and a last line that says `end`",
                status: Some(200),
                status_range: None,
                content: vec![MetaMediaType { content_type: "text/csv", schema }],
                headers: vec![],
            }],
        }
    }

    fn register(_: &mut Registry) {}
}

/// What is sent next.
enum Part<C> {
    Names,
    After(Option<C>),
    Nothing,
}

/// Names, page after page, and a last line, so that a list that was cut is known. A page that cannot be read ends it
/// without that line.
fn pages<R, C, F>(
    names: &'static str,
    next: impl Fn(Option<C>) -> F + Send + 'static,
    row: fn(&R) -> Vec<String>,
    place: fn(&R) -> C,
) -> impl Stream<Item = io::Result<String>> + Send + 'static
where
    R: Send + 'static,
    C: Send + 'static,
    F: Future<Output = Result<Vec<R>, Fault>> + Send + 'static,
{
    stream::unfold((next, Part::Names), move |(next, part)| async move {
        let (sent, part) = match part {
            Part::Names => (Ok(format!("{names}\n")), Part::After(None)),
            Part::Nothing => return None,
            Part::After(after) => match next(after).await {
                Err(fault) => (Err(io::Error::other(fault)), Part::Nothing),
                Ok(rows) => match rows.last().map(place) {
                    None => (Ok("end\n".to_owned()), Part::Nothing),
                    Some(last) => {
                        (Ok(rows.iter().map(|one| line(&row(one))).collect()), Part::After(Some(last)))
                    }
                },
            },
        };
        Some((sent, (next, part)))
    })
}

fn line(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
    format!("{}\n", cells.join(","))
}

fn instant(at: Time) -> String {
    at.write().into_owned()
}

fn maybe(at: Option<Time>) -> String {
    at.map(instant).unwrap_or_default()
}

const USERS: &str = "id,email,role,status,email_verified_at,created_at";

fn users(reads: Arc<dyn ExportReads>, within: Stretch, now: Time) -> BoxStream<'static, io::Result<String>> {
    let next = move |after| {
        let reads = reads.clone();
        async move {
            let page = reads.users_within(within, after, PAGE).await?;
            Ok(page.into_iter().map(|user| (user, now)).collect())
        }
    };
    pages(USERS, next, user_cells, |(user, _): &(User, Time)| user.id).boxed()
}

fn user_cells((user, now): &(User, Time)) -> Vec<String> {
    vec![
        user.id.to_string(),
        user.email.as_str().to_owned(),
        user.role.name().to_owned(),
        UserStateWord::from(user.state(*now)).write().into_owned(),
        maybe(user.email_verified_at),
        instant(user.created_at),
    ]
}

const ENTRIES: &str = "id,user_id,kind,source,amount,balance_after,currency,created_at";

fn entries(reads: Arc<dyn ExportReads>, within: Stretch) -> BoxStream<'static, io::Result<String>> {
    let next = move |after| {
        let reads = reads.clone();
        async move { reads.entries_within(within, after, PAGE).await }
    };
    pages(ENTRIES, next, entry_cells, |owned| owned.entry.id).boxed()
}

fn entry_cells(owned: &OwnedEntry) -> Vec<String> {
    let entry = &owned.entry;
    vec![
        entry.id.to_string(),
        owned.user.to_string(),
        entry.kind.name().to_owned(),
        entry.source.to_string(),
        entry.amount.to_string(),
        entry.balance_after.to_string(),
        entry.amount.currency().to_string(),
        instant(entry.at),
    ]
}

const VERIFICATIONS: &str =
    "id,user_id,service,country,capability,status,price,currency,attempt,retry_of,created_at,ended_at";

fn verifications(reads: Arc<dyn ExportReads>, within: Stretch) -> BoxStream<'static, io::Result<String>> {
    let next = move |after| {
        let reads = reads.clone();
        async move { reads.orders_within(within, after, PAGE).await }
    };
    pages(VERIFICATIONS, next, order_cells, |order| order.id).boxed()
}

fn order_cells(order: &OrderLine) -> Vec<String> {
    vec![
        order.id.to_string(),
        order.user.to_string(),
        order.ask.service.to_string(),
        order.ask.country.to_string(),
        order.ask.capability.name().to_owned(),
        order.status.name().to_owned(),
        order.price.to_string(),
        order.price.currency().to_string(),
        order.attempt.to_string(),
        order.retry_of.map(|id| id.to_string()).unwrap_or_default(),
        instant(order.created_at),
        maybe(order.ended_at),
    ]
}

/// Routes of exports.
pub struct ExportsApi {
    /// Lets lists out.
    pub exports: Arc<ExportService>,
}

#[OpenApi(prefix_path = "/api/v1/admin/exports", tag = "Tag::Admin")]
impl ExportsApi {
    /// Users who registered within a time, as CSV
    #[oai(path = "/users.csv", method = "get", operation_id = "export_users")]
    async fn users(
        &self,
        staff: Staff<SteppedUp<may::Exports>>,
        /// First instant of the time.
        from: Query<Text<Time>>,
        /// First instant after the time; 366 days later at most.
        to: Query<Text<Time>>,
    ) -> Result<Csv, Problem> {
        let within = Stretch::try_new(from.0.0, to.0.0)?;
        let (reads, now) = self.exports.begin(staff.actor(), Export::Users, within).await?;
        Ok(Csv { what: Export::Users, lines: users(reads, within, now) })
    }

    /// Movements of wallets within a time, as CSV
    #[oai(path = "/entries.csv", method = "get", operation_id = "export_entries")]
    async fn entries(
        &self,
        staff: Staff<SteppedUp<may::Exports>>,
        /// First instant of the time.
        from: Query<Text<Time>>,
        /// First instant after the time; 366 days later at most.
        to: Query<Text<Time>>,
    ) -> Result<Csv, Problem> {
        let within = Stretch::try_new(from.0.0, to.0.0)?;
        let (reads, _) = self.exports.begin(staff.actor(), Export::Entries, within).await?;
        Ok(Csv { what: Export::Entries, lines: entries(reads, within) })
    }

    /// Orders that were placed within a time, as CSV
    ///
    /// Without numbers, texts and codes.
    #[oai(path = "/verifications.csv", method = "get", operation_id = "export_verifications")]
    async fn verifications(
        &self,
        staff: Staff<SteppedUp<may::Exports>>,
        /// First instant of the time.
        from: Query<Text<Time>>,
        /// First instant after the time; 366 days later at most.
        to: Query<Text<Time>>,
    ) -> Result<Csv, Problem> {
        let within = Stretch::try_new(from.0.0, to.0.0)?;
        let (reads, _) = self.exports.begin(staff.actor(), Export::Verifications, within).await?;
        Ok(Csv { what: Export::Verifications, lines: verifications(reads, within) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn sent(until: u32, fails_at: Option<u32>) -> Vec<Option<String>> {
        let next = move |after: Option<u32>| async move {
            let first = after.map_or(0, |after| after + 1);
            match fails_at {
                Some(at) if first >= at => Err(Fault::new("gone")),
                _ => Ok((first..until.min(first + 2)).collect::<Vec<u32>>()),
            }
        };
        let row = |number: &u32| vec![format!("={number}"), "a,b".to_owned()];
        let parts: Vec<_> = pages("n,text", next, row, |number| *number).collect().await;
        parts.into_iter().map(Result::ok).collect()
    }

    #[tokio::test]
    async fn pages_follow_one_another_and_the_last_line_says_that_it_is_whole() {
        let told = |text: &str| Some(text.to_owned());
        let whole =
            [told("n,text\n"), told("'=0,\"a,b\"\n'=1,\"a,b\"\n"), told("'=2,\"a,b\"\n"), told("end\n")];
        assert_eq!(sent(3, None).await, whole);
        assert_eq!(sent(0, None).await, [told("n,text\n"), told("end\n")]);
        let cut = sent(9, Some(2)).await;
        assert_eq!(cut, [told("n,text\n"), told("'=0,\"a,b\"\n'=1,\"a,b\"\n"), None]);
    }
}
