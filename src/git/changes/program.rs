//! The same answers from the git program.

use std::path::Path;

use super::FileChange;
use crate::git::{Git, GitError, Oid};

pub(super) fn changes(
    dir: &Path,
    from: &Oid,
    head: &Oid,
    matters: &dyn Fn(&str) -> bool,
) -> Result<Vec<FileChange>, GitError> {
    let git = Git::on(dir);
    let listed = git.run(&["diff", "--name-status", "--find-renames", "-z", from.as_str(), head.as_str()])?;
    let mut words = listed.split('\0').filter(|word| !word.is_empty());
    let mut changes = Vec::new();
    while let (Some(status), Some(path)) = (words.next(), words.next()) {
        let path = path.to_owned();
        let now = match status.as_bytes().first() {
            Some(b'D') => None,
            Some(b'R') => words.next().map(str::to_owned),
            // A copy leaves what it is a copy of as it was.
            Some(b'C') => {
                let copy = words.next().map(str::to_owned);
                changes.push(FileChange { path: copy.clone().unwrap_or_default(), now: copy, ..FileChange::default() });
                continue;
            }
            _ => Some(path.clone()),
        };
        let mut change = FileChange { path, now, ..FileChange::default() };
        if let Some(now) = change.now.clone().filter(|now| matters(now)) {
            read_lines(&git, from, head, &now, &mut change)?;
        }
        changes.push(change);
    }
    Ok(changes)
}

fn read_lines(git: &Git, from: &Oid, head: &Oid, path: &str, change: &mut FileChange) -> Result<(), GitError> {
    let literal = format!(":(literal){path}");
    let before = format!(":(literal){}", change.path);
    let args =
        ["diff", "--unified=0", "--no-color", "--no-ext-diff", from.as_str(), head.as_str(), "--", &literal, &before];
    let output = git.output(&args)?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    for line in text.lines().filter(|line| !line.starts_with("+++") && !line.starts_with("---")) {
        match line.as_bytes().first() {
            Some(b'+') => change.added.push(line[1..].to_owned()),
            Some(b'-') => change.removed.push(line[1..].to_owned()),
            _ => {}
        }
    }
    Ok(())
}
