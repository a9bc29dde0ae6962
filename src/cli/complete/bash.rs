//! Bash, which knows no descriptions: where it only lists what fits, they are put behind the words.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;

use clap_complete::engine::CompletionCandidate;
use clap_complete::env::EnvCompleter;

use crate::cli::Text;

/// The columns of a description in a list.
const WIDTH: usize = 56;

/// Bash.
#[derive(Debug)]
pub(super) struct Bash;

impl EnvCompleter for Bash {
    fn name(&self) -> &'static str {
        "bash"
    }

    fn is(&self, name: &str) -> bool {
        name == "bash"
    }

    fn write_registration(
        &self,
        var: &str,
        name: &str,
        bin: &str,
        completer: &str,
        buf: &mut dyn Write,
    ) -> io::Result<()> {
        clap_complete::env::Bash.write_registration(var, name, bin, completer, buf)
    }

    fn write_complete(
        &self,
        command: &mut clap::Command,
        words: Vec<OsString>,
        folder: Option<&Path>,
        buf: &mut dyn Write,
    ) -> io::Result<()> {
        let variable = |name: &str| std::env::var(name).unwrap_or_default();
        let index = variable("_CLAP_COMPLETE_INDEX").parse().unwrap_or(words.len().saturating_sub(1));
        let candidates = clap_complete::engine::complete(command, words, index, folder)?;
        let listed = is_list(&variable("_CLAP_COMPLETE_COMP_TYPE")) && candidates.len() > 1;
        let words: Vec<_> = candidates.iter().map(|candidate| word(candidate, listed)).collect();
        let between = variable("_CLAP_IFS");
        buf.write_all(words.join(if between.is_empty() { "\n" } else { &between }).as_bytes())
    }
}

/// Whether bash shows all that fits: after a second tab (`?`), or at once where the person wants that (`!`, `@`).
/// What it inserts then is the common beginning, which never reaches into a description.
fn is_list(completion_type: &str) -> bool {
    ["63", "33", "64"].contains(&completion_type)
}

fn word(candidate: &CompletionCandidate, listed: bool) -> String {
    let value = candidate.get_value().to_string_lossy().into_owned();
    match candidate.get_help().filter(|_| listed) {
        Some(help) => format!("{value}  ({})", Text::from(help.to_string()).one_line().cut(WIDTH).paint(false)),
        None => value,
    }
}
