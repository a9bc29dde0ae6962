//! Which agent works, and whether it can.

use std::collections::BTreeMap;
use std::path::Path;

use super::version;
use crate::agent::{Begin, Caller, Catalogue, LaunchRequest};
use crate::bead::Bead;
use crate::error::{Failure, Kind, Outcome};
use crate::id::{BeadId, RoleName};
use crate::ops::launch::{self, caller};
use crate::ops::{OpenTown, confinement};
use crate::runtime::RuntimeKind;
use crate::town::{Rig, Settings};

/// The agent for a bead: the person's wish, else that of the role, the rig or the town, else what is installed. Its
/// program, its version, its credentials and its first-start screens are looked at, so that what is missing is said
/// before anything is changed.
///
/// # Errors
/// When the agent is unknown, or could not work.
pub fn agent_for(open: &OpenTown, settings: &Settings, bead: &Bead, wish: Option<&str>) -> Outcome<String> {
    let catalogue = Catalogue::new(settings);
    let (caller, gt) = (caller(open), open.program()?);
    let name = match wish.map(str::to_owned).or_else(|| bead.agent.clone()).or(settings.role(&bead.role).agent) {
        Some(name) => name,
        None => installed(&catalogue, &caller, &gt)?,
    };
    let folder = open.town.run_dir();
    let request = LaunchRequest {
        preset: catalogue.get(&name)?,
        prompt: "",
        tuning: &launch::tuning(settings, bead),
        permissions: settings.permissions,
        worktree: &folder,
        run_dir: &folder,
        state_dir: &folder,
        gt: &gt,
        variables: BTreeMap::new(),
        caller: &caller,
        begin: Begin::New,
    };
    let plan = crate::agent::plan(&request)?;
    if plan.typed().is_some() && settings.runtime == RuntimeKind::Process {
        return Err(Failure::new(Kind::Refused, format!("the agent {name} takes its first prompt in a terminal only"))
            .hint("`gt config set runtime tmux` gives workers terminals; `gt sling --agent` takes another agent."));
    }
    confinement::is_wanted(open, settings, &bead.role)?;
    version::of_plan(open, request.preset, &plan)?;
    Ok(name)
}

/// The agent for beads of a role in a rig that name none themselves.
///
/// # Errors
/// As [`agent_for`].
pub fn agent_of_role(open: &OpenTown, rig: &Rig, role: &RoleName) -> Outcome<String> {
    agent_wished(open, rig, role, None)
}

/// The same where a person wishes for one.
///
/// # Errors
/// As [`agent_for`].
pub fn agent_wished(open: &OpenTown, rig: &Rig, role: &RoleName, wish: Option<&str>) -> Outcome<String> {
    let mut bead = Bead::new(BeadId::random(&rig.prefix, 5), "", open.now());
    bead.role = role.clone();
    agent_for(open, &open.settings_for(rig)?, &bead, wish)
}

/// The agent that plans and chats: the mayor's, else the town's, else what is installed.
///
/// # Errors
/// When none is named and none is installed.
pub fn mayors_agent(open: &OpenTown) -> Outcome<String> {
    let settings = &open.settings;
    match settings.mayor.agent.clone().or_else(|| settings.agent.clone()) {
        Some(name) => Ok(name),
        None => installed(&Catalogue::new(settings), &caller(open), &open.program()?),
    }
}

/// The agent to work with when nobody named one.
fn installed(catalogue: &Catalogue, caller: &Caller, gt: &Path) -> Outcome<String> {
    let choice = crate::agent::choose(&crate::agent::detect(catalogue, caller, gt));
    if choice.usable {
        return Ok(choice.agent);
    }
    if let Some(first) = choice.undecided.first() {
        return Err(Failure::new(Kind::Usage, format!("no agent is set: {}", choice.reason))
            .hint(format!("Say which: `gt config set agent {first}`.")));
    }
    Err(Failure::new(Kind::External, format!("no agent can be started: {}", choice.reason)).hint(
        "Install one (`gt agent list` says how), or name a program: `gt config set agents.mine.command \"PROGRAM\"`.",
    ))
}
