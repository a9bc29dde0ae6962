//! Merges in memory and commits without a worktree.

use std::path::Path;

use super::attributes::Attributes;
use super::bare::{is_ancestor, merge_base};
use super::{Git, GitError, Oid};

/// What merging two commits gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merged {
    /// The tree of the merge.
    Tree(Oid),
    /// The head is in the base already.
    AlreadyIn,
    /// They cannot be merged without judgement.
    Conflict {
        /// The files in conflict.
        paths: Vec<String>,
        /// What git says about each, for the one who resolves it.
        details: Vec<String>,
        /// The tree with conflict markers in it.
        tree: Oid,
    },
    /// They have no common ancestor.
    Unrelated,
}

/// A name and an address, as commits carry them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The mail address.
    pub email: String,
}

/// A commit as it is wanted.
#[derive(Debug, Clone)]
pub struct NewCommit<'a> {
    /// Its tree.
    pub tree: &'a Oid,
    /// Its parents: one for a squash, two or more for a merge.
    pub parents: &'a [&'a Oid],
    /// Who did the work.
    pub author: &'a Person,
    /// Who makes the commit.
    pub committer: &'a Person,
    /// When, in seconds since 1970; none for now.
    pub time: Option<i64>,
    /// The message, in UTF-8.
    pub message: &'a str,
}

/// Merges commits of one bare repository with the attributes (merge drivers, `merge=union`) of one commit.
#[derive(Debug)]
pub struct Merger {
    git: Git,
    attributes: Attributes,
}

impl Merger {
    /// Reads the attributes of `commit`, usually the target's tip; a batch is merged with one of these.
    ///
    /// # Errors
    /// When git fails.
    pub fn new(dir: &Path, commit: &Oid) -> Result<Self, GitError> {
        Ok(Self { git: Git::on(dir), attributes: Attributes::of(dir, commit)? })
    }

    /// Merges `head` into `base` in memory: one process when there is something to merge.
    ///
    /// # Errors
    /// When one of them does not exist, or git fails.
    pub fn stack(&self, base: &Oid, head: &Oid) -> Result<Merged, GitError> {
        let args = ["merge-tree", "--write-tree", "-z", "--name-only", "--messages", base.as_str(), head.as_str()];
        let git = self.attributes.apply(self.git.clone());
        let output = git.output(&args)?;
        match output.code() {
            Some(0) => {
                let tree = parse_tree(&output.stdout)?;
                let nothing_new = is_ancestor(git.dir(), head, base)?;
                Ok(if nothing_new { Merged::AlreadyIn } else { Merged::Tree(tree) })
            }
            Some(1) => parse_conflict(&output.stdout),
            _ if merge_base(git.dir(), base, head)?.is_none() => Ok(Merged::Unrelated),
            _ => Err(git.failure(&args, &output)),
        }
    }
}

/// Merges `head` into `base` in memory, with the attributes of `base`. For more than one merge make a [`Merger`].
///
/// # Errors
/// When one of them does not exist, or git fails.
pub fn stack(dir: &Path, base: &Oid, head: &Oid) -> Result<Merged, GitError> {
    Merger::new(dir, base)?.stack(base, head)
}

/// Writes a commit; no ref moves.
///
/// # Errors
/// When the tree or a parent does not exist, or git fails.
pub fn commit_tree(dir: &Path, commit: &NewCommit<'_>) -> Result<Oid, GitError> {
    let mut git = Git::on(dir).with("i18n.commitEncoding", "UTF-8");
    for (role, person) in [("AUTHOR", commit.author), ("COMMITTER", commit.committer)] {
        git =
            git.variable(format!("GIT_{role}_NAME"), &person.name).variable(format!("GIT_{role}_EMAIL"), &person.email);
        if let Some(time) = commit.time {
            git = git.variable(format!("GIT_{role}_DATE"), format!("@{time} +0000"));
        }
    }
    let mut args = vec!["commit-tree", "--no-gpg-sign", commit.tree.as_str()];
    for parent in commit.parents {
        args.extend(["-p", parent.as_str()]);
    }
    args.extend(["-F", "-"]);
    let text = git.run_with_input(&args, commit.message.as_bytes())?;
    text.parse().map_err(|_| GitError::Answer { command: "git commit-tree".to_owned(), answer: text })
}

fn parse_tree(answer: &[u8]) -> Result<Oid, GitError> {
    let first = answer.split(|byte| *byte == 0).next().unwrap_or_default();
    let text = String::from_utf8_lossy(first).trim().to_owned();
    text.parse().map_err(|_| GitError::Answer { command: "git merge-tree".to_owned(), answer: text })
}

/// Reads the answer to a merge with conflicts: `tree 0 path 0 path 0 0 count 0 path 0 kind 0 message 0 ...`.
fn parse_conflict(answer: &[u8]) -> Result<Merged, GitError> {
    let tree = parse_tree(answer)?;
    let mut fields = answer.split(|byte| *byte == 0).skip(1).map(|field| String::from_utf8_lossy(field).into_owned());
    let mut paths: Vec<String> = fields.by_ref().take_while(|field| !field.is_empty()).collect();
    paths.dedup();
    let mut details = Vec::new();
    while let Some(count) = fields.next().and_then(|count| count.parse::<usize>().ok()) {
        let message = fields.by_ref().nth(count + 1).unwrap_or_default();
        if message.starts_with("CONFLICT") || message.starts_with("warning") {
            details.push(message.trim_end().to_owned());
        }
    }
    Ok(Merged::Conflict { paths, details, tree })
}
