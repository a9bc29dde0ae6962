//! Ignored files of the person that a worktree needs, such as `.env`: copied or linked into it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use super::PolecatError;
use crate::git::Git;
use crate::store::{FileLock, write_atomic};

/// How long to wait for somebody else who hides something.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a rig wants in each of its worktrees.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Furnishing {
    /// The person's own checkout, which `copy` and `link` are relative to; none: there is nothing to take.
    pub source: Option<PathBuf>,
    /// Files and folders to copy.
    pub copy: Vec<String>,
    /// Files and folders to link.
    pub link: Vec<String>,
    /// Ignored paths that survive recycling; none: all of them do.
    pub keep: Option<Vec<String>>,
}

/// Brings `copy` and `link` into `worktree` and hides them from `git status`; what people should know about it.
/// A path that is tracked, or missing at the source, is left alone and said.
///
/// # Errors
/// When a path leaves the worktree, or a file cannot be copied.
pub fn furnish(repo: &Path, worktree: &Path, furnishing: &Furnishing) -> Result<Vec<String>, PolecatError> {
    let wanted: BTreeSet<&str> = furnishing.copy.iter().chain(&furnishing.link).map(String::as_str).collect();
    for path in &wanted {
        check(path)?;
    }
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let Some(source) = &furnishing.source else {
        return Ok(vec!["copy and link need a local repository to take files from; nothing was taken".to_owned()]);
    };
    exclude(repo, &wanted)?;
    let mut notes = Vec::new();
    let tasks = furnishing.copy.iter().map(|path| (path, false)).chain(furnishing.link.iter().map(|path| (path, true)));
    for (path, link) in tasks {
        let (from, to) = (source.join(path), worktree.join(path));
        if !from.exists() {
            notes.push(format!("{path} is not in {}", source.display()));
        } else if Git::at(worktree).output(&["ls-files", "--error-unmatch", "--", path])?.ok() {
            notes.push(format!("{path} is tracked and was not replaced"));
        } else {
            no_link_on_the_way(worktree, path)?;
            let parent = to.parent().expect("a path below the worktree");
            fs::create_dir_all(parent).map_err(PolecatError::files("make", parent))?;
            notes.extend(if link { bring_link(&from, &to)? } else { bring_copy(&from, &to).map(|()| None)? });
        }
    }
    Ok(notes)
}

fn check(path: &str) -> Result<(), PolecatError> {
    let plain = Path::new(path).components().all(|part| matches!(part, Component::Normal(name) if name != ".git"));
    if plain && !path.is_empty() {
        return Ok(());
    }
    let reason = "it has to be a relative path inside of the repository, without .. and .git".to_owned();
    Err(PolecatError::Path { path: path.to_owned(), reason })
}

/// A worker may have made one of the folders a link to somewhere else; files must not follow it out.
fn no_link_on_the_way(worktree: &Path, path: &str) -> Result<(), PolecatError> {
    for folder in Path::new(path).ancestors().skip(1) {
        if !folder.as_os_str().is_empty() && worktree.join(folder).is_symlink() {
            let reason = format!("{} is a link", folder.display());
            return Err(PolecatError::Path { path: path.to_owned(), reason });
        }
    }
    Ok(())
}

fn bring_link(from: &Path, to: &Path) -> Result<Option<String>, PolecatError> {
    match fs::symlink_metadata(to) {
        Ok(meta) if meta.is_symlink() => fs::remove_file(to).map_err(PolecatError::files("replace", to))?,
        Ok(_) => return Ok(Some(format!("{} exists and was not replaced by a link", to.display()))),
        Err(_) => {}
    }
    symlink(from, to).map(|()| None).map_err(PolecatError::files("link", to))
}

fn bring_copy(from: &Path, to: &Path) -> Result<(), PolecatError> {
    if from.is_dir() {
        fs::create_dir_all(to).map_err(PolecatError::files("make", to))?;
        for entry in fs::read_dir(from).map_err(PolecatError::files("read", from))? {
            let entry = entry.map_err(PolecatError::files("read", from))?;
            bring_copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    if to.is_symlink() {
        fs::remove_file(to).map_err(PolecatError::files("replace", to))?;
    }
    fs::copy(from, to).map(|_| ()).map_err(PolecatError::files("copy", to))
}

/// Adds the paths to the repository's own ignore file, which all of its worktrees read.
fn exclude(repo: &Path, paths: &BTreeSet<&str>) -> Result<(), PolecatError> {
    hide(repo, paths.iter().map(|path| pattern(path)))
}

/// Adds patterns to the repository's own ignore file. Several may do so at once, and none is lost.
///
/// # Errors
/// When it cannot be written.
pub fn hide(repo: &Path, patterns: impl IntoIterator<Item = String>) -> Result<(), PolecatError> {
    let patterns: Vec<String> = patterns.into_iter().collect();
    let file = repo.join("info/exclude");
    if missing(&file, &patterns).1.is_empty() {
        return Ok(());
    }
    let folder = repo.join("info");
    fs::create_dir_all(&folder).map_err(PolecatError::files("make", &folder))?;
    let _lock = FileLock::acquire(&folder.join("gt-exclude"), PATIENCE)?;
    let (present, missing) = missing(&file, &patterns);
    let text = format!("{}\n{}\n", present.trim_end(), missing.join("\n"));
    write_atomic(&file, text.trim_start().as_bytes(), 0o644).map_err(PolecatError::files("write", &file))
}

/// What stands in an ignore file, and which patterns do not.
fn missing(file: &Path, patterns: &[String]) -> (String, Vec<String>) {
    let present = fs::read_to_string(file).unwrap_or_default();
    let missing = patterns.iter().filter(|line| !present.lines().any(|present| present == *line)).cloned().collect();
    (present, missing)
}

/// A path as a pattern that fits it alone.
fn pattern(path: &str) -> String {
    let mut pattern = String::from("/");
    for character in path.trim_end_matches('/').chars() {
        if matches!(character, '*' | '?' | '[' | '\\' | ' ') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_who_hide_something_at_once_each_does() {
        let repo = tempfile::tempdir().expect("a temporary folder");
        std::thread::scope(|scope| {
            for index in 0..16 {
                let repo = repo.path();
                scope.spawn(move || hide(repo, [format!("/file-{index}")]).expect("hidden"));
            }
        });
        let text = fs::read_to_string(repo.path().join("info/exclude")).expect("written");
        assert_eq!(text.lines().count(), 16, "{text}");
    }
}
