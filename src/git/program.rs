//! The real git program in one folder, with an environment that no caller can bend.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use super::error::{Failed, GitError, tail};
use super::timed;

/// Variables that would point git at another repository, index or configuration than the one meant.
/// The first part is what `git rev-parse --local-env-vars` names.
const SCRUBBED: &[&str] = &[
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
    "GIT_ATTR_SOURCE",
    "GIT_CEILING_DIRECTORIES",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    "GIT_EXTERNAL_DIFF",
    "GIT_GLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
    "GIT_LITERAL_PATHSPECS",
    "GIT_NAMESPACE",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_QUARANTINE_PATH",
    "GIT_REFLOG_ACTION",
];

/// Runs git in one folder. By default the folder itself is the repository or worktree: git never looks for
/// one above it, because above a broken worktree lies the ledger.
#[derive(Debug, Clone)]
pub struct Git {
    dir: PathBuf,
    git_dir: Option<PathBuf>,
    look_above: bool,
    settings: Vec<String>,
    variables: Vec<(OsString, OsString)>,
    limit: Option<Duration>,
}

/// What a command said and how it ended.
#[derive(Debug, Clone)]
pub struct GitOutput {
    /// How it ended.
    pub status: ExitStatus,
    /// All of its stdout.
    pub stdout: Vec<u8>,
    /// All of its stderr.
    pub stderr: Vec<u8>,
}

impl GitOutput {
    /// Whether it ended with 0.
    pub fn ok(&self) -> bool {
        self.status.success()
    }

    /// Its exit status; none when a signal ended it.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Stdout as text without the white space around it.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).trim().to_owned()
    }

    /// The last lines of stderr.
    pub fn complaint(&self) -> String {
        tail(&self.stderr)
    }
}

impl From<Output> for GitOutput {
    fn from(output: Output) -> Self {
        Self { status: output.status, stdout: output.stdout, stderr: output.stderr }
    }
}

impl Git {
    /// Git in the repository or worktree at `dir`; a repository above it is never used.
    pub fn at(dir: impl AsRef<Path>) -> Self {
        let dir = dir.as_ref();
        let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
        Self { dir, git_dir: None, look_above: false, settings: Vec::new(), variables: Vec::new(), limit: None }
    }

    /// Git on the repository whose git folder is `git_dir`, whatever `safe.bareRepository` says.
    pub fn on(git_dir: impl AsRef<Path>) -> Self {
        let mut git = Self::at(git_dir);
        git.git_dir = Some(git.dir.clone());
        git
    }

    /// The same, but a repository above the folder may be found, as when a person types git.
    #[must_use]
    pub fn looking_above(mut self) -> Self {
        self.look_above = true;
        self
    }

    /// The same with `key` set to `value` for its commands (`git -c`).
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.settings.push(format!("{key}={value}"));
        self
    }

    /// The same with an environment variable for its commands.
    #[must_use]
    pub fn variable(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.variables.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// The same with a time limit: at its end the command and all it started are killed. Git then never
    /// asks anything, as nobody could answer in time.
    #[must_use]
    pub fn within(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.limit = limit.into();
        self
    }

    /// The folder that it runs in.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Runs a command that must succeed.
    ///
    /// # Errors
    /// When git cannot be started, runs too long or ends with an error.
    pub fn run<S: AsRef<OsStr>>(&self, args: &[S]) -> Result<String, GitError> {
        Ok(self.bytes(args, None)?.text())
    }

    /// Runs a command that must succeed and reads `input` from its stdin.
    ///
    /// # Errors
    /// When git cannot be started, runs too long or ends with an error.
    pub fn run_with_input<S: AsRef<OsStr>>(&self, args: &[S], input: &[u8]) -> Result<String, GitError> {
        Ok(self.bytes(args, Some(input))?.text())
    }

    /// Runs a command that must succeed; its stdout untouched, for `-z` formats.
    ///
    /// # Errors
    /// When git cannot be started, runs too long or ends with an error.
    pub fn raw<S: AsRef<OsStr>>(&self, args: &[S]) -> Result<Vec<u8>, GitError> {
        Ok(self.bytes(args, None)?.stdout)
    }

    /// Runs a command; any exit status is an answer.
    ///
    /// # Errors
    /// When git cannot be started or runs too long.
    pub fn output<S: AsRef<OsStr>>(&self, args: &[S]) -> Result<GitOutput, GitError> {
        self.execute(args, None)
    }

    /// Runs a command that reads `input` from its stdin; any exit status is an answer.
    ///
    /// # Errors
    /// When git cannot be started or runs too long.
    pub fn output_with_input<S: AsRef<OsStr>>(&self, args: &[S], input: &[u8]) -> Result<GitOutput, GitError> {
        self.execute(args, Some(input))
    }

    /// The error that says that `args` ended as `output` shows.
    pub(super) fn failure<S: AsRef<OsStr>>(&self, args: &[S], output: &GitOutput) -> GitError {
        GitError::Failed(Box::new(Failed {
            command: spell(args),
            dir: self.dir.clone(),
            status: output.code(),
            stderr: output.complaint(),
        }))
    }

    fn bytes<S: AsRef<OsStr>>(&self, args: &[S], input: Option<&[u8]>) -> Result<GitOutput, GitError> {
        let output = self.execute(args, input)?;
        if output.ok() { Ok(output) } else { Err(self.failure(args, &output)) }
    }

    fn execute<S: AsRef<OsStr>>(&self, args: &[S], input: Option<&[u8]>) -> Result<GitOutput, GitError> {
        let mut command = self.command();
        command.args(args);
        command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = match self.limit {
            None => finish(self.spawn(&mut command)?, input),
            Some(limit) => {
                timed::own_group(&mut command);
                match timed::finish(self.spawn(&mut command)?, input, limit) {
                    Ok(Some(output)) => Ok(output),
                    Ok(None) => return Err(GitError::TimedOut { command: spell(args), dir: self.dir.clone(), limit }),
                    Err(error) => Err(error),
                }
            }
        };
        output.map(GitOutput::from).map_err(|source| GitError::Start { dir: self.dir.clone(), source })
    }

    fn spawn(&self, command: &mut Command) -> Result<Child, GitError> {
        command.spawn().map_err(|source| {
            if !self.dir.is_dir() {
                GitError::NoFolder { dir: self.dir.clone() }
            } else if source.kind() == io::ErrorKind::NotFound {
                GitError::NotInstalled
            } else {
                GitError::Start { dir: self.dir.clone(), source }
            }
        })
    }

    fn command(&self) -> Command {
        let mut command = Command::new("git");
        command.current_dir(&self.dir);
        for name in SCRUBBED {
            command.env_remove(name);
        }
        command.env("LC_ALL", "C").env("GIT_OPTIONAL_LOCKS", "0");
        if self.limit.is_some() || !rustix::termios::isatty(io::stderr()) {
            command.env("GIT_TERMINAL_PROMPT", "0");
        }
        if let Some(git_dir) = &self.git_dir {
            command.env("GIT_DIR", git_dir);
        } else if let (false, Some(parent)) = (self.look_above, self.dir.parent()) {
            command.env("GIT_CEILING_DIRECTORIES", parent);
        }
        #[cfg(test)]
        command.envs(super::testing::VARIABLES.iter().copied());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        for setting in &self.settings {
            command.arg("-c").arg(setting);
        }
        command
    }
}

fn finish(mut child: Child, input: Option<&[u8]>) -> io::Result<Output> {
    let Some(input) = input else { return child.wait_with_output() };
    let mut stdin = child.stdin.take().expect("stdin is piped when there is input");
    std::thread::scope(|scope| {
        // A command that does not read all of its input says so by its exit status, not by a broken pipe.
        scope.spawn(move || stdin.write_all(input).is_ok());
        child.wait_with_output()
    })
}

fn spell<S: AsRef<OsStr>>(args: &[S]) -> String {
    let mut text = String::from("git");
    for arg in args {
        text.push(' ');
        text.push_str(&arg.as_ref().to_string_lossy());
    }
    text
}

/// The version of a git program, such as 2.39.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32, pub u32, pub u32);

/// The oldest git that can merge in memory.
pub const OLDEST: Version = Version(2, 38, 0);

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

impl Version {
    /// Reads the answer of `git --version`, with whatever a vendor added to it.
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.trim().strip_prefix("git version ")?.split(['.', ' ', '-']);
        let mut next = || numbers.next().and_then(|part| part.parse::<u32>().ok());
        Some(Self(next()?, next()?, next().unwrap_or(0)))
    }
}

/// The version of the installed git, asked once per process.
///
/// # Errors
/// When there is none, or it is older than [`OLDEST`].
pub fn version() -> Result<Version, GitError> {
    static FOUND: OnceLock<Version> = OnceLock::new();
    if let Some(version) = FOUND.get() {
        return Ok(*version);
    }
    let text = Git::at("/").run(&["--version"])?;
    match Version::parse(&text) {
        Some(version) if version >= OLDEST => Ok(*FOUND.get_or_init(|| version)),
        _ => Err(GitError::TooOld { found: text }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_vendors_are_understood() {
        for (text, wanted) in [
            ("git version 2.39.5", Some(Version(2, 39, 5))),
            ("git version 2.39.5 (Apple Git-154)", Some(Version(2, 39, 5))),
            ("git version 2.43.0.windows.1", Some(Version(2, 43, 0))),
            ("git version 2.50-rc1", Some(Version(2, 50, 0))),
            ("tig 2.5", None),
        ] {
            assert_eq!(Version::parse(text), wanted, "{text}");
        }
        assert!(Version(2, 34, 1) < OLDEST && version().expect("git is installed") >= OLDEST);
    }

    #[test]
    fn a_failure_names_command_folder_and_reason() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let error = Git::at(dir.path()).run(&["rev-parse", "HEAD"]).expect_err("not a repository");
        let text = error.to_string();
        assert_eq!(error.status(), Some(128));
        assert!(text.contains("git rev-parse HEAD") && text.contains("not a git repository"), "{text}");
        assert!(text.contains(&dir.path().display().to_string()), "{text}");
    }

    #[test]
    fn a_repository_above_is_found_only_on_request() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        Git::at(dir.path()).run(&["init", "-q"]).expect("init");
        let below = dir.path().join("below");
        std::fs::create_dir(&below).expect("a folder");
        assert!(Git::at(&below).run(&["rev-parse", "--git-dir"]).is_err());
        assert!(Git::at(&below).looking_above().run(&["rev-parse", "--git-dir"]).is_ok());
    }

    #[test]
    fn a_missing_folder_is_not_taken_for_a_missing_git() {
        let error = Git::at("/nonexistent/folder").run(&["--version"]).expect_err("no folder");
        assert!(matches!(error, GitError::NoFolder { .. }), "{error}");
    }

    #[test]
    fn large_input_and_output_do_not_block() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        Git::at(dir.path()).run(&["init", "-q"]).expect("init");
        let lines = "some line of text\n".repeat(200_000);
        for git in [Git::at(dir.path()), Git::at(dir.path()).within(Duration::from_secs(60))] {
            let answer = git.run_with_input(&["stripspace"], lines.as_bytes()).expect("stripspace");
            assert_eq!(answer.len() + 1, lines.len());
        }
    }

    #[test]
    fn a_command_that_hangs_is_ended_with_its_children() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let marker = dir.path().join("pid");
        let hang = format!("!sh -c 'sleep 600 & echo $! >{}; wait'", marker.display());
        let git = Git::at(dir.path()).with("alias.hang", &hang).within(Duration::from_millis(700));
        let error = git.run(&["hang"]).expect_err("it hangs");
        assert!(matches!(error, GitError::TimedOut { .. }), "{error}");
        let pid: i32 = std::fs::read_to_string(&marker).expect("it ran").trim().parse().expect("a pid");
        let pid = rustix::process::Pid::from_raw(pid).expect("not zero");
        assert!(timed::gone(pid, Duration::from_secs(10)), "the child survived");
    }
}
