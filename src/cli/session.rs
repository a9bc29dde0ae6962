//! `gt session exec`: the process of a session, and `gt session event`, which its agent's hooks run. Not for people.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::{Call, outside};
use crate::agent::{Answer, heard};
use crate::error::Outcome;
use crate::id::SessionId;
use crate::ops;
use crate::runtime::{self, HookKind, tell};

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
    /// Take note of what a hook of the agent tells on stdin
    Event {
        /// What happened
        kind: HookKind,
        /// The run folder of the session; that of GT_SESSION when not given
        #[arg(long, value_name = "PATH")]
        dir: Option<PathBuf>,
        /// The agent's word for going on instead of stopping
        #[arg(long, value_name = "WORD")]
        hand_over: Option<String>,
    },
    /// Become the agent of a session, in its sandbox
    Confine {
        /// Its run folder; without one, whether this machine has sandboxes
        #[arg(long, value_name = "PATH")]
        dir: Option<PathBuf>,
    },
}

/// The longest payload that is read: those of tools hold whole files.
const PAYLOAD: u64 = 8 << 20;

impl Args {
    pub(super) fn dispatch(self, call: &mut Call) -> Outcome<u8> {
        match self.command {
            Session::Exec { session, dir } => {
                let dir = match dir {
                    Some(dir) => dir,
                    None => call.town()?.session_dir(&session),
                };
                Ok(u8::try_from(runtime::exec(&dir, ops::conversation::reader())).unwrap_or(1))
            }
            Session::Event { kind, dir, hand_over } => {
                // Whatever goes wrong is not the agent's affair.
                if let Some(dir) = dir.or_else(|| folder_of_environment(call)) {
                    event(kind, &dir, hand_over, call);
                }
                Ok(0)
            }
            Session::Confine { dir } => Ok(runtime::confine(dir.as_deref()).map(|()| 0)?),
        }
    }
}

fn folder_of_environment(call: &Call) -> Option<PathBuf> {
    let session: SessionId = std::env::var(crate::env::SESSION).ok()?.parse().ok()?;
    Some(call.town().ok()?.session_dir(&session))
}

fn event(kind: HookKind, dir: &Path, hand_over: Option<String>, call: &Call) {
    let mut payload = Vec::new();
    let _ = std::io::stdin().lock().take(PAYLOAD).read_to_end(&mut payload);
    let payload = String::from_utf8_lossy(&payload);
    let told = tell(dir, &heard(kind, &payload), hand_over.is_some()).ok().flatten();
    let answer = match (hand_over, told) {
        (Some(word), Some(text)) => Some(Answer::GoOn(word, text)),
        _ => ops::prime::at_event(kind, || primed(call)).map(Answer::Context),
    };
    if let Some(answer) = answer {
        let _ = std::io::stdout().write_all(answer.for_payload(&payload).as_bytes());
    }
}

/// What `gt prime` says, in a sandbox as well.
fn primed(call: &Call) -> Option<String> {
    match outside::said(call, "prime") {
        Some(said) => said.ok(),
        None => Some(ops::prime::prime(&call.open().ok()?).ok()?.text),
    }
}
