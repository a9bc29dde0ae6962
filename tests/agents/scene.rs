//! A town with a project, in which an agent is given a bead.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::endpoint::Endpoint;
use crate::setups::Setup;
use crate::support::{Project, TestTown};

/// How long an agent may take for one thing.
pub const LIMIT: Duration = Duration::from_secs(120);

/// Between two looks: each starts programs, on a machine on which an agent works.
const PAUSE: Duration = Duration::from_millis(200);

/// The folder with one folder for each agent.
pub fn installed() -> PathBuf {
    let folder = std::env::var_os("GT_TEST_AGENTS").expect("`make test-agents` says where they are");
    Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)
}

/// A town for one agent, whose environment and home are as its set-up says.
pub fn town_for(setup: &Setup<'_>, endpoint: &Endpoint) -> TestTown {
    let filled = |text: &str| text.replace("{url}", &endpoint.base());
    let path = format!("{}:{}", installed().join(setup.bin).display(), installed().join("bin").display());
    let mut builder = TestTown::builder().behind(&path);
    for (name, value) in setup.variables {
        builder = builder.variable(name, &filled(value));
    }
    let town = builder.build();
    for (file, text) in setup.files {
        let place = town.sandbox.join("home").join(file);
        std::fs::create_dir_all(place.parent().expect("it has one")).expect("writable");
        std::fs::write(place, filled(text)).expect("writable");
    }
    town
}

/// Waits until `done`; what does not come fails the test with what `shows` says.
#[track_caller]
pub fn wait(what: &str, limit: Duration, shows: impl Fn() -> String, mut done: impl FnMut() -> bool) {
    assert!(within(limit, &mut done), "{what} did not come within {} s\n{}", limit.as_secs(), shows());
}

/// Whether it is `done` within this time.
pub fn within(limit: Duration, mut done: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !done() {
        if start.elapsed() >= limit {
            return false;
        }
        std::thread::sleep(PAUSE);
    }
    true
}

/// Whether a model was asked with this.
pub fn asked(endpoint: &Endpoint, marker: &str) -> bool {
    endpoint.requests().iter().any(|request| request.body.to_string().contains(marker))
}

/// A town with the rig `web`, in which toast works for one agent.
pub struct Scene<'s> {
    pub town: TestTown,
    pub project: Project,
    /// The one bead.
    pub id: String,
    pub setup: &'s Setup<'s>,
}

impl<'s> Scene<'s> {
    /// With a bead that nobody has yet.
    pub fn new(setup: &'s Setup<'s>, endpoint: &Endpoint) -> Self {
        Self::with(setup, endpoint, "./test.sh", &[])
    }

    /// The same with another gate, and with more arguments of `gt new`.
    pub fn with(setup: &'s Setup<'s>, endpoint: &Endpoint, gate: &str, more: &[&str]) -> Self {
        let town = town_for(setup, endpoint);
        let project = town.repo("web");
        town.gt(["rig", "add", "web", project.url(), "--gate", gate]).succeeds();
        let made = town.json([&["new", "Some work", "--rig", "web"], more].concat());
        let id = made["id"].as_str().expect("an id").to_owned();
        Self { town, project, id, setup }
    }

    /// With a bead that the agent was given.
    pub fn begun(setup: &'s Setup<'s>, endpoint: &Endpoint) -> Self {
        let scene = Self::new(setup, endpoint);
        scene.sling(setup.arguments);
        scene
    }

    /// Gives the agent the bead, with these arguments.
    pub fn sling(&self, arguments: &[&str]) {
        let sling = ["sling", &self.id, "web/toast", "--agent", self.setup.agent];
        self.town.gt([&sling, arguments].concat()).succeeds();
    }

    /// Waits for something of the agent; its screen is shown where that does not come.
    #[track_caller]
    pub fn wait(&self, what: &str, limit: Duration, done: impl FnMut() -> bool) {
        wait(what, limit, || self.why(), done);
    }

    /// Waits until the bead is closed.
    #[track_caller]
    pub fn lands(&self, limit: Duration) {
        self.wait("the end of the bead", limit, || self.bead()["status"] == "closed");
    }

    pub fn bead(&self) -> Value {
        self.town.json(["show", &self.id])[0]["result"].clone()
    }

    /// The sessions of toast, newest first.
    pub fn sessions(&self) -> Vec<Value> {
        self.town.json(["polecat", "show", "toast"])["sessions"].as_array().cloned().unwrap_or_default()
    }

    /// What a file holds that landed, in the person's own repository.
    #[track_caller]
    pub fn landed(&self, file: &str) -> String {
        let show = || self.project.run("git", &["show", &format!("main:{file}")]);
        // A landing is delivered after it is recorded.
        self.wait(file, LIMIT, || show().code == Some(0));
        show().stdout.trim_end().to_owned()
    }

    /// What the agent shows.
    pub fn screen(&self) -> String {
        self.town.gt(["peek", "toast"]).stdout
    }

    /// How it stands with the bead, and what its worker shows.
    pub fn why(&self) -> String {
        format!("{}\n{}", self.town.gt(["why", &self.id]).stdout, self.screen())
    }

    /// What toast was told, and what became of it.
    pub fn messages(&self) -> Vec<Value> {
        messages(&self.town, "toast")
    }

    /// Says something to toast and waits until the turn in which it got that is over.
    #[track_caller]
    pub fn says(&self, text: &str) {
        says(&self.town, "toast", text);
    }

    /// Waits until its screen stands still.
    pub fn stands_still(&self) {
        let mut last = (self.screen(), Instant::now());
        self.wait("rest on its screen", LIMIT, || {
            let now = self.screen();
            if now != last.0 {
                last = (now, Instant::now());
            }
            last.1.elapsed() > Duration::from_secs(2)
        });
    }

    /// Ends the worker; nothing of it may be left.
    pub fn stop(&self) {
        self.town.gt(["polecat", "stop", "toast"]).succeeds();
    }
}

/// What somebody was told, and what became of it.
pub fn messages(town: &TestTown, who: &str) -> Vec<Value> {
    town.json(["nudge", who, "--all"]).as_array().cloned().unwrap_or_default()
}

/// Says something and waits until the turn in which it was heard is over.
#[track_caller]
pub fn says(town: &TestTown, who: &str, text: &str) {
    let said = town.json(["nudge", who, text]);
    let state = || messages(town, who).into_iter().find(|one| one["id"] == said["id"]).expect("it is recorded");
    let shows = || format!("{}\n{}", state(), town.gt(["peek", who]).stdout);
    wait("the end of its turn", LIMIT, shows, || state()["state"] == "turn_done");
}

/// Whether a screen shows this; goose sets a slash apart.
pub fn shows(screen: &str, text: &str) -> bool {
    screen.split_whitespace().collect::<String>().contains(&text.replace(' ', ""))
}

/// Types keys into a terminal as a person does.
pub fn types(town: &TestTown, session: &Value, name: &str, keys: &[&str]) {
    let session = session["session"].as_str().expect("its id");
    let launch = town.read(&format!(".git/gt/run/{session}/launch.toml")).expect("a launch file");
    let launch: toml::Table = launch.parse().expect("TOML");
    let socket = launch["tmux_socket"].as_str().expect("a socket");
    let to = format!("={name}:");
    let ran = town.program("tmux").args(["-S", socket, "send-keys", "-t", &to]).args(keys).status();
    assert!(ran.is_ok_and(|status| status.success()), "tmux takes the keys");
}
