//! Every `GT_*` variable, declared once with its meaning.
//!
//! `docs/reference/environment.md` is made from [`ALL`].

mod crash;

pub use crash::commit_point;

/// One environment variable that `gt` reads or sets.
#[derive(Debug, Clone, Copy)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it means, one sentence.
    pub meaning: &'static str,
    /// Who sets it.
    pub set_by: SetBy,
}

/// Who sets a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetBy {
    /// The person, to change how `gt` behaves.
    Person,
    /// `gt`, for the agents and commands that it starts.
    Gt,
    /// The tests.
    Tests,
}

macro_rules! variables {
    ($($constant:ident = $name:literal, $set_by:ident, $meaning:literal;)*) => {
        $(#[doc = $meaning] pub const $constant: &str = $name;)*
        /// All of them, in the order of this file.
        pub const ALL: &[Variable] = &[$(Variable { name: $name, meaning: $meaning, set_by: SetBy::$set_by }),*];
    };
}

variables! {
    TOWN = "GT_TOWN", Person, "The town to work in, instead of the one around the current folder.";
    LOG = "GT_LOG", Person, "What `gt` writes to stderr about its own doings: a `tracing` filter such as `gt=debug`.";
    LEASE = "GT_LEASE", Gt, "The lease of the hooking that a worker acts under; verbs with a stale lease are refused.";
    BEAD = "GT_BEAD", Gt, "The bead that is hooked to the worker.";
    WORKER = "GT_WORKER", Gt, "The worker, as `rig/polecats/name` or `rig/crew/name`.";
    RIG = "GT_RIG", Gt, "The rig of the worker.";
    ROLE = "GT_ROLE", Gt, "The role of the bead: `developer`, `tester`, ...";
    SESSION = "GT_SESSION", Gt, "The session; also the marker by which everything that a session started is found at its end.";
    SANDBOX = "GT_SANDBOX", Gt, "Set for what runs in a session's sandbox: its `gt` has every verb carried out outside.";
    OUTSIDE = "GT_OUTSIDE", Gt, "Set for a verb that is carried out for a worker in a sandbox: nothing but a worker's verbs is allowed.";
    DETACHED = "GT_DETACHED", Gt, "Set for background processes of `gt` itself: they belong to no session, whoever started them.";
    ATTEMPT = "GT_ATTEMPT", Gt, "Which attempt at its bead the worker makes, from 1.";
    SLOT = "GT_SLOT", Gt, "The place of the worker among those that run, from 1: no two that run in a town have the same.";
    PORT_BASE = "GT_PORT_BASE", Gt, "The first of a hundred ports that no other running worker of the town is given.";
    DB_SUFFIX = "GT_DB_SUFFIX", Gt, "A suffix for names of databases that no other running worker of the town is given: `_gt1`, `_gt2`, ...";
    TITLE = "GT_TITLE", Gt, "The title of the bead, for the scripted model.";
    BUDGET = "GT_BUDGET", Gt, "What the attempt may use, where its bead says so: `2h, 300k tokens, 40 turns`; the built-in agent ends by it.";
    SCRIPT = "GT_SCRIPT", Person, "A TOML file of replies that the scripted model plays instead of calling an endpoint.";
    MODEL = "GT_MODEL", Person, "The model that the built-in agent and the mayor ask: `provider/name`, such as `openai/gpt-5` or `anthropic/claude-sonnet-4-5`.";
    CLOCK = "GT_CLOCK", Tests, "An RFC 3339 time at which the clock stands still.";
    SEEDS = "GT_SEEDS", Tests, "`count[@first]`: how many random histories the tests play, and from which on.";
    CRASH = "GT_CRASH", Tests, "`point[:n]`: the process kills itself with SIGKILL the n-th time it passes that commit point.";
}
