//! `gt completions`: the script that makes a shell ask `gt` for completions.

use serde::Serialize;

use super::{Call, Perform, Render, Ui, complete};
use crate::error::{Failure, Kind, Outcome};
use crate::ops::Report;

/// Make the shell complete commands, bead ids, rigs, workers and agents
///
/// Prints the script; put it where your shell reads it at its start:
///
///   bash:  echo 'source <(gt completions bash)' >> ~/.bashrc
///   zsh:   echo 'source <(gt completions zsh)' >> ~/.zshrc
///   fish:  echo 'gt completions fish | source' >> ~/.config/fish/config.fish
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// The shell
    shell: Shell,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

impl Shell {
    fn word(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
        }
    }
}

/// The script for a shell.
#[derive(Debug, Serialize)]
pub struct Script {
    shell: &'static str,
    script: String,
}

impl Report for Script {
    const SCHEMA: &'static str = "gt.completions/1";
}

impl Render for Script {
    fn render(&self, ui: &mut Ui) {
        ui.raw(self.script.as_bytes());
    }
}

impl Perform for Args {
    type Report = Script;

    fn perform(self, _call: &mut Call) -> Outcome<Script> {
        let shell = self.shell.word();
        let own = std::env::current_exe()
            .map_err(|error| Failure::caused(Kind::External, "gt does not find itself", error))?;
        let script = complete::script(shell, &own.to_string_lossy());
        let script = script.ok_or_else(|| Failure::new(Kind::Internal, format!("no script for {shell}")))?;
        Ok(Script { shell, script })
    }
}
