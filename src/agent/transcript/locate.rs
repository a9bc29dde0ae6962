//! Finding the transcript of a session.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::super::fill::{self, Values};
use super::super::preflight::Folders;
use super::super::{Caller, Preset, TranscriptFormat};
use super::{Reading, read_lines};
use crate::clock::Timestamp;

/// How much of the beginning of a file is read to learn whose it is.
const HEAD: u64 = 256 * 1024;
/// How many files are looked into, newest first.
const CANDIDATES: usize = 40;

/// The session whose transcript is wanted.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    /// Its agent.
    pub preset: &'a Preset,
    /// The environment that the agent was given.
    pub caller: &'a Caller,
    /// The folder that it works in.
    pub worktree: &'a Path,
    /// The folder of the worker's own that stays from session to session.
    pub state_dir: &'a Path,
    /// The log of the session, beside which the built-in agent keeps its own.
    pub log: &'a Path,
    /// When it began.
    pub since: Timestamp,
    /// The agent's id of its conversation, if it is known.
    pub conversation: Option<&'a str>,
}

/// Where a transcript is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The shape of its entries.
    pub format: TranscriptFormat,
    /// The file.
    pub path: PathBuf,
}

impl Subject<'_> {
    /// A text of the preset with its placeholders filled in; `{session}` stands for any id where none is known.
    fn filled(&self, text: &str) -> String {
        let mut values: Values = Folders::of(self.preset, self.caller, self.state_dir).values().into();
        values.insert("session", self.conversation.unwrap_or("*").to_owned());
        values.insert("dashed", super::super::launch::dashed(self.worktree));
        values.insert("worktree", self.worktree.display().to_string());
        values.insert("state", self.state_dir.display().to_string());
        fill::fill(text, &values)
    }

    /// The files of settings and credentials that the preset names.
    pub fn settings_files(&self) -> Vec<PathBuf> {
        let preset = self.preset;
        let credentials = preset.credentials.iter().filter_map(|one| one.file.as_deref());
        let dialogs = preset.dialogs.iter().filter_map(|one| one.file.as_deref());
        let mut files: Vec<PathBuf> = credentials.chain(dialogs).map(|file| PathBuf::from(self.filled(file))).collect();
        files.sort();
        files.dedup();
        files
    }

    /// The files in which the agent tells what it does now, each for the process that it names.
    pub fn state_files(&self) -> Vec<PathBuf> {
        self.preset.transcript.state.as_deref().map(|pattern| matching(&self.filled(pattern))).unwrap_or_default()
    }
}

/// The transcript of a session, if there is one yet. Where the agent chose the id of the conversation itself, it is the
/// newest that was held in the session's folder and is not older than the session.
pub fn locate(subject: &Subject<'_>) -> Option<Place> {
    let format = subject.preset.transcript.format?;
    if format == TranscriptFormat::Builtin {
        let path = subject.log.with_extension("audit.jsonl");
        return path.exists().then_some(Place { format, path });
    }
    let pattern = subject.filled(subject.preset.transcript.path.as_deref()?);
    if matches!(format, TranscriptFormat::Opencode | TranscriptFormat::Goose) {
        let path = PathBuf::from(pattern);
        return path.exists().then_some(Place { format, path });
    }
    let began = SystemTime::from(subject.since);
    let written = |path: &PathBuf| fs::metadata(path).and_then(|file| file.modified()).ok();
    let files = matching(&pattern).into_iter().filter_map(|path| Some((written(&path)?, path)));
    let mut files: Vec<_> = files.filter(|(written, _)| *written >= began).collect();
    files.sort_by(|one, other| other.cmp(one));
    let mut candidates = files.into_iter().map(|(_, path)| path).take(CANDIDATES);
    let path = candidates.find(|path| is_of(subject, format, path))?;
    Some(Place { format, path })
}

/// Whether the beginning of a file names the conversation of the session, or else its folder.
fn is_of(subject: &Subject<'_>, format: TranscriptFormat, path: &Path) -> bool {
    let mut bytes = Vec::new();
    let Ok(file) = fs::File::open(path) else { return false };
    if file.take(HEAD).read_to_end(&mut bytes).is_err() {
        return false;
    }
    let mut reading = Reading::default();
    read_lines(format, &mut reading, &bytes);
    match subject.conversation {
        Some(wanted) => reading.conversation.as_deref() == Some(wanted),
        None => {
            let here = reading.folder.as_deref().map(Path::new);
            let real = || subject.worktree.canonicalize().ok();
            here.is_some_and(|here| here == subject.worktree || real().is_some_and(|real| real == here))
        }
    }
}

/// The files that a pattern stands for, in which `*` is any part of one name.
fn matching(pattern: &str) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::from("/")];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        if part.contains('*') {
            found = found.iter().flat_map(|folder| entries(folder, part)).collect();
        } else {
            found.iter_mut().for_each(|path| path.push(part));
        }
    }
    found.retain(|path| path.is_file());
    found
}

fn entries(folder: &Path, pattern: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let fits = |name: &str| fits(pattern, name);
    entries.filter(|entry| entry.file_name().to_str().is_some_and(fits)).map(|entry| entry.path()).collect()
}

/// Whether a name has all the parts of the pattern between its stars, in their order.
fn fits(pattern: &str, name: &str) -> bool {
    let parts: Vec<&str> = pattern.split('*').collect();
    let (first, last) = (parts[0], parts[parts.len() - 1]);
    if parts.len() == 1 {
        return pattern == name;
    }
    if name.len() < first.len() + last.len() || !name.starts_with(first) || !name.ends_with(last) {
        return false;
    }
    let mut rest = &name[first.len()..name.len() - last.len()];
    parts[1..parts.len() - 1].iter().all(|part| match rest.find(part) {
        Some(place) => {
            rest = &rest[place + part.len()..];
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_part_of_a_name() {
        for (pattern, name, does) in [
            ("rollout-*-*.jsonl", "rollout-2026-a.jsonl", true),
            ("rollout-*-abc.jsonl", "rollout-x-abcd.jsonl", false),
            ("*", "x", true),
            ("a*a", "a", false),
            ("*_b_*", "a_b_c", true),
            ("*_b_*", "a_c_b", false),
        ] {
            assert_eq!(fits(pattern, name), does, "{pattern} {name}");
        }
    }
}
