//! The command line: arguments, one file per command, one printer, completions. No logic: a command builds a
//! request, calls its verb in [`crate::ops`] and renders the report.
//!
//! To add a command, write `src/cli/<command>.rs` with
//! - the arguments, whose doc comment is the help text,
//! - [`Perform`] for them, which calls the verb,
//! - [`Render`] for the verb's report,
//!
//! and one arm in `command.rs`.

mod agent;
mod args;
mod attach;
mod attended;
mod bead;
mod call;
mod command;
pub mod complete;
mod completions;
mod config;
mod convoy;
mod costs;
mod crew;
mod demo;
mod dispatch;
mod docs;
mod doctor;
mod done;
mod editor;
mod escalate;
mod escalation;
mod feed;
mod handoff;
mod harness;
mod help;
mod history;
mod hook;
mod init;
mod input;
mod interrupt;
mod ledger;
mod log;
mod mail;
mod mayor;
mod memory;
mod nudge;
mod outside;
mod polecat;
mod prime;
mod queue;
mod reference;
mod refinery;
mod render;
mod rig;
mod run;
mod seance;
mod session;
mod sling;
mod status;
mod tick;
mod ui;
mod unsling;
mod up;
mod usage;
mod verbs;
mod watching;
mod why;

use std::io::Write;
use std::process::ExitCode;

use args::Cli;
use clap::FromArgMatches;

use crate::error::{Failure, Kind};

use attended::join;
pub use call::Call;
pub use render::{Perform, Render};
pub use ui::{Board, Colour, Label, Line, Style, Table, Text, Ui, Unattended};
pub use verbs::{Reach, verbs};

/// The whole of `gt`, from the arguments of the process to its exit code.
pub fn main() -> ExitCode {
    std::panic::set_hook(Box::new(defect));
    let args: Vec<_> = std::env::args_os().collect();
    let matches = match args::tree().try_get_matches_from(&args) {
        Ok(matches) => matches,
        Err(error) => return usage::answer(&args, error),
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return usage::answer(&args, error),
    };
    log::start(cli.global.verbose);
    let mut call = Call::new(cli.global.clone());
    let ended = match outside::instead(&cli, &matches, &call) {
        Ok(Some(code)) => Ok(code),
        Ok(None) => cli.command.dispatch(&mut call),
        Err(failure) => Err(failure),
    };
    let code = ended.unwrap_or_else(|mut failure| {
        call.explain([&mut failure]);
        call.ui.error(&failure);
        failure.kind.exit_code()
    });
    call.ui.flush();
    match call.ui.lost() {
        Some(error) if code == 0 => {
            let failure = Failure::caused(Kind::External, "the results could not be written", error);
            call.ui.error(&failure);
            ExitCode::from(failure.kind.exit_code())
        }
        _ => ExitCode::from(code),
    }
}

/// A panic is a defect of ours: said in the shape of every other error, with its own exit code.
fn defect(info: &std::panic::PanicHookInfo<'_>) {
    let mut stderr = std::io::stderr();
    let _ = writeln!(stderr, "error: this is a defect of gt: {info}");
    let _ = writeln!(stderr, "hint: please report it with the command and what it printed");
    std::process::exit(Kind::Internal.exit_code().into());
}
