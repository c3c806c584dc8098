//! [`Standings`] that remembers each answer for one second of the machine's own time, so that a busy session costs
//! two reads a second, a busy key one, and not so many a request. What is not there is not remembered: whoever invents
//! keys would push out those that are in use. What this process itself changes is forgotten at once; what another
//! one changes shows within the second.

use std::{hash::Hash, sync::Arc, time::Duration};

use async_trait::async_trait;
use moka::future::Cache;
use namaskah_domain::{
    Fault, SessionId, UserId,
    auth::{AuthReads, DirectStandings, KeyStanding, Standing, Standings, TokenHash},
};

use crate::look_ups::LookUps;

/// How old an answer may be.
const MAX_AGE: Duration = Duration::from_secs(1);

/// Sessions remembered at most, and as many keys.
const CAPACITY: u64 = 20_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Session(SessionId),
    Cookie(TokenHash),
}

/// Standings over any reads, with a short memory. Requests that ask at once for one session share one answer.
pub struct CachedStandings {
    direct: DirectStandings,
    recent: Cache<Key, Standing>,
    keys: Cache<TokenHash, KeyStanding>,
    look_ups: LookUps,
}

/// Why there is nothing to remember.
enum Miss {
    Absent,
    Unread(Fault),
}

/// The remembered answer, or what is read now.
async fn remembered<K, V>(
    (cache, name, look_ups): (&Cache<K, V>, &'static str, &LookUps),
    key: K,
    read: impl Future<Output = Result<Option<V>, Fault>> + Send,
) -> Result<Option<V>, Fault>
where
    K: Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    let found = async { read.await.map_err(Miss::Unread)?.ok_or(Miss::Absent) };
    let answer = cache.entry(key).or_try_insert_with(found).await;
    look_ups.tell(name, answer.as_ref().is_ok_and(|entry| !entry.is_fresh()));
    match answer {
        Ok(found) => Ok(Some(found.into_value())),
        Err(miss) => match miss.as_ref() {
            Miss::Absent => Ok(None),
            Miss::Unread(fault) => Err(fault.clone()),
        },
    }
}

impl CachedStandings {
    /// Over any reads.
    pub fn new(reads: Arc<dyn AuthReads>) -> Self {
        let recent = Cache::builder().max_capacity(CAPACITY).time_to_live(MAX_AGE).build();
        let keys = Cache::builder().max_capacity(CAPACITY).time_to_live(MAX_AGE).build();
        Self { direct: DirectStandings::new(reads), recent, keys, look_ups: LookUps::default() }
    }

    /// Tells how often the answer was remembered, as `sessions` and `api_keys`.
    #[must_use]
    pub fn observed(self, look_ups: LookUps) -> Self {
        Self { look_ups, ..self }
    }

    async fn session(
        &self,
        key: Key,
        read: impl Future<Output = Result<Option<Standing>, Fault>> + Send,
    ) -> Result<Option<Standing>, Fault> {
        remembered((&self.recent, "sessions", &self.look_ups), key, read).await
    }
}

#[async_trait]
impl Standings for CachedStandings {
    async fn of_session(&self, id: SessionId) -> Result<Option<Standing>, Fault> {
        self.session(Key::Session(id), self.direct.of_session(id)).await
    }

    async fn of_cookie(&self, cookie: TokenHash) -> Result<Option<Standing>, Fault> {
        self.session(Key::Cookie(cookie), self.direct.of_cookie(cookie)).await
    }

    async fn of_key(&self, hash: TokenHash) -> Result<Option<KeyStanding>, Fault> {
        let keys = (&self.keys, "api_keys", &self.look_ups);
        remembered(keys, hash, self.direct.of_key(hash)).await
    }

    async fn forget(&self, user: UserId) {
        let his = self.recent.iter().filter(|(_, standing)| standing.user.id == user);
        let keys: Vec<Key> = his.map(|(key, _)| *key).collect();
        for key in keys {
            self.recent.invalidate(&key).await;
        }
        let his = self.keys.iter().filter(|(_, standing)| standing.user.id == user);
        let keys: Vec<TokenHash> = his.map(|(key, _)| *key).collect();
        for key in keys {
            self.keys.invalidate(&key).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use namaskah_domain::{
        ApiKeyId, Time, Version,
        auth::{
            AllowedIps, ApiKey, Email, Identity, Issuer, KeyName, MailToken, PasswordHash, RefreshToken,
            Role, Scope, Scopes, SecondFactor, Session, SessionKind, Subject, User,
        },
    };

    use super::*;

    /// One user with one session, and how often the session was read.
    #[derive(Default)]
    struct OneSession {
        reads: AtomicU32,
    }

    const HASH: TokenHash = TokenHash([7; 32]);

    fn at() -> Time {
        Time::from_timestamp(1_800_000_000, 0).expect("a time")
    }

    fn user_id() -> UserId {
        UserId::from_parts(at(), [1; 10])
    }

    fn session_id() -> SessionId {
        SessionId::from_parts(at(), [2; 10])
    }

    fn session() -> Session {
        Session {
            id: session_id(),
            user: user_id(),
            kind: SessionKind::Browser { cookie: HASH },
            device: None,
            ip: None,
            created_at: at(),
            last_used_at: at(),
            expires_at: at(),
            elevated_until: None,
            ended: None,
            version: Version::FIRST,
        }
    }

    fn key() -> ApiKey {
        ApiKey {
            id: ApiKeyId::from_parts(at(), [3; 10]),
            user: user_id(),
            name: KeyName::try_new("CI").expect("a name"),
            prefix: "nmk_00000000".to_owned(),
            hash: HASH,
            scopes: Scopes::of([Scope::WalletRead]).expect("a scope"),
            allowed: AllowedIps::anywhere(),
            created_at: at(),
            expires_at: None,
            last_used_at: None,
            ended_at: None,
            version: Version::FIRST,
        }
    }

    #[async_trait]
    impl AuthReads for OneSession {
        async fn user(&self, id: UserId) -> Result<Option<User>, Fault> {
            let user = User {
                id,
                email: Email::try_new("a@example.com").map_err(Fault::new)?,
                password: PasswordHash::from_stored(String::new()),
                role: Role::Customer,
                email_verified_at: None,
                suspension: None,
                must_change_password: false,
                second_factor: SecondFactor::Off,
                password_changed_at: at(),
                created_at: at(),
                version: Version::FIRST,
            };
            Ok((id == user_id()).then_some(user))
        }
        async fn user_by_email(&self, _email: &Email) -> Result<Option<User>, Fault> {
            Ok(None)
        }
        async fn session(&self, id: SessionId) -> Result<Option<Session>, Fault> {
            self.reads.fetch_add(1, Ordering::SeqCst);
            Ok((id == session_id()).then(session))
        }
        async fn session_by_cookie(&self, cookie: TokenHash) -> Result<Option<Session>, Fault> {
            self.reads.fetch_add(1, Ordering::SeqCst);
            Ok((cookie == HASH).then(session))
        }
        async fn identity(&self, _issuer: &Issuer, _subject: &Subject) -> Result<Option<Identity>, Fault> {
            Ok(None)
        }
        async fn identities(&self, _user: UserId) -> Result<Vec<Identity>, Fault> {
            Ok(Vec::new())
        }
        async fn open_sessions(&self, _user: UserId, _now: Time) -> Result<Vec<Session>, Fault> {
            Ok(Vec::new())
        }
        async fn signed_in_before<'a>(
            &self,
            _user: UserId,
            _device: Option<&'a str>,
        ) -> Result<namaskah_domain::auth::Before, Fault> {
            Ok(namaskah_domain::auth::Before::default())
        }
        async fn refresh_token(&self, _hash: TokenHash) -> Result<Option<RefreshToken>, Fault> {
            Ok(None)
        }
        async fn mail_token(&self, _hash: TokenHash) -> Result<Option<MailToken>, Fault> {
            Ok(None)
        }
        async fn api_keys(&self, _user: UserId) -> Result<Vec<ApiKey>, Fault> {
            Ok(Vec::new())
        }
        async fn api_key(&self, hash: TokenHash) -> Result<Option<KeyStanding>, Fault> {
            self.reads.fetch_add(1, Ordering::SeqCst);
            let user = self.user(user_id()).await?.filter(|_| hash == HASH);
            Ok(user.map(|user| KeyStanding { key: key(), user }))
        }
        async fn staff_count(&self) -> Result<u32, Fault> {
            Ok(0)
        }
    }

    #[tokio::test]
    async fn a_session_is_read_once_and_again_when_its_user_is_forgotten() {
        let reads = Arc::new(OneSession::default());
        let standings = CachedStandings::new(reads.clone());
        let other = UserId::from_parts(at(), [9; 10]);
        for (forgotten, expected) in [(None, 1), (None, 1), (Some(other), 1), (Some(user_id()), 2)] {
            if let Some(user) = forgotten {
                standings.forget(user).await;
            }
            let standing = standings.of_session(session_id()).await.expect("an answer").expect("a session");
            assert_eq!((standing.session, standing.user.id), (session(), user_id()));
            assert_eq!(reads.reads.load(Ordering::SeqCst), expected);
        }
    }

    #[tokio::test]
    async fn cookies_are_remembered_apart_and_forgotten_with_their_user() {
        let reads = Arc::new(OneSession::default());
        let standings = CachedStandings::new(reads.clone());
        assert!(standings.of_cookie(HASH).await.expect("an answer").is_some());
        assert!(standings.of_cookie(TokenHash([8; 32])).await.expect("an answer").is_none());
        assert!(standings.of_cookie(HASH).await.expect("an answer").is_some());
        assert_eq!(reads.reads.load(Ordering::SeqCst), 2);
        standings.forget(user_id()).await;
        assert!(standings.of_cookie(HASH).await.expect("an answer").is_some());
        assert_eq!(reads.reads.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn a_key_is_read_once_and_again_when_its_user_is_forgotten() {
        let reads = Arc::new(OneSession::default());
        let standings = CachedStandings::new(reads.clone());
        let other = UserId::from_parts(at(), [9; 10]);
        for (forgotten, expected) in [(None, 1), (None, 1), (Some(other), 1), (Some(user_id()), 2)] {
            if let Some(user) = forgotten {
                standings.forget(user).await;
            }
            let standing = standings.of_key(HASH).await.expect("an answer").expect("a key");
            assert_eq!((standing.key, standing.user.id), (key(), user_id()));
            assert_eq!(reads.reads.load(Ordering::SeqCst), expected);
        }
        assert!(standings.of_key(TokenHash([8; 32])).await.expect("an answer").is_none());
    }

    /// Else whoever invents keys pushes out those that are in use.
    #[tokio::test]
    async fn what_is_not_there_is_read_each_time_and_takes_no_room() {
        let reads = Arc::new(OneSession::default());
        let standings = CachedStandings::new(reads.clone());
        for n in 1..=3 {
            assert!(standings.of_key(TokenHash([8; 32])).await.expect("an answer").is_none());
            assert!(standings.of_cookie(TokenHash([8; 32])).await.expect("an answer").is_none());
            assert_eq!(reads.reads.load(Ordering::SeqCst), 2 * n);
        }
        standings.keys.run_pending_tasks().await;
        standings.recent.run_pending_tasks().await;
        assert_eq!((standings.keys.entry_count(), standings.recent.entry_count()), (0, 0));
    }

    #[test]
    fn no_answer_is_older_than_a_second() {
        let standings = CachedStandings::new(Arc::new(OneSession::default()));
        assert_eq!(standings.keys.policy().time_to_live(), Some(Duration::from_secs(1)));
        assert_eq!(standings.recent.policy().time_to_live(), Some(Duration::from_secs(1)));
    }
}
