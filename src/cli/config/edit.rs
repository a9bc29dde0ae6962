//! `gt config edit`.

use crate::cli::{Call, Perform, complete};
use crate::error::Outcome;
use crate::ops::config::{self, Changed};
use crate::town::config::check;

/// Edit a file of settings in your editor
///
/// What you save is checked before it counts; a mistake is shown with its line, and you may edit on.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file: `town`, `local`, or the name of a rig
    #[arg(default_value = "town", add = complete::rigs())]
    file: String,
}

impl Perform for Args {
    type Report = Changed;

    fn perform(self, call: &mut Call) -> Outcome<Changed> {
        let open = call.open()?;
        let file = config::file(&open.town, &self.file)?;
        let before = config::text(&open.town, &file)?;
        match call.edit(".toml", &before, |text| Ok(check(&file, text)?))? {
            Some(text) => config::replace(&open, &file, &before, &text),
            None => Ok(Changed { file: file.path(), key: None, value: None, changed: false }),
        }
    }
}
