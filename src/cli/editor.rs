//! The person's editor on a text that is no file.

use std::io::{IsTerminal, Write};
use std::process::Command;

use super::{Call, Unattended};
use crate::error::{Failure, Kind, Outcome};

impl Call {
    /// Lets the person edit `text`; `name` ends like the file that it stands for, so that the editor knows its kind.
    /// `check` says what is wrong with a text; the person may then edit on. `None` when nothing was changed.
    ///
    /// # Errors
    /// When nobody is there to edit, the editor fails, or the person gives up on a text that is not right.
    pub fn edit(
        &mut self,
        name: &str,
        text: &str,
        check: impl Fn(&str) -> Result<(), Failure>,
    ) -> Outcome<Option<String>> {
        let editor = editor()?;
        let external = |error| Failure::caused(Kind::External, "the text cannot be handed to the editor", error);
        let mut file = tempfile::Builder::new().prefix("gt-").suffix(name).tempfile().map_err(external)?;
        file.write_all(text.as_bytes()).and_then(|()| file.flush()).map_err(external)?;
        loop {
            self.ui.flush();
            run(&editor, file.path())?;
            let edited = std::fs::read_to_string(file.path()).map_err(external)?;
            if edited == text {
                return Ok(None);
            }
            let Err(failure) = check(&edited) else { return Ok(Some(edited)) };
            if self.ui.is_attended() {
                self.ui.error(&failure);
                if self.ui.confirm("Edit again?", true, Unattended::Use(false))? {
                    continue;
                }
            }
            return Err(kept(failure, file));
        }
    }
}

/// `failure` with the place where the text is kept that it is about.
fn kept(failure: Failure, file: tempfile::NamedTempFile) -> Failure {
    match file.keep() {
        Ok((_, path)) => failure.hint(format!("your text is kept in {}", path.display())),
        Err(error) => failure.hint(format!("your text could not be kept: {error}")),
    }
}

/// The person's choice of editor: a command line for the shell.
fn editor() -> Outcome<String> {
    let set = |name| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let chosen = set("VISUAL").or_else(|| set("EDITOR"));
    if chosen.is_none() && !std::io::stdin().is_terminal() {
        return Err(Failure::new(Kind::Usage, "there is nobody to edit and no editor is set")
            .hint("name what to change (`gt config set`, options of `gt bead edit`), or set EDITOR"));
    }
    Ok(chosen.unwrap_or_else(|| "vi".to_owned()))
}

#[expect(clippy::disallowed_methods, reason = "the editor works on this terminal for the person; no door is for that")]
fn run(editor: &str, path: &std::path::Path) -> Outcome<()> {
    // Through the shell, because people write `code --wait`; the path is no part of the script.
    let status = Command::new("/bin/sh").arg("-c").arg(format!("{editor} \"$1\"")).arg("editor").arg(path).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::new(Kind::External, format!("the editor `{editor}` ended with {status}"))
            .hint("nothing was changed; EDITOR names the editor")),
        Err(error) => Err(Failure::caused(Kind::External, "the shell cannot be started", error)),
    }
}
