//! Every port in memory: the tests' fakes, and what embedding developers start with.
