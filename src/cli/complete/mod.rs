//! Completion in the shell: commands and options from the arguments, and bead ids, rigs, workers and agents as
//! they are at this moment.
//!
//! A completer answers fast, or nothing; it never prints an error into the person's command line.

use clap_complete::CompleteEnv;

use super::args;

/// Answers the shell and ends the process when `COMPLETE` is set; else returns at once. First in `main`.
pub fn answer() {
    CompleteEnv::with_factory(args::tree).bin("gt").complete();
}
