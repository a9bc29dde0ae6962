//! Ctrl-C as a message, for commands that have something to do before they end.

use std::io::Write;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::{Failure, Kind, Outcome};
use crate::ops::{OpenTown, session};

/// What a shell answers for a process that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// From now on Ctrl-C does not end the process: each one arrives here, and a SIGTERM as two of them, since who sends
/// that does not press a key again. The sender lives as long as the process.
///
/// # Errors
/// When the system does not let us listen.
pub(super) fn interrupts() -> Outcome<Receiver<()>> {
    listen(vec![(SignalKind::interrupt(), 1), (SignalKind::terminate(), 2)])
}

/// The same for every polite request to end: Ctrl-C, SIGTERM, and the end of the terminal.
///
/// # Errors
/// When the system does not let us listen.
pub(super) fn requests_to_end() -> Outcome<Receiver<()>> {
    listen([SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(|kind| (kind, 1)).to_vec())
}

/// How things stand at an interrupt, and what goes on from there.
#[derive(Debug, Clone)]
pub(super) struct Stands {
    /// What is kept and what is not.
    pub kept: String,
    /// How to go on.
    pub next: String,
}

impl Stands {
    pub(super) fn new(kept: impl Into<String>, next: impl Into<String>) -> Self {
        Self { kept: kept.into(), next: next.into() }
    }

    /// While a plan is made.
    pub(super) fn unplanned() -> Self {
        Self::new("the plan was not written", "the same command begins anew")
    }
}

/// While this lives, Ctrl-C and SIGTERM end the commands that the process waits for, and then the process, which says
/// how things stand.
#[derive(Debug)]
pub(super) struct EndsCommands(Arc<Mutex<Option<Stands>>>);

/// Gates, set-up commands and planners have process groups of their own, which the terminal does not interrupt: they
/// would go on without anybody who waits for them.
///
/// # Errors
/// When the system does not let us listen.
pub(super) fn ends_commands(open: &OpenTown, stands: Stands) -> Outcome<EndsCommands> {
    let kinds = vec![(SignalKind::interrupt(), 1), (SignalKind::terminate(), 1)];
    let (interrupts, town) = (listen(kinds)?, open.again());
    let armed = Arc::new(Mutex::new(Some(stands)));
    let at_end = Arc::clone(&armed);
    let body = move || {
        while interrupts.recv().is_ok() {
            let stands = at_end.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some(Stands { kept, next }) = stands {
                // Should it fail, the next pass ends what is left.
                let _ = session::end_own_commands(&town);
                // What was shown last may stand in the same line.
                let _ = writeln!(std::io::stderr(), "\ninterrupted: {kept}\nhint: {next}");
                std::process::exit(INTERRUPTED);
            }
        }
    };
    let spawned = std::thread::Builder::new().name("interrupts".to_owned()).spawn(body);
    spawned.map_err(|error| Failure::caused(Kind::External, "cannot listen for signals", error))?;
    Ok(EndsCommands(armed))
}

impl EndsCommands {
    /// From now on things stand like this.
    pub(super) fn stand(&self, stands: Stands) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(stands);
    }
}

impl Drop for EndsCommands {
    fn drop(&mut self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Each kind of signal arrives as so many messages.
fn listen(kinds: Vec<(SignalKind, usize)>) -> Outcome<Receiver<()>> {
    let cannot = |error| Failure::caused(Kind::External, "cannot listen for signals", error);
    let (sender, receiver) = mpsc::channel();
    for (kind, messages) in kinds {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().map_err(cannot)?;
        // Listening begins here, not when the thread gets to it.
        let guard = runtime.enter();
        let listened = signal(kind).map_err(cannot)?;
        drop(guard);
        let sender = sender.clone();
        let body = move || runtime.block_on(pass_on(listened, &sender, messages));
        std::thread::Builder::new().name("signals".to_owned()).spawn(body).map_err(cannot)?;
    }
    Ok(receiver)
}

async fn pass_on(mut signal: Signal, sender: &Sender<()>, messages: usize) {
    while signal.recv().await.is_some() && (0..messages).all(|_| sender.send(()).is_ok()) {}
    // Nobody listens any more, and the wish must not be lost: the next one ends the process.
    let _ = signal.recv().await;
    std::process::exit(INTERRUPTED);
}
