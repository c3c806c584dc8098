//! Users. The secret of a second factor is sealed.

use namaskah_domain::{
    Fault, UserId, Version,
    auth::{
        Email, Enrolment, PasswordHash, Role, SecondFactor, Suspension, TokenHash, Totp, TotpSecret,
        TotpStep, User,
    },
};
use sea_orm::entity::prelude::*;

use crate::{
    persistence::stored::{RowVault, count, optional_time, time, unreadable, us},
    vault::Vault,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub email: String,
    pub password_hash: String,
    pub role: String,
    pub email_verified_at_us: Option<i64>,
    pub suspended_for: Option<String>,
    pub suspended_since_us: Option<i64>,
    pub suspended_until_us: Option<i64>,
    pub must_change_password: bool,
    pub password_changed_at_us: i64,
    pub created_at_us: i64,
    /// `pending` or `on`.
    pub totp_state: Option<String>,
    pub totp_since_us: Option<i64>,
    pub totp_secret_sealed: Option<Vec<u8>>,
    pub totp_last_step: Option<i64>,
    pub totp_misses: Option<i64>,
    pub totp_closed_until_us: Option<i64>,
    /// One after the other.
    pub totp_recovery_hashes: Option<Vec<u8>>,
    pub version: i64,
}
alone!();

const TABLE: &str = "users";
const SECRET: &str = "totp_secret_sealed";

impl Model {
    pub(crate) fn seal(user: &User, vault: &Vault) -> Result<Self, Fault> {
        let suspension = user.suspension.as_ref();
        let sealed = |secret: &TotpSecret| {
            RowVault::new(vault, TABLE, user.id.uuid()).seal(SECRET, secret.as_bytes()).map(Some)
        };
        let (state, since, secret, on) = match &user.second_factor {
            SecondFactor::Off => (None, None, None, None),
            SecondFactor::Pending(begun) => {
                (Some("pending"), Some(begun.begun_at), sealed(&begun.secret)?, None)
            }
            SecondFactor::On(totp) => (Some("on"), Some(totp.since), sealed(&totp.secret)?, Some(totp)),
        };
        Ok(Self {
            id: user.id.uuid(),
            email: user.email.as_str().to_owned(),
            password_hash: user.password.as_str().to_owned(),
            role: user.role.name().to_owned(),
            email_verified_at_us: user.email_verified_at.map(us),
            suspended_for: suspension.map(|s| s.reason.clone()),
            suspended_since_us: suspension.map(|s| us(s.since)),
            suspended_until_us: suspension.and_then(|s| s.until).map(us),
            must_change_password: user.must_change_password,
            password_changed_at_us: us(user.password_changed_at),
            created_at_us: us(user.created_at),
            totp_state: state.map(str::to_owned),
            totp_since_us: since.map(us),
            totp_secret_sealed: secret,
            totp_last_step: on.map(|totp| totp.last_step.get()),
            totp_misses: on.map(|totp| i64::from(totp.misses)),
            totp_closed_until_us: on.map(|totp| us(totp.closed_until)),
            totp_recovery_hashes: on.map(|totp| totp.recovery.iter().flat_map(|hash| hash.0).collect()),
            version: user.version.get(),
        })
    }

    pub(crate) fn open(self, vault: &Vault) -> Result<User, Fault> {
        let second_factor = self.second_factor(vault)?;
        let suspension = match (self.suspended_for, self.suspended_since_us) {
            (Some(reason), Some(since)) => Some(Suspension {
                reason,
                since: time(since)?,
                until: optional_time(self.suspended_until_us)?,
            }),
            _ => None,
        };
        Ok(User {
            id: UserId::from_uuid(self.id),
            email: Email::from_stored(&self.email).map_err(|_| unreadable("address"))?,
            password: PasswordHash::from_stored(self.password_hash),
            role: Role::from_name(&self.role).ok_or_else(|| unreadable("role"))?,
            email_verified_at: optional_time(self.email_verified_at_us)?,
            suspension,
            must_change_password: self.must_change_password,
            second_factor,
            password_changed_at: time(self.password_changed_at_us)?,
            created_at: time(self.created_at_us)?,
            version: Version::from_stored(self.version),
        })
    }

    /// What cannot be read is a fault and never "off": nobody gets in without the factor because its row is broken.
    fn second_factor(&self, vault: &Vault) -> Result<SecondFactor, Fault> {
        let broken = || unreadable("second factor");
        let Some(state) = self.totp_state.as_deref() else { return Ok(SecondFactor::Off) };
        let since = time(self.totp_since_us.ok_or_else(broken)?)?;
        let sealed = self.totp_secret_sealed.as_deref().ok_or_else(broken)?;
        let secret = RowVault::new(vault, TABLE, self.id).open(SECRET, sealed)?;
        let secret = TotpSecret::from_stored(secret.try_into().map_err(|_| broken())?);
        if state == "pending" {
            return Ok(SecondFactor::Pending(Enrolment { secret, begun_at: since }));
        }
        let hashes = self.totp_recovery_hashes.as_deref().ok_or_else(broken)?;
        let (hashes, []) = hashes.as_chunks::<32>() else { return Err(broken()) };
        Ok(SecondFactor::On(Totp {
            secret,
            since,
            last_step: TotpStep::from_stored(self.totp_last_step.ok_or_else(broken)?),
            misses: count(self.totp_misses.ok_or_else(broken)?)?,
            closed_until: time(self.totp_closed_until_us.ok_or_else(broken)?)?,
            recovery: hashes.iter().copied().map(TokenHash).collect(),
        }))
    }
}
