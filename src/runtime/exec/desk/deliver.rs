//! Typing messages into the agent's terminal, and the proof that it has them.

mod keyboard;
mod paste;

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::front::has_pager;
use super::judge::{Judge, PAGED, is_bare};
use super::post::Post;
use super::proof::{Spent, Typed, grew_by, is_shown, plain};
use super::turns::{End, Sight, Turns};
use super::{Ear, Shared, Work};
use crate::runtime::tmux::TmuxServer;
use crate::runtime::{HookKind, Look, Manners};
use crate::store::{Delivery, Message, Mode};

/// How long an agent may show no sign of a text while nothing keeps it from taking it.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often a lost Enter is repeated, the first time after this, then after twice as long and so on.
const ENTER_AGAIN: Duration = Duration::from_secs(2);
/// See [`ENTER_AGAIN`].
const ENTERS: u32 = 4;

/// How long the first sign of being ready is to stay: what is pasted the moment that one looks ready is lost.
const SIGN_RESTS: Duration = Duration::from_millis(600);

/// How often the terminal is looked at while something waits.
const STEP: Duration = Duration::from_millis(400);

/// The same just after Enter, where nothing but the screen shows that an agent works, which may be for a moment only.
const QUICK_STEP: Duration = Duration::from_millis(60);

/// How long a hook may take to tell of a prompt before the transcript is asked.
const HOOKS_TELL: Duration = Duration::from_millis(1_500);

/// Why a message waits again that was handed over.
pub(super) const NOT_TAKEN: &str = "it was handed over, and the agent did not go on with it";

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
    /// What stood left of the cursor then.
    calm_left: Option<String>,
    /// What was typed and is not proven.
    typed: Vec<Typed>,
    /// What has proven something.
    spent: Spent,
    /// The turns of what was accepted.
    turns: Turns,
    ear: Ear,
    /// The message for whose sake the turn is being interrupted: since when, and the last Escape.
    stopping: Option<(i64, Instant, Instant)>,
}

impl Typist {
    pub(super) fn new(work: &Work, post: Post, ear: Ear) -> Self {
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
            calm_left: None,
            typed: Vec::new(),
            spent: Spent::default(),
            turns: Turns::default(),
            ear,
            stopping: None,
        }
    }

    /// Looks once at what waits and does what can be done now. Answers when to look again, if at all.
    pub(super) fn round(&mut self) -> Option<Duration> {
        let (Some(open), Some(accepted)) = (self.post.open(), self.post.accepted_here()) else { return Some(STEP) };
        if open.is_empty() {
            self.typed.clear();
        }
        if self.stopping.is_some_and(|(id, ..)| open.iter().all(|message| message.id != id)) {
            self.no_longer_stops();
        }
        let Some(server) = self.server.clone() else { return self.without_keyboard(&open) };
        if open.is_empty() && accepted.is_empty() {
            return None;
        }
        // A server that is busy for a moment, or gone: the session's end will tell.
        let Ok(look) = server.look(&self.pane) else { return Some(STEP) };
        if look.dead {
            return Some(STEP);
        }
        self.see(&look);
        self.end_turns(&accepted, &look);
        if open.is_empty() {
            return self.turns.step(Instant::now());
        }
        self.prove(&server, &look);
        self.take_back_handed(&open);
        if self.typed.iter().all(|typed| typed.is_entered() && typed.while_busy && !is_shown(&look, &typed.shown)) {
            self.type_next(&server, &look, open);
        }
        let quick = self.is_blind() && self.typed.iter().any(|typed| typed.entered.0.elapsed() < ENTER_AGAIN);
        Some(if quick { QUICK_STEP } else { STEP })
    }

    /// What was accepted and whose turn is over.
    fn end_turns(&mut self, accepted: &[Message], look: &Look) {
        let is_told = {
            let inside = self.shared.lock();
            self.manners.tells.contains(&HookKind::Stop) && inside.count > 0
        };
        if !accepted.is_empty() {
            self.ear.listen(STEP);
        }
        let sight = Sight {
            is_busy: self.is_busy(look),
            is_covered: self.judge.hindrance(look).is_some(),
            has_sign: self.judge.has_sign(),
            is_told,
            rested: self.last.1.elapsed(),
            conversation: self.ear.last(),
        };
        for (id, end) in self.turns.look(accepted, &sight, Instant::now()) {
            match end {
                End::Over(why) => self.post.turn_over(id, why),
                End::Unknown(why) => self.post.adds(id, why),
            }
        }
    }

    /// Whether nothing but its screen tells what it takes.
    fn is_blind(&self) -> bool {
        !self.manners.tells.contains(&HookKind::Prompt) && self.ear.last().is_none()
    }

    /// Only a hook can hand anything over here.
    fn without_keyboard(&self, open: &[Message]) -> Option<Duration> {
        for message in open.iter().filter(|message| message.state == Delivery::Queued) {
            match self.manners.hands_over {
                true => self.post.waits(message.id, "it is told at the end of the turn"),
                false => self.post.failed(message.id, "its session has no terminal to type into, and no hook"),
            }
        }
        None
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
        let handed: Vec<i64> = self.shared.lock().handed.iter().map(|handed| handed.id).collect();
        let now = crate::runtime::now();
        for message in open.iter().filter(|message| message.state == Delivery::Typed && !ours(message.id)) {
            if !handed.contains(&message.id) || (now - message.changed).to_std().is_ok_and(|since| since > PATIENCE) {
                self.shared.lock().handed.retain(|handed| handed.id != message.id);
                self.post.waits(message.id, NOT_TAKEN);
            }
        }
    }

    fn type_next(&mut self, server: &TmuxServer, look: &Look, mut open: Vec<Message>) {
        open.retain(|message| message.state == Delivery::Queued);
        // Whoever interrupts does not wait for the others.
        open.sort_by_key(|message| (message.what.mode != Mode::Interrupt, message.id));
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

    /// Settles what was typed: accepted, Enter once more, or failed.
    fn prove(&mut self, server: &TmuxServer, look: &Look) {
        let mut typed = std::mem::take(&mut self.typed);
        let busy = self.is_busy(look);
        let free = !typed.is_empty() && self.judge.hindrance(look).is_none() && !has_pager();
        typed.retain_mut(|one| {
            one.worked |= busy;
            if let Some(proof) = self.proof(one, look) {
                if !one.is_entered() {
                    // Somebody else has pressed Enter.
                    self.post.typed(one.id);
                }
                self.post.accepted(one.id, proof);
                if one.worked {
                    self.turns.saw_work(one.id, &one.piece, Instant::now());
                }
                return false;
            }
            // What the machine had no time to look at, the agent had no time for either.
            let passed = one.counted.elapsed().min(STEP * 3);
            one.counted = Instant::now();
            if free && !one.is_entered() {
                return self.go_on(one, server, look, passed);
            }
            if !free || busy {
                return true;
            }
            one.ignored += passed;
            self.enter_again(one, server, look);
            if one.ignored < PATIENCE {
                return true;
            }
            self.give_up(one, server, look);
            false
        });
        self.typed = typed;
        self.shared.lock().at_work = !self.typed.is_empty();
    }

    fn enter_again(&self, one: &mut Typed, server: &TmuxServer, look: &Look) {
        let (last, times) = one.entered;
        if times < ENTERS && last.elapsed() >= ENTER_AGAIN * 2_u32.pow(times - 1) && self.is_stuck(one, look) {
            one.entered = (Instant::now(), times + 1);
            let _ = server.press(&self.pane, "Enter");
        }
    }

    /// Nothing that ought to tell of it did.
    fn give_up(&self, one: &Typed, server: &TmuxServer, look: &Look) {
        let told = self
            .shared
            .lock()
            .heard
            .iter()
            .any(|(number, event)| *number > one.events && event.kind == HookKind::Prompt);
        let line = self.judge.input(look);
        if !told && let Some(seen) = one.was_seen(look, line.as_deref(), self.judge.has_sign()) {
            return self.post.accepted(one.id, &format!("{seen}; neither a hook nor its transcript tells of it"));
        }
        if self.is_stuck(one, look) {
            // Or it would stand before the next one.
            let _ = server.press(&self.pane, "C-u");
        }
        let times = times_of(one.entered.1);
        let why = format!("it was typed and Enter pressed {times}, and nothing shows that the agent took it");
        self.post.failed(one.id, &why);
    }

    /// What shows that the agent has a text.
    fn proof(&mut self, typed: &Typed, look: &Look) -> Option<&'static str> {
        let inside = self.shared.lock();
        if self.spent.told(typed, inside.heard.iter()) {
            return Some("its prompt hook told of it");
        }
        let transcript = inside.heard.iter().rev().find_map(|(_, event)| event.transcript.clone());
        drop(inside);
        let hooked = self.manners.tells.contains(&HookKind::Prompt);
        if !hooked || typed.entered.0.elapsed() >= HOOKS_TELL {
            self.ear.listen(STEP);
        }
        match (self.ear.last(), transcript) {
            (Some(conversation), _) if self.spent.stands(typed, &conversation.said) => {
                return Some("it stands in its transcript");
            }
            // One whose shape nobody knows.
            (None, Some(path)) => {
                let former = typed.transcript.as_ref().filter(|(former, _)| *former == path);
                if grew_by(&path, former.map_or(0, |(_, length)| *length), &typed.piece) {
                    return Some("it stands in its transcript");
                }
            }
            _ => {}
        }
        let line = self.judge.input(look);
        // Without an Enter of ours a person has pressed it.
        let may_be_seen = self.is_blind() && (typed.is_entered() || look.keys > typed.shown.keys);
        if may_be_seen { typed.was_seen(look, line.as_deref(), self.judge.has_sign()) } else { None }
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

fn times_of(count: u32) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}
