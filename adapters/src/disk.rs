//! The disk under a folder.

use std::path::Path;

use namaskah_domain::Fault;
use nix::sys::statvfs::statvfs;

/// What a disk has, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// What it has in all.
    pub size: u64,
    /// What is left of it for us.
    pub free: u64,
}

/// The disk that a folder is on. Asks the file system, which may take its time: not for async code.
///
/// # Errors
/// If there is no such folder, or nobody may look.
pub fn space(folder: &Path) -> Result<Space, Fault> {
    let told = statvfs(folder).map_err(Fault::new)?;
    let bytes = |blocks: u64| blocks.saturating_mul(told.fragment_size());
    Ok(Space { size: bytes(told.blocks()), free: bytes(told.blocks_available()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_there_is_on_a_disk_with_room() {
        let space = space(&std::env::temp_dir()).expect("a folder");
        assert!(space.size > 0 && space.free <= space.size, "{space:?}");
    }

    #[test]
    fn a_folder_that_is_not_there_is_on_none() {
        assert!(space(Path::new("/no/such/folder")).is_err());
    }
}
