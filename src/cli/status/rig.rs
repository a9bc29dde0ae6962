//! One rig of the picture.

use super::town::counts;
use super::{Branch, Tree, count, told, unknown};
use crate::cli::{Label, Table, Text};
use crate::id::WorkerKind;
use crate::ops::status::{Delivery, Green, Known, Queued, RigFacts, RigPart, Step, WorkerPart};

pub(super) fn heading(rig: &RigPart) -> Text {
    let name = Text::new().name(&rig.name).plain("  ");
    let Some(facts) = &rig.facts else { return name.state("broken") };
    let line = told(&facts.target, |tip| Text::from(format!("{} at ", facts.branch)).id(tip.commit.short()));
    let line = match &facts.target {
        Known::Known(_) => name.join(line).plain("  ").join(told(&facts.gates, green)),
        Known::Unknown { .. } => name.plain(format!("{} is ", facts.branch)).join(line),
    };
    let line = if facts.parked { line.plain("  ").state("parked") } else { line };
    let line = match &facts.paused {
        Some(reason) => line.plain("  queue ").state("paused").faint(format_args!(": {reason}")),
        None => line,
    };
    match facts.target.known() {
        Some(tip) => line.faint(format_args!("  {}", tip.subject)),
        None => line,
    }
}

fn green(gates: &Green) -> Text {
    match gates {
        Green::Green => Text::new().state("green"),
        Green::Red { reason } => Text::new().state("red").faint(format_args!(": {reason}")),
        Green::NotGated => Text::new().faint("not gated yet"),
        Green::NoGates => Text::new().warn("no gates"),
    }
}

pub(super) fn branches(tree: &Tree, rig: &RigPart) -> Vec<Branch> {
    let branch = |label, lines| Branch { label, lines };
    if let Some(reason) = &rig.broken {
        return vec![branch("file", vec![Text::new().bad(reason)])];
    }
    let Some(facts) = &rig.facts else { return Vec::new() };
    vec![
        branch("workers", workers(tree, &facts.workers)),
        branch("crew", crew(tree, &facts.workers)),
        branch("queue", queue(tree, facts)),
        branch("beads", vec![told(&facts.beads, counts)]),
        branch("delivery", delivery(facts)),
    ]
}

/// Those with something to do one by one, the others in one line.
fn workers(tree: &Tree, workers: &[WorkerPart]) -> Vec<Text> {
    let mut table = Table::plain::<5>();
    let (mut free, mut evidence) = (Vec::new(), Vec::new());
    let workers = || workers.iter().filter(|worker| worker.worker.kind == WorkerKind::Polecat);
    for worker in workers() {
        if worker.word == "free" {
            free.push(worker.worker.name.as_str());
            continue;
        }
        let bead = worker.bead.as_ref();
        table.row([
            Text::new().name(&worker.worker.name),
            health(worker.word),
            worker.progress.map(|last| tree.ago(last)).unwrap_or_default(),
            bead.map(|bead| Text::new().id(&bead.id)).unwrap_or_default(),
            bead.map(|bead| Text::new().title(&bead.title)).unwrap_or_default(),
        ]);
        evidence.push(&worker.judgement.evidence);
    }
    let mut lines = tree.lines(table);
    // What is unknown is never shown without its reason.
    let unknown = workers().find(|worker| worker.word == "unknown").filter(|_| !tree.explain);
    if tree.explain {
        let told = evidence.into_iter().map(|evidence| Text::new().faint(format_args!("  {evidence}")));
        lines = lines.into_iter().zip(told).flat_map(|(line, evidence)| [line, evidence]).collect();
    }
    lines.extend(unknown.map(|worker| Text::new().faint(format_args!("  {}", worker.judgement.evidence))));
    if !free.is_empty() {
        lines.push(Text::new().faint(format_args!("{} free: {}", free.len(), free.join(", "))));
    }
    lines
}

/// A person's own: only whether somebody is there.
fn crew(tree: &Tree, workers: &[WorkerPart]) -> Vec<Text> {
    let mut table = Table::plain::<3>();
    for member in workers.iter().filter(|worker| worker.worker.kind == WorkerKind::Crew) {
        let name = Text::new().name(&member.worker.name);
        table.row(match &member.session {
            Some(session) => [name, Text::from(session.agent.as_str()), tree.ago(session.since)],
            None if member.word == "unknown" => [name, Text::new().state(member.word), Text::new()],
            None => [name, Text::new().faint("no session"), Text::new()],
        });
    }
    tree.lines(table)
}

/// A hook whose session ended is to be looked at; a session that ended is not.
fn health(word: &str) -> Text {
    if word == "ended" { Text::new().warn(word) } else { Text::new().state(word) }
}

fn queue(tree: &Tree, facts: &RigFacts) -> Vec<Text> {
    let queue = match &facts.queue {
        Known::Known(queue) => queue,
        Known::Unknown { unknown: why } => return vec![unknown(why)],
    };
    let mut table = Table::plain::<4>().right(0);
    for (place, queued) in queue.iter().enumerate() {
        table.row([
            Text::from((place + 1).to_string()),
            Text::new().id(&queued.id),
            step(tree, queued),
            Text::new().title(&queued.title),
        ]);
    }
    let lines = tree.lines(table);
    if !tree.explain {
        return lines;
    }
    let reason = |queued: &Queued| match &queued.step {
        Step::SetAside { reason } => format!("     {reason}"),
        Step::Offered { branch } => format!("     as {branch}"),
        _ => format!("     {}", queued.why),
    };
    let told = queue.iter().map(|queued| Text::new().faint(reason(queued)));
    lines.into_iter().zip(told).flat_map(|(line, why)| [line, why]).collect()
}

fn step(tree: &Tree, queued: &Queued) -> Text {
    match &queued.step {
        Step::Waits => Text::new().faint("waits"),
        Step::Gating { gate, since } => {
            Text::of(Label::Good, format_args!("gate {gate}")).plain(" ").join(tree.ago(*since))
        }
        Step::Landing => Text::new().state("landing"),
        Step::SetAside { .. } => Text::new().warn("set aside"),
        Step::Offered { .. } => Text::new().good("offered"),
        Step::HeldElsewhere { .. } => Text::new().state("held elsewhere"),
    }
}

fn delivery(facts: &RigFacts) -> Vec<Text> {
    let Some(known) = &facts.delivery else { return Vec::new() };
    let delivery = match known {
        Known::Known(delivery) => delivery,
        Known::Unknown { unknown: why } => return vec![unknown(why)],
    };
    let mut lines = Vec::new();
    // A refinery that is at work is about to deliver.
    if delivery.waiting > 0 && !(facts.refinery_at_work && delivery.why.is_none()) {
        let waits = if delivery.waiting == 1 { "waits" } else { "wait" };
        let line = Text::new().warn(format_args!("{} {waits}", count(delivery.waiting, "commit")));
        lines.push(line.plain(" for ").path(&facts.url));
        lines.push(Text::new().faint(reason(delivery)));
    }
    match delivery.incoming {
        Some(0) => {}
        Some(commits) => lines.push(Text::from(format!("{} of yours come in next", count(commits, "commit")))),
        None => lines.push(Text::from("commits of yours come in next")),
    }
    lines
}

fn reason(delivery: &Delivery) -> String {
    delivery.why.clone().unwrap_or_else(|| "the next pass delivers them".to_owned())
}
