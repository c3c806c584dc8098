//! Everything that is kept about a user and meant for the user, as one JSON document, read and written page by page.

use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, stream};
use namaskah_domain::{
    Clock, Id, Page, PageOf, UserId,
    auth::{AuthService, SignedIn as Visitor},
    notification::NotificationService,
    payment::PaymentService,
    retention::RetentionService,
    support::{MAX_LINES, SupportService, TicketQuery},
    verification::{OrderFilter, VerificationService},
    wallet::WalletService,
    webhook::WebhookService,
};
use poem::{Body, IntoResponse, Response, http::header};
use poem_openapi::{
    ApiResponse,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
    types::ToJSON,
};
use uuid::Uuid;

use super::{
    api_keys::body::ApiKeyBody,
    body::{IdentityBody, SessionBody, UserBody},
};
use crate::http::{
    notifications::body::{NotificationBody, NotificationSettingsBody},
    payments::PaymentBody,
    problem::Problem,
    support::body::{TicketBody, TicketMessageBody},
    verifications::body::VerificationBody,
    wallet::body::{EntryBody, HoldBody, WalletBody},
    webhooks::body::EndpointBody,
};

const LIMIT: u32 = 100;
const SECTIONS: [(&str, Section); 6] = [
    ("wallet_entries", Section::Entries),
    ("wallet_holds", Section::Holds),
    ("payments", Section::Payments),
    ("verifications", Section::Verifications),
    ("tickets", Section::Tickets),
    ("notifications", Section::Notifications),
];

#[derive(Debug, Clone, Copy)]
enum Section {
    Entries,
    Holds,
    Payments,
    Verifications,
    Tickets,
    Notifications,
}

/// Where the data is.
#[derive(Clone)]
pub struct Sources {
    /// The user and the sign-ins.
    pub auth: Arc<AuthService>,
    /// Money.
    pub wallet: Arc<WalletService>,
    /// Payments.
    pub payments: Arc<PaymentService>,
    /// Orders and their texts.
    pub verifications: Arc<VerificationService>,
    /// Erases.
    pub retention: Arc<RetentionService>,
    /// Tickets.
    pub support: Arc<SupportService>,
    /// Endpoints.
    pub webhooks: Arc<WebhookService>,
    /// What the user was told.
    pub notifications: Arc<NotificationService>,
    /// For `server_time`.
    pub clock: Arc<dyn Clock>,
}

/// The document as a download.
pub struct Export {
    head: String,
    user: UserId,
    sources: Sources,
}

impl Export {
    /// Reads what is short; lists follow while they are written.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn begin(sources: Sources, by: Visitor) -> Result<Self, Problem> {
        let user = UserBody::from(sources.auth.me(by.user).await?);
        let sessions = sources.auth.sessions(by.user).await?.into_iter();
        let sessions: Vec<SessionBody> = sessions.map(|s| SessionBody::of(s, by.session)).collect();
        let keys = sources.auth.api_keys(by.user).await?.into_iter();
        let keys: Vec<ApiKeyBody> = keys.map(ApiKeyBody::from).collect();
        let identities = sources.auth.identities(by.user).await?.into_iter();
        let identities: Vec<IdentityBody> = identities.map(IdentityBody::from).collect();
        let endpoints = sources.webhooks.list(by.user).await?.into_iter();
        let endpoints: Vec<EndpointBody> = endpoints.map(EndpointBody::from).collect();
        let wallet = WalletBody::from(sources.wallet.balance(by.user).await?);
        let wishes = NotificationSettingsBody::of(&sources.notifications.settings(by.user).await?, by.role);
        let head = format!(
            "{{\"user\":{},\"sessions\":{},\"api_keys\":{},\"identities\":{},\"webhook_endpoints\":{},\
             \"wallet\":{},\"notification_settings\":{}",
            user.to_json_string(),
            sessions.to_json_string(),
            keys.to_json_string(),
            identities.to_json_string(),
            endpoints.to_json_string(),
            wallet.to_json_string(),
            wishes.to_json_string()
        );
        Ok(Self { head, user: by.user, sources })
    }

    fn json(self) -> impl Stream<Item = std::io::Result<Bytes>> + Send + 'static {
        let head = self.head.clone();
        let begin = stream::once(async move { Ok(head) });
        let place = Some(Place { section: 0, after: None, is_first: true });
        let lists = stream::unfold((self, place), |(export, place)| async move {
            let place = place?;
            match export.part(place).await {
                Ok((text, next)) => Some((Ok(text), (export, next))),
                Err(problem) => Some((Err(std::io::Error::other(problem)), (export, None))),
            }
        });
        futures::StreamExt::map(futures::StreamExt::chain(begin, lists), |part| part.map(Bytes::from))
    }

    /// One page of one list, with what belongs before and after it.
    async fn part(&self, place: Place) -> Result<(String, Option<Place>), Problem> {
        let (name, section) = SECTIONS[place.section];
        let (rows, last) = self.rows(section, place.after).await?;
        let mut text = if place.is_first { format!(",\"{name}\":[") } else { String::new() };
        if !place.is_first && !rows.is_empty() {
            text.push(',');
        }
        text.push_str(&rows.join(","));
        if last.is_some() {
            return Ok((text, Some(Place { after: last, is_first: false, ..place })));
        }
        text.push(']');
        let section = place.section + 1;
        if section < SECTIONS.len() {
            return Ok((text, Some(Place { section, after: None, is_first: true })));
        }
        text.push('}');
        Ok((text, None))
    }

    /// Rows as JSON, and the last of them if there are more.
    async fn rows(
        &self,
        section: Section,
        after: Option<Uuid>,
    ) -> Result<(Vec<String>, Option<Uuid>), Problem> {
        let (from, user) = (&self.sources, self.user);
        Ok(match section {
            Section::Tickets => return self.tickets(after).await,
            Section::Notifications => {
                let page = from.notifications.kept(user, page(after)).await?;
                shown(page, |told| told.id.uuid(), |told| NotificationBody::from(told).to_json_string())
            }
            Section::Entries => {
                let page = from.wallet.entries(user, page(after)).await?;
                shown(page, |entry| entry.id.uuid(), |entry| EntryBody::from(entry).to_json_string())
            }
            Section::Holds => {
                let page = from.wallet.holds(user, page(after)).await?;
                shown(page, |hold| hold.id.uuid(), |hold| HoldBody::from(hold).to_json_string())
            }
            Section::Payments => {
                let page = from.payments.list(user, page(after)).await?;
                shown(page, |intent| intent.id.uuid(), |intent| PaymentBody::from(intent).to_json_string())
            }
            Section::Verifications => {
                let page = from.verifications.list(user, &OrderFilter::default(), page(after)).await?;
                let now = from.clock.now();
                shown(
                    page,
                    |order| order.order.head().id.uuid(),
                    |order| VerificationBody::of(order, now).to_json_string(),
                )
            }
        })
    }
}

impl Export {
    /// Tickets, each with all that was written in it.
    async fn tickets(&self, after: Option<Uuid>) -> Result<(Vec<String>, Option<Uuid>), Problem> {
        let support = &self.sources.support;
        let query = TicketQuery { user: Some(self.user), ..TicketQuery::default() };
        let found = support.list(&query, page(after)).await?;
        let last = found.rows.last().filter(|_| found.has_more).map(|ticket| ticket.id.uuid());
        let mut rows = Vec::new();
        for ticket in found.rows {
            let whole = Page { limit: MAX_LINES, after: None };
            let lines = support.lines(ticket.id, Some(self.user), whole).await?.rows.into_iter();
            let messages: Vec<TicketMessageBody> = lines.map(TicketMessageBody::from).collect();
            let ticket = TicketBody::from(ticket).to_json_string();
            let open = ticket.strip_suffix('}').unwrap_or(&ticket);
            rows.push(format!("{open},\"messages\":{}}}", messages.to_json_string()));
        }
        Ok((rows, last))
    }
}

#[derive(Debug, Clone, Copy)]
struct Place {
    section: usize,
    after: Option<Uuid>,
    is_first: bool,
}

fn page<T>(after: Option<Uuid>) -> Page<Id<T>> {
    Page { limit: LIMIT, after: after.map(Id::from_uuid) }
}

fn shown<R>(
    page: PageOf<R>,
    id: impl Fn(&R) -> Uuid,
    show: impl Fn(R) -> String,
) -> (Vec<String>, Option<Uuid>) {
    let last = page.rows.last().filter(|_| page.has_more).map(id);
    (page.rows.into_iter().map(show).collect(), last)
}

impl IntoResponse for Export {
    fn into_response(self) -> Response {
        Response::builder()
            .content_type("application/json")
            .header(header::CONTENT_DISPOSITION, "attachment; filename=\"namaskah-export.json\"")
            .body(Body::from_bytes_stream(self.json()))
    }
}

impl ApiResponse for Export {
    fn meta() -> MetaResponses {
        let schema = MetaSchema {
            description: Some(
                "`user`, `sessions`, `api_keys`, `identities`, `webhook_endpoints`, `wallet`, `notification_settings`, and whole lists: `wallet_entries`, `wallet_holds`, \
                 `payments`, `verifications`, `tickets` with their `messages`, `notifications`, each as the API shows it",
            ),
            ..MetaSchema::new("object")
        };
        let schema = MetaSchemaRef::Inline(Box::new(schema));
        MetaResponses {
            responses: vec![MetaResponse {
                description: "Everything that is kept about you",
                status: Some(200),
                status_range: None,
                content: vec![MetaMediaType { content_type: "application/json", schema }],
                headers: vec![],
            }],
        }
    }

    fn register(_: &mut Registry) {}
}
