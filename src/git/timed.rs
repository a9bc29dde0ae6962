//! Waiting for a command with a time limit, and ending it with all that it started.

use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Output};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

/// How long a pipe may stay open after the command ended: something that it left running holds it.
const LINGER: Duration = Duration::from_secs(2);

/// Makes the command the leader of its own process group, so that the group can be ended.
pub(super) fn own_group(command: &mut Command) {
    command.process_group(0);
}

enum News {
    Out(Vec<u8>),
    Err(Vec<u8>),
    Closed,
}

/// Waits for `child` (a group leader with piped output) and collects what it says; `None` when the limit
/// passed and the group was killed.
pub(super) fn finish(mut child: Child, input: Option<&[u8]>, limit: Duration) -> io::Result<Option<Output>> {
    let deadline = Instant::now() + limit;
    let (send, news) = mpsc::channel();
    read(child.stdout.take(), send.clone(), News::Out);
    read(child.stderr.take(), send, News::Err);
    if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input.map(<[u8]>::to_vec)) {
        thread::spawn(move || stdin.write_all(&input).is_ok());
    }
    let (mut stdout, mut stderr, mut open) = (Vec::new(), Vec::new(), 2);
    let mut until = deadline;
    let mut ended = None;
    while open > 0 {
        match news.recv_timeout(until.saturating_duration_since(Instant::now()).min(Duration::from_millis(100))) {
            Ok(News::Out(bytes)) => stdout.extend(bytes),
            Ok(News::Err(bytes)) => stderr.extend(bytes),
            Ok(News::Closed) => open -= 1,
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                if ended.is_none() {
                    ended = child.try_wait()?;
                    until = if ended.is_some() { until.min(Instant::now() + LINGER) } else { until };
                }
                if Instant::now() >= until {
                    break;
                }
            }
        }
    }
    let status = match ended {
        Some(status) => status,
        None if open > 0 => return kill(child).map(|()| None),
        // Both pipes are closed: it has ended or is about to, unless it closed them on purpose.
        None => match wait_until(&mut child, deadline)? {
            Some(status) => status,
            None => return kill(child).map(|()| None),
        },
    };
    Ok(Some(Output { status, stdout, stderr }))
}

fn read(pipe: Option<impl Read + Send + 'static>, send: mpsc::Sender<News>, wrap: fn(Vec<u8>) -> News) {
    let Some(mut pipe) = pipe else { return };
    thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = pipe.read(&mut buffer) {
            if send.send(wrap(buffer[..count].to_vec())).is_err() {
                return;
            }
        }
        send.send(News::Closed).ok();
    });
}

fn wait_until(child: &mut Child, deadline: Instant) -> io::Result<Option<std::process::ExitStatus>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        thread::park_timeout(Duration::from_millis(2));
    }
}

fn kill(mut child: Child) -> io::Result<()> {
    if let Some(pid) = Pid::from_raw(child.id().cast_signed()) {
        // The leader is not reaped yet, so its number cannot belong to another group.
        rustix::process::kill_process_group(pid, Signal::KILL).ok();
    }
    child.wait().map(|_| ())
}

/// Whether `pid` has ended within `limit`; for tests of what [`finish`] kills.
#[cfg(test)]
pub(super) fn gone(pid: Pid, limit: Duration) -> bool {
    let deadline = Instant::now() + limit;
    loop {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
        let zombie = stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z'));
        if stat.is_empty() || zombie {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        thread::park_timeout(Duration::from_millis(10));
    }
}
