//! Whether the keyboard is free: for anything at all, and while the agent works.

use std::time::{Duration, Instant};

use super::{SIGN_RESTS, Typist};
use crate::runtime::exec::desk::front::has_pager;
use crate::runtime::exec::desk::judge::{Judge, is_bare};
use crate::runtime::tmux::TmuxServer;
use crate::runtime::{HookKind, Look, RuntimeError};
use crate::store::{Message, Mode};

/// Why nothing is typed after what a person has begun.
pub(super) const HALF_TYPED: &str = "a person's half-typed line is in its terminal";

/// What breaks the turn of most agents off.
const ESCAPE: &str = "Escape";

/// The time between the keys that break a turn off, where they are several.
const BETWEEN_KEYS: Duration = Duration::from_millis(200);

/// How long an interrupted agent may take to stop, and how often Escape is pressed.
const STOPS: Duration = Duration::from_secs(10);

/// See [`STOPS`].
const ESCAPES: Duration = Duration::from_secs(4);

impl Typist {
    /// Why nothing at all may be typed now.
    pub(super) fn stands(&mut self, look: &Look) -> Option<&'static str> {
        // A hook of the start comes before the keyboard is read.
        let begun = self.shared.lock().heard.iter().any(|(_, event)| event.kind == HookKind::Stop);
        let ready = match self.judge.is_ready(look) {
            Some(_) => begun || self.ready.is_some_and(|since| since.elapsed() >= SIGN_RESTS),
            None => !look.text().trim().is_empty(),
        };
        if !ready {
            return Some("it is starting");
        }
        self.judge.hindrance(look).or_else(|| self.half_typed(look))
    }

    /// A person pressed keys, and nothing shows that the line is empty again.
    fn half_typed(&mut self, look: &Look) -> Option<&'static str> {
        let input = self.judge.input(look);
        let pressed = look.keys > self.calm.1.unwrap_or(look.made);
        let calm = self.calm.0.as_deref();
        let is_bare = |line: &str| is_bare(line) || self.judge.is_prompt(line) || calm == Some(line);
        let left = Judge::left(look);
        let is_written = self.judge.is_written(look, self.calm_left.as_deref());
        if pressed && (is_written || !input.as_deref().is_none_or(is_bare)) {
            // Told of later than those keys, which it may yet have come before.
            let submitted = || {
                let inside = self.shared.lock();
                let last = inside.heard.iter().rfind(|(_, event)| event.kind == HookKind::Prompt);
                last.is_some_and(|(_, event)| event.at.timestamp() >= look.keys)
            };
            // While it works, the line is known by its sign only.
            let is_line = !self.is_busy(look) || self.judge.is_ready(look) == Some(true);
            if is_line && (is_written || !submitted()) {
                return Some(HALF_TYPED);
            }
            if !is_line {
                return None;
            }
        }
        // Keys are told by the second: more of them may come in this one.
        let second = crate::runtime::now().timestamp();
        self.calm_left = Some(left);
        self.calm = (input.or(self.calm.0.take()), Some(look.keys.min(second - 1)));
        None
    }

    /// Why a message waits while the agent works; none when it may be typed all the same.
    pub(super) fn held_while_busy(&mut self, server: &TmuxServer, message: &Message) -> Option<&'static str> {
        match message.what.mode {
            Mode::Steer if self.manners.listens_while_busy => None,
            Mode::Steer | Mode::Queue => Some("it works"),
            Mode::Interrupt => {
                let now = Instant::now();
                let (since, pressed) = match self.stopping {
                    Some((id, since, pressed)) if id == message.id => (since, pressed),
                    _ => (now, now.checked_sub(ESCAPES).unwrap_or(now)),
                };
                if since.elapsed() >= STOPS {
                    self.shared.lock().stopping = false;
                    // What cannot be stopped is told as soon as it listens.
                    return (!self.manners.listens_while_busy).then_some("it works and does not stop");
                }
                let first = self.stopping.is_none_or(|(id, ..)| id != message.id);
                let press = (first || (self.stops_by_escape() && pressed.elapsed() >= ESCAPES)) && !has_pager();
                if press && self.press_to_stop(server).is_err() {
                    return Some("it works");
                }
                self.shared.lock().stopping = true;
                self.stopping = Some((message.id, since, if press { now } else { pressed }));
                Some("it is being interrupted")
            }
        }
    }

    pub(super) fn no_longer_stops(&mut self) {
        self.stopping = None;
        self.shared.lock().stopping = false;
    }

    /// Whether another press does no harm: a second Ctrl-C ends many an agent, and two more Escapes take some back by a
    /// turn.
    fn stops_by_escape(&self) -> bool {
        self.manners.interrupt.is_empty()
    }

    fn press_to_stop(&self, server: &TmuxServer) -> Result<(), RuntimeError> {
        let keys = self.manners.interrupt.iter().map(String::as_str);
        let escape = self.manners.interrupt.is_empty().then_some(ESCAPE);
        for (place, key) in keys.chain(escape).enumerate() {
            if place > 0 {
                // Two at once would be read as one other key.
                crate::runtime::rest(BETWEEN_KEYS);
            }
            server.press(&self.pane, key)?;
        }
        Ok(())
    }
}
