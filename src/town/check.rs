//! Checks the text of a settings file against the schema, with file and line in each error.

use toml_edit::{Document, Item, Table, TableLike};

use super::schema::{self, Found};
use super::{TownError, config};

/// The parsed text, when every key is known in this file and every value fits its key.
pub(super) fn table(file: &config::File, text: &str) -> Result<toml::Table, TownError> {
    let path = file.path();
    let fail = |offset: usize, reason: String, nearest: Option<String>| TownError::Setting {
        file: path.clone(),
        line: line_of(text, offset),
        reason,
        nearest,
    };
    let document = Document::parse(text)
        .map_err(|error| fail(error.span().map_or(0, |span| span.start), error.message().replace('\n', ", "), None))?;
    let walk = Walk { file, fail: &fail };
    walk.table(document.as_table(), "")?;
    toml::from_str(text)
        .map_err(|error| fail(error.span().map_or(0, |span| span.start), error.message().to_owned(), None))
}

/// The line, from 1, of a byte offset.
pub(super) fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// The first line, from 1, that begins with `word`; 1 when there is none.
pub(super) fn line_with(text: &str, word: &str) -> usize {
    text.lines().position(|line| line.trim_start().starts_with(word)).map_or(1, |index| index + 1)
}

/// The candidate that is most like `text`, when it is like it at all: few typing mistakes away, or with the same
/// beginning.
pub fn nearest<'a>(text: &str, candidates: impl Iterator<Item = &'a str>) -> Option<String> {
    let allowed = text.chars().count().div_ceil(3);
    candidates
        .map(|candidate| {
            let mistakes = strsim::damerau_levenshtein(text, candidate);
            (mistakes, strsim::jaro_winkler(text, candidate), candidate)
        })
        .filter(|(mistakes, likeness, _)| *mistakes <= allowed || *likeness > 0.85)
        .min_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)))
        .map(|(_, _, candidate)| candidate.to_owned())
}

struct Walk<'a> {
    file: &'a config::File,
    fail: &'a dyn Fn(usize, String, Option<String>) -> TownError,
}

impl Walk<'_> {
    fn table(&self, table: &Table, above: &str) -> Result<(), TownError> {
        for (name, item) in table {
            let offset = table.key(name).and_then(toml_edit::Key::span).map_or(0, |span| span.start);
            self.entry(above, name, item, offset)?;
        }
        Ok(())
    }

    fn table_like(&self, table: &dyn TableLike, above: &str, offset: usize) -> Result<(), TownError> {
        for (name, item) in table.iter() {
            let offset = table.key(name).and_then(toml_edit::Key::span).map_or(offset, |span| span.start);
            self.entry(above, name, item, offset)?;
        }
        Ok(())
    }

    fn entry(&self, above: &str, name: &str, item: &Item, offset: usize) -> Result<(), TownError> {
        let path = if above.is_empty() { name.to_owned() } else { format!("{above}.{name}") };
        match schema::find(&path, self.file.place()) {
            Found::Key(key) => {
                key.kind.fits(item).map_err(|reason| (self.fail)(offset, format!("{path} {reason}"), None))
            }
            Found::Inside => self.inside(&path, item, offset),
            Found::Elsewhere(places) => {
                let reason = format!("{path} is a setting of {places}, not of {}", self.file.path());
                Err((self.fail)(offset, reason, None))
            }
            Found::Unknown { nearest } => Err((self.fail)(offset, format!("there is no setting {path:?}"), nearest)),
        }
    }

    fn inside(&self, path: &str, item: &Item, offset: usize) -> Result<(), TownError> {
        if schema::is_list(path) {
            return self.list(path, item, offset);
        }
        match item.as_table_like() {
            Some(table) => self.table_like(table, path, offset),
            None => Err((self.fail)(offset, format!("{path} must be a table"), None)),
        }
    }

    fn list(&self, path: &str, item: &Item, offset: usize) -> Result<(), TownError> {
        let wrong = || (self.fail)(offset, format!("{path} must be a list of tables, written [[{path}]]"), None);
        if let Some(tables) = item.as_array_of_tables() {
            return tables.iter().try_for_each(|table| self.table(table, path));
        }
        let array = item.as_array().ok_or_else(wrong)?;
        array.iter().try_for_each(|value| {
            let table = value.as_inline_table().ok_or_else(wrong)?;
            self.table_like(table, path, value.span().map_or(offset, |span| span.start))
        })
    }
}
