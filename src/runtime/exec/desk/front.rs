//! What runs in front of the agent in its own terminal.

use std::os::unix::fs::MetadataExt;

use rustix::termios::tcgetpgrp;

use crate::runtime::survivors::process_table;
use crate::runtime::tmux::is_pager;

/// Whether a pager or an editor has this terminal. tmux names only the leader of the group in front, which is the agent
/// itself while it shows something in a pager. Reads the process table: to be asked only before a key is pressed.
pub(super) fn has_pager() -> bool {
    let stdin = std::io::stdin();
    let (Ok(group), Some(terminal)) = (tcgetpgrp(&stdin), device_of("self", 0)) else { return false };
    let group = group.as_raw_nonzero().get();
    let of_group = process_table().into_values().filter(|entry| entry.group == group && !entry.zombie);
    of_group.map(|entry| entry.process.pid).any(|pid| {
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        is_pager(name.trim_end()) && device_of(&pid.to_string(), 1).is_none_or(|output| output == terminal)
    })
}

/// The device behind an open file of a process; 0 for what is none, nothing when that cannot be seen.
fn device_of(process: &str, file: u32) -> Option<u64> {
    Some(std::fs::metadata(format!("/proc/{process}/fd/{file}")).ok()?.rdev())
}
