//! Set-up and gates, guessed from a repository's files.

use super::Gate;

/// What was guessed, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Guess {
    /// Commands of `sh` that make a fresh worktree fit for work.
    pub setup: Vec<String>,
    /// Globs of files whose change makes set-up run again.
    pub setup_inputs: Vec<String>,
    /// Ignored paths that survive the recycling of a worktree.
    pub keep: Vec<String>,
    /// Commands that must pass before a tree may land.
    pub gates: Vec<Gate>,
    /// One reason per kind of project: "Cargo.toml found".
    pub reasons: Vec<String>,
}

/// Guesses from the names of files (relative to the repository's root, `/` between folders) and a reader of their text.
pub fn guess(files: &[String], read: &dyn Fn(&str) -> Option<String>) -> Guess {
    let _ = (files, read);
    Guess::default()
}
