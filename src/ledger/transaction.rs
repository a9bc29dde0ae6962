//! Writing: one transaction is one commit.

use std::collections::BTreeMap;

use super::durable::Writing;
use super::index::update::Changed;
use super::{Document, Ledger, Snapshot, authorship, lift, project};
use crate::bead::Bead;
use crate::clock::Timestamp;
use crate::env::commit_point;
use crate::error::{Failure, Kind, Outcome};
use crate::git::Oid;
use crate::git::objects::{Change, Edit, Objects};
use crate::git::staging::IndexLock;
use crate::id::{Actor, BeadId, Prefix, WorkerRef, suffix_length};

/// How often a transaction begins anew because plain git moved the branch under it.
const TRIES: usize = 20;

/// What a transaction made.
#[derive(Debug)]
pub struct Committed<T> {
    /// What the work returned.
    pub value: T,
    /// The commit; nothing when the work put nothing new.
    pub commit: Option<Oid>,
    /// The state after the transaction, where the index is there already.
    pub after: Option<Snapshot>,
    /// What could not be projected, in words; the commit stands and the next transaction tries again.
    pub warning: Option<String>,
}

/// The state at the tip and the changes so far.
pub struct Transaction {
    snapshot: Snapshot,
    now: Timestamp,
    changes: BTreeMap<String, Option<String>>,
    event: String,
    subject: String,
}

impl Transaction {
    /// The state before this transaction.
    pub fn at_tip(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The moment of this transaction.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Says what the commit does: the verb (`sling`) and the subject (`sling web-x7k2m to toast: Add login`).
    pub fn describe(&mut self, event: &str, subject: impl Into<String>) {
        event.clone_into(&mut self.event);
        self.subject = subject.into();
    }

    /// One bead, with the changes so far.
    ///
    /// # Errors
    /// When there is none or its file is broken.
    pub fn bead(&self, id: &BeadId) -> Outcome<Bead> {
        match self.changes.get(&id.path()) {
            Some(Some(text)) => Ok(Bead::parse(&id.path(), text)?),
            Some(None) | None => self.snapshot.bead(id),
        }
    }

    /// Every bead that a worker holds, hooked or submitted, with the changes so far.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn held_by(&self, worker: &WorkerRef) -> Outcome<Vec<Bead>> {
        let query = super::BeadQuery { assignee: vec![worker.clone()], ..Default::default() };
        let mut beads: BTreeMap<String, Bead> =
            self.snapshot.beads(&query)?.into_iter().map(|bead| (bead.id.path(), bead)).collect();
        for (path, text) in &self.changes {
            match text {
                Some(text) if path.starts_with("beads/") => {
                    beads.insert(path.clone(), Bead::parse(path, text)?);
                }
                _ => {
                    beads.remove(path);
                }
            }
        }
        Ok(beads.into_values().filter(|bead| bead.claim().is_some_and(|claim| claim.assignee == *worker)).collect())
    }

    /// Every edge between beads, with the changes so far: which bead needs which.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn edges(&self) -> Outcome<Vec<(BeadId, BeadId)>> {
        let mut edges = self.snapshot.edges()?;
        for (path, text) in self.changes.iter().filter(|(path, _)| path.starts_with("beads/")) {
            edges.retain(|(bead, _)| bead.path() != *path);
            if let Some(text) = text {
                let bead = Bead::parse(path, text)?;
                edges.extend(bead.needs.iter().map(|need| (bead.id.clone(), need.clone())));
            }
        }
        Ok(edges)
    }

    /// The text of a file that is no bead, with the changes so far.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn text(&self, path: &str) -> Outcome<Option<String>> {
        match self.changes.get(path) {
            Some(text) => Ok(text.clone()),
            None => self.snapshot.text(path),
        }
    }

    /// One document that is no bead, with the changes so far.
    ///
    /// # Errors
    /// When it is broken or the ledger cannot be read.
    pub fn document<D: Document>(&self, path: &str) -> Outcome<Option<D>> {
        Ok(self.text(path)?.map(|text| D::parse(path, &text)).transpose()?)
    }

    /// Puts a document in its place.
    pub fn put<D: Document>(&mut self, document: &D) {
        self.changes.insert(document.path(), Some(document.render()));
    }

    /// Puts a text file, such as the settings.
    pub fn put_text(&mut self, path: impl Into<String>, text: impl Into<String>) {
        self.changes.insert(path.into(), Some(text.into()));
    }

    /// Removes a file.
    pub fn remove(&mut self, path: impl Into<String>) {
        self.changes.insert(path.into(), None);
    }

    /// A free id under `prefix`.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn new_bead_id(&self, prefix: &Prefix) -> Outcome<BeadId> {
        let length = suffix_length(self.snapshot.count_of(prefix)?);
        loop {
            let id = BeadId::random(prefix, length);
            if !self.changes.contains_key(&id.path()) && self.snapshot.row(&id)?.is_none() {
                return Ok(id);
            }
        }
    }

    fn beads_changed(&self) -> Vec<String> {
        let names = self.changes.keys().filter(|path| path.starts_with("beads/"));
        names.filter_map(|path| path.rsplit('/').next()?.strip_suffix(".toml").map(str::to_owned)).collect()
    }
}

/// The message of a transaction's commit: the subject, then the trailers.
pub(super) fn message(subject: &str, actor: &Actor, beads: &[String], event: &str) -> String {
    use std::fmt::Write;
    let subject = subject.lines().next().unwrap_or_default();
    let mut text = format!("{subject}\n\nActor: {actor}\n");
    for bead in beads {
        let _ = writeln!(text, "Bead: {bead}");
    }
    let _ = writeln!(text, "Event: {event}");
    text
}

pub(super) fn run<T>(
    ledger: &Ledger,
    actor: &Actor,
    mut work: impl FnMut(&mut Transaction) -> Outcome<T>,
) -> Outcome<Committed<T>> {
    // Opened and read before the lock is taken: where many wait for it, each does so while it waits.
    let objects = ledger.objects()?;
    let person = objects.person();
    let mut index = Some(Snapshot::open_index(ledger)?);
    for _ in 0..TRIES {
        let lock = ledger.lock()?;
        ledger.check_head()?;
        let tip = ledger.tip()?;
        project::catch_up(ledger, &tip)?;
        let mut transaction = Transaction {
            snapshot: Snapshot::under_lock(ledger, &tip, index.take())?,
            now: ledger.clock.now(),
            changes: BTreeMap::new(),
            event: "change".to_owned(),
            subject: String::new(),
        };
        let value = work(&mut transaction)?;
        let (edits, changes) = edits(objects, &transaction)?;
        if edits.is_empty() {
            return Ok(Committed { value, commit: None, after: None, warning: None });
        }
        let text = message(&transaction.subject, actor, &transaction.beads_changed(), &transaction.event);
        let draft =
            objects.draft(Some(&tip), &edits, &authorship(person.clone(), actor, ledger.clock), &text).map_err(lift)?;
        let commit = draft.id();
        let writing = Writing::begin(ledger, objects, &draft)?;
        commit_point("ledger.written");
        let index_lock = project::lock_index(ledger)?;
        commit_point("ledger.locked");
        if !objects.swap(&ledger.branch, Some(&tip), &commit, writing.durability()).map_err(lift)? {
            continue;
        }
        commit_point("ledger.swapped");
        let warning = follow(
            ledger,
            objects,
            &Step { from: &tip, to: &commit, edits: &edits, changes: &changes },
            index_lock,
            &transaction.snapshot,
        )
        .err();
        drop(lock);
        // Whoever comes next builds on this commit, and says so only when both are durable.
        writing.end(ledger, objects)?;
        transaction.snapshot.index().fold();
        let after = transaction.snapshot.at(&commit);
        let warning = warning.map(|failure| failure.to_string());
        return Ok(Committed { value, commit: Some(commit), after, warning });
    }
    Err(Failure::new(Kind::Retryable, "the ledger's branch kept moving under this command")
        .hint("try again when the other git program is done"))
}

/// The changes that are changes, as what to write and as blobs: a document put as it already was is none.
fn edits(objects: &Objects, transaction: &Transaction) -> Outcome<(Vec<Edit>, Vec<Change>)> {
    let mut edits = Vec::new();
    let mut changes = Vec::new();
    for (path, text) in &transaction.changes {
        let content = text.as_ref().map(|text| text.clone().into_bytes());
        let before = transaction.snapshot.bytes(objects, path)?;
        if before != content {
            let blob = |content: &Option<Vec<u8>>| content.as_deref().map(Objects::blob_id);
            changes.push(Change { path: path.clone(), old: blob(&before), new: blob(&content) });
            edits.push(Edit { path: path.clone(), content });
        }
    }
    Ok((edits, changes))
}

/// The step that a swap made.
struct Step<'s> {
    from: &'s Oid,
    to: &'s Oid,
    edits: &'s [Edit],
    changes: &'s [Change],
}

/// After the swap: files, git's index, our index. What fails here is done again by the next transaction.
fn follow(
    ledger: &Ledger,
    objects: &Objects,
    step: &Step<'_>,
    lock: Option<IndexLock>,
    snapshot: &Snapshot,
) -> Outcome<()> {
    let changed = |edit: &Edit| Changed { path: edit.path.clone(), text: edit.content.clone() };
    let changed: Vec<Changed> = step.edits.iter().map(changed).collect();
    let indexed = snapshot.index().advance(Some(step.from), step.to, &changed);
    if project::recorded(ledger).as_ref() == Some(step.from) {
        project::carry_out(ledger, objects, step.to, step.changes, lock)?;
    } else {
        drop(lock);
        project::catch_up(ledger, step.to)?;
    }
    Ok(indexed?)
}
