use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard};

use super::*;
use crate::git::testing::{Scene, alone, commit, head, write};
use crate::git::{Git, GitError, Oid};

struct Toast {
    scene: Scene,
    path: PathBuf,
    trash: PathBuf,
}

impl Toast {
    /// A worktree on `polecat/toast/one` at the tip of `main`.
    fn new() -> Self {
        let scene = Scene::new();
        let (path, trash) = (scene.dir.path().join("rig/polecats/toast"), scene.dir.path().join("rig/trash"));
        let toast = Self { scene, path, trash };
        add(&toast.cut("polecat/toast/one", &toast.scene.tip()), alone).expect("added");
        toast
    }

    fn cut<'a>(&'a self, branch: &'a str, commit: &'a Oid) -> Cut<'a> {
        Cut { repo: &self.scene.bare, path: &self.path, branch: Some(branch), commit }
    }

    fn look(&self) -> Look {
        look(&self.scene.bare, &self.path).expect("git runs")
    }

    fn git(&self) -> Git {
        Git::at(&self.path)
    }

    fn recycle(&self, branch: &str, keep: Option<&[String]>) -> Recycled {
        let tip = self.scene.tip();
        recycle(&self.cut(branch, &tip), keep, &self.trash, alone).expect("recycled")
    }
}

#[test]
fn a_new_worktree_is_clean_and_tracks_nothing() {
    let toast = Toast::new();
    let look = toast.look();
    assert_eq!(
        look,
        Look { state: State::Clean, head: Some(toast.scene.tip()), branch: Some("polecat/toast/one".into()) }
    );
    assert_eq!(fs::read_to_string(toast.path.join("README.md")).expect("checked out"), "hello\n");
    assert!(!toast.git().output(&["rev-parse", "--abbrev-ref", "@{upstream}"]).expect("git runs").ok());
}

#[test]
fn a_branch_that_is_checked_out_elsewhere_is_refused() {
    let toast = Toast::new();
    let path = toast.scene.dir.path().join("rig/polecats/muffin");
    let (tip, repo) = (toast.scene.tip(), &toast.scene.bare);
    let result = add(&Cut { repo, path: &path, branch: Some("polecat/toast/one"), commit: &tip }, alone);
    assert!(
        matches!(&result, Err(GitError::BranchInUse { holder, .. }) if holder.ends_with("polecats/toast")),
        "{result:?}"
    );
}

#[test]
fn dirty_files_are_listed_whatever_their_names() {
    let toast = Toast::new();
    let names = ["a b.txt", "new\nline.txt", "gänse füße.txt", "-dash", "tab\there"];
    let files: Vec<(&str, &str)> = names.iter().map(|name| (*name, "1")).collect();
    write(&toast.path, &files);
    write(&toast.path, &[("README.md", "changed"), ("noise.log", "ignored")]);
    let State::Dirty { changed, mut untracked } = toast.look().state else { panic!("{:?}", toast.look()) };
    untracked.sort();
    let mut wanted: Vec<PathBuf> = names.iter().map(PathBuf::from).collect();
    wanted.sort();
    assert_eq!((changed, untracked), (vec![PathBuf::from("README.md")], wanted));
}

#[test]
fn operations_in_progress_are_named() {
    for (mark, operation) in [
        ("MERGE_HEAD", Operation::Merge),
        ("rebase-merge/head-name", Operation::Rebase),
        ("rebase-apply/applying", Operation::Mailbox),
        ("CHERRY_PICK_HEAD", Operation::CherryPick),
        ("REVERT_HEAD", Operation::Revert),
        ("BISECT_LOG", Operation::Bisect),
    ] {
        let toast = Toast::new();
        let admin = admin_dir(&toast.scene.bare, &toast.path).expect("registered");
        write(&admin, &[(mark, toast.scene.tip().as_str())]);
        let state = toast.look().state;
        assert!(matches!(state, State::Busy { operation: found, .. } if found == operation), "{mark}: {state:?}");
    }
}

#[test]
fn a_broken_worktree_is_foreign_and_nothing_above_is_taken_for_it() {
    let toast = Toast::new();
    Git::at(toast.scene.dir.path()).run(&["init", "-q"]).expect("a repository above");
    let link = fs::read_to_string(toast.path.join(".git")).expect("a file");
    fs::remove_file(toast.path.join(".git")).expect("removed");
    assert!(matches!(toast.look().state, State::Foreign { .. }));
    fs::write(toast.path.join(".git"), "gitdir: /elsewhere/.git/worktrees/toast\n").expect("written");
    assert!(matches!(toast.look().state, State::Foreign { .. }));
    fs::write(toast.path.join(".git"), link).expect("written");
    assert_eq!(toast.look().state, State::Clean);
    fs::remove_dir_all(admin_dir(&toast.scene.bare, &toast.path).expect("registered")).expect("removed");
    assert!(matches!(toast.look().state, State::Foreign { .. }));
    fs::remove_dir_all(&toast.path).expect("removed");
    assert_eq!(toast.look().state, State::Missing);
}

/// Makes the worktree's branch and another commit, which it answers, change the same line.
fn diverges(toast: &Toast) -> Oid {
    let base = head(&toast.path);
    commit(&toast.path, &[("README.md", "one\n")], "one");
    let one = head(&toast.path);
    toast.git().run(&["checkout", "-q", "-b", "other", base.as_str()]).expect("checkout");
    commit(&toast.path, &[("README.md", "two\n")], "two");
    one
}

type Spoil = fn(&Toast);

/// Everything that the notes on recycling name, each of which a plain checkout and clean leave behind.
const LEFT_BEHIND: &[(&str, Spoil)] = &[
    ("changes", |toast| write(&toast.path, &[("README.md", "x"), ("new/file", "x")])),
    ("a merge with conflicts", |toast| {
        let one = diverges(toast);
        assert!(!toast.git().output(&["merge", one.as_str()]).expect("git runs").ok());
    }),
    ("a rebase with conflicts", |toast| {
        let one = diverges(toast);
        assert!(!toast.git().output(&["rebase", one.as_str()]).expect("git runs").ok());
    }),
    ("a bisection", |toast| {
        commit(&toast.path, &[("README.md", "one\n")], "one");
        commit(&toast.path, &[("README.md", "two\n")], "two");
        toast.git().run(&["bisect", "start", "HEAD", "HEAD~2"]).expect("bisect");
    }),
    ("hidden changes", |toast| {
        write(&toast.path, &[("README.md", "hidden")]);
        toast.git().run(&["update-index", "--skip-worktree", "README.md"]).expect("flagged");
    }),
    ("assumed unchanged", |toast| {
        write(&toast.path, &[("README.md", "hidden")]);
        toast.git().run(&["update-index", "--assume-unchanged", "README.md"]).expect("flagged");
    }),
    ("a nested repository", |toast| {
        let inner = toast.path.join("inner");
        fs::create_dir(&inner).expect("a folder");
        Git::at(&inner).run(&["init", "-q"]).expect("init");
        commit(&inner, &[("x", "x")], "x");
    }),
    ("a stale lock", |toast| {
        let admin = admin_dir(&toast.scene.bare, &toast.path).expect("registered");
        write(&admin, &[("index.lock", ""), ("HEAD.lock", "")]);
    }),
    ("a broken index", |toast| {
        let admin = admin_dir(&toast.scene.bare, &toast.path).expect("registered");
        fs::write(admin.join("index"), "garbage").expect("written");
    }),
    ("a detached head", |toast| {
        toast.git().run(&["checkout", "-q", "--detach"]).expect("detached");
        commit(&toast.path, &[("x", "x")], "x");
    }),
    ("a file turned into a folder", |toast| {
        fs::remove_file(toast.path.join("README.md")).expect("removed");
        write(&toast.path, &[("README.md/inner", "x")]);
    }),
];

#[test]
fn recycling_leaves_nothing_of_the_last_task() {
    for (what, spoil) in LEFT_BEHIND {
        let toast = Toast::new();
        write(&toast.path, &[("build/cache", "warm")]);
        spoil(&toast);
        assert_eq!(toast.recycle("polecat/toast/two", None), Recycled::Warm, "{what}");
        is_as_new(&toast, what);
    }
}

fn is_as_new(toast: &Toast, what: &str) {
    let look = toast.look();
    assert_eq!((look.state, look.branch.as_deref()), (State::Clean, Some("polecat/toast/two")), "{what}");
    assert_eq!(look.head, Some(toast.scene.tip()), "{what}");
    assert_eq!(fs::read_to_string(toast.path.join("README.md")).expect("there"), "hello\n", "{what}");
    assert!(toast.path.join("build/cache").exists(), "{what}: ignored files stay warm");
    assert!(!toast.path.join("inner").exists() && !toast.path.join("new").exists(), "{what}");
    let admin = admin_dir(&toast.scene.bare, &toast.path).expect("registered");
    assert!(!admin.join("refs/bisect").exists() && !admin.join("BISECT_START").exists(), "{what}");
}

#[test]
fn with_keep_only_the_named_ignored_files_survive() {
    let toast = Toast::new();
    write(&toast.path, &[("build/cache", "warm"), (".env", "secret"), ("deep/noise.log", "x")]);
    assert_eq!(toast.recycle("polecat/toast/two", Some(&["build/".to_owned()])), Recycled::Warm);
    assert!(toast.path.join("build/cache").exists());
    assert!(!toast.path.join(".env").exists() && !toast.path.join("deep").exists());
}

#[test]
fn what_cannot_be_cleaned_is_cut_anew() {
    let toast = Toast::new();
    fs::remove_file(toast.path.join(".git")).expect("removed");
    assert_eq!(toast.recycle("polecat/toast/two", None), Recycled::New);
    assert_eq!(toast.look().state, State::Clean);
    fs::remove_dir_all(&toast.path).expect("removed by hand");
    assert_eq!(toast.recycle("polecat/toast/three", None), Recycled::New);
    assert_eq!(toast.look().state, State::Clean);
    assert_eq!(fs::read_dir(&toast.trash).expect("moved there").count(), 1);
}

#[test]
fn removal_is_quick_and_touches_no_other_worktree() {
    let toast = Toast::new();
    let muffin = toast.scene.dir.path().join("rig/polecats/muffin");
    let tip = toast.scene.tip();
    add(&Cut { repo: &toast.scene.bare, path: &muffin, branch: None, commit: &tip }, alone).expect("added");
    // Its owner may bring it back; a prune would forget it.
    let aside = toast.scene.dir.path().join("aside");
    fs::rename(&muffin, &aside).expect("moved");
    remove(&toast.scene.bare, &toast.path, &toast.trash, &alone).expect("removed");
    assert_eq!(toast.look().state, State::Missing);
    assert_eq!(admin_dir(&toast.scene.bare, &toast.path), None);
    fs::rename(&aside, &muffin).expect("moved back");
    assert_eq!(look(&toast.scene.bare, &muffin).expect("git runs").state, State::Clean);
    remove(&toast.scene.bare, &toast.path, &toast.trash, &alone).expect("again is no error");
    sweep(&toast.trash).expect("deleted");
    assert_eq!(fs::read_dir(&toast.trash).expect("the folder stays").count(), 0);
}

#[test]
fn thirty_at_once_under_one_lock() {
    let scene = Scene::new();
    let (tip, registry) = (scene.tip(), Mutex::new(()));
    let lock = || -> Result<MutexGuard<'_, ()>, GitError> { Ok(registry.lock().expect("no panic")) };
    std::thread::scope(|scope| {
        for number in 0..30 {
            let (scene, tip, lock) = (&scene, &tip, &lock);
            scope.spawn(move || {
                let path = scene.dir.path().join(format!("rig/polecats/p{number}"));
                let branch = format!("polecat/p{number}/x-1");
                add(&Cut { repo: &scene.bare, path: &path, branch: Some(&branch), commit: tip }, lock).expect("added");
                assert_eq!(look(&scene.bare, &path).expect("git runs").state, State::Clean);
                if number % 3 == 0 {
                    remove(&scene.bare, &path, &scene.dir.path().join("trash"), lock).expect("removed");
                }
            });
        }
    });
}

#[test]
fn submodules_come_with_it_or_it_is_said_why_not() {
    let scene = Scene::new();
    let library = scene.dir.path().join("library");
    fs::create_dir(&library).expect("a folder");
    Git::at(&library).run(&["init", "-q", "-b", "main"]).expect("init");
    commit(&library, &[("lib", "1")], "lib");
    let allow = Git::at(&scene.upstream).with("protocol.file.allow", "always");
    allow.run(&["submodule", "add", "-q", library.to_str().expect("text"), "lib"]).expect("added");
    write(&scene.upstream, &[(".gitattributes", "*.bin filter=lfs\n")]);
    let with = commit(&scene.upstream, &[], "with submodule");
    crate::git::bare::fetch(&scene.bare, None).expect("fetched");
    let path = scene.dir.path().join("rig/polecats/toast");
    add(&Cut { repo: &scene.bare, path: &path, branch: None, commit: &with }, alone).expect("added");
    let found = extras(&path, None).expect("git runs");
    // Git refuses file remotes of submodules unless the person allows them.
    assert!(found.iter().any(|extra| matches!(extra, Extra::SubmodulesFailed { .. })), "{found:?}");
    let lfs = Git::at(&path).output(&["lfs", "version"]).expect("git runs").ok();
    assert_eq!(found.contains(&Extra::LfsMissing), !lfs, "{found:?}");
    assert_eq!(look(&scene.bare, &path).expect("git runs").state, State::Clean);
}
