//! A town for one test, driven through the real binary.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use gt::town::Town;

use super::normalise::Normaliser;
use super::{Invocation, Project, Ran, processes};

/// The binary under test.
pub const GT: &str = env!("CARGO_BIN_EXE_gt");

/// One test's town and everything around it, in one temporary folder.
#[derive(Debug)]
pub struct TestTown {
    /// The temporary folder; everything of the test is below it.
    pub sandbox: PathBuf,
    /// The town's root; it exists once `gt init` has run.
    pub root: PathBuf,
    environment: Vec<(String, String)>,
    keep: bool,
}

/// Chooses how the town of a test is.
#[derive(Debug, Default)]
pub struct Builder {
    clock: Option<String>,
    variables: Vec<(String, String)>,
    cargo: bool,
    behind: Option<String>,
}

impl Builder {
    /// Programs of the test are looked for in these folders too, after its own.
    pub fn behind(mut self, path: &str) -> Self {
        self.behind = Some(path.to_owned());
        self
    }

    /// The clock stands still at this RFC 3339 time.
    pub fn clock(mut self, time: &str) -> Self {
        self.clock = Some(time.to_owned());
        self
    }

    /// One more environment variable for every command of the test.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Gates and agents of the test may call `cargo` and `rustc` of this machine.
    pub fn with_cargo(mut self) -> Self {
        self.cargo = true;
        self
    }

    /// The folders, without a town in them: the test calls `gt init` itself.
    pub fn empty(self) -> TestTown {
        // Short, because a socket's path has at most 108 bytes.
        let sandbox = tempfile::Builder::new().prefix("gt-test-").tempdir().expect("a temporary folder").keep();
        let sandbox = sandbox.canonicalize().expect("it was just made");
        for folder in ["home", "tmp", "bin", "projects"] {
            fs::create_dir(sandbox.join(folder)).expect("the sandbox is writable");
        }
        fs::write(sandbox.join("owner"), std::process::id().to_string()).expect("the sandbox is writable");
        fs::write(sandbox.join("home/.gitconfig"), GIT_CONFIGURATION).expect("the sandbox is writable");
        let environment = self.environment(&sandbox);
        let root = sandbox.join("town");
        TestTown { root, environment, keep: std::env::var_os("KEEP").is_some(), sandbox }
    }

    /// A town made by `gt init`.
    #[track_caller]
    pub fn build(self) -> TestTown {
        let town = self.empty();
        town.command(["init"]).arg(&town.root).current_dir(&town.sandbox).run().succeeds();
        town
    }

    fn environment(self, sandbox: &Path) -> Vec<(String, String)> {
        let own = |folder: &str| sandbox.join(folder).display().to_string();
        let bin = Path::new(GT).parent().expect("a binary lies in a folder").display().to_string();
        let behind = self.behind.as_ref().map(|path| format!("{path}:")).unwrap_or_default();
        let machine = if self.cargo { std::env::var("PATH").unwrap_or_default() } else { SYSTEM_PATH.to_owned() };
        let mut pairs: Vec<(String, String)> = vec![
            ("PATH".into(), format!("{}:{bin}:{behind}{machine}", own("bin"))),
            ("HOME".into(), own("home")),
            ("TMPDIR".into(), own("tmp")),
            ("TMUX_TMPDIR".into(), own("tmp")),
            ("XDG_CONFIG_HOME".into(), own("home/.config")),
            ("GIT_CONFIG_GLOBAL".into(), own("home/.gitconfig")),
            ("GIT_CONFIG_NOSYSTEM".into(), "1".into()),
            ("LANG".into(), "C.UTF-8".into()),
            ("TERM".into(), "xterm-256color".into()),
            ("SHELL".into(), "/bin/sh".into()),
            ("COLUMNS".into(), "100".into()),
            ("NO_COLOR".into(), "1".into()),
        ];
        if self.cargo {
            let home = std::env::var("HOME").unwrap_or_default();
            for (name, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
                let value = std::env::var(name).unwrap_or_else(|_| format!("{home}/{folder}"));
                pairs.push((name.into(), value));
            }
        }
        pairs.extend(self.clock.map(|time| (gt::env::CLOCK.to_owned(), time)));
        pairs.extend(self.variables);
        pairs
    }
}

const SYSTEM_PATH: &str = "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin";

const GIT_CONFIGURATION: &str = "\
[user]
\tname = Ada Person
\temail = ada@example.org
[init]
\tdefaultBranch = main
[protocol \"file\"]
\tallow = always
";

impl TestTown {
    /// A town made by `gt init`, with nothing in it.
    #[track_caller]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// To choose how the town is.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// A town with the rig `web`, whose project is a local repository with `./test.sh` as its gate.
    #[track_caller]
    pub fn with_rig() -> (Self, Project) {
        let town = Self::new();
        let project = town.rig();
        (town, project)
    }

    /// Makes that rig in this town.
    #[track_caller]
    pub fn rig(&self) -> Project {
        let project = self.repo("web");
        self.gt(["rig", "add", "web", project.url(), "--gate", "./test.sh"]).succeeds();
        project
    }

    /// A new small project beside the town.
    pub fn repo(&self, name: &str) -> Project {
        Project::create(self.sandbox.join("projects").join(name), self.environment.clone())
    }

    /// A bare repository beside the town that has what `project` has: a remote that nobody works in.
    pub fn bare_copy(&self, project: &Project, name: &str) -> PathBuf {
        let path = self.sandbox.join("projects").join(name);
        project.git(&["clone", "--quiet", "--bare", ".", path.to_str().expect("test paths are UTF-8")]);
        path
    }

    /// Runs `gt` in the town.
    pub fn gt<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Ran {
        self.command(arguments).run()
    }

    /// Runs `gt ... --json` and returns the `data` of its envelope.
    #[track_caller]
    pub fn json<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> serde_json::Value {
        self.command(arguments).arg("--json").run().succeeds().data()
    }

    /// A `gt` command in the town, to be changed before it runs.
    pub fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Invocation {
        let mut command = self.program(GT);
        command.args(arguments);
        if self.root.is_dir() {
            command.current_dir(&self.root);
        }
        Invocation::of(command)
    }

    /// Any program with the test's environment, in the sandbox.
    pub fn program(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.sandbox).env_clear().envs(self.environment.iter().cloned());
        command
    }

    /// Runs git in the town and returns its trimmed stdout.
    #[track_caller]
    pub fn git(&self, arguments: &[&str]) -> String {
        let output = self.program("git").current_dir(&self.root).args(arguments).output().expect("git is there");
        Ran::new(format!("git {}", arguments.join(" ")), &output).succeeds().stdout.trim_end().to_owned()
    }

    /// Puts the agent script `tests/support/agents/<name>.sh` into the test's PATH as `<name>`, and returns
    /// its path.
    pub fn agent(&self, name: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/support/agents/{name}.sh"));
        let target = self.sandbox.join("bin").join(name);
        fs::copy(source, &target).expect("the agent script exists");
        fs::set_permissions(&target, fs::Permissions::from_mode(0o755)).expect("own file");
        target
    }

    /// Makes the agent script `name` the one that works in this town: a fact of this machine, so the ledger
    /// does not change.
    pub fn work_with(&self, name: &str) {
        let script = self.agent(name).display().to_string();
        self.change_local(|local| {
            local["agent"] = toml_edit::value(name);
            local["agents"][name]["command"] = toml_edit::value(script);
        });
    }

    /// Makes an agent with conversations (`recalls.sh`) the one that works in this town; `work` is what it does, in `sh`.
    pub fn work_with_conversations(&self, work: &str) {
        let script = self.agent("recalls").display().to_string();
        self.change_local(|local| {
            local["agent"] = toml_edit::value("recalls");
            let agent = &mut local["agents"]["recalls"];
            agent["program"] = toml_edit::value(script);
            agent["chooses_session"] = toml_edit::value(true);
            agent["interactive"] = words(&["--new", "{session}", "{prompt}"]);
            agent["resume"] = words(&["--resume", "{session}", "{prompt}"]);
            agent["oneshot"] = words(&["--once", "{prompt}"]);
        });
        fs::write(self.sandbox.join("home/work.sh"), work).expect("writable");
    }

    /// Changes what is set for this machine.
    pub fn change_local(&self, change: impl FnOnce(&mut toml_edit::DocumentMut)) {
        let text = self.read("local.toml").unwrap_or_default();
        let mut local: toml_edit::DocumentMut = text.parse().expect("gt writes local.toml as TOML");
        change(&mut local);
        self.write("local.toml", &local.to_string());
    }

    /// A file of the town; `None` when it is not there.
    pub fn read(&self, file: &str) -> Option<String> {
        fs::read_to_string(self.root.join(file)).ok()
    }

    /// Writes a file of the town, as a person with an editor would.
    pub fn write(&self, file: &str, text: &str) {
        let path = self.root.join(file);
        fs::create_dir_all(path.parent().expect("a file of the town has a folder")).expect("writable");
        fs::write(path, text).expect("writable");
    }

    /// Output with paths and the ids of `prefixes` replaced.
    pub fn normaliser(&self, prefixes: &[&str]) -> Normaliser {
        Normaliser::new(&self.root, &self.sandbox, prefixes)
    }

    /// The processes that belong to this test.
    pub fn processes(&self) -> Vec<processes::Process> {
        processes::under(&self.sandbox)
    }

    /// Saves the town and the projects, to go back to with [`TestTown::restore`]. Nothing may be running.
    #[track_caller]
    pub fn checkpoint(&self) {
        let running = self.processes();
        assert!(running.is_empty(), "a checkpoint while something runs: {running:#?}");
        for (now, saved) in self.saved() {
            self.replace(&saved, &now);
        }
    }

    /// Ends what runs and puts back what [`TestTown::checkpoint`] saved, at the same paths.
    #[track_caller]
    pub fn restore(&self) {
        self.end_everything();
        for (now, saved) in self.saved() {
            self.replace(&now, &saved);
        }
    }

    /// What a checkpoint holds: each folder and its copy.
    fn saved(&self) -> [(PathBuf, PathBuf); 2] {
        let saved = |name: &str| self.sandbox.join("saved").join(name);
        [(self.root.clone(), saved("town")), (self.sandbox.join("projects"), saved("projects"))]
    }

    /// Makes `target` a copy of `source`; when there is no `source`, there is no `target` either.
    fn replace(&self, target: &Path, source: &Path) {
        if target.exists() {
            fs::remove_dir_all(target).expect("own folder");
        }
        if source.exists() {
            fs::create_dir_all(target.parent().expect("a folder in the sandbox")).expect("writable");
            // `cp -a` keeps times, links and permissions, which the standard library does not.
            let copied = self.program("cp").arg("-a").arg(source).arg(target).status().expect("cp is there");
            assert!(copied.success(), "cp -a {} {}", source.display(), target.display());
        }
    }

    /// Ends every process of the test; fails the test when one survives.
    #[track_caller]
    pub fn end_everything(&self) {
        let alive = processes::end_all(&self.sandbox, Duration::from_secs(20));
        assert!(alive.is_empty(), "these processes cannot be ended: {alive:#?}");
    }

    /// Waits until no process of the test is left by itself: what gt started is over.
    #[track_caller]
    pub fn wait_until_quiet(&self, limit: Duration) {
        super::wait_for("everything of the test to end by itself", limit, || self.processes().is_empty().then_some(()));
    }
}

/// A list of texts in TOML.
pub fn words(words: &[&str]) -> toml_edit::Item {
    toml_edit::value(words.iter().copied().collect::<toml_edit::Array>())
}

impl Default for TestTown {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for TestTown {
    fn drop(&mut self) {
        let alive = processes::end_all(&self.sandbox, Duration::from_secs(20));
        if self.keep {
            eprintln!("kept {}", self.sandbox.display());
        } else {
            // What was begun from a terminal does not know the temporary folder of the test.
            if let Ok(outside) = Town::above(&self.root).and_then(|town| town.temporary_dir()) {
                let _ = fs::remove_dir_all(outside);
            }
            let _ = fs::remove_dir_all(&self.sandbox);
        }
        if !std::thread::panicking() {
            assert!(alive.is_empty(), "these processes cannot be ended: {alive:#?}");
            assert!(self.keep || !self.sandbox.exists(), "{} cannot be removed", self.sandbox.display());
        }
    }
}
