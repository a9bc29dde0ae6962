//! What reaches a session from outside: messages from the keyboard, Ctrl-C.

use std::io::{self, Read};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

use super::inbox::Happening;
use super::line::{Key, Line};
use super::screen::Screen;

/// Reads the keyboard in a thread of its own, shows what is typed, and passes messages on.
pub(super) fn listen_to_keyboard(screen: Arc<Mutex<Screen>>, to: Sender<Happening>) {
    std::thread::spawn(move || read_keys(io::stdin().lock(), &screen, &to));
}

fn read_keys(mut keys: impl Read, screen: &Mutex<Screen>, to: &Sender<Happening>) {
    let mut line = Line::default();
    let mut buffer = [0; 4096];
    let screen = || screen.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let read = match keys.read(&mut buffer) {
            Ok(read @ 1..) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Ok(_) | Err(_) => break,
        };
        let mut show = String::new();
        for key in buffer[..read].iter().filter_map(|byte| line.take(*byte)) {
            if let Key::Show(text) = &key {
                // A paste is shown in one piece.
                show.push_str(text);
                continue;
            }
            flush(&mut screen(), &mut show);
            match key {
                Key::Show(_) => {}
                Key::Erase(count) => screen().erase(count),
                Key::Submit(text) => {
                    screen().submitted();
                    let _ = to.send(Happening::Said(text));
                }
                Key::End => drop(to.send(Happening::Closed)),
            }
        }
        flush(&mut screen(), &mut show);
    }
    if let Some(text) = line.end() {
        let _ = to.send(Happening::Said(text));
    }
    let _ = to.send(Happening::Closed);
}

fn flush(screen: &mut Screen, show: &mut String) {
    if !show.is_empty() {
        screen.typed(show);
        show.clear();
    }
}

/// Passes Ctrl-C on, from a thread of its own; without it Ctrl-C would end the process and leave its commands behind.
pub(super) fn listen_to_interrupts(to: Sender<Happening>) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let mut interrupts = {
        let _context = runtime.enter();
        signal(SignalKind::interrupt())?
    };
    std::thread::spawn(move || {
        runtime.block_on(async {
            while interrupts.recv().await.is_some() {
                if to.send(Happening::Interrupt).is_err() {
                    return;
                }
            }
        });
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::screen::tests::Paper;
    use super::*;

    #[test]
    fn messages_reach_the_session_and_are_seen() {
        let paper = Paper::default();
        let screen = Mutex::new(Screen::new(Box::new(paper.clone()), false));
        let (to, from) = std::sync::mpsc::channel();
        let keys = b"hi there\r\x1b[200~two\rlines\x1b[201~\rrest";
        read_keys(&keys[..], &screen, &to);
        drop(to);
        let heard: Vec<String> = from
            .into_iter()
            .map(|happening| match happening {
                Happening::Said(text) => text,
                Happening::Closed => "<closed>".to_owned(),
                _ => "<other>".to_owned(),
            })
            .collect();
        assert_eq!(heard, ["hi there", "two\nlines", "rest", "<closed>"]);
        assert_eq!(paper.text(), "> hi there\n> two\nlines\n> rest");
    }
}
