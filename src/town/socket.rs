//! Where sockets lie: a path above about 108 bytes does not work as one.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::{Town, TownError};

/// Paths below this length in bytes work as sockets on Linux (108) and macOS (104).
const LONGEST: usize = 100;

impl Town {
    /// The path of the socket `name`: in the town's runtime folder when that is short enough, else in a folder
    /// of the user's own under the temporary folder, whose name follows from the town's root.
    ///
    /// # Errors
    /// When that folder cannot be made, or is not the user's alone.
    pub fn socket_path(&self, name: &str) -> Result<PathBuf, TownError> {
        self.socket_path_in(name, &self.around(&std::env::temp_dir()))
    }

    /// The temporary folder around the one of this town. A worker's own lies in that of its town, and what a worker
    /// calls must find the same sockets as everybody else.
    fn around(&self, temporary: &Path) -> PathBuf {
        let name = self.folder_name();
        let own = temporary.ancestors().find(|part| part.file_name().is_some_and(|part| *part == *name));
        own.and_then(Path::parent).unwrap_or(temporary).to_path_buf()
    }

    fn folder_name(&self) -> String {
        let user = rustix::process::getuid().as_raw();
        format!("gt-{user}-{:012x}", short_hash(self.root.as_os_str().as_encoded_bytes()))
    }

    /// A folder of this town alone, under the system's temporary folder, where paths are short.
    ///
    /// # Errors
    /// As [`Town::socket_path`].
    pub fn temporary_dir(&self) -> Result<PathBuf, TownError> {
        self.folder_in(&self.around(&std::env::temp_dir()))
    }

    fn folder_in(&self, temporary: &Path) -> Result<PathBuf, TownError> {
        let folder = temporary.join(self.folder_name());
        make_private(&folder)?;
        Ok(folder)
    }

    pub(super) fn socket_path_in(&self, name: &str, temporary: &Path) -> Result<PathBuf, TownError> {
        let near = self.run_dir().join(name);
        if near.as_os_str().len() < LONGEST {
            make_private(&self.run_dir())?;
            return Ok(near);
        }
        let folder = self.folder_in(temporary)?;
        let short = if folder.join(name).as_os_str().len() < LONGEST {
            name.to_owned()
        } else {
            format!("{:012x}", short_hash(name.as_bytes()))
        };
        Ok(folder.join(short))
    }
}

/// Makes a folder that only its owner may enter; one that is there already must be so.
fn make_private(folder: &Path) -> Result<(), TownError> {
    let fail = |error| TownError::io("create", folder, error);
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(fail)?;
    let facts = fs::symlink_metadata(folder).map_err(fail)?;
    let safe = facts.is_dir() && facts.uid() == rustix::process::getuid().as_raw();
    if !safe || facts.mode() & 0o022 != 0 {
        let reason = "it is not a folder of this user's own that others cannot write to";
        return Err(fail(std::io::Error::new(std::io::ErrorKind::PermissionDenied, reason)));
    }
    Ok(())
}

/// FNV-1a (64 bits) folded to 48: the same in every release, which the hasher of the standard library is not.
pub fn short_hash(bytes: &[u8]) -> u64 {
    let full = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3));
    (full ^ (full >> 48)) & 0xffff_ffff_ffff
}
