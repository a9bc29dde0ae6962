//! Prompts: templates from `templates/`, filled with plain values.
//!
//! A town's own `templates/` folder wins over the built-in text, file by file. A placeholder without a value is an
//! error, never an empty place. What is too long is cut at a line's end, the same way each time, and says so.

mod context;
mod cut;
mod render;
#[cfg(test)]
mod tests;

pub use context::{
    AttemptContext, BeadContext, CrewContext, GateContext, LetterContext, MailContext, MayorContext, MoreContext,
    NeedContext, NoteContext, PlanContext, PlanRig, PrimeContext, RememberedContext, RepairContext, RoleSummary,
};
pub use cut::{head, tail};
pub use render::Prompts;
