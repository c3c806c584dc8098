//! Who asks where programs may ask too: somebody signed in, or an API key with the scopes that the route needs.
//!
//! A handler that takes [`SignedIn`] is for people: no key passes there, whatever its scopes. A handler that takes
//! [`Caller`] names the scopes by its parameter, and the document is made of the same names.

use std::{
    collections::HashSet,
    marker::PhantomData,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use namaskah_domain::{
    ApiKeyId, Fault, UserId,
    auth::{AuthService, KeyBearer, Scope, SignedIn as Visitor},
};
use poem::{Request, RequestBody, Result};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaSecurityScheme, Registry},
};

use super::{
    auth_scheme::{Identity, SignedIn},
    problem::Problem,
};

/// Name of the scheme in the document.
pub const KEY_SCHEME: &str = "ApiKey";

/// What a route asks of a key.
pub trait Needs: Send + Sync + 'static {
    /// All of these.
    const SCOPES: &'static [Scope];

    /// [`KEY_SCHEME`] and the names of the scopes, as the document learns of them; it is split there.
    const SCHEME: &'static str;
}

macro_rules! needs {
    ($($(#[$doc:meta])* $name:ident: $($scope:ident)+, $scheme:literal;)+) => {
        $($(#[$doc])*
        pub struct $name;

        impl Needs for $name {
            const SCOPES: &'static [Scope] = &[$(Scope::$scope),+];
            const SCHEME: &'static str = $scheme;
        })+

        /// Every need, for tests.
        #[cfg(test)]
        const ALL: &[(&[Scope], &str)] = &[$(($name::SCOPES, $name::SCHEME)),+];
    };
}

needs! {
    /// Seeing the wallet and payments.
    WalletRead: WalletRead, "ApiKey wallet:read";
    /// Opening payments and changing the wallet's settings.
    WalletWrite: WalletWrite, "ApiKey wallet:write";
    /// Seeing what is for sale, orders and their texts.
    VerificationsRead: VerificationsRead, "ApiKey verifications:read";
    /// Ordering.
    VerificationsWrite: VerificationsWrite, "ApiKey verifications:write";
    /// Changing where events are sent to.
    WebhooksWrite: WebhooksWrite, "ApiKey webhooks:write";
    /// Seeing everything that happens: orders and payments.
    EverythingRead: WalletRead VerificationsRead, "ApiKey wallet:read verifications:read";
}

/// Somebody who was let in, and by what.
#[derive(Debug, Clone, Copy)]
pub enum Credential {
    /// A sign-in.
    Session(Visitor),
    /// A key.
    Key(KeyBearer),
}

impl Credential {
    /// Whose request it is.
    pub const fn user(&self) -> UserId {
        match self {
            Self::Session(visitor) => visitor.user,
            Self::Key(bearer) => bearer.user,
        }
    }

    /// True while it would still be let in.
    ///
    /// # Errors
    /// If that cannot be read.
    pub async fn still_stands(&self, auth: &AuthService) -> Result<bool, Fault> {
        match self {
            Self::Session(visitor) => auth.still_stands(visitor).await,
            Self::Key(bearer) => auth.key_still_stands(bearer).await,
        }
    }
}

/// Somebody signed in, or a key with the scopes of `N`. In the signature of a handler it says who may ask.
pub struct Caller<N> {
    credential: Credential,
    needs: PhantomData<fn() -> N>,
}

impl<N> Caller<N> {
    /// Whose request it is.
    pub const fn id(&self) -> UserId {
        self.credential.user()
    }

    /// By what.
    pub const fn credential(&self) -> Credential {
        self.credential
    }
}

fn is_key(request: &Request) -> Option<KeyBearer> {
    match request.data::<Identity>() {
        Some(Identity::ByKey(bearer)) => Some(*bearer),
        _ => None,
    }
}

/// What a key is told where it may not ask.
pub fn not_for_keys() -> Problem {
    Problem::told(403, "forbidden", "No API key may do this: sign in.")
}

fn lacking(scope: Scope) -> Problem {
    Problem::told(403, "forbidden", format!("This needs an API key with the scope {}.", scope.name()))
}

impl<'a, N: Needs> ApiExtractor<'a> for Caller<N> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        SignedIn::register(registry);
        let key = MetaSecurityScheme {
            ty: "http",
            description: Some(
                "An API key, as `Bearer nmk_…`. `x-api-key-scopes` of an operation names the scopes that it needs.",
            ),
            name: None,
            key_in: None,
            scheme: Some("bearer"),
            bearer_format: Some("nmk_ and 64 hex digits"),
            flows: None,
            openid_connect_url: None,
        };
        registry.create_security_scheme(KEY_SCHEME, key);
    }

    fn security_schemes() -> Vec<&'static str> {
        let mut schemes = SignedIn::security_schemes();
        schemes.push(N::SCHEME);
        schemes
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let credential = match is_key(request) {
            Some(bearer) => {
                let lacks = N::SCOPES.iter().find(|scope| !bearer.scopes.has(**scope));
                lacks.map_or(Ok(Credential::Key(bearer)), |scope| Err(lacking(*scope)))?
            }
            None => Credential::Session(SignedIn::from_request(request, body, options).await?.0),
        };
        Ok(Self { credential, needs: PhantomData })
    }
}

/// Uses of keys on their way into the store: one at a time for each key.
#[derive(Debug, Clone, Default)]
pub struct Uses(Arc<Mutex<HashSet<ApiKeyId>>>);

impl Uses {
    /// Writes a use down if it is due, while the request goes on.
    pub fn note(&self, auth: &Arc<AuthService>, bearer: KeyBearer) {
        if !bearer.use_is_due || !self.lock().insert(bearer.key) {
            return;
        }
        let (uses, auth) = (self.clone(), auth.clone());
        tokio::spawn(async move {
            if let Err(fault) = auth.note_key_use(&bearer).await {
                tracing::warn!(key = %bearer.key, error = %fault, "the use of a key was not written down");
            }
            uses.lock().remove(&bearer.key);
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<ApiKeyId>> {
        // Nothing that can panic runs while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_learns_the_scopes_that_are_checked() {
        for (scopes, scheme) in ALL {
            let names: Vec<&str> = scopes.iter().map(|scope| scope.name()).collect();
            assert_eq!(*scheme, format!("{KEY_SCHEME} {}", names.join(" ")));
        }
    }
}
