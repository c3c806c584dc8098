//! A full disk: what cannot be kept is refused with 503, nothing that was told is lost, and once there is room it goes by.

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use super::{
    Failure, Kind,
    dice::Dice,
    faults::{TO_RECOVER, Verdict, pause},
    world::World,
};
use crate::postgres::Server;

/// Room for the database and little else, in megabytes.
const FOR_SQLITE_MB: u32 = 24;
/// A new cluster takes 40.
const FOR_POSTGRES_MB: u32 = 80;

/// The disk of the embedded database is full for a while, twice; the second time the product is killed meanwhile.
/// `None` where no small file system can be mounted.
///
/// # Errors
/// If the product does not recover, or something cannot be compared.
pub async fn the_disk_is_full(seed: u64) -> Result<Option<Verdict>, Failure> {
    let Some(disk) = SmallDisk::mounted(FOR_SQLITE_MB)? else { return Ok(None) };
    let mut dice = Dice::new(seed);
    let url = format!("sqlite://{}?mode=rwc", disk.path().join("namaskah.db").display());
    let mut world = World::at(Kind::Sqlite, &url, 1, &mut dice).await?;
    for is_killed in [false, true] {
        world.runs_out_of(&disk, is_killed, || Ok(()), &mut dice).await?;
    }
    let verdict = world.verdict(2).await?;
    drop(disk);
    Ok(Some(verdict))
}

/// The same with the disk of a Postgres server of its own, which may stop over it and is started again then.
///
/// # Errors
/// As [`the_disk_is_full`].
pub async fn the_disk_of_the_server_is_full(seed: u64) -> Result<Option<Verdict>, Failure> {
    let Some(disk) = SmallDisk::mounted(FOR_POSTGRES_MB)? else { return Ok(None) };
    let server = tokio::task::block_in_place(|| Server::start_in(disk.path()))?;
    let Some(mut server) = server else { return Ok(None) };
    let mut dice = Dice::new(seed);
    let mut world = World::at(Kind::Postgres, &server.url("postgres"), 1, &mut dice).await?;
    for is_killed in [false, true] {
        let revives = || Ok(tokio::task::block_in_place(|| server.starts_if_it_stopped())?);
        world.runs_out_of(&disk, is_killed, revives, &mut dice).await?;
    }
    // The server outlives the comparison, and the disk the server.
    let verdict = world.verdict(2).await;
    drop(server);
    drop(disk);
    verdict.map(Some)
}

impl World {
    /// Under load no byte of room is left until something was refused; then there is room again, and `then` follows.
    async fn runs_out_of(
        &mut self,
        disk: &SmallDisk,
        is_killed: bool,
        mut then: impl FnMut() -> Result<(), Failure>,
        dice: &mut Dice,
    ) -> Result<(), Failure> {
        let mut own = dice.apart();
        let fills = async |world: &mut World| {
            pause(&mut own, 100, 300).await;
            let ballast = disk.fills()?;
            let mut progress = world.scene.memory.progress();
            let refused = progress.borrow().unavailable + 3;
            // Something must be refused; there is no room.
            let refusing = progress.wait_for(|p| p.unavailable >= refused);
            let refused = tokio::time::timeout(TO_RECOVER, refusing).await.is_ok();
            if is_killed {
                world.serve(0).await?;
            }
            std::fs::remove_file(ballast)?;
            then()?;
            if is_killed {
                world.serve(1).await?;
            }
            if refused { Ok(()) } else { Err("the disk was full, and nothing was refused with 503".into()) }
        };
        self.under_load(dice, fills).await
    }
}

/// A file system of its own with little room.
struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// `None`, loudly, where nothing may be mounted.
    fn mounted(megabytes: u32) -> Result<Option<Self>, Failure> {
        let folder = tempfile::Builder::new().prefix("nmk-disk-").tempdir()?;
        // Postgres runs as another user, in a private folder within.
        let size = format!("size={megabytes}m,mode=0711");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path());
        if !mount.output().is_ok_and(|ended| ended.status.success()) {
            eprintln!("skipped: no small file system can be mounted here; run it as root");
            return Ok(None);
        }
        Ok(Some(Self { folder }))
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// No byte of room is left. Returns what to remove.
    fn fills(&self) -> Result<PathBuf, Failure> {
        let path = self.path().join("ballast");
        let mut ballast = File::create(&path)?;
        for size in [64 * 1024, 4096, 512, 1] {
            while ballast.write(&vec![0; size]).is_ok_and(|written| written > 0) {}
        }
        Ok(path)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // What is still open keeps it until it closes.
        let _ = Command::new("umount").arg("--lazy").arg(self.folder.path()).status();
    }
}
