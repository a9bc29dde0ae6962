//! How a text goes in: pasted once, and Enter once it is known what was pasted.
//!
//! Between the two everything may fail: tmux, the look at the screen, the note that it was typed. So a text that may
//! stand in the line is remembered from before its paste, and what is left to be done about it is seen on the screen.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::Typist;
use super::keyboard::HALF_TYPED;
use crate::runtime::exec::desk::judge::Judge;
use crate::runtime::exec::desk::post::words;
use crate::runtime::exec::desk::proof::{Typed, is_shown, piece, tail};
use crate::runtime::tmux::TmuxServer;
use crate::runtime::{Look, RuntimeError};
use crate::store::Message;

/// How long a text may take to be shown, until it is sure that it never came to the line.
const SHOWS: Duration = Duration::from_secs(3);

impl Typist {
    /// Pastes a message and presses Enter. What fails after that is done by [`Typist::go_on`].
    pub(super) fn type_one(
        &mut self,
        server: &TmuxServer,
        before: &Look,
        message: &Message,
        busy: bool,
    ) -> Result<(), RuntimeError> {
        let text = words(message);
        let text = text.trim_end_matches(['\n', '\r']);
        if self.manners.keeps_prompt {
            server.press(&self.pane, "C-u")?;
        }
        let (events, transcript) = self.mark();
        crate::env::commit_point("message.taken");
        let now = Instant::now();
        let mut typed = Typed {
            id: message.id,
            piece: piece(text),
            tail: tail(text),
            at: crate::runtime::now(),
            events,
            transcript,
            shown: before.clone(),
            entered: (now, 0),
            ignored: Duration::ZERO,
            counted: now,
            while_busy: busy,
            worked: false,
        };
        let pasted = self.paste(server, &mut typed, text);
        if !matches!(pasted, Ok(false)) {
            self.typed.push(typed);
        }
        pasted.map(drop)
    }

    fn paste(&mut self, server: &TmuxServer, typed: &mut Typed, text: &str) -> Result<bool, RuntimeError> {
        server.paste(&self.pane, text)?;
        server.settle(&self.pane, &typed.shown.text(), text, self.manners.pause_ms)?;
        self.enter(server, typed)
    }

    /// Presses Enter for the first time, under the text that stands in the line. Answers whether something is left to be
    /// done about it: none where it was settled meanwhile.
    fn enter(&mut self, server: &TmuxServer, typed: &mut Typed) -> Result<bool, RuntimeError> {
        crate::env::commit_point("message.pasted");
        let shown = server.look(&self.pane)?;
        // Written down before Enter: whoever is killed in between knows that it may have been sent.
        match self.post.typed(typed.id) {
            Some(true) => {}
            Some(false) => return server.press(&self.pane, "C-u").map(|()| false),
            None => return Ok(true),
        }
        crate::env::commit_point("message.typed");
        typed.shown = shown;
        typed.entered = (Instant::now(), 1);
        (typed.counted, typed.ignored) = (typed.entered.0, Duration::ZERO);
        // One that is lost here is noticed like any other.
        let _ = server.press(&self.pane, "Enter");
        crate::env::commit_point("message.entered");
        self.no_longer_stops();
        Ok(true)
    }

    /// Something failed between the paste and Enter. Only Enter is left to be done where the text stands in the line; one
    /// that never came there is pasted anew. Answers whether there is still something to be done; `passed`: since the
    /// last look.
    pub(super) fn go_on(&mut self, one: &mut Typed, server: &TmuxServer, look: &Look, passed: Duration) -> bool {
        if self.is_in_line(one, look) {
            one.ignored = Duration::ZERO;
            if look.keys > one.shown.keys {
                // A person has it before them, and may be adding to it.
                self.post.waits(one.id, HALF_TYPED);
                return true;
            }
            return self.enter(server, one).unwrap_or_else(|error| {
                self.post.waits(one.id, &error.to_string());
                true
            });
        }
        one.ignored += passed;
        if one.ignored < SHOWS {
            return true;
        }
        // Or what is hidden of it would stand before the next one.
        let _ = server.press(&self.pane, "C-u");
        false
    }

    /// Whether the line shows a text that was pasted when the screen was as [`Typed::shown`] is.
    fn is_in_line(&self, one: &Typed, look: &Look) -> bool {
        let left = Judge::left(&one.shown);
        let is_written = !is_shown(look, &one.shown) && self.judge.is_written(look, Some(&left));
        is_written || one.is_shown_more(look)
    }

    fn mark(&self) -> (u64, Option<(PathBuf, u64)>) {
        let inside = self.shared.lock();
        let path = inside.heard.iter().rev().find_map(|(_, event)| event.transcript.clone());
        let length = |path: &PathBuf| std::fs::metadata(path).map_or(0, |meta| meta.len());
        (inside.count, path.map(|path| (path.clone(), length(&path))))
    }
}
