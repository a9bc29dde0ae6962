//! `gt seance`: the sessions that were, and a question to one of them.

mod list;
mod talk;

pub use list::{Past, sessions};
pub use talk::{Answered, Source, talk};
