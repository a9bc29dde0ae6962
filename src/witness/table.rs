//! The table of healths for `docs/design/health.md`.

use super::Thresholds;
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
    let mut rows = without_remedy(limits);
    rows.extend(with_a_session(limits));
    rows.extend(without_a_session(limits));
    rows
}

fn row(health: &'static str, evidence: &'static str) -> Row {
    Row { health, evidence, threshold: String::new(), expires: "", remedy: "none".to_owned() }
}

fn without_remedy(limits: &Thresholds) -> Vec<Row> {
    let below = format!("below {}, {} and {}", short(limits.absent), short(limits.start), short(limits.gupp));
    let starting = "a hook and no session yet; or a launched session without a process; or one that has begun nothing";
    let limited = "none; an end that it caused is followed by a restart, which does not count";
    vec![
        row("free", "no hook, no live session"),
        Row { threshold: below, expires: "at the threshold", ..row("starting", starting) },
        Row {
            expires: "when stalled",
            ..row("working", "progress: output, a commit, a changed file, a hook, an entry of the transcript")
        },
        Row { expires: "at that time", remedy: limited.to_owned(), ..row("limited", "the provider names a time") },
        row("held elsewhere", "the claim is of another clone"),
        row("unknown", "tmux or the run folder did not answer"),
    ]
}

fn with_a_session(limits: &Thresholds) -> Vec<Row> {
    let remind = |then: &str| format!("a reminder, {} later {then}", short(limits.patience));
    let restart = |then: &str| remind(&format!("restart in place, {} times, then {then}", limits.restarts));
    let timed = |limit, remedy, row| Row { threshold: short(limit), remedy, ..row };
    vec![
        Row { remedy: remind("escalate"), ..row("waiting for input", "the agent asked something") },
        Row { remedy: "escalate".to_owned(), ..row("waiting for permission", "the agent asks whether it may") },
        timed(
            limits.overtime,
            remind("escalate"),
            row("working", "busy with one attempt, or the bead's budget used up"),
        ),
        Row {
            remedy: format!("handed on to a fresh session, {} times, then escalate", limits.handoffs),
            ..row("out of context", "the last call failed because the conversation is too long, and none followed")
        },
        Row {
            threshold: format!("below {}", short(limits.tool)),
            expires: "at the threshold",
            ..row("working", "a tool runs, by hooks or transcript, and nothing else moves")
        },
        timed(limits.idle, remind("escalate"), row("idle", "the agent stands at its prompt")),
        timed(limits.gupp, restart("escalate"), row("gupp", "a running session that has begun nothing")),
        timed(limits.stalled, restart("release"), row("stalled", "no progress")),
        Row {
            remedy: format!("continued {} later; stopped again within an hour: escalate", short(limits.patience)),
            ..row("stalled", "its process is stopped by a signal")
        },
        timed(
            limits.stalled,
            "escalate".to_owned(),
            row("stalled", "no progress, and its process waits in the kernel"),
        ),
        timed(
            limits.orphan,
            "end the session".to_owned(),
            row("orphan", "a live session without a hook; at once if it is of an earlier hooking"),
        ),
    ]
}

fn without_a_session(limits: &Thresholds) -> Vec<Row> {
    let restart = |then: &str| format!("restart in place, {} times, then {then}", limits.restarts);
    let zombie = format!(
        "none if the process or the worktree is gone; {} without any session; {} after a launch",
        short(limits.absent),
        short(limits.start)
    );
    let ended = "a hook whose session wrote its end, having worked";
    let stillborn = "a hook whose session wrote its end, having done nothing";
    vec![
        Row {
            threshold: zombie,
            remedy: restart("escalate"),
            ..row("zombie", "a hook whose session has no process, or no worktree")
        },
        Row { remedy: restart("release"), ..row("ended", ended) },
        Row { remedy: restart("escalate"), ..row("ended", stillborn) },
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
