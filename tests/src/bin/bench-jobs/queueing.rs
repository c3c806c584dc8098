//! Queues jobs, as the product does: by commits that wake the others.

use std::{sync::Arc, time::Duration};

use namaskah::worker::{Ringer, Supervisor, Wakers, WakingStore, Workers};
use namaskah_adapters::{
    persistence::{Database, Options, PostgresBell, Stores, connect},
    vault::Vault,
};
use namaskah_domain::{Change, JobKind, Letter, NewJob, Store, UnitOfWork, auth::Email};
use namaskah_tests::given;
use sea_orm::{ConnectionTrait, Statement};
use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{Failure, doing::now_us};

/// Jobs of a commit while the backlog is made.
const A_COMMIT: u64 = 100;
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// A database with nothing else in it.
pub struct Queue {
    database: Database,
    store: Arc<dyn Store>,
    ringing: Option<Arc<Workers>>,
}

impl Queue {
    /// New, and empty.
    pub async fn open(url: &str) -> Result<Self, Failure> {
        let database = connect(url, Options::default()).await?;
        namaskah_migration::migrate(database.connection()).await?;
        let stores = Stores::open(&database, Arc::new(Vault::new([7; 32])));
        let wakers = Wakers::default();
        let bell = PostgresBell::try_new(&database, url, crate::own())?;
        let ringing = bell.map(|bell| {
            let (others, stop) = (wakers.others.clone(), CancellationToken::new());
            let ringer = Ringer::new(Arc::new(bell), others.clone());
            Supervisor::default().with(Arc::new(ringer), others.added).start(stop)
        });
        let store: Arc<dyn Store> = Arc::new(WakingStore::new(stores.store, wakers));
        Ok(Self { database, store, ringing })
    }

    /// So many jobs that are due.
    pub async fn fill(&self, jobs: u64) -> Result<(), Failure> {
        let mut left = jobs;
        while left > 0 {
            let some = left.min(A_COMMIT);
            let unit = (0..some)
                .try_fold(UnitOfWork::new(), |unit, _| Ok::<_, Failure>(unit.with(Change::Job(stamped()?))));
            self.store.commit(unit?).await?;
            left -= some;
        }
        Ok(())
    }

    /// So many a second, each by a commit of its own at its own time, whether those before have ended or not.
    pub async fn steadily(&self, rate: u64, seconds: u64) -> Result<(), Failure> {
        let (begun, mut commits) = (Instant::now(), JoinSet::new());
        for n in 0..rate * seconds {
            tokio::time::sleep_until(begun + Duration::from_micros(n * 1_000_000 / rate)).await;
            let (store, unit) = (self.store.clone(), UnitOfWork::new().with(Change::Job(stamped()?)));
            commits.spawn(async move { store.commit(unit).await });
        }
        while let Some(committed) = commits.join_next().await {
            committed??;
        }
        Ok(())
    }

    /// Returns once nothing is queued.
    pub async fn is_empty(&self) -> Result<(), Failure> {
        let backend = self.database.reads().get_database_backend();
        loop {
            let sql = Statement::from_string(backend, "SELECT 1 AS one FROM jobs LIMIT 1");
            if self.database.reads().query_one_raw(sql).await?.is_none() {
                return Ok(());
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    }

    pub async fn close(self) {
        if let Some(ringing) = self.ringing {
            ringing.stop().await;
        }
        self.database.close().await;
    }
}

/// A letter to an address that says when it was queued.
fn stamped() -> Result<NewJob, Failure> {
    let to = Email::try_new(&format!("{}@example.com", now_us()))?;
    Ok(NewJob { kind: JobKind::SendMail { to, letter: Letter::PasswordChanged }, ..given::job() })
}
