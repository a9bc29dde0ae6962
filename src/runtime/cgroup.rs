//! A control group for a command, where the system has one to give: nothing that the command starts can leave it.
//!
//! Only version 2 of the interface, and only to know its members: no controller is needed, and so no right but to make a
//! folder below the group that this process is in. See cgroups(7).

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The file of a run folder that names the control group of the command.
const RECORD: &str = "cgroup";

/// The control group of one command; its folder goes with it, when nobody is in it any more.
#[derive(Debug)]
pub(super) struct Cgroup {
    folder: PathBuf,
}

impl Cgroup {
    /// A new one for the command whose run folder is `run`; none where the system does not give any. It is recorded
    /// there before it is made, so that whoever ends the command after a kill knows it.
    pub fn make(run: &Path) -> Option<Self> {
        let name = run.file_name()?.to_str()?;
        let folder = own()?.join(format!("gt-{name}"));
        record(run, &folder).ok()?;
        fs::create_dir(&folder).ok()?;
        let group = Self { folder };
        fs::OpenOptions::new().write(true).open(group.members_file()).ok()?;
        Some(group)
    }

    /// That of a command whose `gt` was killed, if it had one.
    pub fn of(run: &Path) -> Option<Self> {
        let folder = PathBuf::from(fs::read_to_string(run.join(RECORD)).ok()?);
        folder.is_dir().then_some(Self { folder })
    }

    /// The file into which a process writes `0` to become a member, and which lists the members.
    pub fn members_file(&self) -> PathBuf {
        self.folder.join("cgroup.procs")
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        // Fails while somebody is in it.
        let _ = fs::remove_dir(&self.folder);
    }
}

/// The numbers of the processes that such a file lists.
pub(super) fn members(file: &Path) -> HashSet<i32> {
    let listed = fs::read_to_string(file).unwrap_or_default();
    listed.lines().filter_map(|line| line.trim().parse().ok()).collect()
}

#[expect(clippy::disallowed_methods, reason = "a file of a run folder that is about to be used")]
fn record(run: &Path, folder: &Path) -> std::io::Result<()> {
    fs::write(run.join(RECORD), folder.as_os_str().as_encoded_bytes())
}

/// The folder of the group that this process is in.
fn own() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    folder_of(&mounts, &groups)
}

/// From `mountinfo`, see proc_pid_mountinfo(5), and the line of `/proc/self/cgroup` that begins with `0::`.
fn folder_of(mounts: &str, groups: &str) -> Option<PathBuf> {
    let mount = mounts.lines().find_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let mut fields = before.split(' ').skip(3);
        let (root, point) = (fields.next()?, fields.next()?);
        // Of a mount that shows only a part, paths are not those of `/proc/self/cgroup`.
        (after.starts_with("cgroup2 ") && root == "/").then_some(point)
    })?;
    let path = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    Some(Path::new(mount).join(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_of_a_process_is_found_below_the_mount() {
        let mounts = "24 30 0:22 / /proc rw shared:1 - proc proc rw\n35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n";
        let folder = |groups| folder_of(mounts, groups);
        assert_eq!(folder("0::/user.slice/a\n"), Some("/sys/fs/cgroup/user.slice/a".into()));
        assert_eq!(folder("3:cpu:/x\n0::/\n"), Some("/sys/fs/cgroup/".into()));
        assert_eq!(folder("3:cpu:/x\n"), None);
        assert_eq!(folder_of("24 30 0:22 / /proc rw - proc proc rw\n", "0::/\n"), None);
        assert_eq!(folder_of("35 24 0:30 /part /sys rw - cgroup2 cgroup2 rw\n", "0::/part\n"), None);
    }
}
