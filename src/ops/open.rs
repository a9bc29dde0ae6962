//! A town that is open for work: what nearly every verb gathers first.

use std::path::Path;

use crate::clock::Clock;
use crate::env;
use crate::error::{Failure, Kind, Outcome};
use crate::id::{Actor, RigName, WorkerRef};
use crate::ledger::Ledger;
use crate::town::{Rig, Settings, Town};

/// A town with its settings read, its ledger at hand, and the one who acts in it. Costs two small files; the
/// repository and the index are opened when they are asked for.
pub struct OpenTown {
    /// Where everything lies.
    pub town: Town,
    /// The settings of the town on this machine, without any rig's.
    pub settings: Settings,
    /// The documents.
    pub ledger: Ledger,
    /// The time.
    pub clock: Clock,
    /// Who acts: the worker that `GT_WORKER` or the worktree names, else the person.
    pub actor: Actor,
}

impl OpenTown {
    /// Opens `town` for somebody in the folder `here`.
    ///
    /// # Errors
    /// When the settings cannot be read, or `GT_WORKER` and the worktree name different workers.
    pub fn open(town: Town, here: &Path, clock: Clock) -> Outcome<Self> {
        let settings = town.settings()?;
        let ledger = Ledger::at(&town.root, &settings.branch, clock);
        let actor = actor(&town, here)?;
        Ok(Self { town, settings, ledger, clock, actor })
    }

    /// A rig by the name that a person typed.
    ///
    /// # Errors
    /// When there is none, or its file is broken.
    pub fn rig(&self, name: &str) -> Outcome<Rig> {
        match name.parse::<RigName>() {
            Ok(name) => Ok(self.town.rig(&name)?),
            Err(invalid) => Err(invalid.into()),
        }
    }
}

impl std::fmt::Debug for OpenTown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenTown").field("root", &self.town.root).field("actor", &self.actor).finish_non_exhaustive()
    }
}

fn actor(town: &Town, here: &Path) -> Outcome<Actor> {
    let named = std::env::var(env::WORKER).ok().filter(|name| !name.is_empty());
    let named = named.map(|name| name.parse::<WorkerRef>()).transpose()?;
    match (named, town.worker_of(here)) {
        (Some(named), Some(found)) if named != found => {
            let message = format!("{} says {named}, but this is the worktree of {found}", env::WORKER);
            Err(Failure::new(Kind::Refused, message).hint("work in your own worktree"))
        }
        (Some(worker), _) | (None, Some(worker)) => Ok(Actor::Worker(worker)),
        (None, None) => Ok(Actor::Human),
    }
}
