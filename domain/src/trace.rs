//! Which trace something belongs to, as W3C's `traceparent` writes it. It says nothing of whom or of what.
//!
//! Source: <https://www.w3.org/TR/trace-context/#traceparent-header>

use std::fmt;

/// A place in a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TraceParent {
    trace: u128,
    span: u64,
    is_sampled: bool,
}

const VERSION_AND_IDS: usize = 55;

impl TraceParent {
    /// `None` if either identifier is zero, which names nothing.
    pub const fn new(trace: u128, span: u64, is_sampled: bool) -> Option<Self> {
        if trace == 0 || span == 0 { None } else { Some(Self { trace, span, is_sampled }) }
    }

    /// Reads version 00, and of later versions what is the same.
    pub fn parse(text: &str) -> Option<Self> {
        let is_lower_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        let (head, tail) = (text.get(..VERSION_AND_IDS)?, &text[VERSION_AND_IDS..]);
        let parts: Vec<&str> = head.split('-').collect();
        let [version, trace, span, flags] = parts[..] else { return None };
        let lengths = [version.len(), trace.len(), span.len(), flags.len()];
        if lengths != [2, 32, 16, 2] || !head.bytes().all(|b| b == b'-' || is_lower_hex(b)) {
            return None;
        }
        let is_ended = tail.is_empty() || (version != "00" && tail.starts_with('-'));
        if version == "ff" || !is_ended {
            return None;
        }
        let is_sampled = u8::from_str_radix(flags, 16).ok()? & 1 == 1;
        Self::new(u128::from_str_radix(trace, 16).ok()?, u64::from_str_radix(span, 16).ok()?, is_sampled)
    }

    /// The trace.
    pub const fn trace(self) -> u128 {
        self.trace
    }

    /// The place in it.
    pub const fn span(self) -> u64 {
        self.span
    }

    /// True if whoever began it collects it.
    pub const fn is_sampled(self) -> bool {
        self.is_sampled
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, u8::from(self.is_sampled))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_is_read_and_written_alike() {
        for text in [
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
        ] {
            assert_eq!(TraceParent::parse(text).map(|parent| parent.to_string()).as_deref(), Some(text));
        }
        let later = "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03-what-else";
        assert!(TraceParent::parse(later).is_some_and(TraceParent::is_sampled));
    }

    #[test]
    fn whatever_is_not_one_is_none() {
        for text in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473é-00f067aa0ba902b7-01",
            "+0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(TraceParent::parse(text), None, "{text}");
        }
    }
}
