//! Refs: read, and moved only by compare-and-swap.

use std::path::Path;
use std::time::Duration;

use super::history::parse_oid;
use crate::git::{Git, GitError, Oid};

/// The object that the ref `name` (in full: `refs/...`) points to; `None` when there is no such ref.
///
/// # Errors
/// When git fails.
pub fn ref_tip(dir: &Path, name: &str) -> Result<Option<Oid>, GitError> {
    let args = ["for-each-ref", "--format=%(objectname)", "--count=1", name];
    debug_assert!(name.starts_with("refs/"), "{name} is no full name");
    let output = Git::on(dir).run(&["show-ref", "--verify", "--hash", "--", name]);
    match output {
        Ok(text) => parse_oid(&args, &text).map(Some),
        Err(error) if matches!(error.status(), Some(1 | 128)) => {
            // Absent and broken look alike to `show-ref`; a listing tells them apart.
            let text = Git::on(dir).run(&args)?;
            if text.is_empty() { Ok(None) } else { parse_oid(&args, &text).map(Some) }
        }
        Err(error) => Err(error),
    }
}

/// The refs below `prefix` (`refs/gt/work`) with their objects, by name.
///
/// # Errors
/// When git fails.
pub fn list_refs(dir: &Path, prefix: &str) -> Result<Vec<(String, Oid)>, GitError> {
    let args = ["for-each-ref", "--format=%(objectname) %(refname)", prefix];
    let text = Git::on(dir).run(&args)?;
    let entry = |line: &str| {
        let (oid, name) = line.split_once(' ').unwrap_or((line, ""));
        Ok((name.to_owned(), parse_oid(&args, oid)?))
    };
    text.lines().map(entry).collect()
}

/// A ref that points to a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tip {
    /// Its full name.
    pub name: String,
    /// The commit.
    pub commit: Oid,
    /// The commit's tree.
    pub tree: Oid,
    /// The first line of its message.
    pub subject: String,
}

/// Those of the refs `names` (in full) that exist and point to a commit, in one question.
///
/// # Errors
/// When the repository cannot be read within `limit`.
pub fn tips(dir: &Path, names: &[&str], limit: Option<Duration>) -> Result<Vec<Tip>, GitError> {
    let mut args = vec!["for-each-ref", "--format=%(objectname) %(tree) %(refname) %(contents:subject)"];
    args.extend(names);
    let text = Git::on(dir).within(limit).run(&args)?;
    let entry = |line: &str| {
        let mut words = line.splitn(4, ' ');
        let mut next = || words.next().unwrap_or_default();
        let (commit, tree, name, subject) = (next(), next(), next(), next());
        // A name also matches the refs below it.
        let wanted = names.contains(&name) && !tree.is_empty();
        wanted.then(|| {
            let (commit, tree) = (parse_oid(&args, commit)?, parse_oid(&args, tree)?);
            Ok(Tip { name: name.to_owned(), commit, tree, subject: subject.to_owned() })
        })
    };
    text.lines().filter_map(entry).collect()
}

/// Moves the ref `name` from `old` (`None`: it must not exist) to `new` and writes `why` into its reflog.
/// `false`: somebody else moved it first, nothing was changed.
///
/// # Errors
/// When the ref is locked, `new` does not exist, or git fails.
pub fn swap_ref(dir: &Path, name: &str, old: Option<&Oid>, new: &Oid, why: &str) -> Result<bool, GitError> {
    let zero = "0".repeat(new.as_str().len());
    let expected = old.map_or(zero.as_str(), Oid::as_str);
    let args = ["update-ref", "--no-deref", "--create-reflog", "-m", why, name, new.as_str(), expected];
    change(dir, name, old, &args)
}

/// Deletes the ref `name` if it still holds `old`, and its reflog with it. `false`: it does not.
///
/// # Errors
/// When the ref is locked, or git fails.
pub fn delete_ref(dir: &Path, name: &str, old: &Oid) -> Result<bool, GitError> {
    change(dir, name, Some(old), &["update-ref", "--no-deref", "-d", name, old.as_str()])
}

fn change(dir: &Path, name: &str, old: Option<&Oid>, args: &[&str]) -> Result<bool, GitError> {
    let git = Git::on(dir).with("core.filesRefLockTimeout", "2000");
    let output = git.output(args)?;
    if output.ok() {
        return Ok(true);
    }
    if ref_tip(dir, name)?.as_ref() != old {
        return Ok(false);
    }
    let lock = dir.join(format!("{name}.lock"));
    if lock.exists() { Err(GitError::Locked { name: name.to_owned(), lock }) } else { Err(git.failure(args, &output)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::{Scene, commit};

    #[test]
    fn a_swap_needs_the_old_value() {
        let scene = Scene::new();
        let first = scene.tip();
        let second = commit(&scene.upstream, &[], "second");
        crate::git::bare::fetch(&scene.bare, None).expect("fetched");
        let swap =
            |old: Option<&Oid>, new: &Oid| swap_ref(&scene.bare, "refs/gt/x", old, new, "test").expect("no failure");
        assert!(swap(None, &first), "created");
        assert!(!swap(None, &second), "exists already");
        assert!(!swap(Some(&second), &second), "holds something else");
        assert!(swap(Some(&first), &second));
        assert_eq!(ref_tip(&scene.bare, "refs/gt/x").expect("readable"), Some(second.clone()));
        let log = Git::on(&scene.bare).run(&["reflog", "show", "--format=%H %gs", "refs/gt/x"]).expect("a reflog");
        assert_eq!(log, format!("{second} test\n{first} test"));
        assert!(!delete_ref(&scene.bare, "refs/gt/x", &first).expect("no failure"));
        assert!(delete_ref(&scene.bare, "refs/gt/x", &second).expect("no failure"));
        assert_eq!(ref_tip(&scene.bare, "refs/gt/x").expect("readable"), None);
    }

    #[test]
    fn a_lock_and_a_missing_object_are_failures_and_not_lost_races() {
        let scene = Scene::new();
        let first = scene.tip();
        let absent: Oid = "1".repeat(40).parse().expect("an id");
        assert!(swap_ref(&scene.bare, "refs/gt/x", None, &absent, "test").is_err());
        std::fs::create_dir_all(scene.bare.join("refs/gt")).expect("a folder");
        std::fs::write(scene.bare.join("refs/gt/y.lock"), "").expect("written");
        let error = swap_ref(&scene.bare, "refs/gt/y", None, &first, "test").expect_err("locked");
        assert!(matches!(&error, GitError::Locked { lock, .. } if lock.ends_with("refs/gt/y.lock")), "{error}");
    }

    #[test]
    fn many_swaps_at_once_lose_nothing() {
        let scene = Scene::new();
        let tips: Vec<Oid> = (0..6).map(|n| commit(&scene.upstream, &[], &format!("c{n}"))).collect();
        crate::git::bare::fetch(&scene.bare, None).expect("fetched");
        let bare = &scene.bare;
        let won: usize = std::thread::scope(|scope| {
            let racers: Vec<_> = tips
                .iter()
                .map(|tip| scope.spawn(move || swap_ref(bare, "refs/gt/race", None, tip, "race").expect("an answer")))
                .collect();
            racers.into_iter().map(|racer| usize::from(racer.join().expect("no panic"))).sum()
        });
        assert_eq!(won, 1);
    }
}
