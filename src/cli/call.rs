//! One call of `gt`: what every command gets.

use std::path::PathBuf;

use super::args::Global;
use super::{Style, Ui};
use crate::clock::Clock;
use crate::env;
use crate::error::{Failure, Kind, Outcome};
use crate::ops::{self, OpenTown};
use crate::town::Town;

/// What a command gets: the printer, the clock, and where to look for the town. Nothing is opened before it is
/// asked for.
#[derive(Debug)]
pub struct Call {
    /// The printer.
    pub ui: Ui,
    /// The time.
    pub clock: Clock,
    town: Option<PathBuf>,
}

impl Call {
    /// A call with these options.
    pub(super) fn new(global: Global) -> Self {
        let style = Style { json: global.json, quiet: global.quiet, colour: global.color };
        Self { ui: Ui::new(style), clock: Clock::from_env(), town: global.town }
    }

    /// The town to work in: the one at or above `--town`, else `GT_TOWN`, else the one around the current folder.
    ///
    /// # Errors
    /// When there is none.
    pub fn town(&self) -> Outcome<Town> {
        match &self.town {
            Some(path) => Ok(Town::above(path)?),
            None => Ok(Town::discover(&self.here()?)?),
        }
    }

    /// The same for a command that also works outside of a town; none there. A town that was named and is none stays an
    /// error.
    ///
    /// # Errors
    /// When the person named something else.
    pub fn town_if_any(&self) -> Outcome<Option<Town>> {
        let named = self.town.is_some() || std::env::var_os(env::TOWN).is_some_and(|path| !path.is_empty());
        match self.town() {
            Ok(town) => Ok(Some(town)),
            Err(failure) if failure.kind == Kind::NotFound && !named => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// The town to work in, opened: settings, ledger, and who acts.
    ///
    /// # Errors
    /// When there is none, or its settings cannot be read.
    pub fn open(&self) -> Outcome<OpenTown> {
        OpenTown::open(self.town()?, &self.here()?, self.clock)
    }

    /// The same for commands that mend the town, also when its settings cannot be read.
    ///
    /// # Errors
    /// When there is none.
    pub fn open_to_mend(&self) -> Outcome<OpenTown> {
        OpenTown::open_to_mend(self.town()?, &self.here()?, self.clock)
    }

    /// Tells failures what keeps anything from being written in the town.
    pub(super) fn explain<'a>(&self, failures: impl IntoIterator<Item = &'a mut Failure>) {
        let mut failures = failures.into_iter().peekable();
        if failures.peek().is_some()
            && let Ok(town) = self.town()
        {
            failures.for_each(|failure| ops::explain(&town, failure));
        }
    }

    /// The folder that the person is in.
    ///
    /// # Errors
    /// When it does not exist any more.
    pub fn here(&self) -> Outcome<PathBuf> {
        std::env::current_dir().map_err(|error| {
            Failure::caused(Kind::NotFound, "the current folder does not exist any more", error)
                .hint("change to a folder that exists, or name the town with `--town PATH`")
        })
    }
}
