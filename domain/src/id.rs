//! Identifiers: one type per kind of record, one text form (TypeID) for the world.

use std::{cmp::Ordering, fmt, hash, marker::PhantomData, str::FromStr};

use uuid::Uuid;

use crate::{Random, Time};

/// A kind of record that has an identifier of its own.
pub trait Entity {
    /// The text before the underscore, as in `ver_…`. Lower-case letters only.
    const PREFIX: &'static str;
}

/// The identifier of one `T`: a UUIDv7, so that identifiers sort by creation.
///
/// Its text form is a [TypeID](https://github.com/jetify-com/typeid/tree/main/spec): the prefix, an underscore
/// and 26 characters of Crockford's base 32. The text of another kind of record does not parse.
pub struct Id<T>(Uuid, PhantomData<fn() -> T>);

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const TEXT_LEN: usize = 26;

impl<T> Id<T> {
    /// Wraps a UUID that is known to name a `T`, as storage does.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }

    /// The bare UUID, for storage.
    pub const fn uuid(self) -> Uuid {
        self.0
    }

    /// A new identifier made of `now` in milliseconds and 74 random bits.
    pub fn generate(now: Time, random: &dyn Random) -> Self {
        let mut tail = [0u8; 10];
        random.fill(&mut tail);
        Self::from_parts(now, tail)
    }

    /// The identifier of `at` and a tail that the caller knows to be unique.
    pub fn from_parts(at: Time, tail: [u8; 10]) -> Self {
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
        Self::from_uuid(uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid())
    }
}

/// Why a text is not the identifier that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier of the form {0}_ and 26 characters")]
pub struct InvalidId(pub &'static str);

impl<T: Entity> FromStr for Id<T> {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        text.strip_prefix(T::PREFIX)
            .and_then(|rest| rest.strip_prefix('_'))
            .and_then(decode)
            .map(|bits| Self::from_uuid(Uuid::from_u128(bits)))
            .ok_or(InvalidId(T::PREFIX))
    }
}

impl<T: Entity> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::PREFIX)?;
        f.write_str("_")?;
        let bits = self.0.as_u128();
        for place in (0..TEXT_LEN).rev() {
            let digit = (bits >> (5 * place)) & 31;
            fmt::Write::write_char(f, char::from(ALPHABET[digit as usize]))?;
        }
        Ok(())
    }
}

impl<T: Entity> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// 26 digits carry 130 bits; the first may not exceed 7, or the value would not fit in 128.
fn decode(text: &str) -> Option<u128> {
    let bytes = text.as_bytes();
    if bytes.len() != TEXT_LEN || bytes[0] > b'7' {
        return None;
    }
    bytes.iter().try_fold(0u128, |bits, byte| {
        let digit = ALPHABET.iter().position(|symbol| symbol == byte)?;
        Some(bits * 32 + digit as u128)
    })
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<T> Eq for Id<T> {}
impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}
impl<T> hash::Hash for Id<T> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Thing;
    impl Entity for Thing {
        const PREFIX: &'static str = "prefix";
    }

    /// Vectors of the TypeID specification, `spec/valid.json`.
    #[test]
    fn the_vectors_of_the_typeid_specification_hold() {
        for (text, uuid) in [
            ("prefix_00000000000000000000000000", "00000000-0000-0000-0000-000000000000"),
            ("prefix_7zzzzzzzzzzzzzzzzzzzzzzzzz", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
            ("prefix_0123456789abcdefghjkmnpqrs", "0110c853-1d09-52d8-d73e-1194e95b5f19"),
            ("prefix_01h455vb4pex5vsknk084sn02q", "01890a5d-ac96-774b-bcce-b302099a8057"),
        ] {
            let id: Id<Thing> = text.parse().expect(text);
            assert_eq!(id.uuid().to_string(), uuid);
            assert_eq!(id.to_string(), text);
        }
    }

    #[test]
    fn what_is_not_exactly_an_identifier_is_refused() {
        for text in [
            "",
            "prefix",
            "prefix_",
            "other_01h455vb4pex5vsknk084sn02q",
            "prefix_8zzzzzzzzzzzzzzzzzzzzzzzzz",
            "prefix_01h455vb4pex5vsknk084sn02",
            "prefix_01h455vb4pex5vsknk084sn02qq",
            "prefix_01H455VB4PEX5VSKNK084SN02Q",
            "prefix_01h455vb4pex5vsknk084sn0iq",
            "prefix_é1h455vb4pex5vsknk084sn02",
        ] {
            assert_eq!(text.parse::<Id<Thing>>(), Err(InvalidId("prefix")), "{text}");
        }
    }

    #[test]
    fn an_identifier_falls_in_a_hash_table_where_its_uuid_does() {
        let fallen = |value: &dyn Fn(&mut hash::DefaultHasher)| {
            let mut hasher = hash::DefaultHasher::new();
            value(&mut hasher);
            hash::Hasher::finish(&hasher)
        };
        let uuid = Uuid::from_u128(7);
        let id = Id::<Thing>::from_uuid(uuid);
        assert_eq!(
            fallen(&|state| hash::Hash::hash(&id, state)),
            fallen(&|state| hash::Hash::hash(&uuid, state))
        );
    }
}
