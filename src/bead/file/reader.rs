//! Reads a TOML document key by key and remembers the line of each.

use std::fmt::Display;
use std::ops::Range;
use std::str::FromStr;

use chrono::{DateTime, SubsecRound, Utc};
use clap::ValueEnum;
use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::FileError;
use crate::bead::lookup;
use crate::clock::Timestamp;

/// One table of a document. Keys are taken out as they are read; [`Reader::rest`] is what nobody knew.
pub struct Reader<'t> {
    path: &'t str,
    text: &'t str,
    /// What stands before a key in an error, such as `merge.`.
    place: String,
    span: Range<usize>,
    table: DeTable<'t>,
    taken: Vec<(&'static str, Range<usize>)>,
}

impl<'t> Reader<'t> {
    /// Reads the whole document.
    ///
    /// # Errors
    /// When it is not TOML.
    pub fn open(path: &'t str, text: &'t str) -> Result<Self, FileError> {
        match DeTable::parse(text) {
            Ok(table) => {
                let table = table.into_inner();
                Ok(Self { path, text, place: String::new(), span: 0..0, table, taken: Vec::new() })
            }
            Err(error) => Err(FileError {
                path: path.to_owned(),
                line: error.span().map(|span| line_at(text, span.start)),
                reason: format!("not TOML: {}", error.message()),
            }),
        }
    }

    /// An error about `key`, on its line if it is there, else on the line of the table.
    pub fn fail(&self, key: &str, reason: impl Into<String>) -> FileError {
        let taken = self.taken.iter().find(|(taken, _)| *taken == key).map(|(_, span)| span);
        let span = taken.or((self.span.end > 0).then_some(&self.span));
        let line = span.map(|span| line_at(self.text, span.start));
        FileError { path: self.path.to_owned(), line, reason: reason.into() }
    }

    fn take(&mut self, key: &'static str) -> Option<DeValue<'t>> {
        let (name, value) = self.table.remove_entry(key)?;
        self.taken.push((key, name.span()));
        Some(value.into_inner())
    }

    fn wrong(&self, key: &str, wanted: &str, found: &DeValue<'_>) -> FileError {
        self.fail(key, format!("{}{key} must be {wanted}, not {} {}", self.place, article(found), found.type_str()))
    }

    /// A string.
    ///
    /// # Errors
    /// When the value is something else.
    pub fn string(&mut self, key: &'static str) -> Result<Option<String>, FileError> {
        match self.take(key) {
            None => Ok(None),
            Some(DeValue::String(text)) => Ok(Some(text.into_owned())),
            Some(other) => Err(self.wrong(key, "a string", &other)),
        }
    }

    /// A string with a meaning.
    ///
    /// # Errors
    /// When the value is no string, or breaks the rules of `T`.
    pub fn parsed<T>(&mut self, key: &'static str) -> Result<Option<T>, FileError>
    where
        T: FromStr,
        T::Err: Display,
    {
        let Some(text) = self.string(key)? else { return Ok(None) };
        let parsed = text.parse().map_err(|error| self.fail(key, format!("{}{key}: {error}", self.place)))?;
        Ok(Some(parsed))
    }

    /// One word of a fixed list.
    ///
    /// # Errors
    /// When the word is not in the list; the nearest is named.
    pub fn word<T: ValueEnum>(&mut self, key: &'static str) -> Result<Option<T>, FileError> {
        let Some(text) = self.string(key)? else { return Ok(None) };
        let known: Vec<(T, String)> = T::value_variants()
            .iter()
            .filter_map(|variant| Some((variant.clone(), variant.to_possible_value()?.get_name().to_owned())))
            .collect();
        if let Some((variant, _)) = known.iter().find(|(_, name)| *name == text) {
            return Ok(Some(variant.clone()));
        }
        let names: Vec<&str> = known.iter().map(|(_, name)| name.as_str()).collect();
        let nearest = lookup::nearest(&text, names.iter().copied());
        let nearest = nearest.map(|word| format!(", nearest is {word:?}")).unwrap_or_default();
        let reason = format!("unknown {}{key} {text:?}{nearest}; known are {}", self.place, names.join(", "));
        Err(self.fail(key, reason))
    }

    /// A whole number within `range`.
    ///
    /// # Errors
    /// When the value is no number, or outside of the range.
    pub fn number(
        &mut self,
        key: &'static str,
        range: std::ops::RangeInclusive<u32>,
    ) -> Result<Option<u32>, FileError> {
        let wanted = format!("a whole number from {} to {}", range.start(), range.end());
        let Some(value) = self.take(key) else { return Ok(None) };
        let DeValue::Integer(integer) = &value else { return Err(self.wrong(key, &wanted, &value)) };
        match i64::from_str_radix(integer.as_str(), integer.radix()).ok().and_then(|number| u32::try_from(number).ok())
        {
            Some(number) if range.contains(&number) => Ok(Some(number)),
            _ => Err(self.fail(key, format!("{}{key} must be {wanted}, not {integer}", self.place))),
        }
    }

    /// A whole number on either side of 0.
    ///
    /// # Errors
    /// When the value is no number, or too large.
    pub fn signed(&mut self, key: &'static str) -> Result<Option<i32>, FileError> {
        let Some(value) = self.take(key) else { return Ok(None) };
        let DeValue::Integer(integer) = &value else { return Err(self.wrong(key, "a whole number", &value)) };
        match i32::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(self.fail(key, format!("{}{key} is too large: {integer}", self.place))),
        }
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// When the value is something else.
    pub fn boolean(&mut self, key: &'static str) -> Result<Option<bool>, FileError> {
        match self.take(key) {
            None => Ok(None),
            Some(DeValue::Boolean(value)) => Ok(Some(value)),
            Some(other) => Err(self.wrong(key, "true or false", &other)),
        }
    }

    /// A moment: an RFC 3339 string or a TOML date with time and offset. Parts of a second are dropped.
    ///
    /// # Errors
    /// When the value is no such moment.
    pub fn time(&mut self, key: &'static str) -> Result<Option<Timestamp>, FileError> {
        let text = match self.take(key) {
            None => return Ok(None),
            Some(DeValue::String(text)) => text.into_owned(),
            Some(DeValue::Datetime(time)) => time.to_string(),
            Some(other) => return Err(self.wrong(key, "a time such as \"2026-01-31T12:00:00Z\"", &other)),
        };
        match DateTime::parse_from_rfc3339(&text) {
            Ok(time) => Ok(Some(time.with_timezone(&Utc).trunc_subsecs(0))),
            Err(error) => {
                let wanted = "a time such as \"2026-01-31T12:00:00Z\"";
                Err(self.fail(key, format!("{}{key} must be {wanted}, not {text:?}: {error}", self.place)))
            }
        }
    }

    /// An array of strings with a meaning.
    ///
    /// # Errors
    /// When the value is something else, or an item breaks the rules of `T`.
    pub fn list<T, C>(&mut self, key: &'static str) -> Result<C, FileError>
    where
        T: FromStr,
        T::Err: Display,
        C: FromIterator<T>,
    {
        let items = match self.take(key) {
            None => return Ok(std::iter::empty().collect()),
            Some(DeValue::Array(items)) => items,
            Some(other) => return Err(self.wrong(key, "an array of strings", &other)),
        };
        items.into_iter().map(|item| self.item(key, item)).collect()
    }

    fn item<T>(&self, key: &str, item: Spanned<DeValue<'t>>) -> Result<T, FileError>
    where
        T: FromStr,
        T::Err: Display,
    {
        let line = line_at(self.text, item.span().start);
        let fail = |reason| FileError { path: self.path.to_owned(), line: Some(line), reason };
        match item.into_inner() {
            DeValue::String(text) => text.parse().map_err(|error| fail(format!("{}{key}: {error}", self.place))),
            other => Err(fail(format!(
                "{}{key} must have only strings, not {} {}",
                self.place,
                article(&other),
                other.type_str()
            ))),
        }
    }

    /// A table inside this one.
    ///
    /// # Errors
    /// When the value is something else.
    pub fn table(&mut self, key: &'static str) -> Result<Option<Reader<'t>>, FileError> {
        let Some(value) = self.take(key) else { return Ok(None) };
        let span = self.taken.last().map(|(_, span)| span.clone()).unwrap_or_default();
        match value {
            DeValue::Table(table) => Ok(Some(self.inner(format!("{}{key}.", self.place), span, table))),
            other => Err(self.wrong(key, "a table", &other)),
        }
    }

    /// An array of tables inside this one.
    ///
    /// # Errors
    /// When the value is something else.
    pub fn tables(&mut self, key: &'static str) -> Result<Vec<Reader<'t>>, FileError> {
        let items = match self.take(key) {
            None => return Ok(Vec::new()),
            Some(DeValue::Array(items)) => items,
            Some(other) => return Err(self.wrong(key, "an array of tables", &other)),
        };
        let mut readers = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            let span = item.span();
            match item.into_inner() {
                DeValue::Table(table) => {
                    readers.push(self.inner(format!("{}{key}[{index}].", self.place), span, table));
                }
                other => return Err(self.wrong(key, "an array of tables", &other)),
            }
        }
        Ok(readers)
    }

    fn inner(&self, place: String, span: Range<usize>, table: DeTable<'t>) -> Reader<'t> {
        Reader { path: self.path, text: self.text, place, span, table, taken: Vec::new() }
    }

    /// The value that `key` must have.
    ///
    /// # Errors
    /// When `value` is `None`.
    pub fn required<T>(&self, key: &str, value: Option<T>) -> Result<T, FileError> {
        value.ok_or_else(|| self.fail(key, format!("{}{key} is missing", self.place)))
    }

    /// Every key that was not read.
    ///
    /// # Errors
    /// When a value does not fit into memory's types, such as a number of more than 64 bits.
    pub fn rest(self) -> Result<toml::Table, FileError> {
        let Self { path, text, table, .. } = self;
        if table.is_empty() {
            return Ok(toml::Table::new());
        }
        let all = toml::de::Deserializer::from(Spanned::new(0..text.len(), table));
        toml::Table::deserialize(all).map_err(|error| FileError {
            path: path.to_owned(),
            line: error.span().map(|span| line_at(text, span.start)),
            reason: error.message().to_owned(),
        })
    }
}

fn line_at(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}

fn article(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::Integer(_) | DeValue::Array(_) => "an",
        _ => "a",
    }
}
