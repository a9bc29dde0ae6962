//! `shell`: a command in the worktree, with a time limit.
//!
//! Not [`crate::runtime::run_command`]: that runs gates, with an environment of their own and nothing left behind. Here the
//! command belongs to the session: it keeps the session's marker and lease, so that `gt done` works in it, and what
//! it leaves in the background may go on until the session ends.

use std::io::{self, PipeReader, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::Need::{May, Must};
use super::{Arguments, Bounds, Stop, Tool, Trouble};

/// The time limit when none is given, and the longest that can be given, in seconds.
const SECONDS: (u64, u64) = (120, 1800);

/// How long a command may take to end after SIGTERM.
const GRACE: Duration = Duration::from_secs(2);

/// How long the output may stay open after the command ended: what it left in the background may hold it for ever.
const DRAIN: Duration = Duration::from_millis(500);

/// How much of the beginning and of the end of the output is kept, each, in bytes.
const KEPT: usize = 15 << 10;

/// What would wait for a person is told not to.
const QUIET: &[(&str, &str)] =
    &[("PAGER", "cat"), ("GIT_PAGER", "cat"), ("GIT_EDITOR", "true"), ("GIT_TERMINAL_PROMPT", "0"), ("TERM", "dumb")];

pub(super) const TOOL: Tool = Tool {
    name: "shell",
    description: "Runs a command with bash (or sh) in the worktree and answers with its output and exit status. There is \
                  no terminal and no input. A command that takes longer than its limit is ended with all it started.",
    arguments: &[
        ("command", "string", Must, "the command"),
        ("seconds", "integer", May, "the time limit in seconds; default 120, at most 1800"),
        ("cwd", "string", May, "a folder in the worktree to run in; default: the worktree"),
    ],
    run,
};

fn run(bounds: &Bounds, arguments: &Arguments, stop: &Stop) -> Result<String, Trouble> {
    let command = arguments.text("command")?;
    if command.trim().is_empty() || command.contains('\0') {
        return Err(Trouble::Arguments("argument `command` is empty or holds a NUL character".into()));
    }
    let seconds = arguments.number("seconds")?.unwrap_or(SECONDS.0).clamp(1, SECONDS.1);
    let cwd = bounds.to_enter(arguments.optional_text("cwd")?.unwrap_or("."))?;
    let failed = |error: io::Error| Trouble::Failed(format!("the command could not be run: {error}"));
    let (child, output) = start(command, &cwd).map_err(failed)?;
    let output = Output::collect(output);
    let (status, timed_out) = wait(child, Duration::from_secs(seconds), stop).map_err(failed)?;
    let text = output.text();
    let ended = describe(status);
    if stop.asked() {
        return Err(Trouble::Interrupted(format!("{text}[interrupted]\n")));
    }
    if timed_out {
        return Err(Trouble::TimedOut(format!("{text}[ended after its limit of {seconds} seconds]\n")));
    }
    if status.success() { Ok(format!("{text}{ended}")) } else { Err(Trouble::Failed(format!("{text}{ended}"))) }
}

#[expect(clippy::disallowed_methods, reason = "the command belongs to this session, see the top of the file")]
fn start(command: &str, cwd: &Path) -> io::Result<(Child, PipeReader)> {
    let (reader, writer) = io::pipe()?;
    let shell = if Path::new("/bin/bash").exists() { "/bin/bash" } else { "/bin/sh" };
    let child = Command::new(shell)
        .args(["-c", command])
        .current_dir(cwd)
        .envs(QUIET.iter().copied())
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .process_group(0)
        .spawn()?;
    Ok((child, reader))
}

/// Waits for the end, and makes it when the limit is over; tells whether it was.
fn wait(mut child: Child, limit: Duration, stop: &Stop) -> io::Result<(ExitStatus, bool)> {
    let group = Pid::from_child(&child);
    stop.started(group);
    let ended = notice_end(group);
    let timed_out = ended.recv_timeout(limit) == Err(RecvTimeoutError::Timeout);
    if timed_out {
        let _ = kill_process_group(group, Signal::TERM);
        let _ = ended.recv_timeout(GRACE);
        stop.kill();
    }
    // The number of the group stays ours until the child is collected.
    stop.ended();
    Ok((child.wait()?, timed_out))
}

/// Tells when a child has ended, without collecting it.
fn notice_end(child: Pid) -> Receiver<()> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while waitid(WaitId::Pid(child), options).is_err_and(|error| error == rustix::io::Errno::INTR) {}
        let _ = sender.send(());
    });
    receiver
}

fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("[exit status {code}]\n"),
        (None, Some(signal)) => format!("[ended by signal {signal}]\n"),
        (None, None) => "[ended]\n".to_owned(),
    }
}

/// The output as it comes, read by a thread of its own.
struct Output {
    kept: Arc<Mutex<Kept>>,
    closed: Receiver<()>,
}

impl Output {
    fn collect(mut pipe: PipeReader) -> Self {
        let kept = Arc::new(Mutex::new(Kept::default()));
        let (sender, closed) = mpsc::channel();
        let for_thread = Arc::clone(&kept);
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(read @ 1..) = pipe.read(&mut buffer) {
                for_thread.lock().unwrap_or_else(std::sync::PoisonError::into_inner).add(&buffer[..read]);
            }
            let _ = sender.send(());
        });
        Self { kept, closed }
    }

    fn text(&self) -> String {
        let open = self.closed.recv_timeout(DRAIN) == Err(RecvTimeoutError::Timeout);
        let mut text = self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner).text();
        if open {
            text.push_str("[something in the background still holds the output]\n");
        }
        text
    }
}

/// The beginning and the end of an output.
#[derive(Default)]
struct Kept {
    head: Vec<u8>,
    tail: Vec<u8>,
    left_out: usize,
}

impl Kept {
    fn add(&mut self, bytes: &[u8]) {
        let room = KEPT - self.head.len();
        let (head, tail) = bytes.split_at(room.min(bytes.len()));
        self.head.extend_from_slice(head);
        self.tail.extend_from_slice(tail);
        // Twice as much is kept before the beginning is dropped, so that dropping is rare.
        if self.tail.len() > 2 * KEPT {
            let drop = self.tail.len() - KEPT;
            self.tail.drain(..drop);
            self.left_out += drop;
        }
    }

    /// As text that ends with a line end, unless it is empty.
    fn text(&self) -> String {
        let extra = self.tail.len().saturating_sub(KEPT);
        let left_out = self.left_out + extra;
        let mut text = String::from_utf8_lossy(&self.head).into_owned();
        if left_out > 0 {
            text.push_str(&format!("\n[{left_out} bytes left out]\n"));
        }
        text.push_str(&String::from_utf8_lossy(&self.tail[extra..]));
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(json: &serde_json::Value, stop: &Stop) -> Result<String, Trouble> {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(dir.path().join("sub dir")).expect("a folder");
        let bounds = Bounds::new(dir.path()).expect("a folder");
        run(&bounds, &Arguments::parse(&json.to_string(), &["command", "seconds", "cwd"])?, stop)
    }

    fn text(command: &str) -> Result<String, Trouble> {
        shell(&serde_json::json!({"command": command, "seconds": 60}), &Stop::default())
    }

    #[test]
    fn output_and_status() {
        assert_eq!(text("echo out; echo err >&2; printf end"), Ok("out\nerr\nend\n[exit status 0]\n".into()));
        assert_eq!(text("echo a; exit 3"), Err(Trouble::Failed("a\n[exit status 3]\n".into())));
        assert_eq!(text("kill -9 $$"), Err(Trouble::Failed("[ended by signal 9]\n".into())));
        assert_eq!(text("cat"), Ok("[exit status 0]\n".into()), "there is no input");
        assert!(matches!(text(" "), Err(Trouble::Arguments(_))));
    }

    #[test]
    fn it_runs_inside_the_worktree() {
        let inside = shell(&serde_json::json!({"command": "basename \"$PWD\"", "cwd": "sub dir"}), &Stop::default());
        assert_eq!(inside, Ok("sub dir\n[exit status 0]\n".into()));
        let outside = shell(&serde_json::json!({"command": "pwd", "cwd": ".."}), &Stop::default());
        assert!(matches!(outside, Err(Trouble::Refused(_))));
    }

    #[test]
    fn a_command_over_its_limit_is_ended_with_its_children() {
        let command = "sleep 600 & echo $!; trap '' TERM; sleep 600; sleep 600";
        let answer = shell(&serde_json::json!({"command": command, "seconds": 1}), &Stop::default());
        let Err(Trouble::TimedOut(text)) = answer else { panic!("{answer:?}") };
        let (child, end) = text.split_once('\n').expect("two lines");
        assert_eq!(end, "[ended after its limit of 1 seconds]\n");
        // A dead process that nobody has collected yet has an empty command line.
        let line = std::fs::read(format!("/proc/{child}/cmdline")).unwrap_or_default();
        assert!(line.is_empty(), "{}", String::from_utf8_lossy(&line));
    }

    #[test]
    fn what_stays_in_the_background_holds_nothing_up() {
        let answer = text("sleep 30 & echo $!").expect("an answer");
        assert!(answer.contains("[something in the background still holds the output]"), "{answer}");
        let pid: i32 = answer.lines().next().and_then(|line| line.parse().ok()).expect("a number");
        let pid = Pid::from_raw(pid).expect("a process");
        rustix::process::kill_process(pid, Signal::KILL).expect("it still runs");
    }

    #[test]
    fn it_can_be_stopped_before_and_while_it_runs() {
        let stop = Arc::new(Stop::default());
        let dir = tempfile::tempdir().expect("a folder");
        let fifo = dir.path().join("begun");
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0).expect("a pipe");
        let command = format!("echo > '{}'; sleep 60", fifo.display());
        let asked = Arc::clone(&stop);
        std::thread::spawn(move || {
            // Opening waits until the command writes.
            let _ = std::fs::read(&fifo);
            asked.now();
        });
        let request = serde_json::json!({"command": command});
        assert_eq!(shell(&request, &stop), Err(Trouble::Interrupted("[interrupted]\n".into())));
        assert_eq!(shell(&request, &stop), Err(Trouble::Interrupted("[interrupted]\n".into())), "asked before");
    }

    #[test]
    fn a_long_output_keeps_its_beginning_and_its_end() {
        let answer = text("echo first; yes | head -c 3000000; echo last").expect("an answer");
        assert!(answer.starts_with("first\ny\n") && answer.ends_with("y\nlast\n[exit status 0]\n"));
        assert!(answer.len() < 2 * KEPT + 200, "{}", answer.len());
        let left_out = 3_000_000 + "first\nlast\n".len() - 2 * KEPT;
        assert!(answer.contains(&format!("\n[{left_out} bytes left out]\n")), "{answer}");
    }

    proptest::proptest! {
        #[test]
        fn what_is_kept_is_the_beginning_and_the_end(sizes in proptest::collection::vec(0usize..20_000, 0..12)) {
            let all: Vec<u8> = (0..sizes.iter().sum::<usize>()).map(|place| b'a' + (place % 23) as u8).collect();
            let (mut kept, mut rest) = (Kept::default(), all.as_slice());
            for size in sizes {
                let (now, later) = rest.split_at(size);
                kept.add(now);
                rest = later;
            }
            let text = kept.text();
            let whole = String::from_utf8(all.clone()).expect("letters");
            if all.len() <= 2 * KEPT {
                proptest::prop_assert_eq!(text.trim_end(), whole);
            } else {
                proptest::prop_assert!(text.starts_with(&whole[..KEPT]));
                proptest::prop_assert!(text.trim_end().ends_with(&whole[whole.len() - KEPT..]));
            }
        }
    }
}
