//! `gt mail`: letters in the ledger, of which the receiver's agent is told at its next turn.

use std::time::Duration;

use serde::Serialize;

use super::message::{post_once, receiver, said};
use super::{OpenTown, Page, Report, Row, who};
use crate::clock::since;
use crate::env::commit_point;
use crate::error::{Failure, Kind, Outcome};
use crate::id::Actor;
use crate::ledger::{Document, Snapshot};
use crate::mail::{self, Letter, MailId};
use crate::store::{Counter, Mode, NewMessage};

/// The longest subject, in characters.
const SUBJECT: usize = 200;

/// The longest letter, in bytes.
const BODY: usize = 256 << 10;

/// What the keys of counters begin with that stand for letters of which nobody was told yet.
const UNTOLD: &str = "mail.untold:";

/// How long a sender may take from the letter to the message.
const SENDING: Duration = Duration::from_secs(30);

impl Row for Letter {
    const SCHEMA: &'static str = "gt.mail.list/1";
}

impl Report for Letter {
    const SCHEMA: &'static str = "gt.mail/1";
}

/// A letter that is to be sent.
#[derive(Debug, Clone)]
pub struct Sending {
    /// A worker, a bead, `mayor` or `human`.
    pub to: String,
    /// One line.
    pub subject: String,
    /// The rest.
    pub body: String,
}

/// A letter that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sent {
    /// The letter.
    pub id: MailId,
    /// To whom.
    pub to: Actor,
    /// What it is about.
    pub subject: String,
    /// The message that tells the receiver's agent of it; none for a person, and where it is still to come.
    pub told_by: Option<i64>,
}

impl Report for Sent {
    const SCHEMA: &'static str = "gt.mail.send/1";
}

/// Sends a letter.
///
/// # Errors
/// When there is no such receiver, the subject is empty, or the text is too long.
pub fn send(open: &OpenTown, sending: &Sending) -> Outcome<Sent> {
    let snapshot = open.snapshot()?;
    let to = addressee(open, &snapshot, &sending.to)?;
    deliver(open, &snapshot, to, &sending.subject, &sending.body)
}

/// Answers a letter: to its sender, under its subject.
///
/// # Errors
/// As [`send`]; and when there is no such letter.
pub fn reply(open: &OpenTown, id: &str, body: &str) -> Outcome<Sent> {
    let snapshot = open.snapshot()?;
    let letter = find(open, &snapshot, id)?;
    let subject = letter.subject.strip_prefix("Re: ").unwrap_or(&letter.subject);
    let to = if letter.from == open.actor { letter.to.clone() } else { letter.from.clone() };
    deliver(open, &snapshot, to, &format!("Re: {subject}"), body)
}

fn deliver(open: &OpenTown, snapshot: &Snapshot, to: Actor, subject: &str, body: &str) -> Outcome<Sent> {
    who::check_lease(open, snapshot)?;
    let subject = subject.split_whitespace().collect::<Vec<_>>().join(" ");
    if subject.is_empty() {
        return Err(Failure::new(Kind::Usage, "the letter has no subject"));
    }
    if subject.chars().count() > SUBJECT || body.len() > BODY {
        let limit = format!("a subject has at most {SUBJECT} characters, a letter at most {BODY} bytes");
        return Err(Failure::new(Kind::Invalid, limit).hint("Put it into a file and say where that is."));
    }
    let (id, from) = (MailId::random(), open.actor.clone());
    let letter = Letter {
        body: body.trim_end().to_owned(),
        ..Letter::new(id.clone(), from.clone(), to.clone(), &subject, open.now())
    };
    let is_told = matches!(to, Actor::Worker(_) | Actor::Mayor);
    if is_told {
        // A kill between the letter and the message leaves this, and a tick tells of it.
        let counter = Counter { key: untold(&id), value: 1, updated: open.now(), expires: None };
        open.state()?.for_good()?.set_counter(&counter)?;
    }
    open.ledger.transact(&from, |tx| {
        tx.put(&letter);
        tx.describe("mail", format!("mail to {to}: {subject}"));
        Ok(())
    })?;
    commit_point("mail.sent");
    open.event("mail.sent", &from, None, None, format!("to {to}: {subject}"));
    // The letter is sent. What cannot be said of it now, as on a full disk, a tick says.
    let told_by = is_told.then(|| tell(open, &letter)).and_then(Result::ok);
    Ok(Sent { id, to, subject, told_by })
}

/// The agent is told the subject and how to read the rest, at the end of its turn.
fn tell(open: &OpenTown, letter: &Letter) -> Outcome<i64> {
    let text = format!("New mail: {} (read it with `gt mail read {}`)", letter.subject, letter.id);
    let message = NewMessage { from: letter.from.clone(), ..said(open, &letter.to, Mode::Queue, text) };
    post_once(open, &message, &untold(&letter.id))
}

fn untold(id: &MailId) -> String {
    format!("{UNTOLD}{id}")
}

/// Tells of the letters whose sender was killed before it could.
///
/// # Errors
/// When the local state or the ledger cannot be read.
pub(super) fn tell_of_untold(open: &OpenTown) -> Outcome<()> {
    let counters = open.state()?.counters(UNTOLD, open.now())?;
    let old: Vec<_> = counters.into_iter().filter(|counter| since(open.now(), counter.updated) >= SENDING).collect();
    if old.is_empty() {
        return Ok(());
    }
    let letters = letters(&open.snapshot()?)?;
    for counter in old {
        match letters.iter().find(|letter| untold(&letter.id) == counter.key) {
            Some(letter) => drop(tell(open, letter)?),
            None => drop(open.state()?.reset_counter(&counter.key)?),
        }
    }
    Ok(())
}

/// The letters in a mailbox that are not archived, the unread ones first, then the newest first; with `all`, every one.
///
/// # Errors
/// When there is nobody of that name.
pub fn inbox(open: &OpenTown, who: Option<&str>, all: bool) -> Outcome<Page<Letter>> {
    let snapshot = open.snapshot()?;
    let owner = match who {
        Some(who) => addressee(open, &snapshot, who)?,
        None => open.actor.clone(),
    };
    let mut letters = letters(&snapshot)?;
    letters.retain(|letter| letter.to == owner && (all || letter.archived.is_none()));
    letters.sort_by_key(|letter| (letter.read.is_some(), std::cmp::Reverse(letter.created), letter.id.clone()));
    Ok(Page::complete(letters))
}

/// The letters to somebody that are neither read nor archived, the newest first.
///
/// # Errors
/// When the ledger cannot be read.
pub(super) fn unread(snapshot: &Snapshot, owner: &Actor) -> Outcome<Vec<Letter>> {
    let (mut letters, _) = snapshot.documents_in::<Letter>(&mail::mailbox(owner))?;
    letters.retain(|letter| letter.kind == mail::Kind::Message && letter.read.is_none() && letter.archived.is_none());
    letters.sort_by_key(|letter| (std::cmp::Reverse(letter.created), letter.id.clone()));
    Ok(letters)
}

/// A letter; when its receiver reads it, that is noted.
///
/// # Errors
/// When there is none of that id.
pub fn read(open: &OpenTown, id: &str) -> Outcome<Letter> {
    let snapshot = open.snapshot()?;
    let letter = find(open, &snapshot, id)?;
    if letter.to != open.actor || letter.read.is_some() {
        return Ok(letter);
    }
    change(open, &letter, "read", |letter, now| letter.read = Some(now))
}

/// The letters in whose subject or text all of these words are, the newest first.
///
/// # Errors
/// When the ledger cannot be read.
pub fn search(open: &OpenTown, words: &[String]) -> Outcome<Page<Letter>> {
    let words: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    let mut letters = letters(&open.snapshot()?)?;
    letters.retain(|letter| {
        let text = format!("{}\n{}\n{}\n{}", letter.subject, letter.body, letter.from, letter.to).to_lowercase();
        words.iter().all(|word| text.contains(word))
    });
    letters.sort_by_key(|letter| (std::cmp::Reverse(letter.created), letter.id.clone()));
    Ok(Page::complete(letters))
}

/// Puts a letter out of the inbox; it stays in the ledger.
///
/// # Errors
/// When there is none of that id, or it is somebody else's and no person asks.
pub fn archive(open: &OpenTown, id: &str) -> Outcome<Letter> {
    let snapshot = open.snapshot()?;
    let letter = find(open, &snapshot, id)?;
    if letter.to != open.actor && open.actor != Actor::Human {
        return Err(Failure::new(Kind::Refused, format!("{} is in the mailbox of {}", letter.id, letter.to))
            .hint("`gt mail inbox` shows your own"));
    }
    if letter.archived.is_some() {
        return Ok(letter);
    }
    change(open, &letter, "archive", |letter, now| letter.archived = Some(now))
}

fn change(
    open: &OpenTown,
    letter: &Letter,
    verb: &str,
    act: impl Fn(&mut Letter, crate::clock::Timestamp),
) -> Outcome<Letter> {
    let mut changed = letter.clone();
    open.ledger.transact(&open.actor, |tx| {
        changed = tx.document(&letter.path())?.unwrap_or_else(|| letter.clone());
        act(&mut changed, tx.now());
        tx.put(&changed);
        tx.describe(&format!("mail.{verb}"), format!("{verb} {}: {}", letter.id, letter.subject));
        Ok(())
    })?;
    Ok(changed)
}

/// A letter by its id or a unique beginning of it.
fn find(open: &OpenTown, snapshot: &Snapshot, id: &str) -> Outcome<Letter> {
    let found: Vec<Letter> = letters(snapshot)?
        .into_iter()
        .filter(|letter| {
            letter.id.as_str().strip_prefix("ml-").is_some_and(|rest| rest.starts_with(id.trim_start_matches("ml-")))
        })
        .collect();
    let mut found = if id.trim_start_matches("ml-").is_empty() { Vec::new() } else { found };
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(Failure::new(Kind::NotFound, format!("there is no letter {id:?}"))
            .hint(format!("`gt mail inbox` shows the letters of {}", open.actor))),
        _ => Err(Failure::new(Kind::Ambiguous, format!("{id:?} is the beginning of several letters"))),
    }
}

fn letters(snapshot: &Snapshot) -> Outcome<Vec<Letter>> {
    let (letters, _) = snapshot.documents::<Letter>()?;
    Ok(letters.into_iter().filter(|letter| letter.kind == mail::Kind::Message).collect())
}

fn addressee(open: &OpenTown, snapshot: &Snapshot, who: &str) -> Outcome<Actor> {
    if who == "human" { Ok(Actor::Human) } else { receiver(open, snapshot, who) }
}
