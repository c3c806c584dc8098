//! Sign-in: registration, tokens, the browser's session, passwords.

pub mod api_keys;
pub mod body;
pub mod cookie;
pub mod export;
pub mod google;
pub mod me;
pub mod second_factor;

use std::sync::Arc;

use namaskah_domain::{
    SessionId,
    auth::{
        AuthService, ChangePassword, ConfirmEmail, Email, Origin, Register, ResetPassword,
        SignedIn as Visitor,
    },
};
use poem::{Request, RequestBody, Result as PoemResult, http::header};
use poem_openapi::{OpenApi, param::Path};

use self::{
    body::{
        BrowserBody, ChangeBody, ConfirmEmailBody, CsrfBody, EmailBody, LoginBody, RefreshBody, RegisterBody,
        ResetBody, SentBody, SentWord, SessionBody, TokenBody, TokensBody,
    },
    cookie::{WithCookie, WithoutCookie},
};
use crate::http::{
    auth_scheme::{Identity, InBrowser, SignedIn, Site},
    body::{Accepted, Body, Listed, NoContent, Shown, Text},
    detached::detached,
    middleware::rate::Meter,
    problem::Problem,
    tags::Tag,
};

/// Routes of sign-in.
pub struct AuthApi {
    /// Registers and signs in.
    pub auth: Arc<AuthService>,
    /// Where cookies belong.
    pub site: Site,
}

/// Where a sign-in comes from.
struct Device(Origin);

impl<'a> poem::FromRequest<'a> for Device {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> PoemResult<Self> {
        let ip = Meter::from_request(request, body).await?.client().0.to_string();
        let device = request.header(header::USER_AGENT).map(str::to_owned);
        Ok(Self(Origin { device, ip: Some(ip) }))
    }
}

/// The session of the browser that asks for another, if it has one and the request is of our own site.
struct Former(Option<Visitor>);

impl<'a> poem::FromRequest<'a> for Former {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> PoemResult<Self> {
        Ok(Self(match request.data::<Identity>() {
            Some(Identity::ByCookie(visitor, _)) => Some(*visitor),
            _ => None,
        }))
    }
}

#[OpenApi(prefix_path = "/api/v1/auth", tag = "Tag::Auth")]
impl AuthApi {
    /// Register
    ///
    /// Mails a link that proves the address. A taken address gets the same answer; if it is not proven, its password is
    /// void, and the link sets one.
    #[oai(path = "/register", method = "post", operation_id = "register")]
    async fn register(&self, meter: Meter, body: Body<RegisterBody>) -> Result<Accepted<SentBody>, Problem> {
        let RegisterBody { email, password } = body.0;
        meter.mail(&email.0).await?;
        let auth = self.auth.clone();
        let command = Register { email: email.0, password: password.0.0 };
        detached(async move { auth.register(command).await }).await?;
        Ok(sent(SentWord::VerificationSent))
    }

    /// Prove an address
    #[oai(path = "/verify-email", method = "post", operation_id = "verify_email")]
    async fn verify_email(&self, body: Body<TokenBody>) -> Result<NoContent, Problem> {
        self.auth.verify_email(body.0.token.0.expose()).await?;
        Ok(NoContent)
    }

    /// Prove a new address
    ///
    /// It is the account's from then on. Ends every sign-in.
    #[oai(path = "/email/confirm", method = "post", operation_id = "confirm_email")]
    async fn confirm_email(&self, body: Body<ConfirmEmailBody>) -> Result<NoContent, Problem> {
        let ConfirmEmailBody { token, email } = body.0;
        let (auth, command) = (self.auth.clone(), ConfirmEmail { token: token.0, email: email.0 });
        detached(async move { auth.confirm_email(command).await }).await?;
        Ok(NoContent)
    }

    /// Ask for the link again
    ///
    /// It sets a password, which proves the address.
    #[oai(path = "/resend-verification", method = "post", operation_id = "resend_verification")]
    async fn resend_verification(
        &self,
        meter: Meter,
        body: Body<EmailBody>,
    ) -> Result<Accepted<SentBody>, Problem> {
        meter.mail(&body.0.email.0).await?;
        let auth = self.auth.clone();
        self.mail_later(body.0.email.0, move |email| async move { auth.resend_verification(&email).await });
        Ok(sent(SentWord::VerificationSent))
    }

    /// Sign in
    #[oai(path = "/login", method = "post", operation_id = "login")]
    async fn login(
        &self,
        meter: Meter,
        device: Device,
        body: Body<LoginBody>,
    ) -> Result<Shown<TokensBody>, Problem> {
        self.admit(&meter, &body.0.email.0, &device.0).await?;
        let (auth, credentials) = (self.auth.clone(), body.0.parse());
        let tokens = detached(async move { auth.login(credentials, device.0).await }).await?;
        Ok(Shown(tokens.into()))
    }

    /// Sign in with a browser
    ///
    /// The credential is in an HttpOnly cookie. The session that the browser had before ends.
    #[oai(path = "/session", method = "post", operation_id = "open_browser_session")]
    async fn open_session(
        &self,
        meter: Meter,
        device: Device,
        former: Former,
        body: Body<LoginBody>,
    ) -> Result<WithCookie<BrowserBody>, Problem> {
        self.admit(&meter, &body.0.email.0, &device.0).await?;
        let (auth, credentials) = (self.auth.clone(), body.0.parse());
        let opened = detached(async move { auth.open_browser_session(credentials, device.0).await }).await?;
        if let Some(former) = former.0 {
            self.auth.logout(former).await?;
        }
        let (cookie, expires_in) = (opened.cookie.clone(), opened.expires_in_s);
        let body = BrowserBody::of(opened, &self.auth.csrf_token(&cookie));
        Ok(WithCookie::new(body, &self.site, &cookie, expires_in))
    }

    /// Sign a browser out
    #[oai(path = "/session", method = "delete", operation_id = "close_browser_session")]
    async fn close_session(&self, user: InBrowser) -> Result<WithoutCookie, Problem> {
        self.auth.logout(user.0).await?;
        Ok(WithoutCookie(self.site.clone()))
    }

    /// What goes with a browser's changes
    #[oai(path = "/csrf", method = "get", operation_id = "get_csrf_token")]
    async fn csrf(&self, user: InBrowser) -> Result<Shown<CsrfBody>, Problem> {
        Ok(Shown(CsrfBody { csrf_token: self.auth.csrf_token(&user.1).expose().to_owned() }))
    }

    /// Renew a sign-in
    ///
    /// Each refresh token works once; a second use ends the sign-in.
    #[oai(path = "/refresh", method = "post", operation_id = "refresh")]
    async fn refresh(&self, body: Body<RefreshBody>) -> Result<Shown<TokensBody>, Problem> {
        let (auth, token) = (self.auth.clone(), body.0.refresh_token.0);
        let tokens = detached(async move { auth.refresh(token.expose()).await }).await?;
        Ok(Shown(tokens.into()))
    }

    /// Sign out
    #[oai(path = "/logout", method = "post", operation_id = "logout")]
    async fn logout(&self, user: SignedIn) -> Result<NoContent, Problem> {
        self.auth.logout(user.0).await?;
        Ok(NoContent)
    }

    /// Sign out everywhere
    ///
    /// Needs a step-up.
    #[oai(path = "/logout-all", method = "post", operation_id = "logout_all")]
    async fn logout_all(&self, user: SignedIn) -> Result<NoContent, Problem> {
        self.auth.logout_all(user.0).await?;
        Ok(NoContent)
    }

    /// Ask for a link that sets a new password
    #[oai(path = "/password/forgot", method = "post", operation_id = "forgot_password")]
    async fn forgot(&self, meter: Meter, body: Body<EmailBody>) -> Result<Accepted<SentBody>, Problem> {
        meter.mail(&body.0.email.0).await?;
        let auth = self.auth.clone();
        self.mail_later(body.0.email.0, move |email| async move { auth.forgot_password(&email).await });
        Ok(sent(SentWord::ResetSent))
    }

    /// Set a new password with a token
    #[oai(path = "/password/reset", method = "post", operation_id = "reset_password")]
    async fn reset(&self, body: Body<ResetBody>) -> Result<NoContent, Problem> {
        let ResetBody { token, password } = body.0;
        let (auth, command) = (self.auth.clone(), ResetPassword { token: token.0, password: password.0.0 });
        detached(async move { auth.reset_password(command).await }).await?;
        Ok(NoContent)
    }

    /// Change your password
    ///
    /// Ends every other session. With a second factor it needs a step-up.
    #[oai(path = "/password/change", method = "post", operation_id = "change_password")]
    async fn change(
        &self,
        meter: Meter,
        user: SignedIn,
        body: Body<ChangeBody>,
    ) -> Result<NoContent, Problem> {
        // Guessing the present password is guessing a password.
        meter.proof(user.id()).await?;
        let ChangeBody { current_password, new_password } = body.0;
        let command = ChangePassword { by: user.0, current: current_password.0, new: new_password.0.0 };
        let auth = self.auth.clone();
        let changed = detached(async move { auth.change_password(command).await }).await;
        changed.map_err(|problem| problem.with_field_renamed("password", "new_password"))?;
        Ok(NoContent)
    }

    /// Your sign-ins
    #[oai(path = "/sessions", method = "get", operation_id = "list_sessions")]
    async fn sessions(&self, user: SignedIn) -> Result<Shown<Listed<SessionBody>>, Problem> {
        let sessions = self.auth.sessions(user.id()).await?;
        let shown = sessions.into_iter().map(|session| SessionBody::of(session, user.0.session));
        Ok(Shown(Listed::whole(shown.collect())))
    }

    /// End a sign-in
    ///
    /// Another one than this needs a step-up.
    #[oai(path = "/sessions/:id", method = "delete", operation_id = "end_session")]
    async fn end_session(&self, user: SignedIn, id: Path<Text<SessionId>>) -> Result<NoContent, Problem> {
        self.auth.end_session(user.0, id.0.0).await?;
        Ok(NoContent)
    }
}

impl AuthApi {
    /// Counts an attempt to sign in. Where an account has had its attempts of everybody, whoever comes from a place of its
    /// owner's goes on: strangers who guess do not keep him out.
    async fn admit(&self, meter: &Meter, email: &Email, origin: &Origin) -> Result<(), Problem> {
        meter.sign_in(email.as_str()).await?;
        match meter.account(email).await {
            Err(_) if self.auth.is_familiar(email, origin).await? => Ok(()),
            counted => counted,
        }
    }

    /// Answers before anything is known about the address, so that the time tells nothing.
    fn mail_later<F, Fut>(&self, email: Email, send: F)
    where
        F: FnOnce(Email) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), namaskah_domain::auth::MailRequestError>> + Send + 'static,
    {
        let sending = detached(send(email));
        tokio::spawn(async move {
            // A fault is logged where it becomes a problem.
            let _ = sending.await;
        });
    }
}

fn sent(status: SentWord) -> Accepted<SentBody> {
    Accepted(SentBody { status: Text(status) })
}
