//! The mayor's verbs: `gt mayor plan` turns a goal into beads, `gt mayor attach` opens a chat.

pub mod attach;
mod gather;
mod outline;
pub mod plan;
