//! Processes of ours that outlive whoever starts them.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::env;

/// In the environment of our own background processes: they belong to no session, whoever started them. Without it
/// the end of a session would take a pass with it that an agent's `gt done` started.
pub(super) const DETACHED: &str = "GT_DETACHED";

/// Starts `argv` in the background with exactly `environment`, without a terminal, in a process group of its own. It
/// survives the end of the session that it was started from. Nobody learns how it ends.
pub fn spawn_detached(argv: &[String], cwd: &Path, environment: &BTreeMap<String, String>) -> io::Result<()> {
    let (program, arguments) = argv.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(cwd)
        .env_clear()
        .envs(environment)
        .env_remove(env::SESSION)
        .env(DETACHED, "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0);
    collect_later(command.spawn()?);
    Ok(())
}

/// Collects a child whenever it ends, so that a long-lived parent keeps no zombie.
pub(super) fn collect_later(mut child: std::process::Child) {
    let _ = std::thread::Builder::new().name("collect".to_owned()).spawn(move || child.wait());
}
