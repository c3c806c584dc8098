//! Attempts at a provider. The number is sealed, and erased after the retention time.

use namaskah_domain::{
    Fault, OrderId, PhoneNumber, PurchaseId, ReservationId, UserId, Version,
    verification::{Bought, Purchase, PurchaseState, Receivable},
};
use sea_orm::entity::prelude::*;

use crate::{
    persistence::stored::{
        RowVault, ask, count, money, number_digest, optional_time, provider, time, unreadable, us,
    },
    vault::Vault,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "purchases")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub provider: String,
    pub order_id: Option<Uuid>,
    pub user_id: Option<Uuid>,
    pub service: String,
    pub country: String,
    pub capability: String,
    pub area_code: Option<String>,
    pub carrier: Option<String>,
    pub cost_cap_units: i64,
    pub cost_cap_currency: String,
    pub sent_at_us: i64,
    pub send_by_us: i64,
    pub state: String,
    pub absent_at_us: Option<i64>,
    pub reservation: Option<String>,
    pub number_sealed: Option<Vec<u8>>,
    pub number_digest: Option<Vec<u8>>,
    pub cost_units: Option<i64>,
    pub cost_currency: Option<String>,
    pub reserved_at_us: Option<i64>,
    pub bound_at_us: Option<i64>,
    pub receivable: Option<String>,
    pub receivable_at_us: Option<i64>,
    pub missed_times: Option<i64>,
    pub missed_first_at_us: Option<i64>,
    pub version: i64,
}
alone!();

const TABLE: &str = "purchases";
const NUMBER: &str = "number_sealed";

impl Model {
    pub(crate) fn seal(purchase: &Purchase, vault: &Vault) -> Result<Self, Fault> {
        let row = RowVault::new(vault, TABLE, purchase.id.uuid());
        let bought = purchase.bought();
        let number = bought.and_then(|bought| bought.number.as_ref());
        let (state, absent_at) = match &purchase.state {
            PurchaseState::Sent => ("sent", None),
            PurchaseState::Bound(_) => ("bound", None),
            PurchaseState::Absent { at } => ("absent", Some(*at)),
            PurchaseState::Orphan(_) => ("orphan", None),
        };
        let (receivable, receivable_at) = match bought.map(|bought| bought.receivable) {
            None => (None, None),
            Some(Receivable::Open) => (Some("open"), None),
            Some(Receivable::Credited { at }) => (Some("credited"), Some(at)),
            Some(Receivable::Costed { at }) => (Some("costed"), Some(at)),
            Some(Receivable::WrittenOff { at }) => (Some("written_off"), Some(at)),
        };
        Ok(Self {
            id: purchase.id.uuid(),
            provider: purchase.provider.name().to_owned(),
            order_id: purchase.wanted_by.map(|(order, _)| order.uuid()),
            user_id: purchase.wanted_by.map(|(_, user)| user.uuid()),
            service: purchase.ask.service.to_string(),
            country: purchase.ask.country.to_string(),
            capability: purchase.ask.capability.name().to_owned(),
            area_code: purchase.ask.area_code.as_ref().map(ToString::to_string),
            carrier: purchase.ask.carrier.as_ref().map(ToString::to_string),
            cost_cap_units: purchase.cost_cap.units(),
            cost_cap_currency: purchase.cost_cap.currency().code().to_owned(),
            sent_at_us: us(purchase.sent_at),
            send_by_us: us(purchase.send_by),
            state: state.to_owned(),
            absent_at_us: absent_at.map(us),
            reservation: bought.map(|bought| bought.reservation.to_string()),
            number_sealed: row.seal_text(NUMBER, number.map(PhoneNumber::as_str))?,
            number_digest: number.map(|number| number_digest(vault, number)),
            cost_units: bought.map(|bought| bought.cost.units()),
            cost_currency: bought.map(|bought| bought.cost.currency().code().to_owned()),
            reserved_at_us: bought.map(|bought| us(bought.created_at)),
            bound_at_us: bought.map(|bought| us(bought.bound_at)),
            receivable: receivable.map(str::to_owned),
            receivable_at_us: receivable_at.map(us),
            missed_times: purchase.missed.map(|(times, _)| i64::from(times)),
            missed_first_at_us: purchase.missed.map(|(_, first)| us(first)),
            version: purchase.version.get(),
        })
    }

    pub(crate) fn open(self, vault: &Vault) -> Result<Purchase, Fault> {
        let state = match (self.state.as_str(), self.absent_at_us) {
            ("sent", _) => PurchaseState::Sent,
            ("bound", _) => PurchaseState::Bound(self.bought(vault)?),
            ("absent", Some(at)) => PurchaseState::Absent { at: time(at)? },
            ("orphan", _) => PurchaseState::Orphan(self.bought(vault)?),
            _ => return Err(unreadable("state of a purchase")),
        };
        let missed = match (self.missed_times, self.missed_first_at_us) {
            (Some(times), Some(first)) => Some((count(times)?, time(first)?)),
            _ => None,
        };
        let (area_code, carrier) = (self.area_code.as_deref(), self.carrier.as_deref());
        Ok(Purchase {
            id: PurchaseId::from_uuid(self.id),
            provider: provider(&self.provider)?,
            wanted_by: self.order_id.map(OrderId::from_uuid).zip(self.user_id.map(UserId::from_uuid)),
            ask: ask(&self.service, &self.country, &self.capability, area_code, carrier)?,
            cost_cap: money(self.cost_cap_units, &self.cost_cap_currency)?,
            sent_at: time(self.sent_at_us)?,
            send_by: time(self.send_by_us)?,
            state,
            missed,
            version: Version::from_stored(self.version),
        })
    }

    fn bought(&self, vault: &Vault) -> Result<Bought, Fault> {
        let missing = || unreadable("number of a purchase");
        let row = RowVault::new(vault, TABLE, self.id);
        let reservation = self.reservation.as_deref().ok_or_else(missing)?;
        let currency = self.cost_currency.as_deref().ok_or_else(missing)?;
        Ok(Bought {
            reservation: ReservationId::try_new(reservation).map_err(|_| missing())?,
            number: row.open_number(NUMBER, self.number_sealed.as_deref())?,
            cost: money(self.cost_units.ok_or_else(missing)?, currency)?,
            created_at: time(self.reserved_at_us.ok_or_else(missing)?)?,
            bound_at: time(self.bound_at_us.ok_or_else(missing)?)?,
            receivable: self.receivable()?,
        })
    }

    fn receivable(&self) -> Result<Receivable, Fault> {
        match (self.receivable.as_deref(), optional_time(self.receivable_at_us)?) {
            (Some("open"), _) => Ok(Receivable::Open),
            (Some("credited"), Some(at)) => Ok(Receivable::Credited { at }),
            (Some("costed"), Some(at)) => Ok(Receivable::Costed { at }),
            (Some("written_off"), Some(at)) => Ok(Receivable::WrittenOff { at }),
            _ => Err(unreadable("receivable")),
        }
    }
}
