//! The transcripts of sessions: each is read on from where it was read last, and what it tells is kept in the local
//! state, because agents clear up behind themselves.

use crate::agent::transcript::{Followed, Place, Subject, follow, locate};
use crate::agent::{Caller, Catalogue};
use crate::error::Outcome;
use crate::id::Actor;
use crate::ops::{OpenTown, session};
use crate::runtime::Launch;
use crate::store::SessionRow;

/// The kind of the record.
const KIND: &str = "transcript";

/// What was kept of the transcript of a session.
///
/// # Errors
/// When the local state cannot be read.
pub fn kept(open: &OpenTown, row: &SessionRow) -> Outcome<Option<Followed>> {
    Ok(open.state()?.session_record(&row.id, KIND)?)
}

/// The same, read on to the present; nothing is written. None where the agent keeps no transcript that can be read.
///
/// # Errors
/// When the local state cannot be read. What cannot be read of a transcript is as if it were not there.
pub fn now(open: &OpenTown, row: &SessionRow) -> Outcome<Option<Followed>> {
    let kept = kept(open, row)?;
    Ok(read_on(open, row, kept.clone())?.or(kept))
}

/// Reads on in the transcript of every session that is not recorded as ended, and keeps what they tell, among that the
/// conversations of agents that choose their ids themselves.
///
/// # Errors
/// When the local state cannot be read or written.
pub fn take_up(open: &OpenTown) -> Outcome<()> {
    open.state()?.open_sessions()?.iter().try_for_each(|row| keep(open, row))
}

/// Reads what is left of the transcript of a session that has ended. Best effort: an end is recorded all the same.
pub(super) fn read_to_the_end(open: &OpenTown, row: &SessionRow) {
    let _ = keep(open, row);
}

fn keep(open: &OpenTown, row: &SessionRow) -> Outcome<()> {
    let before = kept(open, row)?;
    let Some(followed) = read_on(open, row, before.clone())? else { return Ok(()) };
    let state = open.state()?;
    if let Some(conversation) = &followed.reading.conversation
        && row.with.conversation.as_ref() != Some(conversation)
    {
        state.set_session_conversation(&row.id, conversation)?;
    }
    if before.as_ref() != Some(&followed) {
        state.set_session_record(&row.id, KIND, &followed)?;
    }
    Ok(())
}

fn read_on(open: &OpenTown, row: &SessionRow, before: Option<Followed>) -> Outcome<Option<Followed>> {
    // Without its launch file nobody can tell where the agent had its files; what was kept is then all there is.
    let Ok(launch) = Launch::read(&session::folder(open, &row.id)) else { return Ok(None) };
    let settings = match &row.worker {
        Actor::Worker(worker) => open.settings_for(&open.town.rig(&worker.rig)?)?,
        _ => open.settings.clone(),
    };
    let catalogue = Catalogue::new(&settings);
    let Ok(preset) = catalogue.get(&row.agent) else { return Ok(None) };
    let caller = Caller { variables: launch.env, root: false };
    let subject = Subject {
        preset,
        caller: &caller,
        worktree: &launch.cwd,
        state_dir: &open.town.agent_state_dir(&row.worker.to_string()),
        log: &row.log,
        since: row.created,
        conversation: row.with.conversation.as_deref(),
    };
    let known = before.as_ref().filter(|before| before.path.exists()).map(|before| before.path.clone());
    let known = known.and_then(|path| Some(Place { format: preset.transcript.format?, path }));
    let Some(place) = known.or_else(|| locate(&subject)) else { return Ok(None) };
    Ok(follow(&subject, &place, before).ok())
}
