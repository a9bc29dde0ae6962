//! Completion in the shell: commands and options from the arguments, and bead ids, rigs, workers and agents as
//! they are at this moment.
//!
//! A completer answers fast, or nothing; it never prints an error into the person's command line.

mod bash;
mod candidates;

use clap_complete::CompleteEnv;
use clap_complete::env::{Fish, Shells, Zsh};

use super::args;
pub(super) use candidates::{
    Takes, agents, beads, beads_and_places, beads_that_are, convoys, crew, everybody, held_beads_and_workers, rigs,
    settings, workers,
};

/// The shells that can ask, each with the way to answer it.
const SHELLS: Shells<'static> = Shells(&[&bash::Bash, &Fish, &Zsh]);

/// The variable by which a shell's script asks.
const VARIABLE: &str = "COMPLETE";

/// Answers the shell and ends the process when `COMPLETE` is set; else returns at once. First in `main`.
pub fn answer() {
    CompleteEnv::with_factory(asked).var(VARIABLE).shells(SHELLS).bin("gt").complete();
}

/// The tree of commands, of which only the one is there that the typed line names: a key press is answered in the time
/// that putting the others together would take.
fn asked() -> clap::Command {
    let mut tree = args::tree();
    // What comes after `--` is the line: the program, then words, of which the last one is being typed.
    let line: Vec<_> = std::env::args_os().skip_while(|word| word != "--").skip(2).collect();
    let before = line.split_last().map_or(&[][..], |(_, before)| before);
    let Some(word) = before.iter().find(|word| tree.find_subcommand(word).is_some()) else { return tree };
    let named = tree.find_subcommand_mut(word).map(std::mem::take).unwrap_or_default();
    let asked = clap::Command::new("gt").args(tree.get_arguments()).subcommand(named);
    // The process ends with its answer: taking the other commands apart first is for nobody.
    std::mem::forget(tree);
    asked
}

/// The script that makes `shell` ask `completer` for the completions of `gt`; `None` for an unknown shell.
pub(super) fn script(shell: &str, completer: &str) -> Option<String> {
    let adapter = SHELLS.completer(shell)?;
    let mut script = Vec::new();
    adapter.write_registration(VARIABLE, "gt", "gt", completer, &mut script).ok()?;
    String::from_utf8(script).ok()
}
