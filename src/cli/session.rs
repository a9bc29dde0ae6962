//! `gt session exec`: the process of a session. Not for people.

use std::path::PathBuf;

use clap::Subcommand;

use super::Call;
use crate::error::Outcome;
use crate::id::SessionId;

/// The process of a session
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Session,
}

#[derive(Debug, Subcommand)]
enum Session {
    /// Start the agent of a session and stay with it
    Exec {
        /// The session
        session: SessionId,
        /// Its run folder, where that is not the town's
        #[arg(long, value_name = "PATH")]
        dir: Option<PathBuf>,
    },
}

impl Args {
    pub(super) fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        let Session::Exec { session, dir } = self.command;
        let dir = match dir {
            Some(dir) => dir,
            None => call.town()?.session_dir(&session),
        };
        Ok(u8::try_from(crate::runtime::exec(&dir)).unwrap_or(1))
    }
}
