//! What a gate said of a tree: one document per tree and definition of the gate.

use serde::{Deserialize, Serialize};

use crate::bead::FileError;
use crate::clock::{Timestamp, rfc3339};
use crate::id::RigName;
use crate::ledger::Document;
use crate::town::{Gate, short_hash};

/// The evidence of one gate on one tree: `gates/<rig>/<first two of the tree>/<tree>-<definition>.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The rig.
    pub rig: RigName,
    /// The tree that lay on the bench, hexadecimal.
    pub tree: String,
    /// Which definition of the gate; see [`definition`].
    pub definition: String,
    /// The name of the gate.
    pub gate: String,
    /// Its command.
    pub command: String,
    /// Whether a failure keeps the tree from landing.
    pub required: bool,
    /// What came of it.
    pub outcome: Outcome,
    /// The exit status; none when it was stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
    /// How long it ran.
    pub milliseconds: u64,
    /// When it ended, RFC 3339 UTC.
    pub at: String,
    /// A commit that has the tree.
    pub commit: String,
    /// Where the whole output is, relative to the runtime folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// The end of the output, of a gate that did not pass.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tail: String,
}

/// What came of a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It ended with 0 and left the tracked files as they were.
    Passed,
    /// It ended with something else.
    Failed,
    /// It did not end within its time.
    TimedOut,
    /// It ended with 0 and had changed tracked files, so that what it passed is not the tree.
    ChangedFiles,
}

impl Evidence {
    /// Whether the gate lets the tree land.
    pub fn passes(&self) -> bool {
        self.outcome == Outcome::Passed || !self.required
    }

    /// One sentence: which gate, how it ended.
    pub fn sentence(&self) -> String {
        let Self { gate, command, milliseconds, .. } = self;
        let seconds = *milliseconds as f64 / 1000.0;
        match (self.outcome, self.exit) {
            (Outcome::Passed, _) => format!("gate {gate} passed in {seconds:.1}s"),
            (Outcome::Failed, Some(exit)) => {
                format!("gate {gate} is red: `{command}` ended with {exit} after {seconds:.1}s")
            }
            (Outcome::Failed, None) => format!("gate {gate} is red: `{command}` was stopped after {seconds:.1}s"),
            (Outcome::TimedOut, _) => format!("gate {gate} is red: `{command}` did not end within {seconds:.0}s"),
            (Outcome::ChangedFiles, _) => format!("gate {gate} is red: `{command}` changed tracked files"),
        }
    }

    /// The path of the document for a tree and a definition.
    pub fn path_of(rig: &RigName, tree: &str, definition: &str) -> String {
        format!("gates/{rig}/{}/{tree}-{definition}.toml", tree.get(..2).unwrap_or(tree))
    }

    /// The time at which it ended, for the document.
    pub fn time(at: Timestamp) -> String {
        rfc3339(at)
    }
}

/// Names what a gate does: another command or other set-up is another definition, and is run anew.
pub fn definition(gate: &Gate, setup: &[String]) -> String {
    let mut text = format!("{}\0{}", gate.name, gate.run);
    for command in setup {
        text.push('\0');
        text.push_str(command);
    }
    format!("{:012x}", short_hash(text.as_bytes()))
}

impl Document for Evidence {
    const FOLDER: &'static str = "gates";

    fn path(&self) -> String {
        Self::path_of(&self.rig, &self.tree, &self.definition)
    }

    fn parse(path: &str, text: &str) -> Result<Self, FileError> {
        toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            FileError { path: path.to_owned(), line, reason: error.message().to_owned() }
        })
    }

    fn render(&self) -> String {
        toml::to_string(self).expect("plain fields are TOML")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence() -> Evidence {
        Evidence {
            rig: "web".parse().expect("valid"),
            tree: "ab".repeat(20),
            definition: definition(&Gate::new("test", "make test"), &[]),
            gate: "test".to_owned(),
            command: "make test".to_owned(),
            required: true,
            outcome: Outcome::Failed,
            exit: Some(2),
            milliseconds: 1_234,
            at: "2026-01-02T03:04:05Z".to_owned(),
            commit: "cd".repeat(20),
            log: Some("logs/gates/web/x.log".to_owned()),
            tail: "error: no\nsecond line\n".to_owned(),
        }
    }

    #[test]
    fn it_survives_its_file() {
        let evidence = evidence();
        assert_eq!(Evidence::parse(&evidence.path(), &evidence.render()), Ok(evidence.clone()));
        assert!(evidence.path().starts_with("gates/web/ab/abab"), "{}", evidence.path());
        assert_eq!(evidence.sentence(), "gate test is red: `make test` ended with 2 after 1.2s");
    }

    #[test]
    fn an_advisory_gate_keeps_nothing_from_landing() {
        assert!(!evidence().passes());
        assert!(Evidence { required: false, ..evidence() }.passes());
        assert!(!Evidence { outcome: Outcome::ChangedFiles, exit: Some(0), ..evidence() }.passes());
    }

    #[test]
    fn another_command_or_set_up_is_another_definition() {
        let gate = Gate::new("test", "make test");
        assert_ne!(definition(&gate, &[]), definition(&Gate::new("test", "make check"), &[]));
        assert_ne!(definition(&gate, &[]), definition(&gate, &["npm ci".to_owned()]));
    }
}
