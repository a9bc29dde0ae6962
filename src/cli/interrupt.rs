//! Ctrl-C as a message, for commands that have something to say before they end.

use std::sync::mpsc::{self, Receiver};

use crate::error::{Failure, Kind, Outcome};

/// From now on Ctrl-C does not end the process: each one arrives here. The sender lives as long as the process.
///
/// # Errors
/// When the system does not let us listen.
pub(super) fn interrupts() -> Outcome<Receiver<()>> {
    let cannot = |error| Failure::caused(Kind::External, "cannot listen for Ctrl-C", error);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().map_err(cannot)?;
    let (sender, receiver) = mpsc::channel();
    let (ready, is_ready) = mpsc::channel();
    let listen = move || {
        runtime.block_on(async {
            let signal = {
                use tokio::signal::unix::{SignalKind, signal};
                signal(SignalKind::interrupt())
            };
            match signal {
                Ok(mut signal) => {
                    let _ = ready.send(Ok(()));
                    while signal.recv().await.is_some() && sender.send(()).is_ok() {}
                    // Nobody listens any more, and Ctrl-C must not be lost: the next one ends the process.
                    let _ = signal.recv().await;
                    std::process::exit(130);
                }
                Err(error) => drop(ready.send(Err(error))),
            }
        });
    };
    std::thread::Builder::new().name("interrupts".to_owned()).spawn(listen).map_err(cannot)?;
    match is_ready.recv() {
        Ok(Ok(())) => Ok(receiver),
        Ok(Err(error)) => Err(cannot(error)),
        Err(_) => Err(Failure::new(Kind::Internal, "the thread that listens for Ctrl-C ended in a panic")),
    }
}
