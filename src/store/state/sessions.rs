//! One row for each session that was ever started here.

use std::path::PathBuf;

use rusqlite::{Row, named_params};
use serde::{Deserialize, Serialize};

use super::super::{ProcessId, StoreError};
use super::StateDb;
use crate::clock::{Timestamp, rfc3339};
use crate::id::{Actor, BeadId, Lease, RoleName, SessionId};

/// What is known about a session. Whether it runs is not stored: ask the runtime.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionRow {
    /// Its identity.
    pub id: SessionId,
    /// Whose session it is.
    pub worker: Actor,
    /// The bead that was hooked when it started.
    pub bead: Option<BeadId>,
    /// The lease of that hooking.
    pub lease: Option<Lease>,
    /// Which attempt at the bead.
    pub attempt: Option<u32>,
    /// The role that the agent was given.
    pub role: Option<RoleName>,
    /// The agent preset.
    pub agent: String,
    /// How that agent was started.
    #[serde(flatten)]
    pub with: SessionAgent,
    /// `tmux` or `process`.
    pub runtime: String,
    /// The name for people, `web/toast`.
    pub name: String,
    /// When it was started.
    pub created: Timestamp,
    /// The process of `gt session exec`, once known.
    pub process: Option<ProcessId>,
    /// Where its output goes.
    pub log: PathBuf,
    /// How it ended, if it did.
    pub end: Option<SessionEnd>,
}

/// How the agent of a session was started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SessionAgent {
    /// What a person said about how it works.
    #[serde(flatten)]
    pub tuning: Tuning,
    /// The id of its own conversation, once known.
    pub conversation: Option<String>,
    /// The version of its program, where it tells one.
    pub version: Option<String>,
    /// The place of the session among those that run: no two that run have the same. Given when it is recorded.
    pub slot: Option<u32>,
}

/// Profile, model, effort and further arguments of an agent, in its own spelling.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tuning {
    /// A named set of settings of the agent's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How hard the model thinks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effort: Option<String>,
    /// Arguments that are handed on as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extra_args: Vec<String>,
}

impl Tuning {
    /// Only a model.
    pub fn of_model(model: Option<String>) -> Self {
        Self { model, ..Self::default() }
    }

    /// This, and where it says nothing, what `below` says.
    pub fn or(self, below: Self) -> Self {
        Self {
            profile: self.profile.or(below.profile),
            model: self.model.or(below.model),
            effort: self.effort.or(below.effort),
            extra_args: if self.extra_args.is_empty() { below.extra_args } else { self.extra_args },
        }
    }
}

/// How a session ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionEnd {
    /// When.
    pub at: Timestamp,
    /// The exit status of the agent, 128 and more for a signal; `None` when nobody saw it end.
    pub status: Option<i32>,
    /// Why, one word or a short sentence: `done`, `stopped`, `lost`.
    pub reason: String,
}

impl StateDb {
    /// Records a session that is about to start, and answers its slot: its own where it has one already, else the
    /// lowest from 1 that no session has that is not known to have ended.
    pub fn add_session(&self, session: &SessionRow) -> Result<u32, StoreError> {
        let SessionAgent { tuning, conversation, version, slot } = &session.with;
        let extra = (!tuning.extra_args.is_empty())
            .then(|| serde_json::to_string(&tuning.extra_args).expect("a list of texts is JSON"));
        self.connection
            .query_row(
                "WITH taken AS (SELECT slot FROM sessions WHERE ended IS NULL AND slot IS NOT NULL),
                     free AS (SELECT MIN(n) AS n FROM (SELECT 1 AS n UNION SELECT slot + 1 FROM taken)
                         WHERE n NOT IN taken)
                 INSERT INTO sessions (id, worker, bead, lease, attempt, role, agent, runtime, name, created,
                     pid, start_ticks, log, ended, exit_status, end_reason,
                     profile, model, effort, extra_args, conversation, version, slot)
                 VALUES (:id, :worker, :bead, :lease, :attempt, :role, :agent, :runtime, :name, :created,
                     :pid, :start_ticks, :log, :ended, :exit_status, :end_reason,
                     :profile, :model, :effort, :extra_args, :conversation, :version,
                     COALESCE(:slot, (SELECT n FROM free)))
                 RETURNING slot",
                named_params! {
                    ":id": session.id.as_str(),
                    ":worker": session.worker.to_string(),
                    ":bead": session.bead.as_ref().map(ToString::to_string),
                    ":lease": session.lease.as_ref().map(|lease| lease.as_str()),
                    ":attempt": session.attempt,
                    ":role": session.role.as_ref().map(|role| role.as_str()),
                    ":agent": session.agent,
                    ":runtime": session.runtime,
                    ":name": session.name,
                    ":created": rfc3339(session.created),
                    ":pid": session.process.map(|process| process.pid),
                    ":start_ticks": session.process.map(|process| process.start_ticks as i64),
                    ":log": session.log.to_string_lossy(),
                    ":ended": session.end.as_ref().map(|end| rfc3339(end.at)),
                    ":exit_status": session.end.as_ref().and_then(|end| end.status),
                    ":end_reason": session.end.as_ref().map(|end| end.reason.as_str()),
                    ":profile": tuning.profile,
                    ":model": tuning.model,
                    ":effort": tuning.effort,
                    ":extra_args": extra,
                    ":conversation": conversation,
                    ":version": version,
                    ":slot": slot,
                },
                |row| row.get(0),
            )
            .map_err(self.failed("record the session"))
    }

    /// Notes the agent's own id of the conversation, for agents that choose it themselves.
    pub fn set_session_conversation(&self, id: &SessionId, conversation: &str) -> Result<(), StoreError> {
        self.connection
            .execute("UPDATE sessions SET conversation = ?2 WHERE id = ?1", (id.as_str(), conversation))
            .map_err(self.failed("record the conversation of the session"))?;
        Ok(())
    }

    /// Notes which process runs the session.
    pub fn set_session_process(&self, id: &SessionId, process: ProcessId) -> Result<(), StoreError> {
        self.connection
            .execute(
                "UPDATE sessions SET pid = ?2, start_ticks = ?3 WHERE id = ?1",
                (id.as_str(), process.pid, process.start_ticks as i64),
            )
            .map_err(self.failed("record the process of the session"))?;
        Ok(())
    }

    /// Notes that a session ended. The first end stays: a second call changes nothing and answers false.
    pub fn end_session(&self, id: &SessionId, end: &SessionEnd) -> Result<bool, StoreError> {
        self.connection
            .execute(
                "UPDATE sessions SET ended = ?2, exit_status = ?3, end_reason = ?4 WHERE id = ?1 AND ended IS NULL",
                (id.as_str(), rfc3339(end.at), end.status, &end.reason),
            )
            .map(|changed| changed > 0)
            .map_err(self.failed("record the end of the session"))
    }

    /// One session.
    pub fn session(&self, id: &SessionId) -> Result<Option<SessionRow>, StoreError> {
        Ok(self.sessions_where("id = ?1", id.as_str(), 1)?.pop())
    }

    /// The sessions that are not known to have ended, oldest first.
    pub fn open_sessions(&self) -> Result<Vec<SessionRow>, StoreError> {
        let mut sessions = self.sessions_where("ended IS NULL AND ?1 = ''", "", i64::MAX)?;
        sessions.reverse();
        Ok(sessions)
    }

    /// The sessions of a worker, newest first.
    pub fn sessions_of_worker(&self, worker: &Actor, limit: usize) -> Result<Vec<SessionRow>, StoreError> {
        self.sessions_where("worker = ?1", &worker.to_string(), limit as i64)
    }

    /// The sessions that worked on a bead, newest first.
    pub fn sessions_of_bead(&self, bead: &BeadId, limit: usize) -> Result<Vec<SessionRow>, StoreError> {
        self.sessions_where("bead = ?1", bead.as_str(), limit as i64)
    }

    /// The sessions of the workers whose name begins so, newest first: those of a rig, or all.
    pub fn sessions_beginning(&self, beginning: &str, limit: usize) -> Result<Vec<SessionRow>, StoreError> {
        self.sessions_where("substr(worker, 1, length(?1)) = ?1", beginning, limit as i64)
    }

    /// The sessions whose id begins so, newest first.
    pub fn sessions_called(&self, beginning: &str, limit: usize) -> Result<Vec<SessionRow>, StoreError> {
        self.sessions_where("substr(id, 1, length(?1)) = ?1", beginning, limit as i64)
    }

    /// Every session, newest first.
    pub fn sessions(&self) -> Result<Vec<SessionRow>, StoreError> {
        self.sessions_where("?1 = ''", "", i64::MAX)
    }

    /// The sessions of an agent, newest first.
    pub fn sessions_of_agent(&self, agent: &str, limit: usize) -> Result<Vec<SessionRow>, StoreError> {
        self.sessions_where("agent = ?1", agent, limit as i64)
    }

    fn sessions_where(&self, condition: &str, value: &str, limit: i64) -> Result<Vec<SessionRow>, StoreError> {
        let query = format!("SELECT * FROM sessions WHERE {condition} ORDER BY created DESC, rowid DESC LIMIT ?2");
        let read = || -> rusqlite::Result<Vec<SessionRow>> {
            self.connection.prepare_cached(&query)?.query_map((value, limit), read_row)?.collect()
        };
        read().map_err(self.failed("read the sessions"))
    }
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<SessionRow> {
    let process = match (row.get::<_, Option<i32>>("pid")?, row.get::<_, Option<i64>>("start_ticks")?) {
        (Some(pid), Some(ticks)) => Some(ProcessId { pid, start_ticks: ticks as u64 }),
        _ => None,
    };
    Ok(SessionRow {
        id: super::parsed(row, "id")?,
        worker: super::parsed(row, "worker")?,
        bead: super::parsed_option(row, "bead")?,
        lease: super::parsed_option(row, "lease")?,
        attempt: row.get("attempt")?,
        role: super::parsed_option(row, "role")?,
        agent: row.get("agent")?,
        with: read_agent(row)?,
        runtime: row.get("runtime")?,
        name: row.get("name")?,
        created: super::parsed(row, "created")?,
        process,
        log: PathBuf::from(row.get::<_, String>("log")?),
        end: read_end(row)?,
    })
}

fn read_agent(row: &Row<'_>) -> rusqlite::Result<SessionAgent> {
    let extra: Option<String> = row.get("extra_args")?;
    let extra_args = extra.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    Ok(SessionAgent {
        tuning: Tuning {
            profile: row.get("profile")?,
            model: row.get("model")?,
            effort: row.get("effort")?,
            extra_args,
        },
        conversation: row.get("conversation")?,
        version: row.get("version")?,
        slot: row.get("slot")?,
    })
}

fn read_end(row: &Row<'_>) -> rusqlite::Result<Option<SessionEnd>> {
    let Some(at) = super::parsed_option::<Timestamp>(row, "ended")? else { return Ok(None) };
    let reason = row.get::<_, Option<String>>("end_reason")?.unwrap_or_default();
    Ok(Some(SessionEnd { at, status: row.get("exit_status")?, reason }))
}
