//! Staff over the whole product in memory: an owner, a supporter, and whoever else a test needs.

use std::sync::Arc;

use chrono::TimeDelta;
use namaskah_domain::{
    Change, Clock, JobKind, JobLane, Letter, Page, SessionId, Store, UnitOfWork, UserId, Version,
    auth::{
        self, AllowedIps, ApiKey, AuthPolicy, AuthPorts, AuthReads, AuthService, DirectStandings, Email,
        Identity, Issuer, KeyName, NoLeaks, PasswordHash, Role, Scope, Scopes, SecondFactor, Session,
        SessionKind, TokenHash, User,
        ports::{MockOneTimeCodes, MockPasswordHasher, MockTokenSigner},
    },
    memory::Platform,
    outbox::Jobs,
    staff::{Actor, AuditEntry, AuditQuery, DirectAllowlists, StaffPorts, StaffReads, StaffService, Subject},
};

use super::{HERE, factor, ip};

/// What nobody's password hashes to.
pub const UNKNOWN: &str = "hash of what nobody knows";

pub struct World {
    pub platform: Platform,
    pub service: StaffService,
    pub owner: Actor,
    pub support: Actor,
}

impl World {
    pub async fn new() -> Self {
        let platform = Platform::new(5);
        let store = platform.store.clone();
        let (mut hasher, mut signer) = (MockPasswordHasher::new(), MockTokenSigner::new());
        hasher.expect_hash().returning(|_| Ok(PasswordHash::from_stored(UNKNOWN.to_owned())));
        signer.expect_hash().returning(|token| {
            let mut bytes = [0; 32];
            token
                .bytes()
                .enumerate()
                .for_each(|(at, byte)| bytes[at % 32] ^= byte.rotate_left(at as u32 / 32));
            TokenHash(bytes)
        });
        let auth = AuthPorts {
            store: store.clone(),
            reads: store.clone(),
            accounts: store.clone(),
            webhooks: store.clone(),
            standings: Arc::new(DirectStandings::new(store.clone())),
            hasher: Arc::new(hasher),
            leaked: Arc::new(NoLeaks),
            signer: Arc::new(signer),
            codes: Arc::new(MockOneTimeCodes::new()),
            clock: platform.clock.clone(),
            random: platform.random.clone(),
        };
        let ports = StaffPorts {
            reads: store.clone(),
            allowlists: Arc::new(DirectAllowlists(store.clone())),
            seals: store.clone(),
            payments: store.clone(),
            orders: store.clone(),
        };
        let service = StaffService::new(Arc::new(AuthService::new(auth, AuthPolicy::default())), ports);
        let [owner, support] = [("owner", Role::Owner), ("support", Role::Support)].map(|(name, role)| {
            let user = platform.id();
            (name, Actor { user, role, ip: ip(HERE), request: format!("req-{name}") })
        });
        let world = Self { platform, service, owner: owner.1.clone(), support: support.1.clone() };
        for (name, actor) in [owner, support] {
            world.stores(Change::User(world.person(actor.user, name, actor.role))).await;
        }
        world
    }

    fn person(&self, id: UserId, name: &str, role: Role) -> User {
        let now = self.platform.clock.now();
        User {
            id,
            email: email(name),
            password: PasswordHash::from_stored("his own".to_owned()),
            role,
            email_verified_at: Some(now),
            suspension: None,
            must_change_password: false,
            second_factor: factor(now),
            password_changed_at: now,
            created_at: now,
            version: Version::FIRST,
        }
    }

    /// A customer with an account.
    pub async fn customer(&self, name: &str) -> UserId {
        self.platform.new_user(email(name).as_str()).await.expect("a user")
    }

    pub async fn stores(&self, change: Change) {
        self.platform.store.commit(UnitOfWork::new().with(change)).await.expect("applied");
    }

    pub fn pass(&self, seconds: i64) {
        self.platform.clock.advance(TimeDelta::seconds(seconds));
    }

    pub async fn user(&self, id: UserId) -> User {
        self.platform.store.user(id).await.expect("readable").expect("a user")
    }

    pub async fn signs_in(&self, user: UserId) -> SessionId {
        let now = self.platform.clock.now();
        let session = Session {
            id: self.platform.id(),
            user,
            kind: SessionKind::Tokens,
            device: None,
            ip: None,
            created_at: now,
            last_used_at: now,
            expires_at: now + TimeDelta::days(30),
            elevated_until: None,
            ended: None,
            version: Version::FIRST,
        };
        let id = session.id;
        self.stores(Change::Session(session)).await;
        id
    }

    pub async fn session(&self, id: SessionId) -> Session {
        self.platform.store.session(id).await.expect("readable").expect("a session")
    }

    /// True if the session may go on.
    pub async fn goes_on(&self, id: SessionId) -> bool {
        self.session(id).await.is_open(self.platform.clock.now())
    }

    /// Lines of the log about somebody, newest first.
    pub async fn told_of(&self, user: UserId) -> Vec<AuditEntry> {
        let query = AuditQuery { subject: Some(Subject::user(user).id), ..AuditQuery::default() };
        self.log(&query).await
    }

    pub async fn log(&self, query: &AuditQuery) -> Vec<AuditEntry> {
        let page = Page { limit: 100, after: None };
        self.platform.store.audit_log(query, page).await.expect("readable").rows
    }

    /// Letters that wait to be sent and were not asked for before, by address.
    pub async fn letters(&self) -> Vec<(String, Letter)> {
        let soon = self.platform.clock.now() + TimeDelta::hours(1);
        let store = self.platform.store.as_ref();
        let jobs = Jobs::lease(store, uuid::Uuid::nil(), JobLane::Mail, soon, 100).await.expect("readable");
        let letters = jobs.into_iter().filter_map(|job| match job.kind {
            JobKind::SendMail { to, letter } => Some((to.as_str().to_owned(), letter)),
            JobKind::EndReservation { .. }
            | JobKind::Upkeep { .. }
            | JobKind::Notify { .. }
            | JobKind::TellStaff { .. } => None,
        });
        letters.collect()
    }

    /// A customer with a second factor, an identity and a key.
    pub async fn customer_with_every_way_in(&self, name: &str) -> UserId {
        let (id, now) = (self.customer(name).await, self.platform.clock.now());
        let user = self.user(id).await;
        self.stores(Change::User(user.with_second_factor(factor(now)))).await;
        let issuer = Issuer::try_new("https://identities.example").expect("an issuer");
        let subject = auth::Subject::try_new(name).expect("a subject");
        self.stores(Change::Identity(Identity::new(self.platform.id(), id, issuer, subject, now))).await;
        let key = ApiKey {
            id: self.platform.id(),
            user: id,
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
        self.stores(Change::ApiKey(key)).await;
        id
    }

    /// Second factor, identities and keys of a user, counted.
    pub async fn ways_in(&self, id: UserId) -> (bool, usize, usize) {
        let store = &self.platform.store;
        let identities = store.identities(id).await.expect("readable").len();
        let keys = store.api_keys(id).await.expect("readable").len();
        (self.user(id).await.second_factor.is_on(), identities, keys)
    }

    /// As if nobody had a second factor.
    pub async fn without_factor(&self, id: UserId) {
        let user = self.user(id).await;
        self.stores(Change::User(user.with_second_factor(SecondFactor::Off))).await;
    }
}

pub fn email(name: &str) -> Email {
    Email::try_new(&format!("{name}@example.com")).expect("an address")
}
