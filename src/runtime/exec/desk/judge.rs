//! What a look at the terminal means for somebody who wants to type.

use std::time::Duration;

use regex_automata::meta::Regex;

use crate::runtime::manners::Signs;
use crate::runtime::{Look, Manners};

/// How many of the last lines show what an agent does or asks.
const BOTTOM: usize = 14;

/// How long a screen without the sign of being busy rests before it outweighs a hook that never told of the end, as
/// when a person interrupted the turn.
const OUTWEIGHS: Duration = Duration::from_secs(4);

/// How long the screen of an agent without any sign rests before it counts as waiting.
const RESTS: Duration = Duration::from_millis(1_200);

/// Why nothing is typed while something else has the keyboard.
pub(super) const PAGED: &str = "a pager or an editor is open in its terminal";

/// The signs of an agent, held against looks.
#[derive(Debug)]
pub(super) struct Judge {
    signs: Signs,
    is_told: bool,
}

fn finds(sign: &Option<Regex>, text: &str) -> bool {
    sign.as_ref().is_some_and(|sign| sign.is_match(text))
}

impl Judge {
    pub(super) fn of(manners: &Manners) -> Self {
        Self { signs: Signs::of(manners), is_told: !manners.tells.is_empty() }
    }

    /// Whether the agent takes a prompt, by its sign; nothing where it has none.
    pub(super) fn is_ready(&self, look: &Look) -> Option<bool> {
        Some(self.signs.ready.as_ref()?.is_match(look.text().as_str()))
    }

    /// Why no key may be pressed, whoever wants it.
    pub(super) fn hindrance(&self, look: &Look) -> Option<&'static str> {
        let bottom = look.bottom(BOTTOM);
        if look.in_mode {
            return Some("somebody scrolls in its terminal");
        }
        if look.is_paged() {
            return Some(PAGED);
        }
        let asks = self.signs.questions.iter().any(|sign| sign.is_match(bottom.as_str()));
        (asks || finds(&self.signs.title_waiting, &look.title)).then_some("it waits for an answer of a person")
    }

    /// Whether it works: by its title, its screen, its hooks, else by whether the screen has rested.
    pub(super) fn is_busy(&self, look: &Look, told: Option<bool>, rested: Duration) -> bool {
        let signs = &self.signs;
        if finds(&signs.title_idle, &look.title) {
            return false;
        }
        if finds(&signs.title_busy, &look.title) || finds(&signs.busy, &look.bottom(BOTTOM)) {
            return true;
        }
        match told {
            Some(true) => rested < OUTWEIGHS || !(signs.busy.is_some() && self.is_ready(look).unwrap_or(true)),
            Some(false) => false,
            // Nothing tells, and the prompt has gone: it is at work.
            None if !self.is_told && self.is_ready(look) == Some(false) => true,
            None => !self.is_told && signs.busy.is_none() && signs.title_busy.is_none() && rested < RESTS,
        }
    }

    /// Whether its title or its screen shows when it works.
    pub(super) fn has_sign(&self) -> bool {
        self.signs.busy.is_some() || self.signs.title_busy.is_some() || self.signs.ready.is_some()
    }

    /// What stands left of the cursor, in which a person's line is: what an agent proposes stands right of it.
    pub(super) fn left(look: &Look) -> String {
        let (column, row) = look.cursor;
        look.rows.get(row).map(|line| line.chars().take(column).collect()).unwrap_or_default()
    }

    /// Whether something stands there that is no prompt and did not stand there when it was `calm`.
    pub(super) fn is_written(&self, look: &Look, calm: Option<&str>) -> bool {
        let left = Self::left(look);
        !is_bare(&left) && calm != Some(left.as_str()) && !self.is_prompt(&left)
    }

    /// Whether a line is the sign of being ready and nothing else.
    pub(super) fn is_prompt(&self, line: &str) -> bool {
        let found = self.signs.ready.as_ref().and_then(|sign| sign.find(line));
        found.is_some_and(|found| found.start() == 0 && found.end() >= line.trim_end().len())
    }

    /// The line that a person would type into: the last one with the sign of being ready, else that of the cursor.
    pub(super) fn input(&self, look: &Look) -> Option<String> {
        let signed = |row: &&String| self.signs.ready.as_ref().is_some_and(|sign| sign.is_match(row.as_str()));
        look.rows.iter().rfind(signed).or_else(|| look.rows.get(look.cursor.1)).cloned()
    }
}

/// Whether a line shows nothing but the sign of a prompt.
pub(super) fn is_bare(line: &str) -> bool {
    !line.chars().any(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(rows: &[&str], title: &str) -> Look {
        let rows: Vec<String> = rows.iter().map(|row| (*row).to_owned()).collect();
        Look { cursor: (2, rows.len().saturating_sub(1)), rows, title: title.to_owned(), ..Look::default() }
    }

    fn judge() -> Judge {
        let text = |text: &str| Some(text.to_owned());
        Judge::of(&Manners {
            ready: text("(?m)^❯"),
            busy: text("esc to interrupt"),
            title_idle: text("^✳"),
            questions: vec!["Do you want to".to_owned()],
            ..Manners::default()
        })
    }

    #[test]
    fn the_title_outweighs_the_hooks_and_the_screen_does_after_a_while() {
        let (judge, ready) = (judge(), look(&["❯ "], ""));
        let long = Duration::from_secs(60);
        assert!(judge.is_busy(&ready, Some(true), Duration::ZERO));
        assert!(!judge.is_busy(&ready, Some(true), long));
        assert!(!judge.is_busy(&look(&["❯ "], "✳ Agent"), Some(true), Duration::ZERO));
        assert!(judge.is_busy(&look(&["esc to interrupt", "❯ "], ""), Some(false), long));
        assert!(!judge.is_busy(&ready, None, Duration::ZERO));
    }

    #[test]
    fn without_any_sign_a_screen_that_moves_is_busy() {
        let judge = Judge::of(&Manners::default());
        assert!(judge.is_busy(&look(&["x"], ""), None, Duration::ZERO));
        assert!(!judge.is_busy(&look(&["x"], ""), None, RESTS));
        assert_eq!(judge.is_ready(&look(&["x"], "")), None);
    }

    #[test]
    fn questions_pagers_and_scrolling_keep_hands_off() {
        let judge = judge();
        assert_eq!(judge.hindrance(&look(&["❯ "], "")), None);
        assert!(judge.hindrance(&look(&["Do you want to proceed?", "❯ 1. Yes"], "")).is_some());
        // Long ago, in what scrolled by.
        let mut rows = vec!["Do you want to proceed?"];
        rows.extend(["text"; 20]);
        assert_eq!(judge.hindrance(&look(&rows, "")), None);
        assert!(judge.hindrance(&Look { in_mode: true, ..look(&["❯ "], "") }).is_some());
        assert!(judge.hindrance(&Look { program: "less".to_owned(), ..look(&["❯ "], "") }).is_some());
    }

    #[test]
    fn what_stands_left_of_the_cursor_is_a_persons() {
        let judge = judge();
        let at = |line: &str, column| Look { cursor: (column, 0), ..look(&[line], "") };
        assert!(judge.is_written(&at("❯ half a li", 11), None));
        assert!(!judge.is_written(&at("❯ Try this", 2), None), "a proposal");
        assert!(!judge.is_written(&at("❯ ", 2), None));
        let plain = Judge::of(&Manners { ready: Some("(?m)^([a-z]+)?> ?$".to_owned()), ..Manners::default() });
        assert!(!plain.is_written(&at("ask> ", 5), None), "its prompt");
        assert!(!plain.is_written(&at("( O)> ", 6), Some("( O)> ")), "it stood there before");
        assert!(plain.is_written(&at("( O)> half", 10), Some("( O)> ")));
        let ruled = Look { cursor: (4, 1), ..look(&["────", "half", "────"], "") };
        assert!(judge.is_written(&ruled, None), "the sign stands in another line");
    }

    #[test]
    fn the_line_of_a_person_is_the_one_with_the_sign() {
        let judge = judge();
        let shown = look(&["❯ earlier", "answer", "❯ half a li", "status"], "");
        assert_eq!(judge.input(&shown).as_deref(), Some("❯ half a li"));
        assert!(is_bare("❯ ") && is_bare("│ > │") && !is_bare("❯ half"));
        let plain = Judge::of(&Manners::default());
        assert_eq!(plain.input(&shown).as_deref(), Some("status"));
    }
}
