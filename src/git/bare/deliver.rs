//! Delivery of a landed commit to a local repository that a person works in.
//!
//! A branch that is checked out is moved together with its checkout, by the receiving git
//! (`updateInstead`). That overwrites ignored files without a word, so everything that would be overwritten
//! is looked for first; as long as something is in the way, the delivery waits.

use std::path::{Path, PathBuf};

use super::obstacles::{self, Obstacle};
use super::push::{Attempt, Push};
use super::refs::{ref_tip, swap_ref};
use super::{is_ancestor, rev_parse, unfinished};
use crate::git::{Git, GitError, Oid};

/// Lets the receiving git update the checkout, whatever the person's `receive.denyCurrentBranch` says.
const RECEIVER: &str = "git -c receive.denyCurrentBranch=updateInstead receive-pack";

/// How a delivery ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The branch is at the commit, and so is its checkout if there is one.
    Delivered,
    /// Nothing was changed: the checkout is not in a state to be updated.
    Waiting {
        /// Why, for people.
        reason: String,
        /// The files in the way, relative to the checkout.
        paths: Vec<PathBuf>,
    },
    /// The person committed meanwhile: the branch has commits that the delivered one has not.
    Moved {
        /// Where the branch is.
        tip: Oid,
    },
    /// The local repository (a hook, a permission) does not want it.
    Refused {
        /// What it said.
        reason: String,
    },
}

/// Brings `commit` of the rig to `branch` of the repository at `local`: a bare one, one with another branch
/// checked out, or one whose checkout of `branch` is clean and has nothing in the way. Never forced; a
/// delivery that was killed half-way is completed by the next.
///
/// # Errors
/// When `local` is no repository, or git fails.
pub fn deliver_local(rig: &Path, local: &Path, branch: &str, commit: &Oid) -> Result<Delivery, GitError> {
    let git_dir = git_dir(local)?;
    let name = format!("refs/heads/{branch}");
    let tip = ref_tip(&git_dir, &name)?;
    if tip.as_ref() == Some(commit) {
        return Ok(Delivery::Delivered);
    }
    if let Some(tip) = &tip {
        let known = rev_parse(rig, tip.as_str())?.is_some();
        if known && is_ancestor(rig, commit, tip)? {
            return Ok(Delivery::Delivered);
        }
        if !known || !is_ancestor(rig, tip, commit)? {
            return Ok(Delivery::Moved { tip: tip.clone() });
        }
    }
    let checkouts = obstacles::checkouts(&git_dir, &name)?;
    match checkouts.as_slice() {
        [] => {}
        [only] if half_delivered(only, commit)? => return finish(&git_dir, &name, tip.as_ref(), commit),
        [only] => {
            if let Some(Obstacle { reason, paths }) = obstacles::find(rig, only, tip.as_ref(), commit)?
                && !unfinished::take_back(rig, only, tip.as_ref(), commit)?
            {
                return Ok(Delivery::Waiting { reason, paths });
            }
        }
        several => {
            let reason = format!("{branch} is checked out in {} worktrees", several.len());
            return Ok(Delivery::Waiting { reason, paths: several.to_vec() });
        }
    }
    if let Some(path) = obstacles::rebasing(&git_dir, &name)? {
        let reason = format!("{branch} is being rebased in {}", path.display());
        return Ok(Delivery::Waiting { reason, paths: Vec::new() });
    }
    push_here(rig, &git_dir, local, branch, commit)
}

fn push_here(rig: &Path, git_dir: &Path, local: &Path, branch: &str, commit: &Oid) -> Result<Delivery, GitError> {
    let address = local.to_str().ok_or_else(|| refused(local, "its path is not UTF-8"))?;
    let push = Attempt { dir: rig, remote: address, commit, branch, limit: None, receiver: Some(RECEIVER) };
    Ok(match push.make()? {
        Push::Landed => Delivery::Delivered,
        Push::LostRace { tip } => match tip.or(ref_tip(git_dir, &format!("refs/heads/{branch}"))?) {
            Some(tip) => Delivery::Moved { tip },
            None => Delivery::Refused { reason: "the branch vanished during the push".to_owned() },
        },
        Push::Refused { reason } | Push::Unreachable { reason } => Delivery::Refused { reason },
    })
}

/// Whether a delivery of `commit` was killed after its checkout and before its ref: index and files are all
/// at the commit already, only the branch is not.
fn half_delivered(checkout: &Path, commit: &Oid) -> Result<bool, GitError> {
    let git = Git::at(checkout).with("core.filesRefLockTimeout", "0");
    let staged =
        git.output(&["diff-index", "--cached", "--quiet", "--ignore-submodules=none", commit.as_str(), "--"])?;
    Ok(staged.ok() && git.output(&["diff", "--quiet", "--no-ext-diff", "--ignore-submodules=none"])?.ok())
}

fn finish(git_dir: &Path, name: &str, tip: Option<&Oid>, commit: &Oid) -> Result<Delivery, GitError> {
    if swap_ref(git_dir, name, tip, commit, "push")? {
        return Ok(Delivery::Delivered);
    }
    match ref_tip(git_dir, name)? {
        Some(tip) if tip == *commit => Ok(Delivery::Delivered),
        Some(tip) => Ok(Delivery::Moved { tip }),
        None => Ok(Delivery::Refused { reason: format!("{name} vanished during the delivery") }),
    }
}

fn git_dir(local: &Path) -> Result<PathBuf, GitError> {
    let output = Git::at(local).output(&["rev-parse", "--path-format=absolute", "--git-common-dir"])?;
    if !output.ok() {
        return Err(refused(local, &output.complaint()));
    }
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim_end_matches('\n')))
}

fn refused(local: &Path, reason: &str) -> GitError {
    GitError::NotARepository { dir: local.to_owned(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::bare::fetch;
    use crate::git::testing::{Scene, commit, head, write};

    /// A commit that changes `README.md`, adds `new/file` and `.env`, known to the rig and not to the person.
    fn landed(scene: &Scene) -> Oid {
        let away = scene.dir.path().join("away");
        let args = ["clone", "-q", scene.upstream.to_str().expect("text"), away.to_str().expect("text")];
        Git::at(scene.dir.path()).run(&args).expect("cloned");
        write(&away, &[(".env", "theirs")]);
        Git::at(&away).run(&["add", "-f", ".env"]).expect("add");
        let landed = commit(&away, &[("README.md", "changed\n"), ("new/file", "x")], "work");
        let refspec = "+refs/heads/*:refs/remotes/away/*";
        super::super::fetch_from(&scene.bare, away.to_str().expect("text"), &[refspec], None).expect("fetched");
        landed
    }

    fn deliver(scene: &Scene, commit: &Oid) -> Delivery {
        deliver_local(&scene.bare, &scene.upstream, "main", commit).expect("no failure")
    }

    fn status(scene: &Scene) -> String {
        Git::at(&scene.upstream).run(&["status", "--porcelain"]).expect("status")
    }

    #[test]
    fn a_clean_checkout_moves_with_its_branch() {
        let scene = Scene::new();
        let landed = landed(&scene);
        assert_eq!(deliver(&scene, &landed), Delivery::Delivered);
        assert_eq!((head(&scene.upstream), status(&scene)), (landed.clone(), String::new()));
        assert_eq!(std::fs::read_to_string(scene.upstream.join("new/file")).expect("checked out"), "x");
        assert_eq!(deliver(&scene, &landed), Delivery::Delivered, "again changes nothing");
        let refs = Git::at(&scene.upstream).run(&["for-each-ref", "--format=%(refname)"]).expect("refs");
        assert_eq!(refs, "refs/heads/main", "nothing of ours stays");
    }

    #[test]
    fn whatever_is_in_the_way_makes_it_wait_and_stays_as_it_is() {
        let cases: &[(&str, &str, &str)] = &[
            ("a changed file", "README.md", "mine"),
            ("an untracked file", "new/file", "mine"),
            ("an ignored file", ".env", "mine"),
            ("a file where a folder comes", "new", "mine"),
            ("a folder where a file comes", "new/file/inner", "mine"),
        ];
        for (what, name, text) in cases {
            let scene = Scene::new();
            let landed = landed(&scene);
            let before = head(&scene.upstream);
            write(&scene.upstream, &[(name, text)]);
            let outcome = deliver(&scene, &landed);
            let Delivery::Waiting { paths, .. } = &outcome else { panic!("{what}: {outcome:?}") };
            assert!(
                paths.iter().any(|path| path.starts_with(name) || Path::new(name).starts_with(path)),
                "{what}: {paths:?}"
            );
            assert_eq!(std::fs::read_to_string(scene.upstream.join(name)).expect("still there"), *text, "{what}");
            assert_eq!(head(&scene.upstream), before, "{what}");
        }
    }

    #[test]
    fn a_hidden_change_and_a_merge_in_progress_wait_too() {
        let scene = Scene::new();
        let landed = landed(&scene);
        Git::at(&scene.upstream).run(&["update-index", "--assume-unchanged", "README.md"]).expect("flagged");
        write(&scene.upstream, &[("README.md", "hidden")]);
        assert!(matches!(deliver(&scene, &landed), Delivery::Waiting { .. }));
        Git::at(&scene.upstream).run(&["update-index", "--no-assume-unchanged", "README.md"]).expect("unflagged");
        Git::at(&scene.upstream).run(&["checkout", "-q", "README.md"]).expect("restored");
        std::fs::write(scene.upstream.join(".git/MERGE_HEAD"), head(&scene.upstream).as_str()).expect("written");
        assert!(matches!(deliver(&scene, &landed), Delivery::Waiting { .. }));
    }

    #[test]
    fn what_the_person_committed_meanwhile_is_not_overwritten() {
        let scene = Scene::new();
        let landed = landed(&scene);
        let mine = commit(&scene.upstream, &[("mine", "1")], "mine");
        assert_eq!(deliver(&scene, &landed), Delivery::Moved { tip: mine.clone() });
        assert_eq!(head(&scene.upstream), mine);
    }

    #[test]
    fn another_branch_checked_out_is_a_plain_push() {
        let scene = Scene::new();
        let landed = landed(&scene);
        Git::at(&scene.upstream).run(&["checkout", "-q", "-b", "elsewhere"]).expect("checkout");
        write(&scene.upstream, &[("README.md", "mine")]);
        assert_eq!(deliver(&scene, &landed), Delivery::Delivered);
        assert_eq!(ref_tip(&scene.upstream.join(".git"), "refs/heads/main").expect("readable"), Some(landed));
        assert_eq!(std::fs::read_to_string(scene.upstream.join("README.md")).expect("there"), "mine");
    }

    #[test]
    fn a_delivery_killed_between_checkout_and_ref_is_completed() {
        let scene = Scene::new();
        let landed = landed(&scene);
        let before = head(&scene.upstream);
        assert_eq!(deliver(&scene, &landed), Delivery::Delivered);
        // What a kill there leaves: files and index are new, the branch is old.
        Git::at(&scene.upstream).run(&["update-ref", "refs/heads/main", before.as_str()]).expect("moved back");
        assert_ne!(status(&scene), "");
        assert_eq!(deliver(&scene, &landed), Delivery::Delivered);
        assert_eq!((head(&scene.upstream), status(&scene)), (landed, String::new()));
    }

    #[test]
    fn a_delivery_that_broke_off_among_the_files_is_made_again() {
        let scene = Scene::new();
        let landed = landed(&scene);
        // What a full disk leaves: some files are new, index and branch are old.
        write(&scene.upstream, &[("README.md", "changed\n"), (".env", "theirs")]);
        assert_eq!(deliver(&scene, &landed), Delivery::Delivered);
        assert_eq!((head(&scene.upstream), status(&scene)), (landed, String::new()));
        assert_eq!(std::fs::read_to_string(scene.upstream.join(".env")).expect("delivered"), "theirs");
    }

    #[test]
    fn beside_what_a_person_wrote_nothing_is_taken_back() {
        for (name, text) in [("new/file", "mine"), ("beside", "mine"), ("README.md", "mine")] {
            let scene = Scene::new();
            let landed = landed(&scene);
            write(&scene.upstream, &[("beside", "old")]);
            Git::at(&scene.upstream).run(&["add", "beside"]).expect("staged");
            write(&scene.upstream, &[("README.md", "changed\n"), (".env", "theirs"), (name, text)]);
            let before = status(&scene);
            assert!(matches!(deliver(&scene, &landed), Delivery::Waiting { .. }), "{name}");
            assert_eq!(status(&scene), before);
            assert_eq!(std::fs::read_to_string(scene.upstream.join(name)).expect("still there"), text);
            assert_eq!(std::fs::read_to_string(scene.upstream.join(".env")).expect("still there"), "theirs");
        }
    }

    #[test]
    fn a_rebase_of_the_branch_waits() {
        let scene = Scene::new();
        let landed = landed(&scene);
        let git_dir = scene.upstream.join(".git");
        Git::at(&scene.upstream).run(&["checkout", "-q", "--detach"]).expect("detached");
        std::fs::create_dir(git_dir.join("rebase-merge")).expect("a folder");
        std::fs::write(git_dir.join("rebase-merge/head-name"), "refs/heads/main\n").expect("written");
        assert!(matches!(deliver(&scene, &landed), Delivery::Waiting { .. }));
        fetch(&scene.bare, None).expect("fetched");
    }
}
