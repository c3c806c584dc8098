//! What comes in and what goes out.

pub mod answer;
pub mod clearing;
pub mod forms;
pub mod money;
pub mod paging;
pub mod text;
pub mod tree;
mod words;

use poem::{Request, RequestBody, Result};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaMediaType, MetaRequest, Registry},
    types::Type,
};
use serde::de::DeserializeOwned;

use self::tree::BodyFault;
pub(crate) use self::words::word_enum;
pub use self::{
    answer::{Accepted, Acknowledged, Begun, Cached, Changed, Created, NoContent, NowOrSoon, Shown},
    money::{AmountBody, MoneyBody},
    paging::{AfterQuery, LimitQuery, Listed},
    text::{Text, TextForm},
};
use crate::http::problem::Problem;

const JSON: &str = "application/json";

/// A JSON body: serde parses it, poem-openapi describes it.
pub struct Body<T>(pub T);

impl<'a, T: DeserializeOwned + Type> ApiExtractor<'a> for Body<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let content = vec![MetaMediaType { content_type: JSON, schema: T::schema_ref() }];
        Some(MetaRequest { description: None, content, required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        if !request.content_type().is_some_and(is_json) {
            let detail = "Send the body as application/json.";
            return Err(Problem::told(415, "unsupported_media_type", detail).into());
        }
        let bytes = body.take()?.into_bytes().await?;
        Ok(Self(tree::read(&bytes).map_err(Problem::from)?))
    }
}

/// `application/json` with or without parameters, but in no other character set than UTF-8.
fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let json = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case(JSON));
    json && parts.all(|part| match part.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    })
}

impl From<BodyFault> for Problem {
    fn from(fault: BodyFault) -> Self {
        match fault {
            BodyFault::Malformed(detail) => Self::told(400, "malformed_request", detail),
            BodyFault::Field { path, code, detail } => Self::invalid(&path, code, detail),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_in_utf8_is_json() {
        for sound in
            ["application/json", "Application/JSON; charset=utf-8", "application/json;charset=\"UTF-8\""]
        {
            assert!(is_json(sound), "{sound}");
        }
        for other in ["", "text/plain", "application/jsonx", "application/json; charset=latin1"] {
            assert!(!is_json(other), "{other}");
        }
    }
}
