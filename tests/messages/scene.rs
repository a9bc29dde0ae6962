//! A town in which the stand-in works.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Project, TestTown, town::GT, wait_until};

/// A worker whose agent is the stand-in.
pub struct Scene {
    pub town: TestTown,
    _project: Project,
    control: PathBuf,
}

/// How the stand-in is.
pub struct Manner {
    /// What of its hooks the preset knows: none, those that tell, or also the one that takes something over.
    pub hooks: Hooks,
    /// It takes nothing while it works.
    pub deaf: bool,
    /// How long its start takes.
    pub start_ms: u64,
    /// It keeps a transcript, and the preset knows where.
    pub writes: bool,
    /// The preset knows what its screen shows.
    pub signs: bool,
    /// It takes no prompt in its arguments: the first one is typed too.
    pub is_told_first: bool,
}

pub enum Hooks {
    None,
    /// The preset knows of them, and the agent never runs one.
    Broken,
    Tell,
    HandOver,
}

impl Default for Manner {
    fn default() -> Self {
        Self { hooks: Hooks::Tell, deaf: false, start_ms: 0, writes: false, signs: true, is_told_first: false }
    }
}

const SCREEN: &str = "ready = \"(?m)^❯\"\nbusy = \"esc to stop\"\nwaiting = \"Do you want to\"";

fn stand_in() -> PathBuf {
    let program = Path::new(GT).with_file_name("examples").join("stand_in");
    assert!(program.exists(), "{} is built with the tests", program.display());
    program
}

impl Scene {
    /// A worker `web/toast` that has come to the end of its first turn.
    pub fn new(manner: &Manner) -> Self {
        Self::new_in(TestTown::new(), manner)
    }

    /// The same in a given town that has nothing in it.
    pub fn new_in(town: TestTown, manner: &Manner) -> Self {
        let scene = Self::idle_in(town, manner);
        scene.sling("toast");
        scene.wait_until_told(1);
        scene.wait_until_shown("toast", "fine");
        scene
    }

    /// The town, in which nothing runs yet.
    pub fn idle_town(manner: &Manner) -> Self {
        Self::idle_in(TestTown::new(), manner)
    }

    /// The same in a given town that has nothing in it.
    pub fn idle_in(town: TestTown, manner: &Manner) -> Self {
        let project = town.rig();
        let control = town.sandbox.join("control");
        fs::create_dir(&control).expect("writable");
        let busy = if manner.deaf { "ignores" } else { "queues" };
        let events = match manner.hooks {
            Hooks::None => "{}",
            Hooks::Broken => "{ start = \"A\", prompt = \"B\", tool = \"C\", stop = \"D\" }",
            Hooks::Tell | Hooks::HandOver => {
                "{ start = \"SessionStart\", prompt = \"UserPromptSubmit\", tool = \"PreToolUse\", stop = \"Stop\" }"
            }
        };
        let hand_over = if matches!(manner.hooks, Hooks::HandOver) { "hand_over = \"block\"" } else { "" };
        if manner.writes {
            fs::write(control.join("transcript"), "").expect("writable");
        }
        let transcript = match manner.writes {
            true => format!("format = \"claude\"\npath = \"{}/conver*.jsonl\"", control.display()),
            false => String::new(),
        };
        let text = format!(
            "\nagent = \"stand-in\"\n\n[agents.stand-in]\ntitle = \"stand-in\"\nprogram = \"{program}\"\nat_end = \"waits\"\nprompt = \"{way}\"\n\
             interactive = [\"--control\", \"{control}\", \"--settings\", \"{{run}}/hooks.json\", \"--deaf\", \"{deaf}\", \
             \"--start-ms\", \"{start}\"{prompt}]\n\n\
             [agents.stand-in.screen]\n{screen}\n\n[agents.stand-in.transcript]\n{transcript}\n\n\
             [agents.stand-in.typing]\nwhile_busy = \"{busy}\"\npause_ms = 50\n\n\
             [agents.stand-in.hooks]\nformat = \"claude\"\nfile = \"{{run}}/hooks.json\"\n{hand_over}\nevents = {events}\n",
            program = stand_in().display(),
            control = control.display(),
            deaf = manner.deaf,
            start = manner.start_ms,
            way = if manner.is_told_first { "typed" } else { "argument" },
            prompt = if manner.is_told_first { "" } else { ", \"{prompt}\"" },
            screen = if manner.signs { SCREEN } else { "" },
        );
        let local = town.read("local.toml").unwrap_or_default();
        town.write("local.toml", &(local + &text));
        Self { town, _project: project, control }
    }

    /// Gives a worker something to do; answers the bead.
    pub fn sling(&self, worker: &str) -> String {
        let made = self.town.json(["new", "Some work", "--rig", "web"]);
        let id = made["id"].as_str().expect("an id").to_owned();
        self.town.gt(["sling", &id, &format!("web/{worker}")]).succeeds();
        id
    }

    /// A tick at this time, once nobody else is at one.
    pub fn tick_at(&self, time: &str) {
        wait_until("the right to tick", || {
            let ran = self.town.command(["tick", "--json"]).variable(gt::env::CLOCK, time).run().succeeds();
            ran.data()["busy"] == false
        });
    }

    /// Makes a file that the stand-in looks for.
    pub fn set(&self, name: &str, text: &str) {
        fs::write(self.control.join(name), text).expect("writable");
    }

    /// Removes it.
    pub fn unset(&self, name: &str) {
        fs::remove_file(self.control.join(name)).expect("it is there");
    }

    /// What keys a question got.
    pub fn keys(&self) -> Vec<u8> {
        fs::read(self.control.join("keys")).unwrap_or_default()
    }

    /// What the agents were told, in order, with how: `prompt` or `hook`.
    pub fn told(&self) -> Vec<(String, String)> {
        let text = fs::read_to_string(self.control.join("told.jsonl")).unwrap_or_default();
        let told = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        told.map(|line| (word(&line["via"]), word(&line["text"]))).collect()
    }

    pub fn wait_until_told(&self, count: usize) {
        wait_until("the agent to be told", || self.told().len() >= count);
    }

    pub fn wait_until_shown(&self, worker: &str, what: &str) {
        wait_until("the screen", || self.town.gt(["peek", worker]).stdout.contains(what));
    }

    /// Nudges and answers the message.
    pub fn nudge(&self, arguments: &[&str]) -> Value {
        let ran = self.town.gt([&["nudge", "--json"], arguments].concat());
        ran.data()
    }

    /// The last messages for a worker, the oldest first.
    pub fn messages(&self, worker: &str) -> Vec<Value> {
        let mut all = self.town.json(["nudge", worker]).as_array().cloned().unwrap_or_default();
        all.reverse();
        all
    }

    /// Waits until the only or the last message for a worker is so.
    #[track_caller]
    pub fn wait_for_state(&self, worker: &str, state: &str) -> Value {
        let limit = Instant::now() + Duration::from_secs(90);
        loop {
            let last = self.messages(worker).pop().expect("there is a message");
            if last["state"] == state {
                return last;
            }
            assert!(Instant::now() < limit, "not {state}: {last}\n{}", self.town.gt(["peek", worker]).stdout);
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Waits until a message waits for this reason.
    #[track_caller]
    pub fn wait_for_reason(&self, worker: &str, reason: &str) {
        let found = || {
            self.messages(worker).pop().is_some_and(|last| last["reason"].as_str().unwrap_or_default().contains(reason))
        };
        wait_until(reason, found);
    }

    /// tmux of the town.
    pub fn tmux(&self, words: &[&str]) -> String {
        let socket = fs::read_dir(self.town.root.join(".git/gt/run")).expect("there").flatten();
        let socket = socket.map(|entry| entry.path()).find(|path| path.ends_with("tmux.sock"));
        let socket = socket.unwrap_or_else(|| {
            // At a long path it lies elsewhere; the session knows.
            let session = self.town.json(["polecat", "show", "toast"])["sessions"][0]["session"]
                .as_str()
                .expect("one")
                .to_owned();
            let launch = self.town.read(&format!(".git/gt/run/{session}/launch.toml")).expect("a launch file");
            let launch: toml::Table = launch.parse().expect("TOML");
            launch["tmux_socket"].as_str().expect("a socket").into()
        });
        let output = self.town.program("tmux").arg("-S").arg(socket).args(words).output().expect("tmux runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}
