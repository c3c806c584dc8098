//! Places for look-ups of names: few for all, fewer for each user.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use namaskah_domain::UserId;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// Look-ups at one time. The system's resolver blocks a thread for as long as a slow name server likes, and the threads
/// are those that hash passwords.
const OF_ALL: usize = 32;
/// Of these, at most so many of one user: names that hang are his own trouble.
const OF_A_USER: usize = 4;

/// How many look-ups there may be.
#[derive(Debug)]
pub(super) struct LookUps {
    all: Arc<Semaphore>,
    /// Of users for whom something is looked up now.
    users: Mutex<HashMap<UserId, Weak<Semaphore>>>,
}

/// One of them. It is given back when the look-up is over, not when its caller has given up.
#[derive(Debug)]
pub(super) struct Place {
    _of_user: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

impl Default for LookUps {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(OF_ALL)), users: Mutex::default() }
    }
}

impl LookUps {
    /// A place for a look-up of this user; `None` if none becomes free within `patience`.
    pub(super) async fn place(&self, user: UserId, patience: Duration) -> Option<Place> {
        let of_user = self.of(user);
        let taking = async {
            // His own first: whoever waits for it takes nothing from others.
            let of_user = of_user.acquire_owned().await.ok()?;
            let of_all = self.all.clone().acquire_owned().await.ok()?;
            Some(Place { _of_user: of_user, _of_all: of_all })
        };
        timeout(patience, taking).await.ok().flatten()
    }

    fn of(&self, user: UserId) -> Arc<Semaphore> {
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = users.get(&user).and_then(Weak::upgrade) {
            return known;
        }
        users.retain(|_, places| places.strong_count() > 0);
        let places = Arc::new(Semaphore::new(OF_A_USER));
        users.insert(user, Arc::downgrade(&places));
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOT_LONG: Duration = Duration::from_millis(1);

    fn user(n: u128) -> UserId {
        UserId::from_uuid(uuid::Uuid::from_u128(n))
    }

    #[tokio::test]
    async fn a_user_has_his_share_and_what_he_gives_back_is_his_again() {
        let look_ups = LookUps::default();
        let mut taken = Vec::new();
        for _ in 0..OF_A_USER {
            taken.push(look_ups.place(user(1), NOT_LONG).await.expect("a place"));
        }
        assert!(look_ups.place(user(1), NOT_LONG).await.is_none());
        assert!(look_ups.place(user(2), NOT_LONG).await.is_some());
        taken.pop();
        assert!(look_ups.place(user(1), NOT_LONG).await.is_some());
        taken.clear();
        look_ups.place(user(3), NOT_LONG).await.expect("a place");
        assert_eq!(look_ups.users.lock().expect("sound").len(), 1, "who has none is forgotten");
        assert_eq!(look_ups.all.available_permits(), OF_ALL);
    }
}
