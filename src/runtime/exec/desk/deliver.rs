//! Typing messages into the agent's terminal, and the proof that it has them.

use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::front::has_pager;
use super::judge::{Judge, PAGED, is_bare};
use super::post::{Post, words};
use super::{Shared, Work};
use crate::runtime::tmux::TmuxServer;
use crate::runtime::{HookKind, Look, Manners, RuntimeError};
use crate::store::{Delivery, Message, Mode};

/// How long an agent may show no sign of a text while nothing keeps it from taking it.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often a lost Enter is repeated, the first time after this, then after twice as long and so on.
const ENTER_AGAIN: Duration = Duration::from_secs(2);
/// See [`ENTER_AGAIN`].
const ENTERS: u32 = 4;

/// How long the first sign of being ready is to stay: what is pasted the moment that one looks ready is lost.
const SIGN_RESTS: Duration = Duration::from_millis(600);

/// How long an interrupted agent may take to stop, and how often Escape is pressed.
const STOPS: Duration = Duration::from_secs(10);
/// See [`STOPS`].
const ESCAPES: Duration = Duration::from_secs(4);

/// How much of a transcript is read for a proof.
const TRANSCRIPT: u64 = 8 << 20;

/// What types messages.
pub(super) struct Typist {
    shared: Arc<Shared>,
    post: Post,
    server: Option<TmuxServer>,
    pane: String,
    manners: Manners,
    judge: Judge,
    /// The last screen, and since when it has been so.
    last: (Vec<String>, Instant),
    /// Since when the sign of being ready has been seen.
    ready: Option<Instant>,
    /// The input line as it was when nobody had typed into it, and the last key of a person by then.
    calm: (Option<String>, Option<i64>),
    /// What was typed and is not proven.
    typed: Vec<Typed>,
    /// The message for whose sake the turn is being interrupted: since when, and the last Escape.
    stopping: Option<(i64, Instant, Instant)>,
}

/// A message that was typed.
struct Typed {
    id: i64,
    /// A piece of it that a prompt, a transcript or a screen shows.
    piece: String,
    /// How many events there were.
    events: u64,
    /// The transcript and its length.
    transcript: Option<(PathBuf, u64)>,
    /// The screen with the text in the line, before Enter.
    shown: Look,
    /// When Enter was pressed last, and how often.
    entered: (Instant, u32),
    /// How long the agent could have taken it and did not.
    ignored: Duration,
    /// When that was last counted.
    counted: Instant,
    /// It was typed while the agent worked: the proof may take as long as the turn.
    while_busy: bool,
}

impl Typist {
    pub(super) fn new(work: &Work, post: Post) -> Self {
        let manners = work.launch.manners.clone();
        Self {
            shared: work.shared.clone(),
            post,
            server: work.server.clone(),
            pane: work.pane.clone(),
            judge: Judge::of(&manners),
            manners,
            last: (Vec::new(), Instant::now()),
            ready: None,
            calm: (None, None),
            typed: Vec::new(),
            stopping: None,
        }
    }

    /// Looks once at what waits and does what can be done now. Answers whether anything still waits.
    pub(super) fn round(&mut self) -> bool {
        let Some(open) = self.post.open() else { return true };
        if open.is_empty() {
            self.typed.clear();
            return false;
        }
        let Some(server) = self.server.clone() else { return self.without_keyboard(&open) };
        // A server that is busy for a moment, or gone: the session's end will tell.
        let Ok(look) = server.look(&self.pane) else { return true };
        if look.dead {
            return true;
        }
        self.see(&look);
        self.prove(&server, &look);
        self.take_back_handed(&open);
        if self.typed.iter().all(|typed| typed.while_busy && !is_shown(&look, &typed.shown)) {
            self.type_next(&server, &look, open);
        }
        true
    }

    /// Only a hook can hand anything over here.
    fn without_keyboard(&self, open: &[Message]) -> bool {
        for message in open.iter().filter(|message| message.state == Delivery::Queued) {
            match self.manners.hands_over {
                true => self.post.waits(message.id, "it is told at the end of the turn"),
                false => self.post.failed(message.id, "its session has no terminal to type into, and no hook"),
            }
        }
        false
    }

    fn see(&mut self, look: &Look) {
        if look.rows != self.last.0 {
            self.last = (look.rows.clone(), Instant::now());
        }
        match self.judge.is_ready(look) {
            Some(true) => self.ready = self.ready.or_else(|| Some(Instant::now())),
            // Once seen it was there, whatever covers it now.
            Some(false) if self.ready.is_some_and(|since| since.elapsed() < SIGN_RESTS) => self.ready = None,
            Some(false) | None => {}
        }
    }

    fn is_busy(&self, look: &Look) -> bool {
        self.judge.is_busy(look, self.shared.lock().busy, self.last.1.elapsed())
    }

    /// What was handed over and after which nothing happened: the agent does not take it in that way.
    fn take_back_handed(&self, open: &[Message]) {
        let ours = |id: i64| self.typed.iter().any(|typed| typed.id == id);
        let handed: Vec<i64> = self.shared.lock().handed.iter().map(|(id, _)| *id).collect();
        let now = crate::runtime::now();
        for message in open.iter().filter(|message| message.state == Delivery::Typed && !ours(message.id)) {
            if !handed.contains(&message.id) || (now - message.changed).to_std().is_ok_and(|since| since > PATIENCE) {
                self.shared.lock().handed.retain(|(id, _)| *id != message.id);
                self.post.waits(message.id, "it was handed over, and the agent did not go on with it");
            }
        }
    }

    fn type_next(&mut self, server: &TmuxServer, look: &Look, mut open: Vec<Message>) {
        open.retain(|message| message.state == Delivery::Queued);
        // Whoever interrupts does not wait for the others.
        open.sort_by_key(|message| (message.mode != Mode::Interrupt, message.id));
        let stands = self.stands(look);
        let busy = self.is_busy(look);
        for message in open {
            let held = match stands {
                Some(why) => Some(why),
                None if busy => self.held_while_busy(server, &message),
                None => None,
            };
            match held.or_else(|| has_pager().then_some(PAGED)) {
                Some(why) => self.post.waits(message.id, why),
                None => {
                    self.shared.lock().at_work = true;
                    if let Err(error) = self.type_one(server, look, &message, busy) {
                        self.post.waits(message.id, &error.to_string());
                    }
                    self.shared.lock().at_work = !self.typed.is_empty();
                    return;
                }
            }
        }
    }

    /// Why nothing at all may be typed now.
    fn stands(&mut self, look: &Look) -> Option<&'static str> {
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
        let submitted = || {
            let inside = self.shared.lock();
            let last = inside.heard.iter().rfind(|(_, event)| event.kind == HookKind::Prompt);
            last.is_some_and(|(_, event)| event.at.timestamp() >= look.keys)
        };
        let is_empty = input.as_deref().is_none_or(is_bare) || (self.calm.0.is_some() && input == self.calm.0);
        if pressed && !is_empty && !submitted() && !self.is_busy(look) {
            return Some("a person's half-typed line is in its terminal");
        }
        self.calm = (input.or(self.calm.0.take()), Some(look.keys));
        None
    }

    /// Why a message waits while the agent works; none when it may be typed all the same.
    fn held_while_busy(&mut self, server: &TmuxServer, message: &Message) -> Option<&'static str> {
        match message.mode {
            Mode::Steer if self.manners.listens_while_busy => None,
            Mode::Steer | Mode::Queue => Some("it works"),
            Mode::Interrupt => {
                let now = Instant::now();
                let (since, pressed) = match self.stopping {
                    Some((id, since, pressed)) if id == message.id => (since, pressed),
                    _ => (now, now.checked_sub(ESCAPES).unwrap_or(now)),
                };
                if since.elapsed() >= STOPS {
                    return None;
                }
                let press = (self.stopping.is_none() || pressed.elapsed() >= ESCAPES) && !has_pager();
                if press && server.press(&self.pane, "Escape").is_err() {
                    return Some("it works");
                }
                self.stopping = Some((message.id, since, if press { now } else { pressed }));
                Some("it is being interrupted")
            }
        }
    }

    fn type_one(
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
        server.paste(&self.pane, text)?;
        server.settle(&self.pane, &before.text(), text, self.manners.pause_ms)?;
        // Written down before Enter: whoever is killed in between knows that it may have been sent.
        self.post.typed(message.id);
        let shown = server.look(&self.pane)?;
        server.press(&self.pane, "Enter")?;
        self.stopping = None;
        let now = Instant::now();
        self.typed.push(Typed {
            id: message.id,
            piece: piece(text),
            events,
            transcript,
            shown,
            entered: (now, 1),
            ignored: Duration::ZERO,
            counted: now,
            while_busy: busy,
        });
        Ok(())
    }

    fn mark(&self) -> (u64, Option<(PathBuf, u64)>) {
        let inside = self.shared.lock();
        let path = inside.heard.iter().rev().find_map(|(_, event)| event.transcript.clone());
        let length = |path: &PathBuf| std::fs::metadata(path).map_or(0, |meta| meta.len());
        (inside.count, path.map(|path| (path.clone(), length(&path))))
    }

    /// Settles what was typed: accepted, Enter once more, or failed.
    fn prove(&mut self, server: &TmuxServer, look: &Look) {
        let mut typed = std::mem::take(&mut self.typed);
        let free = !typed.is_empty() && self.judge.hindrance(look).is_none() && !self.is_busy(look) && !has_pager();
        typed.retain_mut(|one| {
            if let Some(proof) = self.proof(one, look) {
                self.post.accepted(one.id, proof);
                return false;
            }
            let passed = one.counted.elapsed();
            one.counted = Instant::now();
            if !free {
                return true;
            }
            one.ignored += passed;
            let (last, times) = one.entered;
            if times < ENTERS && last.elapsed() >= ENTER_AGAIN * 2_u32.pow(times - 1) && self.is_stuck(one, look) {
                one.entered = (Instant::now(), times + 1);
                let _ = server.press(&self.pane, "Enter");
            }
            if one.ignored < PATIENCE {
                return true;
            }
            if self.is_stuck(one, look) {
                // Or it would stand before the next one.
                let _ = server.press(&self.pane, "C-u");
            }
            self.post.failed(
                one.id,
                &format!(
                    "it was typed and Enter pressed {}, and nothing shows that the agent took it",
                    times_of(one.entered.1)
                ),
            );
            false
        });
        self.typed = typed;
        self.shared.lock().at_work = !self.typed.is_empty();
    }

    /// What shows that the agent has a text.
    fn proof(&self, typed: &Typed, look: &Look) -> Option<&'static str> {
        let inside = self.shared.lock();
        let since = inside.heard.iter().filter(|(number, _)| *number > typed.events);
        let mut prompts = since.filter(|(_, event)| event.kind == HookKind::Prompt);
        if prompts.any(|(_, event)| event.text.as_deref().is_none_or(|text| plain(text).contains(&typed.piece))) {
            return Some("its prompt hook told of it");
        }
        let transcript = inside.heard.iter().rev().find_map(|(_, event)| event.transcript.clone());
        drop(inside);
        if let Some(path) = transcript {
            let from = typed.transcript.as_ref().filter(|(former, _)| *former == path).map_or(0, |(_, length)| *length);
            if grew_by(&path, from, &typed.piece) {
                return Some("it stands in its transcript");
            }
        }
        let blind = !self.manners.tells.contains(&HookKind::Prompt);
        let reacted = !is_shown(look, &typed.shown) && *look.rows != typed.shown.rows;
        (blind && reacted).then_some("its input line is empty again and its screen went on")
    }

    /// Whether the text still stands in the line, as after a lost Enter.
    fn is_stuck(&self, typed: &Typed, look: &Look) -> bool {
        if is_shown(look, &typed.shown) {
            return true;
        }
        let visible =
            look.rows.iter().any(|row| plain(row).contains(&typed.piece)) || !is_empty_line(self.judge.input(look));
        self.manners.tells.contains(&HookKind::Prompt) && visible
    }
}

fn is_empty_line(line: Option<String>) -> bool {
    line.as_deref().is_none_or(is_bare)
}

/// Whether the cursor and the line that it is in are as they were with the text in it.
fn is_shown(look: &Look, shown: &Look) -> bool {
    look.cursor == shown.cursor && look.rows.get(look.cursor.1) == shown.rows.get(shown.cursor.1)
}

/// Spaces do not count: agents wrap and indent.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// The beginning of the first line that is not empty.
fn piece(text: &str) -> String {
    let line = text.lines().map(plain).find(|line| !line.is_empty()).unwrap_or_default();
    let line: String = line.chars().filter(|c| !c.is_control()).collect();
    line.chars().take(40).collect()
}

fn times_of(count: u32) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

/// Whether a transcript has grown by something with this piece in it.
fn grew_by(path: &PathBuf, from: u64, piece: &str) -> bool {
    let Ok(mut file) = std::fs::File::open(path) else { return false };
    let length = file.metadata().map_or(0, |meta| meta.len());
    let from = from.max(length.saturating_sub(TRANSCRIPT));
    let mut bytes = Vec::new();
    if piece.is_empty() || length <= from || file.seek(SeekFrom::Start(from)).is_err() {
        return false;
    }
    if file.take(TRANSCRIPT).read_to_end(&mut bytes).is_err() {
        return false;
    }
    let quoted = serde_json::to_string(piece).expect("text is JSON");
    plain(&String::from_utf8_lossy(&bytes)).contains(&quoted[1..quoted.len() - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_found_however_the_agent_wraps_it() {
        assert_eq!(piece("\n\n  Fix it \"now\"\nand more"), "Fixit\"now\"");
        assert!(plain("│ Fix   it\n│ \"now\"").contains("Fix"));
        assert_eq!(piece(&"x".repeat(100_000)).len(), 40);
    }

    #[test]
    fn only_what_a_transcript_grew_by_counts() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("t.jsonl");
        #[expect(clippy::disallowed_methods, reason = "a fixture need not survive a crash")]
        std::fs::write(&path, "{\"text\":\"Say \\\"hi\\\" twice\"}\n").expect("writable");
        let length = std::fs::metadata(&path).expect("there").len();
        assert!(grew_by(&path, 0, &piece("Say \"hi\" twice")));
        assert!(!grew_by(&path, length, &piece("Say \"hi\" twice")));
        assert!(!grew_by(&folder.path().join("none"), 0, "x"));
    }

    #[test]
    fn a_text_stands_in_the_line_while_nothing_moved() {
        let shown = Look { rows: vec!["> text".to_owned(), String::new()], cursor: (6, 0), ..Look::default() };
        assert!(is_shown(&Look { rows: vec!["> text".to_owned(), "12s".to_owned()], ..shown.clone() }, &shown));
        assert!(!is_shown(&Look { cursor: (2, 1), ..shown.clone() }, &shown));
        assert!(!is_shown(&Look { rows: vec!["> ".to_owned()], ..shown.clone() }, &shown));
    }
}
