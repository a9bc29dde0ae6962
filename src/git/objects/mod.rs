//! Objects and refs of the ledger, in this process through libgit2.
//!
//! Trees are edited directly, never through the index: at 10,000 documents a commit costs about a
//! millisecond instead of tens. Everything that is written here is durable before a ref names it.

mod bulk;
mod compose;
mod journal;
mod loose;
mod refs;

use std::path::{Path, PathBuf};

use git2::{ConfigLevel, ObjectType, Repository, Tree};

use self::compose::NewObject;
pub use self::journal::{Journal, is_left_over};
pub use self::refs::{clear_own_lock, head_ref, quick_tip};
use super::{Oid, durable};

/// The most changes of a commit whose objects are files of their own; those of a larger one go into one pack.
const LOOSE_EDITS: usize = 64;
/// How often something is tried before its failure counts.
const TRIES: usize = 5;

/// Why the ledger's repository could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ObjectsError {
    /// libgit2 said no.
    #[error("git could not {action} in {dir}")]
    Git {
        /// What was tried.
        action: String,
        /// The git folder.
        dir: PathBuf,
        /// libgit2's word.
        source: git2::Error,
    },
    /// A file of the repository could not be read or written.
    #[error("cannot {action} {path}")]
    File {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's word.
        source: std::io::Error,
    },
    /// The lock of a ref stays taken.
    #[error("{path} is there: another git program has the ref, or left its lock")]
    Locked {
        /// The lock.
        path: PathBuf,
    },
}

/// One file of a commit to be made: its path, and its new content or nothing to remove it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The path in the tree, with `/`.
    pub path: String,
    /// The new content; `None` removes the file.
    pub content: Option<Vec<u8>>,
}

/// A path whose blob differs between two commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The path in the tree, with `/`.
    pub path: String,
    /// The blob before, if there was one.
    pub old: Option<Oid>,
    /// The blob after, if there is one.
    pub new: Option<Oid>,
}

/// A commit that is not written yet.
pub struct Draft {
    objects: Vec<NewObject>,
    /// Whether its objects go into one pack.
    large: bool,
}

impl Draft {
    /// The id that the commit has.
    pub fn id(&self) -> Oid {
        self.objects.last().expect("a commit is made of itself at least").id.into()
    }
}

/// When what is written is synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Before anything names it.
    Now,
    /// When the system likes: the journal has it.
    Later,
}

/// Who a commit is by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorship {
    /// The author's name and address.
    pub author: (String, String),
    /// The committer's name and address.
    pub committer: (String, String),
    /// Seconds since 1970, UTC.
    pub seconds: i64,
}

/// The object database and refs of one repository.
pub struct Objects {
    repo: Repository,
    dir: PathBuf,
}

impl Objects {
    /// Creates a repository at `root` with the formats that libgit2 reads (sha1, ref files) and HEAD on `branch`.
    ///
    /// # Errors
    /// When libgit2 cannot create it.
    pub fn init(root: &Path, branch: &str) -> Result<Self, ObjectsError> {
        let mut options = git2::RepositoryInitOptions::new();
        options.no_reinit(true).external_template(false).initial_head(branch);
        Repository::init_opts(root, &options).map_err(failed("create a repository", root))?;
        let objects = Self::open(&root.join(".git"))?;
        objects.spread()?;
        Ok(objects)
    }

    /// Makes the folders that the objects of transactions to come will lie in.
    ///
    /// # Errors
    /// When a folder cannot be made.
    pub fn spread(&self) -> Result<(), ObjectsError> {
        durable::spread_folders(&self.dir).map_err(|source| ObjectsError::File {
            action: "make the folders of",
            path: self.dir.join("objects"),
            source,
        })
    }

    /// Opens the repository whose git folder is `git_dir`.
    ///
    /// # Errors
    /// When it is not a repository, or one of a format that libgit2 cannot read.
    pub fn open(git_dir: &Path) -> Result<Self, ObjectsError> {
        Ok(Self { repo: open_at(git_dir)?, dir: git_dir.to_owned() })
    }

    /// The same repository once more, for another thread.
    ///
    /// # Errors
    /// As [`Objects::open`].
    pub fn another(&self) -> Result<Self, ObjectsError> {
        Self::open(&self.dir)
    }

    /// The commit that a ref names.
    ///
    /// # Errors
    /// When the ref exists and cannot be read.
    pub fn tip(&self, name: &str) -> Result<Option<Oid>, ObjectsError> {
        match self.repo.refname_to_id(name) {
            Ok(id) => Ok(Some(id.into())),
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
            Err(error) => Err(failed(format!("read {name}"), &self.dir)(error)),
        }
    }

    /// A name and an address from the person's git configuration. libgit2 does not know `GIT_CONFIG_GLOBAL`, which
    /// names the file that the git program reads instead of the person's own.
    pub fn person(&self) -> Option<(String, String)> {
        let named = std::env::var_os("GIT_CONFIG_GLOBAL").filter(|path| !path.is_empty()).map(PathBuf::from);
        let global = named.and_then(|path| git2::Config::open(&path).ok());
        let config = self.repo.config().ok()?;
        let read = |key: &str| {
            let own = config.get_entry(key).ok().filter(|entry| entry.level() == ConfigLevel::Local);
            let own = own.and_then(|entry| entry.value().ok().map(str::to_owned));
            match &global {
                Some(global) => own.or_else(|| global.get_string(key).ok()),
                None => config.get_string(key).ok(),
            }
        };
        Some((read("user.name")?, read("user.email")?))
    }

    /// The content of a file at a commit.
    ///
    /// # Errors
    /// When the commit or the blob cannot be read.
    pub fn read(&self, commit: &Oid, path: &str) -> Result<Option<Vec<u8>>, ObjectsError> {
        let tree = self.tree(commit)?;
        match self.again(|| tree.get_path(Path::new(path))) {
            Ok(entry) => Ok(Some(self.blob(&entry.id().into())?)),
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
            Err(error) => Err(failed(format!("read {path}"), &self.dir)(error)),
        }
    }

    /// The content of a blob.
    ///
    /// # Errors
    /// When it is missing or no blob.
    pub fn blob(&self, id: &Oid) -> Result<Vec<u8>, ObjectsError> {
        let raw = self.raw(id)?;
        self.again(|| self.repo.find_blob(raw).map(|blob| blob.content().to_vec()))
            .map_err(failed(format!("read object {id}"), &self.dir))
    }

    /// The id that a blob with this content has, written or not.
    pub fn blob_id(content: &[u8]) -> Oid {
        git2::Oid::hash_object(ObjectType::Blob, content).expect("hashing bytes in memory cannot fail").into()
    }

    /// The files that differ between two commits, found by comparing subtree ids.
    ///
    /// # Errors
    /// When a tree cannot be read.
    pub fn changes(&self, old: Option<&Oid>, new: Option<&Oid>) -> Result<Vec<Change>, ObjectsError> {
        let old = old.map(|commit| self.tree(commit)).transpose()?;
        let new = new.map(|commit| self.tree(commit)).transpose()?;
        let mut changes = Vec::new();
        self.compare("", old.as_ref(), new.as_ref(), &mut changes)?;
        Ok(changes)
    }

    fn compare(
        &self,
        at: &str,
        old: Option<&Tree<'_>>,
        new: Option<&Tree<'_>>,
        out: &mut Vec<Change>,
    ) -> Result<(), ObjectsError> {
        let mut names: Vec<String> = Vec::new();
        for tree in [old, new].into_iter().flatten() {
            names.extend(tree.iter().filter_map(|entry| entry.name().ok().map(str::to_owned)));
        }
        names.sort_unstable();
        names.dedup();
        for name in names {
            let before = old.and_then(|tree| tree.get_name(&name));
            let after = new.and_then(|tree| tree.get_name(&name));
            if before.as_ref().map(|entry| entry.id()) == after.as_ref().map(|entry| entry.id()) {
                continue;
            }
            let path = if at.is_empty() { name } else { format!("{at}/{name}") };
            let subtree = |entry: &Option<git2::TreeEntry<'_>>| -> Result<Option<Tree<'_>>, ObjectsError> {
                match entry {
                    Some(entry) if entry.kind() == Some(ObjectType::Tree) => self
                        .again(|| self.repo.find_tree(entry.id()))
                        .map(Some)
                        .map_err(failed(format!("read {path}"), &self.dir)),
                    _ => Ok(None),
                }
            };
            let blob = |entry: &Option<git2::TreeEntry<'_>>| {
                entry.as_ref().filter(|entry| entry.kind() == Some(ObjectType::Blob)).map(|entry| entry.id().into())
            };
            let (old_tree, new_tree) = (subtree(&before)?, subtree(&after)?);
            if old_tree.is_some() || new_tree.is_some() {
                self.compare(&path, old_tree.as_ref(), new_tree.as_ref(), out)?;
            }
            let (old_blob, new_blob): (Option<Oid>, Option<Oid>) = (blob(&before), blob(&after));
            if old_blob != new_blob {
                out.push(Change { path, old: old_blob, new: new_blob });
            }
        }
        Ok(())
    }

    /// Makes blobs, trees and a commit on top of `parent` in memory.
    ///
    /// # Errors
    /// When an object cannot be read or two edits are in each other's way.
    pub fn draft(
        &self,
        parent: Option<&Oid>,
        edits: &[Edit],
        who: &Authorship,
        message: &str,
    ) -> Result<Draft, ObjectsError> {
        let objects =
            self.again(|| self.compose(parent, edits, who, message)).map_err(failed("make a commit", &self.dir))?;
        Ok(Draft { objects, large: edits.len() > LOOSE_EDITS })
    }

    /// Writes the objects of a commit; no ref moves.
    ///
    /// # Errors
    /// When an object cannot be written (a full disk, a read-only town).
    pub fn write(&self, draft: &Draft, durability: Durability) -> Result<(), ObjectsError> {
        if draft.large {
            return bulk::write(self, &draft.objects);
        }
        loose::write(&self.dir.join("objects"), &draft.objects, durability).map_err(self.unwritten())
    }

    /// Writes blobs, trees and a commit on top of `parent`, durably; no ref moves.
    ///
    /// # Errors
    /// As [`Objects::draft`] and [`Objects::write`].
    pub fn commit(
        &self,
        parent: Option<&Oid>,
        edits: &[Edit],
        who: &Authorship,
        message: &str,
    ) -> Result<Oid, ObjectsError> {
        let draft = self.draft(parent, edits, who, message)?;
        self.write(&draft, Durability::Now)?;
        Ok(draft.id())
    }

    /// Makes the names of packs durable, which git leaves to the system.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn sync_packs(&self) -> Result<(), ObjectsError> {
        durable::sync_packs(&self.dir).map_err(self.unwritten())
    }

    fn unwritten(&self) -> impl FnOnce(std::io::Error) -> ObjectsError {
        let path = self.dir.join("objects");
        move |source| ObjectsError::File { action: "write into", path, source }
    }

    /// Does `work` once more when it fails because packing beside it took a file away under its hands: a pack that was
    /// merged into another, or a folder of loose objects right before a rename into it.
    fn again<T>(&self, work: impl Fn() -> Result<T, git2::Error>) -> Result<T, git2::Error> {
        let mut tries = 1..TRIES;
        loop {
            match work() {
                Err(error) if !is_answer(&error) && tries.next().is_some() => {
                    let _ = self.repo.odb().and_then(|odb| odb.refresh());
                }
                done => return done,
            }
        }
    }

    fn tree(&self, commit: &Oid) -> Result<Tree<'_>, ObjectsError> {
        let id = self.raw(commit)?;
        self.again(|| self.repo.find_commit(id).and_then(|commit| commit.tree()))
            .map_err(failed(format!("read commit {commit}"), &self.dir))
    }

    fn raw(&self, id: &Oid) -> Result<git2::Oid, ObjectsError> {
        git2::Oid::from_str(id.as_str()).map_err(failed(format!("read object {id}"), &self.dir))
    }
}

/// Whether it says how things stand, and not that something went wrong.
fn is_answer(error: &git2::Error) -> bool {
    use git2::ErrorCode::{Exists, Locked, Modified, NotFound};
    matches!(error.code(), Modified | Exists | NotFound | Locked)
}

fn open_at(git_dir: &Path) -> Result<Repository, ObjectsError> {
    let flags = git2::RepositoryOpenFlags::NO_SEARCH | git2::RepositoryOpenFlags::NO_DOTGIT;
    Repository::open_ext(git_dir, flags, std::iter::empty::<&Path>()).map_err(failed("open the repository", git_dir))
}

fn failed(action: impl Into<String>, dir: &Path) -> impl FnOnce(git2::Error) -> ObjectsError {
    let (action, dir) = (action.into(), dir.to_owned());
    move |source| ObjectsError::Git { action, dir, source }
}

impl From<git2::Oid> for Oid {
    fn from(id: git2::Oid) -> Self {
        id.to_string().parse().expect("libgit2 prints an object id as hex digits")
    }
}
