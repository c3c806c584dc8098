//! A world with a clock that stands still, a hasher that counts, and a store that others can get in front of.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use async_trait::async_trait;
use namaskah_domain::{
    Claim, Clock, CommitError, Committed, Fault, JobKind, JobLane, Letter, Random, SessionId, Store, Time,
    UnitOfWork, UserId, Version,
    auth::{
        AccessClaims, AllowedIps, ApiKey, AuthPolicy, AuthPorts, AuthReads, AuthService, Credentials,
        DirectStandings, Email, Identity, IdentityService, Issuer, KeyName, KeyStanding, MailToken,
        OneTimeCode, OneTimeCodes, Origin, PasswordCheck, PasswordHash, PasswordHasher, RefreshToken,
        Register, Scope, Scopes, Secret, Session, SignedIn, Subject, TokenHash, TokenSigner, Tokens,
        TotpSecret, TotpStep, User,
    },
    memory::{FakeIdentityProvider, FakeLeakedPasswords, MemoryStore},
    outbox::Jobs,
    webhook::{Endpoint, Health, Secrets, Standing, Subscription, Target, WebhookSecret},
};
use tokio::sync::Barrier;

pub const ADA: &str = "ada@example.com";
pub const RIGHT: &str = "kx9 tuba lo";
pub const OTHER: &str = "vm4 oboe hi";

pub fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

pub fn email(text: &str) -> Email {
    Email::try_new(text).expect("an address")
}

pub fn credentials(address: &str, password: &str) -> Credentials {
    Credentials { email: email(address), password: secret(password), code: None }
}

/// Stands until it is moved.
pub struct StandingClock(AtomicI64);

impl StandingClock {
    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for StandingClock {
    fn now(&self) -> Time {
        Time::from_timestamp(self.0.load(Ordering::SeqCst), 0).expect("a time")
    }

    async fn sleep_until(&self, _until: Time) {}
}

/// Different bytes each time.
#[derive(Default)]
struct Counting(AtomicU64);

impl Random for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let next = self.0.fetch_add(1, Ordering::SeqCst).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            chunk.copy_from_slice(&next.to_be_bytes()[..chunk.len()]);
        }
    }
}

/// "Hashes" by a word in front: `weak` asks for a new hash, `hashed` does not. Counts its work.
#[derive(Default)]
pub struct CountingHasher {
    pub hashed: AtomicU64,
    pub compared: AtomicU64,
}

impl CountingHasher {
    pub fn work(&self) -> (u64, u64) {
        (self.hashed.load(Ordering::SeqCst), self.compared.load(Ordering::SeqCst))
    }
}

#[async_trait]
impl PasswordHasher for CountingHasher {
    async fn hash(&self, password: &Secret) -> Result<PasswordHash, Fault> {
        self.hashed.fetch_add(1, Ordering::SeqCst);
        Ok(PasswordHash::from_stored(format!("hashed {}", password.expose())))
    }

    async fn verify<'a>(
        &self,
        password: &Secret,
        hash: Option<&'a PasswordHash>,
    ) -> Result<PasswordCheck, Fault> {
        self.compared.fetch_add(1, Ordering::SeqCst);
        let strong = PasswordHash::from_stored(format!("hashed {}", password.expose()));
        let weak = format!("weak {}", password.expose());
        Ok(match hash {
            Some(stored) if *stored == strong => PasswordCheck::Right,
            Some(stored) if stored.as_str() == weak => PasswordCheck::RightButRehash(strong),
            Some(_) | None => PasswordCheck::Wrong,
        })
    }
}

/// Tokens in plain text, hashes by mixing.
pub struct PlainSigner;

impl TokenSigner for PlainSigner {
    fn sign(&self, claims: &AccessClaims) -> Result<Secret, Fault> {
        let (from, to) = (claims.issued_at.timestamp(), claims.expires_at.timestamp());
        Ok(Secret::new(format!("{} {} {from} {to}", claims.user, claims.session)))
    }

    fn read(&self, token: &str, now: Time) -> Option<AccessClaims> {
        let parts: Vec<&str> = token.split(' ').collect();
        let [user, session, from, to] = parts[..] else { return None };
        let time = |text: &str| Time::from_timestamp(text.parse().ok()?, 0);
        let (issued_at, expires_at) = (time(from)?, time(to)?);
        let claims =
            AccessClaims { user: user.parse().ok()?, session: session.parse().ok()?, issued_at, expires_at };
        (now < expires_at).then_some(claims)
    }

    fn hash(&self, token: &str) -> TokenHash {
        let mut bytes = [0u8; 32];
        for (place, byte) in token.bytes().enumerate() {
            let slot = &mut bytes[place % 32];
            *slot = slot.wrapping_mul(31).wrapping_add(byte);
        }
        TokenHash(bytes)
    }

    fn derive(&self, label: &str, secret: &Secret) -> Secret {
        Secret::new(format!("{label} of {}", secret.expose()))
    }
}

/// The code of a step is its number, whatever the secret.
struct NumberedCodes;

impl OneTimeCodes for NumberedCodes {
    fn code(&self, _secret: &TotpSecret, step: TotpStep) -> u32 {
        u32::try_from(step.get() % 1_000_000).expect("a number")
    }
}

/// What happens just before a commit reaches the store.
enum Before {
    /// Another unit gets in first.
    Unit(UnitOfWork),
    /// The commit waits for its twin.
    Twin(Arc<Barrier>),
    /// The store does not answer.
    Silence,
}

/// The memory store, with things that can happen before commits.
pub struct Crowded {
    inner: Arc<MemoryStore>,
    before: Mutex<Vec<Before>>,
    commits: AtomicU64,
}

impl Crowded {
    fn push(&self, before: impl IntoIterator<Item = Before>) {
        self.before.lock().expect("a lock").extend(before);
    }
}

#[async_trait]
impl Store for Crowded {
    async fn commit(&self, unit: UnitOfWork) -> Result<Committed, CommitError> {
        self.commits.fetch_add(1, Ordering::SeqCst);
        let before = self.before.lock().expect("a lock").pop();
        match before {
            Some(Before::Unit(first)) => {
                self.inner.commit(first).await.expect("the unit that goes first");
            }
            Some(Before::Twin(barrier)) => {
                barrier.wait().await;
            }
            Some(Before::Silence) => return Err(CommitError::Unavailable(Fault::new("no answer"))),
            None => {}
        }
        self.inner.commit(unit).await
    }

    async fn replay(&self, claim: &Claim) -> Result<Option<uuid::Uuid>, CommitError> {
        self.inner.replay(claim).await
    }
}

/// The memory store's reads, counted.
pub struct CountingReads {
    inner: Arc<MemoryStore>,
    reads: AtomicU64,
}

impl CountingReads {
    fn counted(&self) -> &MemoryStore {
        self.reads.fetch_add(1, Ordering::SeqCst);
        &self.inner
    }
}

#[async_trait]
impl AuthReads for CountingReads {
    async fn user(&self, id: UserId) -> Result<Option<User>, Fault> {
        self.counted().user(id).await
    }

    async fn user_by_email(&self, email: &Email) -> Result<Option<User>, Fault> {
        self.counted().user_by_email(email).await
    }

    async fn session(&self, id: SessionId) -> Result<Option<Session>, Fault> {
        self.counted().session(id).await
    }

    async fn session_by_cookie(&self, cookie: TokenHash) -> Result<Option<Session>, Fault> {
        self.counted().session_by_cookie(cookie).await
    }

    async fn open_sessions(&self, user: UserId, now: Time) -> Result<Vec<Session>, Fault> {
        self.counted().open_sessions(user, now).await
    }

    async fn signed_in_before<'a>(
        &self,
        user: UserId,
        device: Option<&'a str>,
    ) -> Result<namaskah_domain::auth::Before, Fault> {
        self.counted().signed_in_before(user, device).await
    }

    async fn refresh_token(&self, hash: TokenHash) -> Result<Option<RefreshToken>, Fault> {
        self.counted().refresh_token(hash).await
    }

    async fn mail_token(&self, hash: TokenHash) -> Result<Option<MailToken>, Fault> {
        self.counted().mail_token(hash).await
    }

    async fn api_keys(&self, user: UserId) -> Result<Vec<ApiKey>, Fault> {
        self.counted().api_keys(user).await
    }

    async fn api_key(&self, hash: TokenHash) -> Result<Option<KeyStanding>, Fault> {
        self.counted().api_key(hash).await
    }

    async fn identity(&self, issuer: &Issuer, subject: &Subject) -> Result<Option<Identity>, Fault> {
        self.counted().identity(issuer, subject).await
    }

    async fn identities(&self, user: UserId) -> Result<Vec<Identity>, Fault> {
        self.counted().identities(user).await
    }

    async fn staff_count(&self) -> Result<u32, Fault> {
        self.counted().staff_count().await
    }
}

pub struct World {
    pub auth: Arc<AuthService>,
    pub provider: Arc<FakeIdentityProvider>,
    pub google: IdentityService,
    pub memory: Arc<MemoryStore>,
    pub clock: Arc<StandingClock>,
    pub hasher: Arc<CountingHasher>,
    pub leaked: Arc<FakeLeakedPasswords>,
    store: Arc<Crowded>,
    reads: Arc<CountingReads>,
}

impl World {
    pub fn new() -> Self {
        let memory = Arc::new(MemoryStore::new());
        let store =
            Arc::new(Crowded { inner: memory.clone(), before: Mutex::default(), commits: AtomicU64::new(0) });
        let reads = Arc::new(CountingReads { inner: memory.clone(), reads: AtomicU64::new(0) });
        let clock = Arc::new(StandingClock(AtomicI64::new(1_800_000_000)));
        let hasher = Arc::new(CountingHasher::default());
        let leaked = Arc::new(FakeLeakedPasswords::default());
        let ports = AuthPorts {
            store: store.clone(),
            reads: reads.clone(),
            accounts: memory.clone(),
            webhooks: memory.clone(),
            standings: Arc::new(DirectStandings::new(memory.clone())),
            hasher: hasher.clone(),
            leaked: leaked.clone(),
            signer: Arc::new(PlainSigner),
            codes: Arc::new(NumberedCodes),
            clock: clock.clone(),
            random: Arc::new(Counting::default()),
        };
        let auth = Arc::new(AuthService::new(ports, AuthPolicy::default()));
        let provider = Arc::new(FakeIdentityProvider::new(clock.clone()));
        let google = IdentityService::new(auth.clone(), provider.clone());
        Self { auth, provider, google, memory, clock, hasher, leaked, store, reads }
    }

    /// A world in which Ada has an account and a proven address, and no mail is left to send.
    pub async fn with_ada() -> Self {
        let world = Self::new();
        world.register(ADA, RIGHT).await;
        let token = world.mailed_token().await;
        world.auth.verify_email(&token).await.expect("a good token");
        world
    }

    pub async fn register(&self, address: &str, password: &str) {
        let cmd = Register { email: email(address), password: secret(password) };
        self.auth.register(cmd).await.expect("a registration");
    }

    pub async fn login(&self) -> Tokens {
        self.auth.login(credentials(ADA, RIGHT), Origin::default()).await.expect("a sign-in")
    }

    pub async fn ada(&self) -> User {
        self.memory.user_by_email(&email(ADA)).await.expect("an answer").expect("Ada")
    }

    /// The code of so many steps after the present one.
    pub fn code(&self, steps: i64) -> OneTimeCode {
        let step = TotpStep::at(self.clock.now()).get() + steps;
        OneTimeCode::Digits(u32::try_from(step % 1_000_000).expect("a number"))
    }

    /// Writes Ada's record over, as staff or another process would.
    pub async fn change_ada(&self, change: impl FnOnce(&mut User)) {
        self.memory.commit(self.unit_on_ada(change).await).await.expect("a commit");
    }

    pub async fn unit_on_ada(&self, change: impl FnOnce(&mut User)) -> UnitOfWork {
        let mut ada = self.ada().await.touched();
        change(&mut ada);
        UnitOfWork::new().with(namaskah_domain::Change::User(ada))
    }

    /// A key of Ada's, with her next version as always.
    pub async fn unit_with_a_key(&self) -> UnitOfWork {
        let now = self.clock.now();
        let key = ApiKey {
            id: namaskah_domain::Id::from_parts(now, [3; 10]),
            user: self.ada().await.id,
            name: KeyName::try_new("CI").expect("a name"),
            prefix: "nmk_12345678".to_owned(),
            hash: TokenHash([7; 32]),
            scopes: Scopes::of([Scope::WalletRead]).expect("scopes"),
            allowed: AllowedIps::anywhere(),
            created_at: now,
            expires_at: None,
            last_used_at: None,
            ended_at: None,
            version: Version::FIRST,
        };
        self.unit_on_ada(|_| {}).await.with(namaskah_domain::Change::ApiKey(key))
    }

    /// The provider signs Ada in, and a program has a key of hers.
    pub async fn gives_ada_an_identity_and_a_key(&self) {
        let now = self.clock.now();
        let id = namaskah_domain::Id::from_parts(now, [4; 10]);
        let (issuer, subject) =
            (Issuer::try_new("https://identities.example"), Subject::try_new("108").expect("a subject"));
        let identity = Identity::new(id, self.ada().await.id, issuer.expect("an issuer"), subject, now);
        let unit = self.unit_with_a_key().await.with(namaskah_domain::Change::Identity(identity));
        self.memory.commit(unit).await.expect("a commit");
    }

    /// An endpoint, with her next version as always.
    pub async fn unit_with_an_endpoint(&self) -> (Endpoint, UnitOfWork) {
        let now = self.clock.now();
        let secret = WebhookSecret::from_stored(&[7; 32]).expect("32 bytes");
        let endpoint = Endpoint {
            id: namaskah_domain::Id::from_parts(now, [5; 10]),
            user: self.ada().await.id,
            target: Target::from_stored("https://hooks.example.com/".to_owned()),
            events: Subscription::Everything,
            description: None,
            secrets: Secrets::new(secret),
            standing: Standing::On,
            health: Health::default(),
            told_off_at: None,
            after: 0,
            created_at: now,
            updated_at: now,
            deleted_at: None,
            version: Version::FIRST,
        };
        let unit = self.unit_on_ada(|_| {}).await;
        (endpoint.clone(), unit.with(namaskah_domain::Change::WebhookEndpoint(endpoint)))
    }

    /// What happens to her is posted there.
    pub async fn gives_ada_an_endpoint(&self) -> Endpoint {
        let (endpoint, unit) = self.unit_with_an_endpoint().await;
        self.memory.commit(unit).await.expect("a commit");
        endpoint
    }

    /// So many of each are there.
    pub async fn identities_and_keys(&self, user: UserId) -> (usize, usize) {
        let identities = self.memory.identities(user).await.expect("readable").len();
        (identities, self.memory.api_keys(user).await.expect("readable").len())
    }

    /// The next commit of the service comes second to this one.
    pub fn someone_commits_first(&self, unit: UnitOfWork) {
        self.store.push([Before::Unit(unit)]);
    }

    /// The next two commits reach the store only when both were decided.
    pub fn two_decide_at_once(&self) {
        let barrier = Arc::new(Barrier::new(2));
        self.store.push([Before::Twin(barrier.clone()), Before::Twin(barrier)]);
    }

    /// Units that were brought to the store.
    pub fn commits(&self) -> u64 {
        self.store.commits.load(Ordering::SeqCst)
    }

    /// Reads that decisions were made on.
    pub fn reads(&self) -> u64 {
        self.reads.reads.load(Ordering::SeqCst)
    }

    /// The next commit has no answer.
    pub fn the_store_is_silent_once(&self) {
        self.store.push([Before::Silence]);
    }

    /// Every mail that waits to be sent, which is then taken away.
    pub async fn mails(&self) -> Vec<(Email, Letter)> {
        let holder = namaskah_domain::JobId::from_parts(self.clock.now(), [0; 10]).uuid();
        let jobs = self.memory.lease(holder, JobLane::Mail, self.clock.now(), 100).await.expect("jobs");
        let mut mails = Vec::new();
        for job in jobs {
            self.memory.done(&job).await.expect("a job that is done");
            match job.kind {
                JobKind::SendMail { to, letter } => mails.push((to, letter)),
                // What it says is asked of the store, where the notification is.
                JobKind::Notify { .. } => {}
                other => panic!("no mail: {other:?}"),
            }
        }
        mails
    }

    /// The token in the one mail that waits.
    pub async fn mailed_token(&self) -> String {
        let mails = self.mails().await;
        let [(_, Letter::VerifyEmail { token } | Letter::ResetPassword { token })] = &mails[..] else {
            panic!("not one mail with a token: {mails:?}")
        };
        token.0.clone()
    }

    pub async fn open_sessions(&self, user: UserId) -> usize {
        self.auth.sessions(user).await.expect("sessions").len()
    }

    pub async fn signed_in(&self, tokens: &Tokens) -> SignedIn {
        self.auth.authenticate(tokens.access.expose()).await.expect("somebody")
    }

    pub async fn is_let_in(&self, tokens: &Tokens) -> bool {
        self.auth.authenticate(tokens.access.expose()).await.is_ok()
    }
}

/// The version of a record that was written `times` times.
pub fn written(times: i64) -> Version {
    Version::from_stored(times)
}
