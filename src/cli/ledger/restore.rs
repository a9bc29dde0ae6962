//! `gt ledger restore`.

use std::path::{Path, PathBuf};

use crate::cli::{Call, Perform, Render, Text, Ui};
use crate::error::Outcome;
use crate::ops::Many;
use crate::ops::ledger::restore::{Restored, restore};

/// Put files back as the ledger has them; what you wrote is kept aside
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The files
    #[arg(required = true, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    files: Vec<PathBuf>,
}

impl Perform for Args {
    type Report = Many<Restored>;

    fn perform(self, call: &mut Call) -> Outcome<Many<Restored>> {
        let open = call.open_to_mend()?;
        let files: Vec<String> = self.files.iter().map(|file| file.display().to_string()).collect();
        Ok(Many::of(&files, |file| restore(&open, Path::new(file))))
    }
}

impl Render for Restored {
    fn render(&self, ui: &mut Ui) {
        ui.line(Text::new().path(&self.path).plain(" is as the ledger has it"));
        if let Some(kept) = &self.kept_as {
            ui.hint(format!("what was in it is kept in {}", kept.display()));
        }
    }
}
