//! Builders and contract suites.
