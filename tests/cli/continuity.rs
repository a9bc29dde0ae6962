//! Work that goes on: in the conversation that a worker had, after a bounce, a crash, a restart of the machine.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::{TestTown, promises, wait_until};

/// A town whose agent has conversations; nothing goes on by itself.
struct Talking {
    town: TestTown,
}

impl Talking {
    fn new(runtime: &str) -> Self {
        let (town, _project) = TestTown::with_rig();
        town.gt(["config", "set", "runtime", runtime]).succeeds();
        town.gt(["config", "set", "auto_merge", "false"]).succeeds();
        let talking = Self { town };
        talking.employ("recalls");
        talking
    }

    /// Makes the agent with conversations the one of the town, under this name.
    fn employ(&self, name: &str) {
        let script = self.town.agent("recalls").display().to_string();
        let text = self.town.read("local.toml").unwrap_or_default();
        let mut local: toml_edit::DocumentMut = text.parse().expect("gt writes local.toml as TOML");
        let form = |words: &[&str]| toml_edit::value(words.iter().copied().collect::<toml_edit::Array>());
        local["agent"] = toml_edit::value(name);
        local["agents"][name]["program"] = toml_edit::value(script);
        local["agents"][name]["chooses_session"] = toml_edit::value(true);
        local["agents"][name]["interactive"] = form(&["--new", "{session}", "{prompt}"]);
        local["agents"][name]["resume"] = form(&["--resume", "{session}", "{prompt}"]);
        local["agents"][name]["oneshot"] = form(&["--once", "{prompt}"]);
        self.town.write("local.toml", &local.to_string());
    }

    /// What the agent does from now on, in `sh`.
    fn works(&self, script: &str) {
        fs::write(self.town.sandbox.join("home/work.sh"), script).expect("writable");
    }

    fn bead(&self, title: &str) -> String {
        self.town.json(["new", title, "--rig", "web"])["id"].as_str().expect("an id").to_owned()
    }

    /// Slings a bead to toast.
    fn sling(&self, id: &str) {
        self.town.gt(["sling", id, "web/toast"]).succeeds();
    }

    /// The sessions of toast, newest first.
    fn sessions(&self) -> Vec<Value> {
        let shown = self.town.json(["polecat", "show", "toast"]);
        shown["sessions"].as_array().expect("a list").clone()
    }

    /// What the conversation of a session was told, once it was told `turns` times.
    fn told(&self, session: &Value, turns: usize) -> String {
        let id = session["conversation"].as_str().expect("its conversation is known");
        let file = self.town.sandbox.join("home/conversations").join(id);
        let read = || fs::read_to_string(&file).unwrap_or_default();
        wait_until("the agent to be told", || read().matches("\n=== ").count() + 1 == turns && !read().is_empty());
        read()
    }

    fn bead_shown(&self, id: &str) -> Value {
        self.town.json(["show", id])[0]["result"].clone()
    }

    fn worktree(&self) -> PathBuf {
        self.town.root.join("rigs/web/polecats/toast")
    }

    /// Kills all that runs, as a power cut does.
    fn strike(&self) {
        self.town.end_everything();
    }
}

/// The first time a test that fails, the second time one that passes.
const RED_THEN_GREEN: &str = r#"
mkdir -p tests
if [ "$MODE" = --new ]; then
    echo 'echo the button is missing; exit 1' >"tests/$GT_BEAD.sh"
else
    echo 'exit 0' >"tests/$GT_BEAD.sh"
fi
git add --all
git commit --quiet --message "Turn $TURNS"
gt done
"#;

#[test]
fn a_bounced_bead_goes_back_into_the_conversation_with_the_tail_of_the_gate() {
    let talking = Talking::new("tmux");
    let town = &talking.town;
    talking.works(RED_THEN_GREEN);
    let id = talking.bead("Add a button");
    talking.sling(&id);
    wait_until("it to be handed in", || talking.bead_shown(&id)["status"] == "submitted");
    town.gt(["bead", "note", &id, "the button is green, please"]).succeeds();
    town.gt(["refinery", "run", "web"]);
    assert_eq!(talking.bead_shown(&id)["attempts"][0]["outcome"], "bounced");
    town.gt(["tick"]).succeeds();
    let sessions = talking.sessions();
    assert_eq!(sessions[0]["conversation"], sessions[1]["conversation"], "{sessions:#?}");
    assert_ne!(sessions[0]["session"], sessions[1]["session"]);
    let told = talking.told(&sessions[0], 2);
    let second = told.split("=== --resume").nth(1).expect("it was resumed");
    for part in
        ["did not land", "the button is missing", "the button is green, please", "Whole log: /", "-2:", "gt done"]
    {
        assert!(second.contains(part), "{part:?} is missing in\n{second}");
    }
    wait_until("the second attempt to be handed in", || talking.bead_shown(&id)["status"] == "submitted");
    town.gt(["refinery", "run", "web"]).succeeds().says(&["landed"]);
    assert_eq!(talking.bead_shown(&id)["status"], "closed");
    promises::hold(town);
}

#[test]
fn a_reopened_bead_goes_back_with_the_note_where_its_worker_is_free() {
    let talking = Talking::new("process");
    let town = &talking.town;
    talking.works("if [ \"$MODE\" = --new ]; then gt done --no-change 'it is there already'; fi\n");
    let id = talking.bead("Look whether it is there");
    talking.sling(&id);
    wait_until("it to be closed", || talking.bead_shown(&id)["status"] == "closed");
    town.gt(["bead", "reopen", &id, "--reason", "look at the other page"]).succeeds();
    town.gt(["sling", &id]).succeeds().says(&["web/toast", "in the conversation it had"]);
    let told = talking.told(&talking.sessions()[0], 2);
    assert!(told.contains("reopened") && told.contains("look at the other page"), "{told}");
    // Another worker knows nothing of it.
    town.gt(["unsling", &id]).succeeds();
    town.gt(["sling", &id, "web/muffin"]).succeeds();
    let muffin = town.json(["polecat", "show", "muffin"])["sessions"][0].clone();
    let told = talking.told(&muffin, 1);
    assert!(told.contains("=== --new") && told.contains("You are web/muffin"), "{told}");
}

#[test]
fn a_session_that_was_lost_goes_on_in_its_conversation() {
    for runtime in ["process", "tmux"] {
        let talking = Talking::new(runtime);
        let id = talking.bead("Something long");
        talking.sling(&id);
        let first = talking.sessions()[0].clone();
        talking.told(&first, 1);
        fs::write(talking.worktree().join("half.txt"), "half").expect("writable");
        talking.strike();
        talking.town.gt(["bead", "note", &id, "mind the other half"]).succeeds();
        talking.town.gt(["tick"]).succeeds();
        let told = talking.told(&first, 2);
        let second = told.split("=== --resume").nth(1).expect("it was resumed");
        for part in ["ended before you had run `gt done`", "mind the other half", "as they were left"] {
            assert!(second.contains(part), "{part:?} is missing in\n{second}");
        }
        assert!(talking.worktree().join("half.txt").exists());
        assert_eq!(talking.bead_shown(&id)["attempts"].as_array().map_or(0, Vec::len), 0);
    }
}

#[test]
fn a_conversation_that_is_gone_is_followed_by_a_fresh_one_that_counts_as_nothing() {
    let talking = Talking::new("process");
    let town = &talking.town;
    let id = talking.bead("Something long");
    talking.sling(&id);
    let first = talking.sessions()[0].clone();
    talking.told(&first, 1);
    talking.strike();
    fs::remove_dir_all(town.sandbox.join("home/conversations")).expect("it was there");
    town.gt(["tick"]).succeeds();
    wait_until("the refusal", || {
        town.gt(["tick"]).succeeds();
        talking.sessions().len() == 3
    });
    let sessions = talking.sessions();
    assert_eq!(sessions[1]["conversation"], first["conversation"]);
    assert_ne!(sessions[0]["conversation"], first["conversation"]);
    let told = talking.told(&sessions[0], 1);
    assert!(told.contains("=== --new") && told.contains("Run `gt prime` now"), "{told}");
    assert_eq!(talking.bead_shown(&id)["attempts"].as_array().map_or(0, Vec::len), 0);
    let state = gt::store::StateDb::open(&town.root.join(".git/gt/state.db")).expect("it is there");
    let restarts = state.counter(&format!("witness.restarted:{id}"), gt::clock::Clock::System.now()).expect("readable");
    assert_eq!(restarts.map(|counter| counter.value), Some(1), "the loss counts, the refusal does not");
    promises::hold(town);
}
