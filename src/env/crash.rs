//! Commit points at which a test can kill the process.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Where and at which passage `GT_CRASH` asks for a kill.
struct Order {
    point: String,
    passages_left: AtomicU32,
}

/// Passes the commit point `name`; the process kills itself here when `GT_CRASH` says so.
///
/// A point stands between two changes of state, so that a test can check that the next tick converges.
pub fn commit_point(name: &str) {
    static ORDER: OnceLock<Option<Order>> = OnceLock::new();
    let Some(order) = ORDER.get_or_init(read_order) else { return };
    if order.point == name && order.passages_left.fetch_sub(1, Ordering::Relaxed) == 1 {
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
}

fn read_order() -> Option<Order> {
    let text = std::env::var(super::CRASH).ok()?;
    let (point, passage) = match text.rsplit_once(':') {
        Some((point, passage)) => (point, passage.parse().ok()?),
        None => (text.as_str(), 1),
    };
    Some(Order { point: point.to_owned(), passages_left: AtomicU32::new(passage) })
}
