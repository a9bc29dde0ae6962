//! `gt bead`: one file per command below it. The short forms (`gt new`, `gt show`, ...) share their arguments.

pub(super) mod close;
pub(super) mod create;
mod dep;
mod edit;
mod graph;
pub(super) mod list;
mod note;
pub(super) mod ready;
mod reopen;
pub(super) mod show;

use super::dispatch::subcommands;
use super::{Text, Ui};
use crate::ops::Page;

subcommands! {
    /// Create, find and change beads
    Args {
        Create(Box<create::Args>),
        Show(show::Args),
        List(Box<list::Args>),
        Ready(ready::Args),
        Edit(Box<edit::Args>),
        Note(note::Args),
        Close(close::Args),
        Reopen(reopen::Args),
        Dep(dep::Args),
        Log(crate::cli::history::BeadArgs),
        Graph(graph::Args),
    }
}

impl Args {
    /// Whether it reads its standard input.
    pub(super) fn reads_stdin(&self) -> bool {
        matches!(&self.command, Command::Note(args) if args.reads_stdin())
    }
}

/// How many lines are shown.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Limit {
    /// Show at most so many; 0 for all
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

impl Limit {
    /// What a list shows when nobody says how much.
    const USUAL: usize = 50;

    /// The limit that was given, else the usual one; nothing for all.
    pub(super) fn usual(self) -> Option<usize> {
        self.or(Some(Self::USUAL))
    }

    /// The limit that was given, else `otherwise`.
    pub(super) fn or(self, otherwise: Option<usize>) -> Option<usize> {
        match self.limit {
            Some(0) => None,
            Some(limit) => Some(limit),
            None => otherwise,
        }
    }
}

/// Says what a list left out.
pub(super) fn say_what_was_cut<T>(ui: &mut Ui, page: &Page<T>) {
    if page.rows.len() < page.total {
        ui.hint(format!("{} of {} are shown; `--limit 0` shows all", page.rows.len(), page.total));
    }
}

/// A bead on one line: `web-x7k2m Add login`.
pub(super) fn bead(id: &crate::id::BeadId, title: &str) -> Text {
    Text::new().id(id).plain(" ").title(title)
}
