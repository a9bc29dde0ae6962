//! What an agent was started with, and how that differs from another start.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::agent::transcript::Subject;
use crate::clock::{Timestamp, rfc3339};
use crate::runtime::Launch;
use crate::store::{SessionRow, written_at};

/// Arguments that are longer are prompts.
const LONGEST: usize = 200;

/// What an agent was started with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// The agent.
    pub agent: String,
    /// The version of its program, where it tells one.
    pub version: Option<String>,
    /// Its program, behind all links.
    pub program: String,
    /// When that file was written.
    pub written: Option<Timestamp>,
    /// Its arguments, without prompt and ids.
    pub arguments: Vec<String>,
    /// Its `PATH`.
    pub path: String,
    /// Files of settings and credentials, and when each was written; none where there was none.
    pub files: BTreeMap<String, Option<Timestamp>>,
}

impl Facts {
    /// Those of a session, as far as they can still be seen.
    pub fn of(row: &SessionRow, launch: &Launch, subject: &Subject<'_>) -> Self {
        let program = launch.argv.first().map_or("", String::as_str);
        let program = Path::new(program).canonicalize().unwrap_or_else(|_| program.into());
        let conversation = row.with.conversation.as_deref().unwrap_or("\0");
        let told = |argument: &&String| {
            argument.len() <= LONGEST && !argument.contains('\n') && !argument.contains(conversation)
        };
        let plain = |argument: &String| argument.replace(row.id.as_str(), "SESSION");
        let files = subject.settings_files();
        Self {
            agent: row.agent.clone(),
            version: row.with.version.clone(),
            written: written_at(&program),
            program: program.display().to_string(),
            arguments: launch.argv.iter().skip(1).filter(told).map(plain).collect(),
            path: launch.env.get("PATH").cloned().unwrap_or_default(),
            files: files.into_iter().map(|file| (file.display().to_string(), written_at(&file))).collect(),
        }
    }

    /// What differs from `good`, the most telling first, one sentence each.
    pub fn differences(&self, good: &Self) -> Vec<String> {
        let word = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
        let mut told = Vec::new();
        if self.version != good.version {
            told.push(format!("its version is {}, and was {}", word(&self.version), word(&good.version)));
        }
        if self.program != good.program {
            told.push(format!("its program is {}, and was {}", self.program, good.program));
        } else if self.written != good.written && self.version == good.version {
            told.push(format!("its program was written anew at {}", time(self.written)));
        }
        if self.arguments != good.arguments {
            let list = |arguments: &[String]| arguments.join(" ");
            told.push(format!("its arguments are `{}`, and were `{}`", list(&self.arguments), list(&good.arguments)));
        }
        if self.path != good.path {
            told.push(format!("its PATH is {}, and was {}", self.path, good.path));
        }
        for (file, written) in &self.files {
            match (written, good.files.get(file)) {
                (Some(_), Some(before)) if before != written => {
                    told.push(format!("{file} was written at {}", time(*written)));
                }
                (None, Some(Some(_))) => told.push(format!("{file} is gone")),
                _ => {}
            }
        }
        told
    }
}

fn time(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "an unknown time".to_owned(), rfc3339)
}
