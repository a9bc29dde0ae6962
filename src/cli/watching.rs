//! Watching a town: something is shown at once, and anew whenever something changed, until Ctrl-C or until nobody reads
//! it any more.

use std::future::pending;
use std::time::{Duration, Instant};

use super::Call;
use crate::error::{Failure, Kind, Outcome};
use crate::ops::OpenTown;
use crate::store::Watch;

/// Something that is watched.
pub(super) trait Watched {
    /// What is different when there is something new to show.
    type Sign: PartialEq;
    /// After so long a look is taken although nothing was told.
    const LOOKS: Duration;
    /// Whether Ctrl-C is a quiet end; else it ends this process as it ends any other.
    const QUIET: bool = true;

    /// Whether that look shows something new although nothing is different: ages change by time alone.
    fn ages(&self, call: &Call) -> bool;

    /// How things stand.
    ///
    /// # Errors
    /// When the town cannot be read.
    fn sign(&self, open: &OpenTown) -> Outcome<Self::Sign>;

    /// Shows it.
    ///
    /// # Errors
    /// What ends the watching.
    fn show(&mut self, open: &OpenTown, call: &mut Call) -> Outcome<()>;
}

/// Shows it until the end; the exit code.
///
/// # Errors
/// When the town cannot be read or watched.
pub(super) fn watch<W: Watched>(mut watched: W, open: &OpenTown, call: &mut Call) -> Outcome<u8> {
    // The file whose changes tell that something happened is made before its folder is watched.
    open.state()?;
    let cannot = |error| Failure::caused(Kind::External, "cannot wait for changes", error);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(cannot)?;
    runtime.block_on(async {
        let mut changes = Watch::begin(&open.town.runtime_dir()).map_err(cannot)?;
        let mut stop = std::pin::pin!(stop(W::QUIET));
        let (mut last, mut seen) = (Instant::now(), None);
        loop {
            let now = watched.sign(open)?;
            if seen.as_ref() != Some(&now) || (watched.ages(call) && last.elapsed() >= W::LOOKS) {
                watched.show(open, call)?;
                (seen, last) = (Some(now), Instant::now());
            }
            call.ui.flush();
            if call.ui.is_closed() {
                return Ok(0);
            }
            tokio::select! {
                () = &mut stop => return Ok(0),
                _ = tokio::time::timeout(W::LOOKS, changes.changed()) => {}
            }
        }
    })
}

/// Returns at Ctrl-C, where that is waited for.
async fn stop(quiet: bool) {
    if !quiet || tokio::signal::ctrl_c().await.is_err() {
        pending::<()>().await;
    }
}
