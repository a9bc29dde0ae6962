//! What the remote has: its shape before there is a rig, its branches afterwards.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use super::create::CreateError;
use crate::git::{Git, GitError, Oid};

/// The object format of a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// 40 digits; the only one that libgit2 reads.
    Sha1,
    /// 64 digits; such a rig is served by the git program alone.
    Sha256,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
        })
    }
}

/// What a remote says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// Its object format; unknown while it has no commit.
    pub format: Option<Format>,
    /// The branch that its HEAD names, if that branch exists.
    pub default_branch: Option<String>,
    /// Its branches with their tips.
    pub branches: Vec<(String, Oid)>,
}

/// Asks the remote at `url` what it has; `dir` is any existing folder. Git may ask the person for credentials.
///
/// # Errors
/// When the remote cannot be read.
pub fn probe(dir: &Path, url: &str) -> Result<Probe, CreateError> {
    let output = Git::at(dir).output(&["ls-remote", "--symref", "--", url, "HEAD", "refs/heads/*"])?;
    if !output.ok() {
        return Err(CreateError::Unreachable { url: url.to_owned(), reason: output.complaint() });
    }
    Ok(parse_probe(&String::from_utf8_lossy(&output.stdout)))
}

fn parse_probe(text: &str) -> Probe {
    let mut found = Probe { format: None, default_branch: None, branches: Vec::new() };
    for (value, name) in text.lines().filter_map(|line| line.split_once('\t')) {
        if let (Some(target), "HEAD") = (value.strip_prefix("ref: refs/heads/"), name) {
            found.default_branch = Some(target.to_owned());
        } else if let (Ok(oid), Some(branch)) = (value.parse::<Oid>(), name.strip_prefix("refs/heads/")) {
            found.format = Some(if oid.as_str().len() == 64 { Format::Sha256 } else { Format::Sha1 });
            found.branches.push((branch.to_owned(), oid));
        }
    }
    found
}

/// The branch that the remote's HEAD names now; `None` when it has no commit.
///
/// # Errors
/// When the remote cannot be read within `limit`.
pub fn default_branch(dir: &Path, limit: Option<Duration>) -> Result<Option<String>, GitError> {
    let text = Git::on(dir).within(limit).run(&["ls-remote", "--symref", "origin", "HEAD"])?;
    Ok(parse_probe(&text).default_branch)
}

/// Fetches every branch of `origin`, without tags and without pruning. Without a `limit` git may ask the
/// person for credentials; with one it never asks.
///
/// # Errors
/// When the remote cannot be read, or one of its branches cannot be stored.
pub fn fetch(dir: &Path, limit: Option<Duration>) -> Result<(), GitError> {
    fetch_from(dir, "origin", &[], limit)
}

/// What became of a branch that was fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Branch {
    /// It was fetched, with all others.
    There,
    /// The remote answers and has no such branch. What was fetched of it before is kept.
    Gone,
}

/// Fetches every branch of `origin` as [`fetch`] does, and says whether it still has `branch`: what is never pruned
/// would otherwise look as if it were there for ever.
///
/// # Errors
/// As [`fetch`].
pub fn fetch_with(dir: &Path, branch: &str, limit: Option<Duration>) -> Result<Branch, GitError> {
    let wanted = format!("+refs/heads/{branch}:refs/remotes/origin/{branch}");
    let Err(error) = fetch_from(dir, "origin", &[&wanted, "+refs/heads/*:refs/remotes/origin/*"], limit) else {
        return Ok(Branch::There);
    };
    if matches!(error, GitError::TimedOut { .. }) {
        return Err(error);
    }
    // Only this question tells a branch that is gone from every other trouble.
    let name = format!("refs/heads/{branch}");
    let output = Git::on(dir).within(limit).output(&["ls-remote", "origin", &name])?;
    let listed = output.text().lines().any(|line| line.ends_with(&format!("\t{name}")));
    if output.ok() && !listed { Ok(Branch::Gone) } else { Err(error) }
}

/// Fetches `refspecs` (none: the configured ones) of `remote`, a name or an address.
///
/// # Errors
/// When the remote cannot be read, or a ref cannot be stored.
pub fn fetch_from(dir: &Path, remote: &str, refspecs: &[&str], limit: Option<Duration>) -> Result<(), GitError> {
    let mut args = vec![
        "fetch",
        "--quiet",
        "--no-tags",
        "--no-prune",
        "--no-auto-maintenance",
        "--no-write-fetch-head",
        "--recurse-submodules=no",
        "--",
        remote,
    ];
    args.extend(refspecs);
    Git::on(dir).within(limit).run(&args).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::Scene;

    #[test]
    fn the_shape_of_a_remote_is_known_before_there_is_a_rig() {
        let scene = Scene::new();
        let found = probe(scene.dir.path(), &scene.upstream.display().to_string()).expect("readable");
        assert_eq!(found.default_branch.as_deref(), Some("main"));
        assert_eq!(found.format, Some(Format::Sha1));
        assert_eq!(found.branches, [("main".to_owned(), scene.tip())]);
        assert_eq!(default_branch(&scene.bare, None).expect("readable").as_deref(), Some("main"));
    }

    #[test]
    fn a_branch_that_is_gone_is_told_from_a_remote_that_is() {
        let scene = Scene::new();
        assert_eq!(fetch_with(&scene.bare, "main", None).expect("readable"), Branch::There);
        Git::at(&scene.upstream).run(&["branch", "-m", "main", "trunk"]).expect("renamed");
        assert_eq!(fetch_with(&scene.bare, "main", None).expect("readable"), Branch::Gone);
        assert!(super::super::ref_tip(&scene.bare, "refs/remotes/origin/main").expect("readable").is_some());
        std::fs::rename(&scene.upstream, scene.dir.path().join("away")).expect("renamed");
        fetch_with(&scene.bare, "main", None).expect_err("nothing there");
    }

    #[test]
    fn an_unreachable_remote_is_named() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let error = probe(dir.path(), "/nonexistent/x.git").expect_err("unreachable");
        assert!(matches!(&error, CreateError::Unreachable { url, .. } if url == "/nonexistent/x.git"), "{error}");
    }

    #[test]
    fn an_empty_remote_has_no_branches() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        Git::at(dir.path()).run(&["init", "-q", "--bare"]).expect("init");
        let found = probe(dir.path(), ".").expect("readable");
        assert_eq!((found.default_branch, found.branches.len()), (None, 0));
    }
}
