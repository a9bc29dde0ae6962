//! `gt refinery run --watch`: goes on with what comes into the queue, until Ctrl-C.
//!
//! Ctrl-C ends it as it ends any run: the next one takes up what was begun.

use std::time::{Duration, Instant};

use crate::cli::Call;
use crate::error::{Failure, Kind, Outcome};
use crate::git::Oid;
use crate::id::RigName;
use crate::ops::refinery::{Ran, run};
use crate::ops::{OpenTown, pass};
use crate::store::Watch;

/// After so long a look is taken although nothing was told: somebody may have moved a remote's branch.
const LONGEST: Duration = Duration::from_secs(60);

/// Works through the queues of `rigs` whenever something changed.
pub(super) fn watch(open: &OpenTown, rigs: &[RigName], call: &mut Call) -> Outcome<u8> {
    // The file whose changes tell that something happened is made before its folder is watched.
    open.state()?;
    let cannot = |error| Failure::caused(Kind::External, "cannot wait for events", error);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(cannot)?;
    runtime.block_on(async {
        let mut watch = Watch::begin(&open.town.runtime_dir()).map_err(cannot)?;
        let (mut told, mut last, mut seen) = (Vec::new(), Instant::now(), None);
        loop {
            let now = sign(open)?;
            if seen.as_ref() != Some(&now) || last.elapsed() >= LONGEST {
                round(open, rigs, &mut told, call);
                (seen, last) = (Some(now), Instant::now());
            }
            call.ui.flush();
            if call.ui.is_closed() {
                return Ok(0);
            }
            watch.changed().await;
        }
    })
}

/// What is different when there may be something to do: the ledger, or that somebody asked for a pass.
fn sign(open: &OpenTown) -> Outcome<(Oid, Option<String>)> {
    Ok((open.ledger.tip()?, pass::requested(open)))
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
