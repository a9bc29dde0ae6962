//! Looking at what a session shows until it shows something.

use std::path::Path;
use std::time::{Duration, Instant};

use super::{Runtime, RuntimeError, observe, pause};

/// How often the screen is looked at.
const STEP: Duration = Duration::from_millis(150);

/// How many lines of it.
const LINES: usize = 60;

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// Whether it was what was waited for.
    pub seen: bool,
    /// Whether the session was over before.
    pub over: bool,
    /// The last screen.
    pub screen: String,
}

/// Looks at the screen of a session until `seen` says yes to it, the session is over, or `limit` has passed.
///
/// # Errors
/// When the screen cannot be read.
pub fn watch(
    runtime: &dyn Runtime,
    dir: &Path,
    limit: Duration,
    seen: &mut dyn FnMut(&str) -> bool,
) -> Result<Watched, RuntimeError> {
    let start = Instant::now();
    loop {
        let over = !observe(dir).is_live();
        let screen = runtime.capture(dir, LINES)?;
        if seen(&screen) {
            return Ok(Watched { seen: true, over, screen });
        }
        if over || start.elapsed() >= limit {
            return Ok(Watched { seen: false, over, screen });
        }
        pause(STEP);
    }
}
