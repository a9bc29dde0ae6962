//! From arguments to what carries them out: an arm for each command, and each arm is one call.

use super::Call;
use super::render::{Perform, show};
use crate::error::Outcome;

/// Arguments that only [`Perform`] a verb are carried out and shown. Those that do more, such as joining a terminal, have
/// a `dispatch` of their own, which comes before this one.
pub(super) trait Dispatch {
    /// Carries the command out; the exit code.
    fn dispatch(self, call: &mut Call) -> Outcome<u8>;
}

impl<P: Perform> Dispatch for P {
    fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        show(self, call)
    }
}

/// An enum of commands by their arguments, with the `dispatch` that calls theirs.
macro_rules! commands {
    ($(#[$about:meta])* $visibility:vis enum $name:ident { $($(#[$of:meta])* $arm:ident($args:ty),)+ }) => {
        #[derive(Debug, clap::Subcommand)]
        $(#[$about])*
        $visibility enum $name {
            $($(#[$of])* $arm($args),)+
        }

        impl $name {
            /// Carries the command out; the exit code.
            $visibility fn dispatch(self, call: &mut $crate::cli::Call) -> $crate::error::Outcome<u8> {
                #[allow(unused_imports, reason = "every arm may have its own")]
                use $crate::cli::dispatch::Dispatch as _;
                match self {
                    $(Self::$arm(args) => args.dispatch(call),)+
                }
            }
        }
    };
}

/// The `Args` of a command that consists of commands, an enum `Command` as by [`commands`].
macro_rules! subcommands {
    ($(#[$about:meta])* Args { $($arms:tt)+ }) => {
        #[derive(Debug, clap::Args)]
        $(#[$about])*
        pub(super) struct Args {
            #[command(subcommand)]
            command: Command,
        }

        impl Args {
            /// Carries the command out; the exit code.
            pub(super) fn dispatch(self, call: &mut $crate::cli::Call) -> $crate::error::Outcome<u8> {
                self.command.dispatch(call)
            }
        }

        $crate::cli::dispatch::commands! {
            enum Command { $($arms)+ }
        }
    };
}

pub(super) use {commands, subcommands};
