//! A folder with run folders, a tmux socket of its own, and sessions that are ended when it goes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use gt::id::SessionId;
use gt::runtime::{
    Exit, Launch, Observed, Place, Runtime, RuntimeKind, TmuxServer, end, observe, open, wait_until_ended,
};

use crate::support::processes;
use crate::support::{GENEROUS, wait_for};

/// How long nothing of a test should ever take.
pub const SOON: Duration = GENEROUS;

/// One test's place.
pub struct TestPlace {
    folder: tempfile::TempDir,
    /// What the runtimes are made from.
    pub place: Place,
}

impl TestPlace {
    /// An empty place.
    pub fn new() -> Self {
        Self::in_folder(tempfile::Builder::new().prefix("gt-rt-").tempdir().expect("there is room"))
    }

    /// An empty place whose path has everything that shells and tmux read as something else.
    pub fn odd() -> Self {
        Self::in_folder(tempfile::Builder::new().prefix("gt it's #S \"$x\" ;ü ").tempdir().expect("there is room"))
    }

    fn in_folder(folder: tempfile::TempDir) -> Self {
        let town = folder.path().to_owned();
        for dir in ["run", "logs", "work"] {
            std::fs::create_dir(town.join(dir)).expect("the folder is the test's own");
        }
        let place = Place {
            program: PathBuf::from(env!("CARGO_BIN_EXE_gt")),
            tmux_socket: town.join("tmux"),
            tmux_config: town.join("tmux.conf"),
            town,
            pane_died: Vec::new(),
        };
        Self { folder, place }
    }

    /// Its root.
    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    /// A file in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    /// The tmux server of the place.
    pub fn server(&self) -> TmuxServer {
        TmuxServer::at(&self.place.tmux_socket)
    }

    /// What the program tmux answers of that server.
    pub fn tmux(&self, words: &[&str]) -> String {
        let mut command = Command::new("tmux");
        let output = command.arg("-S").arg(&self.place.tmux_socket).args(words).output().expect("tmux is there");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The runtime.
    pub fn runtime(&self, kind: RuntimeKind) -> Box<dyn Runtime> {
        open(kind, &self.place)
    }

    /// The run folder of a session.
    pub fn dir(&self, launch: &Launch) -> PathBuf {
        self.root().join("run").join(launch.session.as_str())
    }

    /// A session that runs a shell script, which gets its session as `$0`.
    pub fn script(&self, name: &str, script: &str) -> Launch {
        self.program(name, &["/bin/sh", "-c", script])
    }

    /// A session that runs a program.
    pub fn program(&self, name: &str, argv: &[&str]) -> Launch {
        let session = SessionId::random();
        let env = [("PATH", "/usr/local/bin:/usr/bin:/bin"), ("OUT", self.root().to_str().expect("a path in UTF-8"))];
        Launch {
            log: self.root().join("logs").join(format!("{session}.log")),
            session,
            name: name.to_owned(),
            runtime: RuntimeKind::Process,
            typed: None,
            manners: gt::runtime::Manners::default(),
            argv: argv.iter().map(|text| (*text).to_owned()).collect(),
            cwd: self.path("work"),
            grace_seconds: 1,
            on_end: Vec::new(),
            pulse: None,
            tmux_socket: None,
            state: None,
            env: env.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
            on_end_env: BTreeMap::new(),
            confinement: None,
        }
    }

    /// Starts a session.
    pub fn start(&self, kind: RuntimeKind, launch: &Launch) -> PathBuf {
        let dir = self.dir(launch);
        self.runtime(kind).start(&dir, launch).unwrap_or_else(|error| panic!("{error}"));
        dir
    }

    /// Waits for a file with something in it.
    pub fn read_soon(&self, name: &str) -> String {
        wait_for(name, SOON, || std::fs::read_to_string(self.path(name)).ok().filter(|text| !text.is_empty()))
    }

    /// Waits until a session has ended.
    pub fn exit_of(&self, dir: &Path) -> Exit {
        match wait_until_ended(dir, SOON) {
            Observed::Ended(exit) => exit,
            other => panic!("the session did not end: {other:?}"),
        }
    }
}

impl Drop for TestPlace {
    fn drop(&mut self) {
        for run in gt::runtime::runs(&self.path("run")).unwrap_or_default() {
            if observe(&run.dir).is_live() {
                let _ = end(&run.dir, Duration::ZERO);
            }
        }
        let left = processes::end_all(self.root(), SOON);
        assert!(left.is_empty() || std::thread::panicking(), "these processes do not end: {left:?}");
    }
}

/// Whether any process carries the marker of a session.
pub fn marked(session: &SessionId) -> Vec<i32> {
    let wanted = format!("GT_SESSION={session}");
    let entries = std::fs::read_dir("/proc").expect("it is there");
    let ids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    ids.filter(|id| {
        let environment = std::fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes())
    })
    .collect()
}

/// Whether a process lives; a zombie does not.
pub fn lives(pid: i32) -> bool {
    gt::store::ProcessId::of(pid).is_some()
}
