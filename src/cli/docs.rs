//! `gt docs`: writes the pages that are made from the program.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Call, Perform, Render, Text, Ui, reference};
use crate::error::{Failure, Kind, Outcome};
use crate::ops::{Page, Row};
use crate::store::write_atomic;

/// Write the pages that are made from the program itself
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub(super) struct Args {
    /// Which pages
    what: What,
    /// The folder to write them to
    folder: PathBuf,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum What {
    /// The reference of commands, settings, environment and exit codes, in Markdown
    Reference,
    /// The manual pages
    Man,
}

/// A page that was written.
#[derive(Debug, Serialize)]
pub struct Written {
    path: PathBuf,
}

impl Row for Written {
    const SCHEMA: &'static str = "gt.docs/1";
}

impl Render for Page<Written> {
    fn render(&self, ui: &mut Ui) {
        for written in &self.rows {
            ui.line(Text::new().path(written.path.display()));
        }
    }
}

impl Perform for Args {
    type Report = Page<Written>;

    fn perform(self, _call: &mut Call) -> Outcome<Page<Written>> {
        let pages = match self.what {
            What::Reference => reference::pages().into_iter().map(|(name, text)| (name, text.into_bytes())).collect(),
            What::Man => reference::man_pages()
                .map_err(|error| Failure::caused(Kind::Internal, "the manual pages cannot be made", error))?,
        };
        let write = |(name, text): &(String, Vec<u8>)| write(&self.folder, name, text);
        Ok(Page::complete(pages.iter().map(write).collect::<Outcome<_>>()?))
    }
}

fn write(folder: &Path, name: &str, text: &[u8]) -> Outcome<Written> {
    let path = folder.join(name);
    write_atomic(&path, text, 0o644)
        .map_err(|error| Failure::caused(Kind::External, format!("cannot write {}", path.display()), error))?;
    Ok(Written { path })
}
