//! Making objects durable: every new file and its folder is fsynced before a ref may name it.
//!
//! libgit2 can do that object by object, each waiting for the disk. The files of one transaction are synced at the
//! same time instead: the file system then writes its journal once or twice, not a dozen times. `syncfs` would be one
//! call, but it waits for whatever everybody else is writing.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::Oid;

/// In how many threads; each costs as much as a tenth of a sync.
const THREADS: usize = 5;

/// Syncs the loose files of `ids` and their folders. An object that lies in a pack has no file and is durable.
pub(super) fn sync_objects(git_dir: &Path, ids: &BTreeSet<Oid>) -> io::Result<()> {
    let objects = git_dir.join("objects");
    let file = |id: &Oid| objects.join(&id.as_str()[..2]).join(&id.as_str()[2..]);
    let files: Vec<PathBuf> = ids.iter().map(file).collect();
    let folders: BTreeSet<PathBuf> = files.iter().filter_map(|path| path.parent().map(Path::to_path_buf)).collect();
    let paths: Vec<PathBuf> = files.into_iter().chain(folders).chain([objects]).collect();
    let share = paths.len().div_ceil(THREADS).max(1);
    let (own, others) = paths.split_at(share.min(paths.len()));
    std::thread::scope(|scope| {
        let running: Vec<_> = others.chunks(share).map(|share| scope.spawn(move || sync_all(share))).collect();
        let done = sync_all(own);
        let joined = running
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| Err(io::Error::other("a thread panicked"))));
        joined.fold(done, Result::and)
    })
}

/// Syncs a pack, its index and their folder.
pub(super) fn sync_pack(git_dir: &Path, name: &str) -> io::Result<()> {
    let folder = git_dir.join("objects").join("pack");
    File::open(folder.join(format!("{name}.pack")))?.sync_all()?;
    File::open(folder.join(format!("{name}.idx")))?.sync_all()?;
    File::open(folder)?.sync_all()
}

fn sync_all(paths: &[PathBuf]) -> io::Result<()> {
    paths.iter().try_for_each(|path| sync(path))
}

fn sync(path: &Path) -> io::Result<()> {
    match File::open(path) {
        Ok(file) => file.sync_all(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_file_is_no_error() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let git_dir = dir.path();
        std::fs::create_dir_all(git_dir.join("objects/ab")).expect("a folder");
        std::fs::write(git_dir.join("objects/ab").join("c".repeat(38)), "x").expect("a file");
        let id = |text: &str| text.parse::<Oid>().expect("valid");
        let ids = [id(&format!("ab{}", "c".repeat(38))), id(&"d".repeat(40))].into();
        assert!(sync_objects(git_dir, &ids).is_ok());
        assert!(sync_objects(&git_dir.join("elsewhere"), &BTreeSet::new()).is_ok());
    }
}
