//! The OpenAPI document: as poem-openapi derives it from the handlers, completed where it cannot say enough.

mod complete;
mod example;
pub mod ui;

use std::{collections::HashMap, marker::PhantomData, sync::Arc};

use bytes::Bytes;
use poem::{endpoint::BoxEndpoint, http::Method};
use poem_openapi::{
    OpenApi, OpenApiService,
    registry::{MetaApi, Registry},
};
use serde_json::Value;

use crate::http::{lifecycle, problem::catch::AllowedMethods};

const TITLE: &str = "Namaskah";
const ABOUT: &str = "Phone numbers that receive one verification code, paid for only if a code came.\n\n\
Money is always `{\"amount\":\"2.50\",\"currency\":\"USD\"}`: a decimal string. Lists are newest first and go on \
with `after`. Errors are `application/problem+json`; branch on `code`. Commands that hold or move money need an \
`Idempotency-Key`: the same key and command have one effect.";

/// The document, and what else is known from it.
pub struct Document {
    /// As JSON.
    pub json: Bytes,
    /// Which methods each route knows.
    pub allowed: AllowedMethods,
}

impl Document {
    /// Of these routes.
    pub fn of<T: OpenApi>(service: &OpenApiService<T, ()>) -> Self {
        let derived = service.spec();
        // Our own document: it is JSON.
        let mut document: Value = serde_json::from_str(&derived).unwrap_or_default();
        complete::complete(&mut document);
        let allowed = allowed_methods(&document);
        Self { json: Bytes::from(document.to_string()), allowed }
    }
}

/// What routes say about themselves, without the routes.
pub struct WithoutRoutes<T>(PhantomData<T>);

impl<T> Default for WithoutRoutes<T> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T: OpenApi> OpenApi for WithoutRoutes<T> {
    fn meta() -> Vec<MetaApi> {
        T::meta()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn add_routes(self, _: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {}
}

/// Names the service and describes it.
pub fn described<T: OpenApi>(routes: T) -> OpenApiService<T, ()> {
    OpenApiService::new(routes, TITLE, env!("CARGO_PKG_VERSION")).description(ABOUT).server("/")
}

/// By the pattern that poem knows a route by.
fn allowed_methods(document: &Value) -> AllowedMethods {
    let mut allowed = HashMap::new();
    let paths = document["paths"].as_object().into_iter().flatten();
    for (path, operations) in paths {
        let names = operations.as_object().into_iter().flat_map(|o| o.keys());
        let mut methods: Vec<Method> =
            names.filter_map(|name| Method::from_bytes(name.to_uppercase().as_bytes()).ok()).collect();
        if methods.contains(&Method::GET) {
            methods.push(Method::HEAD);
        }
        allowed.insert(lifecycle::pattern(path), methods);
    }
    Arc::new(allowed)
}
