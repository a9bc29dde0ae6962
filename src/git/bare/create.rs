//! Creation of a rig's bare repository and the settings that keep its commits.

use std::path::{Path, PathBuf};

use super::fetch::{Format, probe};
use crate::error::{Failure, Kind};
use crate::git::{Git, GitError, version};

/// Settings of every rig, with the reason in one word each: nothing is pruned, forgotten or packed unasked.
const SETTINGS: &[(&str, &str)] = &[
    ("core.bare", "true"),
    ("core.logAllRefUpdates", "always"),
    ("gc.auto", "0"),
    ("gc.autoDetach", "false"),
    ("gc.packRefs", "false"),
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
    for key in settings_amiss(dir)? {
        let value = SETTINGS.iter().find(|(name, _)| *name == key).map(|(_, value)| *value).unwrap_or_default();
        Git::on(dir).run(&["config", "--local", "--replace-all", key, value])?;
    }
    Ok(())
}

/// The settings that are not as they have to be, so that nothing is pruned, forgotten or packed unasked.
///
/// # Errors
/// When git fails.
pub fn settings_amiss(dir: &Path) -> Result<Vec<&'static str>, GitError> {
    let present = Git::on(dir).raw(&["config", "--local", "--list", "-z"])?;
    let present = String::from_utf8_lossy(&present);
    let amiss = |key: &str, value: &str| {
        let entries = present.split('\0').filter_map(|entry| entry.split_once('\n'));
        let found: Vec<&str> =
            entries.filter(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, text)| text).collect();
        found != [value]
    };
    Ok(SETTINGS.iter().filter(|(key, value)| amiss(key, value)).map(|(key, _)| *key).collect())
}

fn existing_url(dir: &Path) -> Result<Option<String>, GitError> {
    if !dir.join("HEAD").exists() {
        return Ok(None);
    }
    let output = Git::on(dir).output(&["config", "--local", "--get", "remote.origin.url"])?;
    Ok(output.ok().then(|| output.text()))
}

impl From<CreateError> for Failure {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::Git(error) => error.into(),
            CreateError::Unreachable { .. } => Self::new(Kind::External, error.to_string())
                .hint("check the address and that `git ls-remote ADDRESS` works in this shell"),
            CreateError::Taken { .. } => {
                Self::new(Kind::Conflict, error.to_string()).hint("choose another name for the rig")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::bare::{fetch, list_refs, ref_tip, swap_ref};
    use crate::git::testing::{Scene, commit, write};

    #[test]
    fn making_it_again_changes_nothing_and_another_remote_is_refused() {
        let scene = Scene::new();
        let url = scene.upstream.display().to_string();
        let before = std::fs::read_to_string(scene.bare.join("config")).expect("readable");
        create_bare(&scene.bare, &url).expect("made already");
        assert_eq!(std::fs::read_to_string(scene.bare.join("config")).expect("readable"), before);
        let error = create_bare(&scene.bare, "/elsewhere.git").expect_err("taken");
        assert!(matches!(&error, CreateError::Taken { found, .. } if *found == url), "{error}");
        let error = create_bare(&scene.dir.path().join("other/.git"), "/elsewhere.git").expect_err("unreachable");
        assert!(matches!(error, CreateError::Unreachable { .. }), "{error}");
    }

    #[test]
    fn settings_that_were_changed_are_put_right() {
        let scene = Scene::new();
        let git = Git::on(&scene.bare);
        git.run(&["config", "gc.auto", "1"]).expect("set");
        git.run(&["config", "--add", "remote.origin.fetch", "+refs/*:refs/*"]).expect("set");
        ensure_settings(&scene.bare).expect("set");
        for (key, value) in SETTINGS {
            assert_eq!(git.run(&["config", "--local", "--get-all", key]).expect("set"), *value, "{key}");
        }
    }

    #[test]
    fn a_fetch_prunes_nothing_whatever_the_person_set() {
        let scene = Scene::new();
        let config = scene.dir.path().join("person.gitconfig");
        write(scene.dir.path(), &[("person.gitconfig", "[fetch]\n\tprune = true\n\tpruneTags = true\n")]);
        Git::at(&scene.upstream).run(&["branch", "gone"]).expect("made");
        fetch(&scene.bare, None).expect("fetched");
        let tip = scene.tip();
        assert!(swap_ref(&scene.bare, "refs/heads/polecat/toast/x-1", None, &tip, "test").expect("no failure"));
        Git::at(&scene.upstream).run(&["branch", "-D", "gone"]).expect("deleted");
        Git::on(&scene.bare).variable("GIT_CONFIG_GLOBAL", &config).run(&["fetch", "origin"]).expect("fetched");
        fetch(&scene.bare, None).expect("fetched");
        let names: Vec<String> =
            list_refs(&scene.bare, "refs").expect("readable").into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["refs/heads/polecat/toast/x-1", "refs/remotes/origin/gone", "refs/remotes/origin/main"]);
    }

    #[test]
    fn a_rewritten_remote_branch_stays_in_the_reflog() {
        let scene = Scene::new();
        let old = commit(&scene.upstream, &[("a", "1")], "old");
        fetch(&scene.bare, None).expect("fetched");
        Git::at(&scene.upstream).run(&["reset", "-q", "--hard", "HEAD~1"]).expect("reset");
        let new = commit(&scene.upstream, &[("a", "2")], "new");
        fetch(&scene.bare, None).expect("fetched");
        assert_eq!(scene.tip(), new);
        let log =
            Git::on(&scene.bare).run(&["reflog", "show", "--format=%H", "refs/remotes/origin/main"]).expect("a reflog");
        assert!(log.contains(old.as_str()), "{log}");
    }

    #[test]
    fn a_sha256_remote_makes_a_sha256_rig() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let upstream = dir.path().join("upstream");
        std::fs::create_dir(&upstream).expect("a folder");
        Git::at(&upstream).run(&["init", "-q", "-b", "main", "--object-format=sha256"]).expect("init");
        let tip = commit(&upstream, &[("a", "1")], "a");
        let bare = dir.path().join("rig/.git");
        create_bare(&bare, &upstream.display().to_string()).expect("made");
        fetch(&bare, None).expect("fetched");
        assert_eq!(ref_tip(&bare, "refs/remotes/origin/main").expect("readable"), Some(tip.clone()));
        assert!(swap_ref(&bare, "refs/gt/x", None, &tip, "test").expect("no failure"));
        assert!(!swap_ref(&bare, "refs/gt/x", None, &tip, "test").expect("no failure"));
    }
}
