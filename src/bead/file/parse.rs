//! Reads a bead's file.

use chrono::DateTime;

use super::{FileError, Reader};
use crate::bead::{
    Approval, Attempt, Bead, Claim, Closing, Intent, Kind, Merge, Note, Offer, Resolution, State, Status,
};
use crate::clock::Timestamp;
use crate::id::{BeadId, HomeId, Lease, RoleName, WorkerRef};

impl Bead {
    /// Reads the file at `path` of the ledger. What the file does not say has its default; a bead that does
    /// not say when it was created was created at the beginning of Unix time.
    ///
    /// # Errors
    /// When the text is not TOML, a value breaks its rule, the id does not fit the path, or the status
    /// contradicts the other fields.
    pub fn parse(path: &str, text: &str) -> Result<Self, FileError> {
        let mut file = Reader::open(path, text)?;
        let id = read_id(&mut file, path)?;
        let title = file.string("title")?;
        let title = file.required("title", title)?;
        let created = file.time("created")?.unwrap_or(DateTime::UNIX_EPOCH);
        let mut bead = Self::new(id, title, created);
        bead.state = read_state(&mut file)?;
        read_place(&mut file, &mut bead)?;
        read_prose(&mut file, &mut bead)?;
        bead.merge = file.table("merge")?.map(read_merge).transpose()?;
        if matches!(bead.state, State::Submitted(_)) && bead.merge.is_none() {
            return Err(file.fail("status", "the status is submitted, but the table [merge] is missing"));
        }
        let attempts = file.tables("attempts")?.into_iter().zip(1..);
        bead.attempts = attempts.map(|(table, number)| read_attempt(table, number)).collect::<Result<_, _>>()?;
        let notes = file.tables("notes")?.into_iter();
        bead.notes = notes.map(|table| read_note(table, created)).collect::<Result<_, _>>()?;
        bead.extra = file.rest()?;
        Ok(bead)
    }
}

fn read_id(file: &mut Reader<'_>, path: &str) -> Result<BeadId, FileError> {
    let stem = path.rsplit('/').next().and_then(|name| name.strip_suffix(".toml"));
    let id: BeadId = match (file.parsed("id")?, stem) {
        (Some(id), _) => id,
        (None, Some(stem)) => stem.parse().map_err(|error| file.fail("id", format!("id is missing, and {error}")))?,
        (None, None) => return Err(file.fail("id", "id is missing")),
    };
    if id.path() != path {
        return Err(file.fail("id", format!("the id {id} does not fit the path: its file is {}", id.path())));
    }
    Ok(id)
}

fn read_state(file: &mut Reader<'_>) -> Result<State, FileError> {
    let status = file.word::<Status>("status")?.unwrap_or(Status::Open);
    let assignee = file.parsed::<WorkerRef>("assignee")?;
    let lease = file.parsed::<Lease>("lease")?;
    let home = file.parsed::<HomeId>("home")?;
    let resolution = file.word::<Resolution>("closed_as")?;
    let closed = file.time("closed")?;
    let claim_keys = [("assignee", assignee.is_some()), ("lease", lease.is_some()), ("home", home.is_some())];
    let closing_keys = [("closed_as", resolution.is_some()), ("closed", closed.is_some())];
    match status {
        Status::Open => {
            without(file, "open", &claim_keys)?;
            without(file, "open", &closing_keys)?;
            Ok(State::Open)
        }
        Status::Hooked | Status::Submitted => {
            let word = if status == Status::Hooked { "hooked" } else { "submitted" };
            without(file, word, &closing_keys)?;
            let (Some(assignee), Some(lease), Some(home)) = (assignee, lease, home) else {
                return Err(missing(file, word, &claim_keys));
            };
            let claim = Claim { assignee, lease, home };
            Ok(if status == Status::Hooked { State::Hooked(claim) } else { State::Submitted(claim) })
        }
        Status::Closed => {
            without(file, "closed", &claim_keys)?;
            let (Some(resolution), Some(at)) = (resolution, closed) else {
                return Err(missing(file, "closed", &closing_keys));
            };
            Ok(State::Closed(Closing { resolution, at }))
        }
    }
}

fn without(file: &Reader<'_>, status: &str, keys: &[(&str, bool)]) -> Result<(), FileError> {
    match keys.iter().find(|(_, present)| *present) {
        Some((key, _)) => Err(file.fail(key, format!("the status is {status}, but {key} is there"))),
        None => Ok(()),
    }
}

fn missing(file: &Reader<'_>, status: &str, keys: &[(&str, bool)]) -> FileError {
    let names: Vec<&str> = keys.iter().filter(|(_, present)| !present).map(|(key, _)| *key).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    file.fail("status", format!("the status is {status}, but {} {verb} missing", names.join(" and ")))
}

fn read_place(file: &mut Reader<'_>, bead: &mut Bead) -> Result<(), FileError> {
    bead.kind = file.word("kind")?.unwrap_or(Kind::Task);
    bead.priority = file.number("priority", 0..=4)?.map_or(2, |number| u8::try_from(number).expect("0 to 4"));
    bead.role = file.parsed("role")?.unwrap_or_else(RoleName::developer);
    bead.parent = file.parsed("parent")?;
    bead.labels = file.list("labels")?;
    bead.needs = file.list("needs")?;
    bead.related = file.list("related")?;
    bead.discovered_from = file.parsed("discovered_from")?;
    bead.prefer = file.parsed("prefer")?;
    bead.agent = file.string("agent")?;
    bead.model = file.string("model")?;
    bead.effort = file.string("effort")?;
    bead.profile = file.string("profile")?;
    bead.extra_args = file.list("extra_args")?;
    bead.from = file.string("from")?;
    bead.touches = file.list("touches")?;
    bead.budget = file.string("budget")?;
    bead.defer_until = file.time("defer_until")?;
    Ok(())
}

fn read_prose(file: &mut Reader<'_>, bead: &mut Bead) -> Result<(), FileError> {
    bead.description = file.string("description")?.unwrap_or_default();
    bead.acceptance = file.string("acceptance")?.unwrap_or_default();
    bead.result = file.string("result")?;
    Ok(())
}

fn read_merge(mut table: Reader<'_>) -> Result<Merge, FileError> {
    let merge = Merge {
        branch: required(&mut table, "branch")?,
        head: required(&mut table, "head")?,
        base: required(&mut table, "base")?,
        target: required(&mut table, "target")?,
        submitted: {
            let time = table.time("submitted")?;
            table.required("submitted", time)?
        },
        place: table.signed("place")?.unwrap_or(0),
        approved: table.table("approved")?.map(read_approval).transpose()?,
        intent: table.table("intent")?.map(read_intent).transpose()?,
        landed: table.string("landed")?,
        offer: table.table("offer")?.map(read_offer).transpose()?,
        batch: table.list("batch")?,
        gates: table.list("gates")?,
        extra: toml::Table::new(),
    };
    Ok(Merge { extra: table.rest()?, ..merge })
}

fn read_approval(mut table: Reader<'_>) -> Result<Approval, FileError> {
    let (by, at) = (table.parsed("by")?, table.time("at")?);
    let approval = Approval {
        by: table.required("by", by)?,
        at: table.required("at", at)?,
        head: required(&mut table, "head")?,
        extra: toml::Table::new(),
    };
    Ok(Approval { extra: table.rest()?, ..approval })
}

fn read_offer(mut table: Reader<'_>) -> Result<Offer, FileError> {
    let offer = Offer {
        branch: required(&mut table, "branch")?,
        commit: required(&mut table, "commit")?,
        pushed: table.boolean("pushed")?.unwrap_or(false),
        extra: toml::Table::new(),
    };
    Ok(Offer { extra: table.rest()?, ..offer })
}

fn read_intent(mut table: Reader<'_>) -> Result<Intent, FileError> {
    let intent = Intent {
        old: required(&mut table, "old")?,
        new: required(&mut table, "new")?,
        landed: required(&mut table, "landed")?,
        members: table.list("members")?,
        extra: toml::Table::new(),
    };
    Ok(Intent { extra: table.rest()?, ..intent })
}

fn read_attempt(mut table: Reader<'_>, place: u32) -> Result<Attempt, FileError> {
    let outcome = table.word("outcome")?;
    let attempt = Attempt {
        number: table.number("number", 1..=u32::MAX)?.unwrap_or(place),
        outcome: table.required("outcome", outcome)?,
        worker: table.parsed("worker")?,
        head: table.string("head")?,
        reason: table.string("reason")?.unwrap_or_default(),
        log: table.string("log")?,
        conflict: table.list("conflict")?,
        extra: toml::Table::new(),
    };
    Ok(Attempt { extra: table.rest()?, ..attempt })
}

fn read_note(mut table: Reader<'_>, created: Timestamp) -> Result<Note, FileError> {
    let by = table.parsed("by")?;
    let note = Note {
        at: table.time("at")?.unwrap_or(created),
        by: table.required("by", by)?,
        text: required(&mut table, "text")?,
        extra: toml::Table::new(),
    };
    Ok(Note { extra: table.rest()?, ..note })
}

fn required(table: &mut Reader<'_>, key: &'static str) -> Result<String, FileError> {
    let value = table.string(key)?;
    table.required(key, value)
}
