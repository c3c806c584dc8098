//! The second factor, and proving again that it is you.

use std::sync::Arc;

use namaskah_domain::auth::{AuthService, ConfirmTotp, DisableTotp, Elevation, NewTotp, Renewed, StepUp};
use poem_openapi::OpenApi;
use qrcode::{QrCode, render::svg};

use super::{
    body::{
        BrowserBody, ElevationBody, StepUpBody, TotpConfirmBody, TotpDisableBody, TotpEnrolmentBody,
        TotpRecoveryBody,
    },
    cookie::WithCookie,
};
use crate::http::{
    auth_scheme::{SignedIn, Site},
    body::{Body, NoContent, Shown, Text},
    detached::detached,
    middleware::rate::Meter,
    problem::Problem,
    tags::Tag,
};

const QR_SIDE_PX: u32 = 220;

/// Routes of the second factor. Each counts as an attempt to sign in where something could be guessed.
pub struct SecondFactorApi {
    /// Turns it on and off.
    pub auth: Arc<AuthService>,
    /// Where cookies belong.
    pub site: Site,
}

#[OpenApi(prefix_path = "/api/v1/auth", tag = "Tag::Auth")]
impl SecondFactorApi {
    /// Prove again that it is you
    ///
    /// With the password, or with a code where a second factor is on. For five minutes this sign-in may then change
    /// what you sign in with. It goes on with new credentials: those of before are void from then on.
    #[oai(path = "/step-up", method = "post", operation_id = "step_up")]
    async fn step_up(
        &self,
        meter: Meter,
        user: SignedIn,
        body: Body<StepUpBody>,
    ) -> Result<WithCookie<ElevationBody>, Problem> {
        meter.proof(user.id()).await?;
        let StepUpBody { password, totp_code } = body.0;
        let proof = (password.map(|password| password.0), totp_code.map(|code| code.0));
        let command = StepUp { by: user.0, password: proof.0, code: proof.1 };
        let auth = self.auth.clone();
        let lifted = detached(async move { auth.step_up(command).await }).await?;
        Ok(self.lifted(lifted))
    }

    /// Begin a second factor
    ///
    /// Needs a step-up. It is asked for once it is confirmed; another beginning replaces this one.
    #[oai(path = "/totp/enroll", method = "post", operation_id = "enroll_totp")]
    async fn enroll(&self, user: SignedIn) -> Result<Shown<TotpEnrolmentBody>, Problem> {
        let auth = self.auth.clone();
        let begun = detached(async move { auth.enroll_totp(user.0).await }).await?;
        Ok(Shown(enrolment(&begun)?))
    }

    /// Turn the second factor on
    ///
    /// With the first code that your device shows. Ends every other sign-in. The recovery codes are shown this once.
    #[oai(path = "/totp/confirm", method = "post", operation_id = "confirm_totp")]
    async fn confirm(
        &self,
        meter: Meter,
        user: SignedIn,
        body: Body<TotpConfirmBody>,
    ) -> Result<Shown<TotpRecoveryBody>, Problem> {
        meter.proof(user.id()).await?;
        let command = ConfirmTotp { by: user.0, code: body.0.code.0 };
        let auth = self.auth.clone();
        let codes = detached(async move { auth.confirm_totp(command).await }).await?;
        let recovery_codes = codes.iter().map(|code| code.expose().to_owned()).collect();
        Ok(Shown(TotpRecoveryBody { recovery_codes }))
    }

    /// Turn the second factor off
    ///
    /// Ends every other sign-in.
    #[oai(path = "/totp/disable", method = "post", operation_id = "disable_totp")]
    async fn disable(
        &self,
        meter: Meter,
        user: SignedIn,
        body: Body<TotpDisableBody>,
    ) -> Result<NoContent, Problem> {
        meter.proof(user.id()).await?;
        let TotpDisableBody { password, code } = body.0;
        let command = DisableTotp { by: user.0, password: password.0, code: code.0 };
        let auth = self.auth.clone();
        detached(async move { auth.disable_totp(command).await }).await?;
        Ok(NoContent)
    }
}

impl SecondFactorApi {
    fn lifted(&self, lifted: Elevation) -> WithCookie<ElevationBody> {
        let elevated_until = Text(lifted.until);
        match lifted.credentials {
            Renewed::Tokens(tokens) => {
                WithCookie::only(ElevationBody { elevated_until, tokens: Some(tokens.into()), session: None })
            }
            Renewed::Browser(session) => {
                let (cookie, max_age_s) = (session.cookie.clone(), session.expires_in_s);
                let session = Some(BrowserBody::of(session, &self.auth.csrf_token(&cookie)));
                let body = ElevationBody { elevated_until, tokens: None, session };
                WithCookie::new(body, &self.site, &cookie, max_age_s)
            }
        }
    }
}

fn enrolment(begun: &NewTotp) -> Result<TotpEnrolmentBody, Problem> {
    // An address has 254 characters at most, which is far from what a QR code holds.
    let code =
        QrCode::new(begun.otpauth_url.expose()).map_err(|error| Problem::fault(500, "internal", error))?;
    let picture = code.render::<svg::Color<'_>>().min_dimensions(QR_SIDE_PX, QR_SIDE_PX).build();
    Ok(TotpEnrolmentBody {
        secret: begun.secret.expose().to_owned(),
        otpauth_url: begun.otpauth_url.expose().to_owned(),
        qr_svg: picture,
    })
}
