//! The life of a bead: one table of edges, and the only methods that change [`Bead::state`].
//!
//! What concerns one bead alone is checked here. What concerns several (is the worker free? is there a
//! cycle?) is checked by the verb, in the same transaction.
//!
//! [`Bead::state`]: crate::bead::Bead::state

mod change;
mod refused;
mod table;
#[cfg(test)]
mod tests;

pub use change::{Ending, Hold};
pub use refused::{Reason, Refused};
pub use table::{Edge, Verb, Who, render_table, table};
