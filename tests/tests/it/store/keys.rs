//! Keys that encrypt rows are replaced without a stop, and digests outlive them.

use std::{collections::BTreeSet, sync::Arc};

use namaskah_adapters::{
    persistence::{
        Stores,
        keys::{self, KeyError, SEALED},
    },
    vault::{MasterKeys, Vault},
};
use namaskah_domain::{
    Change, CommitError, JobLane, Sender, SuppressedNumber, Unique, UnitOfWork, Version,
    auth::User,
    verification::{Message, Purchase, PurchaseState, Waiting},
    webhook::{Endpoint, WebhookSecret},
};
use namaskah_tests::{
    assert_refused,
    contract::store::Backend,
    given::{self, at},
};
use sea_orm::DbBackend;

use super::{Opened, both};

/// The key of [`Opened`].
const A: u8 = 7;
const B: u8 = 8;

fn master(keys: &[u8]) -> MasterKeys {
    MasterKeys::newest_first(keys.iter().map(|key| [*key; 32]).collect()).expect("there are some")
}

async fn unlocked(opened: &Opened, keys: &[u8]) -> Result<Backend, KeyError> {
    let vault = keys::unlock(&opened.database, &master(keys)).await?;
    Ok(Stores::open(&opened.database, Arc::new(vault)).into())
}

async fn reseal(opened: &Opened, keys: &[u8]) -> (u64, u64) {
    let mut anew = 0;
    let left = keys::reseal(&opened.database, &master(keys), &mut |_, done| anew += done.resealed).await;
    (anew, left.expect("the database answers"))
}

/// One of everything that is sealed, and what is known by its digest.
struct Written {
    user: User,
    waiting: Waiting,
    purchase: Purchase,
    message: Message,
    endpoint: Endpoint,
}

impl Written {
    async fn on(on: &Backend) -> Self {
        let user = User { second_factor: given::second_factor(), ..given::user() };
        let order = given::requested(user.id);
        let purchase = given::purchase(&order);
        let bought = given::bought();
        let mut waiting = order.bind(given::line(&purchase, &bought));
        waiting.head.version = Version::FIRST;
        let purchase = Purchase { state: PurchaseState::Bound(bought), ..purchase };
        let message = given::message(&waiting, "Your code is 123456");
        let shown = given::shown(&waiting);
        let endpoint = given::endpoint(user.id);
        let secret = WebhookSecret::from_stored(&[9; 32]).expect("32 bytes");
        let endpoint =
            Endpoint { secrets: endpoint.secrets.rotated(secret, at(1)), ..given::endpoint(user.id) };
        let suppressed = SuppressedNumber {
            service: shown.service.clone(),
            number: shown.number.clone(),
            order: shown.order,
            at: at(3),
        };
        let unit = UnitOfWork::new()
            .with(Change::User(user.clone()))
            .with(Change::Order(waiting.clone().into()))
            .with(Change::Purchase(purchase.clone()))
            .with(Change::ShownNumber(shown))
            .with(Change::SuppressedNumber(suppressed))
            .with(Change::Message(message.clone()))
            .with(Change::Notice(given::notice(Sender::TextVerified, None)))
            .with(Change::WebhookEndpoint(endpoint.clone()))
            .with(Change::Job(given::job()));
        on.apply(unit).await;
        Self { user, waiting, purchase, message, endpoint }
    }

    /// Everything can be read as it was written, and everything that was seen is known again.
    async fn is_whole(&self, on: &Backend) {
        let Self { user, waiting, purchase, message, endpoint } = self;
        let kept = on.webhooks.endpoint(endpoint.id).await.expect("readable");
        assert_eq!(kept.as_ref(), Some(endpoint));
        assert_eq!(on.auth.user(user.id).await.expect("readable").as_ref(), Some(user));
        let order = on.orders.order(waiting.head.id).await.expect("readable");
        assert_eq!(order, Some(waiting.clone().into()));
        let bought = on.orders.purchase(purchase.id).await.expect("readable");
        assert_eq!(bought.as_ref(), Some(purchase));
        let texts = on.orders.messages_of(&[waiting.head.id]).await.expect("readable");
        assert_eq!(&texts[..], std::slice::from_ref(message));
        assert!(!on.notices.new_notices(Sender::TextVerified, 99).await.expect("readable").is_empty());
        let shown = given::shown(waiting);
        let (service, number) = (&shown.service, &shown.number);
        assert!(on.orders.was_shown(user.id, service, number).await.expect("readable"));
        assert!(on.orders.is_suppressed(service, number).await.expect("readable"));
        let waiting_on = on.orders.waiting_on(purchase.provider, number).await.expect("readable");
        assert_eq!(waiting_on.len(), 1);
        assert_refused!(
            on.refuse(UnitOfWork::new().with(Change::ShownNumber(shown))).await,
            CommitError::Duplicate(Unique::ShownNumber)
        );
        let again = Message { id: given::id(), ..message.clone() };
        assert_refused!(
            on.refuse(UnitOfWork::new().with(Change::Message(again))).await,
            CommitError::Duplicate(Unique::Message)
        );
    }
}

#[tokio::test]
async fn a_key_is_replaced_while_everything_stays_readable() {
    for opened in both().await {
        // As the product was before keys were noted.
        let before = Written::on(&opened.backend).await;
        let refused = unlocked(&opened, &[B]).await.err();
        assert!(matches!(refused, Some(KeyError::Foreign)), "{refused:?}");

        let on = unlocked(&opened, &[B, A]).await.expect("the old key is there");
        before.is_whole(&on).await;
        let between = Written::on(&on).await;
        let refused = unlocked(&opened, &[B]).await.err();
        assert!(matches!(refused, Some(KeyError::Missing(_))), "{refused:?}");
        assert!(!keys::needing_older(&opened.database, &master(&[B, A])).await.expect("readable").is_empty());

        let (anew, left) = reseal(&opened, &[B, A]).await;
        assert_eq!((anew, left), (11, 0), "one of each column that is sealed");
        assert_eq!(reseal(&opened, &[B, A]).await, (0, 0));
        before.is_whole(&on).await;

        let on = unlocked(&opened, &[B]).await.expect("the new key stands alone");
        before.is_whole(&on).await;
        between.is_whole(&on).await;
        let jobs = on.jobs.lease(given::id::<()>().uuid(), JobLane::Mail, at(0), 9).await.expect("they open");
        assert_eq!(jobs.len(), 2);
        assert!(unlocked(&opened, &[A]).await.is_err(), "the old key alone is of no use any more");
        assert!(unlocked(&opened, &[9]).await.is_err());
        opened.close().await;
    }
}

#[tokio::test]
async fn instances_that_start_at_once_on_a_new_database_make_the_same_digests() {
    for opened in both().await {
        let (one, two) = tokio::join!(unlocked(&opened, &[A]), unlocked(&opened, &[A]));
        let (one, two) = (one.expect("unlocked"), two.expect("unlocked"));
        let written = Written::on(&one).await;
        written.is_whole(&two).await;
        opened.close().await;
    }
}

#[tokio::test]
async fn a_value_that_no_key_opens_stays_and_is_told() {
    for opened in both().await {
        let on = unlocked(&opened, &[A]).await.expect("unlocked");
        Written::on(&on).await;
        let stranger: Backend = Stores::open(&opened.database, Arc::new(Vault::new([9; 32]))).into();
        stranger.apply(UnitOfWork::new().with(Change::Job(given::job()))).await;
        let mut unreadable = 0;
        let mut tell = |_, done: keys::Done| unreadable += done.unreadable;
        let left = keys::reseal(&opened.database, &master(&[B, A]), &mut tell).await;
        assert_eq!((left.expect("the database answers"), unreadable), (1, 1));
        let refused = unlocked(&opened, &[B]).await.err();
        assert!(matches!(refused, Some(KeyError::Missing(_))), "{refused:?}");
        opened.close().await;
    }
}

/// A column that is added and not listed would be lost with the old key.
#[tokio::test]
async fn every_sealed_column_is_sealed_anew() {
    for opened in both().await {
        let sql = if opened.database.connection().get_database_backend() == DbBackend::Postgres {
            "SELECT table_name || '.' || column_name AS name FROM information_schema.columns \
             WHERE table_schema = 'public' AND column_name LIKE '%\\_sealed'"
        } else {
            "SELECT t.name || '.' || c.name AS name FROM sqlite_master t, pragma_table_info(t.name) c \
             WHERE t.type = 'table' AND c.name LIKE '%\\_sealed' ESCAPE '\\'"
        };
        let found: BTreeSet<String> =
            opened.query(sql).await.iter().map(|row| row.try_get("", "name").expect("a name")).collect();
        let listed = SEALED.map(|of| format!("{}.{}", of.table, of.column));
        assert_eq!(found, BTreeSet::from(listed));
        opened.close().await;
    }
}
