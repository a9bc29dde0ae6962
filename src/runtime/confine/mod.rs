//! The sandbox of a session, on Linux: what its agent may write, and what it does not see.
//!
//! Two walls, one behind the other. The agent gets a mount namespace of its own, in which other sessions and the
//! tmux server are hidden and git's folder of the rig is a view of the worker's own ([`view`]); then Landlock lets it
//! write where it is said to and nowhere else, and keeps it from signalling what is outside, from tracing it, and
//! from changing the mounts. Both hold for everything that it starts and cannot be taken off.
//!
//! A process of its own puts itself behind the walls and becomes the agent: `gt session confine`, below the
//! session's own process, which stays outside.

#[cfg(target_os = "linux")]
mod landlock;
#[cfg(target_os = "linux")]
mod mounts;
#[cfg(target_os = "linux")]
mod scratch;
#[cfg(target_os = "linux")]
mod view;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::{Launch, RuntimeError};

/// What a session in the sandbox may write, and what it does not see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confinement {
    /// The `gt` that puts the agent into it, and that carries out its verbs outside.
    pub program: PathBuf,
    /// What it may write: files, and folders with all that is in them. What does not exist is left out.
    pub writes: Vec<PathBuf>,
    /// The same for folders in which others write as well: without links, pipes and sockets, which would lead them astray.
    #[serde(default)]
    pub plain: Vec<PathBuf>,
    /// Files in such folders that it may not touch.
    pub fixed: Vec<PathBuf>,
    /// Folders that it finds empty.
    pub hidden: Vec<PathBuf>,
    /// Folders in those that it sees all the same.
    pub shown: Vec<PathBuf>,
    /// Files and sockets that it finds empty.
    #[serde(default)]
    pub masked: Vec<PathBuf>,
    /// Its part of the rig's repository, where it has one.
    #[serde(flatten)]
    pub view: Option<View>,
    /// What it may change for itself only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scratch: Option<Scratch>,
}

/// The rig's repository, which a session sees through a view of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// An empty folder in a hidden one, where the repository is seen as it is.
    pub beside: PathBuf,
    /// The repository.
    pub repository: PathBuf,
    /// The name of its worktree in `worktrees/` of the repository.
    pub entry: String,
}

/// Changes that nobody else sees, and that are gone with the last process of the sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scratch {
    /// A folder that it finds empty and may write to. It is in memory.
    pub folder: PathBuf,
    /// Files and folders elsewhere that it finds as they are; its changes of them lie in the scratch folder.
    pub over: Vec<PathBuf>,
}

/// Whether this machine can put sessions into a sandbox; asked of `program`, this very `gt`, once.
///
/// # Errors
/// What is missing.
#[expect(clippy::disallowed_methods, reason = "the runtime is the door for processes")]
pub fn can_confine(program: &Path) -> Result<(), RuntimeError> {
    static ANSWER: OnceLock<Result<(), String>> = OnceLock::new();
    let ask = || {
        let asked = Command::new(program).args(["session", "confine"]).stdin(Stdio::null()).output();
        match asked {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
            Err(error) => Err(format!("{} cannot be run: {error}", program.display())),
        }
    };
    ANSWER.get_or_init(ask).clone().map_err(|reason| RuntimeError::NoSandbox { reason })
}

/// What of the person leads out of any sandbox where it is there: a server of terminals, a manager of services or of
/// containers runs whatever it is told to. Folders of sockets, and sockets.
pub fn ways_out() -> (Vec<PathBuf>, Vec<PathBuf>) {
    let user = rustix::process::getuid().as_raw();
    let folders = [format!("/tmp/tmux-{user}"), format!("/run/user/{user}"), "/run/screen".to_owned()];
    let sockets = ["/run/docker.sock", "/run/podman/podman.sock", "/run/containerd/containerd.sock"];
    let there = |paths: &[&str], is: fn(&Path) -> bool| {
        paths.iter().map(PathBuf::from).filter(|path| is(path)).collect::<Vec<_>>()
    };
    (there(&folders.each_ref().map(String::as_str), Path::is_dir), there(&sockets, Path::exists))
}

/// Puts the calling process, which has one thread only, behind the walls and makes it the agent of the run folder.
/// Answers only when that failed. Without a run folder: whether it could be done.
///
/// # Errors
/// What the machine cannot do.
pub fn confine(dir: Option<&Path>) -> Result<(), RuntimeError> {
    let Some(dir) = dir else {
        return walls::probe().map_err(|reason| RuntimeError::NoSandbox { reason });
    };
    let launch = Launch::read(dir)?;
    let refuse = |reason: String| RuntimeError::NoSandbox { reason };
    let confinement = launch.confinement.as_ref().ok_or_else(|| refuse("its launch names none".to_owned()))?;
    walls::raise(confinement).map_err(refuse)?;
    Err(refuse(super::exec::become_agent(&launch)))
}

#[cfg(target_os = "linux")]
mod walls {
    use super::{Confinement, landlock, mounts, scratch, view};

    pub(super) fn probe() -> Result<(), String> {
        landlock::is_there()?;
        mounts::apart()?;
        mounts::empty(&std::env::temp_dir()).map_err(|error| mounts::forbidden(&error))
    }

    pub(super) fn raise(confinement: &Confinement) -> Result<(), String> {
        mounts::apart()?;
        let shown = mounts::hold(confinement.shown.iter())?;
        let repository = mounts::hold(confinement.view.iter().map(|view| &view.repository))?;
        for folder in &confinement.hidden {
            mounts::empty(folder)?;
        }
        for held in &shown {
            held.show()?;
        }
        for (view, held) in confinement.view.iter().zip(&repository) {
            view::of_repository(view, held)?;
        }
        for file in confinement.fixed.iter().filter(|file| file.exists()) {
            mounts::freeze(file)?;
        }
        mounts::empty(std::path::Path::new("/dev/shm"))?;
        for file in confinement.masked.iter().filter(|file| file.exists()) {
            mounts::instead(std::path::Path::new("/dev/null"), file)?;
        }
        if let Some(wanted) = &confinement.scratch {
            scratch::make(wanted)?;
        }
        mounts::without_powers()?;
        landlock::restrict(confinement)
    }
}

#[cfg(not(target_os = "linux"))]
mod walls {
    use super::Confinement;

    const NOWHERE: &str = "there is a sandbox on Linux only";

    pub(super) fn probe() -> Result<(), String> {
        Err(NOWHERE.to_owned())
    }

    pub(super) fn raise(_: &Confinement) -> Result<(), String> {
        Err(NOWHERE.to_owned())
    }
}
