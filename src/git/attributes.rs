//! The attributes that a merge in a bare repository works with.
//!
//! There git reads no `.gitattributes`, so `merge=union` and merge drivers would be ignored. `--attr-source`
//! exists only from 2.41 on, and `info/attributes` would also rule in every worktree of the repository. So the
//! files of one commit are joined into one, outside of the repository, which git is told to take for the
//! person's attributes file: the same on every version of git.

use std::io::Write;
use std::path::Path;

use tempfile::NamedTempFile;

use super::{Git, GitError, Oid};

/// All `.gitattributes` of one commit in one file; removed on drop.
#[derive(Debug)]
pub(super) struct Attributes {
    file: Option<NamedTempFile>,
}

impl Attributes {
    /// Joins the attribute files of `commit`.
    pub(super) fn of(dir: &Path, commit: &Oid) -> Result<Self, GitError> {
        let git = Git::on(dir);
        let listing = git.raw(&["ls-tree", "-r", "-z", "--name-only", "--full-tree", commit.as_str()])?;
        let names = listing.split(|byte| *byte == 0).filter_map(|name| std::str::from_utf8(name).ok());
        let mut names: Vec<&str> = names.filter(|name| name.rsplit('/').next() == Some(".gitattributes")).collect();
        if names.is_empty() {
            return Ok(Self { file: None });
        }
        // Later lines win, as deeper files do.
        names.sort_by_key(|name| name.matches('/').count());
        let mut joined = String::new();
        for name in names {
            let text = git.run(&["cat-file", "blob", &format!("{commit}:{name}")])?;
            let folder = name.strip_suffix(".gitattributes").expect("the names were chosen by it");
            joined.extend(text.lines().filter_map(|line| moved(folder, line)));
        }
        let write = || {
            let mut file = NamedTempFile::new()?;
            file.write_all(joined.as_bytes()).map(|()| file)
        };
        Ok(Self { file: Some(write().map_err(GitError::files("write", std::env::temp_dir()))?) })
    }

    /// Tells `git` to use them.
    pub(super) fn apply(&self, git: Git) -> Git {
        match &self.file {
            Some(file) => git.with("core.attributesFile", &file.path().to_string_lossy()),
            None => git,
        }
    }
}

/// A line of the attributes file in `folder` (empty or ending in `/`) as it reads at the top; ends in a newline.
fn moved(folder: &str, line: &str) -> Option<String> {
    let line = line.trim_start();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    if folder.is_empty() {
        return Some(format!("{line}\n"));
    }
    let end = line.find([' ', '\t'])?;
    let (pattern, rest) = line.split_at(end);
    // Git allows macros only at the top, and a quoted pattern has spaces: rare enough to do without it.
    if pattern.starts_with('"') || pattern.starts_with("[attr]") || folder.contains([' ', '*', '?', '[', '\\', '"']) {
        return None;
    }
    let anchored = pattern.trim_end_matches('/').contains('/');
    let pattern = pattern.trim_start_matches('/');
    let between = if anchored { "" } else { "**/" };
    Some(format!("/{folder}{between}{pattern}{rest}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_deeper_files_apply_below_their_folder() {
        for (folder, line, wanted) in [
            ("", "*.txt merge=union", Some("*.txt merge=union\n")),
            ("a/b/", "*.txt merge=union", Some("/a/b/**/*.txt merge=union\n")),
            ("a/", "/x.txt -text", Some("/a/x.txt -text\n")),
            ("a/", "sub/x.txt -text", Some("/a/sub/x.txt -text\n")),
            ("a/", "# comment", None),
            ("a/", "[attr]mine text", None),
            ("", "", None),
        ] {
            assert_eq!(moved(folder, line).as_deref(), wanted, "{folder} {line}");
        }
    }
}
