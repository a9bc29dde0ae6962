//! The one printer: results on stdout, talk on stderr, by label and never by colour.
//!
//! Commands say what a piece of text is ([`Label`], [`Text`], [`Table`]); this module alone knows terminals,
//! widths, colours, pipes and prompts.

mod label;
mod progress;
mod prompt;
mod stream;
mod table;
mod text;
pub(super) mod wrap;

pub use label::Label;
pub use progress::{Board, Line};
pub use prompt::Unattended;
pub use table::Table;
pub use text::Text;

use std::fmt::Display;
use std::io::IsTerminal;

use serde::Serialize;

use crate::env;
use crate::error::Failure;
use crate::ops::Talk;
use progress::Step;
use stream::Stream;

/// When to colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Colour {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Colour {
    /// Whether an output that is a `terminal` or not gets colours.
    pub fn wanted(self, terminal: bool) -> bool {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => terminal && !set("NO_COLOR") && !dumb(),
        }
    }
}

/// How the person wants output.
#[derive(Debug, Clone, Copy, Default)]
pub struct Style {
    /// Machine-readable envelopes instead of text.
    pub json: bool,
    /// No talk: only results, warnings and errors.
    pub quiet: bool,
    /// When to colour.
    pub colour: Colour,
}

/// The printer.
#[derive(Debug)]
pub struct Ui {
    out: Stream,
    err: Stream,
    style: Style,
    /// Where prose is wrapped; no limit when nobody knows.
    width: Option<usize>,
    /// Whether there is somebody to ask.
    attended: bool,
    step: Option<Step>,
}

impl Ui {
    /// The printer of this process.
    pub fn new(style: Style) -> Self {
        let out = Stream::stdout(style.colour);
        let err = Stream::stderr(style.colour);
        let worker = std::env::var_os(env::SESSION).is_some();
        let attended = err.terminal && std::io::stdin().is_terminal() && !style.json && !worker;
        let width = columns().or_else(terminal_width);
        Self { out, err, style, width, attended, step: None }
    }

    /// A printer into memory, for tests: nobody to ask, no colours.
    pub fn captured(width: usize) -> Self {
        let (out, err) = (Stream::memory(), Stream::memory());
        Self { out, err, style: Style::default(), width: Some(width), attended: false, step: None }
    }

    /// What a [`Ui::captured`] printer got: stdout and stderr.
    pub fn taken(&self) -> (String, String) {
        (self.out.taken(), self.err.taken())
    }

    /// Whether results are JSON.
    pub fn is_json(&self) -> bool {
        self.style.json
    }

    /// Whether the person wants no talk.
    pub fn is_quiet(&self) -> bool {
        self.style.quiet
    }

    /// Whether the reader of stdout has gone, so that a command that goes on for ever may stop.
    pub fn is_closed(&self) -> bool {
        self.out.is_closed()
    }

    /// Whether a person looks at stdout.
    pub fn is_terminal(&self) -> bool {
        self.out.terminal
    }

    /// One line of the result.
    pub fn line(&mut self, text: impl Into<Text>) {
        self.out.line(&text.into());
    }

    /// An empty line in the result.
    pub fn blank(&mut self) {
        self.out.line(&Text::new());
    }

    /// Several lines of prose, wrapped at the width and indented by `indent` columns.
    pub fn prose(&mut self, indent: usize, label: Label, prose: &str) {
        for line in wrap::lines(prose, self.width.map(|width| width.saturating_sub(indent))) {
            let space = if line.is_empty() { 0 } else { indent };
            self.out.line(&Text::from(" ".repeat(space)).with(label, line));
        }
    }

    /// Prose behind `head`, which stands in the first `indent` columns of its first line.
    pub fn entry(&mut self, head: Text, indent: usize, label: Label, prose: &str) {
        self.hang(head, &Text::from(" ".repeat(indent)), label, prose);
    }

    /// Prose behind `head` in its first line and behind `margin`, which is as wide, in the others.
    pub fn hang(&mut self, head: Text, margin: &Text, label: Label, prose: &str) {
        let lines = wrap::lines(prose, self.width.map(|width| width.saturating_sub(margin.width())));
        let mut head = Some(head);
        for line in lines {
            let margin = head.take().unwrap_or_else(|| margin.clone());
            self.out.line(&margin.with(label, line));
        }
    }

    /// A table. It is cut to the width only where a person looks at it: a pipe gets everything.
    pub fn table(&mut self, table: Table) {
        for line in table.lines(self.room()) {
            self.out.line(&line);
        }
    }

    /// The columns that a line may take where a person looks at it; a pipe gets everything.
    pub fn room(&self) -> Option<usize> {
        self.width.filter(|_| self.out.terminal)
    }

    /// Bytes of a result as they are, such as a log.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.out.bytes(bytes);
    }

    /// Text of clap on stdout, with its colours or without.
    pub(super) fn clap(&mut self, text: &clap::builder::StyledStr) {
        let text = painted(text, self.out.colour);
        self.out.bytes(text.as_bytes());
    }

    /// Text of clap on stderr.
    pub(super) fn clap_talk(&mut self, text: &clap::builder::StyledStr) {
        let text = painted(text, self.err.colour);
        self.err.bytes(text.as_bytes());
    }

    /// A value as one line of JSON on stdout.
    pub fn json(&mut self, value: &impl Serialize) {
        self.out.json(value);
    }

    /// Why a part of the results was not written, other than that nobody reads them any more.
    pub(super) fn lost(&mut self) -> Option<std::io::Error> {
        self.out.lost()
    }

    /// Writes out what was printed so far.
    pub fn flush(&mut self) {
        self.out.flush();
    }

    /// Something worth knowing, unless the person wants quiet or JSON.
    pub fn say(&mut self, text: impl Into<Text>) {
        if !self.style.quiet && !self.style.json {
            self.talk(&text.into());
        }
    }

    /// What to do next, as one line `hint: ...`.
    pub fn hint(&mut self, hint: impl Display) {
        self.say(Text::of(Label::Hint, "hint:").plain(" ").join(words(&hint.to_string())));
    }

    /// Something to look at though the command goes on, as one line `warning: ...`; also said to the quiet.
    pub fn warning(&mut self, warning: impl Display) {
        if self.style.json {
            let value = serde_json::json!({"schema": "gt.warning/1", "warning": {"message": warning.to_string()}});
            return self.err.bytes(format!("{value}\n").as_bytes());
        }
        self.talk(&Text::new().warn("warning:").plain(" ").join(words(&warning.to_string())));
    }

    /// Why the command, or a part of it, failed: `error: ...` and its hints, or one JSON object; on stderr.
    pub fn error(&mut self, failure: &Failure) {
        self.end_step();
        self.flush();
        if self.style.json {
            let value = serde_json::json!({"schema": "gt.error/1", "error": failure});
            return self.err.bytes(format!("{value}\n").as_bytes());
        }
        self.talk(&Text::new().bad("error:").plain(" ").join(words(&failure.full_message())));
        for hint in &failure.hints {
            self.talk(&Text::of(Label::Hint, "hint:").plain(" ").join(words(&clause(hint))));
        }
    }

    /// A board of lines that change in place on a terminal and are printed when they change elsewhere.
    pub fn board(&mut self) -> Board {
        self.end_step();
        self.flush();
        Board::new(self.shows_progress(), self.err.colour, self.style.quiet || self.style.json)
    }

    fn shows_progress(&self) -> bool {
        self.err.terminal && !self.style.quiet && !self.style.json
    }

    /// A line on stderr, beside whatever moves there, and after what was said before it.
    fn talk(&mut self, text: &Text) {
        // Where both meet on one terminal, they stand in the order in which they were said.
        self.out.flush();
        match &self.step {
            Some(step) => step.aside(|| self.err.line(text)),
            None => self.err.line(text),
        }
    }

    /// The work is over, only its report is to come.
    pub(super) fn end_step(&mut self) {
        self.step = None;
    }
}

impl Talk for Ui {
    fn step(&mut self, what: &str) {
        self.end_step();
        if !self.style.quiet && !self.style.json {
            self.step = Some(Step::begin(what, self.shows_progress()));
        }
    }

    fn note(&mut self, what: &str) {
        self.say(words(what));
    }

    fn warn(&mut self, what: &str) {
        self.warning(what);
    }
}

/// A hint as it stands behind `hint: `, where it is no sentence of its own: no capital, no full stop.
fn clause(hint: &str) -> String {
    let hint = hint.strip_suffix('.').unwrap_or(hint);
    let mut letters = hint.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => {
            first.to_lowercase().chain(hint.chars().skip(1)).collect()
        }
        _ => hint.to_owned(),
    }
}

/// Prose in which what stands between backquotes is a command, a name or a path; the quotes stay, so that it
/// reads the same without colours.
fn words(prose: &str) -> Text {
    let mut text = Text::new();
    for (index, part) in prose.split('`').enumerate() {
        text = match index % 2 {
            0 => text.plain(part),
            _ => text.command(format_args!("`{part}`")),
        };
    }
    if prose.matches('`').count() % 2 == 1 { Text::from(prose) } else { text }
}

fn painted(text: &clap::builder::StyledStr, colour: bool) -> String {
    let text = if colour { text.ansi().to_string() } else { text.to_string() };
    format!("{}\n", text.trim_end())
}

/// The width that the person set.
fn columns() -> Option<usize> {
    std::env::var("COLUMNS").ok().and_then(|text| text.trim().parse().ok()).filter(|width| *width > 0)
}

fn terminal_width() -> Option<usize> {
    terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| usize::from(width.0)).filter(|width| *width > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    #[test]
    fn results_and_talk_go_different_ways() {
        let mut ui = Ui::captured(80);
        ui.line(Text::new().id("web-x7k2m"));
        ui.hint("run `gt ready`");
        ui.warning("odd");
        ui.error(&Failure::new(Kind::NotFound, "no rig \"web\"").hint("`gt rig list` shows them"));
        let (out, err) = ui.taken();
        assert_eq!(out, "web-x7k2m\n");
        let expected = "hint: run `gt ready`\nwarning: odd\nerror: no rig \"web\"\nhint: `gt rig list` shows them\n";
        assert_eq!(err, expected);
    }

    #[test]
    fn errors_for_programs_are_one_object() {
        let mut ui = Ui::captured(80);
        ui.style.json = true;
        ui.say("not shown");
        ui.error(&Failure::new(Kind::Refused, "no"));
        let expected = concat!(
            r#"{"schema":"gt.error/1","error":{"kind":"refused","message":"no","hints":[],"retryable":false}}"#,
            "\n"
        );
        assert_eq!(ui.taken(), (String::new(), expected.to_owned()));
    }

    #[test]
    fn the_quiet_hear_only_of_trouble() {
        let mut ui = Ui::captured(80);
        ui.style.quiet = true;
        ui.hint("h");
        ui.step("s");
        ui.note("n");
        ui.warn("w");
        assert_eq!(ui.taken().1, "warning: w\n");
    }

    #[test]
    fn prose_is_wrapped_and_indented() {
        let mut ui = Ui::captured(12);
        ui.prose(2, Label::Plain, "one two three\n\nfour");
        assert_eq!(ui.taken().0, "  one two\n  three\n\n  four\n");
    }

    #[test]
    fn an_entry_hangs_behind_its_head() {
        let mut ui = Ui::captured(12);
        ui.entry(Text::new().good("ok  "), 4, Label::Plain, "one two three");
        assert_eq!(ui.taken().0, "ok  one two\n    three\n");
        let mut ui = Ui::captured(12);
        ui.hang(Text::from("|- "), &Text::from("|  "), Label::Plain, "one two three");
        assert_eq!(ui.taken().0, "|- one two\n|  three\n");
    }

    #[test]
    fn hints_have_one_shape() {
        let cases = [
            ("Did you mean web?", "did you mean web?"),
            ("Known rigs: web.", "known rigs: web"),
            ("GT_TOWN is set.", "GT_TOWN is set"),
        ];
        for (given, shown) in cases {
            assert_eq!(clause(given), shown);
        }
    }

    #[test]
    fn backquotes_stay_and_an_odd_one_is_left_alone() {
        assert_eq!(words("run `gt x` now").paint(false), "run `gt x` now");
        assert_eq!(words("it`s").paint(false), "it`s");
        assert_eq!(words("run `gt x`").paint(true), "run \u{1b}[1m`gt x`\u{1b}[0m");
    }
}
