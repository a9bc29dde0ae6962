//! A commit of everything in a worktree, made without touching the worktree or its index.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{nested, tips};
use crate::git::bare::{commit_info, list_refs, swap_ref, tree_of};
use crate::git::merge::{NewCommit, commit_tree};
use crate::git::worktree::{State, admin_dir, look};
use crate::git::{Git, GitError, Oid, Person};
use crate::id::WorkerName;

/// The work that is to be kept.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The bare repository.
    pub repo: &'a Path,
    /// The worktree; it may be missing, broken or in the middle of something.
    pub worktree: &'a Path,
    /// Whose it is.
    pub worker: &'a WorkerName,
    /// Branches (without `refs/heads/`) whose tips and former tips are to be kept as well.
    pub branches: &'a [String],
    /// Why now, for the message: "before recycling".
    pub why: &'a str,
    /// The author of the snapshot.
    pub by: &'a Person,
}

/// What keeps the work of a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// `refs/gt/snapshots/<worker>/<n>`.
    pub name: String,
    /// Its commit: the tree is the content of the worktree, the first parent is its HEAD, then come the
    /// staged content if that is different, and other commits that nothing else keeps.
    pub commit: Oid,
}

/// Keeps everything that a worktree has and that no lasting ref has: changed and untracked files, staged
/// content, HEAD and all it was, half-done operations, the stash, and repositories made inside of it.
/// `None`: there was nothing to keep. Ignored files are not kept.
///
/// # Errors
/// When a file cannot be read or git fails; then nothing may be deleted.
pub fn snapshot(subject: &Subject<'_>) -> Result<Option<Snapshot>, GitError> {
    let admin = admin_dir(subject.repo, subject.worktree);
    let head = match &admin {
        Some(admin) => {
            Git::on(admin).output(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])?.text().parse::<Oid>().ok()
        }
        None => None,
    };
    let branches = branches(subject, admin.as_deref());
    let content = match subject.worktree.is_dir() && !plainly_clean(subject)? {
        true => Some(Content::read(subject, admin.as_deref(), head.as_ref())?),
        false => None,
    };
    let endangered = tips::endangered(subject.repo, admin.as_deref(), &branches)?;
    let head_tree = head.as_ref().map(|head| tree_of(subject.repo, head)).transpose()?;
    let dirty = content.as_ref().filter(|content| Some(&content.tree) != head_tree.as_ref());
    let staged = content.as_ref().and_then(|content| content.staged.as_ref());
    let staged =
        staged.filter(|tree| Some(*tree) != head_tree.as_ref() && dirty.is_none_or(|dirty| dirty.tree != **tree));
    match (dirty, staged, endangered.as_slice()) {
        (None, None, []) => Ok(None),
        (None, None, [only]) => store(subject, only).map(Some),
        _ => {
            let mut parents: Vec<Oid> = head.iter().cloned().collect();
            if let Some(tree) = staged {
                parents.push(write(subject, tree, &parents, "what was staged")?);
            }
            parents.extend(endangered.into_iter().filter(|tip| Some(tip) != head.as_ref()));
            let Some(tree) = dirty.map(|dirty| dirty.tree.clone()).or(head_tree) else {
                return keep_tips(subject, parents);
            };
            if already(subject, &tree, &parents)? {
                return Ok(None);
            }
            let commit = write(subject, &tree, &parents, subject.why)?;
            store(subject, &commit).map(Some)
        }
    }
}

/// Keeps the commits that were once the tip of a worktree's HEAD, of its branch or of the stash, and that nothing keeps
/// any more, as after `git commit --amend`. Its files are not looked at. `None`: there was nothing to keep.
///
/// # Errors
/// When git fails.
pub fn keep_former_tips(subject: &Subject<'_>) -> Result<Option<Snapshot>, GitError> {
    let admin = admin_dir(subject.repo, subject.worktree);
    let mut former = tips::endangered(subject.repo, admin.as_deref(), &branches(subject, admin.as_deref()))?;
    match former.len() {
        1 => former.pop().map(|only| store(subject, &only)).transpose(),
        _ => keep_tips(subject, former),
    }
}

/// Those that are asked for, and the one that is checked out.
fn branches(subject: &Subject<'_>, admin: Option<&Path>) -> Vec<String> {
    let head = admin.map(|admin| fs::read_to_string(admin.join("HEAD")).unwrap_or_default()).unwrap_or_default();
    let checked_out = head.trim().strip_prefix("ref: refs/heads/").map(str::to_owned);
    subject.branches.iter().cloned().chain(checked_out).collect()
}

/// The snapshots of a worker with their commits, oldest first.
///
/// # Errors
/// When git fails.
pub fn snapshots(repo: &Path, worker: &WorkerName) -> Result<Vec<Snapshot>, GitError> {
    let refs = list_refs(repo, &format!("refs/gt/snapshots/{worker}"))?;
    let mut found: Vec<Snapshot> = refs.into_iter().map(|(name, commit)| Snapshot { name, commit }).collect();
    found.sort_by_key(Snapshot::number);
    Ok(found)
}

impl Snapshot {
    fn number(&self) -> u64 {
        self.name.rsplit('/').next().and_then(|number| number.parse().ok()).unwrap_or(0)
    }
}

/// Whether one look tells that the folder holds nothing but its HEAD, as it is after most work: this spares
/// building a tree. In doubt it says no.
fn plainly_clean(subject: &Subject<'_>) -> Result<bool, GitError> {
    let (changed, untracked) = match look(subject.repo, subject.worktree).map(|look| look.state) {
        Ok(State::Clean) => (0, 0),
        Ok(State::Busy { changed, untracked, .. }) => (changed.len(), untracked.len()),
        _ => return Ok(false),
    };
    if changed + untracked > 0 {
        return Ok(false);
    }
    // A repository inside may look clean and still have commits that nobody else has.
    let index = read_index(&Git::at(subject.worktree))?;
    Ok(index.kind == IndexKind::Plain && !index.links)
}

/// What the entries of an index tell.
struct Index {
    kind: IndexKind,
    /// Whether one of them is another repository.
    links: bool,
}

fn read_index(git: &Git) -> Result<Index, GitError> {
    let listing = git.output(&["ls-files", "-v", "--stage", "-z"])?;
    let mut kind = if listing.ok() { IndexKind::Plain } else { IndexKind::Unusable };
    let mut links = false;
    for entry in listing.stdout.split(|byte| *byte == 0) {
        links |= entry.get(2..).is_some_and(|rest| rest.starts_with(b"160000 "));
        match entry.first() {
            None | Some(b'H') => {}
            Some(b'M') if kind == IndexKind::Plain => kind = IndexKind::Conflicts,
            Some(b'M') => {}
            Some(_) => kind = IndexKind::Unusable,
        }
    }
    Ok(Index { kind, links })
}

/// Several tips but no tree: the worktree and its HEAD are gone.
fn keep_tips(subject: &Subject<'_>, parents: Vec<Oid>) -> Result<Option<Snapshot>, GitError> {
    let Some(first) = parents.first() else { return Ok(None) };
    let tree = tree_of(subject.repo, first)?;
    let commit = write(subject, &tree, &parents, subject.why)?;
    store(subject, &commit).map(Some)
}

/// Whether the last snapshot holds exactly this.
fn already(subject: &Subject<'_>, tree: &Oid, parents: &[Oid]) -> Result<bool, GitError> {
    let Some(last) = snapshots(subject.repo, subject.worker)?.pop() else { return Ok(false) };
    let info = commit_info(subject.repo, &last.commit)?;
    Ok(info.tree == *tree && info.parents == parents)
}

fn write(subject: &Subject<'_>, tree: &Oid, parents: &[Oid], what: &str) -> Result<Oid, GitError> {
    let parents: Vec<&Oid> = parents.iter().collect();
    let message = format!("snapshot of {}: {what}\n", subject.worker);
    let commit =
        NewCommit { tree, parents: &parents, author: subject.by, committer: subject.by, time: None, message: &message };
    commit_tree(subject.repo, &commit)
}

fn store(subject: &Subject<'_>, commit: &Oid) -> Result<Snapshot, GitError> {
    loop {
        let last = snapshots(subject.repo, subject.worker)?.pop();
        let number = last.as_ref().map_or(0, Snapshot::number) + 1;
        let name = format!("refs/gt/snapshots/{}/{number}", subject.worker);
        if swap_ref(subject.repo, &name, None, commit, subject.why)? {
            return Ok(Snapshot { name, commit: commit.clone() });
        }
    }
}

/// The files of a worktree as trees.
struct Content {
    /// What lies in the folder.
    tree: Oid,
    /// What is staged; none when the index has conflicts or cannot be read.
    staged: Option<Oid>,
}

impl Content {
    fn read(subject: &Subject<'_>, admin: Option<&Path>, head: Option<&Oid>) -> Result<Self, GitError> {
        let temporary =
            TempDir::with_prefix_in("gt-index-", subject.repo).map_err(GitError::files("make", subject.repo))?;
        let folder = Folder {
            git_dir: admin.unwrap_or(subject.repo).to_owned(),
            path: subject.worktree.to_owned(),
            index: temporary.path().join("index"),
        };
        let staged = folder.take_index(admin, head)?;
        let inner = nested::find(&folder)?;
        folder.add_all(&inner)?;
        for repository in &inner {
            nested::keep(subject.repo, subject.worker, &folder, repository, temporary.path())?;
        }
        Ok(Self { tree: folder.write_tree()?, staged })
    }
}

/// How far the copy of an index helps.
#[derive(Clone, Copy, PartialEq, Eq)]
enum IndexKind {
    /// It can be used as it is.
    Plain,
    /// A merge was not ended.
    Conflicts,
    /// It hides files from git, or cannot be read.
    Unusable,
}

/// Copies an index together with the time at which it was written.
///
/// Git compares times in whole seconds, and reads a file again only when it is not older than the index itself. A copy
/// that looks younger would hide an edit of the same length in the second in which the file was staged.
fn copy_index(from: &Path, to: &Path) -> io::Result<()> {
    let mut from = fs::File::open(from)?;
    let written = from.metadata()?.modified()?;
    let mut to = fs::File::create(to)?;
    io::copy(&mut from, &mut to)?;
    to.set_modified(written)
}

/// A folder of files with an index of its own, outside of it.
pub(super) struct Folder {
    pub(super) git_dir: PathBuf,
    pub(super) path: PathBuf,
    pub(super) index: PathBuf,
}

impl Folder {
    pub(super) fn git(&self) -> Git {
        let git = Git::at(&self.path).variable("GIT_DIR", &self.git_dir).variable("GIT_WORK_TREE", &self.path);
        let git = git.variable("GIT_INDEX_FILE", &self.index).with("core.safecrlf", "false");
        git.with("core.splitIndex", "false").with("core.fsmonitor", "false").with("advice.addEmbeddedRepo", "false")
    }

    /// Begins with a copy of the worktree's index, which spares reading files that have not changed; with that
    /// of HEAD when the copy hides files or cannot be used. The tree of what is staged.
    fn take_index(&self, admin: Option<&Path>, head: Option<&Oid>) -> Result<Option<Oid>, GitError> {
        let copied = admin.is_some_and(|admin| copy_index(&admin.join("index"), &self.index).is_ok());
        let staged = if copied { self.git().output(&["write-tree"])?.text().parse().ok() } else { None };
        let kind = if copied { read_index(&self.git())?.kind } else { IndexKind::Unusable };
        match kind {
            IndexKind::Plain => {}
            IndexKind::Conflicts if head.is_some() => self.begin_with(&["read-tree", "--reset"], head)?,
            IndexKind::Conflicts | IndexKind::Unusable => {
                fs::remove_file(&self.index).ok();
                self.begin_with(&["read-tree"], head)?;
            }
        }
        Ok(staged)
    }

    fn begin_with(&self, command: &[&str], head: Option<&Oid>) -> Result<(), GitError> {
        let Some(head) = head else { return Ok(()) };
        let args: Vec<&str> = command.iter().copied().chain([head.as_str()]).collect();
        self.git().run(&args).map(|_| ())
    }

    /// Takes every file that is not ignored into the index, except what lies in `without`.
    pub(super) fn add_all(&self, without: &[PathBuf]) -> Result<(), GitError> {
        use std::os::unix::ffi::OsStrExt;
        let mut input = b".".to_vec();
        for path in without {
            input.extend(b"\0:(top,exclude,literal)");
            input.extend(path.as_os_str().as_bytes());
        }
        let args = ["add", "--all", "--pathspec-from-file=-", "--pathspec-file-nul"];
        match self.git().run_with_input(&args, &input) {
            // A filter that is not installed must not be the reason why work is lost: take the bytes as they are.
            Err(GitError::Failed(_)) => self.unfiltered()?.run_with_input(&args, &input).map(|_| ()),
            other => other.map(|_| ()),
        }
    }

    fn unfiltered(&self) -> Result<Git, GitError> {
        let keys = self.git().output(&[
            "config",
            "--name-only",
            "-z",
            "--get-regexp",
            r"^filter\..*\.(clean|process|required)$",
        ])?;
        let mut git = self.git();
        for key in String::from_utf8_lossy(&keys.stdout).split('\0').filter(|key| !key.is_empty()) {
            git = git.with(key, if key.ends_with(".required") { "false" } else { "" });
        }
        Ok(git)
    }

    pub(super) fn write_tree(&self) -> Result<Oid, GitError> {
        let text = self.git().run(&["write-tree"])?;
        text.parse().map_err(|_| GitError::Answer { command: "git write-tree".to_owned(), answer: text })
    }
}
