//! `gt mayor plan`.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cli::interrupt::{Stands, ends_commands};
use crate::cli::{Call, Label, Perform, Render, Text, Ui, Unattended, complete};
use crate::convoy::ConvoyId;
use crate::error::{Failure, Kind, Outcome};
use crate::id::BeadId;
use crate::mayor::Draft;
use crate::ops::mayor::plan::{Feeding, Planned, Request, propose};
use crate::ops::{OpenTown, Report};

/// Break a goal into beads
///
/// The planner is the setting `mayor.agent`, else the town's agent. It is shown the files, the README, the gates and
/// the open beads. Its plan is checked and shown before anything is written.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// What is to be reached
    goal: String,
    /// The rig to plan for; when not given, the beads may be spread over all rigs
    #[arg(long, short = 'r', value_name = "RIG", add = complete::rigs())]
    rig: Option<String>,
    /// Show the plan and stop
    #[arg(long)]
    dry_run: bool,
    /// Write the plan without asking
    #[arg(short, long)]
    yes: bool,
    /// Start the beads that are ready, and the others as they become so
    #[arg(long, conflicts_with = "dry_run")]
    sling: bool,
}

impl Perform for Args {
    type Report = Shown;

    fn perform(self, call: &mut Call) -> Outcome<Shown> {
        let open = call.open()?;
        let _interruptible = ends_commands(&open, Stands::unplanned())?;
        let request = Request { goal: self.goal, rig: self.rig };
        if self.dry_run {
            let planned = propose(&open, &request, &mut call.ui)?.into_report();
            return Ok(Shown { planned, seen: false });
        }
        agreed(&open, call, &request, self.yes, Feeding { feed: self.sling, workers: None })
    }
}

/// Makes a plan, shows it to the person, and writes it when they agree.
///
/// # Errors
/// When no plan can be had, nobody is there to agree, or the person does not.
pub(in crate::cli) fn agreed(
    open: &OpenTown,
    call: &mut Call,
    request: &Request,
    yes: bool,
    feeding: Feeding,
) -> Outcome<Shown> {
    let ui = &mut call.ui;
    if !yes && !ui.is_attended() {
        // Said before the planner is asked: its answer may cost money.
        return Err(Failure::new(Kind::Usage, "there is nobody to ask whether the plan is right; nothing was written")
            .hint("`--yes` writes it without asking; `gt mayor plan --dry-run` only shows it"));
    }
    let proposal = propose(open, request, ui)?;
    ui.end_step();
    if !yes {
        draw(ui, proposal.report());
        if !ui.confirm("Write these beads?", true, Unattended::Refuse("--yes"))? {
            return Err(Failure::new(Kind::Refused, "nothing was written, as you said"));
        }
    }
    Ok(Shown { planned: proposal.write(open, feeding)?, seen: !yes })
}

/// A plan, and whether the person has seen it already.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(in crate::cli) struct Shown {
    /// The plan.
    pub planned: Planned,
    #[serde(skip)]
    seen: bool,
}

impl Shown {
    /// The convoy that the plan became.
    pub fn convoy(&self) -> Option<&ConvoyId> {
        self.planned.written.as_ref().map(|written| &written.convoy)
    }
}

impl Report for Shown {
    const SCHEMA: &'static str = Planned::SCHEMA;
}

impl Render for Shown {
    fn render(&self, ui: &mut Ui) {
        if !self.seen {
            draw(ui, &self.planned);
        }
        let Some(written) = &self.planned.written else {
            ui.hint("nothing was written");
            return;
        };
        let count = match written.beads.len() {
            1 => "1 bead".to_owned(),
            count => format!("{count} beads"),
        };
        let line = Text::from("Wrote ").plain(count).plain(" as the convoy ").id(&written.convoy);
        ui.line(match &written.epic {
            Some(epic) => line.plain(" under the epic ").id(epic),
            None => line,
        });
        if self.seen {
            for draft in &self.planned.plan.beads {
                ui.line(Text::from("  ").id(&written.beads[&draft.key]).plain(" ").title(&draft.title));
            }
        }
        if !written.feed {
            ui.hint(format!("`gt run --resume {}` works on it; `gt sling BEAD` starts single beads", written.convoy));
        }
    }
}

/// The plan as a tree: the goal, below it each bead in an order in which they can be done, with what it needs and how
/// one sees that it is done.
pub(in crate::cli) fn draw(ui: &mut Ui, planned: &Planned) {
    let plan = &planned.plan;
    let ids = planned.written.as_ref().map(|written| &written.beads);
    ui.line(Text::new().heading(&plan.title).faint(format_args!("  planned by {}", planned.planner)));
    let ordered = in_order(&plan.beads);
    for (place, draft) in ordered.iter().enumerate() {
        let (branch, below) = if place + 1 == ordered.len() { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        ui.line(Text::new().faint(branch).join(headline(planned, draft, ids)));
        let tick = Text::new().faint(below).faint("  done when: ");
        let margin = Text::new().faint(below).plain(" ".repeat(tick.width() - below.chars().count()));
        for line in draft.acceptance.lines().filter(|line| !line.trim().is_empty()) {
            ui.hang(tick.clone(), &margin, Label::Faint, line.trim());
        }
    }
    for warning in &planned.warnings {
        ui.warning(warning);
    }
}

fn headline(planned: &Planned, draft: &Draft, ids: Option<&BTreeMap<String, BeadId>>) -> Text {
    let name = |key: &str| match ids.and_then(|ids| ids.get(key)) {
        Some(id) => id.to_string(),
        None => key.to_owned(),
    };
    let line = Text::new().id(name(&draft.key)).plain("  ").title(&draft.title).plain("  ").name(&draft.role);
    let line = match &draft.rig {
        Some(rig) if planned.rig.as_ref() != Some(rig) => line.plain(" in ").name(rig),
        _ => line,
    };
    if draft.needs.is_empty() {
        return line;
    }
    let needs: Vec<String> = draft.needs.iter().map(|need| name(need)).collect();
    line.faint("  needs ").id(needs.join(", "))
}

/// Each after what it needs, else as the planner put them.
fn in_order(drafts: &[Draft]) -> Vec<&Draft> {
    let mut left: Vec<&Draft> = drafts.iter().collect();
    let mut ordered = Vec::new();
    while !left.is_empty() {
        let waits = |draft: &Draft| left.iter().any(|other| draft.needs.contains(&other.key));
        // A plan with a circle does not get here; it would be shown as it is.
        let next = left.iter().position(|draft| !waits(draft)).unwrap_or(0);
        ordered.push(left.remove(next));
    }
    ordered
}
