//! What several sources say of one agent, brought to one answer.
//!
//! Who wins where they contradict each other, in this order:
//!
//! 1. the process table, about life and death; what follows is asked only of the living;
//! 2. a menu on the screen that a limit has put there, under which some titles still tell of work;
//! 3. the agent's own word about now: its state file, then its terminal's title, but for a title of rest above a question;
//! 4. a question to a person on the screen, over hooks and transcript, which tell of it late or not at all;
//! 5. a tool or a turn that hooks or transcript tell of, over a screen that looks idle: some show nothing while text
//!    streams. A turn counts for as long as anything moves within [`Thresholds::stalled`], a tool for
//!    [`Thresholds::tool`]; but where an agent shows its prompt only when it rests, its prompt stands above them;
//! 6. a screen that shows work and has changed since, over the end of a turn that hooks or transcript tell of;
//! 7. of hooks and transcript, the newer; in the same second the hooks;
//! 8. work, by whatever won, over a limit, a failure or a conversation that is too long: it tries again.

use std::time::Duration;

use serde::Serialize;

use super::{Prompt, Thresholds};
use crate::clock::{Timestamp, short, since};

/// Who says something of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// A file in which the agent keeps what it does now.
    State,
    /// The title of its terminal.
    Title,
    /// Its hooks.
    Hooks,
    /// Its transcript.
    Transcript,
    /// The text of its screen.
    Screen,
}

impl Source {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::State => "its state file",
            Self::Title => "its title",
            Self::Hooks => "its hooks",
            Self::Transcript => "its transcript",
            Self::Screen => "its screen",
        }
    }

    /// Whether it says what is now, and not what happened.
    fn is_present(self) -> bool {
        matches!(self, Self::State | Self::Title | Self::Screen)
    }
}

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "says", rename_all = "kebab-case")]
pub enum Says {
    /// It works.
    Busy,
    /// A tool of it runs.
    Tool {
        /// Which one.
        name: String,
    },
    /// Its turn is over.
    Idle,
    /// It stands at its prompt, which it shows only then.
    Ready,
    /// Its turn was broken off.
    BrokenOff,
    /// It asks something.
    Input {
        /// What, where that is known.
        about: Option<String>,
    },
    /// It asks whether it may do something.
    Permission,
    /// Its provider refuses to serve it.
    Limited {
        /// Until when, where it says so.
        until: Option<Timestamp>,
    },
    /// Its provider refuses to serve it, and a menu on its screen waits for what is to be done about that.
    Held {
        /// Until when, where it says so.
        until: Option<Timestamp>,
    },
    /// Its conversation is too long for its model.
    Exhausted,
    /// A call of its model failed.
    Failed {
        /// In whose words.
        text: String,
    },
}

impl Says {
    fn is_work(&self) -> bool {
        matches!(self, Self::Busy | Self::Tool { .. })
    }

    fn is_question(&self) -> bool {
        matches!(self, Self::Input { .. } | Self::Permission | Self::Held { .. })
    }

    fn is_rest(&self) -> bool {
        matches!(self, Self::Idle | Self::Ready | Self::BrokenOff)
    }

    /// Whether it is not the agent that must do something about it.
    pub fn keeps_from_work(&self) -> bool {
        matches!(self, Self::Limited { .. } | Self::Exhausted)
    }

    fn is_trouble(&self) -> bool {
        matches!(self, Self::Limited { .. } | Self::Exhausted | Self::Failed { .. })
    }
}

/// What one source says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sign {
    /// Who says it.
    pub source: Source,
    /// What.
    #[serde(flatten)]
    pub says: Says,
    /// Since when it has been so, or when it happened.
    pub at: Timestamp,
}

impl Sign {
    /// One sign.
    pub fn new(source: Source, says: Says, at: Timestamp) -> Self {
        Self { source, says, at }
    }

    /// When it says nothing any more; none while nothing newer comes.
    pub fn expires(&self, now: Timestamp, limits: &Thresholds) -> Option<Timestamp> {
        match &self.says {
            Says::Limited { until } | Says::Held { until } => Some(until.unwrap_or(self.at + limits.limited)),
            _ if self.source.is_present() => Some(now + limits.fresh),
            Says::Busy => Some(self.at + limits.stalled),
            Says::Tool { .. } => Some(self.at + limits.tool),
            _ => None,
        }
    }

    /// As a sentence without a full stop: "its hooks: the turn is over, 3m ago".
    pub fn sentence(&self, now: Timestamp, limits: &Thresholds) -> String {
        let says = match &self.says {
            Says::Busy => "it works".to_owned(),
            Says::Tool { name } => format!("{name} runs"),
            Says::Idle => "the turn is over".to_owned(),
            Says::Ready => "it stands at its prompt".to_owned(),
            Says::BrokenOff => "the turn was broken off".to_owned(),
            Says::Input { about: None } => "it waits for an answer".to_owned(),
            Says::Input { about: Some(about) } => format!("it waits for an answer: {about}"),
            Says::Permission => "it asks for permission".to_owned(),
            Says::Limited { .. } => "its provider refuses to serve it".to_owned(),
            Says::Held { .. } => "its provider refuses to serve it, and a menu asks what to do".to_owned(),
            Says::Exhausted => "its conversation is too long for its model".to_owned(),
            Says::Failed { text } => format!("a call of its model failed: {text}"),
        };
        let ago = short(since(now, self.at));
        let seen = if self.source.is_present() { format!("unchanged for {ago}") } else { format!("{ago} ago") };
        let expires = match self.expires(now, limits) {
            Some(at) if at <= now => "; says nothing any more".to_owned(),
            Some(at) => format!("; for {} more", short(since(at, now))),
            None => "; until something newer".to_owned(),
        };
        format!("{}: {says}, {seen}{expires}", self.source.words())
    }
}

/// A tool that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Since when.
    pub since: Timestamp,
}

/// What all sources together say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// What its prompt shows.
    pub prompt: Prompt,
    /// The tool that it waits for.
    pub tool: Option<Tool>,
    /// Until when its provider refuses to serve it.
    pub limited_until: Option<Timestamp>,
    /// Since when its conversation is too long.
    pub exhausted: Option<Timestamp>,
    /// The failure of its last call.
    pub failed: Option<String>,
    /// Who decided.
    pub by: Option<Source>,
    /// The last thing that hooks or transcript tell of.
    pub last: Option<Timestamp>,
}

/// Brings them to one answer; see above for who wins.
pub fn fuse(signs: &[Sign], now: Timestamp, limits: &Thresholds) -> Told {
    let of = |source: Source| signs.iter().find(|sign| sign.source == source && !sign.says.is_trouble());
    let happened = [of(Source::Hooks), of(Source::Transcript)].into_iter().flatten();
    // Of two that are equal, the last counts as the greatest.
    let event = happened.rev().max_by_key(|sign| sign.at);
    let screen = of(Source::Screen);
    let moved = [event, screen].into_iter().flatten().map(|sign| sign.at).max();
    let alive = |sign: &&Sign| match &sign.says {
        Says::Busy => moved.is_some_and(|moved| within(now, moved, limits.stalled)),
        Says::Tool { .. } => within(now, sign.at, limits.tool),
        _ => true,
    };
    // While it asks, a title may look as it does at the prompt.
    let asks = screen.is_some_and(|sign| sign.says.is_question());
    let title = of(Source::Title).filter(|sign| !(asks && sign.says.is_rest()));
    let held = screen.filter(|sign| matches!(sign.says, Says::Held { .. }));
    let winner = held.or_else(|| of(Source::State)).or(title).or_else(|| between(event.filter(alive), screen, now));
    let works = winner.is_none_or(|sign| sign.says.is_work());
    let told = Told {
        prompt: winner.map_or(Prompt::Busy, prompt),
        by: winner.map(|sign| sign.source),
        last: signs.iter().filter(|sign| !sign.source.is_present()).map(|sign| sign.at).max(),
        tool: event.filter(alive).filter(|_| works).and_then(tool),
        ..Told::default()
    };
    if works && winner.is_some() { told } else { troubled(told, signs, limits) }
}

/// Between what happened and what the screen shows.
fn between<'s>(event: Option<&'s Sign>, screen: Option<&'s Sign>, now: Timestamp) -> Option<&'s Sign> {
    let (Some(event), Some(screen)) = (event, screen) else { return event.or(screen) };
    let rests = screen.says == Says::Ready && event.says.is_work() && since(now, event.at) > REPAINT;
    let shows_more = rests
        || screen.says.is_question()
        || (screen.says.is_work() && event.says.is_rest() && since(screen.at, event.at) > REPAINT);
    Some(if shows_more { screen } else { event })
}

/// How long a screen may take to show that a turn is over.
const REPAINT: Duration = Duration::from_secs(2);

fn within(now: Timestamp, then: Timestamp, limit: Duration) -> bool {
    since(now, then) < limit
}

fn prompt(sign: &Sign) -> Prompt {
    let since = sign.at;
    match sign.says {
        Says::Idle | Says::Ready | Says::BrokenOff => Prompt::Idle { since },
        Says::Input { .. } | Says::Held { .. } => Prompt::Input { since },
        Says::Permission => Prompt::Permission { since },
        _ => Prompt::Busy,
    }
}

fn tool(sign: &Sign) -> Option<Tool> {
    match &sign.says {
        Says::Tool { name } => Some(Tool { name: name.clone(), since: sign.at }),
        _ => None,
    }
}

/// The same with what keeps it from its work. A screen is asked only where nobody else tells what happened, or where it
/// is believed before those that do: it still shows what was long ago.
fn troubled(mut told: Told, signs: &[Sign], limits: &Thresholds) -> Told {
    let events = signs.iter().any(|sign| !sign.source.is_present()) && told.by != Some(Source::Screen);
    let counts = |sign: &&Sign| !events || sign.source != Source::Screen;
    for sign in signs.iter().filter(counts) {
        match &sign.says {
            Says::Limited { until } | Says::Held { until } => {
                told.limited_until = told.limited_until.max(Some(until.unwrap_or(sign.at + limits.limited)));
            }
            Says::Exhausted => told.exhausted = told.exhausted.max(Some(sign.at)),
            Says::Failed { text } => told.failed = Some(text.clone()),
            _ => {}
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn ago(seconds: i64) -> Timestamp {
        DateTime::from_timestamp(NOW - seconds, 0).expect("a time")
    }

    fn sign(source: Source, says: Says, seconds: i64) -> Sign {
        Sign::new(source, says, ago(seconds))
    }

    fn busy(source: Source, seconds: i64) -> Sign {
        sign(source, Says::Busy, seconds)
    }

    fn idle(source: Source, seconds: i64) -> Sign {
        sign(source, Says::Idle, seconds)
    }

    fn told(signs: &[Sign]) -> Told {
        fuse(signs, ago(0), &Thresholds::default())
    }

    fn bash(source: Source, seconds: i64) -> Sign {
        sign(source, Says::Tool { name: "bash".to_owned() }, seconds)
    }

    #[test]
    fn every_contradiction_has_its_winner() {
        use Source::{Hooks, Screen, State, Title, Transcript};
        let ask = || sign(Screen, Says::Permission, 4);
        let cases = [
            ("nobody says anything", vec![], "works"),
            (
                "the state file over all",
                vec![idle(State, 5), busy(Title, 1), busy(Hooks, 1), busy(Screen, 1)],
                "idle by state",
            ),
            ("it works again, before any hook", vec![busy(State, 1), idle(Hooks, 3)], "works by state"),
            ("broken off, of which no hook tells", vec![idle(State, 3), busy(Hooks, 40)], "idle by state"),
            ("the title over hooks", vec![idle(Title, 5), busy(Hooks, 60)], "idle by title"),
            ("the title over the screen", vec![busy(Title, 5), idle(Screen, 5)], "works by title"),
            ("a question under a title of rest", vec![idle(Title, 5), ask()], "permission by screen"),
            ("text streams, nothing shows", vec![busy(Hooks, 60), idle(Screen, 2)], "works by hooks"),
            ("a tool of nine minutes", vec![bash(Hooks, 540), idle(Screen, 540)], "works by hooks at bash"),
            ("a tool of 59 minutes", vec![bash(Transcript, 3_540), idle(Screen, 3_540)], "works by transcript at bash"),
            ("a tool of an hour, and a prompt", vec![bash(Hooks, 3_600), idle(Screen, 3_600)], "idle by screen"),
            ("a turn in which nothing moves", vec![busy(Hooks, 700), idle(Screen, 650)], "idle by screen"),
            ("a turn in which the screen moves", vec![busy(Hooks, 700), idle(Screen, 3)], "works by hooks"),
            (
                "a prompt that shows only at rest",
                vec![busy(Transcript, 30), sign(Screen, Says::Ready, 30)],
                "idle by screen",
            ),
            (
                "such a prompt, not yet gone",
                vec![busy(Transcript, 1), sign(Screen, Says::Ready, 30)],
                "works by transcript",
            ),
            ("a question on the screen", vec![bash(Hooks, 5), ask()], "permission by screen"),
            ("a question over the end of a turn", vec![idle(Hooks, 5), ask()], "permission by screen"),
            ("the screen not yet drawn anew", vec![idle(Hooks, 2), busy(Screen, 1)], "idle by hooks"),
            ("it goes on after its end", vec![idle(Hooks, 60), busy(Screen, 1)], "works by screen"),
            ("a word on a screen that rests", vec![idle(Hooks, 60), busy(Screen, 60)], "idle by hooks"),
            ("the newer of two", vec![idle(Hooks, 60), busy(Transcript, 50)], "works by transcript"),
            ("the newer of two, the other way", vec![busy(Hooks, 50), idle(Transcript, 60)], "works by hooks"),
            ("in the same second the hooks", vec![idle(Hooks, 50), busy(Transcript, 50)], "idle by hooks"),
            ("only a screen", vec![idle(Screen, 50)], "idle by screen"),
        ];
        for (what, signs, expected) in cases {
            let told = told(&signs);
            let does = match told.prompt {
                Prompt::Busy => "works",
                Prompt::Idle { .. } => "idle",
                Prompt::Input { .. } => "input",
                Prompt::Permission { .. } => "permission",
            };
            let by = told.by.map(|by| format!(" by {}", format!("{by:?}").to_lowercase())).unwrap_or_default();
            let tool = told.tool.map(|tool| format!(" at {}", tool.name)).unwrap_or_default();
            assert_eq!(format!("{does}{by}{tool}"), expected, "{what}");
        }
    }

    #[test]
    fn work_excuses_trouble() {
        use Source::{Hooks, Screen, Transcript};
        let limited = |source, until: Option<i64>| sign(source, Says::Limited { until: until.map(ago) }, 60);
        assert_eq!(told(&[idle(Hooks, 60), limited(Hooks, Some(-90))]).limited_until, Some(ago(-90)));
        assert_eq!(told(&[idle(Hooks, 60), limited(Hooks, None)]).limited_until, Some(ago(60 - 300)), "assumed");
        assert_eq!(told(&[busy(Hooks, 5), limited(Transcript, Some(-90))]).limited_until, None, "it tries again");
        let held = || sign(Screen, Says::Held { until: Some(ago(-90)) }, 4);
        let menu = told(&[busy(Source::Title, 1), busy(Hooks, 5), held()]);
        assert_eq!((menu.limited_until, menu.prompt), (Some(ago(-90)), Prompt::Input { since: ago(4) }), "a menu");
        assert_eq!(told(&[limited(Screen, Some(-90))]).limited_until, Some(ago(-90)));
        assert_eq!(told(&[idle(Hooks, 9), limited(Screen, Some(-90))]).limited_until, None, "an old screen");
        let full = sign(Transcript, Says::Exhausted, 30);
        assert_eq!(told(&[idle(Transcript, 30), full.clone()]).exhausted, Some(ago(30)));
        assert_eq!(told(&[busy(Transcript, 3), full]).exhausted, None);
        let failed = sign(Hooks, Says::Failed { text: "401".to_owned() }, 30);
        assert_eq!(told(&[idle(Hooks, 30), failed]).failed.as_deref(), Some("401"));
    }

    #[test]
    fn signs_are_told_with_their_age_and_their_end() {
        let limits = Thresholds::default();
        let say = |sign: Sign| sign.sentence(ago(0), &limits);
        assert_eq!(say(idle(Source::Hooks, 180)), "its hooks: the turn is over, 3m ago; until something newer");
        assert_eq!(say(busy(Source::Screen, 5)), "its screen: it works, unchanged for 5s; for 30s more");
        assert_eq!(say(bash(Source::Transcript, 600)), "its transcript: bash runs, 10m ago; for 50m more");
        assert_eq!(say(busy(Source::Hooks, 700)), "its hooks: it works, 11m ago; says nothing any more");
    }
}
