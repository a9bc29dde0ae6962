//! When files were written.

use std::path::Path;
use std::time::SystemTime;

use crate::clock::{Timestamp, whole_seconds};

/// When a file was last written, as exactly as the file system knows; none when it cannot be seen.
pub fn written(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|file| file.modified()).ok()
}

/// The same in whole seconds.
pub fn written_at(path: &Path) -> Option<Timestamp> {
    written(path).map(whole_seconds)
}
