//! Agents: presets as data, prompts from templates, and what it takes to start one.
//!
//! A preset is a TOML file in `presets/`; adding an agent means adding a file and its line in [`Catalogue`].
//! Nothing here starts a session: a [`LaunchPlan`] says what to start, the runtime starts it. What a running agent
//! writes down of itself is read in [`transcript`]; what that says of its health is the witness's to judge.

mod catalogue;
mod describe;
mod detect;
mod environment;
mod error;
mod fill;
mod hooks;
mod launch;
mod over;
mod preflight;
mod preset;
pub mod prompt;
mod signs;
#[cfg(test)]
mod tests;
pub mod transcript;

pub use crate::store::Tuning;
pub use catalogue::Catalogue;
pub use describe::Trait;
pub use detect::{Choice, Detected, choose, detect, look_for, version};
pub use environment::{Caller, WorkerVariables, command_environment};
pub use error::AgentError;
pub use hooks::{Answer, heard};
pub use launch::{Begin, LaunchPlan, LaunchRequest, PlannedFile, Writable, plan, plan_ask, plan_oneshot, planted};
pub use preflight::{find_program, program_places};
pub use preset::{Argument, AtEnd, Delivery, PermissionFlags, PermissionVariables, Preset, PresetFile};
pub use signs::{
    By, Credential, Dialog, Enter, HookFormat, Hooks, Measured, Reading, Screen, Transcript, TranscriptFormat, Typing,
    WhileBusy,
};
