//! What every verb works with: the town, its ledger, its settings, its local state, the time.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use crate::bead::{Bead, lookup};
use crate::clock::{Clock, Timestamp};
use crate::error::{Failure, Kind, Outcome};
use crate::id::{Actor, BeadId, HomeId, Prefix, RigName, WorkerRef};
use crate::ledger::{Ledger, Snapshot};
use crate::runtime::{self, Place};
use crate::store::{NewEvent, StateDb};
use crate::town::{Rig, Settings, Town};

/// The town that a verb works in. Opening it reads `town.toml` and no more; the rest is opened when needed.
pub struct Context {
    /// Where everything lies.
    pub town: Town,
    /// The time.
    pub clock: Clock,
    /// The documents.
    pub ledger: Ledger,
    /// The settings in force for the town; a rig's are [`Context::settings_for`].
    pub settings: Settings,
    state: OnceCell<StateDb>,
    home: OnceCell<HomeId>,
}

impl Context {
    /// The town around `start`.
    ///
    /// # Errors
    /// When there is none, or its settings break a rule.
    pub fn open(start: &Path, clock: Clock) -> Outcome<Self> {
        Self::of(Town::above(start)?, clock)
    }

    /// This town.
    ///
    /// # Errors
    /// When its settings break a rule.
    pub fn of(town: Town, clock: Clock) -> Outcome<Self> {
        let settings = town.settings()?;
        let ledger = Ledger::at(&town.root, &settings.branch, clock);
        Ok(Self { town, clock, ledger, settings, state: OnceCell::new(), home: OnceCell::new() })
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Sessions, events and counters of this machine.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn state(&self) -> Outcome<&StateDb> {
        if self.state.get().is_none() {
            let _ = self.state.set(StateDb::open(&self.town.state_db())?);
        }
        Ok(self.state.get().expect("it was just set"))
    }

    /// Which clone of the town this is. A fresh clone gets its identity here.
    ///
    /// # Errors
    /// When `local.toml` cannot be read or written.
    pub fn home(&self) -> Outcome<&HomeId> {
        if self.home.get().is_none() {
            let local = match self.town.local()? {
                Some(local) => local,
                None => self.settle_here()?,
            };
            let _ = self.home.set(local.home);
        }
        Ok(self.home.get().expect("it was just set"))
    }

    fn settle_here(&self) -> Outcome<crate::town::Local> {
        let local = crate::town::Local::fresh();
        let path = self.town.local_file();
        crate::store::write_atomic(&path, local.render().as_bytes(), 0o644)
            .map_err(|error| Failure::caused(Kind::External, format!("cannot write {}", path.display()), error))?;
        Ok(local)
    }

    /// The settings for work in a rig.
    ///
    /// # Errors
    /// When a file breaks a rule.
    pub fn settings_for(&self, rig: &Rig) -> Outcome<Settings> {
        Ok(self.town.settings_for(rig)?)
    }

    /// One consistent state of the ledger.
    ///
    /// # Errors
    /// As [`Ledger::snapshot`].
    pub fn snapshot(&self) -> Outcome<Snapshot> {
        self.ledger.snapshot()
    }

    /// The rig that a prefix belongs to.
    ///
    /// # Errors
    /// When no rig has it.
    pub fn rig_of(&self, prefix: &Prefix) -> Outcome<Rig> {
        let rigs = self.town.rigs()?;
        let known = rigs.iter().map(|rig| format!("{} ({})", rig.prefix, rig.name)).collect::<Vec<_>>().join(", ");
        rigs.into_iter().find(|rig| rig.prefix == *prefix).ok_or_else(|| {
            Failure::new(Kind::NotFound, format!("no rig of this town has the prefix {prefix}"))
                .hint(format!("Known prefixes: {known}."))
        })
    }

    /// The bead that a person meant: any unique beginning of its id with or without the prefix, or the worker it is on.
    ///
    /// # Errors
    /// When nothing or several things fit; the nearest are named.
    pub fn bead_id(&self, snapshot: &Snapshot, text: &str) -> Outcome<BeadId> {
        if let Ok(id) = text.parse::<BeadId>()
            && snapshot.row(&id)?.is_some()
        {
            return Ok(id);
        }
        let mut found = snapshot.beginning_with(text, 12)?;
        if found.len() == 1 {
            return Ok(found.remove(0).0.parse()?);
        }
        if found.is_empty()
            && let Some(bead) = self.bead_on(snapshot, text)?
        {
            return Ok(bead.id);
        }
        Err(if found.is_empty() { unknown_bead(snapshot, text)? } else { ambiguous(text, &found) })
    }

    /// The bead that the worker named so holds.
    fn bead_on(&self, snapshot: &Snapshot, text: &str) -> Outcome<Option<Bead>> {
        let Some(worker) = self.find_worker(text)? else { return Ok(None) };
        let query = crate::ledger::BeadQuery { assignee: vec![worker.clone()], status: HELD.to_vec(), ..Default::default() };
        match snapshot.beads(&query)?.into_iter().next() {
            Some(bead) => Ok(Some(bead)),
            None => Err(Failure::new(Kind::NotFound, format!("{worker} has no bead")).hint("`gt status` shows who works on what")),
        }
    }

    /// The worker that a person meant: `toast`, `web/toast`, `web/polecats/toast`.
    ///
    /// # Errors
    /// When the rigs cannot be read.
    pub fn find_worker(&self, text: &str) -> Outcome<Option<WorkerRef>> {
        if let Ok(worker) = text.parse::<WorkerRef>() {
            let known = self.town.rigs()?.iter().any(|rig| rig.name == worker.rig && rig.worker(&worker.name).as_ref() == Some(&worker));
            return Ok(known.then_some(worker));
        }
        let (rig, name) = match text.split_once('/') {
            Some((rig, name)) => (Some(rig), name),
            None => (None, text),
        };
        let Ok(name) = name.parse() else { return Ok(None) };
        let rigs = self.town.rigs()?;
        Ok(rigs.iter().filter(|candidate| rig.is_none_or(|rig| candidate.name.as_str() == rig)).find_map(|rig| rig.worker(&name)))
    }

    /// The worker that a person meant, by its name or by the bead that it holds.
    ///
    /// # Errors
    /// When there is none.
    pub fn worker(&self, snapshot: &Snapshot, text: &str) -> Outcome<WorkerRef> {
        if let Some(worker) = self.find_worker(text)? {
            return Ok(worker);
        }
        if let Ok(id) = self.bead_id(snapshot, text) {
            let bead = snapshot.bead(&id)?;
            return match bead.claim().map(|claim| claim.assignee.clone()) {
                Some(worker) => Ok(worker),
                None => Err(Failure::new(Kind::NotFound, format!("nobody holds {id}: {}", bead.title)).hint(format!("gt sling {id}"))),
            };
        }
        let names = self.worker_names()?;
        let failure = Failure::new(Kind::NotFound, format!("there is no worker {text:?}"));
        let short = text.rsplit('/').next().unwrap_or(text);
        Err(match lookup::nearest(short, names.iter().map(|worker| worker.name.as_str())) {
            Some(near) => failure.hint(format!("Did you mean {near}?")),
            None => failure.hint("`gt polecat list` shows the workers"),
        })
    }

    /// Every worker that has a name and is not retired.
    ///
    /// # Errors
    /// When the rigs cannot be read.
    pub fn worker_names(&self) -> Outcome<Vec<WorkerRef>> {
        Ok(self.town.rigs()?.iter().flat_map(|rig| rig.polecats().map(|(worker, _)| worker).collect::<Vec<_>>()).collect())
    }

    /// What the runtimes need to know of this town.
    ///
    /// # Errors
    /// When the socket's folder cannot be made or this program not be found.
    pub fn place(&self) -> Outcome<Place> {
        let program = self.program()?;
        let pane_died = vec![program.display().to_string(), "--town".to_owned(), self.town.root.display().to_string(), "tick".to_owned(), "--quiet".to_owned()];
        Ok(Place {
            program,
            town: self.town.root.clone(),
            tmux_socket: self.town.socket_path("tmux.sock")?,
            tmux_config: self.town.runtime_dir().join("tmux.conf"),
            pane_died,
        })
    }

    /// The runtime of this kind.
    ///
    /// # Errors
    /// As [`Context::place`].
    pub fn runtime(&self, kind: runtime::RuntimeKind) -> Outcome<Box<dyn runtime::Runtime>> {
        Ok(runtime::open(kind, &self.place()?))
    }

    /// The `gt` that sessions and detached passes run: the one named in `local.toml`, else this one.
    ///
    /// # Errors
    /// When the system does not say which program this is.
    pub fn program(&self) -> Outcome<PathBuf> {
        if let Some(program) = self.town.local()?.and_then(|local| local.gt) {
            return Ok(program);
        }
        std::env::current_exe().map_err(|error| Failure::caused(Kind::External, "cannot tell which program gt is", error))
    }

    /// Appends an event to the stream that `gt feed` shows. A stream that cannot be written stops no verb.
    pub fn event(&self, kind: &str, actor: &Actor, bead: Option<&BeadId>, rig: Option<&RigName>, text: impl Into<String>) {
        let event = NewEvent {
            at: self.now(),
            kind: kind.to_owned(),
            actor: actor.clone(),
            bead: bead.cloned(),
            rig: rig.cloned(),
            text: text.into(),
            json: None,
        };
        let recorded = self.state().and_then(|state| Ok(state.add_event(&event)?));
        if let Err(error) = recorded {
            tracing::warn!("an event was not recorded: {error}");
        }
    }
}

const HELD: [crate::bead::Status; 2] = [crate::bead::Status::Hooked, crate::bead::Status::Submitted];

fn unknown_bead(snapshot: &Snapshot, text: &str) -> Outcome<Failure> {
    let ids = snapshot.ids()?;
    let failure = Failure::new(Kind::NotFound, format!("there is no bead {text:?}"));
    let near = lookup::nearest(text, ids.iter().map(|(id, _)| id.as_str()));
    Ok(match near.and_then(|near| ids.iter().find(|(id, _)| id == near)) {
        Some((id, title)) => failure.hint(format!("Did you mean {id}: {title}?")),
        None => failure.hint("`gt list` shows the beads that are not closed"),
    })
}

fn ambiguous(text: &str, found: &[(String, String)]) -> Failure {
    let failure = Failure::new(Kind::Ambiguous, format!("{text:?} is the beginning of several ids"));
    found.iter().fold(failure, |failure, (id, title)| failure.hint(format!("{id}: {title}")))
}
