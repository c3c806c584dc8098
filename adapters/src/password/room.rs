//! The memory that a hash works in, kept by its thread from one hash to the next. Whoever asks an allocator for 19 MiB
//! each time finds them in another place each time, and what was in use before is not given back.

use std::cell::RefCell;

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::{
        self, CustomizedPasswordHasher, PasswordHasher,
        phc::{Output, ParamsString, PasswordHash, Salt},
    },
};

/// Blocks for one hash at a time; as many as the largest so far has taken.
#[derive(Default)]
pub struct Room(Vec<Block>);

impl Room {
    fn of(&mut self, count: usize) -> &mut [Block] {
        if self.0.len() < count {
            // The old ones go first: what is in them is of no use to anybody.
            self.0 = Vec::new();
            self.0.resize(count, Block::default());
        }
        &mut self.0[..count]
    }
}

/// Argon2id in that room. Comparing is the library's, in constant time, over what this computes.
pub struct InRoom<'a> {
    params: &'a Params,
    room: RefCell<&'a mut Room>,
}

impl<'a> InRoom<'a> {
    /// New hashes are of `params`.
    pub fn new(params: &'a Params, room: &'a mut Room) -> Self {
        Self { params, room: RefCell::new(room) }
    }
}

impl CustomizedPasswordHasher<PasswordHash> for InRoom<'_> {
    type Params = Params;

    fn hash_password_customized(
        &self,
        password: &[u8],
        salt: &[u8],
        algorithm: Option<&str>,
        version: Option<u32>,
        params: Params,
    ) -> password_hash::Result<PasswordHash> {
        let algorithm = algorithm.map(Algorithm::try_from).transpose()?.unwrap_or_default();
        let version = version.map(Version::try_from).transpose()?.unwrap_or_default();
        let described = ParamsString::try_from(&params)?;
        let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
        let mut buffer = [0u8; Output::MAX_LENGTH];
        let out = buffer.get_mut(..length).ok_or(password_hash::Error::OutputSize)?;
        let (mut room, count) = (self.room.borrow_mut(), params.block_count());
        let argon2 = Argon2::new(algorithm, version, params);
        argon2.hash_password_into_with_memory(password, salt, out, room.of(count))?;
        Ok(PasswordHash {
            algorithm: algorithm.ident(),
            version: Some(version.into()),
            params: described,
            salt: Some(Salt::new(salt)?),
            hash: Some(Output::new(out)?),
        })
    }
}

impl PasswordHasher<PasswordHash> for InRoom<'_> {
    fn hash_password_with_salt(&self, password: &[u8], salt: &[u8]) -> password_hash::Result<PasswordHash> {
        self.hash_password_customized(password, salt, None, None, self.params.clone())
    }
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::PasswordVerifier as _;

    use super::*;

    const SALT: &[u8] = b"sixteen bytes of";

    fn params(memory_kib: u32) -> Params {
        Params::new(memory_kib, 2, 1, None).expect("a cost within the limits")
    }

    #[test]
    fn what_was_hashed_before_is_in_no_hash() {
        let mut room = Room::default();
        for (memory_kib, password) in
            [(64, "kx9 tuba lo"), (64, "another one"), (32, "kx9 tuba lo"), (128, "")]
        {
            let params = params(memory_kib);
            let alone = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
            let expected = alone.hash_password_with_salt(password.as_bytes(), SALT).expect("a hash");
            let hash = InRoom::new(&params, &mut room).hash_password_with_salt(password.as_bytes(), SALT);
            assert_eq!(hash.expect("a hash").to_string(), expected.to_string());
        }
    }

    #[test]
    fn the_room_is_as_large_as_the_largest_hash_and_no_larger() {
        let mut room = Room::default();
        for (memory_kib, blocks) in [(64, 64), (32, 64), (128, 128), (64, 128)] {
            let params = params(memory_kib);
            InRoom::new(&params, &mut room).hash_password_with_salt(b"kx9 tuba lo", SALT).expect("a hash");
            assert_eq!(room.0.len(), blocks);
        }
    }

    #[test]
    fn a_hash_of_another_kind_of_argon2_is_compared_as_what_it_is() {
        let (params, mut room) = (params(64), Room::default());
        let old = Argon2::new(Algorithm::Argon2i, Version::V0x10, params.clone());
        let old = old.hash_password_with_salt(b"kx9 tuba lo", SALT).expect("a hash");
        let today = InRoom::new(&params, &mut room);
        assert_eq!(today.verify_password(b"kx9 tuba lo", &old), Ok(()));
        let wrong = today.verify_password(b"another one", &old);
        assert_eq!(wrong, Err(password_hash::Error::PasswordInvalid));
    }
}
