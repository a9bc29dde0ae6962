//! The refs of the ledger: read without libgit2 where that is possible, moved by compare-and-swap.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use git2::{ConfigLevel, Repository};

use super::{Objects, ObjectsError, failed, is_answer, open_at};
use crate::git::Oid;

/// How libgit2 writes refs of the ledger.
const REFS_CONFIG: &str = "[core]\n\tfsyncObjectFiles = true\n\tlogAllRefUpdates = false\n";

/// How long to wait for the lock of a ref.
const REF_PATIENCE: Duration = Duration::from_secs(2);

/// The commit a loose ref file holds, without opening the repository; the slow way when it is packed.
///
/// # Errors
/// When the repository cannot be opened although the ref is not loose.
pub fn quick_tip(git_dir: &Path, name: &str) -> Result<Option<Oid>, ObjectsError> {
    if let Ok(text) = fs::read_to_string(git_dir.join(name))
        && let Ok(oid) = text.trim().parse()
    {
        return Ok(Some(oid));
    }
    Objects::open(git_dir)?.tip(name)
}

/// The ref that HEAD names, such as `refs/heads/main`; nothing when it is detached or unreadable.
pub fn head_ref(git_dir: &Path) -> Option<String> {
    let text = fs::read_to_string(git_dir.join("HEAD")).ok()?;
    text.strip_prefix("ref: ").map(|name| name.trim().to_owned())
}

impl Objects {
    /// The same repository for moving refs. Refs are written by libgit2, which fsyncs them because of a private
    /// configuration file; it also keeps no reflog of the ledger, whose history is its log.
    fn for_refs(&self) -> Result<Repository, ObjectsError> {
        let path = self.dir.join("gt").join("refs.config");
        if fs::read_to_string(&path).is_ok_and(|text| text == REFS_CONFIG) {
            return self.configured(&path);
        }
        let written = fs::create_dir_all(self.dir.join("gt"))
            .and_then(|()| fs::write(path.with_extension("next"), REFS_CONFIG))
            .and_then(|()| fs::rename(path.with_extension("next"), &path));
        written.map_err(|source| ObjectsError::File { action: "write", path: path.clone(), source })?;
        self.configured(&path)
    }

    fn configured(&self, file: &Path) -> Result<Repository, ObjectsError> {
        let repo = open_at(&self.dir)?;
        let mut config = repo.config().map_err(failed("read the configuration", &self.dir))?;
        config.add_file(file, ConfigLevel::App, true).map_err(failed("read the configuration", &self.dir))?;
        Ok(repo)
    }

    /// Moves a ref from `old` to `new`; false when it stands somewhere else by now. A person's git holds the lock of
    /// a ref for milliseconds, which are waited for.
    ///
    /// # Errors
    /// When the ref cannot be written, for example because of a lock file that somebody left.
    pub fn swap(&self, name: &str, old: Option<&Oid>, new: &Oid, why: &str) -> Result<bool, ObjectsError> {
        let new_id = self.raw(new)?;
        let refs = self.for_refs()?;
        let old = old.map(|old| self.raw(old)).transpose()?;
        let start = Instant::now();
        let moved = loop {
            let moved = match old {
                Some(old) => self.again(|| refs.reference_matching(name, new_id, true, old, why).map(drop)),
                None => self.again(|| refs.reference(name, new_id, false, why).map(drop)),
            };
            match moved {
                Err(error) if error.code() == git2::ErrorCode::Locked && start.elapsed() < REF_PATIENCE => {
                    // There is no event to wait for.
                    std::thread::park_timeout(Duration::from_millis(5));
                }
                other => break other,
            }
        };
        match moved {
            Ok(()) => Ok(true),
            Err(error) if error.code() != git2::ErrorCode::Locked && is_answer(&error) => Ok(false),
            Err(error) => Err(failed(format!("move {name}"), &self.dir)(error)),
        }
    }
}
