//! The keyboard of a session: read key by key, so that pastes of any length arrive whole and are seen at once.
//!
//! A terminal that collects lines by itself holds 4,095 bytes of one and shows pastes with their brackets.

use std::io::{self, IsTerminal};
use std::sync::{Arc, Mutex};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::screen::Screen;

/// Bracketed paste on and off; see [`super::line`].
const PASTE: (&str, &str) = ("\u{1b}[?2004h", "\u{1b}[?2004l");

/// The terminal in the mode that a session needs; as it was before when this is dropped.
pub(super) struct Keyboard {
    before: Termios,
    screen: Arc<Mutex<Screen>>,
}

impl Keyboard {
    /// Whether there is one.
    pub fn exists() -> bool {
        io::stdin().is_terminal() && io::stdout().is_terminal()
    }

    /// Takes the terminal; Ctrl-C and Ctrl-Z stay signals.
    pub fn take(screen: &Arc<Mutex<Screen>>) -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut mode = before.clone();
        mode.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
        tcsetattr(io::stdin(), OptionalActions::Now, &mode)?;
        let keyboard = Self { before, screen: Arc::clone(screen) };
        keyboard.tell(PASTE.0);
        Ok(keyboard)
    }

    fn tell(&self, sequence: &str) {
        self.screen.lock().unwrap_or_else(std::sync::PoisonError::into_inner).control(sequence);
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        self.tell(PASTE.1);
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}
