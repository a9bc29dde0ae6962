//! A town whose one worker remembers its conversations.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::support::{TestTown, wait_until, words};

/// A town whose agent has conversations; nothing goes on by itself.
pub struct Talking {
    pub town: TestTown,
}

impl Talking {
    pub fn new(runtime: &str) -> Self {
        let (town, _project) = TestTown::with_rig();
        town.gt(["config", "set", "runtime", runtime]).succeeds();
        town.gt(["config", "set", "auto_merge", "false"]).succeeds();
        town.work_with_conversations("");
        Self { town }
    }

    /// From now on the agent can be asked about a conversation.
    pub fn may_be_asked(&self) {
        let ask = words(&["--ask", "{session}", "{prompt}"]);
        self.town.change_local(|local| local["agents"]["recalls"]["ask"] = ask);
    }

    /// From now on the agent is known to write down its conversations in this folder, as claude does.
    pub fn keeps_transcripts(&self) -> PathBuf {
        self.town.change_local(|local| {
            let agent = &mut local["agents"]["recalls"];
            agent["config_folder"] = toml_edit::value("~");
            agent["transcript"]["format"] = toml_edit::value("claude");
            agent["transcript"]["path"] = toml_edit::value("{config}/transcripts/{session}.jsonl");
        });
        let folder = self.town.sandbox.join("home/transcripts");
        fs::create_dir_all(&folder).expect("writable");
        folder
    }

    /// What the agent does from now on, in `sh`.
    pub fn works(&self, script: &str) {
        fs::write(self.town.sandbox.join("home/work.sh"), script).expect("writable");
    }

    pub fn bead(&self, title: &str) -> String {
        self.town.json(["new", title, "--rig", "web"])["id"].as_str().expect("an id").to_owned()
    }

    /// Slings a bead to toast.
    pub fn sling(&self, id: &str) {
        self.town.gt(["sling", id, "web/toast"]).succeeds();
    }

    /// The sessions of toast, newest first.
    pub fn sessions(&self) -> Vec<Value> {
        let shown = self.town.json(["polecat", "show", "toast"]);
        shown["sessions"].as_array().expect("a list").clone()
    }

    /// What the conversation of a session was told, once it was told `turns` times.
    pub fn told(&self, session: &Value, turns: usize) -> String {
        let read = || self.heard(session);
        wait_until("the agent to be told", || read().matches("\n=== ").count() + 1 == turns && !read().is_empty());
        read()
    }

    /// What the conversation of a session was told so far.
    pub fn heard(&self, session: &Value) -> String {
        let id = session["conversation"].as_str().expect("its conversation is known");
        fs::read_to_string(self.town.sandbox.join("home/conversations").join(id)).unwrap_or_default()
    }

    pub fn bead_shown(&self, id: &str) -> Value {
        self.town.json(["show", id])[0]["result"].clone()
    }

    pub fn worktree(&self) -> PathBuf {
        self.town.root.join("rigs/web/polecats/toast")
    }

    /// The machine was started anew: nothing runs, and what ran did so in an earlier life of it.
    pub fn reboot(&self) {
        // A tick that still looks around must not see the sessions end in this life of the machine.
        let ticks = self.town.root.join(".git/gt/locks/tick.lock");
        let _nobody_looks = gt::store::FileLock::acquire(&ticks, Duration::from_secs(60)).expect("a tick ends");
        self.strike();
        for run in fs::read_dir(self.town.root.join(".git/gt/run")).expect("readable").flatten() {
            let file = run.path().join("pid");
            let Ok(text) = fs::read_to_string(&file) else { continue };
            let mut pid: toml::Table = text.parse().expect("gt writes TOML");
            pid.insert("boot".to_owned(), "0a000000-0000-4000-8000-000000000000".into());
            fs::write(&file, pid.to_string()).expect("writable");
        }
    }

    /// How often the witness restarted the session of a bead, as far as it counts.
    pub fn restarts(&self, id: &str) -> i64 {
        let state = gt::store::StateDb::open(&self.town.root.join(".git/gt/state.db")).expect("it is there");
        let now = gt::clock::Clock::System.now();
        let counter = state.counter(&format!("witness.restarted:{id}"), now).expect("readable");
        counter.map_or(0, |counter| counter.value)
    }

    /// The town's tmux server, by the socket that this session was launched with: `tmux ARGUMENTS` there, what it says.
    pub fn tmux(&self, session: &Value, arguments: &[&str]) -> String {
        let id = session["session"].as_str().expect("an id");
        let launch = self.town.read(&format!(".git/gt/run/{id}/launch.toml")).expect("a launch file");
        let launch: toml::Table = launch.parse().expect("TOML");
        let socket = launch["tmux_socket"].as_str().expect("it has a terminal");
        let output = self.town.program("tmux").args(["-S", socket]).args(arguments).output().expect("tmux runs");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Kills all that runs, as a power cut does.
    pub fn strike(&self) {
        self.town.end_everything();
    }
}
