//! The document over time: it breaks no client without a new version, and clients are made of it.

use std::path::{Path, PathBuf};

use namaskah_tests::{openapi, typescript};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn kept() -> Value {
    let text =
        std::fs::read_to_string(root().join("client/openapi.json")).expect("the document that is kept");
    serde_json::from_str(&text).expect("JSON")
}

fn current() -> Value {
    serde_json::from_str(&namaskah::http::server::openapi()).expect("JSON")
}

#[test]
fn the_document_breaks_no_client_without_a_new_version() {
    let (kept, current) = (kept(), current());
    let may = openapi::may_break(openapi::version(&kept), openapi::version(&current));
    let breaks = openapi::breaks(&kept, &current);
    assert!(may || breaks.is_empty(), "see docs/versioning.md: {breaks:#?}");
}

#[test]
fn the_types_of_typescript_are_made_of_the_document_that_is_kept() {
    let types = std::fs::read_to_string(root().join("client/typescript/schema.ts")).expect("types");
    assert!(types == typescript::write(&kept()), "run `tests/run openapi accept`, and commit what it writes");
}
