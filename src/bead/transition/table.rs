//! Which edges there are, and who may go them.

use clap::ValueEnum;

use crate::bead::{Status, word};

/// One row of the table of transitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// What is done.
    pub verb: Verb,
    /// Where the bead may stand before.
    pub from: &'static [Status],
    /// Where it stands after, as the table shows it.
    pub to: &'static str,
    /// Who may do it.
    pub who: &'static [Who],
    /// What must hold besides.
    pub precondition: &'static str,
    /// What changes beside the status.
    pub effect: &'static str,
}

/// What can be done to the state of a bead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum)]
pub enum Verb {
    /// Give it to a worker.
    Hook,
    /// Hand its commits to the merge queue.
    Submit,
    /// End it without a commit.
    Finish,
    /// Write down the landing that is about to happen.
    BeginLanding,
    /// Take back a landing that did not happen.
    DropLanding,
    /// Offer its work as a branch, for somebody else to merge, or take that back.
    Offer,
    /// End it because its commit is in the target.
    Land,
    /// End it because nobody wants it any more, or somebody did it by hand.
    Close,
    /// Take it from its worker.
    Release,
    /// Send it back from the merge queue.
    Bounce,
    /// Take it up again.
    Reopen,
}

/// Who may do something to a bead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The person.
    Person,
    /// The mayor.
    Mayor,
    /// The tick.
    Witness,
    /// The refinery.
    Refinery,
    /// The worker that has the bead, or is to get it.
    Holder,
}

impl Who {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Person => "the person",
            Self::Mayor => "the mayor",
            Self::Witness => "the witness",
            Self::Refinery => "the refinery",
            Self::Holder => "its worker",
        }
    }
}

impl Verb {
    pub(super) fn participle(self) -> &'static str {
        match self {
            Self::Hook => "hooked",
            Self::Submit => "submitted",
            Self::Finish => "finished without a change",
            Self::BeginLanding | Self::Land => "landed",
            Self::DropLanding => "freed of its landing",
            Self::Offer => "offered",
            Self::Close => "closed",
            Self::Release => "released",
            Self::Bounce => "bounced",
            Self::Reopen => "reopened",
        }
    }

    /// Its row in the table.
    pub fn edge(self) -> &'static Edge {
        EDGES.iter().find(|edge| edge.verb == self).expect("every verb has a row")
    }
}

const EDGES: &[Edge] = &[
    Edge {
        verb: Verb::Hook,
        from: &[Status::Open],
        to: "hooked",
        who: &[Who::Person, Who::Mayor, Who::Witness, Who::Holder],
        precondition: "not an epic; the worker has no other bead (checked by the verb, in the same transaction)",
        effect: "assignee, lease and home are set; a fresh lease each time",
    },
    Edge {
        verb: Verb::Submit,
        from: &[Status::Hooked],
        to: "submitted",
        who: &[Who::Person, Who::Holder],
        precondition: "the lease shown is the bead's; its commit is pinned (checked by the verb)",
        effect: "`[merge]` says branch, head, base and target",
    },
    Edge {
        verb: Verb::Finish,
        from: &[Status::Hooked],
        to: "closed (done)",
        who: &[Who::Person, Who::Holder],
        precondition: "the lease shown is the bead's; nothing was changed, with a reason (checked by the verb)",
        effect: "`prefer` names the worker",
    },
    Edge {
        verb: Verb::BeginLanding,
        from: &[Status::Submitted],
        to: "submitted",
        who: &[Who::Refinery],
        precondition: "no other landing is under way; the bead is among the members",
        effect: "`[merge.intent]` says old tip, new tip and members",
    },
    Edge {
        verb: Verb::DropLanding,
        from: &[Status::Submitted],
        to: "submitted",
        who: &[Who::Refinery, Who::Witness],
        precondition: "the intended tip is not in the target (checked by the verb)",
        effect: "`[merge.intent]` goes",
    },
    Edge {
        verb: Verb::Offer,
        from: &[Status::Submitted],
        to: "submitted",
        who: &[Who::Refinery],
        precondition: "no landing is under way; its gates are green (checked by the verb)",
        effect: "`[merge.offer]` says branch and commit, and whether they are pushed",
    },
    Edge {
        verb: Verb::Land,
        from: &[Status::Submitted],
        to: "closed (merged)",
        who: &[Who::Refinery, Who::Witness],
        precondition: "a landing was begun; its commit is in the target (checked by the verb)",
        effect: "`landed` names the commit, `prefer` the worker",
    },
    Edge {
        verb: Verb::Close,
        from: &[Status::Open, Status::Hooked, Status::Submitted],
        to: "closed (cancelled, duplicate; from open also done)",
        who: &[Who::Person, Who::Mayor, Who::Witness],
        precondition: "no landing is under way; the witness closes only epics whose children are closed",
        effect: "`prefer` names the worker that had it",
    },
    Edge {
        verb: Verb::Release,
        from: &[Status::Hooked, Status::Submitted],
        to: "open",
        who: &[Who::Person, Who::Mayor, Who::Witness, Who::Holder],
        precondition: "the claim is this clone's and, if a lease is shown, still the same; no landing is under way",
        effect: "an attempt is recorded, the claim and `[merge]` go, `prefer` names the worker",
    },
    Edge {
        verb: Verb::Bounce,
        from: &[Status::Submitted],
        to: "open",
        who: &[Who::Refinery, Who::Person],
        precondition: "the claim is this clone's; no landing is under way",
        effect: "as release; the attempt counts",
    },
    Edge {
        verb: Verb::Reopen,
        from: &[Status::Open, Status::Closed],
        to: "open",
        who: &[Who::Person, Who::Mayor],
        precondition: "an open bead has attempts that count",
        effect: "an attempt `reopened` is recorded, and what was before it counts no more",
    },
];

/// Every edge, in the order of a bead's life. Anything that is not here is refused.
pub fn table() -> &'static [Edge] {
    EDGES
}

/// The table as Markdown, for `docs/design/transitions.md`.
pub fn render_table() -> String {
    let mut out = String::from(
        "| verb | from | to | who may | what must hold | what changes besides |\n|---|---|---|---|---|---|\n",
    );
    for edge in EDGES {
        let from: Vec<String> = edge.from.iter().map(|status| word(*status)).collect();
        let who: Vec<&str> = edge.who.iter().map(|who| who.words()).collect();
        let cells = [&word(edge.verb), &from.join(", "), edge.to, &who.join(", "), edge.precondition, edge.effect];
        out.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    out
}
