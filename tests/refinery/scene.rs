//! A town with one rig whose gate counts its runs.

use std::cell::Cell;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::Invocation;
use crate::support::{Project, TestTown, promises};

/// A town, the project of its one rig `web`, and where work for it lands.
pub struct Scene {
    pub town: TestTown,
    pub project: Project,
    /// The bare repository that work lands at, of a rig with a remote.
    pub remote: Option<PathBuf>,
    minute: Cell<u32>,
}

impl Scene {
    /// The rig of the person's own repository.
    pub fn new() -> Self {
        Self::of(TestTown::new(), false)
    }

    /// The rig of a bare repository that the project pushes to.
    pub fn remote() -> Self {
        Self::of(TestTown::new(), true)
    }

    fn of(town: TestTown, remote: bool) -> Self {
        let project = town.repo("web");
        let remote = remote.then(|| town.bare_copy(&project, "web.git"));
        let url = remote.as_ref().unwrap_or(&project.path).display().to_string();
        if remote.is_some() {
            project.git(&["remote", "add", "origin", &url]);
        }
        town.gt(["rig", "add", "web", &url, "--no-gates"]).succeeds();
        town.gt(["config", "set", "auto_merge", "false"]).succeeds();
        town.gt(["config", "set", "runtime", "process"]).succeeds();
        town.gt(["config", "set", "batch_size", "16"]).succeeds();
        let scene = Self { town, project, remote, minute: Cell::new(0) };
        scene.gates(&format!("[[gates]]\nname = \"test\"\nrun = \"{}\"\n", scene.counting("./test.sh")));
        scene
    }

    /// A command that notes that it ran, and then does `command`.
    pub fn counting(&self, command: &str) -> String {
        format!("echo run >> '{}'; {command}", self.town.sandbox.join("runs").display())
    }

    /// How often the counting gate ran.
    pub fn runs(&self) -> usize {
        fs::read_to_string(self.town.sandbox.join("runs")).unwrap_or_default().lines().count()
    }

    /// The gates of the rig, and nothing else that is in their tables' place, as TOML.
    pub fn gates(&self, text: &str) {
        let parsed: toml_edit::DocumentMut = text.parse().expect("gates as TOML");
        self.rig(|rig| drop(rig.insert("gates", parsed["gates"].clone())));
    }

    /// No file waits for an approval: gates that name files would else protect them.
    pub fn unprotected() -> Self {
        let scene = Self::new();
        scene.rig(|rig| drop(rig.insert("protected", toml_edit::value(toml_edit::Array::new()))));
        scene
    }

    /// The rig's file, as a person edits it.
    pub fn rig(&self, edit: impl FnOnce(&mut toml_edit::DocumentMut)) {
        let text = self.town.read("rigs.d/web.toml").expect("the rig's file");
        let mut rig = text.parse().expect("TOML");
        edit(&mut rig);
        self.town.write("rigs.d/web.toml", &rig.to_string());
        self.town.gt(["ledger", "adopt"]).succeeds();
    }

    /// One key of the rig's `[merge]`.
    pub fn merge(&self, key: &str, value: &str) {
        self.rig(|rig| rig["merge"][key] = toml_edit::value(value));
    }

    /// A branch from `main` with one commit of these files; a text of `-` removes the file.
    pub fn branch(&self, name: &str, files: &[(&str, &str)]) -> String {
        self.project.git(&["checkout", "--quiet", "-B", name, "main"]);
        let head = self.commit(name, files);
        self.project.git(&["checkout", "--quiet", "main"]);
        head
    }

    /// One more commit on what is checked out, and with a remote its push.
    pub fn commit(&self, message: &str, files: &[(&str, &str)]) -> String {
        for (file, text) in files {
            match *text {
                "-" => fs::remove_file(self.project.path.join(file)).expect("a file that is there"),
                text => self.project.write(file, text),
            }
        }
        let head = self.project.commit(message);
        if self.remote.is_some() {
            self.project.git(&["push", "--quiet", "--force", "origin", "HEAD"]);
        }
        head
    }

    /// Puts a branch into the queue, each a minute after the one before, and answers its bead.
    pub fn add(&self, branch: &str) -> String {
        self.add_with(branch, &[])
    }

    pub fn add_with(&self, branch: &str, more: &[&str]) -> String {
        let added = self.later([&["queue", "add", branch, "--json"], more].concat()).run().succeeds().data();
        added["bead"].as_str().expect("a bead has an id").to_owned()
    }

    /// A command at the scene's own time, which goes on by a minute each time.
    pub fn later(&self, arguments: Vec<&str>) -> Invocation {
        self.minute.set(self.minute.get() + 1);
        let time = format!("2026-01-01T{:02}:{:02}:00Z", self.minute.get() / 60, self.minute.get() % 60);
        self.town.command(arguments).variable(gt::env::CLOCK, time)
    }

    /// A branch and its bead in the queue.
    pub fn submit(&self, name: &str, files: &[(&str, &str)]) -> String {
        self.branch(name, files);
        self.add(name)
    }

    /// Innocent ones: `count` branches that each add a file of their own.
    pub fn submit_green(&self, count: usize) -> Vec<String> {
        (0..count).map(|number| self.submit(&format!("green{number}"), &[(&format!("g{number}.txt"), "x\n")])).collect()
    }

    /// A branch whose tree is red.
    pub fn submit_red(&self, name: &str) -> String {
        self.submit(name, &[(&format!("tests/{name}.sh"), "echo it is wrong; exit 1\n")])
    }

    /// Works through the queue.
    pub fn run(&self) -> Value {
        self.town.json(["refinery", "run", "web"])[0]["result"].clone()
    }

    /// A bead as the ledger has it.
    pub fn shown(&self, bead: &str) -> Value {
        self.town.json(["show", bead])[0]["result"].clone()
    }

    /// Its status, or what it was closed as.
    pub fn state(&self, bead: &str) -> String {
        let shown = self.shown(bead);
        let word = shown["closed_as"].as_str().or(shown["status"].as_str());
        word.expect("a bead has a status").to_owned()
    }

    /// The queue in its order.
    pub fn queue(&self) -> Vec<String> {
        let list = self.town.json(["queue", "list"]);
        list.as_array().expect("a list").iter().filter_map(|row| Some(row["bead"].as_str()?.to_owned())).collect()
    }

    /// The summaries of the open escalations.
    pub fn escalations(&self) -> Vec<String> {
        let list = self.town.json(["escalation", "list"]);
        let subject = |row: &Value| row["subject"].as_str().unwrap_or_default().to_owned();
        list.as_array().expect("a list").iter().map(subject).collect()
    }

    /// Where work lands: the repository and the ref.
    pub fn target(&self) -> PathBuf {
        self.remote.clone().unwrap_or_else(|| self.town.root.join("rigs/web/.git"))
    }

    /// Git where work lands.
    #[track_caller]
    pub fn git(&self, arguments: &[&str]) -> String {
        let output =
            self.town.program("git").current_dir(self.target()).args(arguments).output().expect("git is there");
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// Whether the target has a file.
    pub fn has(&self, file: &str) -> bool {
        !self.git(&["ls-tree", "--name-only", "main", file]).is_empty()
    }

    #[track_caller]
    pub fn all_merged(&self, beads: &[String]) {
        for bead in beads {
            assert_eq!(self.state(bead), "merged", "{bead}");
        }
    }

    /// The promises hold, and nothing is left running.
    #[track_caller]
    pub fn is_sound(&self) {
        promises::hold(&self.town);
        assert!(self.town.processes().is_empty(), "left running: {:#?}", self.town.processes());
    }
}

/// The beads of a list in what a run did: `landed`, or `bounced` with their reasons.
pub fn beads(ran: &Value, list: &str) -> Vec<String> {
    let id = |item: &Value| item.as_str().or(item[0].as_str()).expect("a bead").to_owned();
    ran[list].as_array().expect("a list").iter().map(id).collect()
}

/// Why a run bounced or set aside a bead.
#[track_caller]
pub fn reason(ran: &Value, list: &str, bead: &str) -> String {
    let found = ran[list].as_array().expect("a list").iter().find(|item| item[0] == bead);
    found.unwrap_or_else(|| panic!("{bead} is not {list}: {ran:#}"))[1].as_str().expect("a reason").to_owned()
}
