//! `gt why` without a bead: which programs are run, and which others of the same name stand behind them in `PATH`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::agent::{Caller, Catalogue, program_places};
use crate::error::Outcome;
use crate::git;
use crate::ops::agents::choose;
use crate::ops::{OpenTown, Report};
use crate::runtime::tmux_version;

/// The programs of the forges, which a person may use beside git.
const FORGES: &[&str] = &["gh", "glab"];

/// What names of programs resolve to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Programs {
    /// The programs.
    pub programs: Vec<Program>,
    /// The folders of `PATH`, in the order in which they are searched.
    pub path: Vec<PathBuf>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Program {
    /// What it is for: `git`, `tmux`, `forge`, or whose agent it is.
    pub about: String,
    /// Its name, as it is looked for.
    pub name: String,
    /// The files of that name, the one that is run first.
    pub places: Vec<PathBuf>,
    /// What it says its version is.
    pub version: Option<String>,
    /// What is wrong with it.
    pub trouble: Option<String>,
}

impl Report for Programs {
    const SCHEMA: &'static str = "gt.why.programs/1";
}

/// Looks where the programs are that this town uses; outside of a town, git, tmux and the forges'.
///
/// # Errors
/// When the settings cannot be read.
pub fn programs(open: Option<&OpenTown>) -> Outcome<Programs> {
    let caller = Caller::this_process();
    let plain = |about: &str, name: &str| Program {
        about: about.to_owned(),
        name: name.to_owned(),
        places: program_places(name, &caller),
        version: None,
        trouble: None,
    };
    let mut programs = match open {
        Some(open) => agents(open, &caller)?,
        None => Vec::new(),
    };
    let (version, trouble) = told(git::version().map(|version| version.to_string()));
    programs.push(Program { version, trouble, ..plain("git", "git") });
    let (version, trouble) = told(tmux_version());
    programs.push(Program { version, trouble, ..plain("tmux", "tmux") });
    programs.extend(FORGES.iter().map(|name| plain("forge", name)).filter(|program| !program.places.is_empty()));
    Ok(Programs { programs, path: caller.path() })
}

fn told<E: std::fmt::Display>(version: Result<impl std::fmt::Display, E>) -> (Option<String>, Option<String>) {
    match version {
        Ok(version) => (Some(version.to_string()), None),
        Err(error) => (None, Some(error.to_string())),
    }
}

/// The agents that the settings name for the mayor and for each role of each rig, each once.
fn agents(open: &OpenTown, caller: &Caller) -> Outcome<Vec<Program>> {
    let mut users: BTreeMap<Result<String, String>, Vec<String>> = BTreeMap::new();
    let mut note = |agent: Outcome<String>, user: String| {
        users.entry(agent.map_err(|failure| failure.message)).or_default().push(user);
    };
    note(choose::mayors_agent(open), "mayor".to_owned());
    for rig in open.town.rigs()? {
        let mut roles: Vec<_> = rig.workers.keys().cloned().collect();
        if roles.is_empty() {
            roles.push(crate::id::RoleName::developer());
        }
        for role in roles {
            note(choose::agent_of_role(open, &rig, &role), format!("{role} of {}", rig.name));
        }
    }
    let catalogue = Catalogue::new(&open.settings);
    Ok(users.into_iter().map(|(agent, users)| program(&catalogue, caller, agent, &users.join(", "))).collect())
}

fn program(catalogue: &Catalogue, caller: &Caller, agent: Result<String, String>, users: &str) -> Program {
    let about = |name: &str| format!("agent {name}, for {users}");
    match agent {
        Err(trouble) => Program {
            about: format!("agent, for {users}"),
            name: String::new(),
            places: Vec::new(),
            version: None,
            trouble: Some(trouble),
        },
        Ok(name) => {
            let program = catalogue.get(&name).map(|preset| preset.program.clone()).unwrap_or_default();
            let own = std::env::current_exe().ok().filter(|_| program == "{gt}");
            let file = Path::new(&program).is_absolute().then(|| PathBuf::from(&program));
            let mut places: Vec<PathBuf> = own.into_iter().chain(file).collect();
            places.extend(program_places(&program, caller));
            Program { about: about(&name), name: program.replace("{gt}", "gt"), places, version: None, trouble: None }
        }
    }
}
