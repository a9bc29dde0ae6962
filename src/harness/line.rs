//! The line at the prompt: keys and pastes become messages.
//!
//! A paste comes between the brackets `ESC [ 200 ~` and `ESC [ 201 ~` (xterm, "Bracketed Paste Mode",
//! <https://invisible-island.net/xterm/ctlseqs/ctlseqs.html>); line ends in it belong to the message.

/// What a key did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    /// Show this text.
    Show(String),
    /// Take back so many characters.
    Erase(usize),
    /// The message is complete.
    Submit(String),
    /// Nothing more will come.
    End,
}

/// Where in an escape sequence the keys are.
#[derive(Debug, Default, PartialEq, Eq)]
enum Escape {
    #[default]
    No,
    Begun,
    Sequence(String),
    /// One more byte follows, as after `ESC O`.
    Last,
}

/// The message that is being typed.
#[derive(Debug, Default)]
pub(super) struct Line {
    text: String,
    escape: Escape,
    in_paste: bool,
    /// The beginning of a character of several bytes.
    bytes: Vec<u8>,
    /// CR LF in a paste is one line end.
    after_cr: bool,
}

impl Line {
    /// Takes one byte from the terminal.
    pub fn take(&mut self, byte: u8) -> Option<Key> {
        match std::mem::take(&mut self.escape) {
            Escape::No => self.plain(byte),
            Escape::Begun => {
                self.escape = match byte {
                    b'[' => Escape::Sequence(String::new()),
                    b'O' => Escape::Last,
                    _ => Escape::No,
                };
                None
            }
            Escape::Last => None,
            Escape::Sequence(mut sequence) => {
                match byte {
                    b'~' if sequence == "200" => self.in_paste = true,
                    b'~' if sequence == "201" => self.in_paste = false,
                    // A sequence ends with a byte of this range (ECMA-48 section 5.4).
                    0x40..=0x7e => {}
                    _ if sequence.len() > 32 => {}
                    _ => {
                        sequence.push(char::from(byte));
                        self.escape = Escape::Sequence(sequence);
                    }
                }
                None
            }
        }
    }

    fn plain(&mut self, byte: u8) -> Option<Key> {
        let after_cr = std::mem::take(&mut self.after_cr);
        match byte {
            0x1b => {
                self.escape = Escape::Begun;
                None
            }
            b'\n' if after_cr && self.in_paste => None,
            b'\r' | b'\n' if self.in_paste => {
                self.after_cr = byte == b'\r';
                self.add('\n')
            }
            b'\r' | b'\n' => self.submit(),
            b'\t' => self.add('\t'),
            0x7f | 0x08 => self.erase(1),
            0x15 => self.erase(self.text.chars().count()),
            0x17 => self.erase(self.last_word()),
            0x04 if self.text.is_empty() && !self.in_paste => Some(Key::End),
            0x00..=0x1f => None,
            _ => self.letter(byte),
        }
    }

    /// The rest of the message, when what it came from has ended.
    pub fn end(&mut self) -> Option<String> {
        match self.submit() {
            Some(Key::Submit(text)) => Some(text),
            _ => None,
        }
    }

    /// The message, unless it is blank: that is taken back.
    fn submit(&mut self) -> Option<Key> {
        self.bytes.clear();
        if self.text.trim().is_empty() {
            return self.erase(self.text.chars().count());
        }
        Some(Key::Submit(std::mem::take(&mut self.text)))
    }

    fn add(&mut self, letter: char) -> Option<Key> {
        self.text.push(letter);
        Some(Key::Show(letter.to_string()))
    }

    fn letter(&mut self, byte: u8) -> Option<Key> {
        self.bytes.push(byte);
        match std::str::from_utf8(&self.bytes) {
            Ok(text) => {
                let letter = text.chars().next();
                self.bytes.clear();
                letter.filter(|letter| !letter.is_control()).and_then(|letter| self.add(letter))
            }
            Err(error) if error.error_len().is_some() || self.bytes.len() > 3 => {
                self.bytes.clear();
                self.add(char::REPLACEMENT_CHARACTER)
            }
            Err(_) => None,
        }
    }

    fn erase(&mut self, count: usize) -> Option<Key> {
        let erased = (0..count).filter(|_| self.text.pop().is_some()).count();
        (erased > 0).then_some(Key::Erase(erased))
    }

    fn last_word(&self) -> usize {
        let spaces = self.text.chars().rev().take_while(|letter| letter.is_whitespace()).count();
        spaces + self.text.chars().rev().skip(spaces).take_while(|letter| !letter.is_whitespace()).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The messages, and what the screen shows of the last one.
    fn typed(bytes: &[u8]) -> (Vec<String>, String, bool) {
        let (mut line, mut messages, mut shown, mut ended) = (Line::default(), Vec::new(), String::new(), false);
        for key in bytes.iter().filter_map(|byte| line.take(*byte)) {
            match key {
                Key::Show(text) => shown.push_str(&text),
                Key::Erase(count) => shown = shown.chars().take(shown.chars().count() - count).collect(),
                Key::Submit(text) => {
                    messages.push(text);
                    shown.clear();
                }
                Key::End => ended = true,
            }
        }
        (messages, shown, ended)
    }

    #[test]
    fn keys_and_pastes() {
        let table: &[(&[u8], &[&str], &str)] = &[
            (b"hello\r", &["hello"], ""),
            (b"one\ntwo\rthr", &["one", "two"], "thr"),
            (b"\r\n  \r", &[], ""),
            (b"helo\x7flo\r", &["hello"], ""),
            (b"wrong\x15right\r", &["right"], ""),
            (b"two words  \x17x\r", &["two x"], ""),
            ("gr\u{fc}n \u{1f980}\r".as_bytes(), &["gr\u{fc}n \u{1f980}"], ""),
            (b"\x1b[200~a\rb\r\nc\n\nd\x1b[201~", &[], "a\nb\nc\n\nd"),
            (b"\x1b[200~a\rb\x1b[201~\r", &["a\nb"], ""),
            (b"x\x1b[A\x1b[1;5Cy\x1bOPz\x1bq\r", &["xyz"], ""),
            (b"\xffa\r", &["\u{fffd}a"], ""),
            (b"a\x04b\x07\r", &["ab"], ""),
            (b"\x1b[200~\x04\x1b[201~ok\r", &["ok"], ""),
        ];
        for (bytes, messages, shown) in table {
            let (got, screen, ended) = typed(bytes);
            assert_eq!(
                (got, screen.as_str()),
                (messages.iter().map(|text| (*text).to_owned()).collect(), *shown),
                "{bytes:?}"
            );
            assert!(!ended);
        }
        assert!(typed(b"\x04").2);
    }

    #[test]
    fn what_is_left_at_the_end_counts() {
        let mut line = Line::default();
        b"rest".iter().for_each(|byte| drop(line.take(*byte)));
        assert_eq!(line.end(), Some("rest".to_owned()));
        assert_eq!(line.end(), None);
    }

    proptest::proptest! {
        #[test]
        fn any_text_can_be_pasted(text in "[^\\p{Cc}]{0,80}(\n[^\\p{Cc}]{1,80}){0,3}") {
            let bytes = [b"\x1b[200~", text.replace('\n', "\r").as_bytes(), b"\x1b[201~\r"].concat();
            let (messages, _, _) = typed(&bytes);
            let expected: Vec<String> = if text.trim().is_empty() { vec![] } else { vec![text] };
            proptest::prop_assert_eq!(messages, expected);
        }

        #[test]
        fn no_bytes_break_it(bytes: Vec<u8>) {
            typed(&bytes);
        }
    }
}
