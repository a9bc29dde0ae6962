//! `gt bead edit`: changes what a bead says, never where it stands.

use serde::Serialize;

use super::cycle;
use crate::bead::{Bead, Budget, Kind as BeadKind, word};
use crate::clock::Timestamp;
use crate::error::{Failure, Kind, Outcome};
use crate::id::{BeadId, RoleName};
use crate::ledger::{Snapshot, Transaction};
use crate::ops::{OpenTown, Report, pass, who};

/// What to change; `None` leaves a field as it is, `Some(None)` takes it away.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    /// The title.
    pub title: Option<String>,
    /// The description.
    pub description: Option<String>,
    /// The acceptance.
    pub acceptance: Option<String>,
    /// The kind.
    pub kind: Option<BeadKind>,
    /// The priority, 0 to 4.
    pub priority: Option<u8>,
    /// The role.
    pub role: Option<RoleName>,
    /// Labels to add.
    pub add_labels: Vec<String>,
    /// Labels to remove.
    pub remove_labels: Vec<String>,
    /// The epic that it belongs to, as a person typed it.
    pub parent: Option<Option<String>>,
    /// The path globs that it is expected to change.
    pub touches: Option<Vec<String>>,
    /// Not ready before.
    pub defer_until: Option<Option<Timestamp>>,
    /// The most that it may cost.
    pub budget: Option<Option<String>>,
}

/// A bead that was edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Edited {
    /// The bead.
    pub bead: BeadId,
    /// Its title now.
    pub title: String,
    /// The fields that are different from before.
    pub changed: Vec<&'static str>,
}

impl Report for Edited {
    const SCHEMA: &'static str = "gt.bead.edit/1";
}

/// Changes fields of the bead that `text` means.
///
/// # Errors
/// When there is no such bead or parent, a label to remove is not there, or the bead would wait for itself.
pub fn edit(open: &OpenTown, text: &str, changes: &Changes) -> Outcome<Edited> {
    let committed = open.ledger.transact(&open.actor, |tx| {
        who::check_lease(open, tx.at_tip())?;
        let before = tx.bead(&open.bead_id(tx.at_tip(), text)?)?;
        let mut bead = before.clone();
        apply(open, tx.at_tip(), &mut bead, changes)?;
        write(tx, &before, &bead)
    })?;
    Ok(tell(open, committed.value))
}

fn apply(open: &OpenTown, snapshot: &Snapshot, bead: &mut Bead, changes: &Changes) -> Outcome<()> {
    let Changes { title, description, acceptance, kind, priority, role, touches, defer_until, budget, .. } =
        changes.clone();
    if let Some(title) = title {
        bead.title = super::create::one_line(&title)?;
    }
    set(&mut bead.description, description);
    set(&mut bead.acceptance, acceptance);
    set(&mut bead.kind, kind);
    set(&mut bead.priority, priority);
    if let Some(role) = role {
        crate::ops::roles::check(open, &role)?;
        bead.role = role;
    }
    set(&mut bead.touches, touches);
    set(&mut bead.defer_until, defer_until);
    if let Some(Some(text)) = &budget {
        text.parse::<Budget>().map_err(|reason| Failure::new(Kind::Usage, reason))?;
    }
    set(&mut bead.budget, budget);
    if let Some(parent) = &changes.parent {
        bead.parent = parent.as_ref().map(|text| open.bead_id(snapshot, text)).transpose()?;
    }
    for label in &changes.remove_labels {
        if !bead.labels.remove(label) {
            let has: Vec<&str> = bead.labels.iter().map(String::as_str).collect();
            let has = if has.is_empty() { "no label".to_owned() } else { has.join(", ") };
            return Err(Failure::new(Kind::NotFound, format!("{} has no label {label:?}", bead.id))
                .hint(format!("It has {has}.")));
        }
    }
    bead.labels.extend(changes.add_labels.iter().cloned());
    Ok(())
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

/// Writes `bead`, which was `before`, if it is different.
fn write(tx: &mut Transaction, before: &Bead, bead: &Bead) -> Outcome<Edited> {
    let changed = differences(before, bead);
    if before.needs != bead.needs || before.parent != bead.parent || before.kind != bead.kind {
        for id in bead.needs.difference(&before.needs).chain(&bead.parent) {
            exists(tx.at_tip(), id)?;
        }
        cycle::refuse(tx.at_tip(), bead)?;
    }
    if !changed.is_empty() {
        tx.put(bead);
        tx.describe("edit", format!("edit {}: {} ({})", bead.id, bead.title, changed.join(", ")));
    }
    Ok(Edited { bead: bead.id.clone(), title: bead.title.clone(), changed })
}

fn exists(snapshot: &Snapshot, id: &BeadId) -> Outcome<()> {
    snapshot.bead(id).map(drop)
}

fn tell(open: &OpenTown, edited: Edited) -> Edited {
    if !edited.changed.is_empty() {
        let text = format!("{}: {}", edited.title, edited.changed.join(", "));
        open.event("bead.edited", &open.actor, Some(&edited.bead), None, text);
        pass::request(open);
    }
    edited
}

/// Reads what a person made of the file of `before`, and refuses what is not theirs to change in a file.
///
/// # Errors
/// With file, line and reason; for a field of the bead's state, with the verb that changes it.
pub fn check(before: &Bead, text: &str) -> Outcome<Bead> {
    let path = before.id.path();
    let bead = Bead::parse(&path, text).map_err(|error| Failure::new(Kind::Invalid, error.to_string()))?;
    if let Some((field, verb)) = moved(before, &bead) {
        let line = line_of(text, field).map(|line| format!(":{line}")).unwrap_or_default();
        return Err(Failure::new(Kind::Invalid, format!("{path}{line}: {field} is not changed by an edit"))
            .hint(format!("`{verb}` does that")));
    }
    Ok(bead)
}

/// Takes over what a person changed in the file of `before`, into the bead as it is now.
///
/// # Errors
/// As [`check`]; and when somebody else changed the same field meanwhile, or the bead would wait for itself.
pub fn replace(open: &OpenTown, before: &Bead, text: &str) -> Outcome<Edited> {
    let edited = check(before, text)?;
    let committed = open.ledger.transact(&open.actor, |tx| {
        who::check_lease(open, tx.at_tip())?;
        let now = tx.bead(&before.id)?;
        let mut bead = now.clone();
        let theirs = differences(before, &now);
        if let Some(field) = differences(before, &edited).into_iter().find(|field| theirs.contains(field)) {
            return Err(Failure::new(Kind::Conflict, format!("{field} of {} was changed meanwhile", before.id))
                .hint(format!("`gt bead edit {}`", before.id)));
        }
        take_over(&mut bead, before, &edited);
        write(tx, &now, &bead)
    })?;
    Ok(tell(open, committed.value))
}

/// The first field of the bead's state that differs, with the verb that changes it.
pub fn moved(before: &Bead, after: &Bead) -> Option<(&'static str, String)> {
    let id = &before.id;
    let (was, is) = (before.claim(), after.claim());
    if before.status() != after.status() {
        let verb = match word(after.status()).as_str() {
            "closed" => format!("gt bead close {id}"),
            "hooked" => format!("gt sling {id}"),
            "submitted" => "gt done".to_owned(),
            _ if was.is_some() => format!("gt unsling {id}"),
            _ => format!("gt bead reopen {id} -m WHY"),
        };
        return Some(("status", verb));
    }
    let checks = [
        (
            "assignee",
            was.map(|claim| &claim.assignee) != is.map(|claim| &claim.assignee),
            format!("gt sling {id} WORKER"),
        ),
        ("lease", was.map(|claim| &claim.lease) != is.map(|claim| &claim.lease), format!("gt sling {id}")),
        ("home", was.map(|claim| &claim.home) != is.map(|claim| &claim.home), format!("gt unsling {id}")),
        ("closed_as", before.state != after.state, format!("gt bead reopen {id} -m WHY")),
        ("merge", before.merge != after.merge, format!("gt queue show {id}")),
        ("attempts", before.attempts != after.attempts, format!("gt bead reopen {id} -m WHY")),
        ("created", before.created != after.created, "gt new".to_owned()),
    ];
    checks.into_iter().find(|(_, differs, _)| *differs).map(|(field, _, verb)| (field, verb))
}

/// The line of a key, from 1; of a table's heading where it is one.
pub fn line_of(text: &str, key: &str) -> Option<usize> {
    let begins = |line: &str| {
        let line = line.trim_start_matches(['[', ' ']);
        line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(['=', ']', '.']))
    };
    text.lines().position(begins).map(|at| at + 1)
}

macro_rules! fields {
    ($($field:ident),*) => {
        /// The fields, other than those of its state, in which two versions of a bead differ.
        pub fn differences(before: &Bead, after: &Bead) -> Vec<&'static str> {
            let mut names = Vec::new();
            $(if before.$field != after.$field { names.push(stringify!($field)); })*
            if before.extra != after.extra { names.push("other keys"); }
            names
        }

        /// Puts those fields of `edited` that differ from `before` into `bead`.
        fn take_over(bead: &mut Bead, before: &Bead, edited: &Bead) {
            $(if before.$field != edited.$field { bead.$field.clone_from(&edited.$field); })*
            if before.extra != edited.extra { bead.extra.clone_from(&edited.extra); }
        }
    };
}

fields!(
    title,
    description,
    acceptance,
    kind,
    priority,
    role,
    labels,
    parent,
    needs,
    related,
    discovered_from,
    prefer,
    agent,
    model,
    effort,
    profile,
    extra_args,
    from,
    touches,
    budget,
    defer_until,
    result,
    notes
);
