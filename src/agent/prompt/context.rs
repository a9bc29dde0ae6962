//! What templates are filled with: plain values, no rules.

use serde::{Deserialize, Serialize};

/// A worker and its bead, for `prime.md` and `first-prompt.md`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrimeContext {
    /// The worker, `web/toast`.
    pub worker: String,
    /// The rig.
    pub rig: String,
    /// The role of the bead.
    pub role: String,
    /// The branch of the worktree.
    pub branch: String,
    /// The branch that work lands on, as git names it in the worktree: `origin/main`.
    pub target: String,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// How many there may be.
    pub attempts: u32,
    /// The bead.
    pub bead: BeadContext,
    /// The beads that it needs, with what they produced.
    pub needs: Vec<NeedContext>,
    /// How earlier attempts ended, oldest first.
    pub earlier: Vec<AttemptContext>,
    /// Notes, oldest first.
    pub notes: Vec<NoteContext>,
    /// What every worker of the role, the rig and the town should know, in this order.
    pub remembered: Vec<RememberedContext>,
    /// How many such notes there are that are not shown.
    pub remembered_more: usize,
    /// What lies in its mailbox unread.
    pub mail: MailContext,
    /// What must pass before it lands.
    pub gates: Vec<GateContext>,
    /// What is left out for its length; `gt show` has all of it.
    pub more: MoreContext,
    /// The files of the last attempt that could not be merged with the target: the work is to bring both together.
    pub conflict: Vec<String>,
}

/// How many of each are not shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoreContext {
    /// Globs of paths.
    pub touches: usize,
    /// Beads that are needed.
    pub needs: usize,
    /// Earlier attempts, the oldest.
    pub earlier: usize,
    /// Notes, the oldest.
    pub notes: usize,
    /// Gates.
    pub gates: usize,
}

/// A bead.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeadContext {
    /// Its id.
    pub id: String,
    /// One line.
    pub title: String,
    /// Its kind.
    pub kind: String,
    /// 0 to 4.
    pub priority: u8,
    /// What is to be done.
    pub description: String,
    /// How one sees that it is done.
    pub acceptance: String,
    /// Globs of paths that it is expected to change.
    pub touches: Vec<String>,
    /// The epic: id and title.
    pub parent: Option<String>,
    /// What it may cost.
    pub budget: Option<String>,
}

/// A bead that another one needs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeedContext {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The commit that landed for it.
    pub landed: Option<String>,
    /// What it produced without a commit.
    pub result: Option<String>,
}

/// How an earlier attempt ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptContext {
    /// From 1.
    pub number: u32,
    /// In a word: bounced, released, ...
    pub outcome: String,
    /// Who made it.
    pub worker: Option<String>,
    /// Why it ended so; may be the end of a log.
    pub reason: String,
    /// Where the whole log is: a path that the worker can read.
    pub log: Option<String>,
}

/// A note on a bead.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteContext {
    /// Whose it is.
    pub by: String,
    /// When it was made.
    pub at: String,
    /// What it says.
    pub text: String,
}

/// What somebody told `gt` to remember.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RememberedContext {
    /// Its name, by which `gt recall` finds it.
    pub name: String,
    /// Markdown.
    pub text: String,
}

/// What lies in a mailbox unread.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailContext {
    /// The letters, the newest first.
    pub letters: Vec<LetterContext>,
    /// How many more there are that are not shown.
    pub more: usize,
}

/// A letter, without its text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterContext {
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub from: String,
    /// What it is about, one line.
    pub subject: String,
}

/// A gate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateContext {
    /// Its name.
    pub name: String,
    /// Its command.
    pub run: String,
}

/// A crew member, for `crew.md`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrewContext {
    /// Who, `web/ada`.
    pub worker: String,
    /// Its name, `ada`.
    pub name: String,
    /// The rig.
    pub rig: String,
    /// The branch of the worktree.
    pub branch: String,
    /// The branch that work lands on, as git names it in the worktree.
    pub target: String,
    /// What must pass before it lands.
    pub gates: Vec<GateContext>,
    /// How many gates there are that are not shown.
    pub gates_more: usize,
    /// What everybody in the rig and the town should know.
    pub remembered: Vec<RememberedContext>,
    /// How many such notes there are that are not shown.
    pub remembered_more: usize,
    /// What lies in its mailbox unread.
    pub mail: MailContext,
}

/// The mayor's session, for `mayor.md`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MayorContext {
    /// The name of the town.
    pub town: String,
    /// Its rigs.
    pub rigs: Vec<PlanRig>,
    /// How many rigs there are that are not shown.
    pub rigs_more: usize,
    /// What everybody in the town should know.
    pub remembered: Vec<RememberedContext>,
    /// How many such notes there are that are not shown.
    pub remembered_more: usize,
    /// What lies in its mailbox unread.
    pub mail: MailContext,
}

/// A goal and what a planner needs to know, for `plan.md`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanContext {
    /// The goal, never cut.
    pub goal: String,
    /// The rigs that it may be planned in.
    pub rigs: Vec<PlanRig>,
    /// Open beads, one line each: id, state, title.
    pub open_beads: Vec<String>,
    /// The JSON schema that the answer must fit, never cut.
    pub schema: String,
}

/// A rig as a planner sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanRig {
    /// Its name.
    pub name: String,
    /// The branch that work lands on.
    pub branch: String,
    /// The commands of its gates.
    pub gates: Vec<String>,
    /// Paths of its files.
    #[serde(default)]
    pub tree: Vec<String>,
    /// Its README.
    #[serde(default)]
    pub readme: String,
}

/// A role and what it is for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleSummary {
    /// Its name.
    pub name: String,
    /// The first line of its template.
    pub summary: String,
}

/// A plan that could not be used, for `plan-repair.md`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepairContext {
    /// The goal.
    pub goal: String,
    /// What the planner answered.
    pub answer: String,
    /// What is wrong with it.
    pub errors: Vec<String>,
    /// The JSON schema that the answer must fit.
    pub schema: String,
}
