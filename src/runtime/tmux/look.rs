//! One look at a terminal before, while and after a text is typed into it.

use tmux_interface::{CapturePane, DisplayMessage, LoadBuffer, PasteBuffer, SendKeys};

use super::super::RuntimeError;
use super::TmuxServer;
use super::typing::printable;
use crate::id::SessionId;

/// What a terminal shows at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// Its lines, without spaces at their ends.
    pub rows: Vec<String>,
    /// Column and row of the cursor.
    pub cursor: (usize, usize),
    /// Its title.
    pub title: String,
    /// Whether somebody scrolls or searches in it, so that keys do not reach the agent.
    pub in_mode: bool,
    /// Whether its process has ended.
    pub dead: bool,
    /// The program in its foreground.
    pub program: String,
    /// When its session was made, and when a person last pressed a key in it, in seconds.
    pub made: i64,
    /// See `made`.
    pub keys: i64,
}

/// Programs that wait for keys of their own.
const PAGERS: &[&str] = &["less", "more", "most", "man", "vi", "vim", "nvim", "nano", "git-pager"];

/// How a pager ends its screen.
const PAGER_ENDS: &[&str] = &["(END)", "--More--"];

/// Whether a program of this name is one of them.
pub(in crate::runtime) fn is_pager(name: &str) -> bool {
    PAGERS.contains(&name)
}

impl Look {
    /// The whole text.
    pub fn text(&self) -> String {
        self.rows.join("\n")
    }

    /// Its last lines that are not empty, where agents show what they do.
    pub fn bottom(&self, lines: usize) -> String {
        let filled: Vec<&str> = self.rows.iter().map(String::as_str).filter(|row| !row.is_empty()).collect();
        filled[filled.len().saturating_sub(lines)..].join("\n")
    }

    /// Whether a pager or an editor is in front of the agent.
    pub fn is_paged(&self) -> bool {
        let last = self.rows.iter().rfind(|row| !row.is_empty()).map_or("", String::as_str);
        is_pager(&self.program) || PAGER_ENDS.iter().any(|end| last.ends_with(end)) || last == ":"
    }
}

impl TmuxServer {
    /// Looks at a terminal; `pane` is a target of tmux.
    pub fn look(&self, pane: &str) -> Result<Look, RuntimeError> {
        let fields = "#{pane_in_mode}|#{pane_dead}|#{cursor_x}|#{cursor_y}|#{session_created}|#{session_activity}|\
                      #{pane_current_command}|#{pane_title}";
        let facts = DisplayMessage::new().print().target_pane(pane).message(fields).build();
        let text = self.run_all([facts, CapturePane::new().stdout().target_pane(pane).build()])?;
        Ok(parse(&text))
    }

    /// Pastes a text in brackets, without Enter.
    pub fn paste(&self, pane: &str, text: &str) -> Result<(), RuntimeError> {
        let buffer = format!("gt-{}", SessionId::random());
        let text = printable(text);
        self.run_with_input(LoadBuffer::new().buffer_name(&buffer).path("-").build(), text.as_bytes())?;
        self.run(PasteBuffer::new().delete().bracket_codes().buffer_name(&buffer).target_pane(pane).build()).map(drop)
    }

    /// Presses a key, in tmux's spelling.
    pub fn press(&self, pane: &str, key: &str) -> Result<(), RuntimeError> {
        self.run(SendKeys::new().target_pane(pane).key(key).build()).map(drop)
    }
}

fn parse(text: &str) -> Look {
    let (facts, screen) = text.split_once('\n').unwrap_or((text, ""));
    let mut fields = facts.splitn(8, '|');
    let mut next = || fields.next().unwrap_or_default();
    let (in_mode, dead) = (next() == "1", next() == "1");
    let cursor = (next().parse().unwrap_or(0), next().parse().unwrap_or(0));
    let (made, keys) = (next().parse().unwrap_or(0), next().parse().unwrap_or(0));
    let (program, title) = (next().to_owned(), next().to_owned());
    let rows = screen.lines().map(|row| row.trim_end().to_owned()).collect();
    Look { rows, cursor, title, in_mode, dead, program, made, keys }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_is_read_whole() {
        let look = parse("0|0|3|1|1700000000|1700000009|node|a|b\nfirst  \n> x\n\n");
        assert_eq!((look.cursor, look.made, look.keys), ((3, 1), 1_700_000_000, 1_700_000_009));
        assert_eq!((look.program.as_str(), look.title.as_str()), ("node", "a|b"));
        assert_eq!(look.rows, ["first", "> x", ""]);
        assert_eq!(look.bottom(1), "> x");
        assert!(!look.in_mode && !look.dead && !look.is_paged());
    }

    #[test]
    fn pagers_are_known_by_name_and_by_their_last_line() {
        let with = |program: &str, rows: &[&str]| Look {
            program: program.to_owned(),
            rows: rows.iter().map(|row| (*row).to_owned()).collect(),
            ..Look::default()
        };
        assert!(with("less", &["text"]).is_paged());
        assert!(with("node", &["text", "(END)", ""]).is_paged());
        assert!(with("git", &["text", ":"]).is_paged());
        assert!(!with("node", &["more (END) of it", "> "]).is_paged());
    }
}
