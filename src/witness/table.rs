//! The table of healths for `docs/design/health.md`.

use super::{RESTARTS, Thresholds};
use crate::clock::short;

/// One health as the documents show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its word.
    pub health: &'static str,
    /// What is seen.
    pub evidence: &'static str,
    /// How long that must last.
    pub threshold: String,
    /// When the judgement says nothing any more, beside growing stale.
    pub expires: &'static str,
    /// What is done about it.
    pub remedy: String,
}

/// Every health, with these thresholds.
pub fn table(limits: &Thresholds) -> Vec<Row> {
    let row = |health, evidence, threshold: String, expires, remedy: &str| Row {
        health,
        evidence,
        threshold,
        expires,
        remedy: remedy.to_owned(),
    };
    let none = String::new;
    let restarts = format!("restart in place, {RESTARTS} times");
    let reminded = format!("a reminder, and {} later", short(limits.patience));
    vec![
        row("free", "no hook, no live session", none(), "", ""),
        row(
            "starting",
            "a hook and no session yet, a launched session without a process, or a process that has begun nothing",
            format!("below {}, {} and {}", short(limits.absent), short(limits.start), short(limits.gupp)),
            "at the threshold",
            "",
        ),
        row("working", "progress: output, a commit, a changed file", none(), "when stalled", ""),
        row("waiting for input", "the agent asked something", none(), "", &format!("{reminded} escalate")),
        row("waiting for permission", "the agent asks whether it may", none(), "", "escalate"),
        row(
            "limited",
            "the provider names a time",
            none(),
            "at that time",
            "none; an end that it caused is restarted and does not count",
        ),
        row("idle", "the agent stands at its prompt", short(limits.idle), "", &format!("{reminded} escalate")),
        row(
            "gupp",
            "a running session that has begun nothing",
            short(limits.gupp),
            "",
            &format!("{reminded} {restarts}, then escalate"),
        ),
        row("stalled", "no progress", short(limits.stalled), "", &format!("{reminded} {restarts}, then release")),
        row(
            "zombie",
            "a hook whose session has no process",
            format!(
                "none if the process is gone; {} without any session, {} after a launch",
                short(limits.absent),
                short(limits.start)
            ),
            "",
            &format!("{restarts}, then escalate"),
        ),
        row(
            "orphan",
            "a live session without a hook, or of an earlier hooking",
            short(limits.orphan),
            "",
            "end the session",
        ),
        row(
            "ended",
            "a hook whose session wrote its end; it had worked",
            none(),
            "",
            &format!("{restarts}, then release"),
        ),
        row("ended", "the same; it had done nothing", none(), "", &format!("{restarts}, then escalate")),
        row("held elsewhere", "the claim is of another clone", none(), "", "none, ever"),
        row("unknown", "tmux or the run folder did not answer", none(), "", "none, ever"),
    ]
}

/// The table as Markdown.
pub fn render_table(limits: &Thresholds) -> String {
    let mut out = String::from("| health | evidence | threshold | expires | remedy |\n|---|---|---|---|---|\n");
    for row in table(limits) {
        let cells = [row.health, row.evidence, &row.threshold, row.expires, &row.remedy];
        out.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    out
}
