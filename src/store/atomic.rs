//! Writes that either happened or did not.

use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// How the name of a file ends that a killed writer may leave behind; never the name of anything else.
pub const TEMPORARY_SUFFIX: &str = ".gt-tmp";

/// Replaces `path` by `bytes` with exactly `mode`, durably: whoever reads sees the old or the new content, also
/// after a loss of power.
///
/// The new content is written beside the file and renamed over it. A kill may leave that file; its name ends with
/// [`TEMPORARY_SUFFIX`].
pub fn write_atomic(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    let mut file = tempfile::Builder::new().prefix(".").suffix(TEMPORARY_SUFFIX).tempfile_in(dir)?;
    file.write_all(bytes)?;
    // The umask cuts bits from a mode that is given at creation.
    file.as_file().set_permissions(Permissions::from_mode(mode))?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    sync_dir(dir)
}

/// Makes the names in a folder durable: what was created, renamed or removed in it.
pub fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Lets two files that exist change their names, in one step.
///
/// # Errors
/// When one of them is not there, or the file system or the system cannot do it.
#[cfg(target_os = "linux")]
pub fn change_places(one: &Path, other: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

/// Lets two files that exist change their names, in one step; here the system cannot do it.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn change_places(_one: &Path, _other: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
