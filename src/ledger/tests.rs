//! The promises of the ledger, against real git.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::bead::{Bead, Closing, Resolution, State};
use crate::git::objects::Durability;
use crate::id::{Actor, BeadId, Prefix};

struct Town {
    dir: tempfile::TempDir,
    ledger: Ledger,
}

impl Town {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let documents = [
            ("town.toml".to_owned(), "name = \"test\"\n".to_owned()),
            (".gitignore".to_owned(), "/rigs/\n/local.toml\n".to_owned()),
        ];
        let ledger = Ledger::create(dir.path(), "main", Clock::System, &documents, "init").expect("a new ledger");
        Self { dir, ledger }
    }

    fn root(&self) -> &Path {
        self.dir.path()
    }

    fn create(&self, title: &str) -> BeadId {
        create(&self.ledger, title)
    }

    fn git(&self, args: &[&str]) -> (bool, String) {
        let output = std::process::Command::new("git")
            .arg("-C")
            .arg(self.root())
            .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org"])
            .args(args)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .expect("git runs");
        (
            output.status.success(),
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr),
        )
    }

    fn status(&self) -> String {
        self.git(&["status", "--porcelain"]).1
    }
}

fn create(ledger: &Ledger, title: &str) -> BeadId {
    let prefix: Prefix = "web".parse().expect("valid");
    let made = ledger.transact(&Actor::Human, |tx| {
        let id = tx.new_bead_id(&prefix)?;
        tx.put(&Bead::new(id.clone(), title, tx.now()));
        tx.describe("create", format!("create {id}: {title}"));
        Ok(id)
    });
    made.expect("a bead").value
}

fn retitle(ledger: &Ledger, id: &BeadId, title: &str) {
    let done = ledger.transact(&Actor::Human, |tx| {
        let mut bead = tx.bead(id)?;
        title.clone_into(&mut bead.title);
        tx.put(&bead);
        tx.describe("edit", format!("edit {id}"));
        Ok(())
    });
    assert_eq!(done.expect("an edit").warning, None);
}

#[test]
fn a_transaction_is_one_commit_and_git_status_stays_clean() {
    let town = Town::new();
    let id = town.create("Add login");
    assert_eq!(town.status(), "");
    let text = fs::read_to_string(town.root().join(id.path())).expect("projected");
    assert!(text.contains("title = \"Add login\""), "{text}");
    let log = town
        .git(&[
            "log",
            "--format=%s|%(trailers:key=Bead,valueonly,separator=%x2c)|%(trailers:key=Event,valueonly,separator=%x2c)",
            "-1",
        ])
        .1;
    assert_eq!(log.trim(), format!("create {id}: Add login|{id}|create"));
    assert_eq!(town.ledger.snapshot().and_then(|snapshot| snapshot.bead(&id)).expect("found").title, "Add login");
}

#[test]
fn a_put_that_changes_nothing_makes_no_commit() {
    let town = Town::new();
    let id = town.create("Add login");
    let tip = town.ledger.tip().expect("a tip");
    let same = town.ledger.transact(&Actor::Human, |tx| {
        let bead = tx.bead(&id)?;
        tx.put(&bead);
        Ok(())
    });
    assert_eq!(same.expect("done").commit, None);
    assert_eq!(town.ledger.tip().expect("a tip"), tip);
}

#[test]
fn what_fails_inside_changes_nothing() {
    let town = Town::new();
    let id = town.create("Add login");
    let failed = town.ledger.transact(&Actor::Human, |tx| {
        tx.remove(id.path());
        Err::<(), _>(Failure::new(Kind::Conflict, "no"))
    });
    assert_eq!(failed.expect_err("refused").kind, Kind::Conflict);
    assert!(town.ledger.snapshot().and_then(|snapshot| snapshot.find(&id)).expect("read").is_some());
    assert_eq!(town.status(), "");
}

#[test]
fn many_writers_lose_nothing() {
    let town = Town::new();
    let counter = town.create("0");
    let created = AtomicUsize::new(0);
    let root = town.root();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let ledger = Ledger::at(root, "main", Clock::System);
                for _ in 0..10 {
                    create(&ledger, "one of many");
                    created.fetch_add(1, Ordering::Relaxed);
                    let added = ledger.transact(&Actor::Human, |tx| {
                        let mut bead = tx.bead(&counter)?;
                        let count: u32 = bead.title.parse().expect("a number");
                        bead.title = (count + 1).to_string();
                        tx.put(&bead);
                        Ok(())
                    });
                    assert!(added.is_ok(), "{added:?}");
                }
            });
        }
    });
    let snapshot = town.ledger.snapshot().expect("read");
    assert_eq!(snapshot.bead(&counter).expect("found").title, "80");
    assert_eq!(snapshot.beads(&BeadQuery::default()).expect("read").len(), created.load(Ordering::Relaxed) + 1);
    assert_eq!(town.status(), "");
}

#[test]
fn a_hand_edit_is_never_overwritten() {
    let town = Town::new();
    let id = town.create("Add login");
    let file = town.root().join(id.path());
    let edited = fs::read_to_string(&file).expect("projected").replace("Add login", "Add sign-in");
    fs::write(&file, &edited).expect("written");
    retitle(&town.ledger, &id, "Add logon");
    assert_eq!(fs::read_to_string(&file).expect("there"), edited);
    let edits = town.ledger.hand_edits().expect("compared");
    assert_eq!(edits.len(), 1);
    assert_eq!((edits[0].path.as_str(), edits[0].kind), (id.path().as_str(), HandEditKind::Changed));
    town.create("another");
    assert_eq!(fs::read_to_string(&file).expect("there"), edited);
    town.ledger.restore(&id.path()).expect("restored");
    assert!(fs::read_to_string(&file).expect("there").contains("Add logon"));
    assert_eq!(town.status(), "");
}

#[test]
fn a_persons_commit_is_taken_over_and_a_broken_file_blocks_nobody() {
    let town = Town::new();
    let good = town.create("good");
    let bad = town.create("bad");
    fs::write(town.root().join(bad.path()), "id = \"oops\nstatus =").expect("written");
    assert!(town.git(&["commit", "-qam", "by hand"]).0);
    let snapshot = town.ledger.snapshot().expect("read");
    assert_eq!(snapshot.bead(&good).expect("found").title, "good");
    let broken = snapshot.broken().expect("read");
    assert_eq!((broken.len(), broken[0].path.as_str()), (1, bad.path().as_str()));
    assert_eq!(snapshot.bead(&bad).expect_err("broken").kind, Kind::Corrupt);
    drop(snapshot);
    retitle(&town.ledger, &good, "still good");
    assert_eq!(town.status(), "");
}

/// A kill between the swap and the projection leaves the files and the index behind the branch. The
/// person's commit must fail rather than put the other bead back.
#[test]
fn a_stale_index_cannot_put_other_beads_back() {
    let town = Town::new();
    let mine = town.create("mine");
    let other = town.create("other");
    let objects = Objects::open(&town.root().join(".git")).expect("open");
    let tip = town.ledger.tip().expect("a tip");
    let mut bead = town.ledger.snapshot().and_then(|snapshot| snapshot.bead(&other)).expect("found");
    bead.title = "other, changed".to_owned();
    let edit = Edit { path: other.path(), content: Some(bead.render().into_bytes()) };
    let who = authorship(objects.person(), &Actor::Human, Clock::System);
    let commit = objects.commit(Some(&tip), &[edit], &who, "change").expect("written");
    let lock = project::lock_index(&town.ledger).expect("locked").expect("free");
    assert!(objects.swap("refs/heads/main", Some(&tip), &commit, Durability::Now).expect("swapped"));
    std::mem::forget(lock);

    let file = town.root().join(mine.path());
    fs::write(&file, fs::read_to_string(&file).expect("there").replace("mine", "mine!")).expect("written");
    let (committed, said) = town.git(&["commit", "-qam", "stale"]);
    assert!(!committed, "{said}");
    assert!(said.contains("index.lock"), "{said}");

    town.ledger.settle().expect("settled");
    assert!(town.git(&["commit", "-qam", "fresh"]).0);
    let snapshot = town.ledger.snapshot().expect("read");
    assert_eq!(snapshot.bead(&other).expect("found").title, "other, changed");
    assert_eq!(snapshot.bead(&mine).expect("found").title, "mine!");
}

#[test]
fn another_branch_is_refused_by_name() {
    let town = Town::new();
    assert!(town.git(&["switch", "-qc", "elsewhere"]).0);
    let refused = town.ledger.transact(&Actor::Human, |_| Ok(())).expect_err("refused");
    assert_eq!(refused.kind, Kind::Refused);
    assert!(refused.message.contains("elsewhere") && refused.message.contains("main"), "{refused}");
}

#[test]
fn the_index_may_be_deleted_or_damaged_at_any_time() {
    let town = Town::new();
    let id = town.create("Add login");
    let file = town.root().join(".git/gt/index.db");
    for damage in [true, false] {
        for ending in ["-wal", "-shm"] {
            let _ = fs::remove_file(town.root().join(format!(".git/gt/index.db{ending}")));
        }
        if damage {
            fs::write(&file, "not a database, but longer than a header would be".repeat(40)).expect("written");
        } else {
            fs::remove_file(&file).expect("removed");
        }
        assert_eq!(town.ledger.snapshot().and_then(|snapshot| snapshot.bead(&id)).expect("found").title, "Add login");
    }
}

#[test]
fn packing_keeps_everything_readable() {
    let town = Town::new();
    let ids: Vec<_> = (0..30).map(|number| town.create(&format!("bead {number}"))).collect();
    assert_eq!(town.ledger.pack().expect("packed"), Packed::Loose);
    let loose = town.git(&["count-objects"]).1;
    let loose: usize = loose.split(' ').next().and_then(|count| count.parse().ok()).expect("a count");
    // Only what no commit reaches may stay loose: the empty tree that the first commit began with.
    assert!(loose <= 1, "{loose}");
    retitle(&town.ledger, &ids[3], "after");
    let snapshot = town.ledger.snapshot().expect("read");
    assert_eq!(snapshot.bead(&ids[3]).expect("found").title, "after");
    assert_eq!(snapshot.bead(&ids[29]).expect("found").title, "bead 29");
}

#[test]
fn startable_leaves_out_what_waits() {
    let town = Town::new();
    let first = town.create("first");
    let second = town.create("second");
    let done = town.ledger.transact(&Actor::Human, |tx| {
        let mut bead = tx.bead(&second)?;
        bead.needs.insert(first.clone());
        tx.put(&bead);
        Ok(())
    });
    done.expect("an edge");
    let query = BeadQuery { startable_at: Some(Clock::System.now()), ..Default::default() };
    let titles = |query: &BeadQuery| -> Vec<String> {
        town.ledger
            .snapshot()
            .and_then(|snapshot| snapshot.beads(query))
            .expect("read")
            .into_iter()
            .map(|bead| bead.title)
            .collect()
    };
    assert_eq!(titles(&query), ["first"]);
    town.ledger
        .transact(&Actor::Human, |tx| {
            let mut bead = tx.bead(&first)?;
            bead.state = State::Closed(Closing { resolution: Resolution::Done, at: tx.now() });
            tx.put(&bead);
            Ok(())
        })
        .expect("closed");
    assert_eq!(titles(&query), ["second"]);
    town.ledger.rebuild_index().expect("built");
    assert_eq!(titles(&query), ["second"]);
}

/// The file is as it was before the person's own commit; still it is an edit since.
#[test]
fn an_edit_that_takes_a_persons_commit_back_is_kept() {
    let town = Town::new();
    let id = town.create("good");
    let file = town.root().join(id.path());
    let before = fs::read_to_string(&file).expect("projected");
    fs::write(&file, before.replace("good", "goof")).expect("written");
    assert!(town.git(&["commit", "-qam", "by hand"]).0);
    fs::write(&file, &before).expect("written");
    town.create("another");
    assert_eq!(fs::read_to_string(&file).expect("there"), before);
    assert_eq!(town.ledger.hand_edits().expect("compared").len(), 1);
}

/// Files change places with a spare one; a second name or other rights of a file are never handed on.
#[test]
fn what_a_person_has_another_name_for_stays_as_it_is() {
    use std::os::unix::fs::PermissionsExt;
    let town = Town::new();
    let id = town.create("first");
    let file = town.root().join(id.path());
    let copy = town.root().join(".git/copy");
    fs::hard_link(&file, &copy).expect("a second name");
    let before = fs::read_to_string(&copy).expect("read");
    let branch = town.root().join(".git/refs/heads/main");
    let kept = town.root().join(".git/kept");
    fs::hard_link(&branch, &kept).expect("a second name");
    let tip = fs::read_to_string(&kept).expect("read");
    for title in ["second", "third", "fourth"] {
        retitle(&town.ledger, &id, title);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("set");
    }
    assert_eq!(fs::read_to_string(&copy).expect("read"), before);
    assert_eq!(fs::read_to_string(&kept).expect("read"), tip);
    let other = town.create("other");
    retitle(&town.ledger, &other, "another");
    let mode = fs::metadata(town.root().join(other.path())).expect("there").permissions().mode();
    assert_eq!(mode & 0o111, 0, "{mode:o}");
    let log = town.git(&["log", "--format=%s"]).1;
    assert_eq!(log.lines().count(), 7, "{log}");
}
