//! How a session ended, as it stands in its `exit` file.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Launch, RuntimeError};
use crate::clock::{self, Timestamp};
use crate::store::write_atomic;

/// Why a session is over. That the agent exited with 0 does not mean that its work is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExitReason {
    /// The agent ended by itself.
    Exited,
    /// Somebody asked the session to end.
    Ended,
    /// Its terminal was closed under it, as by the end of the server that all terminals are of.
    HungUp,
    /// The agent could not be started at all.
    NotStarted,
    /// The session's own process vanished; nobody saw how the agent ended.
    Lost,
}

/// The end of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// Why it is over.
    pub reason: ExitReason,
    /// The exit status of the agent; 127 and 126 when its program is missing or cannot be run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<i32>,
    /// The signal that ended the agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    /// What a person should read, when there is something to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// When the agent was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Timestamp>,
    /// When the session was over.
    pub ended: Timestamp,
    /// Whether the agent ended by itself in under two seconds: it can hardly have done anything.
    #[serde(default)]
    pub early: bool,
    /// How many processes had to be ended after the agent.
    #[serde(default)]
    pub killed: usize,
}

impl Exit {
    /// The name of the file in a run folder.
    pub const FILE: &'static str = "exit";

    /// An end that nothing more is known of.
    pub fn bare(reason: ExitReason, ended: Timestamp) -> Self {
        Self { reason, status: None, signal: None, message: None, started: None, ended, early: false, killed: 0 }
    }

    /// The status as a shell reports it: 128 plus the number for a signal.
    pub fn code(&self) -> Option<i32> {
        self.status.or_else(|| self.signal.map(|signal| 128 + signal))
    }

    /// One line for people: whose session ended, how, and after what time.
    pub fn describe(&self, launch: &Launch) -> String {
        let how = match (&self.message, self.status, self.signal) {
            (Some(message), _, _) => message.clone(),
            (None, Some(status), _) => format!("the agent ended with status {status}"),
            (None, None, Some(signal)) => format!("the agent was ended by signal {signal}"),
            (None, None, None) => "nobody saw how the agent ended".to_owned(),
        };
        let lasted = self
            .started
            .map_or_else(String::new, |started| format!(", after {}", clock::short(clock::since(self.ended, started))));
        format!("{} (session {}): {how}{lasted}", launch.name, launch.session)
    }

    /// The exit file of a run folder; `None` when there is none.
    pub fn read(dir: &Path) -> Option<Self> {
        toml::from_str(&std::fs::read_to_string(dir.join(Self::FILE)).ok()?).ok()
    }

    /// Writes the exit file, durably.
    pub fn write(&self, dir: &Path) -> Result<(), RuntimeError> {
        let path = dir.join(Self::FILE);
        let text = toml::to_string(self).expect("an exit has only plain fields");
        write_atomic(&path, text.as_bytes(), 0o600).map_err(RuntimeError::io("write", &path))
    }
}
