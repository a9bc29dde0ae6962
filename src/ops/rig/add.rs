//! `rig add`: takes a repository in.
//!
//! First everything is gathered, the bare repository included, then the person may change what was guessed,
//! then one transaction registers the rig. Until that transaction the folder of the rig is nobody's: an
//! [`Addition`] that is dropped takes it away, and what a kill leaves is found by the next `rig add`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use super::origin::{self, Origin};
use super::remove;
use super::trial::Trial;
use crate::env::commit_point;
use crate::error::{Failure, Kind, Outcome};
use crate::git::bare::{self, CreateError, Probe};
use crate::git::{Git, GitError, Oid, worktree};
use crate::id::{Prefix, RigName, RoleName};
use crate::ops::{OpenTown, Report, Talk, roster};
use crate::store::FileLock;
use crate::town::{Gate, Remote, Rig, guess, prefix_from_name};

/// How long to wait for another `rig add` of the same name, which may be fetching.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the person asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// The name of the rig.
    pub name: String,
    /// A URL, or a path seen from [`Request::here`].
    pub from: String,
    /// The folder that the person is in.
    pub here: PathBuf,
    /// The first part of its beads' ids; guessed from the name when not given.
    pub prefix: Option<String>,
    /// The branch that work lands on; the remote's own choice when not given.
    pub branch: Option<String>,
    /// Set-up commands; guessed when not given.
    pub setup: Option<Vec<String>>,
    /// Gates; guessed when not given.
    pub gates: Option<Vec<Gate>>,
    /// Ignored files that are copied into each worktree.
    pub copy: Vec<String>,
    /// Ignored files or folders that are linked into each worktree.
    pub link: Vec<String>,
    /// Ignored paths that survive recycling, beside those that are guessed.
    pub keep: Vec<String>,
    /// Workers of each role at once.
    pub workers: BTreeMap<RoleName, u32>,
    /// The preset that works in this rig.
    pub agent: Option<String>,
}

/// A rig that is fetched and not yet registered. Dropped, it leaves nothing behind.
#[derive(Debug)]
pub struct Addition<'a> {
    /// The document to be; the person may still change it.
    pub rig: Rig,
    /// The tip of the target branch.
    pub tip: Oid,
    /// Why set-up and gates were guessed as they are; empty when nothing was.
    pub reasons: Vec<String>,
    open: &'a OpenTown,
    folder: PathBuf,
    registered: bool,
    _lock: FileLock,
}

/// A rig that was taken in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Added {
    /// Its document.
    pub rig: Rig,
    /// The tip of the target branch.
    pub tip: Oid,
    /// Whether the rig is in the ledger; not so for a dry run.
    pub registered: bool,
    /// What came of running set-up and gates once; none when they were not run.
    pub trial: Option<Trial>,
}

impl Report for Added {
    const SCHEMA: &'static str = "gt.rig.add/1";
}

/// Fetches the repository and works out the document of the rig.
///
/// # Errors
/// When the name or prefix is taken, the repository cannot be read, has no commit or not the branch, or the disk is
/// full. Nothing is left behind then.
pub fn begin<'a>(open: &'a OpenTown, request: &Request, talk: &mut dyn Talk) -> Outcome<Addition<'a>> {
    let name: RigName = request.name.parse()?;
    // A command that was killed may have left the files behind the ledger; the checks below read files.
    open.ledger.settle()?;
    check_free(open, &name)?;
    let prefix = prefix(open, &name, request.prefix.as_deref())?;
    let origin = origin::resolve(&request.from, &request.here, &open.town.root)?;
    let lock = FileLock::acquire(&open.town.lock_file(&format!("rig-{name}")), PATIENCE)?;
    let found = bare::probe(&open.town.root, &origin.url).map_err(|error| unreadable(error, &origin))?;
    let (branch, tip) = target(&found, request.branch.as_deref(), &origin)?;
    let mut rig = Rig::new(name, prefix, origin.url.clone(), branch);
    rig.remote = origin.remote;
    let folder = open.town.rig_dir(&rig.name);
    clear_leftover(open, &folder)?;
    let mut addition = Addition { rig, tip, reasons: Vec::new(), open, folder, registered: false, _lock: lock };
    addition.fetch(&origin, talk)?;
    addition.complete(request)?;
    Ok(addition)
}

impl Addition<'_> {
    /// Registers the rig in the ledger: from here on it is one.
    ///
    /// # Errors
    /// When somebody took its name or prefix meanwhile, or the ledger cannot be written.
    pub fn register(mut self) -> Outcome<Added> {
        let (path, text) = (self.rig.path(), self.rig.render());
        // What was put together here must also be readable as a file.
        Rig::parse(&path, &text)?;
        commit_point("rig.fetched");
        let subject = format!("rig add {}: {}", self.rig.name, self.rig.url);
        self.open.ledger.transact(&self.open.actor, |transaction| {
            check_free(self.open, &self.rig.name)?;
            prefix(self.open, &self.rig.name, Some(self.rig.prefix.as_str()))?;
            transaction.put_text(path.as_str(), text.as_str());
            transaction.describe("rig-add", subject.as_str());
            Ok(())
        })?;
        commit_point("rig.registered");
        self.registered = true;
        Ok(self.report())
    }

    /// What is planned or done.
    pub fn report(&self) -> Added {
        Added { rig: self.rig.clone(), tip: self.tip.clone(), registered: self.registered, trial: None }
    }

    fn repository(&self) -> PathBuf {
        self.open.town.rig_repo(&self.rig.name)
    }

    fn fetch(&mut self, origin: &Origin, talk: &mut dyn Talk) -> Outcome<()> {
        let repository = self.repository();
        talk.note(&format!("fetching {}", origin.url));
        bare::create_bare(&repository, &origin.url).map_err(|error| unreadable(error, origin))?;
        bare::fetch(&repository, None)?;
        let branch = &self.rig.branch;
        let tip = bare::ref_tip(&repository, &format!("refs/remotes/origin/{branch}"))?;
        self.tip = tip.ok_or_else(|| no_branch(branch, &[], origin))?;
        if self.rig.remote == Remote::Local {
            // Landings go on here while a delivery has to wait.
            let own = format!("refs/heads/{branch}");
            let old = bare::ref_tip(&repository, &own)?;
            if old.as_ref() != Some(&self.tip) {
                bare::swap_ref(&repository, &own, old.as_ref(), &self.tip, "rig add")?;
            }
        }
        Ok(())
    }

    /// Fills in what the person said, and guesses the rest from the files.
    fn complete(&mut self, request: &Request) -> Outcome<()> {
        let guessed = if request.setup.is_some() && request.gates.is_some() {
            guess::Guess::default()
        } else {
            guess_from(&self.repository(), &self.tip)?
        };
        let rig = &mut self.rig;
        rig.setup_inputs = if request.setup.is_some() { Vec::new() } else { guessed.setup_inputs };
        let used = (request.setup.is_none() && !guessed.setup.is_empty())
            || (request.gates.is_none() && !guessed.gates.is_empty());
        rig.setup = request.setup.clone().unwrap_or(guessed.setup);
        rig.gates = request.gates.clone().unwrap_or(guessed.gates);
        rig.copy.clone_from(&request.copy);
        rig.link.clone_from(&request.link);
        rig.keep = guessed.keep;
        rig.keep.extend(request.keep.iter().filter(|path| !rig.keep.contains(path)).cloned().collect::<Vec<_>>());
        rig.workers.clone_from(&request.workers);
        if let Some(agent) = &request.agent {
            rig.overrides.insert("agent".to_owned(), toml::Value::String(agent.clone()));
        }
        if used {
            self.reasons = guessed.reasons;
        }
        Ok(())
    }
}

impl Drop for Addition<'_> {
    fn drop(&mut self) {
        if !self.registered {
            // Whatever cannot be taken away now is taken away by the next `rig add` of this name.
            let _ = take_away(self.open, &self.folder);
        }
    }
}

fn check_free(open: &OpenTown, name: &RigName) -> Outcome<()> {
    if !open.town.rig_file(name).exists() {
        return Ok(());
    }
    Err(Failure::new(Kind::Conflict, format!("there is a rig {name} already"))
        .hint(format!("`gt rig show {name}` shows it")))
}

/// The prefix that was asked for, or one made from the name; unique in the town, and no other rig ever had it.
fn prefix(open: &OpenTown, name: &RigName, wanted: Option<&str>) -> Outcome<Prefix> {
    let mut others: Vec<Rig> = open.town.rigs_each()?.into_iter().filter_map(Result::ok).collect();
    others.extend(roster::retired(&open.snapshot()?)?.into_iter().filter(|rig| rig.name != *name));
    let Some(wanted) = wanted else {
        let taken: Vec<Prefix> = others.into_iter().map(|rig| rig.prefix).collect();
        return Ok(prefix_from_name(name, &taken));
    };
    let wanted: Prefix = wanted.parse()?;
    let owner = others.iter().find(|rig| rig.prefix == wanted).map(|rig| format!("the rig {}", rig.name));
    let owner = if wanted == Prefix::town() { Some("the town itself".to_owned()) } else { owner };
    match owner {
        None => Ok(wanted),
        Some(owner) => Err(Failure::new(Kind::Conflict, format!("the prefix {wanted} belongs to {owner}"))
            .hint("choose another with `--prefix`")),
    }
}

/// The target branch and its tip.
fn target(found: &Probe, wanted: Option<&str>, origin: &Origin) -> Outcome<(String, Oid)> {
    if found.branches.is_empty() {
        return Err(Failure::new(Kind::Invalid, format!("{} has no commit yet", origin.url))
            .hint("make a first commit there (and push it), then add the rig"));
    }
    let tip_of = |name: &str| found.branches.iter().find(|(branch, _)| branch == name).cloned();
    let names: Vec<&str> = found.branches.iter().map(|(name, _)| name.as_str()).collect();
    if let Some(wanted) = wanted {
        return tip_of(wanted).ok_or_else(|| no_branch(wanted, &names, origin));
    }
    let default = found.default_branch.as_deref().and_then(tip_of);
    let only = if let [only] = found.branches.as_slice() { Some(only.clone()) } else { None };
    default.or(only).ok_or_else(|| {
        Failure::new(
            Kind::Invalid,
            format!("{} does not say on which branch work lands: its HEAD is on none", origin.url),
        )
        .hint(format!("name it with `--branch`; it has {}", some_of(&names)))
    })
}

fn no_branch(wanted: &str, names: &[&str], origin: &Origin) -> Failure {
    let failure = Failure::new(Kind::NotFound, format!("{} has no branch {wanted}", origin.url));
    let near = names.iter().max_by(|a, b| strsim::jaro(wanted, a).total_cmp(&strsim::jaro(wanted, b)));
    match near {
        Some(near) if strsim::jaro(wanted, near) > 0.7 => failure.hint(format!("did you mean `--branch {near}`?")),
        Some(_) => failure.hint(format!("it has {}", some_of(names))),
        None => failure,
    }
}

fn some_of(names: &[&str]) -> String {
    const SHOWN: usize = 8;
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(SHOWN) {
        Some(more) if more > 0 => format!("{shown} and {more} more"),
        _ => shown,
    }
}

fn unreadable(error: CreateError, origin: &Origin) -> Failure {
    match error {
        CreateError::Git(error) => error.into(),
        CreateError::Unreachable { .. } => Failure::new(Kind::External, error.to_string()).hint(format!(
            "see what `git ls-remote {}` says: gt uses the same git and the same credentials",
            origin.url
        )),
        CreateError::Taken { .. } => Failure::new(Kind::Conflict, error.to_string()),
    }
}

fn guess_from(repository: &Path, tip: &Oid) -> Outcome<guess::Guess> {
    let git = Git::on(repository);
    let listing = git.raw(&["ls-tree", "-r", "-z", "--name-only", "--full-tree", tip.as_str()])?;
    let files: Vec<String> = listing
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty())
        .filter_map(|name| String::from_utf8(name.to_vec()).ok())
        .collect();
    let read = |path: &str| String::from_utf8(git.raw(&["show", &format!("{tip}:{path}")]).ok()?).ok();
    Ok(guess::guess(&files, &read))
}

/// Takes away what a killed `rig add` left in the folder; anything else there is somebody's work.
fn clear_leftover(open: &OpenTown, folder: &Path) -> Outcome<()> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    if folder.join(remove::MARK).exists() {
        return Ok(take_away(open, folder)?);
    }
    let repository = folder.join(".git");
    let only_ours = entries.flatten().all(|entry| entry.file_name() == ".git");
    let pinned = repository.join("HEAD").exists() && !bare::list_refs(&repository, "refs/gt")?.is_empty();
    if !only_ours || pinned {
        let message = format!("{} exists and is not empty, but no rig is registered for it", folder.display());
        return Err(Failure::new(Kind::Conflict, message).hint(
            "`git log -- rigs.d` in the town shows when its file went; move the folder away, or choose another name",
        ));
    }
    Ok(take_away(open, folder)?)
}

pub(super) fn take_away(open: &OpenTown, folder: &Path) -> Result<(), GitError> {
    let trash = open.town.trash_dir();
    worktree::remove(&folder.join(".git"), folder, &trash, &|| Ok::<_, GitError>(()))?;
    worktree::discard(&trash)
}
