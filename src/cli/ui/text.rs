//! A piece of output: words, each with its label.

use std::fmt::Display;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Label;

/// A line of output, built word by word: `Text::new().id(&bead.id).plain("  ").title(&bead.title)`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    spans: Vec<(Label, String)>,
}

macro_rules! appenders {
    ($($method:ident = $label:ident;)*) => {
        $(#[doc = concat!("The same with `what` appended as [`Label::", stringify!($label), "`].")]
        #[must_use]
        pub fn $method(self, what: impl Display) -> Self {
            self.with(Label::$label, what)
        })*
    };
}

impl Text {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One word.
    pub fn of(label: Label, what: impl Display) -> Self {
        Self::new().with(label, what)
    }

    /// The same with `what` appended.
    #[must_use]
    pub fn with(mut self, label: Label, what: impl Display) -> Self {
        self.spans.push((label, what.to_string()));
        self
    }

    appenders! {
        plain = Plain;
        id = Id;
        title = Title;
        name = Name;
        heading = Heading;
        good = Good;
        bad = Bad;
        warn = Warn;
        path = Path;
        time = Time;
        command = Command;
        faint = Faint;
    }

    /// The same with a word for a state appended, labelled by what it means.
    #[must_use]
    pub fn state(self, word: impl Display) -> Self {
        let word = word.to_string();
        self.with(Label::of_state(&word), word)
    }

    /// The same with all of `other` appended.
    #[must_use]
    pub fn join(mut self, other: Self) -> Self {
        self.spans.extend(other.spans);
        self
    }

    /// The same with line breaks and tabs as single spaces.
    #[must_use]
    pub fn one_line(mut self) -> Self {
        for (_, word) in &mut self.spans {
            if word.contains(['\n', '\r', '\t']) {
                *word = word.replace("\r\n", " ").replace(['\n', '\r', '\t'], " ");
            }
        }
        self
    }

    /// Whether it shows nothing.
    pub fn is_empty(&self) -> bool {
        self.spans.iter().all(|(_, word)| word.is_empty())
    }

    /// How many columns it takes on a terminal.
    pub fn width(&self) -> usize {
        self.spans.iter().map(|(_, word)| word.width()).sum()
    }

    /// At most `width` columns of it; where something is left out, its last column is `…`.
    #[must_use]
    pub fn cut(self, width: usize) -> Self {
        if self.width() <= width {
            return self;
        }
        let mut left = width.saturating_sub(1);
        let mut spans = Vec::new();
        for (label, word) in self.spans {
            let fitting = fitting(&word, left);
            let all = fitting.len() == word.len();
            left -= fitting.width();
            spans.push((label, fitting.to_owned()));
            if !all {
                break;
            }
        }
        Self { spans }.faint(if width == 0 { "" } else { "…" })
    }

    /// As a string, with the colours of its labels or without.
    pub fn paint(&self, colour: bool) -> String {
        let mut painted = String::new();
        for (label, word) in &self.spans {
            let style = label.style();
            let word = harmless(word);
            if colour && style != anstyle::Style::new() {
                painted.push_str(&format!("{style}{word}{style:#}"));
            } else {
                painted.push_str(&word);
            }
        }
        painted
    }
}

/// The longest beginning of `word` that takes at most `width` columns.
fn fitting(word: &str, width: usize) -> &str {
    let mut used = 0;
    for (at, c) in word.char_indices() {
        used += c.width().unwrap_or(0);
        if used > width {
            return &word[..at];
        }
    }
    word
}

/// Text that others wrote, without what would steer the terminal: control characters become `\u{..}`.
fn harmless(word: &str) -> std::borrow::Cow<'_, str> {
    if !word.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return word.into();
    }
    let escape =
        |c: char| if c.is_control() && c != '\n' && c != '\t' { c.escape_default().to_string() } else { c.to_string() };
    word.chars().map(escape).collect::<String>().into()
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::of(Label::Plain, text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::of(Label::Plain, text)
    }
}

impl From<&String> for Text {
    fn from(text: &String) -> Self {
        Self::of(Label::Plain, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_counts_columns_and_not_bytes() {
        assert_eq!(Text::from("日本").width(), 4);
        assert_eq!(Text::new().id("é").plain(" ok").width(), 4);
    }

    #[test]
    fn a_cut_text_shows_that_it_was_cut() {
        for (text, width, expected) in
            [("hello", 5, "hello"), ("hello", 4, "hel…"), ("日本語", 4, "日…"), ("x", 0, ""), ("ab", 1, "…")]
        {
            assert_eq!(Text::from(text).cut(width).paint(false), expected, "{text} at {width}");
        }
        let two = Text::new().id("web-x").plain(" ").title("Login").cut(8);
        assert_eq!(two.paint(false), "web-x L…");
    }

    #[test]
    fn colours_only_where_wanted() {
        let text = Text::new().good("ok");
        assert_eq!(text.paint(false), "ok");
        assert_eq!(text.paint(true), "\u{1b}[32mok\u{1b}[0m");
    }

    #[test]
    fn a_title_cannot_steer_the_terminal() {
        assert_eq!(Text::new().title("a\u{1b}]0;b\u{7}").paint(true), "a\\u{1b}]0;b\\u{7}");
    }
}
