//! `init`: makes a town.
//!
//! Everything is built in `.gt-init` inside the folder and then moved into place, `.git` last: a town is there
//! or it is not. What a killed init leaves is recognised and made anew by the next one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::ledger::hook;
use super::{Report, Talk, agents};
use crate::agent::{self, Catalogue, Choice, Detected};
use crate::clock::Clock;
use crate::env::commit_point;
use crate::error::{Failure, Kind, Outcome};
use crate::git::{self, Git};
use crate::ledger::Ledger;
use crate::store::{sync_dir, write_atomic};
use crate::town::{self, Local, Permissions, Town};

/// The folder inside of the new town in which it is built.
const STAGE: &str = ".gt-init";
/// The files of a new town, in the order in which they take their places, before `.git`.
const FILES: [&str; 3] = [".gitignore", Town::LOCAL_FILE, Town::FILE];

/// A folder that may become a town.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The absolute path of the town to be.
    pub path: PathBuf,
    /// What the town is called when nobody says otherwise: the name of the folder.
    pub name: String,
    /// The agents and what was found of them on this machine.
    pub agents: Vec<Detected>,
    /// The one to work with when nobody says otherwise.
    pub preferred: Choice,
}

/// What the person chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choices {
    /// What the town is called.
    pub name: String,
    /// The ledger's branch, fixed for ever.
    pub branch: String,
    /// The preset that works when nothing closer names one; whatever is installed when there is no choice.
    pub agent: Option<String>,
    /// Whether agents ask before they act.
    pub permissions: Option<Permissions>,
}

/// A town that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Made {
    /// Where.
    pub root: PathBuf,
    /// What it is called.
    pub name: String,
    /// The ledger's branch.
    pub branch: String,
    /// The agent that works when nothing closer names one, and why.
    pub agent: Choice,
    /// Whether agents ask before they act.
    pub permissions: Permissions,
}

impl Report for Made {
    const SCHEMA: &'static str = "gt.init/1";
}

/// Looks whether a town may be made at `path`; changes nothing.
///
/// # Errors
/// When it is in a town or shows in another repository, when the folder is used for something else, or when git is
/// missing or too old.
pub fn survey(path: &Path) -> Outcome<Site> {
    let path = std::path::absolute(path).map_err(|error| cannot("resolve", path, error))?;
    let path = path.canonicalize().unwrap_or(path);
    git::version()?;
    town::may_become_town(&path)?;
    check_unused(&path)?;
    check_hidden(&path)?;
    let agents = agents::list::installed(&Catalogue::built_in())?;
    let preferred = agent::choose(&agents);
    let name = path.file_name().map_or_else(|| "town".to_owned(), |name| name.to_string_lossy().into_owned());
    Ok(Site { path, name, agents, preferred })
}

/// Makes the town.
///
/// # Errors
/// When the folder cannot be written.
pub fn init(site: &Site, choices: Choices, clock: Clock, talk: &mut dyn Talk) -> Outcome<Made> {
    let (root, branch) = (&site.path, choices.branch.as_str());
    let agent = chosen(site, choices.agent.as_deref())?;
    let stage = root.join(STAGE);
    fs::create_dir_all(root).map_err(|error| cannot("create", root, error))?;
    remove_stage(&stage)?;
    let documents =
        [(".gitignore".to_owned(), town::GITIGNORE.to_owned()), (Town::FILE.to_owned(), town_file(&choices))];
    fs::create_dir(&stage).map_err(|error| cannot("create", &stage, error))?;
    Ledger::create(&stage, branch, clock, &documents, &format!("init: the town {}", choices.name))?;
    hook::install(&stage.join(".git"))?;
    let text = Local::fresh().render();
    for local in [Town::at(&stage).kept_local_file(), stage.join(Town::LOCAL_FILE)] {
        write_atomic(&local, text.as_bytes(), 0o644).map_err(|error| cannot("write", &local, error))?;
    }
    commit_point("init.staged");
    move_in(&stage, root)?;
    if !has_identity(root) {
        talk.warn("git does not know who you are: commits will be by `human`. `git config --global user.name NAME` and `user.email ADDRESS` say it");
    }
    let permissions = Town::at(root).settings()?.permissions;
    Ok(Made { root: root.clone(), name: choices.name, branch: choices.branch, agent, permissions })
}

/// The agent that will work, with the reason for it.
fn chosen(site: &Site, name: Option<&str>) -> Outcome<Choice> {
    let Some(name) = name else { return Ok(site.preferred.clone()) };
    Catalogue::built_in().get(name)?;
    let usable = site.agents.iter().any(|agent| agent.name == name && agent.usable);
    Ok(Choice::named(name, usable))
}

fn town_file(choices: &Choices) -> String {
    let mut text = town::new_town_file(&choices.name, &choices.branch, choices.agent.as_deref());
    if let Some(permissions) = choices.permissions {
        let word = toml::Value::try_from(permissions).expect("a word is a TOML value");
        text.push_str(&format!("permissions = {word}\n"));
    }
    text
}

/// Moves what was built into place. From the last step on it is a town.
fn move_in(stage: &Path, root: &Path) -> Outcome<()> {
    for name in FILES.into_iter().chain([".git"]) {
        let target = root.join(name);
        fs::rename(stage.join(name), &target).map_err(|error| cannot("create", &target, error))?;
        commit_point("init.moved");
    }
    fs::remove_dir(stage).and_then(|()| sync_dir(root)).map_err(|error| cannot("finish", root, error))
}

/// What an init that was killed left behind; nothing in it was ever a town's.
fn remove_stage(stage: &Path) -> Outcome<()> {
    match fs::remove_dir_all(stage) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(cannot("remove", stage, error)),
        _ => Ok(()),
    }
}

/// A town has its folder for itself.
fn check_unused(path: &Path) -> Outcome<()> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(cannot("read", path, error)),
    };
    let mut names: Vec<String> =
        entries.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned())).collect();
    names.sort();
    let shown = path.display();
    if names.iter().any(|name| name == ".git") {
        return Err(Failure::new(Kind::Refused, format!("{shown} is a git repository, and a town is one of its own"))
            .hint(
                "make the town elsewhere, such as `gt init ~/gt`, then `gt rig add NAME PATH` takes this repository in",
            ));
    }
    match names.iter().find(|name| *name != STAGE && !(FILES.contains(&name.as_str()) && is_leftover(path))) {
        None => Ok(()),
        Some(name) => Err(Failure::new(Kind::Refused, format!("{shown} is not empty: it has {name}"))
            .hint("name a folder that is empty or does not exist yet")),
    }
}

/// Whether the files of a town lie there because an init was killed while it moved them in.
fn is_leftover(path: &Path) -> bool {
    path.join(STAGE).is_dir()
}

/// A town must not show as untracked in a repository around it.
fn check_hidden(path: &Path) -> Outcome<()> {
    let Some(existing) = path.ancestors().find(|folder| folder.is_dir()) else { return Ok(()) };
    let git = Git::at(existing).looking_above();
    let top = git.output(&["rev-parse", "--show-toplevel"])?;
    if !top.ok() || git.output(&["check-ignore".as_ref(), "--quiet".as_ref(), path.as_os_str()])?.ok() {
        return Ok(());
    }
    let message =
        format!("{} lies in the git repository {}, which would show it as untracked", path.display(), top.text());
    Err(Failure::new(Kind::Refused, message)
        .hint("name a folder outside of it, such as `gt init ~/gt`, or have it ignored there first"))
}

fn has_identity(root: &Path) -> bool {
    Git::at(root).output(&["config", "user.email"]).is_ok_and(|output| output.ok())
}

fn cannot(action: &str, path: &Path, error: io::Error) -> Failure {
    Failure::caused(Kind::External, format!("cannot {action} {}", path.display()), error)
        .hint("see whether the folder can be written and the disk has room")
}
