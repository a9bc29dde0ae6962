//! What one attempt at a bead may use: time, tokens and turns, as far as they are known.

use std::str::FromStr;
use std::time::Duration;

use crate::town::Seconds;

/// The limits of one attempt; what none is named for has none. Written as `"2h, 300k tokens, 40 turns"`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Budget {
    /// The time in which its sessions ran.
    pub time: Option<Seconds>,
    /// Tokens, read and written.
    pub tokens: Option<u64>,
    /// Replies of the model.
    pub turns: Option<u64>,
}

/// What an attempt has used so far; what cannot be counted is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Used {
    /// The time in which its sessions ran.
    pub time: Duration,
    /// Tokens, read and written.
    pub tokens: Option<u64>,
    /// Replies of the model.
    pub turns: Option<u64>,
}

impl Budget {
    /// The budget in a bead's file; nothing that cannot be counted limits anything.
    pub fn read(text: Option<&str>) -> Self {
        text.and_then(|text| text.parse().ok()).unwrap_or_default()
    }

    /// The first limit that is used up: "the budget of 2h is used up".
    pub fn spent(&self, used: &Used) -> Option<String> {
        let over =
            |limit: Option<u64>, used: Option<u64>| limit.filter(|limit| used.is_some_and(|used| used >= *limit));
        let what = if let Some(limit) = self.time.filter(|limit| used.time >= limit.duration()) {
            limit.to_string()
        } else if let Some(limit) = over(self.tokens, used.tokens) {
            format!("{} tokens", brief(limit))
        } else if let Some(limit) = over(self.turns, used.turns) {
            format!("{limit} turns")
        } else {
            return None;
        };
        Some(format!("the budget of {what} is used up"))
    }
}

impl FromStr for Budget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("{text:?} is no budget: it is a time, tokens or turns, such as `2h, 300k tokens, 40 turns`");
        let mut budget = Self::default();
        for part in text.split(',') {
            let words: Vec<&str> = part.split_whitespace().collect();
            match words.as_slice() {
                [span] => budget.time = Some(span.parse().map_err(|_| wrong())?),
                [number, "tokens" | "token"] => budget.tokens = Some(count(number).ok_or_else(wrong)?),
                [number, "turns" | "turn"] => budget.turns = Some(count(number).ok_or_else(wrong)?),
                _ => return Err(wrong()),
            }
        }
        Ok(budget)
    }
}

/// `300000` as `300k`.
fn brief(number: u64) -> String {
    match number {
        n if n >= 1_000_000 && n.is_multiple_of(1_000_000) => format!("{}M", n / 1_000_000),
        n if n >= 1_000 && n.is_multiple_of(1_000) => format!("{}k", n / 1_000),
        n => n.to_string(),
    }
}

fn count(text: &str) -> Option<u64> {
    let (digits, factor) = match text.chars().last()? {
        'k' => (&text[..text.len() - 1], 1_000),
        'M' => (&text[..text.len() - 1], 1_000_000),
        _ => (text, 1),
    };
    digits.parse::<u64>().ok()?.checked_mul(factor).filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_are_read() {
        let read = |text: &str| text.parse::<Budget>().map(|budget| (budget.time, budget.tokens, budget.turns));
        assert_eq!(read("2h"), Ok((Some(Seconds(7_200)), None, None)));
        assert_eq!(read("300k tokens"), Ok((None, Some(300_000), None)));
        assert_eq!(read("40 turns,90s, 1M tokens"), Ok((Some(Seconds(90)), Some(1_000_000), Some(40))));
        for text in ["", "2 USD", "much", "0 turns", "-1h", "2h 3", "9999999999999999999M tokens", "ä"] {
            assert!(read(text).is_err(), "{text}");
            assert_eq!(Budget::read(Some(text)), Budget::default());
        }
    }

    #[test]
    fn the_first_limit_that_is_used_up_is_named() {
        let budget: Budget = "10m, 5k tokens, 40 turns".parse().expect("a budget");
        let used = |seconds, tokens, turns| Used { time: Duration::from_secs(seconds), tokens, turns };
        for (used, said) in [
            (used(599, Some(4_999), Some(39)), None),
            (used(0, None, None), None),
            (used(600, Some(9_000), None), Some("the budget of 10m is used up")),
            (used(0, Some(5_000), Some(40)), Some("the budget of 5k tokens is used up")),
            (used(0, None, Some(40)), Some("the budget of 40 turns is used up")),
        ] {
            assert_eq!(budget.spent(&used).as_deref(), said);
        }
        assert_eq!(Budget::default().spent(&used(u64::MAX, Some(u64::MAX), None)), None);
    }
}
