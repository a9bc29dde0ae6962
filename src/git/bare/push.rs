//! A plain push of one commit: the compare-and-swap of a remote branch.

use std::path::Path;
use std::time::Duration;

use crate::git::{Git, GitError, Oid};

/// How a push ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Push {
    /// The remote branch has the commit.
    Landed,
    /// Somebody else was first: the branch holds commits that the pushed one has not.
    LostRace {
        /// Where the branch is now, if the remote said so.
        tip: Option<Oid>,
    },
    /// The remote (or a hook) does not want it; the branch is where it was.
    Refused {
        /// What git and the remote said.
        reason: String,
    },
    /// The remote does not answer; whether it took the push is not known.
    Unreachable {
        /// What git said.
        reason: String,
    },
}

/// Pushes `commit` to `refs/heads/<branch>` of `remote` (a name or an address), never forced. Whatever git
/// says, the outcome is judged by where the branch is afterwards.
///
/// # Errors
/// When git cannot be started. A time limit that passes is [`Push::Unreachable`].
pub fn push_commit(
    dir: &Path,
    remote: &str,
    commit: &Oid,
    branch: &str,
    limit: Option<Duration>,
) -> Result<Push, GitError> {
    Attempt { dir, remote, commit, branch, limit, receiver: None }.make()
}

/// A push as it is wanted.
pub(super) struct Attempt<'a> {
    pub(super) dir: &'a Path,
    pub(super) remote: &'a str,
    pub(super) commit: &'a Oid,
    pub(super) branch: &'a str,
    pub(super) limit: Option<Duration>,
    /// The program at the other end, when it is not git's usual one.
    pub(super) receiver: Option<&'a str>,
}

impl Attempt<'_> {
    /// A push that ended without a verdict of the remote on the branch is made once more: a connection that broke, or a
    /// git that was killed, is no refusal.
    pub(super) fn make(&self) -> Result<Push, GitError> {
        match self.once()? {
            (Push::Refused { .. }, false) => Ok(self.once()?.0),
            (push, _) => Ok(push),
        }
    }

    /// How it ended, and whether the remote said so.
    fn once(&self) -> Result<(Push, bool), GitError> {
        let refspec = format!("{}:refs/heads/{}", self.commit, self.branch);
        let receiver = self.receiver.map(|program| format!("--receive-pack={program}"));
        let mut args = vec!["push", "--porcelain", "--no-follow-tags", "--no-signed", "--recurse-submodules=no"];
        args.extend(receiver.as_deref());
        args.extend(["--", self.remote, &refspec]);
        let output = match Git::on(self.dir).within(self.limit).output(&args) {
            Err(error @ GitError::TimedOut { .. }) => {
                let unreachable = Push::Unreachable { reason: error.to_string() };
                return Ok((self.judge(self.remote_tip()?.flatten(), unreachable)?, true));
            }
            other => other?,
        };
        if output.ok() {
            return Ok((Push::Landed, true));
        }
        let said = output.text();
        let verdicts: Vec<&str> = said.lines().filter(|line| line.starts_with('!')).collect();
        let heard = verdicts.iter().any(|verdict| !verdict.contains("[remote failure]"));
        let reason = reason(&verdicts, &output.complaint());
        let push = match self.remote_tip()? {
            Some(tip) => self.judge(tip, Push::Refused { reason })?,
            None => Push::Unreachable { reason },
        };
        Ok((push, heard))
    }

    /// Judges a push that did not succeed by where the branch is now; `otherwise` when it has not moved.
    fn judge(&self, tip: Option<Oid>, otherwise: Push) -> Result<Push, GitError> {
        let Some(tip) = tip else { return Ok(otherwise) };
        if tip == *self.commit {
            return Ok(Push::Landed);
        }
        // A tip that is not even known here has commits that the pushed one has not.
        Ok(match super::rev_parse(self.dir, tip.as_str())? {
            Some(_) if super::is_ancestor(self.dir, self.commit, &tip)? => Push::Landed,
            Some(_) if super::is_ancestor(self.dir, &tip, self.commit)? => otherwise,
            _ => Push::LostRace { tip: Some(tip) },
        })
    }

    /// Where the branch is: `None` when the remote does not answer, `Some(None)` when it has no such branch.
    fn remote_tip(&self) -> Result<Option<Option<Oid>>, GitError> {
        let name = format!("refs/heads/{}", self.branch);
        let output = match Git::on(self.dir).within(self.limit).output(&["ls-remote", "--", self.remote, &name]) {
            Err(GitError::TimedOut { .. }) => return Ok(None),
            other => other?,
        };
        if !output.ok() {
            return Ok(None);
        }
        let text = output.text();
        let line = text.lines().filter_map(|line| line.split_once('\t')).find(|(_, found)| *found == name);
        Ok(Some(line.and_then(|(oid, _)| oid.parse().ok())))
    }
}

/// Why a push failed, on one line: the verdicts without the refspec that was ours, and what git and the remote said.
fn reason(verdicts: &[&str], complaint: &str) -> String {
    let verdicts = verdicts.iter().map(|verdict| verdict.rsplit('\t').next().unwrap_or(verdict));
    let said = complaint.lines().filter(|line| !line.starts_with("error: failed to push some refs"));
    let parts = verdicts.chain(said).map(str::trim).filter(|part| !part.is_empty() && *part != "remote:");
    parts.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::git::bare::{fetch, ref_tip};
    use crate::git::testing::{Scene, commit};

    /// A bare remote that starts where the scene's upstream is, and a commit on top of it that it lacks.
    fn remote(scene: &Scene) -> (String, Oid) {
        let path = scene.dir.path().join("remote.git");
        let args = ["clone", "-q", "--bare", scene.upstream.to_str().expect("text"), path.to_str().expect("text")];
        Git::at(scene.dir.path()).run(&args).expect("cloned");
        let next = commit(&scene.upstream, &[("b", "b")], "next");
        fetch(&scene.bare, None).expect("fetched");
        (path.display().to_string(), next)
    }

    #[test]
    fn a_fast_forward_lands_and_a_new_branch_too() {
        let scene = Scene::new();
        let (remote, next) = remote(&scene);
        for branch in ["main", "feature/new"] {
            assert_eq!(push_commit(&scene.bare, &remote, &next, branch, None).expect("git runs"), Push::Landed);
            assert_eq!(
                ref_tip(Path::new(&remote), &format!("refs/heads/{branch}")).expect("readable"),
                Some(next.clone())
            );
        }
    }

    #[test]
    fn a_moved_branch_is_a_lost_race_and_is_never_overwritten() {
        let scene = Scene::new();
        let (remote, next) = remote(&scene);
        Git::at(&scene.upstream).run(&["checkout", "-q", "HEAD~1"]).expect("checkout");
        let other = commit(&scene.upstream, &[("c", "c")], "other");
        Git::at(&scene.upstream).run(&["push", "-q", &remote, "HEAD:main"]).expect("pushed");
        let outcome = push_commit(&scene.bare, &remote, &next, "main", None).expect("git runs");
        assert_eq!(outcome, Push::LostRace { tip: Some(other.clone()) });
        assert_eq!(ref_tip(Path::new(&remote), "refs/heads/main").expect("readable"), Some(other));
    }

    #[test]
    fn a_hook_that_declines_is_a_refusal_with_its_words() {
        let scene = Scene::new();
        let (remote, next) = remote(&scene);
        let hook = Path::new(&remote).join("hooks/pre-receive");
        std::fs::create_dir_all(hook.parent().expect("hooks")).expect("a folder");
        std::fs::write(&hook, "#!/bin/sh\necho no entry today >&2\nexit 1\n").expect("written");
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).expect("executable");
        let outcome = push_commit(&scene.bare, &remote, &next, "main", None).expect("git runs");
        let reason = "[remote rejected] (pre-receive hook declined); remote: no entry today".to_owned();
        assert_eq!(outcome, Push::Refused { reason });
    }

    #[test]
    fn a_push_that_broke_off_is_made_once_more() {
        let scene = Scene::new();
        let (remote, next) = remote(&scene);
        let hook = Path::new(&remote).join("hooks/pre-receive");
        std::fs::create_dir_all(hook.parent().expect("hooks")).expect("a folder");
        let dies = "#!/bin/sh\n[ -e died ] || { touch died; kill -9 $PPID; }\n";
        std::fs::write(&hook, dies).expect("written");
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).expect("executable");
        assert_eq!(push_commit(&scene.bare, &remote, &next, "main", None).expect("git runs"), Push::Landed);
    }

    #[test]
    fn a_remote_that_is_not_there_is_unreachable() {
        let scene = Scene::new();
        let outcome = push_commit(&scene.bare, "/nonexistent/x.git", &scene.tip(), "main", None).expect("git runs");
        assert!(matches!(outcome, Push::Unreachable { .. }), "{outcome:?}");
    }
}
