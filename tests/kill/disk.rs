//! A disk that is full, and one that cannot be written.
//!
//! The town lies on a disk of its own, in memory. To mount it, each of these tests runs once more in a process with its
//! own view of what is mounted, so that nothing of it is seen outside or outlives the test.

#![allow(clippy::print_stderr, reason = "what was skipped, and what the same test said elsewhere")]

mod messages;

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use rustix::fs::statvfs;

use crate::scene::{GREEN, RED, Scene};
use crate::support::Invocation;
use crate::support::random::{Random, seeds};
use crate::support::{Ran, TestTown, promises};

/// Room is given in pages, and every file takes at least one.
const PAGE: u64 = 4096;
/// How many amounts of room are tried for each command, unless more are asked for.
const ROOMS: usize = 4;
/// Set in the process that may mount.
const ALONE: &str = "TEST_MAY_MOUNT";

/// The disk of the scene's town.
struct Disk {
    place: PathBuf,
}

impl Disk {
    /// A disk of 64 MB at `place`, or why there is none.
    fn mount(place: PathBuf) -> Result<Self, String> {
        fs::create_dir_all(&place).expect("the sandbox is writable");
        run(Command::new("mount").args(["-t", "tmpfs", "-o", "size=64m", "none"]).arg(&place))?;
        Ok(Self { place })
    }

    /// The bytes that are free.
    fn free(&self) -> u64 {
        let facts = statvfs(&self.place).expect("it is mounted");
        facts.f_bavail * facts.f_frsize
    }

    /// Takes all room but so many bytes.
    fn fill(&self, leave: u64) {
        let mut ballast = fs::File::create(self.ballast()).expect("an empty file takes no room");
        let size = self.free().checked_sub(leave).expect("there is more room than is to be left");
        let page = [0_u8; PAGE as usize];
        for _ in 0..size / PAGE {
            ballast.write_all(&page).expect("there is room");
        }
    }

    /// Takes all room that is left, whoever else takes of it meanwhile.
    fn fill_up(&self) {
        let mut ballast = fs::File::create(self.ballast()).expect("an empty file takes no room");
        let page = [0_u8; PAGE as usize];
        while ballast.write_all(&page).is_ok() {}
    }

    /// Gives the room back.
    fn clear(&self) {
        let _ = fs::remove_file(self.ballast());
    }

    fn ballast(&self) -> PathBuf {
        self.place.join("ballast")
    }

    /// Whether it can be written.
    fn writable(&self, may: bool) {
        let how = if may { "remount,bind,rw" } else { "remount,bind,ro" };
        run(Command::new("mount").args(["-o", how]).arg(&self.place)).expect("what was mounted can be mounted again");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = run(Command::new("umount").arg("--lazy").arg(&self.place));
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim())),
        Err(error) => Err(format!("{command:?}: {error}")),
    }
}

/// A scene whose town has a disk of its own, which goes first.
struct Place<S = Scene> {
    disk: Disk,
    scene: S,
}

/// Plays `part` of the test `name` in what `make` makes of a town with a disk of its own, where this machine lets one be
/// mounted.
fn on_its_own_disk<S>(name: &str, make: impl Fn(TestTown) -> S, part: impl Fn(&Place<S>)) {
    if std::env::var_os(ALONE).is_none() {
        return again(name);
    }
    let mut town = TestTown::builder().empty();
    let disk = match Disk::mount(town.sandbox.join("disk")) {
        Ok(disk) => disk,
        Err(reason) => return eprintln!("skipped: {reason}"),
    };
    town.root = disk.place.join("town");
    town.command(["init"]).arg(&town.root).current_dir(&town.sandbox).run().succeeds();
    let place = Place { disk, scene: make(town) };
    part(&place);
}

/// Runs the test in a process that may mount.
fn again(name: &str) {
    let unshare = || {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--map-root-user"]);
        command
    };
    if let Err(reason) = run(unshare().arg("true")) {
        return eprintln!("skipped: {reason}");
    }
    let own = std::env::current_exe().expect("a test program has a path");
    let output =
        unshare().arg(own).args(["--exact", name, "--nocapture"]).env(ALONE, "1").output().expect("it is there");
    let text = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).join("\n");
    eprintln!("{text}");
    assert!(output.status.success() && text.contains("1 passed"), "see above");
}

/// Runs a command with ever so much room, then gives it room and lets the town converge.
struct Drill<'a> {
    place: &'a Place,
    command: &'a dyn Fn(&TestTown) -> Invocation,
}

impl Drill<'_> {
    fn run(&self, check: &dyn Fn(&Ran)) {
        let town = &self.place.scene.town;
        town.checkpoint();
        let before = self.place.disk.free();
        (self.command)(town).run().succeeds();
        // Some of what it needs it gives back before its end.
        let needed = before.saturating_sub(self.place.disk.free()) / PAGE + 24;
        for seed in seeds(1) {
            for pages in rooms(needed, seed) {
                town.restore();
                self.place.disk.fill(pages * PAGE);
                self.with_room(pages, check);
            }
        }
        town.restore();
    }

    fn with_room(&self, pages: u64, check: &dyn Fn(&Ran)) {
        let Place { disk, scene } = self.place;
        let town = &scene.town;
        let ran = (self.command)(town).run();
        let told = format!("with {pages} pages of room: {}", ran.transcript());
        assert!(ran.code == Some(0) || ran.stderr.contains("/town is full: "), "{told}");
        assert!(pages > 0 || ran.code != Some(0), "{told}");
        assert!(!matches!(ran.code, None | Some(11)), "{told}");
        for read in [&["status"][..], &["list"], &["feed"], &["polecat", "list"]] {
            town.gt(read).succeeds();
        }
        disk.clear();
        check(&ran);
        scene.converges_with(&beads(town));
    }
}

/// None, and others up to what is needed.
fn rooms(needed: u64, seed: u64) -> Vec<u64> {
    if std::env::var("GT_KILL").is_ok_and(|wanted| wanted == "all") {
        return (0..=needed).collect();
    }
    let mut random = Random::of(seed);
    let some = (1..ROOMS).map(|_| random.next() % needed + 1);
    std::iter::once(0).chain(some).collect()
}

/// The ids of all beads.
fn beads(town: &TestTown) -> Vec<String> {
    let paths = town.git(&["ls-tree", "-r", "--name-only", "HEAD", "beads"]);
    paths.lines().filter_map(|path| Some(path.rsplit('/').next()?.strip_suffix(".toml")?.to_owned())).collect()
}

/// What succeeded is there for good.
fn stays(town: &TestTown, ran: &Ran, text: &str) {
    if ran.code == Some(0) {
        assert!(town.git(&["log", "-p", "--format=%s"]).contains(text), "{}", ran.transcript());
    }
}

#[test]
fn a_full_disk_loses_nothing_of_the_ledger() {
    let name = "disk::a_full_disk_loses_nothing_of_the_ledger";
    on_its_own_disk(
        name,
        |town| Scene::open_in(town, 1),
        |place| {
            let (town, bead) = (&place.scene.town, place.scene.beads[0].as_str());
            let commands: [(&str, &[&str]); 3] = [
                ("Add login", &["new", "Add login", "--rig", "web"]),
                ("for the record", &["bead", "note", bead, "for the record"]),
                ("not wanted", &["close", bead, "--reason", "not wanted"]),
            ];
            for (text, arguments) in commands {
                let command = |town: &TestTown| town.command(arguments);
                Drill { place, command: &command }.run(&|ran| stays(town, ran, text));
            }
        },
    );
}

#[test]
fn a_full_disk_stops_no_start_for_good() {
    let name = "disk::a_full_disk_stops_no_start_for_good";
    on_its_own_disk(
        name,
        |town| Scene::open_in(town, 1),
        |place| {
            let command = |town: &TestTown| town.command(["sling", &place.scene.beads[0], "web"]);
            Drill { place, command: &command }.run(&|_| {});
        },
    );
}

#[test]
fn a_full_disk_loses_no_submission() {
    let name = "disk::a_full_disk_loses_no_submission";
    on_its_own_disk(
        name,
        |town| Scene::hooked_in(town, &[GREEN]),
        |place| {
            let folder = place.scene.worktree(&place.scene.beads[0]);
            let command = |town: &TestTown| town.command(["done"]).current_dir(&folder);
            Drill { place, command: &command }.run(&|_| {});
        },
    );
}

#[test]
fn a_full_disk_loses_no_landing() {
    let name = "disk::a_full_disk_loses_no_landing";
    on_its_own_disk(
        name,
        |town| Scene::submitted_in(town, &[GREEN, RED]),
        |place| {
            let command = |town: &TestTown| town.command(["refinery", "run", "web"]);
            Drill { place, command: &command }.run(&|_| {});
        },
    );
}

/// What only looks.
fn reads(bead: &str) -> [Vec<&str>; 13] {
    let texts = [
        "status",
        "list",
        "ready",
        "show BEAD",
        "why BEAD",
        "log",
        "feed",
        "bead graph",
        "polecat list",
        "queue list",
        "rig list",
        "config list",
        "ledger status",
    ];
    texts.map(|text| words(text, bead))
}

/// What changes something.
fn writes(bead: &str) -> [Vec<&str>; 9] {
    let texts = [
        "new Login --rig web",
        "bead note BEAD hello",
        "close BEAD --reason unwanted",
        "unsling BEAD",
        "done",
        "tick",
        "refinery run web",
        "rig park web",
        "config set agent idles",
    ];
    texts.map(|text| words(text, bead))
}

fn words<'t>(text: &'t str, bead: &'t str) -> Vec<&'t str> {
    text.split(' ').map(|word| if word == "BEAD" { bead } else { word }).collect()
}

#[test]
fn a_read_only_town_can_be_read() {
    let part = |place: &Place| {
        let Place { disk, scene } = place;
        let (town, bead) = (&scene.town, scene.beads[0].as_str());
        let as_before: Vec<Ran> = reads(bead).iter().map(|read| town.gt(read).succeeds()).collect();
        disk.writable(false);
        for (read, before) in reads(bead).iter().zip(as_before) {
            let now = town.gt(read).succeeds();
            // The ages in it are another matter.
            assert_eq!(now.stdout.lines().count(), before.stdout.lines().count(), "{}", now.transcript());
        }
        for write in writes(bead) {
            let folder = if write == ["done"] { scene.worktree(bead) } else { town.root.clone() };
            town.command(&write).current_dir(folder).run().exits(9).complains(&["/town is mounted read-only"]);
        }
        disk.writable(true);
        promises::hold(town);
        scene.converges();
    };
    on_its_own_disk("disk::a_read_only_town_can_be_read", |town| Scene::hooked_in(town, &[GREEN]), part);
}
