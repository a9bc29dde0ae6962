//! Agents: presets as data, prompts from templates, and what it takes to start one.
//!
//! A preset is a TOML file in `presets/`; adding an agent means adding a file and its line in [`Catalogue`].
//! Nothing here starts a session: a [`LaunchPlan`] says what to start, the runtime starts it. Health, hooks
//! and transcripts of running agents belong to others.

mod catalogue;
mod detect;
mod environment;
mod error;
mod fill;
mod launch;
mod preflight;
mod preset;
pub mod prompt;
#[cfg(test)]
mod tests;

pub use catalogue::Catalogue;
pub use detect::{Choice, Detected, choose, detect, version};
pub use environment::{Caller, WorkerVariables, command_environment};
pub use error::AgentError;
pub use launch::{LaunchPlan, LaunchRequest, PlannedFile, plan, plan_oneshot};
pub use preflight::{find_program, first_start_warnings};
pub use preset::{Argument, AtEnd, Delivery, FirstStart, PermissionFlags, Preset, PresetFile};
