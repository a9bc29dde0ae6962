//! `gt crew remove`.

use crate::cli::{Call, Perform, complete};
use crate::error::Outcome;
use crate::ops::Many;
use crate::ops::crew::remove::remove;
use crate::ops::polecat::remove::Removed;

/// Remove crew: the session ends and the worktree goes; commits and uncommitted files are kept
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Which
    #[arg(required = true, value_name = "NAME", add = complete::crew())]
    names: Vec<String>,
}

impl Perform for Args {
    type Report = Many<Removed>;

    fn perform(self, call: &mut Call) -> Outcome<Many<Removed>> {
        let open = call.open()?;
        Ok(Many::of(&self.names, |name| remove(&open, name)))
    }
}
