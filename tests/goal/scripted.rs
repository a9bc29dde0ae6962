//! A town whose mayor and workers play a script.

use std::path::PathBuf;

use gt::bead::Bead;
use gt::convoy::Convoy;
use gt::ledger::Document;
use serde_json::{Value, json};

use crate::support::{Project, Ran, TestTown};

/// A town with the rig `web`, in which the built-in agent works as a script says, without terminals.
pub struct Scripted {
    pub town: TestTown,
    pub project: Project,
    script: PathBuf,
}

/// The work of a bead whatever its title: one file, one commit, done.
pub const WORKS: &str = r#"
[[reply]]
[[reply.step]]
text = "I do it."
[[reply.step.call]]
tool = "shell"
arguments = { command = "echo $GT_TITLE >$GT_BEAD.txt && git add --all && git commit --quiet --message \"$GT_TITLE\" && gt done" }
[[reply.step]]
text = "It is handed in."
"#;

/// A reply of the mayor; with `when`, only to a prompt that contains it.
pub fn mayor(answer: &str, when: Option<&str>) -> String {
    let when = when.map(|text| format!("when = {}\n", toml::Value::from(text))).unwrap_or_default();
    format!("[[reply]]\nrole = \"mayor\"\n{when}step = [{{ text = {} }}]\n", toml::Value::from(answer))
}

/// A bead of a plan, which needs those with these keys.
pub fn draft(key: &str, title: &str, needs: &[&str]) -> Value {
    json!({"key": key, "title": title, "description": "All of it.", "acceptance": "./test.sh passes", "needs": needs})
}

/// A plan as a model writes it.
pub fn plan(beads: &[Value]) -> String {
    json!({"title": "Login", "summary": "One by one.", "beads": beads}).to_string()
}

/// A form, and a test that needs it.
pub fn login() -> String {
    plan(&[draft("test", "Test the form", &["form"]), draft("form", "Add a form", &[])])
}

impl Scripted {
    /// A town in which this script is played.
    pub fn new(script: &str) -> Self {
        let (town, project) = TestTown::with_rig();
        town.write(
            "local.toml",
            &(town.read("local.toml").unwrap_or_default()
                + "agent = \"builtin\"\nruntime = \"process\"\ngrace = \"1s\"\n"),
        );
        let file = town.sandbox.join("script.toml");
        std::fs::write(&file, script).expect("the sandbox is writable");
        Self { town, project, script: file }
    }

    /// Another script from now on.
    pub fn play(&self, script: &str) {
        std::fs::write(&self.script, script).expect("the sandbox is writable");
    }

    /// A `gt` command of the town, to be changed before it runs.
    pub fn command(&self, arguments: &[&str]) -> crate::support::Invocation {
        self.town.command(arguments).variable("GT_SCRIPT", &self.script)
    }

    pub fn gt(&self, arguments: &[&str]) -> Ran {
        self.command(arguments).run()
    }

    pub fn json(&self, arguments: &[&str]) -> Value {
        self.command(arguments).arg("--json").run().succeeds().data()
    }

    /// Every bead, as the files of the town have them.
    pub fn beads(&self) -> Vec<Bead> {
        let listed = self.town.git(&["ls-files", "beads"]);
        let bead = |path: &str| Bead::parse(path, &self.town.read(path).expect("git lists it")).expect("a sound bead");
        listed.lines().map(bead).collect()
    }

    /// The bead with this title.
    pub fn bead(&self, title: &str) -> Bead {
        self.beads().into_iter().find(|bead| bead.title == title).unwrap_or_else(|| panic!("there is no bead {title}"))
    }

    /// How the bead with this title stands, in words.
    pub fn state(&self, title: &str) -> String {
        self.bead(title).state.describe()
    }

    /// The only convoy.
    pub fn convoy(&self) -> Convoy {
        let path = self.town.git(&["ls-files", "convoys"]);
        Convoy::parse(&path, &self.town.read(&path).expect("git lists it")).expect("a sound convoy")
    }
}
