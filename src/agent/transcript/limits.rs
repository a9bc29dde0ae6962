//! What the words of a failure mean: a limit of the provider with its end, a conversation that is too long, a sign-in
//! that is gone. Providers and agents put it each in their own words, and none of it is a contract.

use chrono::{DateTime, Duration, FixedOffset, NaiveTime, TimeZone};
use regex_automata::meta::Regex;
use regex_automata::util::captures::Captures;

use crate::clock::{Timestamp, local_offset};

/// What kind of trouble a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The conversation is too long for the model.
    Exhausted,
    /// The provider refuses to serve for a while.
    Limited {
        /// Until when, where it says so.
        until: Option<Timestamp>,
    },
    /// It has to be signed in again.
    SignedOut,
}

/// A conversation that is too long.
const EXHAUSTED: &str = r"(?i)prompt is too long|context[ _-]?(window|length)[ _-]?(limit )?(exceeded|reached|is full)|context_window_exceeded|maximum context length|input length and .max_tokens. exceed|exceeds? the (model's )?(maximum )?(context|input token)|input token count.*exceeds|ran out of room in the model's context window|context limit reached|request too large for the context|session too large to compact|context exceeds model limit|has hit a token limit|failed to compact";
/// A limit.
const LIMITED: &str = r"(?i)rate[ _-]?limit|usage[ _-]?limit|\b429\b|quota|resource_exhausted|too many requests|limit reached|hit your limit|overloaded_error|\b529\b|credit balance (is )?too low|billing_error|insufficient[ _](credit|balance|funds)";
/// A sign-in that is gone.
const SIGNED_OUT: &str = r"(?i)please run /login|invalid api key|authentication_(failed|error)|\b401\b|not logged in|oauth token (has )?expired";
/// The end of a limit as a time of its own: `reset at 2026-11-20T15:00:00Z`, `limit reached|1795176723`.
const MOMENT: &str =
    r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))|\|(1\d{9})\b|(?i:resets?_at)\D{1,4}(1\d{9})\b";
/// As a span: `try again in 3 hours 25 minutes`, `retry in 11.054s`, `retry-after: 30`.
const SPAN: &str = r"(?i)(?:(?:try again|retry|resets?|reset after|available)\s+(?:in|after)|retry-?after\D{0,3})\s*((?:\d+(?:\.\d+)?\s*(?:days?|d|hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|ms|s)?[\s,]*(?:and )?)+)";
/// As a time of day: `resets 3pm`, `resets at 15:30`, `try again at 3:05 PM`.
const HOUR: &str = r"(?i)(?:resets?|try again|available)(?:\s+at)?\s+(\d{1,2})(?::(\d\d))?\s*(am|pm)?\b";

/// What these words of a failure mean, when nothing else is known; they were said at `at`.
pub fn trouble(text: &str, at: Timestamp) -> Option<Trouble> {
    trouble_in(text, at, local_offset(at))
}

/// The same where clocks are ahead of UTC by `offset`.
pub(super) fn trouble_in(text: &str, at: Timestamp, offset: FixedOffset) -> Option<Trouble> {
    if finds(EXHAUSTED, text) {
        Some(Trouble::Exhausted)
    } else if finds(LIMITED, text) {
        Some(Trouble::Limited { until: until(text, at, offset) })
    } else {
        finds(SIGNED_OUT, text).then_some(Trouble::SignedOut)
    }
}

fn finds(pattern: &str, text: &str) -> bool {
    crate::agent::signs::finds(pattern, text)
}

/// When a limit ends, if the text says so.
fn until(text: &str, at: Timestamp, offset: FixedOffset) -> Option<Timestamp> {
    moment(text).or_else(|| span(text, at)).or_else(|| hour(text, at, offset)).filter(|until| *until > at)
}

fn groups<'t>(pattern: &str, text: &'t str) -> Option<Vec<Option<&'t str>>> {
    let regex = Regex::new(pattern).ok()?;
    let mut captures: Captures = regex.create_captures();
    regex.captures(text, &mut captures);
    captures.is_match().then(|| captures.iter().map(|span| span.map(|span| &text[span.range()])).collect())
}

fn moment(text: &str) -> Option<Timestamp> {
    let groups = groups(MOMENT, text)?;
    match groups.get(1).copied().flatten() {
        Some(time) => DateTime::parse_from_rfc3339(&time.replacen(' ', "T", 1)).ok().map(|time| time.to_utc()),
        None => {
            let seconds = groups.iter().skip(2).copied().flatten().next()?;
            DateTime::from_timestamp(seconds.parse().ok()?, 0)
        }
    }
}

fn span(text: &str, at: Timestamp) -> Option<Timestamp> {
    let words = groups(SPAN, text)?.get(1).copied().flatten()?.to_ascii_lowercase();
    let mut total = 0.0_f64;
    let mut rest = words.as_str();
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        rest = &rest[start..];
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number: f64 = rest[..end].parse().ok()?;
        rest = rest[end..].trim_start();
        let unit = &rest[..rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len())];
        total += number * seconds_of(unit);
        rest = &rest[unit.len()..];
    }
    // In whole seconds, upwards: a moment too early is refused again.
    let span = Duration::try_milliseconds((total.ceil() * 1000.0) as i64)?;
    at.checked_add_signed(span)
}

fn seconds_of(unit: &str) -> f64 {
    match unit {
        "ms" => 0.001,
        unit if unit.starts_with('d') => 86_400.0,
        unit if unit.starts_with('h') => 3_600.0,
        unit if unit.starts_with('m') => 60.0,
        _ => 1.0,
    }
}

/// The next time that clocks show it.
fn hour(text: &str, at: Timestamp, offset: FixedOffset) -> Option<Timestamp> {
    let groups = groups(HOUR, text)?;
    let part = |number: usize| groups.get(number).copied().flatten();
    let minute: u32 = part(2).map_or(Ok(0), str::parse).ok()?;
    let hour: u32 = part(1)?.parse().ok()?;
    let hour = match part(3).map(str::to_ascii_lowercase).as_deref() {
        Some("pm") => hour % 12 + 12,
        Some(_) => hour % 12,
        // A bare number is no time of day.
        None if part(2).is_none() => return None,
        None => hour,
    };
    let there = at.with_timezone(&offset);
    let time = NaiveTime::from_hms_opt(hour, minute, 0)?;
    let today = offset.from_local_datetime(&there.date_naive().and_time(time)).single()?.to_utc();
    Some(if today > at { today } else { today + Duration::days(1) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn told(text: &str) -> Option<Trouble> {
        trouble_in(text, at("2026-11-20T12:00:00Z"), FixedOffset::east_opt(3_600).expect("an hour"))
    }

    #[test]
    fn limits_and_their_ends() {
        let cases = [
            ("Claude AI usage limit reached|1795190400", Some("2026-11-20T16:00:00Z")),
            ("5-hour limit reached ∙ resets 3pm", Some("2026-11-20T14:00:00Z")),
            ("You've hit your limit · resets 11:30am (Europe/Berlin)", Some("2026-11-21T10:30:00Z")),
            ("You've hit your usage limit. Try again in 3 hours 25 minutes.", Some("2026-11-20T15:25:00Z")),
            ("You've hit your usage limit or try again at 3:05 PM.", Some("2026-11-20T14:05:00Z")),
            ("Rate limit reached for gpt-5. Please try again in 11.054s.", Some("2026-11-20T12:00:12Z")),
            ("429 RESOURCE_EXHAUSTED: Please retry in 42s", Some("2026-11-20T12:00:42Z")),
            ("quota exceeded, reset after 18h23m4s", Some("2026-11-21T06:23:04Z")),
            ("429 too many requests, retry-after: 30", Some("2026-11-20T12:00:30Z")),
            ("rate_limit_error: resets at 2026-11-20T15:00:00Z", Some("2026-11-20T15:00:00Z")),
            ("API Error: Request rejected (429) · slow down", None),
            ("rate limit; it was reset at 2026-11-20T11:00:00Z", None),
        ];
        for (text, until) in cases {
            assert_eq!(told(text), Some(Trouble::Limited { until: until.map(at) }), "{text}");
        }
    }

    #[test]
    fn other_troubles() {
        for text in [
            "API Error: 400 prompt is too long: 210000 tokens > 200000 maximum",
            "{\"codex_error_info\":\"context_window_exceeded\"}",
            "Codex ran out of room in the model's context window.",
            "This model's maximum context length is 128000 tokens",
            "The input token count (1200000) exceeds the maximum number of tokens allowed",
        ] {
            assert_eq!(told(text), Some(Trouble::Exhausted), "{text}");
        }
        assert_eq!(told("Please run /login · API Error: 401 bad key"), Some(Trouble::SignedOut));
        assert_eq!(told("connection refused"), None);
        assert_eq!(told(""), None);
    }
}
