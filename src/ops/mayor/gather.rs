//! What a planner is told, and what its plan is checked against.

use std::collections::BTreeSet;
use std::time::Duration;

use super::outline::outline;
use crate::agent::prompt::{PlanContext, PlanRig};
use crate::bead::Bead;
use crate::bead::similar::Words;
use crate::error::{Failure, Kind, Outcome};
use crate::git::{Git, Oid, bare};
use crate::id::{BeadId, RigName};
use crate::ledger::{BeadQuery, Snapshot};
use crate::mayor::{Facts, Finding, Plan, check, schema};
use crate::ops::prime::word;
use crate::ops::target::Target;
use crate::ops::{OpenTown, Talk, roles};
use crate::town::Rig;

/// How long to wait for a remote; a planner may look at what was fetched last.
const NETWORK: Duration = Duration::from_secs(60);
/// The most lines for the files of one rig, before the prompt's own limit of bytes.
const TREE_LINES: usize = 1_500;
/// The most bytes of a README that are looked at.
const README_BYTES: usize = 64 * 1024;
/// The most beads of one plan: more cannot be looked over by a person.
const MOST_BEADS: usize = 60;

/// The rigs that a goal may be planned in, and the one for beads that name none.
pub(super) struct Scope {
    /// All that are not parked, or the one that the person named.
    pub rigs: Vec<Rig>,
    /// The rig of the plan.
    pub rig: Option<RigName>,
}

impl Scope {
    /// The rig that the person named, else every rig that is not parked.
    pub fn of(open: &OpenTown, named: Option<&str>) -> Outcome<Self> {
        if let Some(name) = named {
            let rig = open.rig(name)?;
            if rig.parked {
                return Err(Failure::new(Kind::Refused, format!("the rig {} is parked", rig.name))
                    .hint(format!("`gt rig unpark {}` lets work start there again", rig.name)));
            }
            return Ok(Self { rig: Some(rig.name.clone()), rigs: vec![rig] });
        }
        let rigs: Vec<Rig> = open.town.rigs()?.into_iter().filter(|rig| !rig.parked).collect();
        if rigs.is_empty() {
            return Err(Failure::new(Kind::NotFound, "the town has no rig to plan for")
                .hint("add one: gt rig add NAME URL|PATH"));
        }
        let rig = if let [only] = rigs.as_slice() { Some(only.name.clone()) } else { None };
        Ok(Self { rigs, rig })
    }

    /// What the planner is told.
    pub fn context(&self, open: &OpenTown, goal: &str, talk: &mut dyn Talk) -> Outcome<PlanContext> {
        let rigs = self.rigs.iter().map(|rig| look(open, rig, talk)).collect::<Outcome<Vec<_>>>()?;
        let beads = unfinished(&open.snapshot()?)?;
        let line = |bead: &Bead| format!("{} {}: {}", bead.id, word(bead.status()), bead.title);
        let open_beads = beads.iter().map(line).collect();
        Ok(PlanContext { goal: goal.to_owned(), rigs, open_beads, schema: self.schema(open) })
    }

    /// What an answer must look like.
    pub fn schema(&self, open: &OpenTown) -> String {
        schema(&roles::all(open), self.rigs.iter().map(|rig| &rig.name))
    }

    /// Everything to say about a plan, held against one state of the ledger.
    pub fn check(&self, open: &OpenTown, snapshot: &Snapshot, plan: &Plan) -> Outcome<Vec<Finding>> {
        let ids: BTreeSet<BeadId> = snapshot.ids()?.iter().filter_map(|(id, _)| id.parse().ok()).collect();
        let beads = unfinished(snapshot)?;
        let facts = Facts {
            rigs: self.rigs.iter().map(|rig| rig.name.clone()).collect(),
            rig: self.rig.clone(),
            roles: roles::all(open).into_iter().collect(),
            beads: &ids,
            words: &Words::of(&beads),
            limit: MOST_BEADS,
        };
        Ok(check(plan, &facts))
    }
}

fn unfinished(snapshot: &Snapshot) -> Outcome<Vec<Bead>> {
    snapshot.beads(&BeadQuery::not_closed())
}

/// A rig as it is in its target. A remote that cannot be reached is told, and what was fetched last is used.
fn look(open: &OpenTown, rig: &Rig, talk: &mut dyn Talk) -> Outcome<PlanRig> {
    let target = Target::of(open, rig);
    talk.step(&format!("looking at {}", rig.name));
    if let Err(error) = bare::fetch(&target.repo, Some(NETWORK)) {
        talk.warn(&format!("{} is planned from what was fetched last: {error}", rig.name));
    }
    let tip = newest(&target)?;
    let files = files(&target, &tip)?;
    Ok(PlanRig {
        name: rig.name.to_string(),
        branch: rig.branch.clone(),
        gates: rig.gates.iter().map(|gate| gate.run.clone()).collect(),
        readme: readme(&target, &tip, &files),
        tree: outline(&files, TREE_LINES),
    })
}

/// The target, or what the person committed on top of it and the refinery has not taken in yet.
fn newest(target: &Target) -> Outcome<Oid> {
    let own = target.tip()?;
    let theirs = bare::ref_tip(&target.repo, &target.tracking())?;
    Ok(match theirs {
        Some(theirs) if bare::is_ancestor(&target.repo, &own, &theirs)? => theirs,
        _ => own,
    })
}

fn files(target: &Target, tip: &Oid) -> Outcome<Vec<String>> {
    let listed = Git::on(&target.repo).raw(&["ls-tree", "-r", "--name-only", "-z", tip.as_str()])?;
    let names = listed.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    // A name may hold anything but NUL; it must stay one line.
    Ok(names.map(|name| String::from_utf8_lossy(name).replace(['\n', '\r'], "?")).collect())
}

/// The README at the top, if there is one that can be read.
fn readme(target: &Target, tip: &Oid, files: &[String]) -> String {
    let is_readme = |name: &&String| !name.contains('/') && name.to_lowercase().starts_with("readme");
    let Some(name) = files.iter().find(is_readme) else { return String::new() };
    let bytes = Git::on(&target.repo).raw(&["cat-file", "blob", &format!("{tip}:{name}")]).unwrap_or_default();
    String::from_utf8_lossy(&bytes[..bytes.len().min(README_BYTES)]).into_owned()
}
