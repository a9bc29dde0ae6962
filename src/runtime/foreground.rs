//! A program that runs in front of the person, in the caller's own terminal and group.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use super::RuntimeError;

/// A program of which one waits for the end.
#[derive(Debug)]
pub struct Foreground {
    child: Child,
    program: PathBuf,
}

/// Where the output of a program goes.
#[derive(Debug, Clone, Copy)]
pub enum Shown<'a> {
    /// Where the caller's goes.
    Here,
    /// Into a file, after what is there.
    Log(&'a Path),
}

impl Foreground {
    /// Starts `argv` in `cwd` with exactly `environment`, and without input.
    ///
    /// # Errors
    /// When the program cannot be started or the log not be opened.
    pub fn start(
        argv: &[String],
        cwd: &Path,
        environment: &BTreeMap<String, String>,
        shown: Shown<'_>,
    ) -> Result<Self, RuntimeError> {
        let (program, arguments) =
            argv.split_first().map_or(("", [].as_slice()), |(first, rest)| (first.as_str(), rest));
        let program = PathBuf::from(program);
        let mut command = Command::new(&program);
        command.args(arguments).current_dir(cwd).env_clear().envs(environment).stdin(Stdio::null());
        if let Shown::Log(path) = shown {
            let fail = |error| RuntimeError::io("open the log", path)(error);
            let log = OpenOptions::new().create(true).append(true).mode(0o600).open(path).map_err(fail)?;
            command.stdout(log.try_clone().map_err(fail)?).stderr(log);
        }
        let child = command.spawn().map_err(RuntimeError::io("start", &program))?;
        Ok(Self { child, program })
    }

    /// How it ended; `None` while it runs.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>, RuntimeError> {
        self.child.try_wait().map_err(RuntimeError::io("wait for", &self.program))
    }
}

impl Drop for Foreground {
    /// Whoever does not wait for its end any more does not want it to go on.
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
