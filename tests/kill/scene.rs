//! Towns in the middle of some work, with nothing running in them.

use std::path::PathBuf;
use std::process::Command;

use crate::support::{Project, TestTown, converge};

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
        let town = TestTown::new();
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
        let mut scene = Self::without_rig();
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

    /// Each bead is hooked to a worker that has committed this and was struck before it could hand it in.
    pub fn hooked(works: &[&str]) -> Self {
        let scene = Self::open(works.len());
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
        let scene = Self::hooked(works);
        for bead in &scene.beads {
            scene.town.command(["done"]).current_dir(scene.worktree(bead)).run().succeeds();
        }
        scene.town.end_everything();
        scene
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

    fn set(&self, key: &str, value: toml_edit::Value) {
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
