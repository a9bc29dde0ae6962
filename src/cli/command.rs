//! The commands, grouped by purpose; an arm is one call.
//!
//! The groups are those of `gt --help`, in this order. Within a group a variant stands where a person would
//! look for it. What a command is for stands at its arguments, from where the help takes it. The arguments of a
//! command are only put together when it is asked for: all of them cost as much as the start of the process.

use clap::Subcommand;

use super::agent;
use super::attach;
use super::bead;
use super::completions;
use super::config;
use super::convoy;
use super::costs;
use super::crew;
use super::demo;
use super::dispatch::commands;
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

commands! {
    /// Every command.
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
}

commands! {
    /// From nothing to agents at work.
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
}

commands! {
    /// Beads and who does them.
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
}

commands! {
    /// What is said to agents.
    #[command(defer = true)]
    pub(super) enum Talk {
        Nudge(nudge::NudgeArgs),
        Broadcast(nudge::BroadcastArgs),
        Mail(mail::Args),
    }
}

commands! {
    /// What workers say.
    #[command(defer = true)]
    pub(super) enum Worker {
        Prime(prime::Args),
        Done(done::Args),
        Escalate(escalate::Args),
        Handoff(handoff::Args),
    }
}

commands! {
    /// From submitted to landed.
    #[command(defer = true)]
    pub(super) enum Merge {
        Queue(queue::Args),
        Refinery(refinery::Args),
    }
}

commands! {
    /// What gt itself calls and a person may: in the reference, not in the overview.
    #[command(defer = true)]
    pub(super) enum Behind {
        Harness(harness::Args),
    }
}

commands! {
    /// What is not for people.
    #[command(defer = true)]
    pub(super) enum Hidden {
        Session(session::Args),
        Tick(tick::Args),
    }
}

commands! {
    /// The town and this machine.
    #[command(defer = true)]
    pub(super) enum Town {
        Agent(agent::Args),
        Doctor(doctor::Args),
        Ledger(ledger::Args),
        Config(config::Args),
        Completions(completions::Args),
        Docs(docs::Args),
    }
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
    /// Whether it reads its standard input.
    pub(super) fn reads_stdin(&self) -> bool {
        match self {
            Self::Work(Work::Bead(args)) => args.reads_stdin(),
            Self::Work(Work::Remember(args)) => args.reads_stdin(),
            _ => std::env::args_os().any(|word| word == "-"),
        }
    }
}
