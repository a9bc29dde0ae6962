//! Creation of a rig's bare repository and the settings that keep its commits.

use std::path::{Path, PathBuf};

use super::fetch::{Format, probe};
use crate::git::{Git, GitError, version};

/// Settings of every rig, with the reason in one word each: nothing is pruned, forgotten or packed unasked.
const SETTINGS: &[(&str, &str)] = &[
    ("core.bare", "true"),
    ("core.logAllRefUpdates", "always"),
    ("gc.auto", "0"),
    ("gc.autoDetach", "false"),
    ("gc.pruneExpire", "never"),
    ("gc.reflogExpire", "never"),
    ("gc.reflogExpireUnreachable", "never"),
    ("gc.worktreePruneExpire", "never"),
    ("maintenance.auto", "false"),
    ("fetch.prune", "false"),
    ("fetch.pruneTags", "false"),
    ("remote.origin.prune", "false"),
    ("remote.origin.pruneTags", "false"),
    ("remote.origin.tagOpt", "--no-tags"),
    ("remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*"),
];

/// Why a rig's repository was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// Git failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The remote does not answer, or not to this person.
    #[error("the remote {url} cannot be read: {reason}")]
    Unreachable {
        /// The address.
        url: String,
        /// What git said.
        reason: String,
    },
    /// The folder is already the repository of something else.
    #[error("{} is already a repository of {found}, not of {wanted}", .dir.display())]
    Taken {
        /// The folder.
        dir: PathBuf,
        /// Its remote.
        found: String,
        /// The remote that it was to have.
        wanted: String,
    },
}

/// Makes the bare repository `dir` with the remote `origin` at `url`; does nothing that is done already, so
/// that it can be repeated after a crash. The object format is the remote's, the ref format always files.
///
/// # Errors
/// When the remote cannot be read, `dir` belongs to another remote, or git fails.
pub fn create_bare(dir: &Path, url: &str) -> Result<(), CreateError> {
    version()?;
    if let Some(found) = existing_url(dir)?.filter(|found| found != url) {
        return Err(CreateError::Taken { dir: dir.to_owned(), found, wanted: url.to_owned() });
    }
    let parent = dir.parent().unwrap_or(Path::new("/"));
    std::fs::create_dir_all(parent).map_err(GitError::files("make", parent))?;
    let format = probe(parent, url)?.format.unwrap_or(Format::Sha1);
    let object_format = format!("--object-format={format}");
    // Git 3 makes other ref formats by default; a variable is understood by every version, an option is not.
    let git = Git::at(parent).variable("GIT_DEFAULT_REF_FORMAT", "files");
    let target = dir.as_os_str();
    git.run(&["init".as_ref(), "--quiet".as_ref(), "--bare".as_ref(), object_format.as_ref(), target])?;
    let git = Git::on(dir);
    git.run(&["config", "remote.origin.url", url])?;
    Ok(ensure_settings(dir)?)
}

/// Puts right every setting that keeps commits alive, as an agent or a person may have changed them.
///
/// # Errors
/// When git fails.
pub fn ensure_settings(dir: &Path) -> Result<(), GitError> {
    let git = Git::on(dir);
    let present = git.raw(&["config", "--local", "--list", "-z"])?;
    let present = String::from_utf8_lossy(&present);
    for (key, value) in SETTINGS {
        let mut values = present.split('\0').filter_map(|entry| entry.split_once('\n'));
        let mut found = Vec::new();
        while let Some((name, text)) = values.next() {
            if name.eq_ignore_ascii_case(key) {
                found.push(text);
            }
        }
        if found != [*value] {
            git.run(&["config", "--local", "--replace-all", key, value])?;
        }
    }
    Ok(())
}

fn existing_url(dir: &Path) -> Result<Option<String>, GitError> {
    if !dir.join("HEAD").exists() {
        return Ok(None);
    }
    let output = Git::on(dir).output(&["config", "--local", "--get", "remote.origin.url"])?;
    Ok(output.ok().then(|| output.text()))
}
