//! Which hand edits may become part of the ledger.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::bead::{Bead, State};
use crate::convoy::Convoy;
use crate::error::Outcome;
use crate::id::{BeadId, Prefix};
use crate::ledger::{Document, DocumentError, HandEdit, HandEditKind, Snapshot};
use crate::mail::Letter;
use crate::ops::bead::{cycle, edit};
use crate::town::config::{self, File};
use crate::town::{Rig, Town, TownError};

/// Why a file cannot be taken over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The file, relative to the town.
    pub path: String,
    /// The line, from 1, where one can be named.
    pub line: Option<usize>,
    /// The rule that it breaks.
    pub reason: String,
    /// What to do instead.
    pub hint: Option<String>,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let line = self.line.map(|line| format!(":{line}")).unwrap_or_default();
        write!(f, "{}{line}: {}", self.path, self.reason)
    }
}

impl Refusal {
    fn new(path: &str, line: Option<usize>, reason: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, reason: reason.into(), hint: None }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with what to do next: as the rule says it, else to mend the file.
    fn with_next_step(self) -> Self {
        Self { hint: self.hint.or_else(|| Some("mend it, then `gt ledger adopt`".to_owned())), ..self }
    }
}

impl From<DocumentError> for Refusal {
    fn from(error: DocumentError) -> Self {
        Self { path: error.path, line: error.line, reason: error.reason, hint: None }
    }
}

/// Judges `edits` against the state of `snapshot`: for each, why it is refused, if it is.
///
/// Edits that lean on each other are judged together: a new bead may need another new one, unless that is refused.
///
/// # Errors
/// When the ledger cannot be read.
pub fn judge(snapshot: &Snapshot, edits: &[HandEdit]) -> Outcome<Vec<Option<Refusal>>> {
    let court = Court::over(snapshot)?;
    let mut verdicts = Vec::new();
    let mut beads: BTreeMap<BeadId, (usize, Bead)> = BTreeMap::new();
    for (place, edit) in edits.iter().enumerate() {
        verdicts.push(match court.alone(edit)? {
            Err(refusal) => Some(refusal),
            Ok(None) => None,
            Ok(Some(bead)) => {
                beads.insert(bead.id.clone(), (place, bead));
                None
            }
        });
    }
    while let Some((id, refusal)) = court.first_misfit(&beads)? {
        let (place, _) = beads.remove(&id).expect("the misfit is one of them");
        verdicts[place] = Some(refusal);
    }
    Ok(verdicts.into_iter().map(|verdict| verdict.map(Refusal::with_next_step)).collect())
}

/// What the judgement leans on.
struct Court<'s> {
    snapshot: &'s Snapshot,
    rigs: Vec<Rig>,
}

impl<'s> Court<'s> {
    fn over(snapshot: &'s Snapshot) -> Outcome<Self> {
        let texts = snapshot.texts(Town::RIGS_FOLDER)?;
        let rigs = texts.iter().filter_map(|(path, text)| Rig::parse(path, text).ok()).collect();
        Ok(Self { snapshot, rigs })
    }

    /// What can be said of a file without the others; a bead is handed on.
    fn alone(&self, edit: &HandEdit) -> Outcome<Result<Option<Bead>, Refusal>> {
        let path = edit.path.as_str();
        if let Some(reason) = &edit.unreadable {
            return Ok(Err(Refusal::new(path, None, reason.clone())));
        }
        let folder = path.split_once('/').map_or("", |(folder, _)| folder);
        Ok(match (folder, &edit.text) {
            ("beads", Some(text)) => return self.bead(path, text).map(|judged| judged.map(Some)),
            ("beads", None) => self.removed_bead(path)?,
            ("gates", _) => Err(Refusal::new(path, None, "gate evidence is written by the refinery alone")
                .hint(format!("`gt ledger restore {path}` brings it back"))),
            ("convoys", Some(text)) => parsed::<Convoy>(path, text),
            ("mail", Some(text)) => parsed::<Letter>(path, text),
            (Town::RIGS_FOLDER, Some(text)) => self.rig(path, text)?,
            (Town::RIGS_FOLDER, None) => Err(Refusal::new(path, None, "a rig is not removed by removing its file")
                .hint(format!("`gt ledger restore {path}` puts it back; `gt rig remove` removes a rig"))),
            _ if path == Town::FILE => self.town(edit.text.as_deref())?,
            _ => Ok(()),
        }
        .map(|()| None))
    }

    fn bead(&self, path: &str, text: &str) -> Outcome<Result<Bead, Refusal>> {
        let bead = match Bead::parse(path, text) {
            Ok(bead) => bead,
            Err(error) => return Ok(Err(error.into())),
        };
        let known = self.snapshot.row(&bead.id)?.and_then(|row| Bead::parse(path, &row.text).ok());
        let was_broken = self.snapshot.broken()?.iter().any(|broken| broken.path == path);
        Ok(match known {
            Some(before) => match edit::moved(&before, &bead) {
                Some((field, verb)) => Err(Refusal::new(
                    path,
                    edit::line_of(text, field),
                    format!("{field} is not changed by hand; the ledger says {}", before.state.describe()),
                )
                .hint(format!("`{verb}` does that; `gt ledger restore {path}` puts the file back"))),
                None => Ok(bead),
            },
            // Nobody knows what a broken file said before.
            None if was_broken => Ok(bead),
            None => self.new_bead(path, text, bead),
        })
    }

    fn new_bead(&self, path: &str, text: &str, bead: Bead) -> Result<Bead, Refusal> {
        let prefix = bead.id.prefix();
        if prefix != Prefix::town() && !self.rigs.iter().any(|rig| rig.prefix == prefix) {
            let known: Vec<&str> = self.rigs.iter().map(|rig| rig.prefix.as_str()).collect();
            return Err(Refusal::new(path, edit::line_of(text, "id"), format!("no rig has the prefix {prefix}"))
                .hint(format!("Known prefixes are hq, {}.", known.join(", "))));
        }
        if bead.state != State::Open || bead.merge.is_some() || !bead.attempts.is_empty() {
            return Err(Refusal::new(
                path,
                edit::line_of(text, "status"),
                "a new bead begins as open, and without attempts",
            )
            .hint("`gt sling`, `gt done` and `gt bead close` take it from there"));
        }
        Ok(bead)
    }

    fn removed_bead(&self, path: &str) -> Outcome<Result<(), Refusal>> {
        let file = path.rsplit('/').next().unwrap_or(path);
        let id = file.strip_suffix(".toml").and_then(|stem| stem.parse::<BeadId>().ok()).filter(|id| id.path() == path);
        let known = match &id {
            Some(id) => self.snapshot.row(id)?.is_some(),
            None => false,
        };
        if !known {
            return Ok(Ok(()));
        }
        let id = id.expect("only an id is known");
        Ok(Err(Refusal::new(path, None, "a bead is closed, never removed: its id is never used again")
            .hint(format!("`gt bead close {id}` closes it; `gt ledger restore {path}` puts the file back"))))
    }

    fn rig(&self, path: &str, text: &str) -> Outcome<Result<(), Refusal>> {
        let rig = match Rig::parse(path, text) {
            Ok(rig) => rig,
            Err(error) => return Ok(Err(setting(path, &error))),
        };
        if let Some(before) = self.rigs.iter().find(|before| before.name == rig.name) {
            if before.prefix != rig.prefix {
                let reason = format!("the prefix of {} is {} for ever", rig.name, before.prefix);
                return Ok(Err(Refusal::new(path, edit::line_of(text, "prefix"), reason)));
            }
            if let Some(name) = before.names.keys().find(|name| !rig.names.contains_key(*name)) {
                let reason = format!("the name {name} is reserved for ever, and is missing");
                return Ok(Err(Refusal::new(path, None, reason).hint("`gt polecat remove` retires a worker")));
            }
        }
        for other in self.rigs.iter().filter(|other| other.name != rig.name) {
            if other.prefix == rig.prefix {
                let reason = format!("the rig {} has the prefix {} already", other.name, rig.prefix);
                return Ok(Err(Refusal::new(path, edit::line_of(text, "prefix"), reason)));
            }
            if let Some(name) = rig.names.keys().find(|name| other.names.contains_key(*name)) {
                let reason = format!("the name {name} is reserved in the rig {}", other.name);
                return Ok(Err(Refusal::new(path, None, reason)));
            }
        }
        Ok(Ok(()))
    }

    fn town(&self, text: Option<&str>) -> Outcome<Result<(), Refusal>> {
        let path = Town::FILE;
        let Some(text) = text else {
            return Ok(Err(Refusal::new(path, None, "without it there is no town")
                .hint(format!("`gt ledger restore {path}` brings it back"))));
        };
        if let Err(error) = config::check(&File::Town, text) {
            return Ok(Err(setting(path, &error)));
        }
        let branch = |text: &str| toml::from_str::<toml::Table>(text).ok()?.get("branch")?.as_str().map(str::to_owned);
        let before = self.snapshot.text(path)?.as_deref().and_then(branch);
        if before != branch(text) {
            let reason = format!("the ledger's branch is {} for ever", before.as_deref().unwrap_or("main"));
            return Ok(Err(Refusal::new(path, edit::line_of(text, "branch"), reason)));
        }
        Ok(Ok(()))
    }

    /// The first bead that cannot stand beside the ledger and the other beads: it names one that does not exist,
    /// or waits for itself.
    fn first_misfit(&self, beads: &BTreeMap<BeadId, (usize, Bead)>) -> Outcome<Option<(BeadId, Refusal)>> {
        let mut accepted: BTreeMap<BeadId, Bead> = BTreeMap::new();
        for (id, (_, bead)) in beads {
            let path = id.path();
            if let Some((field, missing)) = self.missing(bead, beads)? {
                let refusal = Refusal::new(&path, None, format!("{field}: there is no bead {missing}"));
                return Ok(Some((id.clone(), refusal)));
            }
            if let Some(cycle) = cycle::closed_by(self.snapshot, &accepted, bead)? {
                let refusal = Refusal::new(&path, None, format!("it would wait for itself: {cycle}"))
                    .hint("take one of these needs or parents away");
                return Ok(Some((id.clone(), refusal)));
            }
            accepted.insert(id.clone(), bead.clone());
        }
        Ok(None)
    }

    /// A need or parent that is new in `bead` and exists nowhere.
    fn missing(&self, bead: &Bead, beads: &BTreeMap<BeadId, (usize, Bead)>) -> Outcome<Option<(&'static str, BeadId)>> {
        let before = self.snapshot.row(&bead.id)?.and_then(|row| Bead::parse(&bead.id.path(), &row.text).ok());
        let known: BTreeSet<&BeadId> =
            before.iter().flat_map(|before| before.needs.iter().chain(&before.parent)).collect();
        let named = bead.needs.iter().map(|id| ("needs", id)).chain(bead.parent.iter().map(|id| ("parent", id)));
        for (field, id) in named.filter(|(_, id)| !known.contains(id) && !beads.contains_key(*id)) {
            if self.snapshot.row(id)?.is_none() {
                return Ok(Some((field, id.clone())));
            }
        }
        Ok(None)
    }
}

fn parsed<D: Document>(path: &str, text: &str) -> Result<(), Refusal> {
    D::parse(path, text).map(drop).map_err(Refusal::from)
}

fn setting(path: &str, error: &TownError) -> Refusal {
    let refusal = match error {
        TownError::Setting { line, reason, .. } => Refusal::new(path, Some(*line), reason.clone()),
        other => Refusal::new(path, None, other.to_string()),
    };
    match error.hints().into_iter().next() {
        Some(hint) => refusal.hint(hint),
        None => refusal,
    }
}

/// What a person did, as a word.
pub fn kind_word(kind: HandEditKind) -> &'static str {
    match kind {
        HandEditKind::Changed => "changed",
        HandEditKind::Added => "added",
        HandEditKind::Removed => "removed",
    }
}
