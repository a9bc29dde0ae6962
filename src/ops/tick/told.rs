//! From what an agent tells and shows to the signs that the witness weighs.

use crate::agent::Preset;
use crate::agent::transcript::{Reading, StateFile, Status, Trouble, Turn, trouble};
use crate::clock::Timestamp;
use crate::ops::transcripts::Heard;
use crate::runtime::{HookEvent, HookKind, Pane};
use crate::witness::{Says, Sign, Source};

/// How many of the last lines of a screen are read.
const LINES: usize = 30;

/// The terminal of a session and what it shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terminal<'a> {
    /// The terminal.
    pub pane: &'a Pane,
    /// Its text, if it could be had.
    pub text: Option<&'a str>,
}

/// Everything that says something of an agent now.
pub(super) fn signs(preset: &Preset, heard: &Heard, terminal: Option<Terminal<'_>>, now: Timestamp) -> Vec<Sign> {
    let mut signs: Vec<Sign> = heard.state.iter().map(|state| of_state(state, now)).collect();
    if let Some(Terminal { pane, text }) = terminal.filter(|terminal| !terminal.pane.dead) {
        let at = pane.activity.unwrap_or(now);
        signs.extend(of_title(preset, &pane.title, at));
        signs.extend(text.into_iter().flat_map(|text| of_screen(preset, text, at)));
    }
    signs.extend(of_hooks(&heard.events));
    signs.extend(heard.followed.iter().flat_map(|followed| of_transcript(&followed.reading)));
    signs
}

fn of_state(state: &StateFile, now: Timestamp) -> Sign {
    let says = match state.status {
        Status::Busy => Says::Busy,
        Status::Idle => Says::Idle,
        Status::Waiting => match &state.about {
            Some(about) if about.contains("permission") => Says::Permission,
            about => Says::Input { about: about.clone() },
        },
    };
    Sign::new(Source::State, says, state.at.unwrap_or(now))
}

fn of_title(preset: &Preset, title: &str, at: Timestamp) -> Option<Sign> {
    let read = preset.screen.read_title(title);
    let says = match read {
        read if read.waiting => Says::Permission,
        read if read.busy => Says::Busy,
        read if read.ready => Says::Idle,
        _ => return None,
    };
    Some(Sign::new(Source::Title, says, at))
}

fn of_screen(preset: &Preset, text: &str, at: Timestamp) -> Vec<Sign> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let text = lines[lines.len().saturating_sub(LINES)..].join("\n");
    let read = preset.screen.read(&text);
    let dialog = || preset.dialogs.iter().find(|dialog| dialog.is_on(&text));
    if let Some(dialog) = dialog().filter(|dialog| dialog.limit) {
        // The menu begins where its own words do; a limit that stands above it is an older one.
        let until = match trouble(dialog.seen_in(&text), at) {
            Some(Trouble::Limited { until }) => until,
            _ => None,
        };
        return vec![Sign::new(Source::Screen, Says::Held { until }, at)];
    }
    let says = match read {
        read if read.busy => Some(Says::Busy),
        read if read.waiting => Some(Says::Permission),
        read if read.ready && preset.screen.rests => Some(Says::Ready),
        read if read.ready => Some(Says::Idle),
        _ => dialog().map(|dialog| Says::Input { about: Some(dialog.about.clone()) }),
    };
    let limited = read.limited.then(|| match trouble(&text, at) {
        Some(Trouble::Limited { until }) => Says::Limited { until },
        Some(Trouble::Exhausted) => Says::Exhausted,
        _ => Says::Limited { until: None },
    });
    says.into_iter().chain(limited).map(|says| Sign::new(Source::Screen, says, at)).collect()
}

/// What the last events mean. A tool runs until something tells that it does not.
fn of_hooks(events: &[HookEvent]) -> Vec<Sign> {
    let mut tools: Vec<&HookEvent> = Vec::new();
    let (mut doing, mut failed) = (None, None);
    for event in events {
        let says = match event.kind {
            HookKind::Tool => {
                tools.push(event);
                Says::Busy
            }
            HookKind::ToolDone => {
                let place = tools.iter().position(|tool| tool.tool == event.tool);
                place.map(|place| tools.remove(place));
                Says::Busy
            }
            HookKind::Prompt | HookKind::Compact => Says::Busy,
            HookKind::Interrupt => Says::BrokenOff,
            HookKind::Stop | HookKind::Fail | HookKind::End => Says::Idle,
            HookKind::Waiting => waiting(event),
            HookKind::Start | HookKind::Compacted => continue,
        };
        if !matches!(event.kind, HookKind::Tool | HookKind::ToolDone | HookKind::Waiting) {
            tools.clear();
        }
        failed = (event.kind == HookKind::Fail).then_some(event);
        doing = Some(Sign::new(Source::Hooks, says, event.at));
    }
    if let (Some(sign), Some(tool)) = (&mut doing, tools.first())
        && sign.says == Says::Busy
    {
        let name = tool.tool.clone().unwrap_or_else(|| "a tool".to_owned());
        *sign = Sign::new(Source::Hooks, Says::Tool { name }, tool.at);
    }
    let words = |event: &HookEvent| event.text.clone().unwrap_or_else(|| "it did not say why".to_owned());
    let failed = failed.into_iter().flat_map(|event| of_failure(words(event), event.at));
    doing.into_iter().chain(failed).collect()
}

/// An agent also tells that it waits when it only stands at its prompt.
fn waiting(event: &HookEvent) -> Says {
    match event.text.as_deref() {
        Some(text) if text.contains("permission") => Says::Permission,
        Some(text) if text.contains("waiting for your input") || text == "idle_prompt" => Says::Idle,
        about => Says::Input { about: about.map(str::to_owned) },
    }
}

/// What the words of a failure mean, and the words.
fn of_failure(text: String, at: Timestamp) -> Vec<Sign> {
    let means = match trouble(&text, at) {
        Some(Trouble::Exhausted) => Some(Says::Exhausted),
        Some(Trouble::Limited { until }) => Some(Says::Limited { until }),
        Some(Trouble::SignedOut) | None => None,
    };
    let says = means.into_iter().chain([Says::Failed { text }]);
    says.map(|says| Sign::new(Source::Hooks, says, at)).collect()
}

fn of_transcript(reading: &Reading) -> Vec<Sign> {
    let last = |at: Timestamp| reading.last.map_or(at, |last| last.max(at));
    let doing = match reading.turn {
        Turn::Unknown => None,
        Turn::Running { since } => Some(match reading.tools.iter().min_by_key(|tool| tool.since) {
            Some(tool) => (Says::Tool { name: tool.name.clone() }, tool.since),
            None => (Says::Busy, last(since)),
        }),
        Turn::Ended { at } => Some((Says::Idle, at)),
        Turn::Aborted { at } => Some((Says::BrokenOff, at)),
        Turn::Waiting { since } => Some((Says::Input { about: None }, since)),
    };
    let sign = |(says, at)| Sign::new(Source::Transcript, says, at);
    let limit = reading.limit.as_ref().map(|limit| sign((Says::Limited { until: limit.until }, limit.at)));
    let exhausted = reading.exhausted.map(|at| sign((Says::Exhausted, at)));
    let failed =
        reading.failure.as_ref().map(|failure| sign((Says::Failed { text: failure.text.clone() }, failure.at)));
    doing.map(sign).into_iter().chain(limit).chain(exhausted).chain(failed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::Catalogue;
    use crate::witness::Source::{Hooks, Screen};

    fn at(seconds: i64) -> Timestamp {
        chrono::DateTime::from_timestamp(1_795_168_800 + seconds, 0).expect("a time")
    }

    fn event(kind: HookKind, seconds: i64, text: &str) -> HookEvent {
        let tool = matches!(kind, HookKind::Tool | HookKind::ToolDone).then(|| text.to_owned());
        HookEvent { at: at(seconds), tool, text: Some(text.to_owned()), ..HookEvent::of(kind) }
    }

    #[test]
    fn the_last_events_of_hooks_count() {
        use HookKind::{Fail, Interrupt, Prompt, Start, Stop, Tool, ToolDone, Waiting};
        let tool = |name: &str| Says::Tool { name: name.to_owned() };
        type Case<'a> = (&'a [HookEvent], &'a [(Says, i64)]);
        let cases: [Case<'_>; 10] = [
            (&[event(Start, 1, "startup")], &[]),
            (&[event(Prompt, 1, "x")], &[(Says::Busy, 1)]),
            (&[event(Prompt, 1, "x"), event(Tool, 2, "Bash"), event(Tool, 3, "Read")], &[(tool("Bash"), 2)]),
            (&[event(Tool, 2, "Bash"), event(Tool, 3, "Read"), event(ToolDone, 4, "Bash")], &[(tool("Read"), 3)]),
            (&[event(Tool, 2, "Bash"), event(ToolDone, 4, "Bash")], &[(Says::Busy, 4)]),
            (&[event(Tool, 2, "Bash"), event(Stop, 5, "")], &[(Says::Idle, 5)]),
            (&[event(Tool, 2, "Bash"), event(Interrupt, 5, "")], &[(Says::BrokenOff, 5)]),
            (
                &[event(Tool, 2, "Bash"), event(Waiting, 3, "needs your permission to use Bash")],
                &[(Says::Permission, 3)],
            ),
            (&[event(Stop, 2, ""), event(Waiting, 62, "Claude is waiting for your input")], &[(Says::Idle, 62)]),
            (
                &[event(Prompt, 1, "x"), event(Fail, 2, "rate_limit")],
                &[
                    (Says::Idle, 2),
                    (Says::Limited { until: None }, 2),
                    (Says::Failed { text: "rate_limit".to_owned() }, 2),
                ],
            ),
        ];
        for (events, expected) in cases {
            let expected: Vec<Sign> =
                expected.iter().map(|(says, seconds)| Sign::new(Hooks, says.clone(), at(*seconds))).collect();
            assert_eq!(of_hooks(events), expected, "{events:?}");
        }
        let served_again = [event(Fail, 2, "rate_limit"), event(Prompt, 3, "go on")];
        assert_eq!(of_hooks(&served_again), [Sign::new(Hooks, Says::Busy, at(3))]);
    }

    #[test]
    fn screens_are_read_by_the_signs_of_the_preset() {
        let catalogue = Catalogue::built_in();
        let read = |agent: &str, text: &str| {
            let signs = of_screen(catalogue.get(agent).expect("built in"), text, at(0));
            signs.into_iter().map(|sign| sign.says).collect::<Vec<_>>()
        };
        assert_eq!(read("claude", "some text\n❯ \n  esc to interrupt"), [Says::Busy]);
        assert_eq!(read("claude", "Do you want to proceed?\n❯ 1. Yes"), [Says::Permission]);
        assert_eq!(read("claude", "Done.\n❯ "), [Says::Idle]);
        let trusts = Says::Input { about: Some("is the folder trusted".to_owned()) };
        assert_eq!(read("claude", "Do you trust the files in this folder?"), [trusts]);
        assert_eq!(read("claude", "nothing that is known"), []);
        let limited = Says::Limited { until: Some(at(3_600)) };
        assert_eq!(read("claude", "5-hour limit reached · resets in 1 hour\n❯ "), [Says::Idle, limited]);
        let old = "esc to interrupt\n".to_owned() + &"line\n".repeat(LINES);
        assert_eq!(read("claude", &old), [], "only the last lines count");
        let sign = of_title(catalogue.get("gemini").expect("built in"), "✋ Action Required", at(0));
        assert_eq!(sign.map(|sign| sign.says), Some(Says::Permission));
        assert_eq!(of_screen(catalogue.get("codex").expect("built in"), "› ", at(0))[0].source, Screen);
    }

    #[test]
    fn what_real_agents_show_of_a_refusal_is_understood() {
        let limited = || Says::Limited { until: None };
        let cases = [
            ("claude", include_str!("samples/claude-long.txt"), vec![Says::Idle, Says::Exhausted]),
            ("claude", include_str!("samples/claude-quota.txt"), vec![Says::Idle, limited()]),
            ("goose", include_str!("samples/goose-long.txt"), vec![Says::Ready, Says::Exhausted]),
            ("goose", include_str!("samples/goose-quota.txt"), vec![Says::Ready, limited()]),
            ("aider", include_str!("samples/aider-long.txt"), vec![Says::Idle, Says::Exhausted]),
            ("aider", include_str!("samples/aider-quota.txt"), vec![Says::Busy, limited()]),
            ("opencode", include_str!("samples/opencode-rate.txt"), vec![Says::Busy, limited()]),
        ];
        let catalogue = Catalogue::built_in();
        for (agent, screen, expected) in cases {
            let signs = of_screen(catalogue.get(agent).expect("built in"), screen, at(0));
            let says: Vec<_> = signs.into_iter().map(|sign| sign.says).collect();
            assert_eq!(says, expected, "{agent}:\n{screen}");
        }
        let menu =
            of_screen(catalogue.get("gemini").expect("built in"), include_str!("samples/gemini-rate.txt"), at(0));
        assert!(matches!(menu.as_slice(), [Sign { says: Says::Held { until: Some(_) }, .. }]), "{menu:?}");
    }
}
