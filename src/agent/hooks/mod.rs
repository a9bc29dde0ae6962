//! Hooks: commands of ours that an agent runs at certain events, and what it tells them.
//!
//! Each runs `gt session event KIND`, which reads the agent's JSON on stdin, is silent and never fails. The
//! configuration that says so is written at each launch, outside of the worktree.

mod file;
mod payload;

use std::path::{Path, PathBuf};

use super::fill::{self, Values};
use super::{AgentError, HookFormat, Hooks, PlannedFile};
use crate::runtime::{HookKind, shell_line};

pub use payload::{Answer, heard};

/// What the commands of hooks are made from.
pub(super) struct Hooking<'a> {
    /// The hooks of the preset.
    pub hooks: &'a Hooks,
    /// The `gt` that they call.
    pub gt: &'a Path,
    /// The run folder of the session, which has its name.
    pub run_dir: &'a Path,
}

impl Hooking<'_> {
    /// Adds the hooks to the file that carries them: to the one that is planned at its place, else to one more.
    /// Answers the arguments without which the agent does not run them.
    ///
    /// # Errors
    /// When a file that is planned already cannot be understood.
    pub(super) fn plant(&self, values: &Values, files: &mut Vec<PlannedFile>) -> Result<Vec<String>, AgentError> {
        let (Some(format), Some(place)) = (self.hooks.format, &self.hooks.file) else { return Ok(Vec::new()) };
        let path = PathBuf::from(fill::fill(place, values));
        let planned = files.iter_mut().find(|file| file.path == path);
        let former = planned.as_ref().map_or("", |file| file.text.as_str());
        let text = file::with_hooks(self, format, former)
            .map_err(|reason| AgentError::Settings { path: path.clone(), reason })?;
        match planned {
            Some(file) => file.text = text,
            None => files.push(PlannedFile { path, text, program: false }),
        }
        Ok(self.hooks.arguments.iter().map(|argument| fill::fill(argument, values)).collect())
    }

    /// The words of the command for one event.
    fn words(&self, kind: HookKind) -> Vec<String> {
        let (gt, dir) = (self.gt.display().to_string(), self.run_dir.display().to_string());
        let mut words = vec![gt, "session".to_owned(), "event".to_owned(), kind.to_string(), "--dir".to_owned(), dir];
        if let (HookKind::Stop, Some(word)) = (kind, &self.hooks.hand_over) {
            words.extend(["--hand-over".to_owned(), word.clone()]);
        }
        words
    }

    /// The command for one event, as a shell reads it. In a file that other sessions read too, it is theirs to ignore.
    fn line(&self, kind: HookKind) -> String {
        let line = shell_line(self.words(kind));
        match (self.hooks.format, self.run_dir.file_name()) {
            (Some(HookFormat::Copilot), Some(session)) => {
                format!("[ \"${}\" != {} ] || exec {line}", crate::env::SESSION, session.display())
            }
            _ => line,
        }
    }
}
