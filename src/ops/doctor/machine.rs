//! The machine: programs, the disk, the tmux server.

use std::time::Duration;

use super::finding::{Finding, Sheet};
use crate::error::Failure;
use crate::git::{self, Git};
use crate::ops::agents::choose;
use crate::ops::{OpenTown, tick};
use crate::runtime::{RuntimeKind, usable_tmux};
use crate::town::Rig;

/// How long tmux may take to name its terminals.
const TERMINALS: Duration = Duration::from_secs(2);
/// Below so many free bytes nothing can be trusted to be written.
const FULL: u64 = 100 << 20;
/// Below so many free bytes it will not go on for long.
const TIGHT: u64 = 1 << 30;

/// Git, tmux, and outside of a town nothing else.
pub(super) fn programs(open: Option<&OpenTown>) -> Vec<Finding> {
    let mut sheet = Sheet::new("machine");
    match git::version() {
        Ok(version) => sheet.ok("git", format!("git {version}")),
        Err(error) => sheet.problem("git", error.to_string(), |finding| finding),
    }
    let in_tmux = open.is_none_or(|open| open.settings.runtime == RuntimeKind::Tmux);
    match usable_tmux() {
        Ok(version) => sheet.ok("tmux", format!("tmux {version}")),
        Err(error) if in_tmux => sheet.failed("tmux", &Failure::from(error)),
        Err(error) => sheet.ok("tmux", format!("{error}; the runtime `process` needs none")),
    }
    sheet.findings()
}

/// What the town needs of the machine.
pub(super) fn place(open: &OpenTown) -> Vec<Finding> {
    let mut sheet = Sheet::new("machine");
    identity(open, &mut sheet);
    disk(open, &mut sheet);
    writable(open, &mut sheet);
    terminals(open, &mut sheet);
    sheet.findings()
}

fn identity(open: &OpenTown, sheet: &mut Sheet) {
    let asked = |key: &str| Git::at(&open.town.root).output(&["config", "--get", key]).is_ok_and(|output| output.ok());
    let named = open.settings.identity.email.is_some() || asked("user.email");
    if named {
        return sheet.ok("identity", "git knows who you are");
    }
    sheet.warn("identity", "git does not know who you are: commits are by `human`", |finding| {
        finding.next("`git config --global user.name NAME` and `git config --global user.email ADDRESS` say it")
    });
}

fn disk(open: &OpenTown, sheet: &mut Sheet) {
    let facts = match rustix::fs::statvfs(&open.town.root) {
        Ok(facts) => facts,
        Err(error) => return sheet.warn("disk", format!("the disk does not tell how full it is: {error}"), |it| it),
    };
    let free = facts.f_bavail.saturating_mul(facts.f_frsize);
    let megabytes = free >> 20;
    // A file system that counts no files says that it has none.
    let no_files = facts.f_files > 0 && facts.f_favail < 1_000;
    let room = |finding: Finding| finding.next("make room: `du -sh rigs/* .git/gt/*` in the town shows what takes it");
    if free < FULL || no_files {
        sheet.problem("disk", format!("the disk is full: {megabytes} MB and {} files are left", facts.f_favail), room);
    } else if free < TIGHT {
        sheet.warn("disk", format!("the disk is nearly full: {megabytes} MB are left"), room);
    } else {
        sheet.ok("disk", format!("{} GB are free", free >> 30));
    }
}

fn writable(open: &OpenTown, sheet: &mut Sheet) {
    for folder in [&open.town.root, &open.town.git_dir(), &open.town.runtime_dir()] {
        if let Err(error) = tempfile::Builder::new().prefix(".gt-doctor-").tempfile_in(folder) {
            sheet.problem("writable", format!("{} cannot be written: {error}", folder.display()), |finding| {
                finding.next("see who owns it, and whether its file system is mounted read-only")
            });
        }
    }
    sheet.else_ok("writable", "the town can be written");
}

fn terminals(open: &OpenTown, sheet: &mut Sheet) {
    match tick::panes(open, TERMINALS) {
        Ok(panes) if panes.is_empty() => sheet.ok("terminals", "no session has a terminal now"),
        Ok(panes) => sheet.ok("terminals", format!("the tmux server of the town answers: {} terminals", panes.len())),
        Err(why) => sheet.problem("terminals", why, |finding| {
            finding.next("a tmux server that is stopped or overloaded answers again when it can; `gt status` tells")
        }),
    }
}

/// Whether the agents that would work in a rig are there.
pub(super) fn agents(open: &OpenTown, rig: &Rig, sheet: &mut Sheet) {
    let mut roles: Vec<_> = rig.workers.keys().cloned().collect();
    if roles.is_empty() {
        roles.push(crate::id::RoleName::developer());
    }
    let mut usable: Vec<String> = Vec::new();
    for role in roles {
        match choose::agent_of_role(open, rig, &role) {
            Ok(agent) if usable.contains(&agent) => {}
            Ok(agent) => usable.push(agent),
            Err(failure) => sheet.failed("agent", &failure),
        }
    }
    if !usable.is_empty() {
        sheet.else_ok("agent", format!("works with {}", usable.join(", ")));
    }
}
