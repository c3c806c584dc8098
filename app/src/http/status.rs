//! `GET /status`: how the service does, for everybody. A page for browsers, JSON for programs.

use std::{
    fmt::Write,
    sync::{Arc, Mutex, PoisonError},
};

use namaskah_domain::{
    Time,
    status::{Condition, LEAST_SAMPLE, Part, ServiceExperience, Status, StatusService, WINDOW_H},
    verification::ServiceCode,
};
use poem::{
    IntoResponse, Response,
    http::{HeaderMap, HeaderValue, header},
};
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
    types::{ToJSON, Type},
};

use crate::http::{
    body::{Text, word_enum},
    page::{Page, escape},
    problem::Problem,
    tags::Tag,
};

const JSON: &str = "application/json";
const HTML: &str = "text/html";
const CACHING: HeaderValue = HeaderValue::from_static("public, max-age=30");

word_enum! {
    /// How something does.
    pub ConditionWord, "operational, degraded, unknown or down";
    Operational = "operational",
    Degraded = "degraded",
    Unknown = "unknown",
    Down = "down",
}

impl From<Condition> for ConditionWord {
    fn from(condition: Condition) -> Self {
        match condition {
            Condition::Operational => Self::Operational,
            Condition::Degraded => Self::Degraded,
            Condition::Unknown => Self::Unknown,
            Condition::Down => Self::Down,
        }
    }
}

word_enum! {
    /// What must work for a code to arrive.
    pub PartWord, "the name of a part";
    Orders = "orders",
    Numbers = "numbers",
    Payments = "payments",
}

impl From<Part> for PartWord {
    fn from(part: Part) -> Self {
        match part {
            Part::Orders => Self::Orders,
            Part::Numbers => Self::Numbers,
            Part::Payments => Self::Payments,
        }
    }
}

/// How a part does.
#[derive(Debug, Object)]
#[oai(rename = "PartStatus")]
struct PartBody {
    /// `orders`: accounts, orders, wallets. `numbers`: numbers and their texts. `payments`: adding money.
    name: Text<PartWord>,
    /// How it does.
    status: Text<ConditionWord>,
}

/// How a service did.
#[derive(Debug, Object)]
#[oai(rename = "ServiceStatus")]
struct ServiceBody {
    /// Which.
    service: Text<ServiceCode>,
    /// Codes received for numbers given out, 0 to 1.
    success_rate: f64,
    /// Over how many orders.
    sample_size: u64,
    /// Median seconds from number to code; null without codes.
    time_to_code_p50_s: Option<i64>,
}

/// How everything does.
#[derive(Debug, Object)]
#[oai(rename = "Status")]
struct StatusBody {
    /// The worst of the parts.
    status: Text<ConditionWord>,
    /// Each part.
    parts: Vec<PartBody>,
    /// Services with orders enough, by code; none while `orders` is down.
    services: Vec<ServiceBody>,
    /// Orders that ended within so many hours are counted.
    window_h: i64,
    /// Services with fewer orders are left out.
    least_sample_size: u64,
    /// As it was at.
    as_of: Text<Time>,
}

/// Completed ones of all; four digits, since more would pretend to know more.
fn rate(experience: &ServiceExperience) -> f64 {
    (experience.completed as f64 / experience.sample_size.max(1) as f64 * 10_000.0).round() / 10_000.0
}

impl From<&Status> for StatusBody {
    fn from(status: &Status) -> Self {
        let part = |(part, condition): &(Part, Condition)| PartBody {
            name: Text((*part).into()),
            status: Text((*condition).into()),
        };
        let service = |experience: &ServiceExperience| ServiceBody {
            service: Text(experience.service.clone()),
            success_rate: rate(experience),
            sample_size: experience.sample_size,
            time_to_code_p50_s: experience.time_to_code_p50_s,
        };
        Self {
            status: Text(status.condition().into()),
            parts: status.parts.iter().map(part).collect(),
            services: status.services.iter().flatten().map(service).collect(),
            window_h: WINDOW_H,
            least_sample_size: LEAST_SAMPLE,
            as_of: Text(status.at),
        }
    }
}

/// The status as a page.
fn page(status: &Status) -> String {
    let mut body = format!("<p role=\"status\">{}</p><table><tbody>", sentence(status.condition()));
    for (part, condition) in &status.parts {
        let name = match part {
            Part::Orders => "Accounts, orders, wallets",
            Part::Numbers => "Numbers and their texts",
            Part::Payments => "Adding money",
        };
        // Writing to a String cannot fail.
        let _ = write!(body, "<tr><th scope=\"row\">{name}</th><td>{}</td></tr>", word(*condition));
    }
    let _ = write!(body, "</tbody></table><h2>The last {WINDOW_H} hours</h2>");
    body.push_str(&experiences(status.services.as_deref()));
    let at = status.at.format("%Y-%m-%d %H:%M:%S UTC");
    let _ = write!(
        body,
        "<p>Counted from every order that had a number and has ended, whoever ended it. As of {at}. \
         <a href=\"/status.json\">The same as JSON</a> · <a href=\"/\">Namaskah</a></p>"
    );
    body
}

fn experiences(services: Option<&[ServiceExperience]>) -> String {
    let Some(services) = services else { return "<p>Nobody can tell at the moment.</p>".to_owned() };
    if services.is_empty() {
        return format!("<p>No service had {LEAST_SAMPLE} orders.</p>");
    }
    let rows: String = services.iter().map(row).collect();
    format!(
        "<table><thead><tr><th scope=\"col\">Service</th><th scope=\"col\">Codes received</th>\
         <th scope=\"col\">Orders</th><th scope=\"col\">Half within</th></tr></thead><tbody>{rows}</tbody></table>\
         <p>Services with fewer than {LEAST_SAMPLE} orders are left out.</p>"
    )
}

fn row(experience: &ServiceExperience) -> String {
    let half = experience.time_to_code_p50_s.map_or_else(|| "—".to_owned(), |seconds| format!("{seconds} s"));
    format!(
        "<tr><th scope=\"row\">{}</th><td>{:.0} %</td><td>{}</td><td>{half}</td></tr>",
        escape(experience.service.as_str()),
        (rate(experience) * 100.0).round(),
        experience.sample_size,
    )
}

const fn sentence(condition: Condition) -> &'static str {
    match condition {
        Condition::Operational => "Everything works.",
        Condition::Degraded => "Some things are slow, or do not work always.",
        Condition::Unknown => "Nobody can tell of some things how they do.",
        Condition::Down => "Something does not work.",
    }
}

const fn word(condition: Condition) -> &'static str {
    match condition {
        Condition::Operational => "works",
        Condition::Degraded => "slow or not always",
        Condition::Unknown => "not known",
        Condition::Down => "down",
    }
}

/// The status as it is told: whoever asks while one looks is told what was known before, if anything was.
pub struct StatusBoard {
    service: Arc<StatusService>,
    last: Mutex<Option<Arc<Status>>>,
    turn: tokio::sync::Mutex<()>,
}

impl StatusBoard {
    /// Nothing known yet.
    pub fn new(service: Arc<StatusService>) -> Self {
        Self { service, last: Mutex::default(), turn: tokio::sync::Mutex::default() }
    }

    fn known(&self) -> Option<Arc<Status>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn fresh(&self) -> Option<Arc<Status>> {
        self.known().filter(|status| status.is_fresh(self.service.now()))
    }

    async fn status(&self) -> Arc<Status> {
        if let Some(fresh) = self.fresh() {
            return fresh;
        }
        let _turn = match (self.turn.try_lock(), self.known()) {
            (Ok(turn), _) => turn,
            (Err(_), Some(stale)) => return stale,
            (Err(_), None) => self.turn.lock().await,
        };
        if let Some(fresh) = self.fresh() {
            return fresh;
        }
        let status = Arc::new(self.service.status().await);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(status.clone());
        status
    }
}

/// Routes of the status.
pub struct StatusApi {
    /// Tells it.
    pub board: Arc<StatusBoard>,
}

#[OpenApi(tag = "Tag::System")]
impl StatusApi {
    /// How the service does
    ///
    /// From orders of the last hours: how many had a code, and how soon. A page for whoever accepts HTML, else JSON. At most
    /// 30 seconds old.
    #[oai(path = "/status", method = "get", operation_id = "get_status")]
    async fn status(&self, headers: &HeaderMap) -> Result<Told, Problem> {
        let status = self.board.status().await;
        Ok(if wants_a_page(headers) { Told::Page(status) } else { Told::Json(status) })
    }

    /// How the service does, as JSON
    #[oai(path = "/status.json", method = "get", operation_id = "get_status_json")]
    async fn status_json(&self) -> Result<Told, Problem> {
        Ok(Told::Json(self.board.status().await))
    }
}

/// Browsers name HTML; programs that name nothing, or everything, are told JSON.
fn wants_a_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
    let mut kinds = accepted
        .flat_map(|value| value.split(','))
        .map(|kind| kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    kinds.find(|kind| kind == HTML || kind == JSON).is_some_and(|first| first == HTML)
}

/// The status, as it was asked for.
enum Told {
    Page(Arc<Status>),
    Json(Arc<Status>),
}

impl IntoResponse for Told {
    fn into_response(self) -> Response {
        let mut response = match self {
            Self::Page(status) => {
                Page { title: "Status", body: &page(&status), script: None }.into_response()
            }
            Self::Json(status) => Response::builder()
                .content_type(JSON)
                .body(StatusBody::from(status.as_ref()).to_json_string()),
        };
        response.headers_mut().insert(header::CACHE_CONTROL, CACHING);
        response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
        response
    }
}

impl ApiResponse for Told {
    fn meta() -> MetaResponses {
        let page = MetaSchemaRef::Inline(Box::new(MetaSchema::new("string")));
        MetaResponses {
            responses: vec![MetaResponse {
                description: "As it is, or was within 30 seconds",
                status: Some(200),
                status_range: None,
                content: vec![
                    MetaMediaType { content_type: JSON, schema: StatusBody::schema_ref() },
                    MetaMediaType { content_type: HTML, schema: page },
                ],
                headers: vec![],
            }],
        }
    }

    fn register(registry: &mut Registry) {
        StatusBody::register(registry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(services: Option<Vec<ServiceExperience>>) -> Status {
        let at = Time::from_timestamp_millis(1_767_225_600_000).expect("an instant");
        let parts = [
            (Part::Orders, Condition::Operational),
            (Part::Numbers, Condition::Degraded),
            (Part::Payments, Condition::Operational),
        ];
        Status { parts, services, at }
    }

    #[test]
    fn whoever_names_html_first_is_shown_a_page() {
        for (accept, expected) in [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
            ("TEXT/HTML; q=0.9", true),
            ("application/json, text/html", false),
            ("*/*", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_str(accept).expect("a value"));
            assert_eq!(wants_a_page(&headers), expected, "{accept}");
        }
        assert!(!wants_a_page(&HeaderMap::new()));
    }

    #[test]
    fn the_page_tells_what_was_counted() {
        let whatsapp = ServiceExperience {
            service: ServiceCode::try_new("whatsapp").expect("a service"),
            sample_size: 40,
            completed: 29,
            time_to_code_p50_s: Some(14),
        };
        let silent = ServiceExperience { completed: 0, time_to_code_p50_s: None, ..whatsapp.clone() };
        let shown = page(&status(Some(vec![whatsapp, silent])));
        assert!(shown.contains("<td>73 %</td><td>40</td><td>14 s</td>"), "{shown}");
        assert!(shown.contains("<td>0 %</td><td>40</td><td>—</td>"), "{shown}");
        assert!(shown.contains("As of 2026-01-01 00:00:00 UTC"), "{shown}");
        assert!(page(&status(Some(Vec::new()))).contains("No service had 10 orders."));
        let shown = page(&status(None));
        assert!(shown.contains("Nobody can tell") && !shown.contains("No service"), "{shown}");
    }
}
