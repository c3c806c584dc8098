//! Providers: what is left there, whether they answer, and whether new numbers are bought there.

use std::{borrow::Cow, sync::Arc};

use namaskah_domain::{
    Time, UserId,
    staff::{ProviderDesk, ProviderStanding, TradeDesk},
    verification::{ProviderId, Switched, Trouble},
    wallet::Reason,
};
use poem_openapi::{Object, OpenApi, param::Path, registry::MetaSchema};
use serde::Deserialize;

use crate::http::{
    body::{Body, Listed, MoneyBody, NoContent, Shown, Text, TextForm, text::one_of},
    detached::detached,
    problem::Problem,
    staff_scheme::{Staff, SteppedUp, may},
    tags::Tag,
};

const PROVIDERS: [ProviderId; 1] = [ProviderId::TextVerified];

impl TextForm for ProviderId {
    const EXPECTED: &'static str = "the name of a number provider";

    fn schema() -> MetaSchema {
        one_of(&PROVIDERS.map(Self::name))
    }

    fn read(text: &str) -> Option<Self> {
        PROVIDERS.into_iter().find(|provider| provider.name() == text)
    }

    fn write(&self) -> Cow<'_, str> {
        self.name().into()
    }
}

impl TextForm for Switched {
    const EXPECTED: &'static str = "on or off";

    fn schema() -> MetaSchema {
        one_of(&Self::ALL.map(Self::name))
    }

    fn read(text: &str) -> Option<Self> {
        Self::from_name(text)
    }

    fn write(&self) -> Cow<'_, str> {
        self.name().into()
    }
}

impl TextForm for Trouble {
    const EXPECTED: &'static str = "a kind of trouble";

    fn schema() -> MetaSchema {
        one_of(&Self::ALL.map(Self::name))
    }

    fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trouble| trouble.name() == text)
    }

    fn write(&self) -> Cow<'_, str> {
        self.name().into()
    }
}

/// Why a provider is switched.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "ProviderSwitch")]
pub struct SwitchBody {
    /// Why.
    pub reason: Text<Reason>,
}

/// What staff has last said of a provider.
#[derive(Debug, Object)]
#[oai(rename = "LastProviderSwitch")]
pub struct LastSwitchBody {
    /// Why.
    pub reason: String,
    /// By whom.
    pub by: Text<UserId>,
    /// When.
    pub at: Text<Time>,
}

/// What is left of our balance at a provider.
#[derive(Debug, Object)]
#[oai(rename = "ProviderBalance")]
pub struct BalanceBody {
    /// As it says itself.
    pub balance: MoneyBody,
    /// How long ago it said so, in seconds.
    pub age_s: i64,
}

/// The same by our own books.
#[derive(Debug, Object)]
#[oai(rename = "ProviderFloat")]
pub struct FloatBody {
    /// What was booked: top-ups, numbers, credits.
    pub booked: MoneyBody,
    /// What purchases of unknown outcome may have cost besides.
    pub in_flight: MoneyBody,
    /// What it may have given back besides.
    pub awaited: MoneyBody,
}

/// What was last wrong with a provider.
#[derive(Debug, Object)]
#[oai(rename = "ProviderTrouble")]
pub struct TroubleBody {
    /// What kind of thing.
    pub kind: Text<Trouble>,
    /// When.
    pub at: Text<Time>,
}

/// How a provider is doing, as this process sees it since its start.
#[derive(Debug, Object)]
#[oai(rename = "ProviderHealth")]
pub struct HealthBody {
    /// When it last answered as it should.
    pub well_at: Option<Text<Time>>,
    /// What was last wrong.
    pub trouble: Option<TroubleBody>,
    /// When the last shared poll began that was complete; null if another process polls.
    pub polled_at: Option<Text<Time>>,
    /// Whether that is less than a minute ago.
    pub poll_is_on_time: Option<bool>,
    /// Its clock minus ours, in milliseconds.
    pub clock_skew_ms: i64,
}

/// A provider of numbers.
#[derive(Debug, Object)]
#[oai(rename = "Provider")]
pub struct ProviderBody {
    /// Its name.
    pub id: Text<ProviderId>,
    /// Whether new numbers are bought there.
    pub switched: Text<Switched>,
    /// What staff has last said of it; null if nobody has.
    pub last_switch: Option<LastSwitchBody>,
    /// What is left there; null if it has never said.
    pub balance: Option<BalanceBody>,
    /// The same by our books.
    pub float: FloatBody,
    /// How it is doing.
    pub health: HealthBody,
}

impl ProviderBody {
    fn of(standing: ProviderStanding, now: Time) -> Self {
        let poll_is_on_time = standing.is_polled_on_time(now);
        let ProviderStanding { provider, switch, balance, float, answers, polled_at, skew } = standing;
        Self {
            id: Text(provider),
            switched: Text(switch.as_ref().map_or(Switched::On, |switch| switch.to)),
            last_switch: switch.map(|switch| LastSwitchBody {
                reason: switch.reason.as_str().to_owned(),
                by: Text(switch.by),
                at: Text(switch.at),
            }),
            balance: balance.map(|(balance, at)| BalanceBody {
                balance: balance.into(),
                age_s: (now - at).num_seconds().max(0),
            }),
            float: FloatBody {
                booked: float.booked.into(),
                in_flight: float.in_flight.into(),
                awaited: float.awaited.into(),
            },
            health: HealthBody {
                well_at: answers.well_at.map(Text),
                trouble: answers.trouble.map(|(kind, at)| TroubleBody { kind: Text(kind), at: Text(at) }),
                polled_at: polled_at.map(Text),
                poll_is_on_time,
                clock_skew_ms: skew.num_milliseconds(),
            },
        }
    }
}

/// Routes of providers.
pub struct ProvidersApi {
    /// Shows them.
    pub desk: Arc<ProviderDesk>,
    /// Switches them.
    pub trade: Arc<TradeDesk>,
}

#[OpenApi(prefix_path = "/api/v1/admin/providers", tag = "Tag::Admin")]
impl ProvidersApi {
    /// Providers of numbers
    ///
    /// The balance is asked for at most every 30 seconds.
    #[oai(path = "/", method = "get", operation_id = "list_providers")]
    async fn list(&self, _staff: Staff<may::Providers>) -> Result<Shown<Listed<ProviderBody>>, Problem> {
        let providers = self.desk.providers().await?;
        let now = self.desk.now();
        let shown = providers.into_iter().map(|standing| ProviderBody::of(standing, now));
        Ok(Shown(Listed::whole(shown.collect())))
    }

    /// Switch a provider off
    ///
    /// New quotes and orders are `503 unavailable`. Open orders go on, and so do polls.
    #[oai(path = "/:id/off", method = "post", operation_id = "switch_provider_off")]
    async fn off(
        &self,
        staff: Staff<SteppedUp<may::Providers>>,
        id: Path<Text<ProviderId>>,
        body: Body<SwitchBody>,
    ) -> Result<NoContent, Problem> {
        let (trade, actor, reason) = (self.trade.clone(), staff.0, body.0.reason.0);
        detached(async move { trade.switch(&actor, id.0.0, Switched::Off, reason).await }).await?;
        Ok(NoContent)
    }

    /// Switch a provider on
    #[oai(path = "/:id/on", method = "post", operation_id = "switch_provider_on")]
    async fn on(
        &self,
        staff: Staff<SteppedUp<may::Providers>>,
        id: Path<Text<ProviderId>>,
        body: Body<SwitchBody>,
    ) -> Result<NoContent, Problem> {
        let (trade, actor, reason) = (self.trade.clone(), staff.0, body.0.reason.0);
        detached(async move { trade.switch(&actor, id.0.0, Switched::On, reason).await }).await?;
        Ok(NoContent)
    }
}
