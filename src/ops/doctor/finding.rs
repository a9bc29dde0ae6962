//! What a check found.

use serde::Serialize;

use super::remedy::Remedy;
use crate::error::Failure;

/// What came of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is about: `machine`, `town`, `beads`, `workers`, or a rig as `rig web`.
    pub area: String,
    /// The name of the check.
    pub check: &'static str,
    /// How it ended.
    pub verdict: Verdict,
    /// What was found, one sentence without a full stop.
    pub what: String,
    /// What to do about it.
    pub next: Vec<String>,
    /// Whether `gt doctor --fix` does something about it.
    pub mendable: bool,
    /// What it does.
    #[serde(skip)]
    pub(super) remedy: Option<Remedy>,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Work goes on, and somebody should look.
    Warning,
    /// Something does not work, or may not.
    Problem,
}

impl Verdict {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

impl Finding {
    /// The same with a next step.
    pub(super) fn next(mut self, step: impl Into<String>) -> Self {
        self.next.push(step.into());
        self
    }

    /// The same, to be mended so.
    pub(super) fn mended_by(mut self, remedy: Remedy) -> Self {
        self.mendable = true;
        self.remedy = Some(remedy);
        self
    }
}

/// The findings about one area.
pub(super) struct Sheet {
    area: String,
    findings: Vec<Finding>,
}

impl Sheet {
    pub fn new(area: impl Into<String>) -> Self {
        Self { area: area.into(), findings: Vec::new() }
    }

    pub fn ok(&mut self, check: &'static str, what: impl Into<String>) {
        let finding = self.make(check, Verdict::Ok, what);
        self.findings.push(finding);
    }

    pub fn warn(&mut self, check: &'static str, what: impl Into<String>, more: impl FnOnce(Finding) -> Finding) {
        let finding = more(self.make(check, Verdict::Warning, what));
        self.findings.push(finding);
    }

    pub fn problem(&mut self, check: &'static str, what: impl Into<String>, more: impl FnOnce(Finding) -> Finding) {
        let finding = more(self.make(check, Verdict::Problem, what));
        self.findings.push(finding);
    }

    /// A check that could not be made.
    pub fn failed(&mut self, check: &'static str, failure: &Failure) {
        let next = failure.hints.clone();
        self.problem(check, failure.full_message(), |finding| Finding { next, ..finding });
    }

    /// The good news, when nothing else was said about `check`.
    pub fn else_ok(&mut self, check: &'static str, what: impl Into<String>) {
        if !self.findings.iter().any(|finding| finding.check == check) {
            self.ok(check, what);
        }
    }

    pub fn findings(self) -> Vec<Finding> {
        self.findings
    }

    fn make(&self, check: &'static str, verdict: Verdict, what: impl Into<String>) -> Finding {
        let (area, next) = (self.area.clone(), Vec::new());
        Finding { area, check, verdict, what: what.into(), next, mendable: false, remedy: None }
    }
}

/// Leaves out what only repeats an earlier problem, as when every check that needs the settings stumbles over the same
/// line of them.
pub(super) fn told_once(findings: Vec<Finding>) -> Vec<Finding> {
    let mut told: Vec<Finding> = Vec::new();
    for finding in findings {
        let repeats =
            |before: &Finding| before.verdict == Verdict::Problem && finding.what.contains(before.what.as_str());
        if finding.remedy.is_some() || finding.verdict == Verdict::Ok || !told.iter().any(repeats) {
            told.push(finding);
        }
    }
    told
}

/// The first few of many, and how many more there are.
pub(super) fn some<T: std::fmt::Display>(all: &[T]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<String> = all.iter().take(SHOWN).map(ToString::to_string).collect();
    match all.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// `1 file`, `2 files`.
pub(super) fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}
