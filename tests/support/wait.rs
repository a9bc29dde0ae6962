//! Waiting for what another process does.

use std::time::{Duration, Instant};

/// The limit for anything that happens "soon": far above what a loaded machine needs, so that only what
/// never happens reaches it.
pub const GENEROUS: Duration = Duration::from_secs(60);

/// Asks `look` until it answers, or fails the test with `what` after `limit`.
pub fn wait_for<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < limit, "waited {}s in vain for {what}", limit.as_secs());
        std::thread::sleep(Duration::from_millis(15));
    }
}

/// Waits with the [`GENEROUS`] limit until `condition` holds.
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    wait_for(what, GENEROUS, || condition().then_some(()));
}
