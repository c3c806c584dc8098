//! Readiness that a test decides about.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use namaskah::http::system::{Part, Readiness};

/// One part that can fail.
pub struct Switch(pub AtomicBool);

#[async_trait]
impl Readiness for Switch {
    async fn parts(&self) -> Vec<Part> {
        let detail = Some("switched off".to_owned());
        vec![Part { name: "database", is_ready: self.0.load(Ordering::SeqCst), detail }]
    }
}
