//! `gt status --watch`: the picture anew whenever something changed.

use std::time::{Duration, Instant};

use super::Args;
use crate::cli::Call;
use crate::error::{Failure, Kind, Outcome};
use crate::git::Oid;
use crate::ops::OpenTown;
use crate::ops::feed::feed;
use crate::store::Watch;

/// After so long a look is taken although nothing was told: ages and healths change by time alone.
const LONGEST: Duration = Duration::from_secs(5);

/// Clears the terminal and goes to its top.
const ANEW: &[u8] = b"\x1b[H\x1b[2J\x1b[3J";

/// Shows the town until Ctrl-C, or until nobody reads it any more.
pub(super) fn watch(args: &Args, call: &mut Call) -> Outcome<u8> {
    let open = call.open_to_mend()?;
    // The file whose changes tell that something happened is made before its folder is watched.
    open.state()?;
    let cannot = |error| Failure::caused(Kind::External, "cannot wait for changes", error);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(cannot)?;
    runtime.block_on(async {
        let mut watch = Watch::begin(&open.town.runtime_dir()).map_err(cannot)?;
        let mut stop = std::pin::pin!(tokio::signal::ctrl_c());
        let (mut last, mut seen) = (Instant::now(), None);
        loop {
            let now = sign(&open)?;
            if seen.as_ref() != Some(&now) || (call.ui.is_terminal() && last.elapsed() >= LONGEST) {
                picture(args, &open, call)?;
                (seen, last) = (Some(now), Instant::now());
            }
            if call.ui.is_closed() {
                return Ok(0);
            }
            tokio::select! {
                _ = &mut stop => return Ok(0),
                _ = tokio::time::timeout(LONGEST, watch.changed()) => {}
            }
        }
    })
}

fn picture(args: &Args, open: &OpenTown, call: &mut Call) -> Outcome<()> {
    let shown = args.look(open)?;
    if call.ui.is_terminal() && !call.ui.is_json() {
        call.ui.raw(ANEW);
    }
    call.print(&shown);
    call.ui.flush();
    Ok(())
}

/// What is different when there is something new to show: the ledger, or what happened on this machine.
fn sign(open: &OpenTown) -> Outcome<(Oid, Option<i64>)> {
    Ok((open.ledger.tip()?, feed(open, Some(1))?.rows.last().map(|event| event.id)))
}
