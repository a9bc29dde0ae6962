//! Whether a folder can be written at all.

use std::path::Path;

use rustix::fs::{StatVfsMountFlags, statvfs};

/// Below this many bytes the next few files may already not fit.
const FULL: u64 = 1 << 20;

/// The next step where a failed write may have either cause, and neither was asked for.
pub const SEE_TO_THE_DISK: &str = "see whether the disk is full or the town is read-only";

/// Why nothing can be written in `folder`, whoever tries: its disk is full, or mounted to be read only. `None` when it is
/// neither, or the system does not tell.
pub fn hindrance(folder: &Path) -> Option<String> {
    let facts = statvfs(folder).ok()?;
    let name = folder.display();
    if facts.f_flag.contains(StatVfsMountFlags::RDONLY) {
        return Some(format!("the file system of {name} is mounted read-only"));
    }
    let free = facts.f_bavail.saturating_mul(facts.f_frsize);
    if free < FULL {
        return Some(format!("the disk of {name} is full: {} kB are left", free >> 10));
    }
    // A file system that counts no files says that it has none.
    (facts.f_files > 0 && facts.f_favail == 0).then(|| format!("the disk of {name} has no room for another file"))
}
