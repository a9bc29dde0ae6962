//! The baseline of the benchmarks: a program that parses arguments with clap and does nothing else.

use clap::{Parser, Subcommand};

/// Does nothing
#[derive(Parser)]
#[command(version)]
struct Cli {
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

macro_rules! commands {
    ($($name:ident)*) => {
        #[derive(Subcommand)]
        enum Command {
            $(#[doc = "Does nothing"] $name { words: Vec<String>, #[arg(long)] flag: bool },)*
        }
    };
}
commands!(Init Rig New Show List Ready Edit Note Close Sling Hook Done Queue Status Why Log Feed Config Doctor Demo);

fn main() {
    let cli = Cli::parse();
    let _ = (cli.json, std::mem::discriminant(&cli.command));
}
