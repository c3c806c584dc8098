//! Keys of our own. Outside live, what is missing is generated once into the data folder, readable by its owner alone.

use std::{
    collections::BTreeMap,
    fs, io,
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret, SecretString};

use super::{Mode, fault::place_in, parse::Values};

/// Keys of our own: hex digits, parsed by whoever uses them. `Debug` shows none.
#[derive(Debug)]
pub struct Secrets {
    /// Encrypt numbers and texts, newest first: 32 bytes each. The newest seals, all open.
    pub encryption_keys: Vec<SecretString>,
    /// Signs access tokens, newest first: 32 bytes each.
    pub signing_keys: Vec<SecretString>,
    /// Signs the simulators' Paystack webhooks, and ours against theirs.
    pub sandbox_paystack_key: SecretString,
    /// Signs the simulators' TextVerified webhooks.
    pub sandbox_webhook_secret: SecretString,
    /// Proves us to the simulated Google.
    pub sandbox_google_secret: SecretString,
}

/// What is done about keys outside live that are neither given nor kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// They are made and kept.
    Make,
    /// It is a fault.
    Refuse,
    /// Any will do, and none is kept.
    Invent,
}

const FILE: &str = "secrets.toml";

impl Secrets {
    pub(super) fn load(values: &mut Values, mode: Mode, data_dir: &Path, absent: Absent) -> Self {
        let kept = if mode == Mode::Live {
            BTreeMap::new()
        } else {
            keep(data_dir, absent).unwrap_or_else(|error| {
                values.fault(&format!("the data folder {} cannot be used: {error}", data_dir.display()));
                BTreeMap::new()
            })
        };
        let kept_of = |key: &str| kept.get(key).cloned().map(SecretString::from);
        let mut keys = |key: &str| {
            let given = values.secrets(key);
            let keys: Vec<_> = if given.is_empty() { kept_of(key).into_iter().collect() } else { given };
            if keys.is_empty() && mode != Mode::Live {
                values.fault(&format!("{key} is required: {} holds none", data_dir.join(FILE).display()));
            } else {
                check(values, key, &keys);
            }
            keys
        };
        let (encryption_keys, signing_keys) = (keys("encryption_key"), keys("signing_key"));
        let random = |key| kept_of(key).unwrap_or_default();
        Self {
            encryption_keys,
            signing_keys,
            sandbox_paystack_key: random("sandbox_paystack_key"),
            sandbox_webhook_secret: random("sandbox_webhook_secret"),
            sandbox_google_secret: random("sandbox_google_secret"),
        }
    }
}

fn check(values: &mut Values, key: &str, present: &[SecretString]) {
    if present.is_empty() {
        values.fault(&format!("{key} is required: 64 random hex digits"));
    }
    for secret in present {
        let text = secret.expose_secret();
        let is_key = text.len() == 64 && hex::decode(text).is_ok();
        let weak = text.bytes().collect::<std::collections::BTreeSet<_>>().len() < 8;
        if !is_key || weak {
            values.fault(&format!("{key} must be 64 random hex digits"));
        }
    }
}

/// Reads the kept secrets, making those that are missing if that is wished. Of two processes that start at once on an empty folder
/// one writes the file, and both read it.
fn keep(data_dir: &Path, absent: Absent) -> io::Result<BTreeMap<String, String>> {
    let path = data_dir.join(FILE);
    let before = read(&path)?;
    let mut kept = before.clone().unwrap_or_default();
    if absent == Absent::Refuse {
        return Ok(kept);
    }
    for key in ["encryption_key", "signing_key"] {
        kept.entry(key.to_owned()).or_insert(random_hex()?);
    }
    kept.entry("sandbox_paystack_key".to_owned()).or_insert(format!("sk_test_{}", random_hex()?));
    kept.entry("sandbox_webhook_secret".to_owned()).or_insert(format!("whsec_{}", random_hex()?));
    kept.entry("sandbox_google_secret".to_owned()).or_insert(random_hex()?);
    if before.as_ref() == Some(&kept) || absent == Absent::Invent {
        return Ok(kept);
    }
    make_private_folder(data_dir)?;
    write_private(&path, &toml::to_string(&kept).map_err(io::Error::other)?, before.is_some())?;
    Ok(read(&path)?.unwrap_or(kept))
}

/// Makes the data folder for its owner alone; one that is there keeps its rights.
///
/// # Errors
/// If it cannot be made.
pub fn make_private_folder(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn read(path: &Path) -> io::Result<Option<BTreeMap<String, String>>> {
    match fs::read_to_string(path) {
        Ok(text) => toml::from_str(&text).map(Some).map_err(|error| {
            let fault = format!("{}: {}", path.display(), place_in(&text, &error));
            io::Error::new(io::ErrorKind::InvalidData, fault)
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Written beside and linked into place: whole or not at all, and never over somebody else's first file.
fn write_private(path: &Path, text: &str, replace: bool) -> io::Result<()> {
    let beside: PathBuf = path.with_extension(format!("{}.tmp", std::process::id()));
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    if replace {
        return fs::rename(&beside, path);
    }
    let linked = match fs::hard_link(&beside, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    };
    linked.and(fs::remove_file(&beside))
}

fn random_hex() -> io::Result<String> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).map_err(|_| io::Error::other("no randomness"))?;
    Ok(hex::encode(bytes))
}
