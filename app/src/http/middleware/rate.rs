//! The rate limit as a layer: finds out who asks, counts, and tells in headers how much is left.

use std::sync::{Arc, Mutex, PoisonError};

use namaskah_domain::{
    UserId,
    auth::{AuthenticateError, Email},
};
use poem::{
    Endpoint, IntoResponse, Middleware, Request, Response, Result,
    http::{HeaderMap, HeaderName, HeaderValue, Method},
};

use super::{
    Asked, ClientAddress, TrustedProxies,
    limits::{Class, Limits, Network, Who},
    window::Verdict,
};
use tracing::Span;

use crate::{
    http::{
        auth_scheme::{Gate, Identity},
        middleware::RequestId,
        problem::Problem,
    },
    logging::LoggedUsers,
};

/// Verdicts of one request: of its class, and of what a handler has asked besides.
#[derive(Debug, Clone, Default)]
pub struct Verdicts(Arc<Mutex<Vec<Verdict>>>);

impl Verdicts {
    fn push(&self, verdict: Verdict) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(verdict);
    }

    fn take(&self) -> Vec<Verdict> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What a handler needs to count by itself: signing in is limited by the account that the body names.
#[derive(Clone)]
pub struct Meter {
    limits: Arc<Limits>,
    client: ClientAddress,
    verdicts: Verdicts,
}

impl Meter {
    /// Counts an attempt to sign in to the account of that name, from this client.
    ///
    /// # Errors
    /// 429.
    pub async fn sign_in(&self, name: &str) -> Result<(), Problem> {
        let name = self.limits.named(&name.to_lowercase());
        self.counted(Class::Login, Who::AddressAndName(Network::from(self.client.0), name)).await
    }

    /// Counts an attempt of somebody signed in to prove again who that is, from this client and wherever it comes from:
    /// whoever has a stolen sign-in and many addresses guesses no more than others. It is counted apart from signing in,
    /// so that neither keeps the owner from the other.
    ///
    /// # Errors
    /// 429.
    pub async fn proof(&self, user: UserId) -> Result<(), Problem> {
        self.sign_in(&user.to_string()).await?;
        self.counted(Class::Proof, Who::Account(user)).await
    }

    /// Counts an attempt to sign in to the account of that address, wherever it comes from: whoever has many addresses of
    /// his own guesses no more than others. Known and unknown accounts count alike.
    ///
    /// # Errors
    /// 429.
    pub async fn account(&self, email: &Email) -> Result<(), Problem> {
        self.named(Class::Account, email.as_str()).await
    }

    /// Counts a mail that somebody asks for, by the mailbox that it goes to, whatever tag its address has: whoever has many
    /// addresses of his own fills nobody's mailbox. Known and unknown ones count alike.
    ///
    /// # Errors
    /// 429.
    pub async fn mail(&self, to: &Email) -> Result<(), Problem> {
        self.named(Class::Mail, &to.mailbox()).await
    }

    async fn named(&self, class: Class, name: &str) -> Result<(), Problem> {
        self.counted(class, Who::Name(self.limits.named(name))).await
    }

    async fn counted(&self, class: Class, who: Who) -> Result<(), Problem> {
        let verdict = self.limits.ask(self.client.0, class, who).await;
        self.verdicts.push(verdict);
        if verdict.allowed { Ok(()) } else { Err(refusal(verdict)) }
    }

    /// The client's address.
    pub const fn client(&self) -> ClientAddress {
        self.client
    }
}

impl<'a> poem::FromRequest<'a> for Meter {
    async fn from_request(request: &'a Request, _: &mut poem::RequestBody) -> Result<Self> {
        let meter = request.data::<Self>().cloned();
        meter.ok_or_else(|| Problem::fault(500, "internal", "no meter on this route").into())
    }
}

/// Limits everything inside.
pub struct RateLimit {
    /// The counters.
    pub limits: Arc<Limits>,
    /// Whom to believe about addresses.
    pub proxies: TrustedProxies,
    /// Finds out who asks.
    pub gate: Gate,
    /// How he is named in logs.
    pub logged: LoggedUsers,
}

impl<E: Endpoint> Middleware<E> for RateLimit {
    type Output = RateLimitEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        RateLimitEndpoint {
            inner,
            limits: self.limits.clone(),
            proxies: self.proxies.clone(),
            gate: self.gate.clone(),
            logged: self.logged,
        }
    }
}

/// See [`RateLimit`].
pub struct RateLimitEndpoint<E> {
    inner: E,
    limits: Arc<Limits>,
    proxies: TrustedProxies,
    gate: Gate,
    logged: LoggedUsers,
}

impl<E: Endpoint> Endpoint for RateLimitEndpoint<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let id = RequestId::of(&request);
        let client = self.proxies.client_of(&request);
        let verdicts = Verdicts::default();
        let random = self.gate.looked_up(&request);
        let refused = random.as_ref().and_then(|random| self.limits.refuse(client.0, random.expose()));
        if let Some(verdict) = refused {
            let mut response = refusal(verdict).into_response_for(&id);
            tell(response.headers_mut(), &[verdict]);
            response.set_data(Asked { user: None, client });
            return Ok(response);
        }
        let identity = self.gate.identify(&request, client).await;
        if let Some(random) = random {
            self.note(&identity, client, random.expose());
        }
        let first = self.count(&request, &identity, client).await;
        let asked = Asked { user: identity.account(), client };
        if let Some(name) = asked.user.and_then(|user| self.logged.name(user)) {
            // This is the span of the request: nothing between opens another.
            Span::current().record("user", name);
        }
        verdicts.push(first);
        let mut response = if first.allowed {
            request.set_data(client);
            request.set_data(identity);
            request.set_data(self.gate.clone());
            request.set_data(Meter { limits: self.limits.clone(), client, verdicts: verdicts.clone() });
            match self.inner.call(request).await {
                Ok(answer) => answer.into_response(),
                Err(error) => return Err(error),
            }
        } else {
            refusal(first).into_response_for(&id)
        };
        tell(response.headers_mut(), &verdicts.take());
        response.set_data(asked);
        Ok(response)
    }
}

impl<E> RateLimitEndpoint<E> {
    /// What came of looking up a credential. A store that is away says nothing about it.
    fn note(&self, identity: &Identity, client: ClientAddress, credential: &str) {
        match identity {
            Identity::Refused(AuthenticateError::InvalidCredential) => {
                self.limits.looked_up(client.0, credential, None);
            }
            Identity::Refused(_) => {}
            known => self.limits.looked_up(client.0, credential, known.account()),
        }
    }

    async fn count(&self, request: &Request, identity: &Identity, client: ClientAddress) -> Verdict {
        let class = class_of(request.method(), request.uri().path());
        let address = Who::Address(Network::from(client.0));
        let Some(user) = identity.account() else {
            let class = if class == Class::StatusRead { Class::Default } else { class };
            return self.limits.ask(client.0, class, address).await;
        };
        let account = Who::Account(user);
        match class {
            Class::StatusRead => {
                let record = self.limits.named(request.uri().path());
                let asked = (class, Who::AccountAndRecord(user, record));
                // A record that was not asked for lately counts as any other request too, so that asking for
                // many records is limited like everything else.
                self.limits.ask_after(client.0, asked, Some((Class::Default, account))).await
            }
            Class::Register
            | Class::Mail
            | Class::Login
            | Class::Account
            | Class::Proof
            | Class::Hook
            | Class::System => self.limits.ask(client.0, class, address).await,
            Class::Purchase | Class::Payment | Class::Default => {
                self.limits.ask(client.0, class, account).await
            }
        }
    }
}

/// Which quota a request uses up. Sign-in is counted by its handler, and as any other request here.
fn class_of(method: &Method, path: &str) -> Class {
    let Some(path) = path.strip_prefix("/api/v1/") else { return Class::System };
    if method == Method::OPTIONS {
        return Class::System;
    }
    let parts: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    let post = method == Method::POST;
    match parts.as_slice() {
        ["me"] if method == Method::PATCH => Class::Register,
        ["hooks", ..] => Class::Hook,
        ["auth", "register" | "resend-verification"] | ["auth", "password", "forgot"] if post => {
            Class::Register
        }
        ["payments"] | ["payments", _, "refund"] if post => Class::Payment,
        ["verifications" | "rentals"] | ["verifications", "batch"] if post => Class::Purchase,
        ["verifications", _, "retry" | "swap"] | ["rentals", _, "extend"] if post => Class::Purchase,
        ["verifications", id] if !post && *id != "batch" => Class::StatusRead,
        _ => Class::Default,
    }
}

/// 429, with a wait after which one more is let in.
fn refusal(verdict: Verdict) -> Problem {
    let detail = format!("The limit of \"{}\" is used up.", verdict.policy.name);
    Problem::told(429, "rate_limited", detail).with_retry_after(seconds_up(verdict).max(1))
}

/// Whole seconds, rounded up: a wait that is told is never too short.
fn seconds_up(verdict: Verdict) -> u64 {
    verdict.reset.as_secs() + u64::from(verdict.reset.subsec_nanos() > 0)
}

/// Every policy in the standard fields, the tightest one in the older three.
fn tell(headers: &mut HeaderMap, verdicts: &[Verdict]) {
    let join = |show: fn(&Verdict) -> String| verdicts.iter().map(show).collect::<Vec<_>>().join(", ");
    let policy =
        join(|v| format!("\"{}\";q={};w={}", v.policy.name, v.policy.quota, v.policy.window.as_secs()));
    let left = join(|v| format!("\"{}\";r={};t={}", v.policy.name, v.remaining, seconds_up(*v)));
    let mut set = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    set("ratelimit-policy", policy);
    set("ratelimit", left);
    if let Some(tightest) = verdicts.iter().min_by_key(|v| (v.allowed, v.remaining)) {
        set("x-ratelimit-limit", tightest.policy.quota.to_string());
        set("x-ratelimit-remaining", tightest.remaining.to_string());
        set("x-ratelimit-reset", seconds_up(*tightest).to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_route_has_its_class() {
        let class = |method: &str, path: &str| {
            class_of(&Method::from_bytes(method.as_bytes()).expect("a method"), path)
        };
        assert_eq!(class("POST", "/api/v1/verifications"), Class::Purchase);
        assert_eq!(class("POST", "/api/v1/verifications/"), Class::Purchase);
        assert_eq!(class("GET", "/api/v1/verifications"), Class::Default);
        assert_eq!(class("GET", "/api/v1/verifications/ver_x"), Class::StatusRead);
        assert_eq!(class("POST", "/api/v1/verifications/ver_x/cancel"), Class::Default);
        assert_eq!(class("POST", "/api/v1/verifications/ver_x/retry"), Class::Purchase);
        assert_eq!(class("POST", "/api/v1/payments"), Class::Payment);
        assert_eq!(class("POST", "/api/v1/auth/register"), Class::Register);
        assert_eq!(class("POST", "/api/v1/auth/login"), Class::Default);
        assert_eq!(class("POST", "/api/v1/hooks/paystack"), Class::Hook);
        assert_eq!(class("PATCH", "/api/v1/me/"), Class::Register);
        assert_eq!(class("GET", "/api/v1/me"), Class::Default);
        assert_eq!(class("GET", "/healthz"), Class::System);
        assert_eq!(class("GET", "/api/v1/wallet"), Class::Default);
        assert_eq!(class("OPTIONS", "/api/v1/payments"), Class::System);
    }
}
