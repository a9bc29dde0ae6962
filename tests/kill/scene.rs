//! Towns in the middle of some work, with nothing running in them.

use std::path::PathBuf;
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Project, TestTown, converge, wait_until};

/// A town, the project of its one rig `web`, and its beads.
pub struct Scene {
    pub town: TestTown,
    pub project: Project,
    pub beads: Vec<String>,
}

/// What a worker has done before its town was struck.
pub const GREEN: &str = "exit 0\n";
/// The same, of a worker that breaks the tests.
pub const RED: &str = "exit 1\n";

impl Scene {
    /// A town without a rig, and a project. Sessions need no terminal, and nothing goes on by itself.
    pub fn without_rig() -> Self {
        Self::of(TestTown::new())
    }

    fn of(town: TestTown) -> Self {
        let project = town.repo("web");
        let scene = Self { town, project, beads: Vec::new() };
        scene.set("runtime", "process".into());
        scene.set("grace", "1s".into());
        scene.by_hand();
        scene.town.work_with("mends");
        scene
    }

    /// Beads that nobody has begun.
    pub fn open(beads: usize) -> Self {
        Self::open_in(TestTown::new(), beads)
    }

    /// The same in a given town that has nothing in it.
    pub fn open_in(town: TestTown, beads: usize) -> Self {
        let mut scene = Self::of(town);
        let command = scene.rig_add();
        scene.town.gt(command).succeeds();
        scene.beads = (0..beads).map(|number| scene.make(&format!("piece {number}"))).collect();
        scene
    }

    /// The command that takes the project in.
    pub fn rig_add(&self) -> [&str; 6] {
        ["rig", "add", "web", self.project.url(), "--gate", "./test.sh"]
    }

    /// Makes a bead and returns its id.
    pub fn make(&self, title: &str) -> String {
        let made = self.town.json(["new", title, "--rig", "web"]);
        made["id"].as_str().expect("a bead has an id").to_owned()
    }

    /// Each bead is hooked to a worker whose session lives and does nothing.
    pub fn running(beads: usize, runtime: &str) -> Self {
        let scene = Self::open(beads);
        scene.set("runtime", runtime.into());
        scene.town.work_with("idles");
        for bead in &scene.beads {
            scene.town.gt(["sling", bead, &format!("web/w-{}", &bead[4..])]).succeeds();
        }
        wait_until("the agents to begin", || scene.pids("sleep 3600").len() == beads);
        scene.town.work_with("mends");
        scene
    }

    /// The processes of the test whose command line begins so, or goes on so after the program `gt`.
    pub fn pids(&self, line: &str) -> Vec<i32> {
        let matching = |found: &str| found.starts_with(line) || found.contains(&format!("gt {line}"));
        self.town.processes().into_iter().filter(|process| matching(&process.line)).map(|process| process.id).collect()
    }

    /// Sends a signal to each of these processes, of which there must be some.
    #[track_caller]
    pub fn strike(&self, line: &str, signal: Signal) -> Vec<i32> {
        let pids = self.pids(line);
        assert!(!pids.is_empty(), "no process is {line:?}: {:#?}", self.town.processes());
        for pid in &pids {
            let _ = kill_process(Pid::from_raw(*pid).expect("a process has a number"), signal);
        }
        pids
    }

    /// Each bead is hooked to a worker that has committed this and was struck before it could hand it in.
    pub fn hooked(works: &[&str]) -> Self {
        Self::hooked_in(TestTown::new(), works)
    }

    /// The same in a given town that has nothing in it.
    pub fn hooked_in(town: TestTown, works: &[&str]) -> Self {
        let scene = Self::open_in(town, works.len());
        scene.town.work_with("idles");
        for (bead, work) in scene.beads.iter().zip(works) {
            scene.town.gt(["sling", bead, &format!("web/w-{}", &bead[4..])]).succeeds();
            let folder = scene.worktree(bead);
            std::fs::create_dir_all(folder.join("tests")).expect("writable");
            std::fs::write(folder.join(format!("tests/{bead}.sh")), work).expect("writable");
            for arguments in [&["add", "--all"][..], &["commit", "--quiet", "--message", "work"]] {
                let mut git = scene.town.program("git");
                assert!(git.current_dir(&folder).args(arguments).status().expect("git is there").success());
            }
        }
        scene.town.end_everything();
        scene.town.work_with("mends");
        scene
    }

    /// Each bead is in the merge queue.
    pub fn submitted(works: &[&str]) -> Self {
        Self::submitted_in(TestTown::new(), works)
    }

    /// The same in a given town that has nothing in it.
    pub fn submitted_in(town: TestTown, works: &[&str]) -> Self {
        let scene = Self::hooked_in(town, works);
        for bead in &scene.beads {
            scene.town.command(["done"]).current_dir(scene.worktree(bead)).run().succeeds();
        }
        scene.town.end_everything();
        scene
    }

    /// The worker that has a bead leaves a file that it has not committed. Its name as an object.
    pub fn leave(&self, bead: &str) -> String {
        let text = format!("begun by the worker of {bead}\n");
        std::fs::write(self.worktree(bead).join("begun.txt"), &text).expect("writable");
        gt::git::objects::Objects::blob_id(text.as_bytes()).to_string()
    }

    /// Whether a ref of the rig leads to an object, or a worktree still has it.
    pub fn has(&self, blob: &str) -> bool {
        let repository = self.town.root.join("rigs/web/.git");
        let mut git = self.town.program("git");
        let listing =
            git.current_dir(&repository).args(["rev-list", "--objects", "--all"]).output().expect("git is there");
        let workers = std::fs::read_dir(self.town.root.join("rigs/web/polecats")).expect("readable").flatten();
        let lies = |folder: PathBuf| {
            let text = std::fs::read(folder.join("begun.txt")).unwrap_or_default();
            gt::git::objects::Objects::blob_id(&text).to_string() == blob
        };
        String::from_utf8_lossy(&listing.stdout).contains(blob) || workers.into_iter().any(|worker| lies(worker.path()))
    }

    /// The worker that has a bead has worked, and its session was restarted as often as one may be.
    pub fn exhaust(&self, bead: &str) {
        let state = gt::store::StateDb::open(&self.town.root.join(".git/gt/state.db")).expect("it is there");
        let now = gt::clock::Clock::System.now();
        for _ in 0..2 {
            state.count(&format!("witness.restarted:{bead}"), now, None).expect("writable");
        }
        // Times of work are compared in whole seconds.
        let work = std::fs::File::options().append(true).open(self.worktree(bead).join(".git")).expect("own file");
        let later = std::time::SystemTime::now() + std::time::Duration::from_secs(5);
        work.set_modified(later).expect("own file");
    }

    /// The worktree of the worker that has a bead.
    pub fn worktree(&self, bead: &str) -> PathBuf {
        self.town.root.join("rigs/web/polecats").join(format!("w-{}", &bead[4..]))
    }

    /// Nothing goes on unless it is told to.
    pub fn by_hand(&self) {
        self.set("auto_merge", false.into());
    }

    /// Everything goes on by itself.
    pub fn by_itself(&self) {
        self.set("auto_merge", true.into());
    }

    /// From here on ticks lead to everything landed.
    #[track_caller]
    pub fn converges(&self) {
        self.converges_with(&self.beads);
    }

    /// The same with other beads than those of the scene.
    #[track_caller]
    pub fn converges_with(&self, beads: &[String]) {
        self.by_itself();
        for bead in beads {
            // What nobody has slung yet is slung now; what somebody has or what is over is not.
            let slung = self.town.gt(["sling", bead, "web"]);
            assert!(matches!(slung.code, Some(0 | 6 | 7)), "{}", slung.transcript());
        }
        converge::rest(&self.town);
        converge::all_landed(&self.town, &self.project);
    }

    /// Sets something of this machine.
    pub fn set(&self, key: &str, value: toml_edit::Value) {
        let text = self.town.read("local.toml").unwrap_or_default();
        let mut local: toml_edit::DocumentMut = text.parse().expect("gt writes local.toml as TOML");
        local[key] = toml_edit::value(value);
        self.town.write("local.toml", &local.to_string());
    }
}

/// `gt` in the town.
pub fn gt(town: &TestTown, arguments: &[&str]) -> Command {
    town.command(arguments).into_command()
}
