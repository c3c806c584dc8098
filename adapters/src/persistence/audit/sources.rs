//! Why money moved: every line that touches a purse has a source of a known kind, and the source names a record of the
//! same user. What captures and reports name is compared in their own walks; here their names must be names.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use namaskah_domain::{
    Entity, Fault, Id,
    entity::{BookingEntity, DisputeEntity, GrantEntity, HoldEntity, OrderEntity, RefundEntity, UserEntity},
};
use sea_orm::{DbErr, QueryResult, Value};
use uuid::Uuid;

use super::{Finding, Snapshot, places, tally::Tally};

/// Lines that are in memory at a time, and records that are looked up at a time.
const PAGE: usize = 2_000;

const LINES: &str =
    "SELECT id, source, user_id FROM transfers WHERE user_id IS NOT NULL AND id > $1 ORDER BY id LIMIT 2000";

/// Records that sources name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    Refund,
    Dispute,
    Booking,
    Grant,
    Payment,
    GatewayRefund,
}

impl Kind {
    /// What they are called, and whose they are.
    const fn sql(self) -> &'static str {
        match self {
            Self::Refund => "SELECT id AS name, user_id FROM refunds WHERE id IN ",
            Self::Dispute => "SELECT id AS name, user_id FROM disputes WHERE id IN ",
            Self::Booking => "SELECT id AS name, user_id FROM bookings WHERE id IN ",
            Self::Grant => "SELECT id AS name, user_id FROM promo_grants WHERE id IN ",
            Self::Payment => "SELECT reference AS name, user_id FROM intents WHERE reference IN ",
            Self::GatewayRefund => "SELECT gateway_id AS name, user_id FROM refunds WHERE gateway_id IN ",
        }
    }

    fn name(self, row: &QueryResult) -> Result<Name, DbErr> {
        match self {
            Self::Refund | Self::Dispute | Self::Booking | Self::Grant => {
                row.try_get("", "name").map(Name::Id)
            }
            Self::Payment | Self::GatewayRefund => row.try_get("", "name").map(Name::Text),
        }
    }
}

/// What a record is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Name {
    Id(Uuid),
    Text(String),
}

impl From<Name> for Value {
    fn from(name: Name) -> Self {
        match name {
            Name::Id(id) => id.into(),
            Name::Text(text) => text.into(),
        }
    }
}

/// What a source says.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Says {
    /// A record, which is to be looked up.
    Record(Kind, Name),
    /// The user's own account.
    Account(Uuid),
    /// Something that another walk compares.
    Elsewhere,
}

/// As we write it, so that no record has two names.
fn id<T: Entity>(text: &str) -> Option<Uuid> {
    text.parse::<Id<T>>().ok().filter(|id| id.to_string() == text).map(Id::uuid)
}

/// A number of a writing, as we write it.
fn is_version(text: &str) -> bool {
    text.parse::<u32>().is_ok_and(|version| version > 0 && version.to_string() == text)
}

/// `None` for a source that no line of a purse has.
fn read(source: &str) -> Option<Says> {
    let (kind, named) = source.split_once(':')?;
    let (name, is_versioned) = match named.split_once(':') {
        Some((name, version)) if is_version(version) => (name, true),
        Some(_) => return None,
        None => (named, false),
    };
    let record = |kind, id: Option<Uuid>| id.map(|id| Says::Record(kind, Name::Id(id)));
    let text = |kind| Some(Says::Record(kind, Name::Text(name.to_owned())));
    match (kind, is_versioned) {
        ("cap", false) => id::<HoldEntity>(name).map(|_| Says::Elsewhere),
        ("rep", false) => id::<OrderEntity>(name).map(|_| Says::Elsewhere),
        ("refund" | "unrefund", _) => record(Kind::Refund, id::<RefundEntity>(name)),
        ("dispute" | "undispute", true) => record(Kind::Dispute, id::<DisputeEntity>(name)),
        ("book", false) => record(Kind::Booking, id::<BookingEntity>(name)),
        ("grant", false) | ("take", true) => record(Kind::Grant, id::<GrantEntity>(name)),
        ("collect", true) => id::<UserEntity>(name).map(Says::Account),
        ("paystack", false) => text(Kind::Payment),
        ("pspr", false) => text(Kind::GatewayRefund),
        _ => None,
    }
}

struct Line {
    id: i64,
    source: String,
    user: Uuid,
}

impl Line {
    fn read(row: &QueryResult) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.try_get("", "id")?,
            source: row.try_get("", "source")?,
            user: row.try_get("", "user_id")?,
        })
    }
}

type Owners = HashMap<(Kind, Name), Option<Uuid>>;

/// Whose these records are.
async fn owners(snapshot: &Snapshot, named: BTreeMap<Kind, BTreeSet<Name>>) -> Result<Owners, Fault> {
    let mut owners = Owners::new();
    for (kind, names) in named {
        let sql = format!("{}({})", kind.sql(), places(names.len()));
        for row in snapshot.rows(&sql, names.into_iter().map(Value::from).collect()).await? {
            let (name, user) =
                (kind.name(&row).map_err(Fault::new)?, row.try_get("", "user_id").map_err(Fault::new)?);
            owners.insert((kind, name), user);
        }
    }
    Ok(owners)
}

fn fault(line: &Line, says: &Says, owners: &Owners) -> Option<&'static str> {
    let owner = match says {
        Says::Elsewhere => return None,
        Says::Account(user) => Some(*user),
        Says::Record(kind, name) => match owners.get(&(*kind, name.clone())) {
            Some(owner) => *owner,
            None => return Some("names no record"),
        },
    };
    (owner != Some(line.user)).then_some("names what is another user's")
}

/// Walks through every line that touches a purse.
pub(super) async fn check(snapshot: &Snapshot, rows: u32) -> Result<Finding, Fault> {
    let says = "whatever moves a user's money names its reason: a record of a known kind, and of that user";
    let mut tally = Tally::new(4, "source", says, "lines", rows);
    let mut after = 0i64;
    loop {
        let page = snapshot.rows(LINES, vec![after.into()]).await?;
        let page: Vec<Line> = page.iter().map(Line::read).collect::<Result<_, _>>().map_err(Fault::new)?;
        tally.checked(page.len());
        let said: Vec<Option<Says>> = page.iter().map(|line| read(&line.source)).collect();
        let mut named: BTreeMap<Kind, BTreeSet<Name>> = BTreeMap::new();
        for says in said.iter().flatten() {
            if let Says::Record(kind, name) = says {
                named.entry(*kind).or_default().insert(name.clone());
            }
        }
        let owners = owners(snapshot, named).await?;
        for (line, says) in page.iter().zip(&said) {
            let why = match says {
                None => Some("is of no kind that moves a user's money"),
                Some(says) => fault(line, says, &owners),
            };
            if let Some(why) = why {
                tally.add(line.source.clone(), || format!("line {}: its source {why}", line.id));
            }
        }
        match page.last().filter(|_| page.len() == PAGE) {
            Some(last) => after = last.id,
            None => return Ok(tally.finding()),
        }
    }
}

#[cfg(test)]
mod tests {
    use namaskah_domain::{BookingId, HoldId};

    use super::*;

    #[test]
    fn a_source_is_read_only_as_we_write_it() {
        let (hold, booking) =
            (HoldId::from_uuid(Uuid::from_u128(7)), BookingId::from_uuid(Uuid::from_u128(7)));
        assert_eq!(read(&format!("cap:{hold}")), Some(Says::Elsewhere));
        let is = Says::Record(Kind::Booking, Name::Id(booking.uuid()));
        assert_eq!(read(&format!("book:{booking}")), Some(is));
        for odd in [
            "cap".to_owned(),
            format!("cap:{booking}"),
            format!("cap:{hold}:1"),
            format!("book:{}", booking.to_string().to_uppercase()),
            format!("book:{booking}:0"),
            format!("book:{booking}:01"),
            "dispute:7".to_owned(),
            "test:1".to_owned(),
            "buy:lr_1".to_owned(),
        ] {
            assert_eq!(read(&odd), None, "{odd}");
        }
    }
}
