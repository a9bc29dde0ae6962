//! `gt rig add`.

use clap::ValueHint;

use crate::cli::interrupt::{Stands, ends_commands};
use crate::cli::{Call, Label, Perform, Render, Text, Ui, Unattended};
use crate::error::{Failure, Kind, Outcome};
use crate::id::RoleName;
use crate::ops::rig::add::{self, Added, Addition, Request};
use crate::ops::rig::gates;
use crate::ops::rig::trial::{self, Trial, Tried};

/// Take a repository in
///
/// The repository is fetched with your own git and credentials. It may be one that you work in: what lands is
/// then delivered to your checkout when nothing there is in the way.
///
/// Set-up commands and gates are guessed from its files when you give none, shown, and asked for on a
/// terminal.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The name of the rig
    name: String,
    /// Where it comes from
    #[arg(value_name = "URL|PATH", value_hint = ValueHint::AnyPath)]
    from: String,
    /// The first part of its beads' ids, fixed for ever; made from the name when not given
    #[arg(long)]
    prefix: Option<String>,
    /// The branch that work lands on; the one that the repository's HEAD is on when not given
    #[arg(long)]
    branch: Option<String>,
    /// A command that must pass before anything lands; may be given several times
    #[arg(long = "gate", value_name = "COMMAND", conflicts_with = "no_gates")]
    gates: Vec<String>,
    /// Land whatever merges
    #[arg(long)]
    no_gates: bool,
    /// A command that makes a fresh worktree fit for work; may be given several times
    #[arg(long, value_name = "COMMAND", conflicts_with = "no_setup")]
    setup: Vec<String>,
    /// Fresh worktrees need no set-up
    #[arg(long)]
    no_setup: bool,
    /// An ignored file of yours to copy into each worktree, such as `.env`
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    copy: Vec<String>,
    /// An ignored file or folder of yours to link into each worktree
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    link: Vec<String>,
    /// An ignored path that survives when a worktree is reused, such as `target`
    #[arg(long, value_name = "PATH")]
    keep: Vec<String>,
    /// How many workers of a role at once, such as `developer=2,tester=1`
    #[arg(long, value_name = "ROLE=N", value_delimiter = ',', value_parser = pool)]
    workers: Vec<(RoleName, u32)>,
    /// The agent that works in this rig
    #[arg(long)]
    agent: Option<String>,
    /// Take what was guessed without asking
    #[arg(short, long)]
    yes: bool,
    /// Do not run set-up and gates now to see whether the target is green
    #[arg(long)]
    no_run: bool,
    /// Show what would be registered and stop
    #[arg(long)]
    dry_run: bool,
}

impl Perform for Args {
    type Report = Added;

    fn perform(self, call: &mut Call) -> Outcome<Added> {
        let open = call.open()?;
        let interruptible = ends_commands(&open, not_added(&self.name))?;
        let (yes, dry_run, no_run) = (self.yes, self.dry_run, self.no_run);
        let request = self.request(call)?;
        let mut addition = add::begin(&open, &request, &mut call.ui)?;
        if dry_run {
            return Ok(addition.report());
        }
        if !addition.reasons.is_empty() {
            offer(&mut call.ui, &mut addition, yes)?;
        }
        let mut added = addition.register()?;
        if !no_run {
            interruptible.stand(not_tried(added.rig.name.as_str()));
            // The rig is one by now: a trial that cannot be made is no reason to fail.
            match trial::run(&open, &added.rig, &added.tip, &mut call.ui) {
                Ok(trial) => added.trial = Some(trial),
                Err(failure) => call.ui.warning(format!("set-up and gates were not run: {failure}")),
            }
        }
        Ok(added)
    }
}

impl Args {
    fn request(self, call: &Call) -> Outcome<Request> {
        let given =
            |commands: Vec<String>, none: bool| if none || !commands.is_empty() { Some(commands) } else { None };
        Ok(Request {
            name: self.name,
            from: self.from,
            here: call.here()?,
            prefix: self.prefix,
            branch: self.branch,
            setup: given(self.setup, self.no_setup),
            gates: given(self.gates, self.no_gates).map(|commands| gates::from_commands(&commands)).transpose()?,
            copy: self.copy,
            link: self.link,
            keep: self.keep,
            workers: self.workers.into_iter().collect(),
            agent: self.agent,
        })
    }
}

/// How things stand when somebody interrupts before the rig is in the ledger.
fn not_added(name: &str) -> Stands {
    Stands::new(
        format!("the rig {name} was not added, and its repository is as it was"),
        "the same command begins anew",
    )
}

/// How they stand while its set-up and gates run for the first time.
fn not_tried(name: &str) -> Stands {
    let kept = format!("the rig {name} is added; whether its target is green was not found out");
    Stands::new(kept, format!("`gt rig show {name}` shows it; nothing lands in it before its gates are green"))
}

fn pool(text: &str) -> Result<(RoleName, u32), String> {
    let (role, count) = text.split_once('=').ok_or("write it as ROLE=N, such as developer=2")?;
    let role = role.trim().parse::<RoleName>().map_err(|error| error.to_string())?;
    let count = count.trim().parse().map_err(|_| format!("{:?} is not a number of workers", count.trim()))?;
    Ok((role, count))
}

/// Shows what was guessed; on a terminal the person may change it.
fn offer(ui: &mut Ui, addition: &mut Addition<'_>, yes: bool) -> Outcome<()> {
    let rig = &mut addition.rig;
    ui.say(Text::from("guessed from ").join(addition.reasons.join(", ").into()));
    for command in &rig.setup {
        ui.say(Text::from("  set-up  ").command(command));
    }
    for gate in &rig.gates {
        ui.say(Text::from("  gate    ").command(&gate.run));
    }
    if yes || ui.confirm("Use these?", true, Unattended::Use(true))? {
        return Ok(());
    }
    let (setup, gate) = (joined(rig.setup.iter()), joined(rig.gates.iter().map(|gate| &gate.run)));
    rig.setup =
        commands(&ui.ask("Set-up, commands separated by `;`, or none", &setup, Unattended::Refuse("--setup"))?);
    let wanted = commands(&ui.ask("Gates, commands separated by `;`, or none", &gate, Unattended::Refuse("--gate"))?);
    rig.gates = gates::from_commands(&wanted)?;
    if !ui.confirm("Add the rig like this?", true, Unattended::Use(true))? {
        return Err(Failure::new(Kind::Refused, "the rig was not added, as you said"));
    }
    Ok(())
}

fn joined<'a>(commands: impl Iterator<Item = &'a String>) -> String {
    let commands: Vec<&str> = commands.map(String::as_str).collect();
    if commands.is_empty() { "none".to_owned() } else { commands.join("; ") }
}

fn commands(answer: &str) -> Vec<String> {
    let commands = answer.split(';').map(str::trim).filter(|command| !command.is_empty() && *command != "none");
    commands.map(str::to_owned).collect()
}

impl Render for Added {
    fn render(&self, ui: &mut Ui) {
        let rig = &self.rig;
        if !self.registered {
            ui.line(Text::new().faint(format_args!("# {} (not written)", rig.path())));
            ui.raw(rig.render().as_bytes());
            return;
        }
        let commit: String = self.tip.as_str().chars().take(10).collect();
        ui.line(
            Text::from("Added the rig ")
                .name(&rig.name)
                .plain(": work lands in ")
                .plain(&rig.branch)
                .plain(", now at ")
                .id(commit),
        );
        match &self.trial {
            Some(trial) => render_trial(ui, trial),
            None => {
                for gate in &rig.gates {
                    ui.line(Text::from("  gate  ").command(&gate.run));
                }
            }
        }
        if rig.gates.is_empty() {
            ui.warning(format!(
                "{} has no gates: whatever merges, lands. `gt config edit rigs.d/{}.toml` adds some",
                rig.name, rig.name
            ));
        }
    }
}

fn render_trial(ui: &mut Ui, trial: &Trial) {
    if let Some(reason) = &trial.set_up {
        ui.line(Text::from("  set-up  ").state("red"));
        ui.prose(4, Label::Faint, reason);
    }
    for tried in &trial.gates {
        render_gate(ui, tried);
    }
    match (trial.green, trial.gates.is_empty()) {
        (true, true) => {}
        (true, false) => ui.line(Text::from("The target is ").state("green").plain(" to begin with.")),
        (false, _) => {
            ui.line(
                Text::from("The target is ").state("red").plain(" to begin with: nothing can land until it is green."),
            );
        }
    }
}

fn render_gate(ui: &mut Ui, tried: &Tried) {
    let state = match (tried.passed, tried.timed_out) {
        (true, _) => Text::new().state("green"),
        (false, true) => Text::new().state("red").plain(" (out of time)"),
        (false, false) => Text::new().state("red"),
    };
    let time = format!("  {:.1}s", std::time::Duration::from_millis(tried.milliseconds).as_secs_f64());
    ui.line(Text::from("  gate  ").command(&tried.gate.run).plain("  ").join(state).time(time));
    if !tried.passed {
        ui.prose(4, Label::Faint, tried.tail.trim_end());
        ui.line(Text::from("    the whole output: ").path(tried.log.display()));
    }
}
