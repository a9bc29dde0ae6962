//! The commands, grouped by purpose; an arm is one call.
//!
//! The groups are those of `gt --help`, in this order. Within a group a variant stands where a person would
//! look for it. What a command is for stands at its arguments, from where the help takes it. The arguments of a
//! command are only put together when it is asked for: all of them cost as much as the start of the process.

use clap::Subcommand;

use super::Call;
use super::agent;
use super::attach;
use super::bead;
use super::completions;
use super::config;
use super::convoy;
use super::costs;
use super::crew;
use super::demo;
use super::docs;
use super::doctor;
use super::done;
use super::escalate;
use super::escalation;
use super::feed;
use super::handoff;
use super::harness;
use super::history;
use super::hook;
use super::init;
use super::ledger;
use super::mail;
use super::mayor;
use super::memory;
use super::nudge;
use super::polecat;
use super::prime;
use super::queue;
use super::refinery;
use super::render::show;
use super::rig;
use super::run;
use super::seance;
use super::session;
use super::sling;
use super::status;
use super::tick;
use super::unsling;
use super::up;
use super::why;
use crate::error::Outcome;

/// Every command.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    #[command(flatten)]
    Start(Start),
    #[command(flatten)]
    Work(Work),
    #[command(flatten)]
    Talk(Talk),
    #[command(flatten)]
    Merge(Merge),
    #[command(flatten)]
    Worker(Worker),
    #[command(flatten)]
    Town(Town),
    #[command(flatten)]
    Behind(Behind),
    #[command(flatten)]
    Hidden(Hidden),
}

/// From nothing to agents at work.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(super) enum Start {
    // What a command is called must be known before its arguments are.
    #[command(visible_alias = "install")]
    Init(init::Args),
    Rig(rig::Args),
    Run(run::Args),
    Up(up::Args),
    Demo(demo::Args),
}

/// Beads and who does them.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(super) enum Work {
    New(Box<bead::create::Args>),
    Show(bead::show::Args),
    List(Box<bead::list::Args>),
    Ready(bead::ready::Args),
    Close(bead::close::Args),
    Bead(bead::Args),
    Status(status::Args),
    Why(why::Args),
    Log(history::Args),
    Feed(feed::Args),
    Costs(costs::Args),
    Sling(sling::Args),
    Mayor(mayor::Args),
    Convoy(convoy::Args),
    Hook(hook::Args),
    Unsling(unsling::Args),
    Attach(attach::AttachArgs),
    Peek(attach::PeekArgs),
    Seance(seance::Args),
    Polecat(polecat::Args),
    Crew(crew::Args),
    Escalation(escalation::Args),
    Remember(memory::RememberArgs),
    Recall(memory::RecallArgs),
    Forget(memory::ForgetArgs),
}

/// What is said to agents.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(super) enum Talk {
    Nudge(nudge::NudgeArgs),
    Broadcast(nudge::BroadcastArgs),
    Mail(mail::Args),
}

impl Talk {
    fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        match self {
            Self::Nudge(args) => args.dispatch(call),
            Self::Broadcast(args) => show(args, call),
            Self::Mail(args) => args.dispatch(call),
        }
    }
}

/// What workers say.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(super) enum Worker {
    Prime(prime::Args),
    Done(done::Args),
    Escalate(escalate::Args),
    Handoff(handoff::Args),
}

/// From submitted to landed.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(super) enum Merge {
    Queue(queue::Args),
    Refinery(refinery::Args),
}

impl Merge {
    fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        match self {
            Self::Queue(args) => args.dispatch(call),
            Self::Refinery(args) => args.dispatch(call),
        }
    }
}

/// What gt itself calls and a person may: in the reference, not in the overview.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(super) enum Behind {
    Harness(harness::Args),
}

impl Behind {
    fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        match self {
            Self::Harness(args) => args.dispatch(call),
        }
    }
}

/// What is not for people.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(super) enum Hidden {
    Session(session::Args),
    Tick(tick::Args),
}

/// The town and this machine.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(super) enum Town {
    Agent(agent::Args),
    Doctor(doctor::Args),
    Ledger(ledger::Args),
    Config(config::Args),
    Completions(completions::Args),
    Docs(docs::Args),
}

fn group<G: Subcommand>(heading: &'static str) -> (&'static str, clap::Command) {
    let mut group = G::augment_subcommands(clap::Command::new(heading).disable_help_subcommand(true));
    group.build();
    (heading, group)
}

/// The groups by their headings, for the reference: those of the help, and what stands behind them.
pub(super) fn documented() -> Vec<(&'static str, clap::Command)> {
    groups().into_iter().chain([group::<Behind>("Behind the scenes")]).collect()
}

/// The groups by their headings, for the help.
pub(super) fn groups() -> Vec<(&'static str, clap::Command)> {
    vec![
        group::<Start>("Start"),
        group::<Work>("Work"),
        group::<Talk>("Messages"),
        group::<Merge>("Merge"),
        group::<Worker>("Worker"),
        group::<Town>("Town"),
    ]
}

impl Command {
    /// Carries the command out; the exit code.
    pub(super) fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        match self {
            Self::Start(command) => command.dispatch(call),
            Self::Work(command) => command.dispatch(call),
            Self::Talk(command) => command.dispatch(call),
            Self::Merge(command) => command.dispatch(call),
            Self::Worker(command) => command.dispatch(call),
            Self::Town(command) => command.dispatch(call),
            Self::Behind(command) => command.dispatch(call),
            Self::Hidden(command) => command.dispatch(call),
        }
    }
}

/// What a worker in a sandbox may do; see [`super::outside`].
impl Command {
    /// Whether a worker may have it carried out outside of its sandbox.
    pub(super) fn is_for_workers(&self) -> bool {
        match self {
            Self::Worker(_) | Self::Talk(_) => true,
            Self::Work(Work::Bead(args)) => args.is_for_workers(),
            Self::Work(work) => matches!(
                work,
                Work::New(_)
                    | Work::Show(_)
                    | Work::List(_)
                    | Work::Ready(_)
                    | Work::Status(_)
                    | Work::Why(_)
                    | Work::Log(_)
                    | Work::Hook(_)
                    | Work::Remember(_)
                    | Work::Recall(_)
                    | Work::Forget(_)
            ),
            _ => false,
        }
    }

    /// Whether it is of use in the sandbox itself: it changes nothing of a town.
    pub(super) fn works_without_town(&self) -> bool {
        matches!(self, Self::Behind(_) | Self::Hidden(_) | Self::Town(Town::Completions(_) | Town::Docs(_)))
    }

    /// Whether it reads its standard input.
    pub(super) fn reads_stdin(&self) -> bool {
        match self {
            Self::Work(Work::Bead(args)) => args.reads_stdin(),
            Self::Work(Work::Remember(args)) => args.reads_stdin(),
            _ => std::env::args_os().any(|word| word == "-"),
        }
    }
}

impl Work {
    fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        match self {
            Self::New(args) => show(*args, call),
            Self::Show(args) => show(args, call),
            Self::List(args) => show(*args, call),
            Self::Ready(args) => args.dispatch(call),
            Self::Close(args) => show(args, call),
            Self::Bead(args) => args.dispatch(call),
            Self::Status(args) => args.dispatch(call),
            Self::Why(args) => args.dispatch(call),
            Self::Log(args) => show(args, call),
            Self::Feed(args) => args.dispatch(call),
            Self::Costs(args) => show(args, call),
            Self::Sling(args) => show(args, call),
            Self::Mayor(args) => args.dispatch(call),
            Self::Convoy(args) => args.dispatch(call),
            Self::Hook(args) => args.dispatch(call),
            Self::Unsling(args) => show(args, call),
            Self::Attach(args) => args.dispatch(call),
            Self::Peek(args) => show(args, call),
            Self::Seance(args) => args.dispatch(call),
            Self::Polecat(args) => args.dispatch(call),
            Self::Crew(args) => args.dispatch(call),
            Self::Escalation(args) => args.dispatch(call),
            Self::Remember(args) => show(args, call),
            Self::Recall(args) => show(args, call),
            Self::Forget(args) => show(args, call),
        }
    }
}

impl Worker {
    fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        match self {
            Self::Prime(args) => show(args, call),
            Self::Done(args) => show(args, call),
            Self::Escalate(args) => show(args, call),
            Self::Handoff(args) => show(args, call),
        }
    }
}

impl Hidden {
    fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        match self {
            Self::Session(args) => args.dispatch(call),
            Self::Tick(args) => show(args, call),
        }
    }
}

impl Start {
    fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        match self {
            Self::Init(args) => show(args, call),
            Self::Rig(args) => args.dispatch(call),
            Self::Run(args) => show(args, call),
            Self::Up(args) => show(args, call),
            Self::Demo(args) => show(args, call),
        }
    }
}

impl Town {
    fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        match self {
            Self::Config(args) => args.dispatch(call),
            Self::Agent(args) => args.dispatch(call),
            Self::Doctor(args) => show(args, call),
            Self::Ledger(args) => args.dispatch(call),
            Self::Completions(args) => show(args, call),
            Self::Docs(args) => show(args, call),
        }
    }
}
