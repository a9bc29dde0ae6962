//! `gt mail`.

use super::dispatch::subcommands;
use super::{Call, Label, Perform, Render, Table, Text, Ui, complete, input};
use crate::clock::rfc3339;
use crate::error::Outcome;
use crate::mail::Letter;
use crate::ops::mailbox::{Sending, Sent, archive, inbox, read, reply, search, send};
use crate::ops::{Many, Page};

subcommands! {
    /// Send, read and keep letters: an agent is told of them at its next turn
    Args {
        Send(SendArgs),
        Inbox(InboxArgs),
        Read(ReadArgs),
        Reply(ReplyArgs),
        Search(SearchArgs),
        Archive(ArchiveArgs),
    }
}

/// Send a letter
///
///   gt mail send toast "The API moved" -m "It is at /v2 now."
#[derive(Debug, clap::Args)]
struct SendArgs {
    /// A worker, the bead that it is on, `mayor` or `human`
    #[arg(value_name = "TO", add = complete::everybody())]
    to: String,
    /// What it is about, one line
    #[arg(value_name = "SUBJECT", required = true)]
    subject: Vec<String>,
    /// The rest; `-` reads it from stdin
    #[arg(long, short = 'm', value_name = "TEXT", default_value = "")]
    message: String,
}

fn body(text: String) -> Outcome<String> {
    if text == "-" { input::text("the letter") } else { Ok(text) }
}

impl Perform for SendArgs {
    type Report = Sent;

    fn perform(self, call: &mut Call) -> Outcome<Sent> {
        let (subject, body) = (self.subject.join(" "), body(self.message)?);
        send(&call.open()?, &Sending { to: self.to, subject, body })
    }
}

impl Render for Sent {
    fn render(&self, ui: &mut Ui) {
        ui.line(Text::new().id(&self.id).plain(" to ").name(&self.to).plain(": ").title(&self.subject));
    }
}

/// List the letters in a mailbox, the unread ones first
#[derive(Debug, clap::Args)]
struct InboxArgs {
    /// Whose; your own when not given
    #[arg(value_name = "WHO", add = complete::everybody())]
    who: Option<String>,
    /// Archived ones too
    #[arg(long)]
    all: bool,
}

impl Perform for InboxArgs {
    type Report = Page<Letter>;

    fn perform(self, call: &mut Call) -> Outcome<Page<Letter>> {
        inbox(&call.open()?, self.who.as_deref(), self.all)
    }
}

impl Render for Page<Letter> {
    fn render(&self, ui: &mut Ui) {
        if self.rows.is_empty() {
            return ui.hint("no letters");
        }
        let mut table = Table::new(["LETTER", "WHEN", "FROM", "TO", "", "SUBJECT"]).flexible(5);
        for letter in &self.rows {
            let state = match (letter.read, letter.archived) {
                (_, Some(_)) => Text::new().faint("archived"),
                (Some(_), None) => Text::new().faint("read"),
                (None, None) => Text::of(Label::Warn, "unread"),
            };
            table.row([
                Text::new().id(&letter.id),
                Text::new().time(rfc3339(letter.created)),
                Text::new().name(&letter.from),
                Text::new().name(&letter.to),
                state,
                Text::new().title(&letter.subject),
            ]);
        }
        ui.table(table);
    }
}

/// Read a letter
#[derive(Debug, clap::Args)]
struct ReadArgs {
    /// Its id, or the beginning of it
    #[arg(value_name = "LETTER")]
    id: String,
}

impl Perform for ReadArgs {
    type Report = Letter;

    fn perform(self, call: &mut Call) -> Outcome<Letter> {
        read(&call.open()?, &self.id)
    }
}

impl Render for Letter {
    fn render(&self, ui: &mut Ui) {
        let head = Text::new().id(&self.id).plain(" from ").name(&self.from).plain(" to ").name(&self.to);
        ui.line(head.plain("  ").time(rfc3339(self.created)));
        ui.line(Text::new().title(&self.subject));
        if !self.body.is_empty() {
            ui.blank();
            ui.prose(0, Label::Plain, &self.body);
        }
    }
}

/// Answer a letter
#[derive(Debug, clap::Args)]
struct ReplyArgs {
    /// Its id, or the beginning of it
    #[arg(value_name = "LETTER")]
    id: String,
    /// What to say; `-` reads it from stdin
    #[arg(value_name = "TEXT", required = true)]
    text: Vec<String>,
}

impl Perform for ReplyArgs {
    type Report = Sent;

    fn perform(self, call: &mut Call) -> Outcome<Sent> {
        let body = body(self.text.join(" "))?;
        reply(&call.open()?, &self.id, &body)
    }
}

/// Find letters in all mailboxes
#[derive(Debug, clap::Args)]
struct SearchArgs {
    /// Words that are all in subject, text, sender or receiver
    #[arg(value_name = "WORD", required = true)]
    words: Vec<String>,
}

impl Perform for SearchArgs {
    type Report = Page<Letter>;

    fn perform(self, call: &mut Call) -> Outcome<Page<Letter>> {
        search(&call.open()?, &self.words)
    }
}

/// Put letters out of the inbox; they stay in the ledger
#[derive(Debug, clap::Args)]
struct ArchiveArgs {
    /// Their ids
    #[arg(value_name = "LETTER", required = true)]
    ids: Vec<String>,
}

impl Perform for ArchiveArgs {
    type Report = Many<Letter>;

    fn perform(self, call: &mut Call) -> Outcome<Many<Letter>> {
        let open = call.open()?;
        Ok(Many::of(&self.ids, |id| archive(&open, id)))
    }
}
