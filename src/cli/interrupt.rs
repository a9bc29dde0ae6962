//! Ctrl-C as a message, for commands that have something to do before they end.

use std::sync::mpsc::{self, Receiver, Sender};

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::{Failure, Kind, Outcome};

/// From now on Ctrl-C does not end the process: each one arrives here. The sender lives as long as the process.
///
/// # Errors
/// When the system does not let us listen.
pub(super) fn interrupts() -> Outcome<Receiver<()>> {
    listen(vec![SignalKind::interrupt()])
}

/// The same for every polite request to end: Ctrl-C, SIGTERM, and the end of the terminal.
///
/// # Errors
/// When the system does not let us listen.
pub(super) fn requests_to_end() -> Outcome<Receiver<()>> {
    listen(vec![SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()])
}

fn listen(kinds: Vec<SignalKind>) -> Outcome<Receiver<()>> {
    let cannot = |error| Failure::caused(Kind::External, "cannot listen for signals", error);
    let (sender, receiver) = mpsc::channel();
    for kind in kinds {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().map_err(cannot)?;
        // Listening begins here, not when the thread gets to it.
        let guard = runtime.enter();
        let listened = signal(kind).map_err(cannot)?;
        drop(guard);
        let sender = sender.clone();
        let body = move || runtime.block_on(pass_on(listened, &sender));
        std::thread::Builder::new().name("signals".to_owned()).spawn(body).map_err(cannot)?;
    }
    Ok(receiver)
}

async fn pass_on(mut signal: Signal, sender: &Sender<()>) {
    while signal.recv().await.is_some() && sender.send(()).is_ok() {}
    // Nobody listens any more, and the wish must not be lost: the next one ends the process.
    let _ = signal.recv().await;
    std::process::exit(130);
}
