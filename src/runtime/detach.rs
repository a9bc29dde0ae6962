//! Processes of ours that outlive whoever starts them.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::env;

/// Starts `argv` in the background with exactly `environment`, without a terminal, in a process group of its own. It
/// survives the end of the session that it was started from. Nobody learns how it ends.
#[expect(clippy::disallowed_methods, reason = "this is the door for background passes")]
pub fn spawn_detached(argv: &[String], cwd: &Path, environment: &BTreeMap<String, String>) -> io::Result<()> {
    let (program, arguments) = argv.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(cwd)
        .env_clear()
        .envs(environment)
        .env_remove(env::SESSION)
        .env(env::DETACHED, "1")
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
