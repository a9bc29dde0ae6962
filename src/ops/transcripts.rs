//! What an agent tells of itself: its transcript, its hooks, its state file.
//!
//! A transcript is read on from where it was read last, and what it tells is kept in the local state, because agents
//! clear up behind themselves.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::agent::transcript::{Followed, Place, StateFile, Subject, follow, locate};
use crate::agent::{Caller, Catalogue, Preset};
use crate::error::Outcome;
use crate::id::{Actor, RigName};
use crate::ops::{OpenTown, ending, session};
use crate::runtime::{self, HookEvent, Launch, Observed};
use crate::store::{ProcessId, SessionRow};

/// The kind of the record.
const KIND: &str = "transcript";
/// How many sessions of a worker are looked through for one with the same conversation.
const SESSIONS: usize = 50;

/// What an agent tells of itself.
#[derive(Debug, Clone, Default)]
pub struct Heard {
    /// What its hooks told, the oldest first.
    pub events: Vec<HookEvent>,
    /// Its transcript.
    pub followed: Option<Followed>,
    /// What it says that it does now.
    pub state: Option<StateFile>,
}

impl Heard {
    /// Its own id of the conversation that it holds now.
    pub fn conversation(&self) -> Option<&str> {
        let state = self.state.as_ref().and_then(|state| state.conversation.as_deref());
        let hooks = || self.events.iter().rev().find_map(|event| event.conversation.as_deref());
        state.or_else(hooks).or_else(|| self.followed.as_ref()?.reading.conversation.as_deref())
    }
}

/// What was kept of the transcript of a session.
///
/// # Errors
/// When the local state cannot be read.
pub fn kept(open: &OpenTown, row: &SessionRow) -> Outcome<Option<Followed>> {
    Ok(open.state()?.session_record(&row.id, KIND)?)
}

/// The transcript of a session, read on to the present; nothing is written. None where the agent keeps none that can be
/// read.
///
/// # Errors
/// When the local state cannot be read. What cannot be read of a transcript is as if it were not there.
pub fn now(open: &OpenTown, row: &SessionRow) -> Outcome<Option<Followed>> {
    Ok(heard(open, &catalogue(open, row), row)?.followed)
}

/// The transcript of a session as far as it will ever be read: to its end where that has come, else to the present.
///
/// # Errors
/// When the local state cannot be read.
pub fn last(open: &OpenTown, row: &SessionRow) -> Outcome<Option<Followed>> {
    match row.end {
        Some(_) => kept(open, row),
        None => now(open, row),
    }
}

/// What the agent of a session tells now; nothing is written. What cannot be read is as if it were not there.
///
/// # Errors
/// When the local state cannot be read.
pub fn heard(open: &OpenTown, catalogue: &Catalogue, row: &SessionRow) -> Outcome<Heard> {
    let kept = kept(open, row)?;
    let dir = session::folder(open, &row.id);
    let events = runtime::events(&dir);
    let agent = match runtime::observe(&dir) {
        Observed::Running(pid) => pid.living_child(),
        _ => None,
    };
    let told = events.iter().rev().find_map(|event| event.transcript.clone());
    let before = if kept.is_some() { kept.clone() } else { went_before(open, row)? };
    let read = with_subject_of(open, catalogue, row, |_, subject| {
        let place = place(subject.preset, told, kept.as_ref()).or_else(|| locate(subject));
        let followed = place.and_then(|place| follow(subject, &place, before).ok());
        (followed, agent.and_then(|agent| state(subject, agent)))
    });
    let (followed, state) = read.unwrap_or_default();
    Ok(Heard { events, followed: followed.or(kept), state })
}

/// What was kept of the session whose conversation this one goes on with.
fn went_before(open: &OpenTown, row: &SessionRow) -> Outcome<Option<Followed>> {
    if row.with.conversation.is_none() {
        return Ok(None);
    }
    let rows = open.state()?.sessions_of_worker(&row.worker, SESSIONS)?;
    let held = |other: &&SessionRow| other.id != row.id && other.with.conversation == row.with.conversation;
    let earlier = rows.iter().filter(|other| other.created <= row.created).find(held);
    Ok(earlier.map(|earlier| kept(open, earlier)).transpose()?.flatten().map(Followed::gone_on_with))
}

/// What `look` makes of a session with its agent and the environment that this was given. None without its launch file:
/// then nobody can tell where the agent had its files.
pub(super) fn with_subject<T>(
    open: &OpenTown,
    row: &SessionRow,
    look: impl FnOnce(&Launch, &Subject<'_>) -> T,
) -> Option<T> {
    with_subject_of(open, &catalogue(open, row), row, look)
}

pub(super) fn with_subject_of<T>(
    open: &OpenTown,
    catalogue: &Catalogue,
    row: &SessionRow,
    look: impl FnOnce(&Launch, &Subject<'_>) -> T,
) -> Option<T> {
    let launch = Launch::read(&session::folder(open, &row.id)).ok()?;
    let caller = Caller { variables: launch.env.clone(), root: false };
    let subject = Subject {
        preset: catalogue.get(&row.agent).ok()?,
        caller: &caller,
        worktree: &launch.cwd,
        state_dir: &open.town.agent_state_dir(&row.worker.to_string()),
        log: &row.log,
        since: row.created,
        conversation: row.with.conversation.as_deref(),
    };
    Some(look(&launch, &subject))
}

/// Where its hooks say that the transcript is, else where it was.
pub(super) fn place(preset: &Preset, told: Option<PathBuf>, kept: Option<&Followed>) -> Option<Place> {
    let format = preset.transcript.format?;
    let known = told.into_iter().chain(kept.map(|kept| kept.path.clone()));
    known.into_iter().find(|path| path.is_file()).map(|path| Place { format, path })
}

/// The state file of the agent that lives, or of a process that holds its conversation for it. A person may run the same
/// agent in the same folder.
fn state(subject: &Subject<'_>, agent: ProcessId) -> Option<StateFile> {
    let files = subject.state_files();
    let states: Vec<StateFile> = files.iter().filter_map(|path| StateFile::read(path)).collect();
    let same = |state: &&StateFile| {
        let held = subject.conversation.is_some() && state.conversation.as_deref() == subject.conversation;
        held && ProcessId::of(state.pid).is_some()
    };
    states.iter().find(|state| state.pid == agent.pid).or_else(|| states.iter().find(same)).cloned()
}

/// Listens to every session that is not recorded as ended, and keeps what its transcript tells and which conversation
/// it holds.
///
/// # Errors
/// When the local state cannot be read or written.
pub fn take_up(open: &OpenTown) -> Outcome<()> {
    let mut catalogues: BTreeMap<Option<RigName>, Catalogue> = BTreeMap::new();
    for row in open.state()?.open_sessions()? {
        let rig = rig_of(&row);
        if !catalogues.contains_key(&rig) {
            catalogues.insert(rig.clone(), catalogue(open, &row));
        }
        keep(open, &catalogues[&rig], &row)?;
        ending::note_start(open, &row)?;
    }
    Ok(())
}

/// Reads what is left of the transcript of a session that has ended. Best effort: an end is recorded all the same.
pub(super) fn read_to_the_end(open: &OpenTown, row: &SessionRow) {
    let _ = keep(open, &catalogue(open, row), row);
}

fn rig_of(row: &SessionRow) -> Option<RigName> {
    match &row.worker {
        Actor::Worker(worker) => Some(worker.rig.clone()),
        _ => None,
    }
}

/// The agents that the session's rig knows; those of the town where its settings cannot be read.
pub(super) fn catalogue(open: &OpenTown, row: &SessionRow) -> Catalogue {
    let rig = rig_of(row).and_then(|rig| open.town.rig(&rig).ok());
    let settings = rig.and_then(|rig| open.settings_for(&rig).ok());
    Catalogue::new(settings.as_ref().unwrap_or(&open.settings))
}

fn keep(open: &OpenTown, catalogue: &Catalogue, row: &SessionRow) -> Outcome<()> {
    let heard = heard(open, catalogue, row)?;
    let state = open.state()?;
    if let Some(conversation) = heard.conversation()
        && row.with.conversation.as_deref() != Some(conversation)
    {
        state.set_session_conversation(&row.id, conversation)?;
    }
    match &heard.followed {
        Some(followed) if kept(open, row)?.as_ref() != Some(followed) => {
            Ok(state.set_session_record(&row.id, KIND, followed)?)
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_state_file_of_another_process_in_the_same_folder_is_not_the_agents() {
        let home = tempfile::tempdir().expect("a folder");
        let sessions = home.path().join(".claude/sessions");
        std::fs::create_dir_all(&sessions).expect("writable");
        let write = |pid: i32, conversation: &str| {
            let text = format!(r#"{{"pid":{pid},"sessionId":"{conversation}","cwd":"/tree","status":"idle"}}"#);
            std::fs::write(sessions.join(format!("{pid}.json")), text).expect("writable");
        };
        let own = ProcessId::current();
        let catalogue = Catalogue::built_in();
        let variables = [("HOME".to_owned(), home.path().display().to_string())].into();
        let caller = Caller { variables, root: false };
        let read = |conversation: Option<&str>, agent: ProcessId| {
            let subject = Subject {
                preset: catalogue.get("claude").expect("built in"),
                caller: &caller,
                worktree: Path::new("/tree"),
                state_dir: home.path(),
                log: home.path(),
                since: chrono::DateTime::UNIX_EPOCH,
                conversation,
            };
            state(&subject, agent).and_then(|state| state.conversation)
        };
        let wrapper = ProcessId { pid: own.pid - 1, ..own };
        assert_eq!(read(None, own), None);
        write(own.pid, "one");
        assert_eq!(read(None, own).as_deref(), Some("one"), "its own process");
        assert_eq!(
            read(Some("one"), wrapper).as_deref(),
            Some("one"),
            "its conversation, in a process below a wrapper"
        );
        assert_eq!(read(Some("two"), wrapper), None, "a person's own, in the same folder");
        write(i32::MAX - 1, "gone");
        assert_eq!(read(Some("gone"), wrapper), None, "what is left of a process that died");
    }
}
