//! The ends of turns that no hook tells of: from the transcript, else from what is seen.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::proof::{piece, plain};
use crate::runtime::Conversation;
use crate::store::Message;

/// For how long an agent rests that is taken to have come to its end: where its work can be seen, where it cannot, and
/// where its hook ought to have told.
const RESTS: [Duration; 3] = [Duration::from_secs(3), Duration::from_secs(10), Duration::from_secs(20)];

/// How much longer when it was never seen at work.
const UNSEEN: Duration = Duration::from_secs(7);

/// For how long the end of a turn is looked for.
const LIMIT: Duration = Duration::from_secs(2 * 3600);

/// How often at first, and how often at last.
const STEPS: [Duration; 2] = [Duration::from_millis(800), Duration::from_secs(5)];

/// What is seen of an agent at one look.
pub(super) struct Sight<'a> {
    /// It works, by its title, its screen or its hooks.
    pub is_busy: bool,
    /// A question, a pager or somebody who scrolls is in the way of seeing it.
    pub is_covered: bool,
    /// Something shows its work: a sign of the preset, or its hooks.
    pub has_sign: bool,
    /// Its hooks tell of the end of a turn, and have told something in this session.
    pub is_told: bool,
    /// For how long its screen has been the same.
    pub rested: Duration,
    /// What it has written down.
    pub conversation: Option<&'a Conversation>,
}

/// What became of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It is over, as this shows.
    Over(&'static str),
    /// Nothing tells of it.
    Unknown(&'static str),
}

/// The turns of accepted messages that are not known to be over.
#[derive(Default)]
pub(super) struct Turns(BTreeMap<i64, Watch>);

struct Watch {
    since: Instant,
    piece: String,
    /// It was seen at work.
    worked: bool,
    /// Since when it rests.
    rests: Option<Instant>,
    /// Nothing more is looked for.
    given_up: bool,
}

impl Turns {
    /// Looks at each of these messages; what has ended, and how that is known.
    pub(super) fn look(&mut self, accepted: &[Message], sight: &Sight<'_>, now: Instant) -> Vec<(i64, End)> {
        self.0.retain(|id, _| accepted.iter().any(|message| message.id == *id));
        let mut ended = Vec::new();
        for message in accepted {
            let watch = self.0.entry(message.id).or_insert_with(|| Watch::new(piece(&message.what.text), now));
            if let Some(end) = watch.end(message, sight, now) {
                ended.push((message.id, end));
            }
        }
        ended
    }

    /// An agent that was seen at work since it was given a message.
    pub(super) fn saw_work(&mut self, id: i64, piece: &str, now: Instant) {
        self.0.insert(id, Watch { worked: true, ..Watch::new(piece.to_owned(), now) });
    }

    /// When to look again, if anything is to be seen at all.
    pub(super) fn step(&self, now: Instant) -> Option<Duration> {
        let open = self.0.values().filter(|watch| !watch.given_up);
        let since = open.map(|watch| now.saturating_duration_since(watch.since)).min()?;
        Some((since / 10).clamp(STEPS[0], STEPS[1]))
    }
}

impl Watch {
    fn new(piece: String, since: Instant) -> Self {
        Self { since, piece, worked: false, rests: None, given_up: false }
    }

    fn end(&mut self, message: &Message, sight: &Sight<'_>, now: Instant) -> Option<End> {
        if self.given_up {
            return None;
        }
        self.worked |= sight.is_busy;
        let rests = !sight.is_busy && !sight.is_covered;
        self.rests = if rests { self.rests.or(Some(now)) } else { None };
        if now.saturating_duration_since(self.since) >= LIMIT {
            self.given_up = true;
            return Some(End::Unknown("nothing told of the end of its turn for two hours"));
        }
        // Where the message stands in the transcript, nothing knows better when its turn is over.
        if let Some(conversation) = sight.conversation
            && self.stands_in(conversation, message)
            && let Some(is_over) = conversation.is_over
        {
            return is_over.then_some(End::Over("its transcript shows the end of the turn"));
        }
        let needed = if sight.is_told { RESTS[2] } else { RESTS[usize::from(!sight.has_sign)] };
        let needed = if self.worked || sight.is_told { needed } else { needed + UNSEEN };
        let rested = self.rests.is_some_and(|since| now.saturating_duration_since(since) >= needed);
        // Without a sign, only a screen that stands still is rest.
        let still = sight.has_sign || sight.rested >= needed;
        let words = if self.worked { "it was seen at work and then at rest" } else { "it rests at its prompt" };
        (rested && still).then_some(End::Over(words))
    }

    fn stands_in(&self, conversation: &Conversation, message: &Message) -> bool {
        let is_later = |at: i64| at >= message.changed.timestamp().min(message.what.created.timestamp());
        conversation.said.iter().any(|(at, text)| is_later(at.timestamp()) && plain(text).contains(&self.piece))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Actor;
    use crate::store::{Delivery, Mode, NewMessage};

    fn at(seconds: i64) -> crate::clock::Timestamp {
        chrono::DateTime::from_timestamp(1_700_000_000 + seconds, 0).expect("a time")
    }

    fn message() -> Message {
        Message {
            id: 7,
            what: NewMessage {
                to: Actor::Mayor,
                from: Actor::Human,
                bead: None,
                mode: Mode::Queue,
                text: "Use it".to_owned(),
                created: at(0),
            },
            state: Delivery::Accepted,
            reason: None,
            session: None,
            tries: 1,
            changed: at(1),
        }
    }

    fn sight(is_busy: bool) -> Sight<'static> {
        Sight {
            is_busy,
            is_covered: false,
            has_sign: true,
            is_told: false,
            rested: Duration::from_secs(3600),
            conversation: None,
        }
    }

    /// What is seen after so many seconds, and when the end is known.
    #[track_caller]
    fn run(script: &[(u64, Sight<'_>)]) -> Option<(u64, End)> {
        let (mut turns, begun) = (Turns::default(), Instant::now());
        script.iter().find_map(|(second, sight)| {
            let ended = turns.look(&[message()], sight, begun + Duration::from_secs(*second));
            ended.first().map(|(id, end)| {
                assert_eq!(*id, 7);
                (*second, *end)
            })
        })
    }

    #[test]
    fn seen_at_work_and_then_at_rest_is_the_end() {
        let rests = |from: u64| (from..60).map(|second| (second, sight(false))).collect::<Vec<_>>();
        let worked = End::Over("it was seen at work and then at rest");
        let work = (0..9).map(|second| (second, sight(true))).chain(rests(9)).collect::<Vec<_>>();
        assert_eq!(run(&work), Some((12, worked)));
        // A moment of rest between two steps is not the end.
        let twice = [(0, sight(true)), (1, sight(false)), (3, sight(true))].into_iter().chain(rests(4));
        assert_eq!(run(&twice.collect::<Vec<_>>()), Some((7, worked)));
        assert_eq!(run(&rests(0)), Some((10, End::Over("it rests at its prompt"))), "never seen at work");
    }

    #[test]
    fn the_less_is_seen_the_longer_it_has_to_rest() {
        let play = |change: &dyn Fn(&mut Sight<'_>)| {
            let script = (0..120).map(|second| {
                let mut one = sight(second < 2);
                change(&mut one);
                (second, one)
            });
            run(&script.collect::<Vec<_>>()).map(|(second, _)| second)
        };
        assert_eq!(play(&|_| {}), Some(5));
        assert_eq!(play(&|sight| sight.has_sign = false), Some(12));
        assert_eq!(play(&|sight| sight.is_told = true), Some(22));
        assert_eq!(play(&|sight| sight.is_covered = true), None, "a question is no end");
        let moves = |sight: &mut Sight<'_>| (sight.has_sign, sight.rested) = (false, Duration::from_secs(1));
        assert_eq!(play(&moves), None, "its screen moves");
    }

    #[test]
    fn where_the_message_stands_in_the_transcript_that_decides() {
        let conversation =
            |seconds: i64, text: &str, is_over| Conversation { said: vec![(at(seconds), text.to_owned())], is_over };
        let play = |conversation: &Conversation, is_busy| {
            let sight = || Sight { conversation: Some(conversation), ..sight(is_busy) };
            run(&(0..60).map(|second| (second, sight())).collect::<Vec<_>>())
        };
        let over = End::Over("its transcript shows the end of the turn");
        assert_eq!(play(&conversation(1, "Use  it now", Some(true)), true), Some((0, over)));
        assert_eq!(play(&conversation(1, "Use it", Some(false)), false), None, "it runs, whatever the screen shows");
        assert_eq!(play(&conversation(-1, "Use it", Some(true)), true), None, "that one was before");
        let rests = Some((10, End::Over("it rests at its prompt")));
        assert_eq!(play(&conversation(1, "something else", Some(true)), false), rests);
        assert_eq!(play(&conversation(1, "Use it", None), false), rests, "it does not tell");
    }

    #[test]
    fn what_nothing_tells_of_is_said_to_be_unknown_once() {
        let (mut turns, begun) = (Turns::default(), Instant::now());
        let late = begun + LIMIT + Duration::from_secs(1);
        assert_eq!(turns.step(begun), None);
        assert_eq!(turns.look(&[message()], &sight(true), begun), []);
        assert_eq!(turns.step(begun), Some(STEPS[0]));
        assert_eq!(turns.step(begun + Duration::from_secs(600)), Some(STEPS[1]));
        let ended = turns.look(&[message()], &sight(true), late);
        assert!(matches!(ended[..], [(7, End::Unknown(_))]), "{ended:?}");
        assert_eq!((turns.look(&[message()], &sight(true), late), turns.step(late)), (vec![], None));
    }
}
