//! `gt remember`, `gt recall`, `gt forget`: what every worker of a rig or a role should know, as Markdown in the ledger.
//!
//! A note is a file: `memory/town/NAME.md`, `memory/rigs/RIG/NAME.md` or `memory/roles/ROLE/NAME.md`. A person may edit
//! it there as any other file of the town. `gt prime` shows what fits.

use std::fmt;

use serde::Serialize;

use super::{OpenTown, Page, Report, Row, roles};
use crate::agent::prompt::RememberedContext;
use crate::bead::lookup::nearest;
use crate::error::{Failure, Kind, Outcome};
use crate::id::{RigName, RoleName, numbered};
use crate::ledger::{Snapshot, Transaction};

/// The folder of all notes.
const FOLDER: &str = "memory";
/// The most bytes that one note has: many of them are shown at once.
const LIMIT: usize = 2_000;
/// How many words of a note make its name, and how long that gets.
const WORDS: usize = 6;
/// The longest name, in bytes.
const LONGEST: usize = 48;

/// Who should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// Everybody.
    Town,
    /// The workers of a rig.
    Rig(RigName),
    /// The workers of a role, in every rig.
    Role(RoleName),
}

impl Whom {
    /// From what a person typed.
    ///
    /// # Errors
    /// When both are given, or one of them does not exist.
    pub fn of(open: &OpenTown, rig: Option<&str>, role: Option<&str>) -> Outcome<Self> {
        match (rig, role) {
            (None, None) => Ok(Self::Town),
            (Some(rig), None) => Ok(Self::Rig(open.rig(rig)?.name)),
            (None, Some(role)) => {
                let role = role.parse()?;
                roles::check(open, &role)?;
                Ok(Self::Role(role))
            }
            (Some(_), Some(_)) => Err(Failure::new(Kind::Usage, "a note is for a rig or for a role, not for both")
                .hint("leave --rig or --role out")),
        }
    }

    fn folder(&self) -> String {
        match self {
            Self::Town => format!("{FOLDER}/town"),
            Self::Rig(rig) => format!("{FOLDER}/rigs/{rig}"),
            Self::Role(role) => format!("{FOLDER}/roles/{role}"),
        }
    }
}

impl fmt::Display for Whom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Town => f.write_str("everybody"),
            Self::Rig(rig) => write!(f, "the workers of {rig}"),
            Self::Role(role) => write!(f, "every {role}"),
        }
    }
}

/// A note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remembered {
    /// What it is called: `town/NAME`, `rigs/RIG/NAME` or `roles/ROLE/NAME`.
    pub name: String,
    /// Markdown.
    pub text: String,
}

impl Remembered {
    fn read((path, text): (String, String)) -> Option<Self> {
        let name = path.strip_prefix(FOLDER)?.strip_prefix('/')?.strip_suffix(".md")?.to_owned();
        Some(Self { name, text: text.trim().to_owned() })
    }

    fn path(&self) -> String {
        format!("{FOLDER}/{}.md", self.name)
    }
}

impl Row for Remembered {
    const SCHEMA: &'static str = "gt.memory/1";
}

impl Report for Remembered {
    const SCHEMA: &'static str = "gt.memory.note/1";
}

/// A note that is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Forgotten {
    /// The note; git has it still.
    pub note: Remembered,
}

impl Report for Forgotten {
    const SCHEMA: &'static str = "gt.memory.forgotten/1";
}

/// Keeps `text` for `whom`. Under the name of a note that is there it takes its place; without a name it gets one from
/// its first words.
///
/// # Errors
/// When the text is empty or too long, or the name is none.
pub fn remember(open: &OpenTown, whom: &Whom, name: Option<&str>, text: &str) -> Outcome<Remembered> {
    let text = checked(text)?;
    let wanted = name.map(checked_name).transpose()?;
    let committed = open.ledger.transact(&open.actor, |tx| {
        let name = match &wanted {
            Some(name) => format!("{}/{name}", whom.folder()),
            None => free_name(tx, &whom.folder(), text)?,
        };
        let name = name.trim_start_matches(FOLDER).trim_start_matches('/').to_owned();
        let note = Remembered { name, text: text.to_owned() };
        tx.put_text(note.path(), format!("{text}\n"));
        tx.describe("remember", format!("remember {}", note.name));
        Ok(note)
    })?;
    Ok(committed.value)
}

/// The notes that hold every one of `words`, in any case, in the name or the text; all of them without a word. With
/// `whom` only those for it.
///
/// # Errors
/// When the ledger cannot be read.
pub fn recall(open: &OpenTown, whom: Option<&Whom>, words: &[String]) -> Outcome<Page<Remembered>> {
    let snapshot = open.snapshot()?;
    let folder = whom.map_or_else(|| FOLDER.to_owned(), Whom::folder);
    let words: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    let mut notes = notes(&snapshot, &folder)?;
    notes.retain(|note| {
        let text = format!("{}\n{}", note.name, note.text).to_lowercase();
        words.iter().all(|word| text.contains(word))
    });
    Ok(Page::complete(notes))
}

/// Takes a note away; `name` is its whole name or the last part of it.
///
/// # Errors
/// When no note or more than one is called so.
pub fn forget(open: &OpenTown, name: &str) -> Outcome<Forgotten> {
    let committed = open.ledger.transact(&open.actor, |tx| {
        let note = find(tx.at_tip(), name)?;
        tx.remove(note.path());
        tx.describe("forget", format!("forget {}", note.name));
        Ok(Forgotten { note })
    })?;
    Ok(committed.value)
}

/// What a worker of this rig and role should know: of its role first, then of the rig, then of the town.
///
/// # Errors
/// When the ledger cannot be read.
pub(super) fn known_to(snapshot: &Snapshot, rig: &RigName, role: &RoleName) -> Outcome<Vec<RememberedContext>> {
    let mut known = known_by(snapshot, &Whom::Role(role.clone()))?;
    known.extend(known_by(snapshot, &Whom::Rig(rig.clone()))?);
    known.extend(known_to_all(snapshot)?);
    Ok(known)
}

/// What everybody in the town should know.
///
/// # Errors
/// When the ledger cannot be read.
pub(super) fn known_to_all(snapshot: &Snapshot) -> Outcome<Vec<RememberedContext>> {
    known_by(snapshot, &Whom::Town)
}

fn known_by(snapshot: &Snapshot, whom: &Whom) -> Outcome<Vec<RememberedContext>> {
    let found = notes(snapshot, &whom.folder())?;
    Ok(found.into_iter().map(|note| RememberedContext { name: note.name, text: note.text }).collect())
}

fn notes(snapshot: &Snapshot, folder: &str) -> Outcome<Vec<Remembered>> {
    Ok(snapshot.texts(folder)?.into_iter().filter_map(Remembered::read).collect())
}

fn find(snapshot: &Snapshot, name: &str) -> Outcome<Remembered> {
    let name = name.trim_start_matches("memory/").trim_end_matches(".md");
    let all = notes(snapshot, FOLDER)?;
    let called = |note: &&Remembered| note.name == name || note.name.ends_with(&format!("/{name}"));
    let found: Vec<&Remembered> = all.iter().filter(called).collect();
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] => {
            let failure = Failure::new(Kind::NotFound, format!("no note is called {name}"));
            let last = |note: &'_ Remembered| note.name.rsplit('/').next().unwrap_or_default().to_owned();
            let names: Vec<String> = all.iter().map(last).collect();
            Err(match nearest(name, names.iter().map(String::as_str)) {
                Some(near) => failure.hint(format!("did you mean {near}?")),
                None => failure.hint("`gt recall` lists all of them"),
            })
        }
        several => {
            let names: Vec<&str> = several.iter().map(|note| note.name.as_str()).collect();
            Err(Failure::new(Kind::Usage, format!("several notes are called {name}"))
                .hint(format!("say which: {}", names.join(", "))))
        }
    }
}

fn checked(text: &str) -> Outcome<&str> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Failure::new(Kind::Usage, "there is nothing to remember").hint("`gt remember \"TEXT\"`"));
    }
    if text.len() > LIMIT {
        let message = format!("the note has {} bytes, and one to remember has at most {LIMIT}", text.len());
        return Err(Failure::new(Kind::Invalid, message)
            .hint("keep the whole in a file of the repository, and where it is in the note"));
    }
    Ok(text)
}

fn checked_name(name: &str) -> Outcome<String> {
    let made = name_of(name, usize::MAX);
    if made == name && !name.is_empty() && name.len() <= LONGEST {
        return Ok(made);
    }
    Err(Failure::new(Kind::Usage, format!("`{name}` cannot name a note"))
        .hint(format!("use small letters, digits and dashes, at most {LONGEST} of them")))
}

/// Small letters, digits and single dashes, from the first words of a text.
fn name_of(text: &str, words: usize) -> String {
    let plain: String =
        text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { ' ' }).collect();
    let mut name = String::new();
    for word in plain.split_whitespace().take(words) {
        if name.len() + 1 + word.len() > LONGEST {
            break;
        }
        if !name.is_empty() {
            name.push('-');
        }
        name.push_str(word);
    }
    name
}

fn free_name(tx: &Transaction, folder: &str, text: &str) -> Outcome<String> {
    let stem = match name_of(text, WORDS) {
        name if name.is_empty() => "note".to_owned(),
        name => name,
    };
    let stem = format!("{folder}/{stem}");
    let mut names = numbered(&stem);
    loop {
        let name = names.next().expect("numbers do not end");
        if tx.text(&format!("{name}.md"))?.is_none() {
            return Ok(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_the_first_words() {
        assert_eq!(name_of("Use the v2 API, not v1: it is gone in May!", WORDS), "use-the-v2-api-not-v1");
        assert_eq!(name_of("Größe: ÄÖÜ", WORDS), "gr-e");
        assert_eq!(name_of("«»", WORDS), "");
        assert_eq!(name_of(&"x".repeat(90), WORDS), "");
        assert!(checked_name("a-b").is_ok());
        for wrong in ["", "A", "a--b", "../a", "a b", "-a"] {
            assert!(checked_name(wrong).is_err(), "{wrong}");
        }
    }
}
