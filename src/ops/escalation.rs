//! `gt escalation`: the problems that went up, and that somebody is at them.

use serde::Serialize;

use super::{OpenTown, Page, Report, Row, escalate};
use crate::error::{Failure, Kind, Outcome};
use crate::ledger::Snapshot;
use crate::mail::{self, Letter, MailId, Severity};

/// One problem.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Raised {
    /// How bad it is.
    pub severity: Severity,
    /// The letter.
    #[serde(flatten)]
    pub letter: Letter,
}

impl Row for Raised {
    const SCHEMA: &'static str = "gt.escalation.list/1";
}

/// The problems that nobody has acknowledged, worst first; with `all`, every one that ever was.
///
/// # Errors
/// When the ledger cannot be read.
pub fn list(open: &OpenTown, all: bool) -> Outcome<Page<Raised>> {
    let mut raised: Vec<Raised> =
        letters(&open.snapshot()?)?.into_iter().filter(|raised| all || raised.letter.is_open_escalation()).collect();
    raised.sort_by(|a, b| {
        let key = |raised: &Raised| (raised.letter.acknowledged.is_some(), std::cmp::Reverse(raised.severity));
        key(a)
            .cmp(&key(b))
            .then_with(|| a.letter.created.cmp(&b.letter.created))
            .then_with(|| a.letter.id.cmp(&b.letter.id))
    });
    Ok(Page::complete(raised))
}

fn letters(snapshot: &Snapshot) -> Outcome<Vec<Raised>> {
    let (letters, _) = snapshot.documents::<Letter>()?;
    let raised = letters.into_iter().filter_map(|letter| match letter.kind {
        mail::Kind::Escalation { severity } => Some(Raised { severity, letter }),
        mail::Kind::Message => None,
    });
    Ok(raised.collect())
}

/// A problem that somebody is at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Acknowledged {
    /// The letter.
    pub id: MailId,
    /// What it is about.
    pub subject: String,
    /// Whether that was said before.
    pub again: bool,
}

impl Report for Acknowledged {
    const SCHEMA: &'static str = "gt.escalation.ack/1";
}

/// Says that something is being done about the problem that `word` means: the id of its letter or a unique beginning
/// of it, or the bead that it is about.
///
/// # Errors
/// When there is no such problem, or several.
pub fn acknowledge(open: &OpenTown, word: &str) -> Outcome<Acknowledged> {
    let done = open.ledger.transact(&open.actor, |tx| {
        let raised = find(open, tx.at_tip(), word)?;
        let letter = raised.letter;
        let again = letter.acknowledged.is_some();
        if !again {
            escalate::acknowledge(tx, letter.clone());
            tx.describe("acknowledge", format!("acknowledge {}: {}", letter.id, letter.subject));
        }
        Ok((Acknowledged { id: letter.id, subject: letter.subject, again }, letter.bead))
    })?;
    let (acknowledged, bead) = done.value;
    open.event("acknowledged", &open.actor, bead.as_ref(), None, &acknowledged.subject);
    Ok(acknowledged)
}

fn find(open: &OpenTown, snapshot: &Snapshot, word: &str) -> Outcome<Raised> {
    let all = letters(snapshot)?;
    let begins = |raised: &&Raised| {
        let id = raised.letter.id.as_str();
        id.starts_with(word) || id.trim_start_matches("ml-").starts_with(word)
    };
    let mut found: Vec<&Raised> = all.iter().filter(begins).collect();
    if found.is_empty()
        && let Ok(bead) = open.bead_id(snapshot, word)
    {
        found = all.iter().filter(|raised| raised.letter.bead.as_ref() == Some(&bead)).collect();
        if found.len() > 1 {
            found.retain(|raised| raised.letter.is_open_escalation());
        }
    }
    match found.as_slice() {
        [only] => Ok((*only).clone()),
        [] => Err(Failure::new(Kind::NotFound, format!("no problem was raised as or about {word:?}"))
            .hint("`gt escalation list` shows them")),
        several => {
            let failure = Failure::new(Kind::Ambiguous, format!("{word:?} fits several problems"));
            Err(several.iter().fold(failure, |failure, raised| {
                failure.hint(format!("{}: {}", raised.letter.id, raised.letter.subject))
            }))
        }
    }
}
