//! What there is to complete in the town: read fast, and nothing on any trouble.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};

use crate::env;
use crate::town::{Rig, Town};

/// Completes the name of a rig.
pub(in crate::cli) fn rigs() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        fitting(typed, all_rigs().iter().map(|rig| (rig.name.to_string(), rig.url.clone())))
    })
}

/// Completes a worker, as `rig/name` or as the bare name.
pub(in crate::cli) fn workers() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let rigs = all_rigs();
        let polecats = rigs.iter().flat_map(Rig::polecats);
        let short = typed.to_str().is_none_or(|typed| !typed.contains('/'));
        let named = polecats.map(|(worker, role)| {
            let name = if short { worker.name.to_string() } else { format!("{}/{}", worker.rig, worker.name) };
            (name, format!("{role} of {}", worker.rig))
        });
        fitting(typed, named)
    })
}

/// The candidates that begin with what was typed, each with its description.
fn fitting(typed: &OsStr, all: impl Iterator<Item = (String, String)>) -> Vec<CompletionCandidate> {
    let Some(typed) = typed.to_str() else { return Vec::new() };
    let candidate = |(value, help): (String, String)| CompletionCandidate::new(value).help(Some(help.into()));
    all.filter(|(value, _)| value.starts_with(typed)).map(candidate).collect()
}

fn all_rigs() -> Vec<Rig> {
    let rigs = town().and_then(|town| town.rigs_each().ok()).unwrap_or_default();
    rigs.into_iter().filter_map(Result::ok).collect()
}

/// The town that the command under the cursor would work in.
fn town() -> Option<Town> {
    let named = option_before_cursor().or_else(|| std::env::var_os(env::TOWN).map(PathBuf::from));
    let start = named.or_else(|| std::env::current_dir().ok())?;
    Town::above(&start).ok()
}

/// The value of `--town` or `-C` in the words that the shell hands over.
fn option_before_cursor() -> Option<PathBuf> {
    let words: Vec<_> = std::env::args_os().skip_while(|word| word != "--").collect();
    let joined = |word: &OsStr| word.to_str()?.strip_prefix("--town=").map(PathBuf::from);
    let at = words.iter().position(|word| word == "--town" || word == "-C");
    at.and_then(|at| words.get(at + 1)).map(PathBuf::from).or_else(|| words.iter().find_map(|word| joined(word)))
}
