//! What is the town's own, and what to do next.

use super::{Branch, Tree, count, told, unknown};
use crate::bead::word;
use crate::cli::{Label, Table, Text, Ui};
use crate::mail::Severity;
use crate::ops::ledger::kind_word;
use crate::ops::status::{ConvoyPart, Counts, Escalation, Known, Picture, RigFacts, TownPart, WorkerPart};

/// How many lines of a kind are shown; `--json` has all of them.
const SHOWN: usize = 8;

pub(super) fn heading(town: &TownPart) -> Text {
    let line = Text::new().name(&town.name).plain("  ").path(town.root.display()).plain("  ");
    line.join(told(&town.tip, |tip| Text::from(format!("ledger {} at ", town.branch)).id(tip.short())))
}

pub(super) fn branches(tree: &Tree, picture: &Picture) -> Vec<Branch> {
    let town = &picture.town;
    let branch = |label, lines| Branch { label, lines };
    vec![
        branch("edited", edited(town)),
        branch("broken", broken(town)),
        branch("problems", several(&town.escalations, |all| tree.lines(problems(tree, all)))),
        branch("convoys", several(&town.convoys, |all| all.iter().map(convoy).collect())),
        branch(
            "beads",
            several(&town.beads, |beads| if beads.total() == 0 { Vec::new() } else { vec![counts(beads)] }),
        ),
        branch(
            "silent",
            picture
                .silent
                .iter()
                .map(|silent| Text::from(format!("{} ", silent.source)).join(unknown(&silent.why)))
                .collect(),
        ),
    ]
}

/// The lines of an answer, at most so many; one line when there is no answer.
fn several<T>(known: &Known<T>, lines: impl FnOnce(&T) -> Vec<Text>) -> Vec<Text> {
    let mut lines = match known {
        Known::Known(answer) => lines(answer),
        Known::Unknown { unknown: why } => vec![unknown(why)],
    };
    let more = lines.len().saturating_sub(SHOWN);
    if more > 0 {
        lines.truncate(SHOWN);
        lines.push(Text::new().faint(format_args!("and {more} more; `--json` has them all")));
    }
    lines
}

fn edited(town: &TownPart) -> Vec<Text> {
    several(&town.edits, |edits| {
        let line = |path: &String, kind| Text::new().path(path).faint(format_args!("  {}", kind_word(kind)));
        edits.iter().map(|edit| line(&edit.path, edit.kind)).collect()
    })
}

fn broken(town: &TownPart) -> Vec<Text> {
    several(&town.broken, |files| {
        let place = |line: Option<usize>| line.map(|line| format!(":{line}")).unwrap_or_default();
        let line = |path: &String, at, why: &String| Text::new().path(path).plain(place(at)).plain(": ").bad(why);
        files.iter().map(|file| line(&file.path, file.line, &file.reason)).collect()
    })
}

fn problems(tree: &Tree, all: &[Escalation]) -> Table {
    let mut table = Table::plain::<3>();
    for problem in all {
        let label = if problem.severity >= Severity::High { Label::Bad } else { Label::Warn };
        let subject = Text::new().title(&problem.subject);
        table.row([Text::of(label, word(problem.severity)), tree.ago(problem.since), subject]);
    }
    table
}

fn convoy(convoy: &ConvoyPart) -> Text {
    let progress = &convoy.progress;
    let over = progress.merged + progress.done + progress.dropped;
    let line = Text::new().id(&convoy.id).plain("  ").title(&convoy.title);
    let line = line.plain(format!("  {over} of {}", progress.total));
    if convoy.fed { line } else { line.faint("  not fed") }
}

/// How many beads stand where, what there is none of left out.
pub(super) fn counts(beads: &Counts) -> Text {
    let Counts { ready, waiting, hooked, submitted, failed, epics, closed } = *beads;
    let parts = [
        (ready, "ready"),
        (waiting, "waiting"),
        (hooked, "hooked"),
        (submitted, "submitted"),
        (failed, "failed"),
        (closed, "closed"),
    ];
    let mut line = Text::new();
    for (number, state) in parts.into_iter().filter(|(number, _)| *number > 0) {
        line = if line.is_empty() { line } else { line.plain(", ") };
        line = line.plain(format!("{number} ")).state(state);
    }
    if epics > 0 {
        line = if line.is_empty() { line } else { line.plain(", ") };
        line = line.plain(count(epics, "open epic"));
    }
    if line.is_empty() { line.faint("none yet") } else { line }
}

/// The next steps, the most urgent first.
pub(super) fn advise(ui: &mut Ui, picture: &Picture) {
    let facts: Vec<&RigFacts> = picture.rigs.iter().filter_map(|rig| rig.facts.as_ref()).collect();
    if picture.rigs.is_empty() {
        return ui.hint("there is no rig yet: `gt rig add NAME URL` takes a repository in");
    }
    let broken = picture.town.broken.known().map(Vec::as_slice).unwrap_or_default();
    let sound = |path: &str| !broken.iter().any(|file| file.path == path);
    if picture.town.edits.known().is_some_and(|edits| edits.iter().any(|edit| sound(&edit.path))) {
        ui.hint("`gt ledger adopt` takes in what was edited by hand");
    }
    if !broken.is_empty() {
        ui.hint("mend the broken files at the lines named, then `gt ledger adopt`");
    }
    let problem = picture.town.escalations.known().and_then(|all| all.iter().find_map(|one| one.bead.as_ref()));
    if let Some(bead) = problem {
        ui.hint(format!("`gt why {bead}` tells how it stands"));
    }
    for (rig, facts) in picture.rigs.iter().zip(&facts) {
        let waits = facts.delivery.as_ref().and_then(Known::known).is_some_and(|delivery| delivery.why.is_some());
        if waits {
            ui.hint(format!("`gt rig take {}` delivers once that is out of the way", rig.name));
        }
    }
    let beads = facts.iter().filter_map(|facts| facts.beads.known());
    let (all, ready, busy) = beads.fold((0, 0, 0), |(all, ready, busy), beads| {
        (all + beads.total(), ready + beads.ready, busy + beads.hooked + beads.submitted)
    });
    let first = &picture.rigs[0].name;
    if all == 0 {
        ui.hint(format!(
            "`gt run \"GOAL\" --rig {first}` plans and does it; `gt new \"TITLE\" --rig {first}` makes one bead"
        ));
    } else if ready > 0 && busy == 0 {
        ui.hint("`gt ready` lists what may start, `gt sling BEAD` starts it");
    }
    // What a person was told of waits for the person, not for a tick.
    let problems = picture.town.escalations.known().map(Vec::as_slice).unwrap_or_default();
    let told = |worker: &WorkerPart| {
        let bead = worker.bead.as_ref().map(|bead| &bead.id);
        bead.is_some() && problems.iter().any(|problem| problem.bead.as_ref() == bead)
    };
    let waits = |worker: &&WorkerPart| NEEDS_A_TICK.contains(&worker.word) && !told(worker);
    if facts.iter().flat_map(|facts| &facts.workers).any(|worker| waits(&worker)) {
        ui.hint("the next tick sees to workers in trouble; `gt doctor --fix` calls it now");
    }
}

/// Healths that a tick does something about.
const NEEDS_A_TICK: [&str; 5] = ["zombie", "ended", "gupp", "stalled", "orphan"];
