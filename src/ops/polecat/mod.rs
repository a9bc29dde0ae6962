//! `gt polecat`: workers looked at, stopped, restarted and retired. Nothing of their work is lost by any of it.

pub mod list;
pub mod remove;
pub mod restart;
pub mod show;
pub mod stop;
