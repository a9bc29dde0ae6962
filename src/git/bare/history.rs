//! Questions about commits.

use std::path::Path;

use crate::git::{Git, GitError, Oid};

/// The heading of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitInfo {
    /// The commit.
    pub oid: Oid,
    /// Its tree.
    pub tree: Oid,
    /// Its parents, first to last.
    pub parents: Vec<Oid>,
    /// The author's name.
    pub author: String,
    /// The author's mail address.
    pub email: String,
    /// The committer's date, in seconds since 1970.
    pub time: i64,
    /// The first paragraph of its message, on one line.
    pub subject: String,
}

/// The commit that `name` (a ref, an id, `main~2`) stands for; `None` when there is none.
///
/// # Errors
/// When git fails.
pub fn rev_parse(dir: &Path, name: &str) -> Result<Option<Oid>, GitError> {
    let wanted = format!("{name}^{{commit}}");
    let args = ["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted];
    let git = Git::on(dir);
    let output = git.output(&args)?;
    if output.ok() {
        return parse_oid(&args, &output.text()).map(Some);
    }
    // A full id of an object that is not there ends with 128 and nothing else to go by.
    if output.code() == Some(1) || name.parse::<Oid>().is_ok() { Ok(None) } else { Err(git.failure(&args, &output)) }
}

/// The tree of a commit.
///
/// # Errors
/// When there is no such commit, or git fails.
pub fn tree_of(dir: &Path, commit: &Oid) -> Result<Oid, GitError> {
    let wanted = format!("{commit}^{{tree}}");
    let args = ["rev-parse", "--verify", &wanted];
    parse_oid(&args, &Git::on(dir).run(&args)?)
}

/// Whether `ancestor` can be reached from `descendant`; a commit is its own ancestor.
///
/// # Errors
/// When one of them does not exist, or git fails.
pub fn is_ancestor(dir: &Path, ancestor: &Oid, descendant: &Oid) -> Result<bool, GitError> {
    let args = ["merge-base", "--is-ancestor", ancestor.as_str(), descendant.as_str()];
    let git = Git::on(dir);
    let output = git.output(&args)?;
    match output.code() {
        Some(0) => Ok(true),
        Some(1) => Ok(false),
        _ => Err(git.failure(&args, &output)),
    }
}

/// The best common ancestor; `None` when the histories are unrelated.
///
/// # Errors
/// When one of them does not exist, or git fails.
pub fn merge_base(dir: &Path, one: &Oid, other: &Oid) -> Result<Option<Oid>, GitError> {
    let args = ["merge-base", one.as_str(), other.as_str()];
    let git = Git::on(dir);
    let output = git.output(&args)?;
    match output.code() {
        Some(0) => parse_oid(&args, &output.text()).map(Some),
        Some(1) => Ok(None),
        _ => Err(git.failure(&args, &output)),
    }
}

/// How many commits `tip` has that `base` has not.
///
/// # Errors
/// When one of them does not exist, or git fails.
pub fn count(dir: &Path, base: &Oid, tip: &Oid) -> Result<usize, GitError> {
    let range = format!("{base}..{tip}");
    let text = Git::on(dir).run(&["rev-list", "--count", &range])?;
    text.parse().map_err(|_| GitError::Answer { command: "git rev-list --count".to_owned(), answer: text })
}

/// The heading of one commit.
///
/// # Errors
/// When there is no such commit, or git fails.
pub fn commit_info(dir: &Path, commit: &Oid) -> Result<CommitInfo, GitError> {
    let mut found = headings(dir, &["--no-walk", commit.as_str()])?;
    found.pop().ok_or_else(|| GitError::Answer { command: "git log".to_owned(), answer: String::new() })
}

/// The headings of commits, in their order; those that do not exist are left out.
///
/// # Errors
/// When git fails.
pub fn commit_infos(dir: &Path, commits: &[Oid]) -> Result<Vec<CommitInfo>, GitError> {
    if commits.is_empty() {
        return Ok(Vec::new());
    }
    let mut which = vec!["--no-walk=unsorted", "--ignore-missing"];
    which.extend(commits.iter().map(Oid::as_str));
    headings(dir, &which)
}

/// One line for each of the newest commits that `tip` has and `base` has not and that touch one of `paths`, at most
/// `limit`: id, author, subject.
///
/// # Errors
/// When one of them does not exist, or git fails.
pub fn touching(dir: &Path, base: &Oid, tip: &Oid, paths: &[String], limit: usize) -> Result<Vec<String>, GitError> {
    let (range, limit) = (format!("{base}..{tip}"), format!("--max-count={limit}"));
    let mut args = vec!["log", "--no-show-signature", "--encoding=UTF-8", "--no-merges", &limit];
    args.extend(["--format=tformat:%h %an: %s", &range, "--"]);
    let paths: Vec<String> = paths.iter().map(|path| format!(":(literal,top){path}")).collect();
    args.extend(paths.iter().map(String::as_str));
    let text = Git::on(dir).with("log.showSignature", "false").run(&args)?;
    Ok(text.lines().map(str::to_owned).collect())
}

/// The commits that `tip` has and `base` has not, newest first, at most `limit`.
///
/// # Errors
/// When one of them does not exist, or git fails.
pub fn log(dir: &Path, base: &Oid, tip: &Oid, limit: usize) -> Result<Vec<CommitInfo>, GitError> {
    let (range, limit) = (format!("{base}..{tip}"), format!("--max-count={limit}"));
    headings(dir, &["--topo-order", &limit, &range])
}

fn headings(dir: &Path, which: &[&str]) -> Result<Vec<CommitInfo>, GitError> {
    let mut args = vec!["log", "--no-show-signature", "--no-mailmap", "--encoding=UTF-8", "-z"];
    args.push("--format=tformat:%H%n%T%n%P%n%an%n%ae%n%ct%n%s");
    args.extend(which);
    let bytes = Git::on(dir).with("log.showSignature", "false").raw(&args)?;
    let text = String::from_utf8_lossy(&bytes);
    let broken = |entry: &str| GitError::Answer { command: "git log".to_owned(), answer: entry.to_owned() };
    text.split('\0')
        .filter(|entry| !entry.is_empty())
        .map(|entry| heading(entry).ok_or_else(|| broken(entry)))
        .collect()
}

fn heading(entry: &str) -> Option<CommitInfo> {
    let mut lines = entry.splitn(7, '\n');
    let mut next = || lines.next();
    Some(CommitInfo {
        oid: next()?.parse().ok()?,
        tree: next()?.parse().ok()?,
        parents: next()?.split(' ').filter(|part| !part.is_empty()).map(str::parse).collect::<Result<_, _>>().ok()?,
        author: next()?.to_owned(),
        email: next()?.to_owned(),
        time: next()?.parse().ok()?,
        subject: next()?.trim_end().to_owned(),
    })
}

/// Reads an id out of the answer of `args`.
pub(in crate::git) fn parse_oid(args: &[&str], text: &str) -> Result<Oid, GitError> {
    text.parse().map_err(|_| GitError::Answer { command: format!("git {}", args.join(" ")), answer: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::bare::fetch;
    use crate::git::testing::{Scene, commit};

    #[test]
    fn commits_are_described() {
        let scene = Scene::new();
        let first = scene.tip();
        let second = commit(&scene.upstream, &[("a file", "1")], "add: a file\n\nwith a body\n");
        fetch(&scene.bare, None).expect("fetched");
        let info = commit_info(&scene.bare, &second).expect("there");
        assert_eq!((info.subject.as_str(), info.author.as_str()), ("add: a file", "Ada"));
        assert_eq!(info.parents, std::slice::from_ref(&first));
        assert_eq!(info.tree, tree_of(&scene.bare, &second).expect("there"));
        assert_eq!(log(&scene.bare, &first, &second, 10).expect("readable"), [info]);
        assert_eq!(count(&scene.bare, &first, &second).expect("readable"), 1);
        assert!(is_ancestor(&scene.bare, &first, &second).expect("readable"));
        assert!(!is_ancestor(&scene.bare, &second, &first).expect("readable"));
        assert_eq!(merge_base(&scene.bare, &first, &second).expect("readable"), Some(first));
    }

    #[test]
    fn what_is_not_there_is_none_and_no_error() {
        let scene = Scene::new();
        let absent: Oid = "1".repeat(40).parse().expect("an id");
        for name in ["refs/heads/nothing", "nothing", absent.as_str(), "--all", ""] {
            assert_eq!(rev_parse(&scene.bare, name).expect("an answer"), None, "{name}");
        }
        assert!(is_ancestor(&scene.bare, &absent, &scene.tip()).is_err());
    }
}
