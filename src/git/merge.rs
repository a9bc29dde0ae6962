//! Merges in memory and commits without a worktree.

mod disjoint;

use std::cell::OnceCell;
use std::path::Path;

use self::disjoint::InProcess;
pub use super::Person;
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
pub struct Merger {
    git: Git,
    attributes_of: Oid,
    attributes: OnceCell<Attributes>,
    in_process: Option<InProcess>,
}

impl Merger {
    /// With the attributes of `commit`, usually the target's tip; a batch is merged with one of these.
    pub fn new(dir: &Path, commit: &Oid) -> Self {
        let (attributes_of, in_process) = (commit.clone(), InProcess::open(dir));
        Self { git: Git::on(dir), attributes_of, attributes: OnceCell::new(), in_process }
    }

    /// Merges `head` into `base` in memory.
    ///
    /// # Errors
    /// When one of them does not exist, or git fails.
    pub fn stack(&self, base: &Oid, head: &Oid) -> Result<Merged, GitError> {
        self.stack_on(base, None, head)
    }

    /// The same where the tree of `base` is known. Where both sides changed different files no program runs; else one
    /// does when there is something to merge.
    ///
    /// # Errors
    /// When one of them does not exist, or git fails.
    pub fn stack_on(&self, base: &Oid, base_tree: Option<&Oid>, head: &Oid) -> Result<Merged, GitError> {
        if let Some(merged) = self.in_process.as_ref().and_then(|here| here.merge(base, head)) {
            return Ok(merged);
        }
        let args = ["merge-tree", "--write-tree", "-z", "--name-only", "--messages", base.as_str(), head.as_str()];
        let git = self.attributes()?.apply(self.git.clone());
        let output = git.output(&args)?;
        match output.code() {
            Some(0) => {
                let tree = parse_tree(&output.stdout)?;
                let same = base_tree.is_none_or(|base_tree| *base_tree == tree);
                let nothing_new = same && is_ancestor(git.dir(), head, base)?;
                Ok(if nothing_new { Merged::AlreadyIn } else { Merged::Tree(tree) })
            }
            Some(1) => parse_conflict(&output.stdout),
            _ if merge_base(git.dir(), base, head)?.is_none() => Ok(Merged::Unrelated),
            _ => Err(git.failure(&args, &output)),
        }
    }

    /// Writes a commit; no ref moves.
    ///
    /// # Errors
    /// When the tree or a parent does not exist, or git fails.
    pub fn commit(&self, commit: &NewCommit<'_>) -> Result<Oid, GitError> {
        match self.in_process.as_ref().and_then(|here| here.commit(commit)) {
            Some(made) => Ok(made),
            None => commit_tree(self.git.dir(), commit),
        }
    }

    /// Read when they are first needed: that takes a list of all files.
    fn attributes(&self) -> Result<&Attributes, GitError> {
        if self.attributes.get().is_none() {
            let read = Attributes::of(self.git.dir(), &self.attributes_of)?;
            let _ = self.attributes.set(read);
        }
        Ok(self.attributes.get().expect("it was set right before"))
    }
}

/// Merges `head` into `base` in memory, with the attributes of `base`. For more than one merge make a [`Merger`].
///
/// # Errors
/// When one of them does not exist, or git fails.
pub fn stack(dir: &Path, base: &Oid, head: &Oid) -> Result<Merged, GitError> {
    Merger::new(dir, base).stack(base, head)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::bare::{commit_info, fetch, fetch_from};
    use crate::git::testing::{Scene, commit};

    /// Two commits on top of the same one, both fetched: the files of each.
    fn fork(scene: &Scene, base: &[(&str, &str)], one: &[(&str, &str)], other: &[(&str, &str)]) -> (Oid, Oid) {
        commit(&scene.upstream, base, "base");
        let one = commit(&scene.upstream, one, "one");
        Git::at(&scene.upstream).run(&["checkout", "-q", "-b", "other", "HEAD~1"]).expect("checkout");
        let other = commit(&scene.upstream, other, "other");
        fetch(&scene.bare, None).expect("fetched");
        (one, other)
    }

    fn show(scene: &Scene, tree: &Oid, path: &str) -> String {
        Git::on(&scene.bare).run(&["cat-file", "blob", &format!("{tree}:{path}")]).expect("there")
    }

    #[test]
    fn a_merge_without_conflict_gives_a_tree_and_moves_nothing() {
        let scene = Scene::new();
        let (one, other) = fork(&scene, &[], &[("a", "1")], &[("b", "2")]);
        let merged = stack(&scene.bare, &one, &other).expect("git runs");
        let Merged::Tree(tree) = merged else { panic!("{merged:?}") };
        assert_eq!((show(&scene, &tree, "a"), show(&scene, &tree, "b")), ("1".into(), "2".into()));
        let by = Person { name: "Ada L".into(), email: "ada@example.org".into() };
        let toast = Person { name: "toast".into(), email: "ada@example.org".into() };
        let message = "merge: täst\n\nBead: web-x7k2m\n";
        let new = NewCommit {
            tree: &tree,
            parents: &[&one, &other],
            author: &toast,
            committer: &by,
            time: Some(1_700_000_000),
            message,
        };
        let made = commit_tree(&scene.bare, &new).expect("written");
        let info = commit_info(&scene.bare, &made).expect("there");
        assert_eq!((info.author.as_str(), info.time, info.subject.as_str()), ("toast", 1_700_000_000, "merge: täst"));
        assert_eq!(info.parents, [one.clone(), other.clone()]);
        assert_eq!(commit_tree(&scene.bare, &new).expect("written"), made, "the same input is the same commit");
        let here = InProcess::open(&scene.bare).expect("libgit2 reads it");
        assert_eq!(here.commit(&new), Some(made.clone()), "also without the program");
        let nobody = Person { name: "<>".into(), email: "ada@example.org".into() };
        assert_eq!(here.commit(&NewCommit { author: &nobody, ..new.clone() }), None);
        assert_eq!(stack(&scene.bare, &made, &one).expect("git runs"), Merged::AlreadyIn);
    }

    /// What the program says, whatever this process could do by itself.
    fn by_program(scene: &Scene, base: &Oid, head: &Oid) -> Merged {
        Merger { in_process: None, ..Merger::new(&scene.bare, base) }.stack(base, head).expect("git runs")
    }

    #[test]
    fn what_needs_no_program_is_what_the_program_would_say() {
        type Files<'f> = &'f [(&'f str, &'f str)];
        let base: Files<'_> = &[("a/x", "1\n"), ("a/y", "1\n"), ("b/c/z", "1\n"), ("top", "1\n")];
        let cases: [(Files<'_>, Files<'_>, bool); 8] = [
            (&[("a/x", "2\n")], &[("a/y", "2\n")], true),
            (&[("a/x", "2\n")], &[("b/c/z", "2\n"), ("a/new", "2\n"), ("n/e/w", "2\n")], true),
            (&[("n/e/w", "1\n")], &[("n/e/v", "2\n"), ("a/x", "2\n")], true),
            (&[("a/x", "2\n"), ("top", "2\n")], &[("a/x", "2\n")], true),
            (&[("a/x", "2\n")], &[("a/x", "3\n")], false),
            (&[("new", "2\n")], &[("new", "3\n")], false),
            (&[("new", "2\n")], &[("new/er", "3\n")], false),
            (&[("n/w", "2\n")], &[("n", "3\n")], false),
        ];
        for (one, other, here) in cases {
            let scene = Scene::new();
            let (one, other) = fork(&scene, base, one, other);
            let in_process = InProcess::open(&scene.bare).expect("libgit2 reads it").merge(&one, &other);
            assert_eq!(in_process.is_some(), here, "{one} {other}");
            assert!(in_process.is_none_or(|merged| merged == by_program(&scene, &one, &other)));
        }
    }

    #[test]
    fn a_file_that_is_gone_or_moved_is_for_the_program() {
        for command in [&["rm", "-q", "a/x"][..], &["mv", "a", "moved"]] {
            let scene = Scene::new();
            let base = [("a/x", "1\n2\n3\n4\n5\n6\n"), ("a/y", "1\n")];
            let (one, _) = fork(&scene, &base, &[("a/z", "2\n")], &[("b", "2\n")]);
            Git::at(&scene.upstream).run(command).expect("git runs");
            let other = commit(&scene.upstream, &[], "without");
            fetch(&scene.bare, None).expect("fetched");
            for (base, head) in [(&one, &other), (&other, &one)] {
                assert_eq!(InProcess::open(&scene.bare).expect("libgit2 reads it").merge(base, head), None);
            }
            let merged = stack(&scene.bare, &one, &other).expect("git runs");
            assert_eq!(merged, by_program(&scene, &one, &other));
        }
    }

    #[test]
    fn a_conflict_names_its_files() {
        let scene = Scene::new();
        let base = [("a b\nc", "0\n"), ("gone", "1\n2\n3\n")];
        let (one, other) = fork(&scene, &base, &[("a b\nc", "1\n"), ("gone", "1\n2\n4\n")], &[("a b\nc", "2\n")]);
        Git::at(&scene.upstream).run(&["rm", "-q", "gone"]).expect("removed");
        let other = commit(&scene.upstream, &[], &format!("after {other}"));
        fetch(&scene.bare, None).expect("fetched");
        let merged = stack(&scene.bare, &one, &other).expect("git runs");
        let Merged::Conflict { paths, details, tree } = merged else { panic!("{merged:?}") };
        assert_eq!(paths, ["a b\nc", "gone"]);
        assert_eq!(details.len(), 2, "{details:?}");
        assert!(details.iter().any(|line| line.contains("deleted")), "{details:?}");
        assert!(show(&scene, &tree, "a b\nc").contains("<<<<<<<"));
    }

    #[test]
    fn unrelated_histories_are_named() {
        let scene = Scene::new();
        let stranger = scene.dir.path().join("stranger");
        std::fs::create_dir(&stranger).expect("a folder");
        Git::at(&stranger).run(&["init", "-q"]).expect("init");
        let head = commit(&stranger, &[("x", "x")], "x");
        fetch_from(&scene.bare, stranger.to_str().expect("text"), &["HEAD:refs/heads/stranger"], None)
            .expect("fetched");
        assert_eq!(stack(&scene.bare, &scene.tip(), &head).expect("git runs"), Merged::Unrelated);
        let absent: Oid = "1".repeat(40).parse().expect("an id");
        assert!(stack(&scene.bare, &scene.tip(), &absent).is_err());
    }

    #[test]
    fn merge_attributes_of_the_base_count() {
        let scene = Scene::new();
        let base = [
            (".gitattributes", "CHANGES merge=union\n"),
            ("CHANGES", "0\n"),
            ("deep/.gitattributes", "log merge=union\n"),
            ("deep/in/log", "0\n"),
        ];
        let (one, other) = fork(
            &scene,
            &base,
            &[("CHANGES", "0\n1\n"), ("deep/in/log", "0\n1\n")],
            &[("CHANGES", "0\n2\n"), ("deep/in/log", "0\n2\n")],
        );
        let merged = stack(&scene.bare, &one, &other).expect("git runs");
        let Merged::Tree(tree) = merged else { panic!("{merged:?}") };
        assert_eq!(show(&scene, &tree, "CHANGES"), "0\n1\n2");
        assert_eq!(show(&scene, &tree, "deep/in/log"), "0\n1\n2");
    }
}
