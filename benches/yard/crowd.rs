//! Many workers in terminals, whose agents wait.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use gt::runtime::TmuxServer;

use super::{Yard, times, wait_until};
use crate::timed;

/// One process, measured.
pub struct Process {
    /// How long it took.
    pub took: Duration,
    /// The most memory that was seen, in kB.
    pub memory: u64,
}

/// What all processes of the yard have taken up to now.
pub struct Used {
    /// Time of processors.
    pub cpu: Duration,
    /// Memory of the sessions' own processes, in kB; what they share counts once.
    pub sessions: u64,
    /// Memory of tmux, in kB.
    pub tmux: u64,
}

impl Yard {
    /// From now on workers have terminals, and an agent with hooks that notes when it began and waits.
    pub fn open_terminals(&self, most: usize) {
        let stand_in = Path::new(super::GT).with_file_name("examples").join("stand_in");
        assert!(stand_in.exists(), "{} is built by `make bench`", stand_in.display());
        let script = format!(
            "#!/bin/sh\ndate +%s%N >'{}/agent'\nexec '{}' --control '{0}' \"$@\"\n",
            self.path("").display(),
            stand_in.display()
        );
        let script = self.script(&script).display().to_string();
        let agent = format!(
            "\nagent = \"bench\"\n\n[agents.bench]\ntitle = \"bench\"\nprogram = \"{script}\"\nat_end = \"waits\"\n\
             interactive = [\"--settings\", \"{{run}}/hooks.json\", \"--deaf\", \"false\", \"--start-ms\", \"0\", \
             \"{{prompt}}\"]\n\n[agents.bench.screen]\nready = \"(?m)^❯\"\nbusy = \"esc to stop\"\n\n\
             [agents.bench.typing]\nwhile_busy = \"queues\"\npause_ms = 50\n\n\
             [agents.bench.hooks]\nformat = \"claude\"\nfile = \"{{run}}/hooks.json\"\n\
             events = {{ prompt = \"UserPromptSubmit\", stop = \"Stop\" }}\n"
        );
        let local = self.path("town/local.toml");
        fs::write(&local, fs::read_to_string(&local).unwrap_or_default() + &agent).expect("written");
        let most = (most + 1).to_string();
        for (key, value) in [("runtime", "tmux"), ("auto_merge", "false"), ("capacity", &most)] {
            self.gt(&["config", "set", key, value]);
        }
    }

    /// Slings a bead to a new worker: how long until its agent runs, and what the two parts of it that are not ours
    /// take by themselves.
    pub fn launch(&self, number: usize) -> (Duration, Duration) {
        let made = self.json(&["new", &format!("Bead {number}"), "--rig", "web"]);
        let id = made["id"].as_str().expect("an id").to_owned();
        let _ = fs::remove_file(self.path("agent"));
        let slung = SystemTime::now();
        self.gt(&["sling", &id, "web"]);
        wait_until(|| times(&self.path("agent")).len() == 1);
        let began = times(&self.path("agent"))[0].duration_since(slung).unwrap_or_default();
        (began, self.worktree_add() + self.bare_session())
    }

    fn bare_session(&self) -> Duration {
        let new = ["new-session", "-d", "-s", "bare", "sleep 60"];
        let took = timed(self.tmux().args(new));
        timed(self.tmux().args(["kill-session", "-t", "=bare"]));
        took
    }

    fn socket(&self) -> PathBuf {
        let town = gt::town::Town::named(&self.path("town")).expect("a town");
        town.socket_path("tmux.sock").expect("a path")
    }

    fn tmux(&self) -> Command {
        let mut command = self.command("tmux", ".");
        command.arg("-S").arg(self.socket());
        command
    }

    /// The server of the town.
    pub fn server(&self) -> TmuxServer {
        TmuxServer::at(&self.socket())
    }

    /// How long it takes to ask for each terminal alone.
    pub fn ask_each(&self) -> Duration {
        let panes = self.server().panes().expect("tmux answers");
        let ask = |name: &str| timed(self.tmux().args(["list-panes", "-t", &format!("={name}:")]));
        panes.iter().map(|pane| ask(&pane.name)).sum()
    }

    /// A tick.
    pub fn tick(&self) -> Process {
        let start = Instant::now();
        let mut child = self.command(super::GT, "town").args(["--quiet", "tick"]).spawn().expect("gt starts");
        let status = format!("/proc/{}/status", child.id());
        let mut memory = 0;
        loop {
            let text = fs::read_to_string(&status).unwrap_or_default();
            memory = memory.max(line_of(&text, "VmHWM:"));
            if let Some(ended) = child.try_wait().expect("a child of ours") {
                assert!(ended.success(), "the tick ended with {ended}");
                return Process { took: start.elapsed(), memory };
            }
            std::thread::sleep(Duration::from_micros(300));
        }
    }

    /// A `gt` that does nothing.
    pub fn version(&self) -> Duration {
        self.gt(&["--version"])
    }

    /// How long until a message is proved to be accepted, and until an agent has read the same keys from tmux itself.
    pub fn nudge(&self, runs: usize) -> (Duration, Duration) {
        let panes = self.server().panes().expect("tmux answers");
        let pane = panes.iter().find(|pane| pane.session.is_some()).expect("a session");
        // Its last turn is over.
        let rests = || std::thread::sleep(Duration::from_millis(1_500));
        let told = || fs::read_to_string(self.path("told.jsonl")).unwrap_or_default().lines().count();
        let ours = (0..runs).map(|_| {
            rests();
            self.gt(&["nudge", &pane.name, "go on", "--wait"])
        });
        let ours = crate::median(ours.collect());
        let target = format!("={}:", pane.name);
        let typed = || {
            rests();
            let (before, start) = (told(), Instant::now());
            timed(self.tmux().args(["send-keys", "-t", &target, "go on", "Enter"]));
            wait_until(|| told() > before);
            start.elapsed()
        };
        (ours, crate::median((0..runs).map(|_| typed()).collect()))
    }

    /// What the processes of the town have taken.
    pub fn used(&self) -> Used {
        let mut used = Used { cpu: Duration::ZERO, sessions: 0, tmux: 0 };
        let town = self.path("town").display().to_string();
        let socket = self.socket().display().to_string();
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let file = |name: &str| fs::read_to_string(entry.path().join(name)).unwrap_or_default();
            let line = file("cmdline");
            let (of_session, of_tmux) =
                (line.contains("session\0exec") && line.contains(&town), line.contains(&socket));
            if !of_session && !of_tmux {
                continue;
            }
            let stat = file("stat");
            let fields: Vec<u64> = stat
                .rsplit_once(')')
                .map(|(_, rest)| rest.split_whitespace().map(|field| field.parse().unwrap_or(0)).collect())
                .unwrap_or_default();
            // Time in user and kernel mode, in hundredths of a second.
            used.cpu += Duration::from_millis(10 * (fields.get(11).unwrap_or(&0) + fields.get(12).unwrap_or(&0)));
            let memory = line_of(&file("smaps_rollup"), "Pss:");
            if of_session {
                used.sessions += memory;
            } else {
                used.tmux += memory;
            }
        }
        used
    }
}

/// The number of a line such as `VmHWM:   1234 kB`.
fn line_of(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
