//! `gt init`.

use std::path::PathBuf;

use clap::ValueHint;

use super::{Call, Perform, Render, Text, Ui};
use crate::error::Outcome;
use crate::ops::init::{self, Choices, Made};
use crate::town::Permissions;

/// Make a town: the workspace in which agents work and the ledger that records it
///
/// The town is a git repository of its own, in a folder that is empty or does not exist yet. Your projects
/// are taken in afterwards with `gt rig add`; they stay where they are.
#[derive(Debug, clap::Args)]
#[command(visible_alias = "install")]
pub(super) struct Args {
    /// The folder of the town
    #[arg(default_value = ".", value_hint = ValueHint::DirPath)]
    path: PathBuf,
    /// What the town is called; the name of the folder when not given
    #[arg(long)]
    name: Option<String>,
    /// The ledger's branch, fixed for ever
    #[arg(long, default_value = "main")]
    branch: String,
    /// The agent that works when nothing closer names one
    #[arg(long)]
    agent: Option<String>,
    /// Whether agents work without questions or ask in their terminal
    #[arg(long, value_enum)]
    permissions: Option<Mode>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Mode {
    Autonomous,
    Ask,
}

impl From<Mode> for Permissions {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Autonomous => Self::Autonomous,
            Mode::Ask => Self::Ask,
        }
    }
}

impl Perform for Args {
    type Report = Made;

    fn perform(self, call: &mut Call) -> Outcome<Made> {
        let site = init::survey(&call.here()?.join(&self.path))?;
        let choices = Choices {
            name: self.name.unwrap_or_else(|| site.name.clone()),
            branch: self.branch,
            agent: self.agent,
            permissions: self.permissions.map(Permissions::from),
        };
        init::init(&site, choices, call.clock, &mut call.ui)
    }
}

impl Render for Made {
    fn render(&self, ui: &mut Ui) {
        ui.line(Text::new().plain("Made the town ").name(&self.name).plain(" in ").path(self.root.display()));
        ui.hint(format!("`cd {}`, then `gt rig add NAME URL` takes a repository in", self.root.display()));
    }
}
