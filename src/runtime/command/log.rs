//! A log that keeps the beginning and the end of an output of any size.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use super::TAIL;

/// A thread that reads an output into a log.
pub struct CappedLog {
    done: Receiver<io::Result<Written>>,
}

/// What was written.
#[derive(Debug, Default, Clone)]
pub struct Written {
    /// How many bytes were left out in the middle.
    pub left_out: u64,
    /// The last lines.
    pub tail: String,
}

impl CappedLog {
    /// Begins to read `output` into the file at `path`, at most `limit` bytes of it.
    pub fn spawn(output: impl Read + Send + 'static, path: &Path, limit: u64) -> Self {
        let (sender, done) = mpsc::channel();
        let path = path.to_owned();
        // Should the thread not start, `finish` says so.
        let _ = std::thread::Builder::new().name("log".to_owned()).spawn(move || {
            let _ = sender.send(copy(output, &path, limit));
        });
        Self { done }
    }

    /// Waits until the output is closed, for at most `limit`.
    pub fn finish(self, limit: Duration) -> io::Result<Written> {
        match self.done.recv_timeout(limit) {
            Ok(written) => written,
            // Something that could not be found holds the output open; the log has all there was.
            Err(mpsc::RecvTimeoutError::Timeout) => Ok(Written::default()),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(io::ErrorKind::Other.into()),
        }
    }
}

fn copy(mut output: impl Read, path: &Path, limit: u64) -> io::Result<Written> {
    let mut options = OpenOptions::new();
    let file = options.create(true).write(true).truncate(true).mode(0o600).open(path);
    let mut sink = file.map(|file| Sink::new(file, limit));
    let mut chunk = vec![0; 64 * 1024];
    loop {
        match output.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) => {
                // A full disk must not stop the command: its output is read on, and the failure told at the end.
                let failure = sink.as_mut().ok().and_then(|sink| sink.take(&chunk[..length]).err());
                if let Some(error) = failure {
                    sink = Err(error);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    sink?.finish()
}

struct Sink {
    file: File,
    head_left: u64,
    end: VecDeque<u8>,
    end_limit: usize,
    tail: VecDeque<u8>,
    left_out: u64,
}

impl Sink {
    fn new(file: File, limit: u64) -> Self {
        let end_limit = usize::try_from(limit / 2).unwrap_or(usize::MAX);
        Self { file, head_left: limit - limit / 2, end: VecDeque::new(), end_limit, tail: VecDeque::new(), left_out: 0 }
    }

    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        push_limited(&mut self.tail, bytes, TAIL);
        let head = usize::try_from(self.head_left).unwrap_or(usize::MAX).min(bytes.len());
        self.file.write_all(&bytes[..head])?;
        self.head_left -= head as u64;
        self.left_out += push_limited(&mut self.end, &bytes[head..], self.end_limit) as u64;
        Ok(())
    }

    fn finish(mut self) -> io::Result<Written> {
        if self.left_out > 0 {
            writeln!(self.file, "\n[... {} bytes are left out here ...]", self.left_out)?;
        }
        self.file.write_all(self.end.make_contiguous())?;
        let tail = String::from_utf8_lossy(self.tail.make_contiguous()).into_owned();
        Ok(Written { left_out: self.left_out, tail })
    }
}

/// Appends, and drops from the beginning what is over the limit. Answers how much that was.
fn push_limited(ring: &mut VecDeque<u8>, bytes: &[u8], limit: usize) -> usize {
    ring.extend(bytes);
    let over = ring.len().saturating_sub(limit);
    ring.drain(..over);
    over
}
