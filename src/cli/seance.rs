//! `gt seance`.

use super::bead::{Limit, say_what_was_cut};
use super::render::show;
use super::{Call, Label, Perform, Render, Table, Text, Ui, input};
use crate::clock::rfc3339;
use crate::error::Outcome;
use crate::id::Actor;
use crate::ops::Page;
use crate::ops::seance::{Answered, Past, Source, sessions, talk};

/// Show the sessions that were, or ask one of them
///
/// A session is asked through its agent, which goes on from the conversation without a tool that writes; where the
/// agent has no way for that, another run of it reads what was kept of the session. Work is not touched either way.
///
///   gt seance web/toast
///   gt seance --talk k3v9 -p "Why did you drop the cache?"
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A worker, a bead, a rig or `mayor`; without one, all
    #[arg(value_name = "WHO", conflicts_with = "talk")]
    who: Option<String>,
    /// The session to ask: the beginning of its id, or whose last one it is
    #[arg(long, value_name = "SESSION")]
    talk: Option<String>,
    /// What to ask; `-` reads it from stdin
    #[arg(long, short = 'p', value_name = "QUESTION", requires = "talk")]
    prompt: Option<String>,
    /// How many are shown.
    #[command(flatten)]
    limit: Limit,
}

impl Args {
    pub(super) fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        match self.talk {
            None => show(List { who: self.who, limit: self.limit.usual() }, call),
            Some(session) => show(Ask { session, question: self.prompt }, call),
        }
    }
}

struct List {
    who: Option<String>,
    limit: Option<usize>,
}

impl Perform for List {
    type Report = Page<Past>;

    fn perform(self, call: &mut Call) -> Outcome<Page<Past>> {
        sessions(&call.open()?, self.who.as_deref(), self.limit)
    }
}

impl Render for Page<Past> {
    fn render(&self, ui: &mut Ui) {
        if self.rows.is_empty() {
            return ui.hint("no session yet; `gt sling BEAD` starts one");
        }
        let mut table = Table::new(["SESSION", "BEGAN", "WHO", "BEAD", "AGENT", "END", "ASKED FROM"]);
        for past in &self.rows {
            table.row(cells(past));
        }
        ui.table(table);
        say_what_was_cut(ui, self);
    }
}

fn cells(past: &Past) -> [Text; 7] {
    let who = match &past.worker {
        Actor::Worker(worker) => worker.short(),
        other => other.to_string(),
    };
    let end = match &past.end {
        _ if past.live => Text::new().good("runs"),
        None => Text::new().faint("not known"),
        Some(end) => {
            let status = end.status.map(|status| format!(" ({status})")).unwrap_or_default();
            Text::from(format!("{}{status}", end.reason))
        }
    };
    let bead = past.bead.as_ref().map_or_else(Text::new, |bead| Text::new().id(bead));
    [
        Text::new().id(&past.session),
        Text::new().time(rfc3339(past.started)),
        Text::new().name(who),
        bead,
        past.agent.as_str().into(),
        end,
        Text::new().faint(if past.remembers { "its conversation" } else { "its record" }),
    ]
}

struct Ask {
    session: String,
    question: Option<String>,
}

impl Perform for Ask {
    type Report = Answered;

    fn perform(self, call: &mut Call) -> Outcome<Answered> {
        let open = call.open()?;
        let question = match self.question.as_deref() {
            None | Some("-") => input::text("the question")?,
            Some(text) => text.to_owned(),
        };
        talk(&open, &self.session, &question, &mut call.ui)
    }
}

impl Render for Answered {
    fn render(&self, ui: &mut Ui) {
        self.notes.iter().for_each(|note| ui.warning(note));
        let from = match self.source {
            Source::Conversation => None,
            Source::Transcript => Some("the transcript of the session"),
            Source::Log => Some("what the session showed"),
        };
        if let Some(from) = from {
            ui.hint(format!("{} answers from {from}, not from the conversation itself", self.agent));
        }
        ui.prose(0, Label::Plain, self.answer.trim());
    }
}
