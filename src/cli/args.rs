//! The root of the arguments.

use std::path::PathBuf;

use clap::{ArgAction, Args, CommandFactory, Parser, ValueHint};

use super::Colour;
use super::command::Command;

/// Runs a town of coding agents over your git repositories: from a goal to merged code.
#[derive(Debug, Parser)]
#[command(name = "gt", version, max_term_width = 100, propagate_version = false)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(super) struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub(super) global: Global,
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct Global {
    /// Work in the town around this folder instead of the current one
    #[arg(short = 'C', long, global = true, value_name = "PATH", value_hint = ValueHint::DirPath)]
    pub(super) town: Option<PathBuf>,
    /// Print one JSON object instead of text
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Print only results, warnings and errors
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// When to colour the output: auto, always or never
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    #[arg(hide_default_value = true, hide_possible_values = true)]
    pub(super) color: Colour,
    /// Say on stderr what gt does; twice for more
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(super) verbose: u8,
}

/// The whole tree of commands.
pub(super) fn tree() -> clap::Command {
    Cli::command().styles(super::help::styles()).infer_subcommands(false)
}
