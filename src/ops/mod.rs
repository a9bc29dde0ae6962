//! The verbs: one file per verb, each as gather -> decide -> carry out -> report.
//!
//! A verb takes a request, returns a serialisable [`Report`] or a [`crate::error::Failure`], and knows no face:
//! the command line and the gateway build the same request and show the same report.

pub mod aftermath;
pub mod agents;
mod ask;
pub mod attach;
pub mod attended;
pub mod bead;
pub mod bench;
pub mod config;
mod confinement;
pub mod conversation;
pub mod convoy;
pub mod costs;
pub mod crew;
pub mod demo;
pub mod doctor;
pub mod done;
pub mod ending;
pub mod escalate;
pub mod escalation;
pub mod feed;
mod find;
mod fresh;
pub mod handoff;
pub mod hook;
pub mod hooking;
pub mod init;
pub mod launch;
pub mod ledger;
pub mod log;
pub mod mailbox;
pub mod mayor;
pub mod memory;
pub mod message;
mod open;
pub mod pass;
pub mod polecat;
pub mod prime;
pub mod queue;
pub mod refinery;
mod report;
mod resume;
pub mod rewrite;
pub mod rig;
mod roles;
mod roster;
pub mod run;
mod sandbox;
pub mod seance;
pub mod session;
pub mod sling;
mod slot;
pub mod status;
mod talk;
pub mod target;
pub mod tick;
pub mod transcripts;
pub mod unsling;
pub mod up;
pub mod who;
pub mod why;

pub use open::{OpenTown, branch_of, explain};
pub use report::{Counts, Each, Envelope, Many, Page, Report, Row};
pub use talk::{Silence, Talk};
