//! Which sandbox an agent gets, where that is switched on: what it may write, and what it does not see.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::OpenTown;
use crate::agent::LaunchPlan;
use crate::env;
use crate::error::{Failure, Kind, Outcome};
use crate::git::{bare, worktree};
use crate::id::{RoleName, SessionId, WorkerKind, WorkerRef};
use crate::polecat;
use crate::runtime::{Confinement, Launch, RuntimeKind, Scratch, View, can_confine, ways_out};
use crate::town::{Sandbox, Settings};

/// Whether agents of this role are put into a sandbox.
///
/// # Errors
/// When they are to be, and this machine has none.
pub(super) fn is_wanted(open: &OpenTown, settings: &Settings, role: &RoleName) -> Outcome<bool> {
    match settings.sandbox_of(role) {
        Sandbox::Off => Ok(false),
        Sandbox::On => Ok(can_confine(&open.program()?).map(|()| true)?),
    }
}

/// Git's settings of one worktree; of no effect unless the repository says so.
const SETTINGS: &str = "config.worktree";

/// What a session in the sandbox has of its own, beside what belongs to its agent.
pub(super) struct Cell<'a> {
    /// The session.
    pub session: &'a SessionId,
    /// Its run folder.
    pub run: PathBuf,
    /// Its worktree; the mayor has none.
    pub cut: Option<Cut>,
    /// What the settings let it write.
    pub writes: &'a [String],
}

/// A worktree, and what of its repository belongs to it.
#[derive(Clone)]
pub(super) struct Cut {
    /// The worktree.
    pub worktree: PathBuf,
    /// The repository.
    pub repository: PathBuf,
    /// The folder of its branches, below `refs/heads`.
    pub branches: String,
}

impl Cut {
    /// That of a worker. Branches of crew lie in one folder.
    pub fn of(open: &OpenTown, worker: &WorkerRef) -> Self {
        let branches = match worker.kind {
            WorkerKind::Polecat => polecat::branches_of(&worker.name),
            WorkerKind::Crew => "crew".to_owned(),
        };
        Self { worktree: open.town.worktree(worker), repository: open.town.rig_repo(&worker.rig), branches }
    }

    /// The name of its entry among the worktrees of the repository.
    fn entry(&self) -> Outcome<PathBuf> {
        worktree::admin_dir(&self.repository, &self.worktree).ok_or_else(|| {
            let (repository, worktree) = (self.repository.display(), self.worktree.display());
            Failure::new(Kind::Corrupt, format!("{repository} does not know the worktree {worktree}"))
                .hint("`gt doctor --fix` mends it")
        })
    }

    /// The folders of its branches and of their logs.
    fn references(&self) -> Outcome<[PathBuf; 2]> {
        let folders = ["refs/heads", "logs/refs/heads"].map(|kind| self.repository.join(kind).join(&self.branches));
        folders.iter().try_for_each(|folder| make(folder))?;
        Ok(folders)
    }

    /// What git writes for it in the repository.
    fn writes(&self, entry: &Path) -> Outcome<Vec<PathBuf>> {
        // Settings of its own would be those of everybody who calls git there.
        let settings = entry.join(SETTINGS);
        if !settings.exists() {
            crate::store::write_atomic(&settings, b"", 0o644).map_err(|error| cannot_make(&settings, error))?;
        }
        let own = [self.repository.join("objects"), entry.to_owned()];
        Ok(own.into_iter().chain(self.references()?).collect())
    }

    /// What it may not touch there.
    fn fixed(&self, entry: &Path) -> Vec<PathBuf> {
        let own = ["commondir", "gitdir", SETTINGS].map(|file| entry.join(file));
        own.into_iter().chain([self.worktree.join(".git"), self.repository.join("objects/info")]).collect()
    }
}

/// The sandbox of a session; its environment says so then.
///
/// # Errors
/// When a folder that it may write cannot be made.
pub(super) fn of(open: &OpenTown, cell: &Cell<'_>, plan: &mut LaunchPlan) -> Outcome<Confinement> {
    let walls = Walls::of(open, cell.writes)?;
    let temporary = plan.env.get("TMPDIR").map(PathBuf::from);
    let shown = temporary.iter().chain([&cell.run]).filter(|path| walls.cover(path)).cloned().collect();
    let mut writes: Vec<PathBuf> = temporary.into_iter().collect();
    let (mut plain, mut fixed, mut view) = (Vec::new(), Vec::new(), None);
    if let Some(cut) = &cell.cut {
        bare::ensure_settings(&cut.repository)?;
        let entry = cut.entry()?;
        writes.push(cut.worktree.clone());
        plain = cut.writes(&entry)?;
        fixed = cut.fixed(&entry);
        let entry = entry.file_name().expect("a folder in worktrees/").to_string_lossy().into_owned();
        let beside = open.town.run_dir().join("repository");
        view = Some(View { beside, repository: cut.repository.clone(), entry });
    }
    writes.extend(of_the_agent(plan)?);
    writes.extend(audit_log(open, cell.session, plan)?);
    writes.extend(cell.writes.iter().map(|path| at_home(path, plan)));
    plan.env.insert(env::SANDBOX.to_owned(), "1".to_owned());
    // Its launch file has the person's environment too, for what is done when it has ended.
    let masked = walls.sockets.into_iter().chain([cell.run.join(Launch::FILE)]).collect();
    let (program, hidden) = (open.program()?, walls.hidden);
    Ok(Confinement { program, writes, plain, fixed, hidden, shown, masked, view, scratch: None })
}

/// Puts an agent that is run once, without a terminal, into a sandbox.
///
/// # Errors
/// When its launch file cannot be written.
pub(super) fn enter(plan: &mut LaunchPlan, confinement: Confinement, folder: &Path) -> Outcome<()> {
    let gt = confinement.program.display().to_string();
    let launch = Launch {
        session: SessionId::random(),
        name: plan.agent.clone(),
        runtime: RuntimeKind::Process,
        argv: plan.argv.clone(),
        typed: None,
        manners: plan.manners.clone(),
        cwd: plan.cwd.clone(),
        log: folder.join("errors.log"),
        grace_seconds: 0,
        on_end: Vec::new(),
        pulse: None,
        tmux_socket: None,
        state: None,
        // It has that of the process that becomes it.
        env: BTreeMap::new(),
        on_end_env: BTreeMap::new(),
        confinement: Some(confinement),
    };
    launch.write(folder)?;
    plan.argv = vec![gt, "session".to_owned(), "confine".to_owned(), "--dir".to_owned(), folder.display().to_string()];
    Ok(())
}

/// Lets an agent that is run once change nothing: what it writes of its own state lies over what is there, in memory,
/// and is gone with it. False where this machine has no sandbox.
///
/// # Errors
/// When a folder cannot be made.
pub(super) fn look_only(open: &OpenTown, plan: &mut LaunchPlan, folder: &Path) -> Outcome<bool> {
    if can_confine(&open.program()?).is_err() {
        return Ok(false);
    }
    let walls = Walls::of(open, &[])?;
    let scratch = folder.join("scratch");
    make(&scratch)?;
    plan.env.insert(env::SANDBOX.to_owned(), "1".to_owned());
    plan.env.insert("TMPDIR".to_owned(), scratch.display().to_string());
    let confinement = Confinement {
        program: open.program()?,
        writes: Vec::new(),
        plain: Vec::new(),
        fixed: Vec::new(),
        hidden: walls.hidden,
        shown: Vec::new(),
        masked: walls.sockets,
        view: None,
        scratch: Some(Scratch { folder: scratch, over: outermost(of_the_agent(plan)?) }),
    };
    enter(plan, confinement, folder)?;
    Ok(true)
}

/// Those that are not inside another one.
fn outermost(places: Vec<PathBuf>) -> Vec<PathBuf> {
    let inside = |path: &PathBuf| places.iter().any(|other| path != other && path.starts_with(other));
    let kept: BTreeSet<PathBuf> = places.iter().filter(|path| !inside(path)).cloned().collect();
    kept.into_iter().collect()
}

/// What nobody in a sandbox reaches: sockets of the town, and those of the person that lead out of it.
struct Walls {
    hidden: Vec<PathBuf>,
    sockets: Vec<PathBuf>,
}

impl Walls {
    /// But for what the settings let it write.
    fn of(open: &OpenTown, allowed: &[String]) -> Outcome<Self> {
        let run = open.town.run_dir();
        let sockets = open.place()?.tmux_socket.parent().map(Path::to_path_buf).filter(|folder| *folder != run);
        let own: Vec<PathBuf> = std::iter::once(run).chain(sockets).collect();
        own.iter().try_for_each(|folder| make(folder))?;
        let is_kept = |path: &PathBuf| !allowed.iter().any(|allowed| Path::new(allowed).starts_with(path));
        let (folders, sockets) = ways_out();
        let hidden = own.into_iter().chain(folders.into_iter().filter(is_kept)).collect();
        Ok(Self { hidden, sockets: sockets.into_iter().filter(is_kept).collect() })
    }

    fn cover(&self, path: &Path) -> bool {
        self.hidden.iter().any(|folder| path.starts_with(folder))
    }
}

/// Where the agent keeps its state. What it would make by itself and may not inside is made here.
fn of_the_agent(plan: &LaunchPlan) -> Outcome<Vec<PathBuf>> {
    for place in &plan.writes {
        match &place.file {
            false => make(&place.path)?,
            true if plan.files.iter().any(|file| file.path.parent() == place.path.parent()) && !place.path.exists() => {
                place.path.parent().map_or(Ok(()), make)?;
                crate::store::write_atomic(&place.path, b"", 0o600).map_err(|error| cannot_make(&place.path, error))?;
            }
            true => {}
        }
    }
    Ok(plan.writes.iter().map(|place| place.path.clone()).collect())
}

/// What the built-in agent writes of what it does, beside the session's log.
fn audit_log(open: &OpenTown, session: &SessionId, plan: &LaunchPlan) -> Outcome<Option<PathBuf>> {
    if plan.argv.first().map(PathBuf::from) != Some(open.program()?) {
        return Ok(None);
    }
    let log = open.town.session_log(session).with_extension("audit.jsonl");
    make(log.parent().expect("a file in the folder of logs"))?;
    crate::store::write_atomic(&log, b"", 0o600).map_err(|error| cannot_make(&log, error))?;
    Ok(Some(log))
}

fn at_home(path: &str, plan: &LaunchPlan) -> PathBuf {
    match (path.strip_prefix("~/"), plan.env.get("HOME")) {
        (Some(rest), Some(home)) => Path::new(home).join(rest),
        _ => PathBuf::from(path),
    }
}

fn make(folder: &Path) -> Outcome<()> {
    std::fs::create_dir_all(folder).map_err(|error| cannot_make(folder, error))
}

fn cannot_make(path: &Path, error: std::io::Error) -> Failure {
    Failure::caused(
        Kind::External,
        format!("cannot make {}, which the sandbox shall let through", path.display()),
        error,
    )
}
