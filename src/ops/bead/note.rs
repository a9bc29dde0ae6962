//! `gt bead note`: what the next one should know.

use serde::Serialize;

use crate::bead::Note;
use crate::error::{Failure, Kind, Outcome};
use crate::id::BeadId;
use crate::ops::{OpenTown, Report, who};

/// A note that was taken.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Noted {
    /// The bead.
    pub bead: BeadId,
    /// Its title.
    pub title: String,
    /// The note.
    pub note: Note,
}

impl Report for Noted {
    const SCHEMA: &'static str = "gt.bead.note/1";
}

/// Appends `text` to the notes of the bead that `bead` means, by whoever acts.
///
/// # Errors
/// When there is no such bead, or the text is empty or longer than a note may be.
pub fn note(open: &OpenTown, bead: &str, text: &str) -> Outcome<Noted> {
    let text = check(text)?;
    let committed = open.ledger.transact(&open.actor, |tx| {
        who::check_lease(open, tx.at_tip())?;
        let mut bead = tx.bead(&open.bead_id(tx.at_tip(), bead)?)?;
        let note = Note::new(tx.now(), open.actor.clone(), text);
        bead.notes.push(note.clone());
        tx.put(&bead);
        tx.describe("note", format!("note {}: {}", bead.id, first_line(text)));
        Ok(Noted { bead: bead.id, title: bead.title, note })
    })?;
    let noted = committed.value;
    open.event("bead.noted", &open.actor, Some(&noted.bead), None, first_line(text));
    Ok(noted)
}

/// The text of a note, without the white space around it.
pub(in crate::ops) fn check(text: &str) -> Outcome<&str> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Failure::new(Kind::Usage, "the note is empty")
            .hint("`gt bead note BEAD \"what the next one should know\"`"));
    }
    if text.len() > Note::LIMIT {
        let message = format!("the note has {} bytes, and a note has at most {}", text.len(), Note::LIMIT);
        return Err(Failure::new(Kind::Invalid, message)
            .hint("Put the whole of it in a file of the repository, and its gist in the note."));
    }
    Ok(text)
}

fn first_line(text: &str) -> String {
    const LONGEST: usize = 72;
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() <= LONGEST {
        line.to_owned()
    } else {
        line.chars().take(LONGEST - 1).chain(['…']).collect()
    }
}
