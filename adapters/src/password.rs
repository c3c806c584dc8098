//! [`PasswordHasher`] with Argon2id. Work runs on threads of its own, no more of it at once than there are cores:
//! each hash takes its memory (19 MiB) and a core for some tens of milliseconds.

mod room;
mod threads;

use argon2::{
    ARGON2ID_IDENT, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc},
};
use async_trait::async_trait;
use namaskah_domain::{
    Fault,
    auth::{PasswordCheck, PasswordHash, PasswordHasher, Secret},
};
use room::{InRoom, Room};
use threads::Threads;

/// What one hash costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashingCost {
    /// Memory in KiB; at least 8 for each lane.
    pub memory_kib: u32,
    /// Passes over that memory; at least 1.
    pub passes: u32,
    /// Lanes; at least 1.
    pub lanes: u32,
}

impl HashingCost {
    /// OWASP's first recommendation for Argon2id.
    ///
    /// Source: <https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>
    pub const RECOMMENDED: Self = Self { memory_kib: 19 * 1024, passes: 2, lanes: 1 };
}

/// A cost that Argon2 does not know.
#[derive(Debug, Clone, thiserror::Error)]
#[error("not a cost that Argon2 can have: {0}")]
pub struct InvalidCost(argon2::Error);

/// Hashes and compares passwords.
pub struct Argon2Hasher {
    params: Params,
    threads: Threads,
}

impl Default for Argon2Hasher {
    fn default() -> Self {
        let params = Params::DEFAULT; // The test below holds it to `HashingCost::RECOMMENDED`.
        Self::over(params)
    }
}

impl Argon2Hasher {
    /// At another cost than the recommended one: a higher one for strong machines, a low one for tests.
    ///
    /// # Errors
    /// [`InvalidCost`] outside Argon2's own limits.
    pub fn with_params(cost: HashingCost) -> Result<Self, InvalidCost> {
        let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, None).map_err(InvalidCost)?;
        Ok(Self::over(params))
    }

    fn over(params: Params) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { params, threads: Threads::start(cores) }
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Params, &mut Room) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let params = self.params.clone();
        self.threads.run(move |room| work(&params, room)).await
    }
}

#[async_trait]
impl PasswordHasher for Argon2Hasher {
    async fn hash(&self, password: &Secret) -> Result<PasswordHash, Fault> {
        let password = password.clone();
        self.run(move |params, room| fresh(&InRoom::new(params, room), &password)).await
    }

    async fn verify<'a>(
        &self,
        password: &Secret,
        hash: Option<&'a PasswordHash>,
    ) -> Result<PasswordCheck, Fault> {
        let (password, hash) = (password.clone(), hash.cloned());
        self.run(move |params, room| compare(params, room, &password, hash.as_ref())).await
    }
}

/// A new hash with a new salt.
fn fresh(argon2: &InRoom<'_>, password: &Secret) -> Result<PasswordHash, Fault> {
    let hash: phc::PasswordHash = argon2.hash_password(password.expose().as_bytes()).map_err(Fault::new)?;
    Ok(PasswordHash::from_stored(hash.to_string()))
}

/// Without a hash that can be read, one is made and thrown away: the same work for nothing.
fn compare(
    params: &Params,
    room: &mut Room,
    password: &Secret,
    hash: Option<&PasswordHash>,
) -> Result<PasswordCheck, Fault> {
    let argon2 = &InRoom::new(params, room);
    let Some(stored) = hash.and_then(|hash| phc::PasswordHash::new(hash.as_str()).ok()) else {
        fresh(argon2, password)?;
        return Ok(PasswordCheck::Wrong);
    };
    match argon2.verify_password(password.expose().as_bytes(), &stored) {
        Ok(()) if is_weaker(&stored, params) => Ok(PasswordCheck::RightButRehash(fresh(argon2, password)?)),
        Ok(()) => Ok(PasswordCheck::Right),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(PasswordCheck::Wrong),
        Err(other) => Err(Fault::new(other)),
    }
}

/// True if `stored` was made at less than today's cost, or by another kind of Argon2.
fn is_weaker(stored: &phc::PasswordHash, today: &Params) -> bool {
    let current_kind =
        stored.algorithm == ARGON2ID_IDENT && stored.version == Some(u32::from(Version::V0x13));
    let cheaper = Params::try_from(stored).is_ok_and(|cost| {
        cost.m_cost() < today.m_cost() || cost.t_cost() < today.t_cost() || cost.p_cost() < today.p_cost()
    });
    !current_kind || cheaper
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: HashingCost = HashingCost { memory_kib: 64, passes: 1, lanes: 1 };
    const CHEAPEST: HashingCost = HashingCost { memory_kib: 32, passes: 1, lanes: 1 };

    fn hasher(cost: HashingCost) -> Argon2Hasher {
        Argon2Hasher::with_params(cost).expect("a cost within the limits")
    }

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[tokio::test]
    async fn the_right_password_is_right_and_any_other_is_wrong() {
        let hasher = hasher(CHEAP);
        let hash = hasher.hash(&secret("kx9 tuba lo")).await.expect("a hash");
        let check = |text: &'static str| {
            let (hasher, hash) = (&hasher, &hash);
            async move { hasher.verify(&secret(text), Some(hash)).await.expect("an answer") }
        };
        assert_eq!(check("kx9 tuba lo").await, PasswordCheck::Right);
        for wrong in ["", "kx9 tuba l", "kx9 tuba lo ", "Kx9 tuba lo"] {
            assert_eq!(check(wrong).await, PasswordCheck::Wrong, "{wrong:?}");
        }
    }

    #[tokio::test]
    async fn one_password_has_a_new_hash_each_time() {
        let hasher = hasher(CHEAP);
        let first = hasher.hash(&secret("kx9 tuba lo")).await.expect("a hash");
        let second = hasher.hash(&secret("kx9 tuba lo")).await.expect("a hash");
        assert_ne!(first, second);
    }

    #[tokio::test]
    async fn a_hash_of_less_than_todays_cost_is_replaced() {
        let old = hasher(CHEAPEST).hash(&secret("kx9 tuba lo")).await.expect("a hash");
        let today = hasher(CHEAP);
        let check = today.verify(&secret("kx9 tuba lo"), Some(&old)).await.expect("an answer");
        let PasswordCheck::RightButRehash(new) = check else { panic!("not replaced: {check:?}") };
        assert!(new.as_str().contains("m=64,t=1,p=1"), "{}", new.as_str());
        let again = today.verify(&secret("kx9 tuba lo"), Some(&new)).await.expect("an answer");
        assert_eq!(again, PasswordCheck::Right);
        let wrong = today.verify(&secret("another one"), Some(&old)).await.expect("an answer");
        assert_eq!(wrong, PasswordCheck::Wrong);
        let dearer = hasher(CHEAPEST).verify(&secret("kx9 tuba lo"), Some(&new)).await.expect("an answer");
        assert_eq!(dearer, PasswordCheck::Right);
    }

    #[tokio::test]
    async fn without_a_hash_or_with_an_unreadable_one_every_password_is_wrong() {
        let hasher = hasher(CHEAP);
        assert_eq!(
            hasher.verify(&secret("kx9 tuba lo"), None).await.expect("an answer"),
            PasswordCheck::Wrong
        );
        for stored in ["", "deleted", "kx9 tuba lo", "$argon2id$v=19$m=64,t=1,p=1", "$2b$10$abc"] {
            let stored = PasswordHash::from_stored(stored.to_owned());
            let check = hasher.verify(&secret("kx9 tuba lo"), Some(&stored)).await.expect("an answer");
            assert_eq!(check, PasswordCheck::Wrong, "{}", stored.as_str());
        }
    }

    #[tokio::test]
    async fn the_default_is_the_recommended_cost() {
        let hash = Argon2Hasher::default().hash(&secret("kx9 tuba lo")).await.expect("a hash");
        let HashingCost { memory_kib, passes, lanes } = HashingCost::RECOMMENDED;
        let expected = format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}$");
        assert!(hash.as_str().starts_with(&expected), "{}", hash.as_str());
    }

    #[test]
    fn a_cost_outside_argon2s_limits_is_refused() {
        for cost in [HashingCost { memory_kib: 7, ..CHEAP }, HashingCost { passes: 0, ..CHEAP }] {
            assert!(Argon2Hasher::with_params(cost).is_err(), "{cost:?}");
        }
    }
}
