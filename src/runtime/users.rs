//! Which programs may be at work in a repository: what keeps a lock file of git from being taken for dead.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::store::ProcessId;

/// Who may hold a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Users {
    /// These, and nobody else on this machine.
    These(Vec<ProcessId>),
    /// This system does not tell.
    Unknown,
}

/// The processes that have `file` open, and the git programs at work in the repository `git_dir` or in a worktree below
/// one of `folders`. Those of other users, and of other machines on a network file system, are not seen.
pub fn users(file: &Path, git_dir: &Path, folders: &[PathBuf]) -> Users {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Users::Unknown };
    let own = std::process::id().cast_signed();
    // The system names files by their real paths.
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = file.parent().map(real).zip(file.file_name()).map(|(folder, name)| folder.join(name));
    let place = Place {
        file: folder.unwrap_or_else(|| file.to_owned()),
        git_dir: real(git_dir),
        spelled: git_dir,
        folders: folders.iter().map(|folder| real(folder)).collect(),
    };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let uses = pids.filter(|pid| *pid != own && place.is_used_by(*pid));
    Users::These(uses.filter_map(ProcessId::of).collect())
}

/// What is asked about, by the names that the system knows.
struct Place<'p> {
    file: PathBuf,
    git_dir: PathBuf,
    /// As it may stand in arguments and variables.
    spelled: &'p Path,
    folders: Vec<PathBuf>,
}

impl Place<'_> {
    fn is_used_by(&self, pid: i32) -> bool {
        let process = Path::new("/proc").join(pid.to_string());
        let open = || std::fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
        let mut opened = open().filter_map(|fd| std::fs::read_link(fd.path()).ok());
        if opened.any(|path| path == self.file) {
            return true;
        }
        if !std::fs::read_to_string(process.join("comm")).is_ok_and(|name| name.starts_with("git")) {
            return false;
        }
        let stands = std::fs::read_link(process.join("cwd")).is_ok_and(|cwd| self.is_above(&cwd));
        let named = || {
            let texts = [process.join("cmdline"), process.join("environ")];
            texts.iter().any(|text| names(text, &self.git_dir) || names(text, self.spelled))
        };
        let opens = || open().filter_map(|fd| std::fs::read_link(fd.path()).ok()).any(|path| self.is_above(&path));
        stands || named() || opens()
    }

    fn is_above(&self, path: &Path) -> bool {
        path.starts_with(&self.git_dir) || self.folders.iter().any(|folder| path.starts_with(folder))
    }
}

fn names(text: &Path, git_dir: &Path) -> bool {
    let wanted = git_dir.as_os_str().as_bytes();
    std::fs::read(text).is_ok_and(|bytes| bytes.windows(wanted.len()).any(|window| window == wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn whoever_has_a_file_open_uses_it() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let named = dir.path().join("link");
        std::os::unix::fs::symlink(dir.path(), &named).expect("a link");
        let file = named.join("index.lock");
        std::fs::write(&file, "").expect("written");
        assert_eq!(users(&file, dir.path(), &[]), Users::These(Vec::new()));
        let opened = std::fs::File::open(&file).expect("it exists");
        let mut child =
            std::process::Command::new("sleep").arg("600").stdin(opened).spawn().expect("sleep is everywhere");
        let found = users(&file, dir.path(), &[]);
        child.kill().expect("a child of ours");
        child.wait().expect("a child of ours");
        let Users::These(found) = found else { panic!("Linux tells") };
        assert_eq!(found.iter().map(|process| process.pid).collect::<Vec<_>>(), [child.id().cast_signed()]);
    }
}
