//! Endpoints of users. URL and secrets are sealed; of one that was deleted they are gone.

use namaskah_domain::{
    EndpointId, Fault, UserId, Version,
    webhook::{
        Description, Endpoint, Health, OffReason, Secrets, Standing, Subscription, Target, WebhookSecret,
    },
};
use sea_orm::entity::prelude::*;

use crate::{
    persistence::stored::{RowVault, count, optional_time, time, unreadable, us},
    vault::Vault,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_endpoints")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    pub url_sealed: Option<Vec<u8>>,
    /// Names with spaces between, or `*`.
    pub events: String,
    pub description: Option<String>,
    pub secret_sealed: Option<Vec<u8>>,
    pub previous_secret_sealed: Option<Vec<u8>>,
    pub previous_until_us: Option<i64>,
    /// `on`, or why it is off.
    pub state: String,
    pub off_at_us: Option<i64>,
    /// Why it is `switched_off`, if it was not its user's wish: words that came later.
    pub off_by: Option<String>,
    pub failures: i64,
    pub failing_since_us: Option<i64>,
    pub failed_at_us: Option<i64>,
    pub rests_until_us: Option<i64>,
    pub told_off_at_us: Option<i64>,
    pub after_sequence: i64,
    pub created_at_us: i64,
    pub updated_at_us: i64,
    pub deleted_at_us: Option<i64>,
    pub version: i64,
}
alone!();

const TABLE: &str = "webhook_endpoints";
const URL: &str = "url_sealed";
const SECRET: &str = "secret_sealed";
const PREVIOUS: &str = "previous_secret_sealed";
const ON: &str = "on";

/// The state and what stands beside it. Code that knows the first three reasons alone reads any other one as
/// `switched_off`.
fn stored(why: OffReason) -> (&'static str, Option<&'static str>) {
    match why {
        OffReason::Switched | OffReason::Failing | OffReason::Gone => (why.name(), None),
        OffReason::Recovered | OffReason::Staff => (OffReason::Switched.name(), Some(why.name())),
    }
}

fn reason(state: &str, off_by: Option<&str>) -> Option<OffReason> {
    let why = OffReason::from_name(state)?;
    match (why, off_by) {
        (OffReason::Switched, Some(by)) => OffReason::from_name(by),
        _ => Some(why),
    }
}

impl Model {
    pub(crate) fn seal(endpoint: &Endpoint, vault: &Vault) -> Result<Self, Fault> {
        let row = RowVault::new(vault, TABLE, endpoint.id.uuid());
        let is_kept = endpoint.deleted_at.is_none();
        let sealed = |column, clear: &[u8]| is_kept.then(|| row.seal(column, clear)).transpose();
        let ((state, off_by), off_at) = match endpoint.standing {
            Standing::On => ((ON, None), None),
            Standing::Off { why, at } => (stored(why), Some(at)),
        };
        let previous = endpoint.secrets.previous.as_ref().filter(|_| is_kept);
        let description = endpoint.description.as_ref().filter(|_| is_kept);
        Ok(Self {
            id: endpoint.id.uuid(),
            user_id: endpoint.user.uuid(),
            url_sealed: sealed(URL, endpoint.target.as_str().as_bytes())?,
            events: endpoint.events.names().join(" "),
            description: description.map(|description| description.as_str().to_owned()),
            secret_sealed: sealed(SECRET, endpoint.secrets.current.bytes())?,
            previous_secret_sealed: previous
                .map(|(secret, _)| row.seal(PREVIOUS, secret.bytes()))
                .transpose()?,
            previous_until_us: previous.map(|(_, until)| us(*until)),
            state: state.to_owned(),
            off_at_us: off_at.map(us),
            off_by: off_by.map(str::to_owned),
            failures: i64::from(endpoint.health.failures),
            failing_since_us: endpoint.health.failing_since.map(us),
            failed_at_us: endpoint.health.failed_at.map(us),
            rests_until_us: endpoint.health.rests_until.map(us),
            told_off_at_us: endpoint.told_off_at.map(us),
            after_sequence: endpoint.after,
            created_at_us: us(endpoint.created_at),
            updated_at_us: us(endpoint.updated_at),
            deleted_at_us: endpoint.deleted_at.map(us),
            version: endpoint.version.get(),
        })
    }

    /// One that was deleted is no endpoint any more, and unreadable.
    pub(crate) fn open(self, vault: &Vault) -> Result<Endpoint, Fault> {
        let row = RowVault::new(vault, TABLE, self.id);
        let url = row.open_text(URL, self.url_sealed.as_deref())?.ok_or_else(|| unreadable("endpoint"))?;
        let secret = |column, sealed: Option<&[u8]>| -> Result<Option<WebhookSecret>, Fault> {
            let Some(sealed) = sealed else { return Ok(None) };
            let opened = WebhookSecret::from_stored(&row.open(column, sealed)?);
            opened.map(Some).ok_or_else(|| unreadable("secret of an endpoint"))
        };
        let current = secret(SECRET, self.secret_sealed.as_deref())?.ok_or_else(|| unreadable("endpoint"))?;
        let previous = secret(PREVIOUS, self.previous_secret_sealed.as_deref())?;
        let description = self.description.as_deref().map(Description::try_new).transpose();
        let standing = match (self.state.as_str(), optional_time(self.off_at_us)?) {
            (ON, None) => Standing::On,
            (state, Some(at)) => {
                let why = reason(state, self.off_by.as_deref());
                Standing::Off { why: why.ok_or_else(|| unreadable("state of an endpoint"))?, at }
            }
            _ => return Err(unreadable("state of an endpoint")),
        };
        Ok(Endpoint {
            id: EndpointId::from_uuid(self.id),
            user: UserId::from_uuid(self.user_id),
            target: Target::from_stored(url),
            events: Subscription::from_stored(&self.events),
            description: description.map_err(|_| unreadable("description"))?,
            secrets: Secrets { current, previous: previous.zip(optional_time(self.previous_until_us)?) },
            standing,
            health: Health {
                failures: count(self.failures)?,
                failing_since: optional_time(self.failing_since_us)?,
                failed_at: optional_time(self.failed_at_us)?,
                rests_until: optional_time(self.rests_until_us)?,
            },
            told_off_at: optional_time(self.told_off_at_us)?,
            after: self.after_sequence,
            created_at: time(self.created_at_us)?,
            updated_at: time(self.updated_at_us)?,
            deleted_at: optional_time(self.deleted_at_us)?,
            version: Version::from_stored(self.version),
        })
    }
}
