//! A town that is open for work: what nearly every verb gathers first.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use super::who;
use crate::clock::{Clock, Timestamp};
use crate::error::{Failure, Kind, Outcome};
use crate::id::{Actor, BeadId, HomeId, Lease, Prefix, RigName};
use crate::ledger::{Ledger, Snapshot};
use crate::runtime::{self, Place};
use crate::store::{self, NewEvent, StateDb};
use crate::town::{Rig, Settings, Town};

/// A town with its settings read, its ledger at hand, and the one who acts in it. Costs two small files; the
/// repository, the index and the local state are opened when they are asked for.
pub struct OpenTown {
    /// Where everything lies.
    pub town: Town,
    /// The settings of the town on this machine; a rig's are [`OpenTown::settings_for`].
    pub settings: Settings,
    /// The documents.
    pub ledger: Ledger,
    /// The time.
    pub clock: Clock,
    /// Who acts: the worker that `GT_WORKER` or the worktree names, else the person.
    pub actor: Actor,
    /// The lease that the environment shows.
    pub lease: Option<Lease>,
    /// The bead that the environment names.
    pub bead: Option<BeadId>,
    /// The person asked for everything to go its way here and now: queues are worked through also where `auto_merge`
    /// is off.
    pub merges: bool,
    state: OnceCell<StateDb>,
    home: OnceCell<HomeId>,
}

impl OpenTown {
    /// Opens `town` for somebody in the folder `here`.
    ///
    /// # Errors
    /// When the settings cannot be read, or `GT_WORKER` and the worktree name different workers.
    pub fn open(town: Town, here: &Path, clock: Clock) -> Outcome<Self> {
        let acting = who::acting(&town, here)?;
        let settings = town.settings()?;
        Ok(Self::with(town, settings, acting, clock))
    }

    /// The same for verbs that mend the town: settings that break a rule are those that nobody set.
    ///
    /// # Errors
    /// As [`OpenTown::open`], without broken settings.
    pub fn open_to_mend(town: Town, here: &Path, clock: Clock) -> Outcome<Self> {
        match town.settings() {
            Err(error) if error.kind() == Kind::Invalid => {}
            _ => return Self::open(town, here, clock),
        }
        let acting = who::acting(&town, here)?;
        let settings = Settings { branch: branch_of(&town), ..Settings::defaults() };
        Ok(Self::with(town, settings, acting, clock))
    }

    fn with(town: Town, settings: Settings, acting: who::Acting, clock: Clock) -> Self {
        let ledger = Ledger::at(&town.root, &settings.branch, clock);
        let who::Acting { actor, lease, bead } = acting;
        let (state, home) = (OnceCell::new(), OnceCell::new());
        Self { town, settings, ledger, clock, actor, lease, bead, merges: false, state, home }
    }

    /// The same town once more, for another thread; nothing is read anew.
    pub fn again(&self) -> Self {
        Self {
            town: self.town.clone(),
            settings: self.settings.clone(),
            ledger: Ledger::at(&self.town.root, &self.settings.branch, self.clock),
            clock: self.clock,
            actor: self.actor.clone(),
            lease: self.lease.clone(),
            bead: self.bead.clone(),
            merges: self.merges,
            state: OnceCell::new(),
            home: OnceCell::new(),
        }
    }

    /// A rig by the name that a person typed.
    ///
    /// # Errors
    /// When there is none, or its file is broken.
    pub fn rig(&self, name: &str) -> Outcome<Rig> {
        Ok(self.town.rig(&name.parse()?)?)
    }

    /// The rig of this name, or all of them.
    ///
    /// # Errors
    /// When there is none, or the file of one is broken.
    pub fn rigs(&self, only: Option<&str>) -> Outcome<Vec<Rig>> {
        match only {
            Some(name) => Ok(vec![self.rig(name)?]),
            None => Ok(self.town.rigs()?),
        }
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
        put(&self.town.local_file(), local.render().as_bytes())?;
        Ok(local)
    }

    /// Keeps a copy of `local.toml`, and puts the file back from it when it is gone; true when it was put back.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn keep_local(&self) -> Outcome<bool> {
        let (file, kept) = (self.town.local_file(), self.town.kept_local_file());
        match (std::fs::read(&file).ok(), std::fs::read(&kept).ok()) {
            (None, Some(text)) => put(&file, &text).map(|()| true),
            // A broken file is not worth keeping, and what was kept of it is.
            (Some(text), before) if before.as_ref() != Some(&text) && self.town.local()?.is_some() => {
                put(&kept, &text).map(|()| false)
            }
            _ => Ok(false),
        }
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

    /// What the runtimes need to know of this town.
    ///
    /// # Errors
    /// When the socket's folder cannot be made or this program not be found.
    pub fn place(&self) -> Outcome<Place> {
        let program = self.program()?;
        let pane_died = vec![
            program.display().to_string(),
            "--town".to_owned(),
            self.town.root.display().to_string(),
            "tick".to_owned(),
            "--quiet".to_owned(),
        ];
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
    /// As [`OpenTown::place`].
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
        std::env::current_exe()
            .map_err(|error| Failure::caused(Kind::External, "cannot tell which program gt is", error))
    }

    /// Appends an event to the stream that `gt feed` shows. A stream that cannot be written stops no verb.
    #[expect(clippy::too_many_arguments, reason = "a struct at each of its many callers would say every name twice")]
    pub fn event(
        &self,
        kind: &str,
        actor: &Actor,
        bead: Option<&BeadId>,
        rig: Option<&RigName>,
        text: impl Into<String>,
    ) {
        self.record(&NewEvent {
            at: self.now(),
            kind: kind.to_owned(),
            actor: actor.clone(),
            bead: bead.cloned(),
            rig: rig.cloned(),
            text: text.into(),
            json: None,
        });
    }

    /// The same for an event with details for programs.
    pub fn record(&self, event: &NewEvent) {
        let recorded = self.state().and_then(|state| Ok(state.add_event(event)?));
        if let Err(error) = recorded {
            tracing::warn!("an event was not recorded: {error}");
        }
    }
}

/// The ledger's branch as the file of settings names it, also where that is broken otherwise, else the one that is
/// checked out.
pub fn branch_of(town: &Town) -> String {
    let named = || {
        let text = std::fs::read_to_string(town.town_file()).ok()?;
        Some(text.parse::<toml::Table>().ok()?.get("branch")?.as_str()?.to_owned())
    };
    let checked_out = || Some(crate::git::objects::head_ref(&town.git_dir())?.strip_prefix("refs/heads/")?.to_owned());
    named().or_else(checked_out).unwrap_or_else(|| Settings::defaults().branch)
}

fn put(path: &Path, text: &[u8]) -> Outcome<()> {
    store::write_atomic(path, text, 0o644)
        .map_err(|error| Failure::caused(Kind::External, format!("cannot write {}", path.display()), error))
}

impl std::fmt::Debug for OpenTown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenTown").field("root", &self.town.root).field("actor", &self.actor).finish_non_exhaustive()
    }
}

/// Tells a failure the reason for which nothing can be written in the town, when there is one, as its first hint: the
/// programs and libraries say it in many ways, and some not at all.
pub fn explain(town: &Town, failure: &mut Failure) {
    if matches!(failure.kind, Kind::External | Kind::Corrupt | Kind::Internal)
        && let Some(reason) = store::hindrance(&town.root)
    {
        failure.hints.retain(|hint| hint != store::SEE_TO_THE_DISK);
        failure.hints.insert(0, format!("{reason}; see to that, then do it again"));
    }
}
