//! Judges the health of workers, from observations, and names the remedy. Pure: values in, values out.
//!
//! Health is derived and never stored: every [`Judgement`] carries its evidence and the moment from which it
//! must be judged anew. What is unknown is never taken for dead. Counters are keyed by bead, so that a new
//! name or a new session does not begin the ladder again.

mod judge;
mod observation;
mod remedy;
mod signs;
mod table;
#[cfg(test)]
mod tests;

pub use judge::{Health, Judgement, judge};
pub use observation::{Activity, Halted, Hook, Observation, Prompt, Session, Thresholds};
pub use remedy::{Counters, Remedy, remedy};
pub use signs::{Says, Sign, Source, Told, Tool, fuse};
pub use table::{Row, render_table, table};
