//! What a gate said of a tree: one document per tree and definition of the gate.

use serde::{Deserialize, Serialize};

use super::{Subject, Verdict};
use crate::bead::FileError;
use crate::clock::{Timestamp, rfc3339};
use crate::id::{BeadId, RigName};
use crate::ledger::Document;
use crate::town::{Gate, Phase, Rig, Seconds, short_hash};

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
    /// What came of it; of several tries, of the last.
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
    /// The beads in the tree that were not in the target; none of the target itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beads: Vec<BeadId>,
    /// Where the whole output is, relative to the runtime folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// The end of the output, of a gate that did not pass.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tail: String,
    /// Each try, when there were several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tries: Vec<Try>,
}

/// One of several runs of a gate on the same tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Try {
    /// What came of it.
    pub outcome: Outcome,
    /// The exit status; none when it was stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
    /// How long it ran.
    pub milliseconds: u64,
    /// Where the whole output is, relative to the runtime folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
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
    /// It used more memory than it may.
    OutOfMemory,
    /// It ended with 0 and had changed tracked files, so that what it passed is not the tree.
    ChangedFiles,
}

impl Evidence {
    /// Whether the tree passed the gate.
    pub fn passed(&self) -> bool {
        self.outcome == Outcome::Passed
    }

    /// Whether it passed only when it was tried again.
    pub fn is_flaky(&self) -> bool {
        self.passed() && self.tries.len() > 1
    }

    /// One sentence: which gate, how it ended.
    pub fn sentence(&self) -> String {
        let Self { gate, command, milliseconds, .. } = self;
        let seconds = *milliseconds as f64 / 1000.0;
        let mut text = match (self.outcome, self.exit) {
            (Outcome::Passed, _) => format!("gate {gate} passed in {seconds:.1}s"),
            (Outcome::Failed, Some(exit)) => {
                format!("gate {gate} is red: `{command}` ended with {exit} after {seconds:.1}s")
            }
            (Outcome::Failed, None) => format!("gate {gate} is red: `{command}` was stopped after {seconds:.1}s"),
            (Outcome::TimedOut, _) => format!("gate {gate} is red: `{command}` did not end within {seconds:.0}s"),
            (Outcome::OutOfMemory, _) => format!("gate {gate} is red: `{command}` used more memory than it may"),
            (Outcome::ChangedFiles, _) => format!("gate {gate} is red: `{command}` changed tracked files"),
        };
        if self.tries.len() > 1 {
            text.push_str(&format!(", on try {}", self.tries.len()));
        }
        text
    }

    /// What it says about whether the tree may land.
    pub fn verdict(&self) -> Verdict {
        if self.passed() {
            return Verdict::Green;
        }
        let at = self.at.parse().unwrap_or(Timestamp::UNIX_EPOCH);
        Verdict::Red { reason: self.sentence(), log: self.log.clone(), at }
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

/// Names everything of a gate that could change what it says of a tree: whoever changes one of these wants it to run
/// anew. That is the command with its environment, what it may use (`limit` as it is in force, memory, tries) and
/// what lies on the bench beside the tree (set-up, copied and linked files). Whether it is required and what runs
/// beside it is not part of it. In the phase before, the gate may look at the commits and not only at their tree, so
/// the commit counts as well.
pub fn definition(gate: &Gate, rig: &Rig, limit: Seconds, subject: &Subject) -> String {
    let mut parts = vec![gate.name.clone(), gate.run.clone(), limit.to_string(), gate.retries.to_string()];
    parts.push(gate.memory.map_or_else(String::new, |memory| memory.to_string()));
    parts.extend(gate.env.iter().flat_map(|(name, value)| [name.clone(), value.clone()]));
    for list in [&rig.setup, &rig.setup_inputs, &rig.copy, &rig.link] {
        parts.push(list.len().to_string());
        parts.extend(list.iter().cloned());
    }
    if subject.phase == Phase::Before {
        parts.push(subject.id.clone());
    }
    format!("{:012x}", short_hash(parts.join("\0").as_bytes()))
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

    fn rig() -> Rig {
        Rig::new("web".parse().expect("valid"), "web".parse().expect("valid"), "/nowhere", "main")
    }

    fn definition_of(gate: &Gate, rig: &Rig) -> String {
        definition(gate, rig, gate.limit.unwrap_or(Seconds(600)), &Subject::tree(&"ab".repeat(20)))
    }

    fn evidence() -> Evidence {
        Evidence {
            rig: "web".parse().expect("valid"),
            tree: "ab".repeat(20),
            definition: definition_of(&Gate::new("test", "make test"), &rig()),
            gate: "test".to_owned(),
            command: "make test".to_owned(),
            required: true,
            outcome: Outcome::Failed,
            exit: Some(2),
            milliseconds: 1_234,
            at: "2026-01-02T03:04:05Z".to_owned(),
            commit: "cd".repeat(20),
            beads: vec!["web-aaaa".parse().expect("valid")],
            log: Some("logs/gates/web/x.log".to_owned()),
            tail: "error: no\nsecond line\n".to_owned(),
            tries: Vec::new(),
        }
    }

    #[test]
    fn it_survives_its_file() {
        let one = Try { outcome: Outcome::TimedOut, exit: None, milliseconds: 7, log: None };
        for evidence in [evidence(), Evidence { tries: vec![one.clone(), one], ..evidence() }] {
            assert_eq!(Evidence::parse(&evidence.path(), &evidence.render()), Ok(evidence.clone()));
        }
        assert!(evidence().path().starts_with("gates/web/ab/abab"), "{}", evidence().path());
        assert_eq!(evidence().sentence(), "gate test is red: `make test` ended with 2 after 1.2s");
    }

    #[test]
    fn a_pass_on_the_second_try_is_flaky() {
        let one = |outcome| Try { outcome, exit: None, milliseconds: 1, log: None };
        let tries = vec![one(Outcome::Failed), one(Outcome::Passed)];
        let flaky = Evidence { outcome: Outcome::Passed, tries, ..evidence() };
        assert!(flaky.is_flaky() && flaky.verdict() == Verdict::Green && !evidence().is_flaky());
        assert_eq!(flaky.sentence(), "gate test passed in 1.2s, on try 2");
    }

    #[test]
    fn what_changes_the_meaning_is_another_definition_and_nothing_else_is() {
        let (gate, rig) = (Gate::new("test", "make test"), rig());
        let same = definition_of(&gate, &rig);
        let env = |name: &str, value: &str| [(name.to_owned(), value.to_owned())].into();
        let others = [
            Gate { run: "make check".to_owned(), ..gate.clone() },
            Gate { env: env("CI", "1"), ..gate.clone() },
            Gate { env: env("CI1", ""), ..gate.clone() },
            Gate { limit: Some(Seconds(1_200)), ..gate.clone() },
            Gate { retries: 1, ..gate.clone() },
            Gate { memory: Some(100), ..gate.clone() },
        ];
        let mut all: Vec<String> = others.iter().map(|other| definition_of(other, &rig)).collect();
        let list = || vec!["npm ci".to_owned()];
        let changed = |change: &dyn Fn(&mut Rig)| {
            let mut other = rig.clone();
            change(&mut other);
            other
        };
        let rigs = [
            changed(&|rig| rig.setup = list()),
            changed(&|rig| rig.setup_inputs = list()),
            changed(&|rig| rig.copy = list()),
            changed(&|rig| rig.link = list()),
        ];
        all.extend(rigs.iter().map(|other| definition_of(&gate, other)));
        all.push(definition(&gate, &rig, Seconds(600), &Subject::commit(&"ab".repeat(20))));
        all.push(same.clone());
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
        let alike = Gate { required: false, parallel: true, limit: Some(Seconds(600)), ..gate };
        assert_eq!(definition_of(&alike, &changed(&|rig| rig.keep = list())), same);
    }
}
