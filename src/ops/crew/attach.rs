//! `gt crew attach`: the session of a crew member, started when there is none. It lives on when the person goes.

use super::{ROLE, present, worktree};
use crate::agent::Catalogue;
use crate::agent::prompt::Prompts;
use crate::error::Outcome;
use crate::id::{Actor, RoleName, WorkerRef};
use crate::ops::aftermath::Guard;
use crate::ops::agents::choose;
use crate::ops::attended::{self, Attended, Begun, Earlier, Wanted};
use crate::ops::unsling::PATIENCE;
use crate::ops::{OpenTown, Talk, launch, prime};
use crate::polecat;
use crate::town::{Rig, Settings};

/// What a person wishes of the session where it is started.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The crew member; whoever stands here when not given.
    pub name: Option<String>,
    /// With this agent.
    pub agent: Option<String>,
    /// With a new conversation, also where the last one could be gone on with.
    pub fresh: bool,
}

/// The session of a crew member, started if none runs.
///
/// # Errors
/// When there is no such crew member, or its worktree, the agent or the runtime cannot be had.
pub fn attend(open: &OpenTown, request: &Request, talk: &mut dyn Talk) -> Outcome<Attended> {
    let (worker, rig, reserved) = present(open, request.name.as_deref())?;
    let wish = request.agent.clone().or(reserved.agent);
    let guard = Guard::of_worker(open, &worker, PATIENCE)?;
    let attended = attended::join_or(open, &Actor::Worker(worker.clone()), || {
        talk.step(&format!("starting the session of {}", worker.short()));
        let settings = open.settings_for(&rig)?;
        start(&Start { open, worker: &worker, rig: &rig, settings: &settings, request }, wish.as_deref())
    });
    guard.after(attended)
}

struct Start<'a> {
    open: &'a OpenTown,
    worker: &'a WorkerRef,
    rig: &'a Rig,
    settings: &'a Settings,
    request: &'a Request,
}

fn start(start: &Start<'_>, wish: Option<&str>) -> Outcome<Begun> {
    let Start { open, worker, rig, settings, .. } = *start;
    let role: RoleName = ROLE.parse()?;
    let agent = choose::agent_wished(open, rig, &role, wish)?;
    worktree::ready(open, worker, rig, settings)?;
    let preset = Catalogue::new(settings).get(&agent)?.clone();
    let resumes = preset.resume_form().is_some();
    polecat::hide(&open.town.rig_repo(&rig.name), preset.excludes)?;
    let prompt = Prompts::of(open.town.templates_dir()).crew(&prime::crew_context(open, worker, rig)?)?;
    let variables = [
        (crate::env::RIG.to_owned(), rig.name.to_string()),
        ("GIT_CEILING_DIRECTORIES".to_owned(), open.town.ceiling_directories(&rig.name)),
    ];
    attended::begin(
        open,
        &Wanted {
            actor: Actor::Worker(worker.clone()),
            name: &worker.short(),
            role: ROLE,
            agent: &agent,
            tuning: launch::role_tuning(settings, &role),
            settings,
            worktree: &open.town.worktree(worker),
            variables: variables.into(),
            prompt: &prompt,
            earlier: if resumes { earlier(start, &agent)? } else { None },
        },
    )
}

/// The conversation of its last session, where the same agent had it and it did not end at once.
fn earlier(start: &Start<'_>, agent: &str) -> Outcome<Option<Earlier>> {
    if start.request.fresh {
        return Ok(None);
    }
    attended::earlier(start.open, &Actor::Worker(start.worker.clone()), agent)
}
