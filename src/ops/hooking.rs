//! Hooking a bead to a worker: the one transaction behind `gt sling`, `gt hook --next` and the tick.

use serde::Serialize;

use super::{OpenTown, escalate, roster};
use crate::agent::Tuning;
use crate::bead::ready::{self, Row, Standing};
use crate::bead::{Bead, Claim};
use crate::env::commit_point;
use crate::error::{Failure, Kind, Outcome};
use crate::id::{Actor, BeadId, Lease, RigName, RoleName, WorkerRef};
use crate::ledger::Transaction;
use crate::scheduler::{self, Asked, Start};
use crate::town::{Reserved, Rig};

/// What a person wishes for a bead beside the worker.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// With this worker.
    pub worker: Option<WorkerRef>,
    /// In this rig.
    pub rig: Option<RigName>,
    /// By this agent.
    pub agent: Option<String>,
    /// With this model, this effort and the like.
    pub tuning: Tuning,
    /// From this branch instead of the target.
    pub from: Option<String>,
}

/// A bead on a hook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hooked {
    /// The bead.
    pub bead: BeadId,
    /// Its title.
    pub title: String,
    /// The worker.
    pub worker: WorkerRef,
    /// The token of this hooking.
    #[serde(skip)]
    pub lease: Lease,
    /// Whether the worker is new.
    pub new_worker: bool,
}

/// Hooks `id` as the scheduler decides, or says why not. Everything is checked inside the transaction, on the state
/// that it changes: of thirty processes that want the same bead or the same worker, one gets it.
///
/// # Errors
/// When the bead is not ready, nobody is free, or the agent is not installed.
pub fn hook(open: &OpenTown, by: &Actor, id: &BeadId, wish: &Wish) -> Outcome<Hooked> {
    hook_chosen(open, by, wish, &|tx, _| tx.bead(id))
}

/// Hooks the first ready bead that `worker` may take: of its rig and for `role`, most urgent first. Chosen inside the
/// transaction, so that of many that ask at once each gets another one.
///
/// # Errors
/// When nothing is ready for it, or it has a bead already.
pub fn hook_next(open: &OpenTown, worker: &WorkerRef, role: &RoleName) -> Outcome<Hooked> {
    let by = Actor::Worker(worker.clone());
    let wish = Wish { worker: Some(worker.clone()), ..Wish::default() };
    hook_chosen(open, &by, &wish, &|tx, rigs| first_ready(open, tx, rigs, worker, role))
}

fn hook_chosen(
    open: &OpenTown,
    by: &Actor,
    wish: &Wish,
    choose: &dyn Fn(&Transaction, &[Rig]) -> Outcome<Bead>,
) -> Outcome<Hooked> {
    let home = open.home()?.clone();
    let committed = open.ledger.transact(by, |tx| {
        let rigs = roster::rigs(tx.at_tip())?;
        let mut bead = choose(tx, &rigs)?;
        let start = admit(open, tx, &rigs, &bead, wish)?;
        let lease = Lease::random();
        if start.new {
            reserve(tx, &rigs, &start)?;
        }
        apply(&mut bead, wish);
        bead.hook(by, Claim { assignee: start.worker.clone(), lease: lease.clone(), home: home.clone() })?;
        tx.put(&bead);
        if by.is_person() || *by == Actor::Mayor {
            escalate::in_hand(tx, &bead.id)?;
        }
        tx.describe("sling", format!("sling {} to {}: {}", bead.id, start.worker.name, bead.title));
        Ok(Hooked { bead: bead.id, title: bead.title, worker: start.worker, lease, new_worker: start.new })
    })?;
    commit_point("sling.hooked");
    let hooked = committed.value;
    open.event(
        "bead.hooked",
        by,
        Some(&hooked.bead),
        Some(&hooked.worker.rig),
        format!("{} to {}", hooked.title, hooked.worker.name),
    );
    Ok(hooked)
}

fn first_ready(open: &OpenTown, tx: &Transaction, rigs: &[Rig], worker: &WorkerRef, role: &RoleName) -> Outcome<Bead> {
    if let Some(held) = tx.held_by(worker)?.into_iter().find(|held| held.status() == crate::bead::Status::Hooked) {
        return Err(Failure::new(Kind::Conflict, format!("{worker} has {} on its hook: {}", held.id, held.title))
            .hint("`gt prime` says what it is about; `gt done` hands it in"));
    }
    let prefix = rigs.iter().find(|rig| rig.name == worker.rig).map(|rig| rig.prefix.clone());
    let rows = roster::all_rows(tx.at_tip())?;
    let ready = ready::queue(&rows, &roster::readiness(open, rigs));
    let fits = |row: &&&Row| Some(row.id.prefix()) == prefix && row.role == *role;
    match ready.iter().find(fits) {
        Some(row) => tx.bead(&row.id),
        None => Err(Failure::new(Kind::NotFound, format!("nothing is ready for a {role} in {}", worker.rig))
            .hint("`gt ready --explain` says what each bead waits for")),
    }
}

fn admit(open: &OpenTown, tx: &Transaction, rigs: &[Rig], bead: &Bead, wish: &Wish) -> Outcome<Start> {
    if let Some(claim) = bead.claim() {
        return Err(Failure::new(Kind::Conflict, format!("{} is {}", bead.id, bead.state.describe()))
            .hint(format!("`gt unsling {}` takes it back from {}.", bead.id, claim.assignee.name)));
    }
    let account = roster::account_of(open, tx.at_tip(), bead, rigs)?;
    let town = roster::town(open, tx.at_tip(), rigs)?;
    let row = Row::from(bead);
    let asked = Asked { row: &row, account: &account, worker: wish.worker.as_ref(), rig: wish.rig.as_ref() };
    let start = scheduler::admit(&asked, &town).map_err(|refusal| {
        let failure = Failure::from(refusal);
        let failure = Failure { message: format!("{} cannot be slung: {}", bead.id, failure.message), ..failure };
        match account.standing {
            Standing::Failed { .. } => {
                failure.hint(format!("`gt bead reopen {} -m WHY`, once its cause is mended", bead.id))
            }
            _ if failure.hints.is_empty() => failure.hint(format!("`gt why {}` tells how it stands", bead.id)),
            _ => failure,
        }
    })?;
    if !tx.held_by(&start.worker)?.iter().all(|held| held.status() != crate::bead::Status::Hooked) {
        return Err(Failure::new(Kind::Conflict, format!("{} has a bead already", start.worker)));
    }
    Ok(start)
}

/// The bead as it would be hooked: with the agent that is wished for, and how that is to work.
pub(super) fn apply(bead: &mut Bead, wish: &Wish) {
    let tuning = &wish.tuning;
    let wishes = [
        (&mut bead.agent, &wish.agent),
        (&mut bead.model, &tuning.model),
        (&mut bead.effort, &tuning.effort),
        (&mut bead.profile, &tuning.profile),
        (&mut bead.from, &wish.from),
    ];
    for (field, wish) in wishes {
        if wish.is_some() {
            field.clone_from(wish);
        }
    }
    if !tuning.extra_args.is_empty() {
        bead.extra_args.clone_from(&tuning.extra_args);
    }
}

/// Reserves the name of a new worker for ever.
fn reserve(tx: &mut Transaction, rigs: &[Rig], start: &Start) -> Outcome<()> {
    let name = &start.worker.name;
    if let Some(rig) = rigs.iter().find(|rig| rig.names.contains_key(name)) {
        return Err(Failure::new(Kind::Conflict, format!("the name {name} is reserved in the rig {}", rig.name))
            .hint("Names of workers are unique in the town and never given twice; choose another."));
    }
    let mut rig = rigs
        .iter()
        .find(|rig| rig.name == start.worker.rig)
        .cloned()
        .ok_or_else(|| Failure::new(Kind::NotFound, format!("there is no rig {}", start.worker.rig)))?;
    rig.names.insert(name.clone(), Reserved::polecat(start.role.clone()));
    tx.put_text(rig.path(), rig.render());
    Ok(())
}
