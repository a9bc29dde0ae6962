//! A worktree leaves at once; its files are deleted in the background.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use super::admin::admin_dir;
use crate::git::{Git, GitError};

/// Moves the worktree at `path` into the folder `trash` (on the same file system) and forgets it. What it is
/// and whether it still exists does not matter. [`discard`] or [`sweep`] deletes the files.
///
/// Everything worth keeping must be pinned: HEAD and its reflog go too.
///
/// # Errors
/// When the folder cannot be moved, the lock fails, or git fails.
pub fn remove<G, E: From<GitError>>(
    repo: &Path,
    path: &Path,
    trash: &Path,
    lock: &impl Fn() -> Result<G, E>,
) -> Result<(), E> {
    let guard = lock()?;
    let known = admin_dir(repo, path).is_some();
    if fs::symlink_metadata(path).is_ok() {
        fs::create_dir_all(trash).map_err(GitError::files("make", trash))?;
        let name = path.file_name().unwrap_or("worktree".as_ref()).to_string_lossy().into_owned();
        let stamp = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let target = trash.join(format!("{name}-{}-{stamp}", std::process::id()));
        fs::rename(path, target).map_err(GitError::files("move away", path))?;
    }
    if known {
        let args: [&std::ffi::OsStr; 6] = [
            "worktree".as_ref(),
            "remove".as_ref(),
            "--force".as_ref(),
            "--force".as_ref(),
            "--".as_ref(),
            path.as_os_str(),
        ];
        Git::on(repo).run(&args)?;
    }
    drop(guard);
    Ok(())
}

/// Starts deleting everything in `trash` by a process of its own, which outlives this one.
///
/// # Errors
/// When the process cannot be started.
pub fn discard(trash: &Path) -> Result<(), GitError> {
    let entries: Vec<_> = fs::read_dir(trash).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    if entries.is_empty() {
        return Ok(());
    }
    let mut command = Command::new("rm");
    command.args(["-rf", "--"]).args(&entries).process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(GitError::files("delete", trash))?;
    // Only a process that lives long has to collect its dead child.
    std::thread::spawn(move || child.wait().is_ok());
    Ok(())
}

/// Deletes everything in `trash` and returns when it is done.
///
/// # Errors
/// When something cannot be deleted.
pub fn sweep(trash: &Path) -> Result<(), GitError> {
    for entry in fs::read_dir(trash).into_iter().flatten().flatten() {
        let path = entry.path();
        let gone = if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        gone.map_err(GitError::files("delete", &path))?;
    }
    Ok(())
}
