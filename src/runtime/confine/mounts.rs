//! A mount namespace of the agent's own. Nothing that is mounted here is seen outside.

use std::ffi::CString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{OFlags, StatVfsMountFlags, statvfs};
use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_bind, mount_change, mount_remount};
use rustix::process::{getegid, geteuid};
use rustix::thread::{CapabilitySet, UnshareFlags, capabilities, set_capabilities};

/// Gives this process its own mounts; somebody who is not root needs a user namespace for that.
pub(super) fn apart() -> Result<(), String> {
    let (user, group) = (geteuid(), getegid());
    let flags = if user.is_root() { UnshareFlags::NEWNS } else { UnshareFlags::NEWNS | UnshareFlags::NEWUSER };
    unshare(flags).map_err(|error| forbidden(&error.to_string()))?;
    if !user.is_root() {
        for (file, text) in [
            ("setgroups", "deny".to_owned()),
            ("uid_map", format!("{0} {0} 1", user.as_raw())),
            ("gid_map", format!("{0} {0} 1", group.as_raw())),
        ] {
            let path = PathBuf::from("/proc/self").join(file);
            OpenOptions::new()
                .write(true)
                .open(&path)
                .and_then(|mut file| file.write_all(text.as_bytes()))
                .map_err(|error| forbidden(&format!("{}: {error}", path.display())))?;
        }
    }
    // What the machine mounts later is seen here, and nothing of here there.
    let downstream = MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC;
    mount_change("/", downstream).map_err(|error| forbidden(&error.to_string()))
}

/// Takes from root what reaches beyond its own files and processes: mounts, the memory and environment of others, devices,
/// the kernel.
pub(super) fn without_powers() -> Result<(), String> {
    let failed = |error: rustix::io::Errno| format!("cannot give up rights: {error}");
    let beyond = CapabilitySet::SYS_ADMIN
        | CapabilitySet::PERFMON
        | CapabilitySet::SYS_PTRACE
        | CapabilitySet::SYS_MODULE
        | CapabilitySet::SYS_RAWIO
        | CapabilitySet::SYS_BOOT
        | CapabilitySet::MKNOD
        | CapabilitySet::BPF
        | CapabilitySet::DAC_READ_SEARCH;
    let mut has = capabilities(None).map_err(failed)?;
    for set in [&mut has.effective, &mut has.permitted, &mut has.inheritable] {
        set.remove(beyond);
    }
    set_capabilities(None, has).map_err(failed)
}

#[expect(unsafe_code, reason = "no table of open files is unshared, which is all that can go wrong")]
fn unshare(flags: UnshareFlags) -> rustix::io::Result<()> {
    // SAFETY: `FILES` is not among the flags of the one caller.
    unsafe { rustix::thread::unshare_unsafe(flags) }
}

/// Why there is no namespace, with what people can do.
pub(super) fn forbidden(reason: &str) -> String {
    format!(
        "this system lets this user mount nothing in a namespace of its own ({reason}); see \
         kernel.unprivileged_userns_clone, user.max_user_namespaces and \
         kernel.apparmor_restrict_unprivileged_userns, or the rights of the container"
    )
}

/// Covers a folder with an empty one.
pub(super) fn empty(folder: &Path) -> Result<(), String> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    mount("tmpfs", folder, "tmpfs", flags, Some(c"mode=0700")).map_err(failed("cover", folder))
}

/// A folder that is held open while something is mounted over it.
pub(super) struct Held {
    path: PathBuf,
    file: File,
}

/// Opens folders to be shown again.
pub(super) fn hold<'a>(paths: impl Iterator<Item = &'a PathBuf>) -> Result<Vec<Held>, String> {
    let open = |path: &PathBuf| {
        let flags = OFlags::PATH | OFlags::DIRECTORY;
        OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
    };
    paths
        .map(|path| {
            let file = open(path).map_err(|error| format!("cannot open {}: {error}", path.display()))?;
            Ok(Held { path: path.clone(), file })
        })
        .collect()
}

impl Held {
    /// Shows it where it was.
    pub(super) fn show(&self) -> Result<(), String> {
        fs::create_dir_all(&self.path).map_err(|error| format!("cannot make {}: {error}", self.path.display()))?;
        self.show_at(Path::new(""), &self.path)
    }

    /// Shows what is below it at `inside` in another place.
    pub(super) fn show_at(&self, inside: &Path, place: &Path) -> Result<(), String> {
        let source = self.inside().join(inside);
        mount_bind(&source, place).map_err(failed("show", place))
    }

    /// A path to it that no mount covers.
    pub(super) fn inside(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.file.as_raw_fd()))
    }
}

/// Shows a folder as it is, with every change of it in `upper`; `work` is the kernel's own, beside that.
pub(super) fn overlay(folder: &Path, upper: &Path, work: &Path) -> Result<(), String> {
    let options = [("lowerdir", folder), ("upperdir", upper), ("workdir", work)]
        .map(|(name, path)| Some(format!("{name}={}", plain(path)?)))
        .into_iter()
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| format!("the path {} has characters that an overlay cannot be told", folder.display()))?;
    // Somebody who is not root may not set the attributes that it uses otherwise.
    let user = if geteuid().is_root() { "" } else { ",userxattr" };
    let options = CString::new(options.join(",") + user).expect("a path has no NUL byte");
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    mount("overlay", folder, "overlay", flags, Some(options.as_c_str())).map_err(failed("lay a scratch over", folder))
}

/// A path as an option of a mount can name it.
fn plain(path: &Path) -> Option<&str> {
    path.to_str().filter(|path| !path.contains([',', ':', '\\']))
}

/// Shows one file instead of another.
pub(super) fn instead(shown: &Path, of: &Path) -> Result<(), String> {
    mount_bind(shown, of).map_err(failed("cover", of))
}

/// Makes a file or folder one that cannot be written, removed or replaced.
pub(super) fn freeze(path: &Path) -> Result<(), String> {
    mount_bind(path, path).map_err(failed("freeze", path))?;
    read_only(path)
}

/// Makes a mount read-only, with the flags that it has: a user namespace may take none away.
pub(super) fn read_only(place: &Path) -> Result<(), String> {
    let has = statvfs(place).map_err(failed("look at", place))?.f_flag;
    let mut flags = MountFlags::BIND | MountFlags::RDONLY;
    for (there, kept) in [
        (StatVfsMountFlags::NOSUID, MountFlags::NOSUID),
        (StatVfsMountFlags::NODEV, MountFlags::NODEV),
        (StatVfsMountFlags::NOEXEC, MountFlags::NOEXEC),
        (StatVfsMountFlags::NOATIME, MountFlags::NOATIME),
        (StatVfsMountFlags::NODIRATIME, MountFlags::NODIRATIME),
        (StatVfsMountFlags::RELATIME, MountFlags::RELATIME),
    ] {
        if has.contains(there) {
            flags |= kept;
        }
    }
    mount_remount(place, flags, "").map_err(failed("freeze", place))
}

fn failed(what: &str, path: &Path) -> impl Fn(rustix::io::Errno) -> String {
    move |error| format!("cannot {what} {}: {}", path.display(), io::Error::from(error))
}
