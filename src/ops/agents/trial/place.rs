//! The scratch worktree of a test: of a bare repository, as those of workers are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Subject;
use crate::agent::planted;
use crate::env;
use crate::error::{Failure, Kind, Outcome};
use crate::git::Git;
use crate::id::SessionId;
use crate::ops::OpenTown;
use crate::ops::confinement::Cut;
use crate::polecat;
use crate::runtime::end;
use crate::store::FileLock;

/// Held as long as a test is under way.
const LOCK: &str = "lock";
/// Nobody else has the lock of a new test for long.
const PATIENCE: Duration = Duration::from_secs(5);
/// The file that the agent is asked to write.
pub(super) const FILE: &str = "gt-agent-test.txt";

/// Where its shell says which `gt` it finds.
pub(super) const SHELL: &str = "gt-agent-shell.txt";

/// Where a test takes place.
pub(super) struct Place {
    folder: PathBuf,
    _lock: FileLock,
    /// The worktree.
    pub worktree: PathBuf,
    /// The same with its repository, for a sandbox.
    pub cut: Cut,
    /// For what is kept only for a while, in a sandbox.
    pub temporary: PathBuf,
    /// What the agent keeps.
    pub state: PathBuf,
    /// Prompt and answer of the run without a terminal.
    pub oneshot: PathBuf,
    /// The session.
    pub session: SessionId,
    /// Its run folder: not among those of the town's sessions, which a tick looks after.
    pub run: PathBuf,
    /// The word that the file is to contain.
    pub word: String,
}

impl Place {
    /// Makes the worktree.
    pub fn make(open: &OpenTown) -> Outcome<Self> {
        let session = SessionId::random();
        let trials = open.town.runtime_dir().join("trials");
        clear_abandoned(&trials)?;
        let folder = trials.join(session.as_str());
        std::fs::create_dir_all(&folder).map_err(cannot("make", &folder))?;
        let lock = FileLock::acquire(&folder.join(LOCK), PATIENCE)?;
        let worktree = folder.join("polecats/test");
        let branches = polecat::branches_of(&"test".parse().expect("a name"));
        let place = Self {
            cut: Cut { worktree: worktree.clone(), repository: folder.join("repo.git"), branches },
            worktree,
            temporary: folder.join("tmp"),
            state: folder.join("state"),
            oneshot: folder.join("oneshot"),
            run: run_of(&folder, &session),
            folder,
            _lock: lock,
            session,
            word: word(),
        };
        for folder in [&place.state, &place.oneshot, &place.temporary] {
            std::fs::create_dir_all(folder).map_err(cannot("make", folder))?;
        }
        place.furnish()?;
        Ok(place)
    }

    fn furnish(&self) -> Outcome<()> {
        let Cut { repository: repo, branches, .. } = &self.cut;
        let path = |path: &PathBuf| path.display().to_string();
        Git::at(&self.folder).run(&["init", "--quiet", "--bare", &path(repo)])?;
        let git = Git::on(repo).with("user.name", "gt").with("user.email", "gt@localhost");
        let tree = git.run_with_input(&["mktree"], b"")?;
        let commit = git.run(&["commit-tree", "-m", "Begin", tree.trim()])?;
        git.run(&["worktree", "add", "--quiet", "-b", &format!("{branches}/1"), &path(&self.worktree), commit.trim()])?;
        Ok(())
    }

    /// What the agent is asked to do.
    pub fn wish(&self) -> String {
        format!(
            "This is a test of how you are set up. If you can run commands, first run this one as it is: \
             `command -v gt >{SHELL} || echo none >{SHELL}`. Write a file named {FILE} in the current folder that \
             contains the word {} and nothing else. Do not ask; when it is written, say so in one sentence and stop.",
            self.word
        )
    }

    /// The variables of its sessions.
    pub fn variables(&self, open: &OpenTown) -> BTreeMap<String, String> {
        let folder = self.folder.display().to_string();
        let town = open.town.root.display().to_string();
        let said = [
            (env::TOWN, town),
            (env::ROLE, "tester".to_owned()),
            (env::TITLE, "a test of the agent".to_owned()),
            ("GIT_CEILING_DIRECTORIES", folder),
        ];
        said.map(|(name, value)| (name.to_owned(), value)).into()
    }

    /// Whether the file is there with the right word in it.
    pub fn is_written(&self) -> bool {
        std::fs::read_to_string(self.worktree.join(FILE)).is_ok_and(|text| text.trim() == self.word)
    }

    /// Which `gt` its shell found, as a path; none when it ran no command.
    pub fn found(&self) -> Option<String> {
        std::fs::read_to_string(self.worktree.join(SHELL)).ok().map(|text| text.trim().to_owned())
    }

    /// What the agent left beside the files.
    pub fn strangers(&self) -> Outcome<Vec<String>> {
        let listed = Git::at(&self.worktree).run(&["status", "--porcelain", "--untracked-files=all"])?;
        let names = listed.lines().filter_map(|line| line.get(3..)).filter(|name| ![FILE, SHELL].contains(name));
        Ok(names.map(str::to_owned).collect())
    }

    /// Removes everything.
    pub fn clear(&self, subject: &Subject<'_>) -> Outcome<()> {
        for file in planted(subject.preset, &subject.caller, &self.worktree, &self.state) {
            let _ = std::fs::remove_file(file);
        }
        std::fs::remove_dir_all(&self.folder).map_err(cannot("remove", &self.folder))
    }
}

fn run_of(folder: &Path, session: &SessionId) -> PathBuf {
    folder.join("run").join(session.as_str())
}

/// Ends and removes what tests left that were killed: those whose lock nobody holds.
fn clear_abandoned(trials: &Path) -> Outcome<()> {
    let entries = std::fs::read_dir(trials).into_iter().flatten().flatten();
    for folder in entries.map(|entry| entry.path()) {
        let session = folder.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse().ok());
        let (Some(session), Some(_lock)) = (session, FileLock::try_acquire(&folder.join(LOCK))?) else { continue };
        end(&run_of(&folder, &session), Duration::ZERO)?;
        std::fs::remove_dir_all(&folder).map_err(cannot("remove", &folder))?;
    }
    Ok(())
}

fn cannot(action: &str, folder: &Path) -> impl FnOnce(std::io::Error) -> Failure {
    let message = format!("cannot {action} {}", folder.display());
    move |error| Failure::caused(Kind::External, message, error)
}

/// A word that nobody says by chance.
pub(super) fn word() -> String {
    format!("gt{}", SessionId::random())
}
