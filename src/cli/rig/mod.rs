//! `gt rig`: one file per command below it.

mod add;
mod list;
mod park;
mod remove;
mod show;
mod take;

use super::complete;
use super::dispatch::subcommands;

subcommands! {
    /// Take in repositories and look after them
    Args {
        Add(Box<add::Args>),
        List(list::Args),
        Show(show::Args),
        Take(take::Args),
        Park(park::ParkArgs),
        Unpark(park::UnparkArgs),
        Remove(remove::Args),
    }
}

/// The rig that a list is about.
#[derive(Debug, clap::Args)]
pub(super) struct OfRig {
    /// Of this rig
    #[arg(value_name = "RIG", add = complete::rigs())]
    rig: Option<String>,
}

impl OfRig {
    /// Its name; none where all of them are meant.
    pub(super) fn name(&self) -> Option<&str> {
        self.rig.as_deref()
    }
}

/// The `Args` of a command that shows a list about a rig or about all of them: what it lists, and how a row is called.
macro_rules! list_of_rig {
    ($(#[$about:meta])* Args => $list:path: $row:ty) => {
        $(#[$about])*
        #[derive(Debug, clap::Args)]
        pub(super) struct Args {
            #[command(flatten)]
            of: $crate::cli::rig::OfRig,
        }

        impl $crate::cli::Perform for Args {
            type Report = $crate::ops::Page<$row>;

            fn perform(self, call: &mut $crate::cli::Call) -> $crate::error::Outcome<Self::Report> {
                $list(&call.open()?, self.of.name())
            }
        }
    };
}

pub(super) use list_of_rig;
