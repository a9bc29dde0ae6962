//! The way out of the sandbox: a verb is handed to the session's own process, which carries it out outside.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use super::message::{Stream, Verb, socket_path};
use super::{Reply, Request, RuntimeError, folder::session_of};

/// Has a verb carried out by the session of a run folder; what it says goes to `out` and `errors` as it comes. Answers
/// its exit status.
///
/// # Errors
/// When the session is gone, or does not carry it out.
pub fn run_outside(dir: &Path, verb: Verb, out: &mut dyn Write, errors: &mut dyn Write) -> Result<i32, RuntimeError> {
    let path = socket_path(dir);
    let gone = |_| RuntimeError::NoSession { session: session_of(dir) };
    let stream = UnixStream::connect(&path).map_err(gone)?;
    let mut line = serde_json::to_string(&Request::Verb(verb)).expect("a request has only plain fields");
    line.push('\n');
    (&stream).write_all(line.as_bytes()).map_err(gone)?;
    let mut answers = BufReader::new(stream);
    loop {
        let reply = next(&mut answers).map_err(gone)?;
        match reply {
            Reply::Output { stream, bytes } => {
                let mut piece = vec![0; bytes];
                answers.read_exact(&mut piece).map_err(gone)?;
                // Whoever asked may read no more of it; the verb is carried out all the same.
                let _ = match stream {
                    Stream::Out => out.write_all(&piece),
                    Stream::Error => errors.write_all(&piece),
                };
            }
            Reply::Ran { status } => return Ok(status),
            Reply::Failed { message } => {
                return Err(RuntimeError::NotCarriedOut { session: session_of(dir), reason: message });
            }
            other => {
                let reason = format!("it answered {other:?}");
                return Err(RuntimeError::NotCarriedOut { session: session_of(dir), reason });
            }
        }
    }
}

fn next(answers: &mut impl BufRead) -> io::Result<Reply> {
    let mut line = String::new();
    if answers.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    serde_json::from_str(&line).map_err(io::Error::from)
}
