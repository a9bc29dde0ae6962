//! The folders of objects, and packs that must be durable before a ref may name what is in them.

use std::fs::File;
use std::io;
use std::path::Path;

/// Syncs a pack, its index and their folder.
pub(super) fn sync_pack(git_dir: &Path, name: &str) -> io::Result<()> {
    let folder = git_dir.join("objects").join("pack");
    File::open(folder.join(format!("{name}.pack")))?.sync_all()?;
    File::open(folder.join(format!("{name}.idx")))?.sync_all()?;
    sync_packs(git_dir)
}

/// Syncs the folder of packs.
pub(super) fn sync_packs(git_dir: &Path) -> io::Result<()> {
    File::open(git_dir.join("objects").join("pack"))?.sync_all()
}

/// Makes the 256 folders of loose objects that are not there. Git makes each when it is first needed and takes empty
/// ones away when it packs; a transaction that has to make half a dozen waits for the disk longer than for its files.
///
/// # Errors
/// When a folder cannot be made.
pub(super) fn spread_folders(git_dir: &Path) -> io::Result<()> {
    let objects = git_dir.join("objects");
    for number in 0..=u8::MAX {
        match std::fs::create_dir(objects.join(format!("{number:02x}"))) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
