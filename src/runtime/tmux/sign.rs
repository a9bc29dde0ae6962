//! What the status line of a session says: options of its tmux session, put there when something changes.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use tmux_interface::{SetOption, TmuxCommand};

use super::super::RuntimeError;
use super::config::no_format;
use super::server::{Pane, TmuxServer};
use super::target;
use crate::clock::Timestamp;

/// The options that say how a session is.
const HOW: [&str; 4] = ["@gt_state", "@gt_asks", "@gt_at", "@gt_until"];
/// The option that tells whether a sign is news.
const MARK: &str = "@gt_sign";
/// How many bytes of arguments one call takes at most; tmux refuses more than 16 kB.
const CALL: usize = 12_000;
/// The longest title, in characters.
const TITLE: usize = 80;

/// What the status line of one session says, beside its name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sign {
    /// The bead that it is about.
    pub bead: String,
    /// The title of that.
    pub title: String,
    /// How it is, in a word or two; none to leave that to what its hooks tell.
    pub state: Option<String>,
    /// Whether it waits for a person.
    pub asks: bool,
    /// How many letters nobody has read.
    pub mail: usize,
}

/// A sign for one session, with the time that it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The name of the tmux session.
    pub name: String,
    /// What it says.
    pub sign: Sign,
    /// When that was seen.
    pub at: Timestamp,
    /// From when on it says how it was, and how long ago.
    pub until: Timestamp,
}

impl Sign {
    /// The same for the same words.
    pub(super) fn mark(&self) -> String {
        let Self { bead, title, state, asks, mail } = self;
        let mut hasher = DefaultHasher::new();
        (bead, title, state, asks, mail).hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }
}

impl Posted {
    /// Whether a terminal has to be told: it says something else, or what it says does not hold much longer.
    fn is_news_for(&self, pane: &Pane) -> bool {
        let half = self.at + (self.until - self.at) / 2;
        let runs_out = self.sign.state.is_some() && pane.sign_until.is_none_or(|until| until < half);
        pane.sign.as_deref() != Some(self.sign.mark().as_str()) || runs_out
    }

    /// The commands that put it there.
    pub(super) fn commands(&self) -> Vec<TmuxCommand<'static>> {
        let what = ["@gt_bead", "@gt_title", "@gt_mail", MARK];
        match self.sign.state {
            Some(_) => self.commands_of(&[&what[..], &HOW].concat()),
            None => self.commands_of(&what),
        }
    }

    fn commands_of(&self, options: &[&str]) -> Vec<TmuxCommand<'static>> {
        let pane = format!("{}:", target(&self.name));
        let Sign { bead, title, state, asks, mail } = &self.sign;
        // What is empty counts as not there.
        let some = |number: usize| if number == 0 { String::new() } else { number.to_string() };
        let title: String = title.chars().filter(|c| !c.is_control()).take(TITLE).collect();
        let values = [
            ("@gt_bead", no_format(bead)),
            ("@gt_title", no_format(&title)),
            ("@gt_state", no_format(state.as_deref().unwrap_or_default())),
            ("@gt_asks", some(usize::from(*asks))),
            ("@gt_mail", some(*mail)),
            ("@gt_at", self.at.timestamp().to_string()),
            ("@gt_until", self.until.timestamp().to_string()),
            (MARK, self.sign.mark()),
        ];
        let set = |(option, value): (&'static str, String)| {
            SetOption::new().target_pane(pane.clone()).option(option).value(argument(value)).build()
        };
        values.into_iter().filter(|(option, _)| options.contains(option)).map(set).collect()
    }
}

/// A `;` at the end of an argument would end the command.
fn argument(value: String) -> String {
    match value.strip_suffix(';') {
        Some(before) => format!("{before}\\;"),
        None => value,
    }
}

impl TmuxServer {
    /// Puts up how a session is, as it has just told itself; what else its line says stays, until the next tick.
    ///
    /// # Errors
    /// When there is no such session.
    pub fn post_state(&self, name: &str, state: &str, asks: bool, holds: Duration) -> Result<(), RuntimeError> {
        let at = super::super::now();
        let sign = Sign { state: Some(state.to_owned()), asks, ..Sign::default() };
        let posted = Posted { name: name.to_owned(), sign, at, until: at + holds };
        self.run_all(posted.commands_of(&[&HOW[..], &[MARK]].concat())).map(drop)
    }

    /// Puts up the signs of sessions that say something else, in as few calls as fit. `panes` is what the server told of
    /// its terminals. Answers how many were put up.
    ///
    /// # Errors
    /// When the server does not answer. A session that is gone is no error.
    pub fn post(&self, signs: &[Posted], panes: &[Pane]) -> Result<usize, RuntimeError> {
        let pane = |name: &str| panes.iter().find(|pane| pane.name == name);
        let news: Vec<&Posted> =
            signs.iter().filter(|sign| pane(&sign.name).is_some_and(|pane| sign.is_news_for(pane))).collect();
        let (mut call, mut bytes): (Vec<&Posted>, usize) = (Vec::new(), 0);
        for sign in &news {
            let size: usize = sign.commands().iter().map(|command| command.to_string().len()).sum();
            if bytes + size > CALL {
                self.put_up(&std::mem::take(&mut call))?;
                bytes = 0;
            }
            bytes += size;
            call.push(sign);
        }
        self.put_up(&call)?;
        Ok(news.len())
    }

    /// Puts up the one text about the town that the status lines of all sessions show, unless they show it.
    ///
    /// # Errors
    /// When the server does not answer.
    pub fn post_town(&self, text: &str, panes: &[Pane]) -> Result<(), RuntimeError> {
        let text = no_format(&text.replace(['\n', '|'], " "));
        if panes.first().is_none_or(|pane| pane.town == text) {
            return Ok(());
        }
        self.run(SetOption::new().global().option("@gt_status").value(argument(text)).build()).map(drop)
    }

    fn put_up(&self, signs: &[&Posted]) -> Result<(), RuntimeError> {
        if signs.is_empty() {
            return Ok(());
        }
        match self.run_all(signs.iter().flat_map(|sign| sign.commands())) {
            // One that ended meanwhile keeps those after it in the same call from being told.
            Err(RuntimeError::Tmux { .. }) if signs.len() > 1 => {
                signs.iter().try_for_each(|sign| self.put_up(std::slice::from_ref(sign)))
            }
            Ok(_) | Err(RuntimeError::Tmux { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
