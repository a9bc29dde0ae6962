//! What proves that an agent has a text.

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::judge::is_bare;
use crate::clock::Timestamp;
use crate::runtime::{HookEvent, HookKind, Look};

/// How much of a transcript of an unknown shape is read for a proof.
const TRANSCRIPT: u64 = 8 << 20;

/// After how long the answer of an agent counts that was never seen at work: it may have been quicker than a look.
const QUICK: Duration = Duration::from_secs(3);

/// A message that was typed.
pub(super) struct Typed {
    pub id: i64,
    /// A piece of it that a prompt, a transcript or a screen shows.
    pub piece: String,
    /// Its end, in which a line differs from the others that is not empty.
    pub tail: String,
    /// When that was.
    pub at: Timestamp,
    /// How many events there were.
    pub events: u64,
    /// The transcript and its length.
    pub transcript: Option<(PathBuf, u64)>,
    /// The screen with the text in the line, before Enter; until that is known, the screen before the paste.
    pub shown: Look,
    /// When Enter was pressed last, or the text was pasted, and how often it was pressed.
    pub entered: (Instant, u32),
    /// How long the agent could have taken it and did not.
    pub ignored: Duration,
    /// When that was last counted.
    pub counted: Instant,
    /// It was typed while the agent worked: the proof may take as long as the turn.
    pub while_busy: bool,
    /// The agent was seen at work since.
    pub worked: bool,
}

impl Typed {
    /// Whether Enter was pressed.
    pub(super) fn is_entered(&self) -> bool {
        self.entered.1 > 0
    }

    /// Whether more lines show a piece of the text than before it was pasted.
    pub(super) fn is_shown_more(&self, look: &Look) -> bool {
        let count = |rows: &[String]| rows.iter().filter(|row| self.holds(row)).count();
        count(&look.rows) > count(&self.shown.rows)
    }

    /// Whether the line that it was typed into does not show it any more.
    pub(super) fn is_gone(&self, look: &Look, line: Option<&str>) -> bool {
        let line = line.unwrap_or_default();
        !is_shown(look, &self.shown) && (is_bare(line) || !plain(line).contains(&self.tail))
    }

    /// Whether the screen shows something that neither stood there before nor is the text.
    fn has_answer(&self, look: &Look) -> bool {
        // It may answer with the same words as before.
        let count = |rows: &[String], row: &String| rows.iter().filter(|one| *one == row).count();
        let new = |row: &&String| count(&look.rows, row) > count(&self.shown.rows, row);
        look.rows.iter().filter(|row| !is_bare(row) && !self.holds(row)).any(|row| new(&row))
    }

    fn holds(&self, row: &str) -> bool {
        let row = plain(row);
        row.contains(&self.piece) || row.contains(&self.tail)
    }

    /// The proof for an agent of which nothing but its screen tells: its line is empty again and it was seen at work, or
    /// it answered so quickly that nobody saw it. `has_sign`: its work can be seen.
    pub(super) fn was_seen(&self, look: &Look, line: Option<&str>, has_sign: bool) -> Option<&'static str> {
        if !self.is_gone(look, line) {
            return None;
        }
        if has_sign && self.worked {
            return Some("its input line is empty again and it was seen at work");
        }
        let waited = !has_sign || self.entered.0.elapsed() >= QUICK;
        (waited && self.has_answer(look)).then_some("its input line is empty again and its screen went on")
    }
}

/// What has proven something already: that it does so for two texts that begin alike, it has to hold both.
#[derive(Default)]
pub(super) struct Spent(Vec<(String, String)>);

impl Spent {
    /// Whether a text under this name proves the piece once more than it did.
    pub(super) fn spend(&mut self, name: String, text: &str, piece: &str) -> bool {
        let before = self.0.iter().filter(|(one, other)| *one == name && other == piece).count();
        let proves = !piece.is_empty() && plain(text).matches(piece).count() > before;
        if proves {
            self.0.push((name, piece.to_owned()));
        }
        proves
    }

    /// Whether one of the prompts that hooks told of since is that of the message. Without its text, it is.
    pub(super) fn told<'a>(&mut self, typed: &Typed, mut heard: impl Iterator<Item = &'a (u64, HookEvent)>) -> bool {
        heard.any(|(number, event)| {
            let is_later = *number > typed.events && event.kind == HookKind::Prompt;
            let text = event.text.as_deref();
            is_later && self.spend(format!("event {number}"), text.unwrap_or(&typed.piece), &typed.piece)
        })
    }

    /// Whether the user's entries of a conversation hold the message.
    pub(super) fn stands(&mut self, typed: &Typed, said: &[(Timestamp, String)]) -> bool {
        said.iter().any(|(at, text)| {
            // Some write whole seconds.
            let is_later = at.timestamp() >= typed.at.timestamp();
            is_later && self.spend(format!("entry {at} {text}"), text, &typed.piece)
        })
    }
}

/// Whether the cursor and the line that it is in are as they were with the text in it.
pub(super) fn is_shown(look: &Look, shown: &Look) -> bool {
    look.cursor == shown.cursor && look.rows.get(look.cursor.1) == shown.rows.get(shown.cursor.1)
}

/// Spaces do not count: agents wrap and indent.
pub(super) fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// The beginning of the first line that is not empty.
pub(super) fn piece(text: &str) -> String {
    let line = text.lines().map(plain).find(|line| !line.is_empty()).unwrap_or_default();
    let line: String = line.chars().filter(|c| !c.is_control()).collect();
    line.chars().take(40).collect()
}

/// The end of the last line that is not empty.
pub(super) fn tail(text: &str) -> String {
    let line = text.lines().map(plain).rfind(|line| !line.is_empty()).unwrap_or_default();
    let line: Vec<char> = line.chars().filter(|c| !c.is_control()).collect();
    line[line.len().saturating_sub(20)..].iter().collect()
}

/// Whether a transcript has grown by something with this piece in it.
pub(super) fn grew_by(path: &Path, from: u64, piece: &str) -> bool {
    let Ok(mut file) = std::fs::File::open(path) else { return false };
    let length = file.metadata().map_or(0, |meta| meta.len());
    let from = from.max(length.saturating_sub(TRANSCRIPT));
    let mut bytes = Vec::new();
    if piece.is_empty() || length <= from || file.seek(SeekFrom::Start(from)).is_err() {
        return false;
    }
    if file.take(TRANSCRIPT).read_to_end(&mut bytes).is_err() {
        return false;
    }
    let quoted = serde_json::to_string(piece).expect("text is JSON");
    plain(&String::from_utf8_lossy(&bytes)).contains(&quoted[1..quoted.len() - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(rows: &[&str], cursor: (usize, usize)) -> Look {
        Look { rows: rows.iter().map(|row| (*row).to_owned()).collect(), cursor, ..Look::default() }
    }

    fn typed(text: &str, shown: Look) -> Typed {
        let now = Instant::now();
        Typed {
            id: 1,
            piece: piece(text),
            tail: tail(text),
            at: chrono::DateTime::from_timestamp(1_700_000_000, 500_000_000).expect("a time"),
            events: 0,
            transcript: None,
            shown,
            entered: (now, 1),
            ignored: Duration::ZERO,
            counted: now,
            while_busy: false,
            worked: false,
        }
    }

    #[test]
    fn a_piece_is_found_however_the_agent_wraps_it() {
        assert_eq!(piece("\n\n  Fix it \"now\"\nand more"), "Fixit\"now\"");
        assert_eq!(tail("Fix it\n\nand then some more of it \n"), "andthensomemoreofit");
        assert!(plain("│ Fix   it\n│ \"now\"").contains("Fix"));
        assert_eq!(piece(&"x".repeat(100_000)).len(), 40);
    }

    #[test]
    fn only_what_a_transcript_grew_by_counts() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("t.jsonl");
        #[expect(clippy::disallowed_methods, reason = "a fixture need not survive a crash")]
        std::fs::write(&path, "{\"text\":\"Say \\\"hi\\\" twice\"}\n").expect("writable");
        let length = std::fs::metadata(&path).expect("there").len();
        assert!(grew_by(&path, 0, &piece("Say \"hi\" twice")));
        assert!(!grew_by(&path, length, &piece("Say \"hi\" twice")));
        assert!(!grew_by(&folder.path().join("none"), 0, "x"));
    }

    #[test]
    fn a_text_stands_in_the_line_while_nothing_moved() {
        let shown = look(&["> text", ""], (6, 0));
        assert!(is_shown(&look(&["> text", "12s"], (6, 0)), &shown));
        assert!(!is_shown(&look(&["> text", ""], (2, 1)), &shown));
        assert!(!is_shown(&look(&["> "], (6, 0)), &shown));
    }

    #[test]
    fn a_screen_proves_only_with_an_empty_line_and_work_or_an_answer() {
        let mut typed = typed("Use it", look(&["> Use it"], (8, 0)));
        let (same, moved) = (look(&["> Use it"], (8, 0)), look(&["> Use it", "12s", "> "], (2, 2)));
        for has_sign in [false, true] {
            assert_eq!(typed.was_seen(&same, Some("> Use it"), has_sign), None, "it stands there");
            assert_eq!(typed.was_seen(&moved, Some("> Use it"), has_sign), None, "it stands there, further down");
            let echoed = look(&["> Use it", "> "], (2, 1));
            assert_eq!(typed.was_seen(&echoed, Some("> "), has_sign), None, "an echo is no answer");
        }
        assert!(typed.was_seen(&moved, Some("> "), false).is_some_and(|proof| proof.ends_with("went on")));
        assert_eq!(typed.was_seen(&moved, Some("> "), true), None, "it may still be seen at work");
        typed.worked = true;
        assert!(typed.was_seen(&moved, Some("> "), true).is_some_and(|proof| proof.ends_with("at work")));
        assert_eq!(typed.was_seen(&same, Some("> Use it"), true), None);
    }

    #[test]
    fn one_entry_proves_as_often_as_it_holds_the_text() {
        let typed = typed("go on", Look::default());
        let entry = |seconds: i64, text: &str| {
            (chrono::DateTime::from_timestamp(1_700_000_000 + seconds, 0).expect("a time"), text.to_owned())
        };
        let mut spent = Spent::default();
        assert!(!spent.stands(&typed, &[entry(-1, "go on")]), "it was before");
        assert!(!spent.stands(&typed, &[entry(1, "go home")]));
        assert!(spent.stands(&typed, &[entry(0, "Go, go  on")]), "in the same second");
        assert!(!spent.stands(&typed, &[entry(0, "Go, go  on")]), "once");
        assert!(spent.stands(&typed, &[entry(0, "Go, go  on"), entry(1, "go on\n\ngo on")]));
        assert!(spent.stands(&typed, &[entry(1, "go on\n\ngo on")]), "two in one");
        assert!(!spent.stands(&typed, &[entry(1, "go on\n\ngo on")]));
    }
}
