//! Workers and their sessions: hooks without sessions, sessions without hooks, what is left of those that are over.

use super::finding::{Finding, Sheet, count};
use super::remedy::Remedy;
use super::{Look, some_words};
use crate::error::Outcome;
use crate::id::{BeadId, WorkerKind};
use crate::ledger::Snapshot;
use crate::mail::Letter;
use crate::ops::tick::{self, Seen};
use crate::ops::{OpenTown, session};
use crate::runtime;
use crate::witness::Health;

pub(super) fn checks(look: &Look<'_>) -> Vec<Finding> {
    let mut sheet = Sheet::new("workers");
    if let Ok(snapshot) = &look.snapshot
        && let Err(failure) = workers(look, snapshot, &mut sheet)
    {
        sheet.failed("workers", &failure);
    }
    if let Err(failure) = sessions(look.open, &mut sheet) {
        sheet.failed("sessions", &failure);
    }
    sheet.findings()
}

fn workers(look: &Look<'_>, snapshot: &Snapshot, sheet: &mut Sheet) -> Outcome<()> {
    let (letters, _) = snapshot.documents::<Letter>()?;
    let told =
        |bead: &BeadId| letters.iter().any(|letter| letter.is_open_escalation() && letter.bead.as_ref() == Some(bead));
    let all = tick::seen(look.open, snapshot, &look.rigs)?;
    for seen in &all {
        worker(seen, &told, sheet);
    }
    let busy = all.iter().filter(|seen| seen.bead.is_some()).count();
    sheet.else_ok("workers", format!("{}, {busy} at work, each with a session", count(all.len(), "worker")));
    Ok(())
}

fn worker(seen: &Seen, told: &dyn Fn(&BeadId) -> bool, sheet: &mut Sheet) {
    let (judged, name) = (&seen.judgement, seen.observation.worker.short());
    let what = format!("{name} is {}: {}", judged.health.word(), judged.evidence);
    if seen.observation.worker.kind == WorkerKind::Crew {
        return person(seen, what, sheet);
    }
    let tick = |finding: Finding| finding.next("the next tick sees to it").mended_by(Remedy::Tick);
    match &judged.health {
        Health::Free
        | Health::Starting { .. }
        | Health::Working { .. }
        | Health::Limited { .. }
        | Health::HeldElsewhere { .. } => {}
        Health::Unknown { .. } => sheet.warn("workers", what, |finding| finding),
        Health::WaitingForInput { .. } | Health::WaitingForPermission { .. } => {
            sheet.warn("workers", what, |finding| finding.next(format!("gt attach {name}")));
        }
        Health::Idle { .. }
        | Health::OutOfContext { .. }
        | Health::Gupp { .. }
        | Health::Stalled { .. }
        | Health::Orphan { .. } => {
            sheet.warn("workers", what, tick);
        }
        Health::Zombie { .. } | Health::Ended { .. } => match seen.bead.as_ref().filter(|bead| told(&bead.id)) {
            Some(bead) => {
                sheet.warn("workers", what, |finding| finding.next(format!("it is your turn: `gt why {}`", bead.id)));
            }
            None => sheet.problem("workers", what, tick),
        },
    }
}

/// Only the person does anything about a crew member, and what rests is nobody's trouble.
fn person(seen: &Seen, what: String, sheet: &mut Sheet) {
    let name = &seen.observation.worker.name;
    match &seen.judgement.health {
        Health::Ended { .. }
        | Health::Stalled { .. }
        | Health::OutOfContext { .. }
        | Health::WaitingForPermission { .. } => {
            sheet.warn("workers", what, |finding| finding.next(format!("gt crew attach {name}")));
        }
        _ => {}
    }
}

fn sessions(open: &OpenTown, sheet: &mut Sheet) -> Outcome<()> {
    let over: Vec<String> = session::sightings(open)?
        .into_iter()
        .filter(|sighting| !sighting.observed.is_live())
        .map(|sighting| sighting.row.name)
        .collect();
    if !over.is_empty() {
        sheet.warn("sessions", format!("over and not recorded as ended: {}", some_words(&over)), |finding| {
            finding.mended_by(Remedy::Tick)
        });
    }
    let state = open.state()?;
    for run in runtime::runs(&open.town.run_dir())? {
        if run.command.is_none() && run.observed.is_live() && state.session(&run.session)?.is_none() {
            let what = format!("the session {} lives, and nobody recorded it", run.session);
            sheet.warn("sessions", what, |finding| finding.mended_by(Remedy::Tick));
        }
    }
    for stray in session::strays(open)? {
        let command = stray.command.unwrap_or_default();
        let what = format!("`{command}` may still run, and the gt that waited for it is gone");
        sheet.warn("sessions", what, |finding| finding.mended_by(Remedy::Tick));
    }
    let left = session::leftovers(open)?.len();
    if left > 0 {
        let what = format!("{} of sessions that are over", count(left, "run folder"));
        sheet.warn("sessions", what, |finding| finding.mended_by(Remedy::Tick));
    }
    sheet.else_ok("sessions", "every session that was recorded is seen, and every one seen is recorded");
    Ok(())
}
