//! One call of `gt`: what every command gets.

use std::path::PathBuf;

use super::args::Global;
use super::{Style, Ui};
use crate::clock::Clock;
use crate::env;
use crate::error::{Failure, Kind, Outcome};

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

    /// The folder in and above which the town is looked for: `--town`, else `GT_TOWN`, else the current one.
    ///
    /// # Errors
    /// When there is no current folder (any more).
    pub fn start(&self) -> Outcome<PathBuf> {
        if let Some(path) = &self.town {
            return Ok(path.clone());
        }
        if let Some(path) = std::env::var_os(env::TOWN).filter(|path| !path.is_empty()) {
            return Ok(path.into());
        }
        current_folder()
    }

    /// The folder that the person is in.
    ///
    /// # Errors
    /// As [`Call::start`].
    pub fn here(&self) -> Outcome<PathBuf> {
        current_folder()
    }
}

fn current_folder() -> Outcome<PathBuf> {
    std::env::current_dir().map_err(|error| {
        Failure::caused(Kind::NotFound, "the current folder does not exist any more", error)
            .hint("change to a folder that exists, or name the town with `--town PATH`")
    })
}
