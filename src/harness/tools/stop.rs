//! Stops what runs in another thread: the model's turn or a command.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::{Pid, Signal, kill_process_group};

/// A request to stop, and the process group that it ends.
#[derive(Debug, Default)]
pub(in crate::harness) struct Stop {
    asked: AtomicBool,
    group: Mutex<Option<Pid>>,
}

impl Stop {
    /// Asks to stop, and kills the command that runs.
    pub fn now(&self) {
        self.asked.store(true, Ordering::SeqCst);
        self.kill();
    }

    /// Whether somebody asked.
    pub fn asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }

    /// A command has started as the leader of this group; it is killed at once if the request came before.
    pub fn started(&self, group: Pid) {
        *self.lock() = Some(group);
        if self.asked() {
            self.kill();
        }
    }

    /// Kills the group of the command, if one runs.
    pub fn kill(&self) {
        if let Some(group) = *self.lock() {
            // A group that is gone already needs no killing.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }

    /// The command has ended and its number may soon belong to somebody else.
    pub fn ended(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Pid>> {
        self.group.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
