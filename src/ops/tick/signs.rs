//! What the status lines of terminals say: put up by the tick from what it has just seen, in the call that is needed
//! when something changed and in none otherwise.

use std::collections::BTreeMap;

use super::{Panes, Seen};
use crate::bead::Status;
use crate::error::Outcome;
use crate::id::{Actor, WorkerKind};
use crate::ledger::{BeadQuery, Snapshot};
use crate::mail::Letter;
use crate::ops::OpenTown;
use crate::runtime::{Posted, Sign, TmuxServer};
use crate::witness::{Health, Judgement};

/// Puts up the signs of all sessions that have a terminal.
pub(super) fn post(open: &OpenTown, snapshot: &Snapshot, seen: &[Seen], panes: &Panes) -> Outcome<()> {
    let Ok(panes) = panes else { return Ok(()) };
    if panes.is_empty() {
        return Ok(());
    }
    let (letters, _) = snapshot.documents::<Letter>()?;
    let mut unread: BTreeMap<&Actor, usize> = BTreeMap::new();
    for letter in letters.iter().filter(|letter| letter.read.is_none() && letter.acknowledged.is_none()) {
        *unread.entry(&letter.to).or_default() += 1;
    }
    let mail = |actor: &Actor| unread.get(actor).copied().unwrap_or(0);
    let mut signs: Vec<Posted> = seen.iter().filter_map(|seen| worker(seen, &mail)).collect();
    let now = open.now();
    let sign = Sign { mail: mail(&Actor::Mayor), ..Sign::default() };
    signs.push(Posted { name: Actor::Mayor.to_string(), sign, at: now, until: now });
    let server = TmuxServer::at(&open.town.socket_path("tmux.sock")?);
    server.post(&signs, panes)?;
    Ok(server.post_town(&town(snapshot, seen, &letters)?, panes)?)
}

fn worker(seen: &Seen, mail: &dyn Fn(&Actor) -> usize) -> Option<Posted> {
    let row = seen.row.as_ref().filter(|row| row.end.is_none())?;
    let (worker, judged) = (&seen.observation.worker, &seen.judgement);
    // A person sees how their own session is, and its hooks tell.
    let state = (worker.kind == WorkerKind::Polecat).then(|| judged.health.word().to_owned());
    let sign = Sign {
        bead: seen.bead.as_ref().map(|bead| bead.id.to_string()).unwrap_or_default(),
        title: seen.bead.as_ref().map(|bead| bead.title.clone()).unwrap_or_default(),
        state,
        asks: asks(judged),
        mail: mail(&row.worker),
    };
    let at = seen.observation.now;
    Some(Posted { name: row.name.clone(), sign, at, until: judged.expires })
}

/// Whether it does not go on without somebody.
fn asks(judged: &Judgement) -> bool {
    matches!(judged.health, Health::WaitingForInput { .. } | Health::WaitingForPermission { .. } | Health::Idle { .. })
}

/// `2 working, 1 in the queue, 1 problem`.
fn town(snapshot: &Snapshot, seen: &[Seen], letters: &[Letter]) -> Outcome<String> {
    let query = BeadQuery::of(Status::Submitted);
    let at_work = seen.iter().filter(|seen| seen.bead.is_some()).count();
    let problems = letters.iter().filter(|letter| letter.is_open_escalation()).count();
    let parts = [
        (at_work, "at work"),
        (snapshot.beads(&query)?.len(), "in the queue"),
        (problems, if problems == 1 { "problem" } else { "problems" }),
    ];
    let told = parts.into_iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}"));
    Ok(told.collect::<Vec<_>>().join(", "))
}
