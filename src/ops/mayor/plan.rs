//! `gt mayor plan`: breaks a goal into beads.
//!
//! Two steps, with the person between them: [`propose`] asks the planner and checks what it answers, and
//! [`Proposal::write`] puts epic, beads, needs and convoy into the ledger in one transaction, after the same checks on
//! the state that it changes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::gather::Scope;
use crate::agent::prompt::{Prompts, RepairContext};
use crate::convoy::{Convoy, ConvoyId};
use crate::env::commit_point;
use crate::error::{Failure, Kind, Outcome};
use crate::id::{Actor, BeadId, Prefix, RigName, RoleName, SessionId};
use crate::ledger::Transaction;
use crate::mayor::{Draft, Finding, Plan, Weight, parse};
use crate::ops::agents::choose;
use crate::ops::ask::{Adviser, Question};
use crate::ops::{OpenTown, Report, Talk, pass};
use crate::store::write_atomic;

/// What the person wants.
#[derive(Debug, Clone)]
pub struct Request {
    /// The goal, in the person's words.
    pub goal: String,
    /// The rig to plan for; when not given, the planner may spread the beads over all of them.
    pub rig: Option<String>,
}

/// How the convoy of a plan goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Feeding {
    /// Whether the tick starts its ready beads.
    pub feed: bool,
    /// The most workers at its beads at once.
    pub workers: Option<u32>,
}

/// A plan that passed its checks, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Planned {
    /// The goal.
    pub goal: String,
    /// The rig for beads that name none.
    pub rig: Option<RigName>,
    /// The agent that made the plan.
    pub planner: String,
    /// The plan.
    pub plan: Plan,
    /// What a person should look at.
    pub warnings: Vec<Finding>,
    /// What was written; none after `--dry-run`.
    pub written: Option<Written>,
}

/// What a plan became.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Written {
    /// The convoy.
    pub convoy: ConvoyId,
    /// The epic, where there are several beads.
    pub epic: Option<BeadId>,
    /// The bead of each key.
    pub beads: BTreeMap<String, BeadId>,
    /// Whether its ready beads are started.
    pub feed: bool,
}

impl Report for Planned {
    const SCHEMA: &'static str = "gt.mayor.plan/1";
}

/// A plan that waits for the person's word.
pub struct Proposal {
    scope: Scope,
    report: Planned,
}

/// Asks for a plan; once more, with what is wrong, when it cannot be used. Nothing is written.
///
/// # Errors
/// When there is no rig, nobody can be asked, or both answers cannot be used; the answers are kept in files then.
pub fn propose(open: &OpenTown, request: &Request, talk: &mut dyn Talk) -> Outcome<Proposal> {
    let goal = request.goal.trim();
    if goal.is_empty() {
        return Err(
            Failure::new(Kind::Usage, "there is no goal to plan").hint("`gt mayor plan \"Add login with tests\"`")
        );
    }
    let scope = Scope::of(open, request.rig.as_deref())?;
    let planner = Adviser::planner(open)?;
    let context = scope.context(open, goal, talk)?;
    let prompts = Prompts::of(open.town.templates_dir());
    let prompt = prompts.plan(&context, open.settings.mayor.context as usize)?;
    let desk = Desk::new(open, goal)?;
    let first = desk.ask(&planner, "plan", &prompt, talk)?;
    let (plan, warnings) = match read(open, &scope, &first)? {
        Ok(good) => good,
        Err(errors) => {
            talk.note(&format!("the plan cannot be used, asking once more: {}", errors.join("; ")));
            let repair = RepairContext { goal: goal.to_owned(), answer: first, errors, schema: context.schema };
            let second = desk.ask(&planner, "repair", &prompts.plan_repair(&repair)?, talk)?;
            read(open, &scope, &second)?.map_err(|errors| desk.unusable(&planner, &errors))?
        }
    };
    desk.clear();
    let report = Planned {
        goal: goal.to_owned(),
        rig: scope.rig.clone(),
        planner: planner.name().to_owned(),
        plan,
        warnings,
        written: None,
    };
    Ok(Proposal { scope, report })
}

/// A plan with its warnings, or everything that is wrong with an answer.
type Reading = Result<(Plan, Vec<Finding>), Vec<String>>;

/// The plan in an answer with its warnings, or everything that is wrong with it.
fn read(open: &OpenTown, scope: &Scope, answer: &str) -> Outcome<Reading> {
    let plan = match parse(answer) {
        Ok(plan) => plan,
        Err(defects) => return Ok(Err(defects.0.iter().map(ToString::to_string).collect())),
    };
    let findings = scope.check(open, &open.snapshot()?, &plan)?;
    let (errors, warnings): (Vec<_>, Vec<_>) =
        findings.into_iter().partition(|finding| finding.weight == Weight::Error);
    Ok(if errors.is_empty() { Ok((plan, warnings)) } else { Err(errors.iter().map(ToString::to_string).collect()) })
}

/// Where the words of one planning are kept until it went well.
struct Desk {
    folder: PathBuf,
    title: String,
}

impl Desk {
    fn new(open: &OpenTown, goal: &str) -> Outcome<Self> {
        let folder = open.town.logs_dir().join("mayor").join(SessionId::random().as_str());
        let title = goal.lines().next().unwrap_or_default().to_owned();
        Ok(Self { folder, title })
    }

    fn ask(&self, planner: &Adviser<'_>, step: &str, prompt: &str, talk: &mut dyn Talk) -> Outcome<String> {
        talk.step(&format!("{} thinks about a {step}", planner.name()));
        let folder = self.folder.join(step);
        std::fs::create_dir_all(&folder).map_err(|error| cannot("make", &folder, error))?;
        self.keep(&folder.join("prompt.md"), prompt)?;
        let answer = planner.ask(&Question { title: &self.title, prompt, folder: &folder, conversation: None }, talk);
        // Whether an agent or a model answered, its words stand in the same place.
        if let Ok(answer) = &answer {
            self.keep(&folder.join("answer.md"), answer)?;
        }
        answer
    }

    fn keep(&self, path: &Path, text: &str) -> Outcome<()> {
        write_atomic(path, text.as_bytes(), 0o600).map_err(|error| cannot("write", path, error))
    }

    fn unusable(&self, planner: &Adviser<'_>, errors: &[String]) -> Failure {
        let message =
            format!("{} gave no plan that can be used, also when asked again: {}", planner.name(), errors.join("; "));
        Failure::new(Kind::External, message)
            .hint(format!("its words are kept in {}", self.folder.join("repair/answer.md").display()))
            .hint("say the goal more precisely, or plan with another agent: `gt config set mayor.agent NAME`")
    }

    /// What could be used needs no keeping. What cannot be removed does no harm.
    fn clear(&self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn cannot(action: &str, path: &Path, error: std::io::Error) -> Failure {
    Failure::caused(Kind::External, format!("cannot {action} {}", path.display()), error)
}

impl Proposal {
    /// The plan, as far as it is.
    pub fn report(&self) -> &Planned {
        &self.report
    }

    /// The plan without writing it.
    pub fn into_report(self) -> Planned {
        self.report
    }

    /// Writes epic, beads, needs and convoy, all or nothing.
    ///
    /// # Errors
    /// When the plan does not fit the ledger any more, or the ledger cannot be written.
    pub fn write(mut self, open: &OpenTown, feeding: Feeding) -> Outcome<Planned> {
        let (plan, by) = (&self.report.plan, Actor::Mayor);
        if feeding.feed {
            self.check_agents(open)?;
        }
        let committed = open.ledger.transact(&by, |tx| {
            let findings = self.scope.check(open, tx.at_tip(), plan)?;
            if let Some(finding) = findings.iter().find(|finding| finding.weight == Weight::Error) {
                return Err(Failure::new(Kind::Conflict, format!("the plan does not fit any more: {finding}"))
                    .hint("the ledger changed while the plan was made: plan again"));
            }
            let (written, convoy) = self.put(tx, feeding)?;
            let count = written.beads.len();
            tx.describe("plan", format!("plan {}: {} ({count} beads)", written.convoy, convoy.title));
            Ok(written)
        })?;
        commit_point("plan.written");
        let written = committed.value;
        let text = format!("{}: {} ({} beads)", written.convoy, plan.title, written.beads.len());
        open.event("plan.written", &by, written.epic.as_ref(), self.report.rig.as_ref(), text);
        if written.feed {
            pass::request(open);
        }
        self.report.written = Some(written);
        Ok(self.report)
    }

    /// What is to be started must have somebody who can work on it.
    fn check_agents(&self, open: &OpenTown) -> Outcome<()> {
        let plan = &self.report.plan;
        let wanted: BTreeSet<(Option<&RigName>, &RoleName)> =
            plan.beads.iter().map(|draft| (draft.rig.as_ref().or(self.scope.rig.as_ref()), &draft.role)).collect();
        for (name, role) in wanted {
            if let Some(rig) = self.scope.rigs.iter().find(|rig| Some(&rig.name) == name) {
                choose::agent_of_role(open, rig, role)?;
            }
        }
        Ok(())
    }

    fn put(&self, tx: &mut Transaction, feeding: Feeding) -> Outcome<(Written, Convoy)> {
        let plan = &self.report.plan;
        let mut taken = BTreeSet::new();
        let mut beads = BTreeMap::new();
        for draft in &plan.beads {
            beads.insert(draft.key.clone(), fresh(tx, &self.prefix(draft)?, &mut taken)?);
        }
        let epic = match plan.beads.len() {
            0 | 1 => None,
            _ => Some(fresh(tx, &self.epic_prefix()?, &mut taken)?),
        };
        let made = plan.to_beads(&beads, epic.as_ref(), &self.report.goal, tx.now());
        made.iter().for_each(|bead| tx.put(bead));
        let convoy = Convoy {
            goal: self.report.goal.clone(),
            rig: self.rig(),
            epic: epic.clone(),
            members: beads.values().cloned().collect(),
            workers: feeding.workers,
            feed: feeding.feed,
            ..Convoy::new(fresh_convoy(tx)?, plan.title.clone(), tx.now())
        };
        tx.put(&convoy);
        Ok((Written { convoy: convoy.id.clone(), epic, beads, feed: feeding.feed }, convoy))
    }

    /// The rig that all of it is about.
    fn rig(&self) -> Option<RigName> {
        let named: BTreeSet<Option<&RigName>> =
            self.report.plan.beads.iter().map(|draft| draft.rig.as_ref().or(self.scope.rig.as_ref())).collect();
        if named.len() == 1 { named.into_iter().next().flatten().cloned() } else { None }
    }

    fn prefix(&self, draft: &Draft) -> Outcome<Prefix> {
        let name = draft.rig.as_ref().or(self.scope.rig.as_ref());
        let rig = self.scope.rigs.iter().find(|rig| Some(&rig.name) == name);
        rig.map(|rig| rig.prefix.clone())
            .ok_or_else(|| Failure::new(Kind::Internal, format!("the bead {} of the plan has no rig", draft.key)))
    }

    /// An epic over several rigs is the town's own.
    fn epic_prefix(&self) -> Outcome<Prefix> {
        let prefixes =
            self.report.plan.beads.iter().map(|draft| self.prefix(draft)).collect::<Outcome<BTreeSet<_>>>()?;
        let mut prefixes = prefixes.into_iter();
        Ok(match (prefixes.next(), prefixes.next()) {
            (Some(only), None) => only,
            _ => Prefix::town(),
        })
    }
}

/// A free id that none of the others got either.
fn fresh(tx: &Transaction, prefix: &Prefix, taken: &mut BTreeSet<BeadId>) -> Outcome<BeadId> {
    loop {
        let id = tx.new_bead_id(prefix)?;
        if taken.insert(id.clone()) {
            return Ok(id);
        }
    }
}

fn fresh_convoy(tx: &Transaction) -> Outcome<ConvoyId> {
    loop {
        let id = ConvoyId::random();
        if tx.text(&id.path())?.is_none() {
            return Ok(id);
        }
    }
}
