//! `gt init`.

use std::path::PathBuf;

use clap::ValueHint;

use super::{Call, Perform, Render, Text, Ui, Unattended};
use crate::error::Outcome;
use crate::ops::init::{self, Choices, Made, Site};
use crate::town::Permissions;

/// Make a town: the workspace in which agents work and the ledger that records it
///
/// The town is a git repository of its own, in a folder that is empty or does not exist yet. Your projects
/// are taken in afterwards with `gt rig add`; they stay where they are.
#[derive(Debug, clap::Args)]
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
        let (agent, permissions) = (self.agent, self.permissions.map(Permissions::from));
        let choices = Choices {
            name: self.name.unwrap_or_else(|| site.name.clone()),
            branch: self.branch,
            agent: if agent.is_none() { ask_agent(&mut call.ui, &site)? } else { agent },
            permissions: if permissions.is_none() { ask_permissions(&mut call.ui)? } else { permissions },
        };
        init::init(&site, choices, call.clock, &mut call.ui)
    }
}

/// Asks once, where there is a choice and somebody to make it.
fn ask_agent(ui: &mut Ui, site: &Site) -> Outcome<Option<String>> {
    let usable: Vec<_> = site.agents.iter().filter(|agent| agent.usable).collect();
    if usable.len() < 2 || !ui.is_attended() {
        return Ok(None);
    }
    let options: Vec<Text> =
        usable.iter().map(|agent| Text::new().name(&agent.name).faint(format_args!("  {}", agent.title))).collect();
    let preferred = usable.iter().position(|agent| agent.name == site.preferred.agent).unwrap_or(0);
    let index = ui.choose("Which agent shall work?", &options, preferred, Unattended::Use(preferred))?;
    Ok(Some(usable[index].name.clone()))
}

fn ask_permissions(ui: &mut Ui) -> Outcome<Option<Permissions>> {
    if !ui.is_attended() {
        return Ok(None);
    }
    let options = [
        Text::new().name("autonomous").faint("  work without questions, each in its own worktree"),
        Text::new().name("ask").faint("  ask in the agent's terminal; you answer with `gt attach`"),
    ];
    let index = ui.choose("May agents work without asking?", &options, 0, Unattended::Use(0))?;
    Ok(Some([Permissions::Autonomous, Permissions::Ask][index]))
}

impl Render for Made {
    fn render(&self, ui: &mut Ui) {
        ui.line(Text::new().plain("Made the town ").name(&self.name).plain(" in ").path(self.root.display()));
        let permissions = match self.permissions {
            Permissions::Autonomous => "works without asking",
            Permissions::Ask => "asks before it acts",
        };
        let reason = format!("  ({}; {permissions})", self.agent.reason);
        ui.line(Text::from("  agent  ").name(&self.agent.agent).faint(reason));
        if !self.agent.usable {
            ui.warning("no agent can work yet: `gt agent list` says what is missing");
        }
        ui.hint(format!("`cd {}`, then `gt rig add NAME URL` takes a repository in", self.root.display()));
    }
}
