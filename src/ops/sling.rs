//! `gt sling`: give beads to workers and start them.

use serde::Serialize;

use super::agents::choose;
use super::bead::create::{self, Alike, NewBead};
use super::hooking::{self, Hooked, Wish};
use super::launch::{self, Start};
use super::{Each, Many, OpenTown, Report, pass};
use crate::agent::Tuning;
use crate::bead::{Bead, lookup};
use crate::error::{Failure, Kind, Outcome};
use crate::id::BeadId;
use crate::ledger::Snapshot;

/// What the person typed.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Beads, or free text; the last word may be a rig or a worker.
    pub words: Vec<String>,
    /// By this agent.
    pub agent: Option<String>,
    /// With this model, this effort and the like.
    pub tuning: Tuning,
    /// From this branch instead of the target.
    pub from: Option<String>,
}

/// One bead that was slung.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Slung {
    /// The hooking.
    #[serde(flatten)]
    pub hooked: Hooked,
    /// What became of the start; none when it failed and the next tick tries again.
    pub start: Option<Start>,
    /// Why the start failed.
    pub warning: Option<String>,
    /// Open beads that are likely the same work.
    pub similar: Vec<Alike>,
}

impl Report for Slung {
    const SCHEMA: &'static str = "gt.sling/1";
}

/// Hooks each bead and starts its worker. One failure does not stop the others.
///
/// # Errors
/// When the words name no bead, or a rig or worker that does not exist.
pub fn sling(open: &OpenTown, request: &Request) -> Outcome<Many<Slung>> {
    let (ids, wish) = understand(open, request)?;
    let mut hooked: Vec<(String, Outcome<Hooked>)> = Vec::new();
    for id in ids {
        let named = |word: &String| !is_free_text(word);
        let outcome = hook_one(open, &id, &wish).map_err(|failure| match request.words.iter().all(named) {
            true => failure,
            // Said again in the same words it would be made twice.
            false => failure.hint(format!("the bead {id} is there; once that is mended: `gt sling {id}`")),
        });
        hooked.push((id.to_string(), outcome));
    }
    let items = start_all(open, hooked)?;
    pass::request(open);
    Ok(Many { items })
}

fn hook_one(open: &OpenTown, id: &BeadId, wish: &Wish) -> Outcome<Hooked> {
    let mut bead = open.snapshot()?.bead(id)?;
    let rig = match (&wish.worker, &wish.rig) {
        (Some(worker), _) => open.town.rig(&worker.rig)?,
        (None, Some(rig)) => open.town.rig(rig)?,
        (None, None) => open.rig_of(&id.prefix())?,
    };
    hooking::apply(&mut bead, wish);
    choose::agent_for(open, &open.settings_for(&rig)?, &bead, None)?;
    hooking::hook(open, &open.actor, id, wish)
}

/// Starts what was hooked; a start that fails is a warning, because the next tick tries again.
fn start_all(open: &OpenTown, outcomes: Vec<(String, Outcome<Hooked>)>) -> Outcome<Vec<Each<Slung>>> {
    let hooked = outcomes.iter().filter_map(|(_, outcome)| outcome.as_ref().ok().cloned()).collect();
    let mut starts = launch::start_all(open, hooked).into_iter();
    let snapshot = open.snapshot()?;
    let mut items = Vec::new();
    for (id, outcome) in outcomes {
        let slung = outcome.and_then(|_| {
            let (hooked, start) = starts.next().expect("one start for each hooking");
            let similar = create::alike(&snapshot, &hooked.title, "", Some(&hooked.bead))?;
            let warning = start.as_ref().err().map(ToString::to_string);
            Ok(Slung { hooked, start: start.ok(), warning, similar })
        });
        items.push(Each { id, outcome: slung });
    }
    Ok(items)
}

/// Tells beads, free text, rig and worker apart.
fn understand(open: &OpenTown, request: &Request) -> Outcome<(Vec<BeadId>, Wish)> {
    let mut wish = Wish {
        agent: request.agent.clone(),
        tuning: request.tuning.clone(),
        from: request.from.clone(),
        ..Wish::default()
    };
    let mut words = request.words.clone();
    if words.len() > 1
        && let Some(last) = words.last()
        && destination(open, last, &mut wish)?
    {
        words.pop();
    }
    let snapshot = open.snapshot()?;
    let mut ids = Vec::new();
    for word in &words {
        ids.push(match open.bead_id(&snapshot, word) {
            Ok(id) => id,
            Err(failure) if is_free_text(word) && failure.kind == Kind::NotFound => made(open, word, &wish)?,
            Err(failure) if failure.kind == Kind::NotFound && words.len() > 1 && Some(word) == words.last() => {
                return Err(no_such_last(open, &snapshot, word, failure));
            }
            Err(failure) => return Err(failure),
        });
    }
    if ids.is_empty() {
        return Err(Failure::new(Kind::Usage, "no bead to sling was named").hint("`gt sling BEAD... [RIG|WORKER]`"));
    }
    if wish.worker.is_some() && ids.len() > 1 {
        return Err(
            Failure::new(Kind::Usage, "a worker takes one bead at a time").hint("Name a rig instead, or one bead.")
        );
    }
    Ok((ids, wish))
}

/// Whether the last word is a rig or a worker; it goes into the wish then.
fn destination(open: &OpenTown, word: &str, wish: &mut Wish) -> Outcome<bool> {
    if let Ok(name) = word.parse()
        && let Ok(rig) = open.town.rig(&name)
    {
        wish.rig = Some(rig.name);
        return Ok(true);
    }
    if let Some(worker) = open.find_worker(word)? {
        wish.worker = Some(worker);
        return Ok(true);
    }
    // `web/newname` names a worker that is to be made.
    if let Some((rig, name)) = word.split_once('/')
        && let (Ok(rig), Ok(name)) = (rig.parse(), name.parse())
    {
        let rig = open.town.rig(&rig)?;
        wish.worker = Some(crate::id::WorkerRef::polecat(rig.name, name));
        return Ok(true);
    }
    Ok(false)
}

/// The last of several words may be a bead, a rig or a worker: what it is most like is named.
fn no_such_last(open: &OpenTown, snapshot: &Snapshot, word: &str, failure: Failure) -> Failure {
    let rigs = open.town.rig_names().unwrap_or_default();
    let workers = open.worker_names().unwrap_or_default();
    let beads = snapshot.ids().unwrap_or_default();
    let places = rigs.iter().map(ToString::to_string).chain(workers.iter().map(|worker| worker.name.to_string()));
    let known: Vec<String> = places.chain(beads.into_iter().map(|(id, _)| id)).collect();
    match lookup::nearest(word, known.iter().map(String::as_str)) {
        Some(near) if near.parse::<BeadId>().is_ok() => failure,
        near => {
            let unknown = Failure::new(Kind::NotFound, format!("there is no bead, rig or worker {word:?}"));
            match near {
                Some(near) => unknown.hint(format!("Did you mean {near}?")),
                None => unknown.hint("`gt list` shows the beads, `gt rig list` and `gt polecat list` who may get them"),
            }
        }
    }
}

/// A sentence, not a misspelt id: it has a blank in it.
fn is_free_text(word: &str) -> bool {
    word.trim().contains(char::is_whitespace)
}

/// The bead of a sentence. That nobody could work on it is said before it is made: slung again it would be made twice.
fn made(open: &OpenTown, title: &str, wish: &Wish) -> Outcome<BeadId> {
    let named = wish.rig.as_ref().or(wish.worker.as_ref().map(|worker| &worker.rig));
    let rig = match (named, open.town.rig_names()?.as_slice()) {
        (Some(name), _) | (None, [name]) => Some(open.town.rig(name)?),
        (None, _) => None,
    };
    if let Some(rig) = &rig {
        let mut bead = Bead::new(BeadId::random(&rig.prefix, 5), title, open.now());
        hooking::apply(&mut bead, wish);
        choose::agent_for(open, &open.settings_for(rig)?, &bead, None)?;
    }
    Ok(create::create(open, &NewBead::titled(title, named.map(ToString::to_string)))?.id)
}
