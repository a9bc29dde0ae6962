//! What a session is to start, as it stands in its `launch.toml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Confinement, Manners, RuntimeError, RuntimeKind};
use crate::id::SessionId;
use crate::store::write_atomic;

/// Everything that `gt session exec` needs to know. The file may hold secrets, so its mode is 0600.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launch {
    /// The identity of the session.
    pub session: SessionId,
    /// Its name for people, `web/toast`; also the name in tmux.
    pub name: String,
    /// Where it runs.
    pub runtime: RuntimeKind,
    /// The agent and its arguments, the first prompt among them.
    pub argv: Vec<String>,
    /// A first prompt that the agent takes neither as an argument nor as a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typed: Option<FirstPrompt>,
    /// How it is talked to.
    #[serde(default)]
    pub manners: Manners,
    /// The folder that the agent starts in.
    pub cwd: PathBuf,
    /// Where its output is kept.
    pub log: PathBuf,
    /// How long what it started may take to end by itself, in seconds, before it is killed.
    pub grace_seconds: u64,
    /// A command to run, detached, when the session has ended; empty for none.
    #[serde(default)]
    pub on_end: Vec<String>,
    /// When that is run while the agent lives, too; none: only at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pulse: Option<Pulse>,
    /// The socket of the town's tmux server, when it runs there. The runtime sets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tmux_socket: Option<PathBuf>,
    /// The local state of the town, which the session tells what it learns of itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<PathBuf>,
    /// The complete environment of the agent. `GT_SESSION` and `TERM` are added to it.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// The complete environment of `on_end`: that of the person, because it may fetch and push.
    #[serde(default)]
    pub on_end_env: BTreeMap<String, String>,
    /// The sandbox that the agent is put into; none: it may do what the user may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confinement: Option<Confinement>,
}

/// When the command of a session's end is run while its agent lives, so that somebody looks after a town in which nothing
/// else happens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pulse {
    /// How often, in seconds.
    pub seconds: u64,
    /// A file that changes when anybody else does the same; while it is younger than half of that, nothing is run.
    pub unless: PathBuf,
}

/// A prompt that is typed into the agent's terminal once its screen shows that it takes one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstPrompt {
    /// The prompt.
    pub text: String,
    /// A regular expression that finds the sign on the screen; without one, it is typed when the screen rests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<String>,
}

impl Launch {
    /// The name of the file in a run folder.
    pub const FILE: &'static str = "launch.toml";

    /// Reads the launch file of a run folder.
    pub fn read(dir: &Path) -> Result<Self, RuntimeError> {
        let path = dir.join(Self::FILE);
        let text = std::fs::read_to_string(&path).map_err(RuntimeError::io("read", &path))?;
        let launch: Self = toml::from_str(&text).map_err(|error| invalid(&path, error.to_string()))?;
        launch.check(&path)?;
        Ok(launch)
    }

    /// Writes the launch file, durably, and makes the run folder and that of the log if need be.
    pub fn write(&self, dir: &Path) -> Result<(), RuntimeError> {
        let path = dir.join(Self::FILE);
        self.check(&path)?;
        super::folder::make_private_dir(dir)?;
        if let Some(folder) = self.log.parent() {
            super::folder::make_private_dir(folder)?;
        }
        let text = toml::to_string(self).map_err(|error| invalid(&path, error.to_string()))?;
        write_atomic(&path, text.as_bytes(), 0o600).map_err(RuntimeError::io("write", &path))
    }

    fn check(&self, path: &Path) -> Result<(), RuntimeError> {
        let fail = |reason: &str| Err(invalid(path, reason.to_owned()));
        if self.argv.first().is_none_or(String::is_empty) {
            return fail("it names no program");
        }
        if !self.cwd.is_absolute() || !self.log.is_absolute() {
            return fail("its folder and its log need absolute paths");
        }
        let texts = self.argv.iter().chain(&self.on_end);
        let pairs = self.env.iter().chain(&self.on_end_env).flat_map(|(key, value)| [key, value]);
        if texts.chain(pairs).any(|text| text.contains('\0')) {
            return fail("an argument or a variable contains a NUL byte");
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_');
        if self.name.is_empty() || !self.name.chars().all(plain) || self.name.starts_with('-') {
            return fail("its name has other characters than letters, digits, slash, dash and underscore");
        }
        Ok(())
    }
}

fn invalid(path: &Path, reason: String) -> RuntimeError {
    RuntimeError::InvalidLaunch { path: path.to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn launch(argv: Vec<String>, env: BTreeMap<String, String>) -> Launch {
        Launch {
            session: SessionId::random(),
            name: "web/toast".to_owned(),
            runtime: RuntimeKind::Tmux,
            argv,
            typed: None,
            manners: Manners::default(),
            cwd: "/work".into(),
            log: "/logs/a".into(),
            grace_seconds: 5,
            on_end: Vec::new(),
            pulse: None,
            tmux_socket: None,
            state: None,
            env,
            on_end_env: BTreeMap::new(),
            confinement: None,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_is_to_start_is_read_back_byte_for_byte(
            prompt in "[^\\x00]*",
            rest in proptest::collection::vec("[\\n\\r\\t'\"\\\\;#$ ü🦀\\x01\\x1b\\x7fa]{0,20}", 0..4),
            value in "[^\\x00]*",
        ) {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let argv = ["agent".to_owned(), prompt].into_iter().chain(rest).collect();
            let written = launch(argv, [("KEY".to_owned(), value)].into());
            written.write(folder.path()).expect("it is a valid launch");
            prop_assert_eq!(Launch::read(folder.path()).expect("it was written"), written);
        }
    }

    #[test]
    fn what_cannot_be_started_is_refused() {
        let valid = || launch(vec!["agent".to_owned()], BTreeMap::new());
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (broken, reason) in [
            (launch(Vec::new(), BTreeMap::new()), "no program"),
            (launch(vec!["a\0".to_owned()], BTreeMap::new()), "NUL"),
            (Launch { cwd: "work".into(), ..valid() }, "absolute"),
            (Launch { name: "web.toast".to_owned(), ..valid() }, "name"),
            (Launch { name: "web:toast".to_owned(), ..valid() }, "name"),
            (Launch { name: String::new(), ..valid() }, "name"),
        ] {
            let error = broken.write(folder.path()).expect_err(reason);
            assert!(error.to_string().contains(reason), "{error}");
        }
        assert!(!folder.path().join(Launch::FILE).exists());
        std::fs::write(folder.path().join(Launch::FILE), "argv = 3").expect("a writable folder");
        let error = Launch::read(folder.path()).expect_err("it is no launch");
        assert!(error.to_string().contains("launch.toml"), "{error}");
    }
}
