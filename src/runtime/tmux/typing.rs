//! Typing a text into a terminal so that the agent there takes it as one.

use std::time::{Duration, Instant};

use regex_automata::meta::Regex;
use tmux_interface::CapturePane;

use super::super::{FirstPrompt, RuntimeError, pause};
use super::TmuxServer;

/// Agents take an Enter that follows typing too closely for a part of the paste. Measured: with this pause every one
/// of ten agents took every text.
const PAUSE: Duration = Duration::from_millis(200);

/// More pause for each kilobyte.
const PAUSE_PER_KILOBYTE: Duration = Duration::from_millis(20);

/// How long the screen may take to show the text. Then Enter is pressed all the same: it may be collapsed or hidden.
const SHOW_LIMIT: Duration = Duration::from_secs(3);

/// How often Enter is tried when tmux fails.
const ENTERS: u32 = 10;

/// How often the screen is looked at.
const STEP: Duration = Duration::from_millis(25);

/// How long an agent may take until it is ready for its first prompt; the slowest that was measured took 14 s.
const READY_LIMIT: Duration = Duration::from_secs(120);

/// How long a screen with the sign is to stay as it is. Measured: what is pasted the moment that one looks ready is lost.
const SIGN_REST: Duration = Duration::from_millis(600);

/// The same for an agent without a sign.
const BLIND_REST: Duration = Duration::from_secs(4);

/// How often the screen is looked at before the first prompt.
const LOOK: Duration = Duration::from_millis(100);

/// What became of a text on the screen. Whether the agent accepted it, only the agent can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Typed {
    /// Whether the screen changed between the paste and Enter.
    pub shown: bool,
}

impl TmuxServer {
    /// Pastes a text in brackets, waits until the screen shows it, and presses Enter. `pane` is a target of tmux.
    pub fn type_text(&self, pane: &str, text: &str) -> Result<Typed, RuntimeError> {
        let before = self.screen_of(pane)?;
        self.paste(pane, text)?;
        // From here on the text is in the line: only Enter is missing, and what fails for a moment must not cost that.
        let shown = self.wait_for_change(pane, &before, pause_for(text, None)).unwrap_or_default();
        for _ in 1..ENTERS {
            if self.press(pane, "Enter").is_ok() {
                return Ok(Typed { shown });
            }
            pause(PAUSE);
        }
        self.press(pane, "Enter").map(|()| Typed { shown })
    }

    /// Waits after a paste until the screen shows it and rests, for the pause that its length and the agent ask for.
    pub fn settle(&self, pane: &str, before: &str, text: &str, pause_ms: Option<u64>) -> Result<bool, RuntimeError> {
        self.wait_for_change(pane, before, pause_for(text, pause_ms))
    }

    /// Types a first prompt once the screen shows the sign for it; when it never does, all the same, because an agent
    /// without its prompt does nothing for ever.
    pub fn type_first(&self, pane: &str, first: &FirstPrompt) -> Result<Typed, RuntimeError> {
        let sign = first.ready.as_deref().and_then(|pattern| Regex::new(pattern).ok());
        let start = Instant::now();
        let (mut last, mut since) = (String::new(), Instant::now());
        while start.elapsed() < READY_LIMIT {
            let Ok(screen) = self.screen_of(pane) else {
                // A server that is busy for a moment must not cost the prompt.
                pause(LOOK);
                continue;
            };
            if screen != last {
                (last, since) = (screen, Instant::now());
            }
            // A sign that has only just been drawn may stand there before the keyboard is read.
            let rests = since.elapsed() >= if sign.is_some() { SIGN_REST } else { BLIND_REST };
            if rests && !last.trim().is_empty() && sign.as_ref().is_none_or(|sign| sign.is_match(last.as_str())) {
                break;
            }
            pause(LOOK);
        }
        self.type_text(pane, &first.text)
    }

    fn wait_for_change(&self, pane: &str, before: &str, least: Duration) -> Result<bool, RuntimeError> {
        let start = Instant::now();
        let mut shown = false;
        let mut last = before.to_owned();
        loop {
            pause(STEP);
            let screen = self.screen_of(pane)?;
            shown |= screen != before;
            // The end of a long paste is shown last: wait for the screen to come to rest, or for the pause to pass.
            let rests = screen == last;
            last = screen;
            let waited = start.elapsed();
            if (shown && rests && waited >= least) || waited >= least + SHOW_LIMIT {
                return Ok(shown);
            }
        }
    }

    pub(super) fn screen_of(&self, pane: &str) -> Result<String, RuntimeError> {
        self.run(CapturePane::new().stdout().target_pane(pane).build())
    }
}

fn pause_for(text: &str, pause_ms: Option<u64>) -> Duration {
    let kilobytes = u32::try_from(text.len() / 1024).unwrap_or(u32::MAX);
    pause_ms.map_or(PAUSE, Duration::from_millis) + PAUSE_PER_KILOBYTE * kilobytes
}

/// Without control characters: an escape in the text could end the brackets of the paste and press keys.
pub(super) fn printable(text: &str) -> String {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    lines.chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_not_typed() {
        assert_eq!(printable("a\r\nb\x1b[201~\x03c\tü;\u{9b}"), "a\nb[201~c\tü;");
    }
}
