//! What a person sees of a session: text as it comes, one line for each call, the beginning of each answer.

use std::io::{self, IsTerminal, Write};

/// How much of a line is shown, in characters.
const WIDTH: usize = 160;

/// How many lines of an answer are shown, of its beginning and of its end. The last one of a command is its status.
const LINES: (usize, usize) = (3, 1);

/// The same of one that failed: programs give their reason last.
const FAILED: (usize, usize) = (3, 9);

/// What a piece of output is; the colour follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    /// A tool is called.
    Call,
    /// What a tool answered.
    Result,
    /// What a tool complained of.
    Complaint,
    /// From the harness itself.
    Note,
    /// Something is wrong.
    Fault,
    /// The prompt and what is typed there.
    Typed,
}

impl Label {
    /// Select Graphic Rendition of ECMA-48 section 8.3.117.
    fn code(self) -> &'static str {
        match self {
            Self::Call => "36",
            Self::Result => "2",
            Self::Complaint => "33",
            Self::Note => "2;3",
            Self::Fault => "31;1",
            Self::Typed => "1",
        }
    }
}

/// Where the last output ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    LineStart,
    InText,
    InTyped,
}

/// The output of a session. What cannot be written is lost: nobody looks.
pub(super) struct Screen {
    out: Box<dyn Write + Send>,
    colours: bool,
    place: Place,
    /// What is typed at the prompt, to show it again after other output.
    typed: String,
}

impl Screen {
    /// Standard output.
    pub fn stdout() -> Self {
        let stdout = io::stdout();
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let colours = wanted && stdout.is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        Self::new(Box::new(stdout), colours)
    }

    /// Any output.
    pub fn new(out: Box<dyn Write + Send>, colours: bool) -> Self {
        Self { out, colours, place: Place::LineStart, typed: String::new() }
    }

    /// More text of the model.
    pub fn text(&mut self, text: &str) {
        if self.place == Place::InTyped {
            self.line_start();
        }
        let text = printable(text);
        if text.is_empty() {
            return;
        }
        self.put(&text);
        self.place = if text.ends_with('\n') { Place::LineStart } else { Place::InText };
        self.flush();
    }

    /// A line of its own.
    pub fn line(&mut self, label: Label, text: &str) {
        self.line_start();
        let text = printable(text);
        for line in text.lines() {
            let line = self.coloured(label, &cut(line, WIDTH));
            self.put(&line);
            self.put("\n");
        }
        self.flush();
    }

    /// A call in one line.
    pub fn call(&mut self, brief: &str) {
        self.line(Label::Call, &format!("* {brief}"));
    }

    /// The beginning and the end of what a tool answered, indented.
    pub fn answer(&mut self, text: &str, failed: bool) {
        let mut lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        if lines.is_empty() {
            lines.push("(nothing)");
        }
        let (first, last) = if failed { FAILED } else { LINES };
        // One line in the place of another one would tell less.
        let left_out = lines.len().checked_sub(first + last).filter(|left_out| *left_out > 1).unwrap_or(0);
        for (place, line) in lines.into_iter().enumerate() {
            if left_out > 0 && place == first {
                self.line(Label::Result, &format!("  | ... {left_out} more lines"));
            }
            if left_out == 0 || !(first..first + left_out).contains(&place) {
                self.line(if failed { Label::Complaint } else { Label::Result }, &format!("  | {line}"));
            }
        }
    }

    /// The prompt, with what was typed meanwhile.
    pub fn prompt(&mut self) {
        self.line_start();
        let text = self.coloured(Label::Typed, "> ");
        let typed = self.typed.clone();
        self.put(&text);
        self.put(&typed);
        self.place = Place::InTyped;
        self.flush();
    }

    /// What is typed, shown as it comes, also while the model speaks.
    pub fn typed(&mut self, text: &str) {
        self.typed.push_str(text);
        if self.place != Place::InTyped {
            self.prompt();
            return;
        }
        let text = printable(text);
        self.put(&text);
        self.flush();
    }

    /// Takes back what was typed last.
    pub fn erase(&mut self, count: usize) {
        for _ in 0..count {
            self.typed.pop();
        }
        if self.place == Place::InTyped {
            self.put(&"\u{8} \u{8}".repeat(count));
            self.flush();
        }
    }

    /// What was typed is complete.
    pub fn submitted(&mut self) {
        self.typed.clear();
        self.line_start();
        self.flush();
    }

    fn line_start(&mut self) {
        if self.place != Place::LineStart {
            self.put("\n");
            self.place = Place::LineStart;
        }
    }

    fn coloured(&self, label: Label, text: &str) -> String {
        if self.colours { format!("\u{1b}[{}m{text}\u{1b}[0m", label.code()) } else { text.to_owned() }
    }

    fn put(&mut self, text: &str) {
        let _ = self.out.write_all(text.as_bytes());
    }

    fn flush(&mut self) {
        let _ = self.out.flush();
    }

    /// Sends a sequence to the terminal itself.
    pub fn control(&mut self, sequence: &str) {
        self.put(sequence);
        self.flush();
    }
}

/// Without control characters: a model or a file could else steer the terminal.
fn printable(text: &str) -> String {
    text.chars().filter(|letter| matches!(letter, '\n' | '\t') || !letter.is_control()).collect()
}

fn cut(line: &str, width: usize) -> String {
    match line.char_indices().nth(width) {
        Some((place, _)) => format!("{}...", &line[..place]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// An output that a test can read.
    #[derive(Clone, Default)]
    pub struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Paper {
        pub fn text(&self) -> String {
            String::from_utf8(self.0.lock().expect("no writer panics").clone()).expect("text")
        }
    }

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no writer panics").extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn shown(colours: bool, act: impl FnOnce(&mut Screen)) -> String {
        let paper = Paper::default();
        act(&mut Screen::new(Box::new(paper.clone()), colours));
        paper.text()
    }

    #[test]
    fn text_calls_and_answers() {
        let text = shown(false, |screen| {
            screen.text("I ");
            screen.text("look.");
            screen.call("shell cargo\ttest");
            screen.answer("one\n\ntwo\n", false);
            screen.answer("", false);
            screen.answer("1\n2\n3\n4\n5\n6\n7\n[exit status 0]\n", false);
            screen.text("Done.\n");
        });
        let answers =
            "  | one\n  | two\n  | (nothing)\n  | 1\n  | 2\n  | 3\n  | ... 4 more lines\n  | [exit status 0]\n";
        assert_eq!(text, format!("I look.\n* shell cargo\ttest\n{answers}Done.\n"));
    }

    #[test]
    fn the_reason_of_what_failed_is_not_among_what_is_left_out() {
        let tests: String = (1..20).map(|number| format!("ok {number}\n")).collect();
        let refused = "error: there are uncommitted files:\n  a\n  b\nhint: commit them\n[exit status 7]\n";
        let text = shown(false, |screen| screen.answer(&format!("{tests}{refused}"), true));
        let end = refused.lines().map(|line| format!("  | {line}\n")).collect::<String>();
        assert!(text.starts_with("  | ok 1\n  | ok 2\n  | ok 3\n  | ... 12 more lines\n  | ok 16\n"), "{text}");
        assert!(text.ends_with(&end), "{text}");
    }

    #[test]
    fn colours_only_when_wanted_and_never_from_outside() {
        let act = |screen: &mut Screen| screen.line(Label::Fault, "bad \u{1b}[2Jnews\u{7}");
        assert_eq!(shown(true, act), "\u{1b}[31;1mbad [2Jnews\u{1b}[0m\n");
        assert_eq!(shown(false, act), "bad [2Jnews\n");
    }

    #[test]
    fn what_is_typed_while_the_model_speaks_is_seen_and_kept() {
        let text = shown(false, |screen| {
            screen.text("I think");
            screen.typed("he");
            screen.text(" more");
            screen.typed("llp");
            screen.erase(2);
            screen.typed("p");
            screen.submitted();
            screen.text("x");
            screen.prompt();
        });
        assert_eq!(text, "I think\n> he\n more\n> hellp\u{8} \u{8}\u{8} \u{8}p\nx\n> ");
    }

    #[test]
    fn long_lines_are_cut() {
        let text = shown(false, |screen| screen.call(&"x".repeat(500)));
        assert_eq!(text.chars().count(), WIDTH + 4);
    }
}
