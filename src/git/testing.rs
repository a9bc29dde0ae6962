//! What the tests of this room and of those above it share: a git that knows no user.

use std::path::{Path, PathBuf};

use super::{Git, Oid};

/// Every git of a unit test runs with these: nobody's configuration, a fixed identity.
pub(crate) const VARIABLES: &[(&str, &str)] = &[
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_AUTHOR_NAME", "Ada"),
    ("GIT_AUTHOR_EMAIL", "ada@example.org"),
    ("GIT_COMMITTER_NAME", "Ada"),
    ("GIT_COMMITTER_EMAIL", "ada@example.org"),
];

/// A person's repository `upstream` with one commit on `main`, and the bare repository of a rig made from it.
pub(crate) struct Scene {
    /// Everything lies in here and goes with it.
    pub(crate) dir: tempfile::TempDir,
    /// The person's repository, with `main` checked out.
    pub(crate) upstream: PathBuf,
    /// The rig's bare repository, fetched.
    pub(crate) bare: PathBuf,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let upstream = dir.path().join("upstream");
        std::fs::create_dir(&upstream).expect("a folder");
        Git::at(&upstream).run(&["init", "-q", "-b", "main"]).expect("init");
        commit(&upstream, &[("README.md", "hello\n"), (".gitignore", "*.log\n.env\nbuild/\n")], "begin");
        let bare = dir.path().join("rig/.git");
        super::bare::create_bare(&bare, &upstream.display().to_string()).expect("created");
        super::bare::fetch(&bare, None).expect("fetched");
        Self { dir, upstream, bare }
    }

    /// The tip of the person's `main` as the rig knows it.
    pub(crate) fn tip(&self) -> Oid {
        super::bare::ref_tip(&self.bare, "refs/remotes/origin/main").expect("readable").expect("fetched")
    }
}

/// Writes files (folders are made) and commits everything; the new commit.
pub(crate) fn commit(worktree: &Path, files: &[(&str, &str)], message: &str) -> Oid {
    write(worktree, files);
    let git = Git::at(worktree);
    git.run(&["add", "-A"]).expect("add");
    git.run(&["commit", "-q", "--allow-empty", "-m", message]).expect("commit");
    head(worktree)
}

/// Writes files; folders are made.
pub(crate) fn write(worktree: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = worktree.join(name);
        std::fs::create_dir_all(path.parent().expect("below the worktree")).expect("folders");
        std::fs::write(path, text).expect("written");
    }
}

/// The commit that is checked out.
pub(crate) fn head(worktree: &Path) -> Oid {
    Git::at(worktree).run(&["rev-parse", "HEAD"]).expect("a commit").parse().expect("an id")
}

/// A lock for calls that race with nobody.
pub(crate) fn alone() -> Result<(), super::GitError> {
    Ok(())
}
