//! Writes TOML that is made for reading its diffs.
//!
//! Neighbours stand apart by a blank line, so that changes of two of them merge as text; what must change
//! together stands together. Arrays have one item per line. Prose is written as it reads.

use std::fmt::{Display, Write as _};

use crate::clock::{Timestamp, rfc3339};

/// A document that grows from top to bottom.
#[derive(Debug, Default)]
pub struct Writer {
    text: String,
}

impl Writer {
    /// An empty document.
    pub fn new() -> Self {
        Self::default()
    }

    /// The finished document.
    pub fn finish(self) -> String {
        self.text
    }

    /// Begins a group: a blank line before what follows.
    pub fn group(&mut self) -> &mut Self {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self
    }

    /// Begins `[name]` or, with `each`, the next `[[name]]`.
    pub fn heading(&mut self, name: &str, each: bool) -> &mut Self {
        self.group();
        self.line(&if each { format!("[[{name}]]") } else { format!("[{name}]") })
    }

    /// A string on one line.
    pub fn text(&mut self, key: &str, value: &str) -> &mut Self {
        self.line(&format!("{} = {}", bare_or_quoted(key), quoted(value)))
    }

    /// A string on one line, if there is one.
    pub fn option<T: Display>(&mut self, key: &str, value: Option<T>) -> &mut Self {
        match value {
            Some(value) => self.text(key, &value.to_string()),
            None => self,
        }
    }

    /// A number or a truth value.
    pub fn plain(&mut self, key: &str, value: impl Display) -> &mut Self {
        self.line(&format!("{key} = {value}"))
    }

    /// A moment, RFC 3339 in UTC.
    pub fn time(&mut self, key: &str, value: Timestamp) -> &mut Self {
        self.text(key, &rfc3339(value))
    }

    /// Prose: on one line if it has one, else as it reads.
    pub fn prose(&mut self, key: &str, value: &str) -> &mut Self {
        self.line(&format!("{key} = {}", prose(value)))
    }

    /// An array of strings, one per line.
    pub fn list<T: Display>(&mut self, key: &str, items: impl IntoIterator<Item = T>) -> &mut Self {
        self.line(&format!("{key} = ["));
        for item in items {
            self.line(&format!("    {},", quoted(&item.to_string())));
        }
        self.line("]")
    }

    /// Unknown keys of a table, each on its own line, tables within as inline tables.
    pub fn unknown(&mut self, keys: &toml::Table) -> &mut Self {
        for (key, value) in keys {
            self.line(&format!("{} = {value}", bare_or_quoted(key)));
        }
        self
    }

    /// Unknown keys of the top level, tables last; nothing but tables may follow.
    pub fn unknown_keys(&mut self, keys: &toml::Table) -> &mut Self {
        self.unknown_values(keys).unknown_tables(keys)
    }

    /// The unknown keys of the top level that are no tables; they stand before the first heading.
    pub fn unknown_values(&mut self, keys: &toml::Table) -> &mut Self {
        for (key, value) in keys.iter().filter(|(_, value)| !value.is_table()) {
            self.group().line(&format!("{} = {value}", bare_or_quoted(key)));
        }
        self
    }

    /// The unknown tables of the top level; they stand at the end.
    pub fn unknown_tables(&mut self, keys: &toml::Table) -> &mut Self {
        for (key, value) in keys.iter().filter(|(_, value)| value.is_table()) {
            let alone = toml::Table::from_iter([(key.clone(), value.clone())]);
            self.group().text.push_str(&alone.to_string());
        }
        self
    }

    fn line(&mut self, line: &str) -> &mut Self {
        self.text.push_str(line);
        self.text.push('\n');
        self
    }
}

fn bare_or_quoted(key: &str) -> String {
    let bare = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if bare { key.to_owned() } else { quoted(key) }
}

/// A basic string on one line.
fn quoted(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 2);
    out.push('"');
    for character in value.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            other => push_escaped(&mut out, other),
        }
    }
    out.push('"');
    out
}

fn prose(value: &str) -> String {
    if !value.contains('\n') {
        return quoted(value);
    }
    if value.ends_with('\'') || value.contains("'''") || value.chars().any(|c| c != '\n' && c != '\t' && c.is_control())
    {
        return escaped_prose(value);
    }
    format!("'''\n{value}'''")
}

/// A basic string of several lines, for what a literal one cannot hold.
fn escaped_prose(value: &str) -> String {
    let mut out = String::from("\"\"\"\n");
    let mut quotes = 0;
    let mut characters = value.chars().peekable();
    while let Some(character) = characters.next() {
        quotes = if character == '"' { quotes + 1 } else { 0 };
        match character {
            '"' if quotes % 3 == 0 || characters.peek().is_none() => out.push_str("\\\""),
            '"' | '\n' => out.push(character),
            other => push_escaped(&mut out, other),
        }
    }
    out.push_str("\"\"\"");
    out
}

/// Escapes what may not stand in a basic string as it is, apart from quotes and line feeds.
fn push_escaped(out: &mut String, character: char) {
    match character {
        '\\' => out.push_str("\\\\"),
        '\t' => out.push_str("\\t"),
        '\r' => out.push_str("\\r"),
        other if other.is_control() => {
            write!(out, "\\u{:04X}", u32::from(other)).expect("writing to a string cannot fail");
        }
        other => out.push(other),
    }
}
