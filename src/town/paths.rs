//! Where everything of a town lies on disk.

use std::path::{Component, Path, PathBuf};

use crate::id::{RigName, SessionId, WorkerKind, WorkerRef};

/// A town on disk. Cheap to make; every path follows from the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Town {
    /// The absolute root, symbolic links resolved.
    pub root: PathBuf,
}

impl Town {
    /// The town's settings in the ledger, relative to the root.
    pub const FILE: &'static str = "town.toml";
    /// The facts of this machine, relative to the root; never committed.
    pub const LOCAL_FILE: &'static str = "local.toml";
    /// The folder of the rigs' documents, relative to the root.
    pub const RIGS_FOLDER: &'static str = "rigs.d";

    /// The town at `root`, without a look at the disk beyond resolving the path.
    pub fn at(root: impl AsRef<Path>) -> Self {
        let root = root.as_ref();
        Self { root: root.canonicalize().unwrap_or_else(|_| root.to_path_buf()) }
    }

    /// `town.toml`.
    pub fn town_file(&self) -> PathBuf {
        self.root.join(Self::FILE)
    }

    /// `local.toml`.
    pub fn local_file(&self) -> PathBuf {
        self.root.join(Self::LOCAL_FILE)
    }

    /// `.git/gt/local.toml`: a copy of `local.toml`, out of reach of `git clean`.
    pub fn kept_local_file(&self) -> PathBuf {
        self.runtime_dir().join(Self::LOCAL_FILE)
    }

    /// `rigs.d/<rig>.toml`.
    pub fn rig_file(&self, rig: &RigName) -> PathBuf {
        self.root.join(Self::RIGS_FOLDER).join(format!("{rig}.toml"))
    }

    /// `beads/`.
    pub fn beads_dir(&self) -> PathBuf {
        self.root.join("beads")
    }

    /// `templates/`: the town's own versions of the built-in templates.
    pub fn templates_dir(&self) -> PathBuf {
        self.root.join("templates")
    }

    /// The ledger's git folder.
    pub fn git_dir(&self) -> PathBuf {
        self.root.join(".git")
    }

    /// `.git/gt`: what runs, out of reach of `git clean`.
    pub fn runtime_dir(&self) -> PathBuf {
        self.git_dir().join("gt")
    }

    /// `.git/gt/run`: one folder per session.
    pub fn run_dir(&self) -> PathBuf {
        self.runtime_dir().join("run")
    }

    /// `.git/gt/run/<session>`: launch file, pid, exit status, socket.
    pub fn session_dir(&self, session: &SessionId) -> PathBuf {
        self.run_dir().join(session.as_str())
    }

    /// `.git/gt/logs`.
    pub fn logs_dir(&self) -> PathBuf {
        self.runtime_dir().join("logs")
    }

    /// `.git/gt/logs/sessions/<session>.log`: what the agent wrote to its terminal.
    pub fn session_log(&self, session: &SessionId) -> PathBuf {
        self.logs_dir().join("sessions").join(format!("{session}.log"))
    }

    /// `.git/gt/logs/gates/<rig>/<name>.log`; `name` is the caller's, such as tree and gate.
    pub fn gate_log(&self, rig: &RigName, name: &str) -> PathBuf {
        self.logs_dir().join("gates").join(rig.as_str()).join(format!("{name}.log"))
    }

    /// `.git/gt/gates/<rig>`: results of gates that the ledger does not have yet.
    pub fn kept_evidence(&self, rig: &RigName) -> PathBuf {
        self.runtime_dir().join("gates").join(rig.as_str())
    }

    /// `.git/gt/logs/setup/<rig>/<name>.log`: output of set-up commands.
    pub fn setup_log(&self, rig: &RigName, name: &str) -> PathBuf {
        self.logs_dir().join("setup").join(rig.as_str()).join(format!("{name}.log"))
    }

    /// `.git/gt/locks`.
    pub fn locks_dir(&self) -> PathBuf {
        self.runtime_dir().join("locks")
    }

    /// `.git/gt/locks/<name>.lock`.
    pub fn lock_file(&self, name: &str) -> PathBuf {
        self.locks_dir().join(format!("{name}.lock"))
    }

    /// The lock of the ledger.
    pub fn ledger_lock(&self) -> PathBuf {
        self.lock_file("ledger")
    }

    /// The lock of the tick.
    pub fn tick_lock(&self) -> PathBuf {
        self.lock_file("tick")
    }

    /// The lock of a rig's refinery.
    pub fn refinery_lock(&self, rig: &RigName) -> PathBuf {
        self.lock_file(&format!("refinery-{rig}"))
    }

    /// The lock of a worker's sandbox and session.
    pub fn worker_lock(&self, worker: &WorkerRef) -> PathBuf {
        self.lock_file(&format!("worker-{}-{}", worker.rig, worker.name))
    }

    /// The lock under which worktrees of a rig are registered and pruned.
    pub fn worktrees_lock(&self, rig: &RigName) -> PathBuf {
        self.lock_file(&format!("worktrees-{rig}"))
    }

    /// The lock under which commands are ended whose `gt` was killed.
    pub fn strays_lock(&self) -> PathBuf {
        self.lock_file("strays")
    }

    /// `.git/gt/index.db`: deletable at any time.
    pub fn index_db(&self) -> PathBuf {
        self.runtime_dir().join("index.db")
    }

    /// `.git/gt/state.db`: durable, never deleted by gt.
    pub fn state_db(&self) -> PathBuf {
        self.runtime_dir().join("state.db")
    }

    /// `rigs/`.
    pub fn rigs_dir(&self) -> PathBuf {
        self.root.join("rigs")
    }

    /// `rigs/<rig>`.
    pub fn rig_dir(&self, rig: &RigName) -> PathBuf {
        self.rigs_dir().join(rig.as_str())
    }

    /// `rigs/<rig>/.git`: the bare repository that the rig's worktrees share.
    pub fn rig_repo(&self, rig: &RigName) -> PathBuf {
        self.rig_dir(rig).join(".git")
    }

    /// `rigs/<rig>/polecats/<name>` or `rigs/<rig>/crew/<name>`.
    pub fn worktree(&self, worker: &WorkerRef) -> PathBuf {
        self.rig_dir(&worker.rig).join(worker.kind.folder()).join(worker.name.as_str())
    }

    /// `rigs/<rig>/refinery`: the folder of the refinery's worktrees.
    pub fn refinery_dir(&self, rig: &RigName) -> PathBuf {
        self.rig_dir(rig).join("refinery")
    }

    /// `rigs/<rig>/refinery/<slot>`: one worktree of the refinery, in which gates run.
    pub fn refinery_worktree(&self, rig: &RigName, slot: &str) -> PathBuf {
        self.refinery_dir(rig).join(slot)
    }

    /// `.git/gt/mayor`: the folder in which the mayor's session runs.
    pub fn mayor_dir(&self) -> PathBuf {
        self.runtime_dir().join("mayor")
    }

    /// `.git/gt/seance`: what sessions that were are asked, and what is answered.
    pub fn seance_dir(&self) -> PathBuf {
        self.runtime_dir().join("seance")
    }

    /// `.git/gt/agents/<name>`: what the agents of a worker (`web/polecats/toast`) or of the mayor keep from session to
    /// session, where they do not keep it with the person's.
    pub fn agent_state_dir(&self, actor: &str) -> PathBuf {
        self.runtime_dir().join("agents").join(actor)
    }

    /// `.git/gt/trash`: where a folder is renamed to before it is deleted at leisure.
    pub fn trash_dir(&self) -> PathBuf {
        self.runtime_dir().join("trash")
    }

    /// Folders that no repository search of a worker's git may climb into: the value of `GIT_CEILING_DIRECTORIES`.
    pub fn ceiling_directories(&self, rig: &RigName) -> String {
        let rig_dir = self.rig_dir(rig);
        [WorkerKind::Polecat.folder(), WorkerKind::Crew.folder(), "refinery"]
            .map(|folder| rig_dir.join(folder).display().to_string())
            .join(":")
    }

    /// The worker in whose worktree `path` lies.
    pub fn worker_of(&self, path: &Path) -> Option<WorkerRef> {
        let inside = self.inside_rigs(path)?;
        let mut names = inside.iter().map(String::as_str);
        let (rig, folder, name) = (names.next()?, names.next()?, names.next()?);
        format!("{rig}/{folder}/{name}").parse().ok()
    }

    /// The rig in whose folder `path` lies.
    pub fn rig_of(&self, path: &Path) -> Option<RigName> {
        self.inside_rigs(path)?.first()?.parse().ok()
    }

    fn inside_rigs(&self, path: &Path) -> Option<Vec<String>> {
        let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let inside = path.strip_prefix(self.rigs_dir()).ok()?;
        inside
            .components()
            .map(|part| match part {
                Component::Normal(name) => name.to_str().map(str::to_owned),
                _ => None,
            })
            .collect()
    }
}
