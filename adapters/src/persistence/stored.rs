//! How values of the domain are stored, and read back. Both directions of one form stand together.

use chrono::DateTime;
use namaskah_domain::{
    Amount, Currency, Fault, Money, PhoneNumber, Time, TraceParent,
    verification::{AreaCode, Ask, Capability, Carrier, CountryCode, ProviderId, ServiceCode},
};
use sea_orm::{EntityTrait, IdenStatic, Iterable};
use uuid::Uuid;

use crate::vault::{Place, Vault};

/// A stored row that the domain does not accept: somebody else wrote it, or a migration was wrong.
#[derive(Debug, thiserror::Error)]
#[error("a stored {0} cannot be read")]
struct Unreadable(&'static str);

pub(crate) fn unreadable(what: &'static str) -> Fault {
    Fault::new(Unreadable(what))
}

/// The columns of a table by name, each after `before`, for what is written by hand.
///
/// Never `*`: statements stay prepared while the instance of a later version adds a column, and Postgres refuses to go on
/// with one whose result would be another.
pub(crate) fn columns<E: EntityTrait>(before: &str) -> String {
    let names: Vec<String> = E::Column::iter().map(|column| format!("{before}{}", column.as_str())).collect();
    names.join(", ")
}

/// Microseconds since 1970.
pub(crate) fn us(time: Time) -> i64 {
    time.timestamp_micros()
}

pub(crate) fn time(us: i64) -> Result<Time, Fault> {
    DateTime::from_timestamp_micros(us).ok_or_else(|| unreadable("instant"))
}

pub(crate) fn optional_time(us: Option<i64>) -> Result<Option<Time>, Fault> {
    us.map(time).transpose()
}

pub(crate) fn count(stored: i64) -> Result<u32, Fault> {
    u32::try_from(stored).map_err(|_| unreadable("count"))
}

pub(crate) fn traceparent(cause: Option<TraceParent>) -> Option<String> {
    cause.map(|cause| cause.to_string())
}

/// What cannot be read is as good as unknown: nothing but a trace hangs on it.
pub(crate) fn cause(traceparent: Option<&str>) -> Option<TraceParent> {
    traceparent.and_then(TraceParent::parse)
}

pub(crate) fn money(units: i64, currency: &str) -> Result<Money, Fault> {
    let currency: Currency = currency.parse().map_err(|_| unreadable("currency"))?;
    Ok(Money::from_units(units, currency))
}

pub(crate) fn amount(units: i64, currency: &str) -> Result<Amount, Fault> {
    Amount::try_new(money(units, currency)?).map_err(|_| unreadable("amount"))
}

pub(crate) fn ask(
    service: &str,
    country: &str,
    capability: &str,
    area_code: Option<&str>,
    carrier: Option<&str>,
) -> Result<Ask, Fault> {
    let readable = || -> Result<Ask, namaskah_domain::verification::InvalidAsk> {
        Ok(Ask {
            service: ServiceCode::try_new(service)?,
            country: CountryCode::try_new(country)?,
            capability: Capability::from_name(capability)?,
            area_code: area_code.map(AreaCode::try_new).transpose()?,
            carrier: carrier.map(Carrier::try_new).transpose()?,
        })
    };
    readable().map_err(|_| unreadable("request"))
}

pub(crate) fn provider(name: &str) -> Result<ProviderId, Fault> {
    match name {
        "textverified" => Ok(ProviderId::TextVerified),
        _ => Err(unreadable("provider")),
    }
}

/// Seals and opens the columns of one row.
pub(crate) struct RowVault<'a> {
    vault: &'a Vault,
    table: &'static str,
    row: Uuid,
}

impl<'a> RowVault<'a> {
    pub(crate) const fn new(vault: &'a Vault, table: &'static str, row: Uuid) -> Self {
        Self { vault, table, row }
    }

    pub(crate) fn seal(&self, column: &'static str, clear: &[u8]) -> Result<Vec<u8>, Fault> {
        let place = Place { table: self.table, column, row: self.row.as_bytes() };
        self.vault.seal(place, clear).map_err(Fault::new)
    }

    pub(crate) fn open(&self, column: &'static str, sealed: &[u8]) -> Result<Vec<u8>, Fault> {
        let place = Place { table: self.table, column, row: self.row.as_bytes() };
        self.vault.open(place, sealed).map_err(Fault::new)
    }

    pub(crate) fn seal_text(
        &self,
        column: &'static str,
        text: Option<&str>,
    ) -> Result<Option<Vec<u8>>, Fault> {
        text.map(|text| self.seal(column, text.as_bytes())).transpose()
    }

    pub(crate) fn open_text(
        &self,
        column: &'static str,
        sealed: Option<&[u8]>,
    ) -> Result<Option<String>, Fault> {
        let Some(sealed) = sealed else { return Ok(None) };
        let clear = self.open(column, sealed)?;
        String::from_utf8(clear).map(Some).map_err(|_| unreadable("text"))
    }

    pub(crate) fn open_number(
        &self,
        column: &'static str,
        sealed: Option<&[u8]>,
    ) -> Result<Option<PhoneNumber>, Fault> {
        let Some(text) = self.open_text(column, sealed)? else { return Ok(None) };
        PhoneNumber::try_new(&text).map(Some).map_err(|_| unreadable("number"))
    }
}

/// What a number is found by.
pub(crate) fn number_digest(vault: &Vault, number: &PhoneNumber) -> Vec<u8> {
    vault.digest("number", number.as_str().as_bytes()).to_vec()
}

/// What a text is known again by.
pub(crate) fn text_digest(vault: &Vault, text: Option<&str>) -> Vec<u8> {
    match text {
        Some(text) => vault.digest("text", text.as_bytes()).to_vec(),
        None => vault.digest("no text", &[]).to_vec(),
    }
}
