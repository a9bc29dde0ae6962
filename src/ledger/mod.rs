//! The ledger: documents in git, changed by transactions that are one commit each.
//!
//! The truth is the commit at the tip of the town's branch. The files in the working tree are its
//! projection, and the index is a cache of it. `docs/design/ledger.md` tells the whole story.
//! What the documents mean is not known here, except that beads are indexed by their fields.

mod adopt;
mod behind;
mod document;
mod durable;
mod index;
mod pack;
mod project;
mod rebuild;
mod snapshot;
#[cfg(test)]
mod tests;
mod transaction;

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use adopt::{HandEdit, HandEditKind};
pub use document::{Document, DocumentError};
pub use index::{BeadQuery, IndexError, Line, Order, Row};
pub use pack::Packed;
pub use snapshot::Snapshot;
pub use transaction::{Committed, Transaction};

use crate::clock::Clock;
use crate::error::{Failure, Kind, Outcome};
use crate::git::Oid;
use crate::git::objects::{self, Authorship, Durability, Edit, Objects, ObjectsError};
use crate::store::FileLock;

/// How long a transaction waits for another one; one takes milliseconds.
const LOCK_LIMIT: Duration = Duration::from_secs(60);

/// The ledger of one town. Opening it costs nothing; the repository is opened when it is needed.
pub struct Ledger {
    root: PathBuf,
    git_dir: PathBuf,
    branch: String,
    clock: Clock,
    objects: OnceCell<Objects>,
}

impl Ledger {
    /// The ledger in the town at `root`, whose branch is `branch` (`main`, not `refs/heads/main`).
    pub fn at(root: &Path, branch: &str, clock: Clock) -> Self {
        Self {
            root: root.to_owned(),
            git_dir: root.join(".git"),
            branch: format!("refs/heads/{branch}"),
            clock,
            objects: OnceCell::new(),
        }
    }

    /// Makes a new ledger at `root` with its first documents, in one commit.
    ///
    /// # Errors
    /// When there is a repository already, or the folder cannot be written.
    pub fn create(
        root: &Path,
        branch: &str,
        clock: Clock,
        documents: &[(String, String)],
        subject: &str,
    ) -> Outcome<Self> {
        let ledger = Self::at(root, branch, clock);
        let objects = Objects::init(root, branch).map_err(lift)?;
        for folder in ["locks", "run", "logs"] {
            let path = ledger.runtime_dir().join(folder);
            std::fs::create_dir_all(&path)
                .map_err(|error| Failure::caused(Kind::External, format!("cannot create {}", path.display()), error))?;
        }
        let edits: Vec<Edit> = documents
            .iter()
            .map(|(path, text)| Edit { path: path.clone(), content: Some(text.clone().into_bytes()) })
            .collect();
        let who = authorship(objects.person(), &crate::id::Actor::Human, clock);
        let message = transaction::message(subject, &crate::id::Actor::Human, &[], "init");
        let commit = objects.commit(None, &edits, &who, &message).map_err(lift)?;
        if !objects.swap(&ledger.branch, None, &commit, Durability::Now).map_err(lift)? {
            return Err(Failure::new(Kind::Conflict, format!("{} already has a branch {branch}", root.display())));
        }
        objects.sync_ref(&ledger.branch).map_err(lift)?;
        ledger.objects.get_or_init(|| objects);
        ledger.settle()?;
        Ok(ledger)
    }

    /// The commit at the tip of the town's branch.
    ///
    /// # Errors
    /// When the branch is gone or cannot be read.
    pub fn tip(&self) -> Outcome<Oid> {
        objects::quick_tip(&self.git_dir, &self.branch).map_err(lift)?.ok_or_else(|| self.no_branch())
    }

    /// One consistent state to read from. Never changes the town (the index, a cache, may catch up).
    ///
    /// # Errors
    /// When the branch or its objects cannot be read.
    pub fn snapshot(&self) -> Outcome<Snapshot> {
        if durable::is_of_another_life(self) {
            // A town that cannot be written is read as it is.
            let _ = self.lock();
        }
        Snapshot::take(self)
    }

    /// Runs `work` inside a transaction and commits what it put: all of it or nothing.
    ///
    /// Preconditions belong inside `work`: it runs under the lock, on the state at the tip, and again
    /// when somebody else moved the branch meanwhile.
    ///
    /// # Errors
    /// What `work` returns; a lock that stays taken; objects that cannot be written.
    pub fn transact<T>(
        &self,
        actor: &crate::id::Actor,
        work: impl FnMut(&mut Transaction) -> Outcome<T>,
    ) -> Outcome<Committed<T>> {
        transaction::run(self, actor, work)
    }

    /// Brings the working tree and the index of git in step with the tip, as every transaction does.
    ///
    /// # Errors
    /// When the lock stays taken or a file cannot be written.
    pub fn settle(&self) -> Outcome<()> {
        let _lock = self.lock()?;
        let tip = self.tip()?;
        project::catch_up(self, &tip)
    }

    /// The town's root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn runtime_dir(&self) -> PathBuf {
        self.git_dir.join("gt")
    }

    fn objects(&self) -> Outcome<&Objects> {
        if self.objects.get().is_none() {
            let opened = Objects::open(&self.git_dir).map_err(lift)?;
            let _ = self.objects.set(opened);
        }
        Ok(self.objects.get().expect("it was just set"))
    }

    /// Takes the lock of the ledger and clears what a predecessor that was killed left behind.
    fn lock(&self) -> Outcome<FileLock> {
        let folder = self.runtime_dir().join("locks");
        let path = folder.join("ledger.lock");
        let lock = match FileLock::acquire(&path, LOCK_LIMIT) {
            Err(crate::store::StoreError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                std::fs::create_dir_all(&folder).map_err(|error| {
                    Failure::caused(Kind::External, format!("cannot create {}", folder.display()), error)
                })?;
                FileLock::acquire(&path, LOCK_LIMIT)?
            }
            other => other?,
        };
        crate::git::staging::IndexLock::clear_own(&self.git_dir)
            .map_err(|error| Failure::caused(Kind::External, "the index of the town cannot be unlocked", error))?;
        objects::clear_own_lock(&self.git_dir, &self.branch)
            .map_err(|error| Failure::caused(Kind::External, "the branch of the town cannot be unlocked", error))?;
        if let Some(owner) = lock.dead_owner() {
            crate::git::stale::clear_one(&self.git_dir.join(format!("{}.lock", self.branch)), owner.since);
        }
        durable::recover(self)?;
        Ok(lock)
    }

    fn check_head(&self) -> Outcome<()> {
        match objects::head_ref(&self.git_dir) {
            Some(head) if head == self.branch => Ok(()),
            head => {
                let found = head.map_or_else(
                    || "a detached commit".to_owned(),
                    |name| name.trim_start_matches("refs/heads/").to_owned(),
                );
                let branch = self.branch.trim_start_matches("refs/heads/");
                Err(Failure::new(
                    Kind::Refused,
                    format!(
                        "the town {} has {found} checked out, and its ledger is the branch {branch}",
                        self.root.display()
                    ),
                )
                .hint(format!("git -C {} switch {branch}", self.root.display())))
            }
        }
    }

    fn no_branch(&self) -> Failure {
        let branch = self.branch.trim_start_matches("refs/heads/");
        Failure::new(Kind::Corrupt, format!("the ledger's branch {branch} is gone from {}", self.root.display())).hint(
            format!(
                "git -C {root} branch {branch} $(cat {root}/.git/gt/projected) brings it back as it was last seen",
                root = self.root.display()
            ),
        )
    }
}

/// Who a commit is by: the actor as author, the person as committer.
fn authorship(person: Option<(String, String)>, actor: &crate::id::Actor, clock: Clock) -> Authorship {
    let person = person.unwrap_or_else(|| ("human".to_owned(), "human@localhost".to_owned()));
    let author = match actor {
        crate::id::Actor::Human => person.clone(),
        other => (other.to_string(), person.1.clone()),
    };
    Authorship { author, committer: person, seconds: clock.now().timestamp() }
}

fn lift(error: ObjectsError) -> Failure {
    match &error {
        ObjectsError::Locked { .. } => {
            Failure::caused(Kind::Retryable, "another git program holds a lock in the town", error)
                .hint("wait for it to end and try again; `gt doctor` names a lock that a dead program left")
        }
        ObjectsError::Git { source, .. } if source.code() == git2::ErrorCode::NotFound => {
            Failure::caused(Kind::Corrupt, "the ledger misses an object", error)
                .hint("git fsck in the town lists what is missing")
        }
        _ => Failure::caused(Kind::External, "the ledger cannot be read or written", error)
            .hint(crate::store::SEE_TO_THE_DISK),
    }
}

impl From<IndexError> for Failure {
    fn from(error: IndexError) -> Self {
        match error {
            IndexError::Objects(error) => lift(error),
            error @ IndexError::Sqlite { .. } => {
                Self::caused(Kind::External, "the index of the ledger cannot be used", error)
                    .hint("it is a cache: `gt doctor --fix` builds it anew")
            }
        }
    }
}

impl From<DocumentError> for Failure {
    fn from(error: DocumentError) -> Self {
        Self::new(Kind::Corrupt, error.to_string()).hint("mend the file, then run `gt ledger adopt`")
    }
}
