//! `gt refinery run --watch`: goes on with what comes into the queue, until Ctrl-C.
//!
//! Ctrl-C ends it as it ends any run: the next one takes up what was begun.

use std::time::Duration;

use crate::cli::Call;
use crate::cli::watching::Watched;
use crate::error::Outcome;
use crate::git::Oid;
use crate::id::RigName;
use crate::ops::refinery::{Ran, run};
use crate::ops::{OpenTown, pass};

/// The queues of some rigs, which are worked through whenever something changed.
pub(super) struct Queues {
    /// The rigs.
    pub rigs: Vec<RigName>,
    /// What was last said of each.
    pub told: Vec<(RigName, String)>,
}

impl Watched for Queues {
    /// The ledger, and that somebody asked for a pass.
    type Sign = (Oid, Option<String>);
    /// Somebody may have moved a remote's branch.
    const LOOKS: Duration = Duration::from_secs(60);
    const QUIET: bool = false;

    fn ages(&self, _: &Call) -> bool {
        true
    }

    fn sign(&self, open: &OpenTown) -> Outcome<Self::Sign> {
        Ok((open.ledger.tip()?, pass::requested(open)))
    }

    fn show(&mut self, open: &OpenTown, call: &mut Call) -> Outcome<()> {
        round(open, &self.rigs, &mut self.told, call);
        Ok(())
    }
}

/// One run for each rig; what is the same as after the last one is not said again. A failure of one rig stops nothing.
fn round(open: &OpenTown, rigs: &[RigName], told: &mut Vec<(RigName, String)>, call: &mut Call) {
    for rig in rigs {
        let news = match run(open, rig, false, &mut call.ui) {
            Ok(ran) => {
                let busy = !ran.landed.is_empty() || !ran.bounced.is_empty();
                let state = format!("{:?} {:?} {:?} {}", ran.waiting, ran.undelivered, ran.set_aside, ran.busy);
                if is_new(told, rig, state) || busy {
                    call.print::<Ran>(&ran);
                }
                continue;
            }
            Err(failure) => failure.to_string(),
        };
        if is_new(told, rig, news.clone()) {
            call.ui.warning(format!("{rig}: {news}"));
        }
    }
}

fn is_new(told: &mut Vec<(RigName, String)>, rig: &RigName, state: String) -> bool {
    match told.iter_mut().find(|(of, _)| of == rig) {
        Some((_, known)) if *known == state => false,
        Some((_, known)) => {
            *known = state;
            true
        }
        None => {
            told.push((rig.clone(), state));
            true
        }
    }
}
