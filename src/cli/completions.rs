//! `gt completions`: the script that makes a shell ask `gt` for completions.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Call, Perform, Render, Text, Ui, complete};
use crate::error::{Failure, Kind, Outcome};
use crate::ops::Report;
use crate::store::write_atomic;

/// Make the shell complete commands, bead ids, rigs, workers and agents
///
/// Prints the script. Your shell reads it at its start when you put one of these lines there:
///
///   bash, in ~/.bashrc:                  source <(gt completions bash)
///   zsh, in ~/.zshrc after compinit:     source <(gt completions zsh)
///   fish, in ~/.config/fish/config.fish: gt completions fish | source
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Args {
    /// The shell
    shell: Shell,
    /// Put that line where bash or fish looks for completions by itself
    #[arg(long)]
    install: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
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

    /// The line that the shell is to read; it asks `gt` for the script each time, so that both are of one version.
    fn line(self) -> &'static str {
        match self {
            Self::Bash => "source <(gt completions bash)",
            Self::Zsh => "source <(gt completions zsh)",
            Self::Fish => "gt completions fish | source",
        }
    }

    /// Where the shell looks for the completions of one program, below the home folder.
    fn place(self, home: &Path) -> Option<PathBuf> {
        let folder = |variable: &str, default: &str| {
            std::env::var_os(variable).filter(|path| !path.is_empty()).map_or_else(|| home.join(default), PathBuf::from)
        };
        match self {
            Self::Bash => Some(folder("XDG_DATA_HOME", ".local/share").join("bash-completion/completions/gt")),
            Self::Fish => Some(folder("XDG_CONFIG_HOME", ".config").join("fish/completions/gt.fish")),
            Self::Zsh => None,
        }
    }
}

/// The script for a shell.
#[derive(Debug, Serialize)]
pub(super) struct Script {
    shell: &'static str,
    script: String,
    installed: Option<PathBuf>,
}

impl Report for Script {
    const SCHEMA: &'static str = "gt.completions/1";
}

impl Render for Script {
    fn render(&self, ui: &mut Ui) {
        match &self.installed {
            Some(path) => {
                ui.line(Text::from("Installed ").path(path.display()));
                ui.hint(format!("a new {} completes gt", self.shell));
            }
            None => ui.raw(self.script.as_bytes()),
        }
    }
}

impl Perform for Args {
    type Report = Script;

    fn perform(self, _call: &mut Call) -> Outcome<Script> {
        let shell = self.shell.word();
        let script = complete::script(shell, &program()?);
        let script = script.ok_or_else(|| Failure::new(Kind::Internal, format!("there is no script for {shell}")))?;
        let installed = if self.install { Some(install(self.shell)?) } else { None };
        Ok(Script { shell, script, installed })
    }
}

/// How the shell calls this program: by its name where it was found by that, else by its path.
fn program() -> Outcome<String> {
    match std::env::args_os().next() {
        Some(name) if name == "gt" => Ok("gt".to_owned()),
        _ => match std::env::current_exe() {
            Ok(path) => Ok(path.to_string_lossy().into_owned()),
            Err(error) => Err(Failure::caused(Kind::External, "cannot tell which program gt is", error)),
        },
    }
}

fn install(shell: Shell) -> Outcome<PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
    let home = home.ok_or_else(|| Failure::new(Kind::NotFound, "HOME is not set").hint(add_by_hand(shell)))?;
    let Some(path) = shell.place(&home) else {
        let message = format!("{} has no place for the completions of one program", shell.word());
        return Err(Failure::new(Kind::Refused, message).hint(add_by_hand(shell)));
    };
    let text = format!("{}\n", shell.line());
    match std::fs::read_to_string(&path) {
        Ok(found) if found == text => return Ok(path),
        Ok(_) => {
            let message = format!("{} exists and holds something else", path.display());
            return Err(Failure::new(Kind::Conflict, message).hint(add_by_hand(shell)));
        }
        Err(_) => {}
    }
    let folder = path.parent().unwrap_or(&home);
    std::fs::create_dir_all(folder)
        .and_then(|()| write_atomic(&path, text.as_bytes(), 0o644))
        .map_err(|error| Failure::caused(Kind::External, format!("cannot write {}", path.display()), error))?;
    Ok(path)
}

fn add_by_hand(shell: Shell) -> String {
    format!("put `{}` where your shell reads it at its start", shell.line())
}
