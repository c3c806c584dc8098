//! What grows old and what fills up: keys of ours, and the disk of the data folder.

use std::path::PathBuf;

use namaskah_adapters::{
    disk,
    persistence::{Database, Settings, keys},
};
use namaskah_domain::{Fault, Time};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};

use crate::{config::Config, wiring};

const ENCRYPTION: &str = "encryption";
const SIGNING: &str = "signing";
const DATA: &str = "data";

/// What is looked at whenever metrics are asked for.
pub struct Premises {
    /// Keys by name, and since when each is in use.
    keys: [(&'static str, Time); 2],
    /// Where data is kept on this machine; `None`: nowhere.
    folder: Option<PathBuf>,
}

impl Premises {
    /// What this configuration has to be kept up. A key that was never seen here is new now.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn of(
        config: &Config,
        database: &Database,
        settings: &Settings,
        now: Time,
    ) -> Result<Self, Fault> {
        let encryption = keys::in_use_since(database, &wiring::master_keys(config)?).await?;
        let id = wiring::identity::signing_key_id(config)?;
        let signing = settings.first_noted(&format!("signing_key:{id}"), now).await?;
        let folder = config.data_dir.is_dir().then(|| config.data_dir.clone());
        Ok(Self { keys: [(ENCRYPTION, encryption), (SIGNING, signing)], folder })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Key {
    key: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Folder {
    folder: &'static str,
}

#[derive(Clone, Default)]
pub(super) struct Wear {
    key_age: Family<Key, Gauge>,
    disk_free: Family<Folder, Gauge>,
    disk_size: Family<Folder, Gauge>,
}

impl Wear {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let all = Self::default();
        let about = "Seconds since the key that is used for new values was first used";
        registry.register_with_unit("key_age", about, Unit::Seconds, all.key_age.clone());
        let about = "Bytes that are left on the disk of a folder";
        registry.register_with_unit("disk_free", about, Unit::Bytes, all.disk_free.clone());
        let about = "Bytes that the disk of a folder has in all";
        registry.register_with_unit("disk_size", about, Unit::Bytes, all.disk_size.clone());
        all
    }

    /// A disk that cannot be looked at is left as it was: other metrics are told all the same.
    pub(super) async fn look(&self, premises: &Premises, now: Time) {
        for (key, since) in premises.keys {
            self.key_age.get_or_create(&Key { key }).set((now - since).num_seconds().max(0));
        }
        let Some(folder) = premises.folder.clone() else { return };
        match tokio::task::spawn_blocking(move || disk::space(&folder)).await {
            Ok(Ok(space)) => {
                self.disk_free.get_or_create(&Folder { folder: DATA }).set(bytes(space.free));
                self.disk_size.get_or_create(&Folder { folder: DATA }).set(bytes(space.size));
            }
            Ok(Err(fault)) => tracing::warn!(%fault, "the disk of the data folder cannot be looked at"),
            Err(error) => tracing::warn!(%error, "the disk of the data folder cannot be looked at"),
        }
    }
}

fn bytes(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
