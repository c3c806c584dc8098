//! Signing in with Google. Browsers come and go here, so what they get is a way on, and a cookie.

use std::sync::Arc;

use namaskah_domain::auth::{
    Arrived, AuthService, BegunAttempt, IdentityError, IdentityService, Returned, Secret, SignedIn as Visitor,
};
use poem::{Request, RequestBody, Result as PoemResult, http::header};
use poem_openapi::{OpenApi, param::Query};

use super::{
    Device,
    body::{AuthorizationBody, BrowserBody, SecondFactorBody},
    cookie::{self, SentOn, WithCookie},
};
use crate::http::{
    auth_scheme::{self, Gate, Identity, InBrowser, SignedIn, Site},
    body::{Body, NoContent},
    detached::detached,
    middleware::rate::Meter,
    problem::Problem,
    tags::Tag,
};

/// A longer code is none of Google's.
const LONGEST_CODE: usize = 2_048;

/// Routes of signing in with Google.
pub struct GoogleApi {
    /// Unlinks.
    pub auth: Arc<AuthService>,
    /// Signs in; `None` where it is not configured.
    pub identities: Option<Arc<IdentityService>>,
    /// Where cookies belong.
    pub site: Site,
}

/// A browser on its way.
struct Browser {
    /// What it has kept of it.
    kept: Option<Secret>,
    /// Who is signed in there.
    by: Option<Visitor>,
    /// True if a person reads the answer.
    reads_pages: bool,
}

impl<'a> poem::FromRequest<'a> for Browser {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> PoemResult<Self> {
        let site = request.data::<Gate>().map(Gate::site);
        let kept = site.and_then(|site| auth_scheme::cookie(request, site.way_cookie_name()));
        let by = match request.data::<Identity>() {
            Some(Identity::ByCookie(visitor, _)) => Some(*visitor),
            _ => None,
        };
        let accepts = request.header(header::ACCEPT).unwrap_or_default();
        Ok(Self { kept, by, reads_pages: accepts.contains("text/html") })
    }
}

#[OpenApi(prefix_path = "/api/v1/auth/google", tag = "Tag::Auth")]
impl GoogleApi {
    /// Sign in with Google
    ///
    /// Sends the browser there, with a cookie that lets it come back within ten minutes. `404` where it is not
    /// configured.
    #[oai(path = "/", method = "get", operation_id = "begin_google")]
    async fn begin(&self) -> Result<SentOn, Problem> {
        let begun = self.identities()?.begin().await?;
        Ok(SentOn::away(begun.url).with(cookie::way(&self.site, &begun.attempt, begun.expires_in_s)))
    }

    /// Come back from Google
    ///
    /// Signs the browser in as `POST /auth/session` does, and sends it to `/`; or to `/second-factor`, where a second
    /// factor is on. Somebody new gets an account. A person is told of a problem by a page.
    #[oai(path = "/callback", method = "get", operation_id = "return_from_google")]
    async fn callback(
        &self,
        browser: Browser,
        device: Device,
        code: Query<Option<String>>,
        state: Query<Option<String>>,
        iss: Query<Option<String>>,
        error: Query<Option<String>>,
    ) -> Result<SentOn, Problem> {
        let (reads_pages, former) = (browser.reads_pages, browser.by);
        let came = Came { code: code.0, state: state.0, issuer: iss.0, is_refused: error.0.is_some() };
        let arrived = match self.identities() {
            Ok(identities) => arrive(identities, browser, device, came).await,
            Err(problem) => Err(problem),
        };
        if let Ok(Arrived::SignedIn(_)) = &arrived {
            self.ends(former).await?;
        }
        match arrived {
            Ok(arrived) => Ok(self.on_its_way(arrived)),
            Err(problem) if reads_pages => Ok(SentOn::Told(problem)),
            Err(problem) => Err(problem),
        }
    }

    /// Finish with a one-time code
    ///
    /// Where a second factor is on, signing in with Google needs it too.
    #[oai(path = "/second-factor", method = "post", operation_id = "finish_google")]
    async fn finish(
        &self,
        meter: Meter,
        browser: Browser,
        device: Device,
        body: Body<SecondFactorBody>,
    ) -> Result<WithCookie<BrowserBody>, Problem> {
        let identities = self.identities()?;
        let former = browser.by;
        let pending = browser.kept.ok_or(IdentityError::InvalidAttempt)?;
        meter.sign_in(pending.expose()).await?;
        let code = body.0.totp_code.0;
        let opened = detached(async move { identities.finish(&pending, &code, &device.0).await }).await?;
        self.ends(former).await?;
        let (cookie, expires_in) = (opened.cookie.clone(), opened.expires_in_s);
        let body = BrowserBody::of(opened, &self.auth.csrf_token(&cookie));
        let done = WithCookie::new(body, &self.site, &cookie, expires_in);
        Ok(done.and(cookie::way(&self.site, &Secret::new(String::new()), 0)))
    }

    /// Let Google sign you in
    ///
    /// Needs a step-up. Send the browser to the address of the answer: the Google account that it comes back with signs
    /// in to yours from then on.
    #[oai(path = "/link", method = "post", operation_id = "link_google")]
    async fn link(&self, user: InBrowser) -> Result<WithCookie<AuthorizationBody>, Problem> {
        let BegunAttempt { url, attempt, expires_in_s } = self.identities()?.begin_link(user.0).await?;
        let body = AuthorizationBody { authorization_url: url };
        Ok(WithCookie::only(body).and(cookie::way(&self.site, &attempt, expires_in_s)))
    }

    /// Let Google not sign you in any more
    ///
    /// Needs a step-up and a password. Ends every other sign-in.
    #[oai(path = "/", method = "delete", operation_id = "unlink_google")]
    async fn unlink(&self, user: SignedIn) -> Result<NoContent, Problem> {
        let auth = self.auth.clone();
        detached(async move { auth.unlink_identities(user.0).await }).await?;
        Ok(NoContent)
    }
}

/// What a browser came back with.
struct Came {
    code: Option<String>,
    state: Option<String>,
    issuer: Option<String>,
    is_refused: bool,
}

async fn arrive(
    identities: Arc<IdentityService>,
    browser: Browser,
    device: Device,
    came: Came,
) -> Result<Arrived, Problem> {
    let (Some(attempt), Some(state)) = (browser.kept, came.state) else {
        return Err(IdentityError::InvalidAttempt.into());
    };
    let code = came.code.filter(|code| !came.is_refused && code.len() <= LONGEST_CODE).map(Secret::new);
    let returned = Returned {
        attempt,
        state: Secret::new(state),
        issuer: came.issuer,
        code,
        by: browser.by,
        origin: device.0,
    };
    detached(async move { identities.arrive(returned).await }).await
}

impl GoogleApi {
    fn identities(&self) -> Result<Arc<IdentityService>, Problem> {
        self.identities.clone().ok_or_else(Problem::not_found)
    }

    /// The session that a browser had before the one that began.
    async fn ends(&self, former: Option<Visitor>) -> Result<(), Problem> {
        match former {
            Some(former) => Ok(self.auth.logout(former).await?),
            None => Ok(()),
        }
    }

    /// The ways on are fixed: nothing that came with the request chooses one.
    fn on_its_way(&self, arrived: Arrived) -> SentOn {
        let no_way = || cookie::way(&self.site, &Secret::new(String::new()), 0);
        match arrived {
            Arrived::SignedIn(opened) => SentOn::to("/")
                .with(cookie::session(&self.site, &opened.cookie, opened.expires_in_s))
                .with(no_way()),
            Arrived::CodeWanted { pending, expires_in_s } => {
                SentOn::to("/second-factor").with(cookie::way(&self.site, &pending, expires_in_s))
            }
            Arrived::Linked => SentOn::to("/").with(no_way()),
        }
    }
}
