//! Promise 1: nothing is lost, whatever a worker did before its sandbox is taken from it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::git::testing::write;

/// Something that agents do to a worktree.
#[derive(Debug, Clone)]
enum Deed {
    Edit(u8),
    AddFile(u8),
    RemoveFile,
    Stage,
    Commit,
    Amend,
    ResetHard,
    NewBranch(u8),
    SwitchBranch(u8),
    DeleteBranch(u8),
    Detach,
    Stash,
    StashPop,
    Hide(bool),
    Conflict,
    Rebase,
    CherryPick,
    Nested(u8),
    NestedCommit(u8),
    RemoveLink,
    BreakIndex,
    StaleLock,
    OddNames,
    /// The sandbox is taken for the next attempt.
    Recycle,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let small = 0_u8..4;
    let deed = prop_oneof![
        4 => any::<u8>().prop_map(Deed::Edit),
        3 => small.clone().prop_map(Deed::AddFile),
        1 => Just(Deed::RemoveFile),
        3 => Just(Deed::Stage),
        5 => Just(Deed::Commit),
        2 => Just(Deed::Amend),
        2 => Just(Deed::ResetHard),
        2 => small.clone().prop_map(Deed::NewBranch),
        2 => small.clone().prop_map(Deed::SwitchBranch),
        1 => small.clone().prop_map(Deed::DeleteBranch),
        2 => Just(Deed::Detach),
        2 => Just(Deed::Stash),
        1 => Just(Deed::StashPop),
        1 => any::<bool>().prop_map(Deed::Hide),
        1 => Just(Deed::Conflict),
        1 => Just(Deed::Rebase),
        1 => Just(Deed::CherryPick),
        1 => small.clone().prop_map(Deed::Nested),
        1 => small.prop_map(Deed::NestedCommit),
        1 => Just(Deed::RemoveLink),
        1 => Just(Deed::BreakIndex),
        1 => Just(Deed::StaleLock),
        1 => Just(Deed::OddNames),
        2 => Just(Deed::Recycle),
    ];
    prop::collection::vec(deed, 1..25)
}

/// A run of deeds and what it must not lose.
struct Trial {
    kennel: Kennel,
    attempt: u32,
    step: u32,
    /// What was done, for the report.
    deeds: Vec<Deed>,
    /// Every commit that was a tip.
    tips: BTreeSet<String>,
    /// Every blob that lay uncommitted in the worktree or its index when the sandbox was taken.
    blobs: BTreeSet<String>,
}

impl Trial {
    fn new() -> Self {
        let kennel = Kennel::new();
        prepare(&kennel.spec(1)).expect("prepared");
        Self { kennel, attempt: 1, step: 0, deeds: Vec::new(), tips: BTreeSet::new(), blobs: BTreeSet::new() }
    }

    /// Many of these fail in some states, as they do for agents.
    fn git(&self, args: &[&str]) {
        self.kennel.git().with("core.editor", "true").output(args).expect("git runs");
    }

    fn perform(&mut self, deed: &Deed) {
        self.step += 1;
        self.deeds.push(deed.clone());
        let (step, path) = (self.step, self.kennel.worktree().clone());
        let put = |name: &str| write(&path, &[(name, &format!("{name} {step}\n"))]);
        match deed {
            Deed::Edit(number) if number % 2 == 0 => put("README.md"),
            Deed::Edit(_) => put("second.txt"),
            Deed::AddFile(number) => put(&format!("dir/new-{number}")),
            Deed::RemoveFile => fs::remove_file(path.join("README.md")).unwrap_or_default(),
            Deed::Stage => self.git(&["add", "-A"]),
            Deed::Commit => {
                self.git(&["add", "-A"]);
                self.git(&["commit", "-q", "--allow-empty", "-m", &format!("step {step}")]);
            }
            Deed::Amend => self.git(&["commit", "-q", "--amend", "--allow-empty", "-m", &format!("amend {step}")]),
            Deed::ResetHard => self.git(&["reset", "-q", "--hard", "HEAD~1"]),
            Deed::NewBranch(number) => self.git(&["checkout", "-q", "-b", &format!("side-{number}")]),
            Deed::SwitchBranch(number) => self.git(&["checkout", "-q", "-f", &format!("side-{number}")]),
            Deed::DeleteBranch(number) => self.git(&["branch", "-D", &format!("side-{number}")]),
            Deed::Detach => self.git(&["checkout", "-q", "--detach"]),
            Deed::Stash => self.git(&["stash", "push", "-q", "-u"]),
            Deed::StashPop => self.git(&["stash", "pop", "-q"]),
            Deed::Hide(skip) => {
                let flag = if *skip { "--skip-worktree" } else { "--assume-unchanged" };
                self.git(&["update-index", flag, "README.md"]);
                put("README.md");
            }
            Deed::Conflict | Deed::Rebase | Deed::CherryPick => self.collide(deed),
            Deed::Nested(number) => {
                write(&path, &[(&format!("inner-{number}/file"), &format!("nested {step}\n"))]);
                Git::at(path.join(format!("inner-{number}"))).output(&["init", "-q"]).expect("git runs");
            }
            Deed::NestedCommit(number) => self.commit_inside(&path.join(format!("inner-{number}"))),
            Deed::RemoveLink => fs::remove_file(path.join(".git")).unwrap_or_default(),
            Deed::BreakIndex => self.spoil("index"),
            Deed::StaleLock => self.spoil("index.lock"),
            Deed::OddNames => {
                for name in ["a b", "new\nline", "gänse", "-dash", "dir/q\"uote", ":(top)x", "*"] {
                    put(name);
                }
            }
            Deed::Recycle => self.recycle(),
        }
        self.note_tips();
    }

    fn collide(&self, deed: &Deed) {
        let path = self.kennel.worktree();
        self.git(&["checkout", "-q", "-f", "-B", "ours", "origin/main"]);
        for (branch, text) in [("theirs", "theirs"), ("ours", "ours")] {
            self.git(&["checkout", "-q", "-f", "-B", branch, "origin/main"]);
            write(path, &[("README.md", &format!("{text} {}\n", self.step))]);
            self.git(&["commit", "-q", "-a", "-m", text]);
        }
        match deed {
            Deed::Rebase => self.git(&["rebase", "theirs"]),
            Deed::CherryPick => self.git(&["cherry-pick", "theirs"]),
            _ => self.git(&["merge", "theirs"]),
        }
    }

    fn commit_inside(&mut self, inner: &Path) {
        if !inner.join(".git").exists() {
            return;
        }
        write(inner, &[("more", &format!("{}\n", self.step))]);
        let git = Git::at(inner);
        for args in [&["add", "-A"][..], &["commit", "-q", "-m", "inside"]] {
            git.output(args).expect("git runs");
        }
        let head = git.output(&["rev-parse", "--verify", "-q", "HEAD"]).expect("git runs").text();
        self.tips.extend(commit_of(&head).map(String::from));
    }

    fn spoil(&self, name: &str) {
        if let Some(admin) = crate::git::worktree::admin_dir(&self.kennel.place.repo, self.kennel.worktree()) {
            write(&admin, &[(name, "garbage")]);
        }
    }

    fn note_tips(&mut self) {
        let head = self.kennel.git().output(&["rev-parse", "--verify", "-q", "HEAD"]).expect("git runs").text();
        self.tips.extend(commit_of(&head).map(String::from));
    }

    /// What must survive of the state that the worktree is in right now.
    fn note_files(&mut self) {
        // A stash that was popped or dropped before is the worker's own choice.
        let stash = Git::on(&self.kennel.place.repo).output(&["rev-parse", "--verify", "-q", "refs/stash"]);
        self.tips.extend(commit_of(&stash.expect("git runs").text()).map(String::from));
        let mut files = Vec::new();
        collect(self.kennel.worktree(), &mut files);
        let git = Git::on(&self.kennel.place.repo);
        for file in files {
            let oid = git.run(&["hash-object", "--no-filters", "--", &file.to_string_lossy()]).expect("hashed");
            self.blobs.insert(oid);
        }
        let staged = self.kennel.git().output(&["ls-files", "--stage", "-z"]).expect("git runs").stdout;
        // Of a conflict the stages are not uncommitted work: each is in one of the commits.
        let entries = String::from_utf8_lossy(&staged).into_owned();
        let conflicts = entries
            .split('\0')
            .filter_map(|entry| entry.split('\t').next())
            .any(|head| !head.ends_with(" 0") && !head.is_empty());
        if !conflicts {
            let blobs = entries.split('\0').filter(|entry| entry.starts_with("100"));
            self.blobs.extend(blobs.filter_map(|entry| entry.split(' ').nth(1)).map(str::to_owned));
        }
    }

    fn recycle(&mut self) {
        self.note_tips();
        self.note_files();
        self.attempt += 1;
        let prepared = prepare(&self.kennel.spec(self.attempt)).expect("prepared");
        assert!(!matches!(prepared.secured, Secured::Aside { .. }), "{:?}", prepared.secured);
        self.check();
    }

    fn remove(&mut self) {
        self.note_tips();
        self.note_files();
        remove(&self.kennel.place).expect("removed");
        self.check();
    }

    fn check(&self) {
        let mut reachable = self.kennel.reachable();
        // What the remote has is not ours to lose.
        let theirs = Git::on(&self.kennel.place.repo).run(&["rev-list", "--objects", "--remotes"]).expect("readable");
        reachable.extend(theirs.lines().map(|line| line[..40].to_owned()));
        for oid in self.tips.iter().chain(&self.blobs) {
            assert!(reachable.contains(oid), "{oid} is lost after {:?}", self.deeds);
        }
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_name() == ".git" || entry.file_name() == "build" {
            continue;
        }
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
}

/// How many histories are tried: `GT_SEEDS`, or a few.
fn histories() -> u32 {
    let wanted = std::env::var(crate::env::SEEDS).ok().and_then(|text| text.split('@').next()?.parse().ok());
    wanted.unwrap_or(12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: histories(), max_shrink_iters: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_worker_did_is_kept(deeds in deeds()) {
        let mut trial = Trial::new();
        for deed in &deeds {
            trial.perform(deed);
        }
        trial.recycle();
        trial.remove();
    }
}

/// Sequences that once were, or easily could be, holes.
#[test]
fn known_holes_stay_closed() {
    use Deed::*;
    let cases: &[&[Deed]] = &[
        &[Commit, Amend],
        &[Commit, Commit, ResetHard, ResetHard],
        &[NewBranch(0), Commit, Detach, DeleteBranch(0)],
        &[Edit(0), Stage, Edit(0)],
        &[Edit(0), Stash, Commit],
        &[Hide(true)],
        &[Hide(false), Edit(0), Recycle],
        &[Conflict, Edit(0)],
        &[Rebase],
        &[CherryPick],
        &[Nested(0)],
        &[Nested(0), NestedCommit(0), Stage],
        &[Nested(0), NestedCommit(0), Stage, Commit],
        &[Edit(0), AddFile(0), RemoveLink],
        &[Edit(0), BreakIndex],
        &[Edit(0), Stage, StaleLock],
        &[OddNames, Stage],
        &[Commit, Recycle, Commit, Recycle, Edit(0)],
    ];
    for deeds in cases {
        let mut trial = Trial::new();
        for deed in *deeds {
            trial.perform(deed);
        }
        trial.recycle();
        trial.remove();
    }
}

/// Git takes a file of the same length and the same second for the one that was staged, unless the index is of that
/// second too: its time belongs to its content. The pauses between these steps may be of any length.
#[test]
fn an_edit_in_the_second_of_its_staging_is_kept() {
    let second = std::time::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let date = |path: &Path| {
        let file = fs::File::options().write(true).open(path).expect("own file");
        file.set_modified(second).expect("own file");
    };
    let mut trial = Trial::new();
    // The time of the last change of a file's facts cannot be set.
    trial.git(&["config", "core.trustctime", "false"]);
    let readme = trial.kennel.worktree().join("README.md");
    let admin = crate::git::worktree::admin_dir(&trial.kennel.place.repo, trial.kennel.worktree()).expect("a worktree");
    trial.perform(&Deed::Edit(0));
    date(&readme);
    trial.perform(&Deed::Stage);
    date(&admin.join("index"));
    trial.perform(&Deed::Edit(0));
    date(&readme);
    trial.recycle();
    trial.remove();
}
