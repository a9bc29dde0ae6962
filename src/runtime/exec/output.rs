//! What an agent without a terminal prints: into the session's log, up to a size, and then nowhere.

use std::io::{self, PipeWriter, Read, Write};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use super::super::LOG_LIMIT;

/// How long the end of a session waits for the rest of the output, which a process that does not end may hold open.
const REST: Duration = Duration::from_secs(2);

/// A copier that runs beside the agent.
#[derive(Debug)]
pub struct Output {
    over: Receiver<()>,
}

impl Output {
    /// Begins to copy; what is written to the two ends goes to this process's own output.
    pub fn begin() -> io::Result<(Self, [PipeWriter; 2])> {
        let (reader, writer) = io::pipe()?;
        let errors = writer.try_clone()?;
        let (send, over) = channel();
        thread::Builder::new().name("output".to_owned()).spawn(move || {
            copy(reader, &mut io::stdout(), LOG_LIMIT);
            let _ = send.send(());
        })?;
        Ok((Self { over }, [writer, errors]))
    }

    /// Waits until everything is written.
    pub fn finish(self) {
        let _ = self.over.recv_timeout(REST);
    }
}

/// Copies until the other end is closed. What is over the limit is read all the same: the agent must not stand still.
fn copy(mut from: impl Read, to: &mut dyn Write, limit: u64) {
    let (mut written, mut block) = (0, vec![0; 64 * 1024]);
    loop {
        let read = match from.read(&mut block) {
            Ok(0) => return,
            Ok(read) => read as u64,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return,
        };
        if written >= limit {
            continue;
        }
        let fits = read.min(limit - written);
        // A full disk is no reason to stop the agent either.
        let _ = to.write_all(&block[..fits as usize]).and_then(|()| to.flush());
        written += fits;
        if written == limit {
            let _ = write!(to, "\n[gt] the log has {} MB: the rest is left out\n", limit >> 20);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_has_a_size_and_the_rest_is_read_all_the_same() {
        let many = vec![b'x'; 3 << 20];
        let mut from = io::Cursor::new(&many);
        let mut log = Vec::new();
        copy(&mut from, &mut log, 1 << 20);
        assert_eq!(from.position(), 3 << 20);
        let end = String::from_utf8_lossy(&log[1 << 20..]).into_owned();
        assert_eq!(end, "\n[gt] the log has 1 MB: the rest is left out\n");
        let mut short = Vec::new();
        copy(&b"few words"[..], &mut short, 1 << 20);
        assert_eq!(short, b"few words");
    }
}
