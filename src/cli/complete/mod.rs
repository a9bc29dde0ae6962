//! Completion in the shell: commands and options from the arguments, and bead ids, rigs, workers and agents as
//! they are at this moment.
//!
//! A completer answers fast, or nothing; it never prints an error into the person's command line.

mod bash;
mod candidates;

use clap_complete::CompleteEnv;
use clap_complete::env::{Fish, Shells, Zsh};

use super::args;
pub(super) use candidates::{agents, beads, beads_and_places, convoys, rigs, settings, workers};

/// The shells that can ask, each with the way to answer it.
const SHELLS: Shells<'static> = Shells(&[&bash::Bash, &Fish, &Zsh]);

/// The variable by which a shell's script asks.
const VARIABLE: &str = "COMPLETE";

/// Answers the shell and ends the process when `COMPLETE` is set; else returns at once. First in `main`.
pub fn answer() {
    CompleteEnv::with_factory(args::tree).var(VARIABLE).shells(SHELLS).bin("gt").complete();
}

/// The script that makes `shell` ask `completer` for the completions of `gt`; `None` for an unknown shell.
pub(super) fn script(shell: &str, completer: &str) -> Option<String> {
    let adapter = SHELLS.completer(shell)?;
    let mut script = Vec::new();
    adapter.write_registration(VARIABLE, "gt", "gt", completer, &mut script).ok()?;
    String::from_utf8(script).ok()
}
