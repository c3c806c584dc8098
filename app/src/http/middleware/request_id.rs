//! Request ids: one on every answer, log line and error report.

use poem::Request;

const HEADER: &str = "x-request-id";
const MAX_LEN: usize = 128;

/// The name of one request: the client's, if it is a sane token, or one of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// The client's id or a new one.
    pub fn choose(request: &Request) -> Self {
        match request.header(HEADER) {
            Some(text) if is_sane(text) => Self(text.to_owned()),
            _ => Self::new(),
        }
    }

    /// A new id.
    pub fn new() -> Self {
        let mut bytes = [0u8; 16];
        // Without randomness ids repeat, which costs a look-up in the log and nothing else.
        let _ = getrandom::fill(&mut bytes);
        Self(format!("req_{}", hex::encode(bytes)))
    }

    /// The id that the outermost layer has chosen for this request.
    pub fn of(request: &Request) -> Self {
        request.data::<Self>().cloned().unwrap_or_else(Self::unknown)
    }

    /// For answers that are made outside of a request.
    pub fn unknown() -> Self {
        Self("unknown".to_owned())
    }

    /// As text: visible ASCII, fit for a header and a log line.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for RequestId {
    fn default() -> Self {
        Self::new()
    }
}

fn is_sane(text: &str) -> bool {
    (1..=MAX_LEN).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_header(value: &str) -> Request {
        Request::builder().header(HEADER, value).finish()
    }

    #[test]
    fn a_sane_token_of_the_client_is_kept_and_anything_else_is_replaced() {
        assert_eq!(RequestId::choose(&with_header("abc-1_2.3")).as_str(), "abc-1_2.3");
        for text in ["", "a b", "a\"b", "<x>", &"a".repeat(129)] {
            let chosen = RequestId::choose(&with_header(text));
            assert!(chosen.as_str().starts_with("req_"), "{text:?} gave {chosen:?}");
        }
        assert_ne!(RequestId::new(), RequestId::new());
    }
}
