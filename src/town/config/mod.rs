//! Reading and changing settings by dotted key, so that comments and order of a file stay.
//!
//! A key of a rig is written `rigs.NAME.KEY`; a gate's `gates.NAME.FIELD`. A change is the new text of one file:
//! writing it is a transaction of the ledger, but for `local.toml`.

mod edit;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Serialize;
use toml_edit::DocumentMut;

use super::schema::{self, Key, Places};
use super::{Rig, Town, TownError, check};
use crate::id::RigName;
use edit::{descend, parts, put, typed};

/// One of the files that hold settings.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum File {
    /// `town.toml`, a document of the ledger.
    Town,
    /// `rigs.d/NAME.toml`, a document of the ledger.
    Rig(RigName),
    /// `local.toml`, never committed.
    Local,
}

impl File {
    /// Relative to the town.
    pub fn path(&self) -> String {
        match self {
            Self::Town => Town::FILE.to_owned(),
            Self::Rig(name) => format!("{}/{name}.toml", Town::RIGS_FOLDER),
            Self::Local => Town::LOCAL_FILE.to_owned(),
        }
    }

    /// Whether the ledger keeps it.
    pub fn is_document(&self) -> bool {
        *self != Self::Local
    }

    /// Its place in the schema.
    pub fn place(&self) -> Places {
        match self {
            Self::Town => Places::town(),
            Self::Rig(_) => Places::rig(),
            Self::Local => Places::local(),
        }
    }
}

/// A key and the file that it is meant for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The file.
    pub file: File,
    /// The key within the file.
    pub key: String,
}

/// The new text of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The file.
    pub file: File,
    /// All of its text.
    pub text: String,
}

/// A setting and where its value comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The dotted key.
    pub key: String,
    /// The value in force; none when it is not set and has no default.
    pub value: Option<toml::Value>,
    /// The file that sets it; none for a default.
    pub file: Option<String>,
    /// What it means.
    pub meaning: &'static str,
}

/// Keys that are written once, with the reason.
const FIXED: &[(&str, Places, &str)] = &[
    ("branch", Places::TOWN, "it is fixed when the town is made"),
    ("prefix", Places::RIG, "the ids of all beads of the rig begin with it"),
    ("name", Places::RIG, "it is the name of the file and of the rig's folder"),
    ("home", Places::LOCAL, "claims of this clone carry it"),
];

impl Town {
    /// The text of a settings file; `None` when there is none.
    ///
    /// When `local.toml` is not there, the copy that is kept of it counts: `git clean -fdx` in the town takes the file
    /// away, and with it this clone would lose its identity, and nobody would see to its claims any more.
    ///
    /// # Errors
    /// When it exists and cannot be read.
    pub fn read(&self, file: &File) -> Result<Option<String>, TownError> {
        match text_at(&self.root.join(file.path()))? {
            None if *file == File::Local => text_at(&self.kept_local_file()),
            found => Ok(found),
        }
    }
}

fn text_at(path: &Path) -> Result<Option<String>, TownError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(TownError::io("read", path, error)),
    }
}

/// The file that `key` is meant for: that of the rig for `rigs.NAME.KEY` or when `rig` is given, `local.toml` when
/// `local` or when it may stand nowhere else, else `town.toml`.
///
/// # Errors
/// When there is no such key, or not in that file.
pub fn locate(key: &str, rig: Option<&RigName>, local: bool) -> Result<Address, TownError> {
    let (file, key) = match (key.strip_prefix("rigs.").and_then(|rest| rest.split_once('.')), rig) {
        (Some((name, rest)), _) => (File::Rig(name.parse()?), rest),
        (None, Some(name)) => (File::Rig(name.clone()), key),
        (None, None) if local || is_local_alone(key) => (File::Local, key),
        (None, None) => (File::Town, key),
    };
    known(key, &file)?;
    Ok(Address { file, key: key.to_owned() })
}

/// The file with one setting changed. `values` is one word, or for a list its items (or one TOML list).
///
/// # Errors
/// When the value does not fit, the key is fixed, or the file breaks a rule, before or after.
pub fn set(town: &Town, address: &Address, values: &[&str]) -> Result<Change, TownError> {
    let key = known(&address.key, &address.file)?;
    refuse_fixed(address)?;
    let value = typed(&address.key, key.kind, values)?;
    change(town, &address.file, |document| put(document, &address.key, value))
}

/// The file without one setting, so that what lies below shows again.
///
/// # Errors
/// When it is not set there, is fixed, or the file breaks a rule, before or after.
pub fn unset(town: &Town, address: &Address) -> Result<Change, TownError> {
    known(&address.key, &address.file)?;
    refuse_fixed(address)?;
    change(town, &address.file, |document| {
        let (above, last) = parts(&address.key);
        let removed = descend(document.as_table_mut(), &above, false).and_then(|table| table.remove(last));
        removed.map(|_| ()).ok_or_else(|| format!("it is not set in {}", address.file.path()))
    })
}

/// The setting in force, for work in `rig` when one is given, and where it comes from.
///
/// # Errors
/// When there is no such key, or a file breaks a rule.
pub fn get(town: &Town, key: &str, rig: Option<&RigName>) -> Result<Row, TownError> {
    let address = locate(key, rig, false).or_else(|error| locate(key, rig, true).map_err(|_| error))?;
    let rig = match &address.file {
        File::Rig(name) => Some(name),
        _ => rig,
    };
    let found = list(town, rig)?.into_iter().find(|row| row.key == address.key);
    let meaning = known(&address.key, &address.file)?.meaning;
    Ok(found.unwrap_or(Row { key: address.key, value: None, file: None, meaning }))
}

/// Every setting in force, for work in `rig` when one is given.
///
/// # Errors
/// When a file breaks a rule.
pub fn list(town: &Town, rig: Option<&RigName>) -> Result<Vec<Row>, TownError> {
    let files: Vec<File> =
        [Some(File::Town), rig.cloned().map(File::Rig), Some(File::Local)].into_iter().flatten().collect();
    if let Some(name) = rig {
        town.rig(name)?;
    }
    let mut set: BTreeMap<String, (toml::Value, String)> = BTreeMap::new();
    for file in &files {
        let Some(text) = town.read(file)? else { continue };
        let mut flat = BTreeMap::new();
        flatten("", &check::table(file, &text)?, &mut flat);
        // What a rig is called and lands on is not the town's name and branch.
        set.retain(|key, _| !(matches!(file, File::Rig(_)) && ["name", "branch", "names"].contains(&key.as_str())));
        set.extend(flat.into_iter().map(|(key, value)| (key, (value, file.path()))));
    }
    Ok(rows(&files, set))
}

/// In the order of the schema: keys that are set, and those that have a default or could be set as they are.
fn rows(files: &[File], mut set: BTreeMap<String, (toml::Value, String)>) -> Vec<Row> {
    let defaults = schema::defaults();
    let mut rows: Vec<Row> = Vec::new();
    for key in schema::KEYS {
        if !files.iter().any(|file| file.place().meets(key.places)) || rows.iter().any(|row| row.key == key.path) {
            continue;
        }
        let names: Vec<String> = set.keys().filter(|name| is_of(key, name)).cloned().collect();
        for name in &names {
            let (value, file) = set.remove(name).expect("it was just listed");
            rows.push(Row { key: name.clone(), value: Some(value), file: Some(file), meaning: key.meaning });
        }
        let plain = !key.path.contains('*') && !key.path.starts_with("gates.");
        if names.is_empty() && plain {
            let value = value_at(&defaults, key.path).cloned().or_else(|| default_of(key));
            rows.push(Row { key: key.path.to_owned(), value, file: None, meaning: key.meaning });
        }
    }
    rows
}

/// Checks the text of a file as a person left it.
///
/// # Errors
/// With file, line and reason.
pub fn check(file: &File, text: &str) -> Result<(), TownError> {
    check::table(file, text)?;
    if let File::Rig(_) = file {
        Rig::parse(&file.path(), text)?;
    }
    Ok(())
}

/// A table with the one setting `key`, read from a word of the command line.
pub(super) fn one(key: &str, value: &str) -> Result<toml::Table, TownError> {
    let mut document = DocumentMut::new();
    let row = known(key, &File::Town)?;
    let value = typed(key, row.kind, &[value])?;
    put(&mut document, key, value).map_err(|reason| wrong(key, "", reason))?;
    toml::from_str(&document.to_string()).map_err(|error| wrong(key, "", error.message().to_owned()))
}

fn known(key: &str, file: &File) -> Result<&'static Key, TownError> {
    let path = schema_path(key);
    match schema::find(&path, file.place()) {
        schema::Found::Key(key) => Ok(key),
        schema::Found::Elsewhere(places) => {
            let reason = format!("it is a setting of {places}");
            Err(wrong(key, &format!("set in {}", file.path()), reason))
        }
        schema::Found::Inside => Err(TownError::UnknownKey {
            key: key.to_owned(),
            nearest: schema::KEYS
                .iter()
                .find(|candidate| candidate.path.starts_with(&format!("{path}.")))
                .map(|candidate| candidate.path.to_owned()),
        }),
        schema::Found::Unknown { nearest } => Err(TownError::UnknownKey { key: key.to_owned(), nearest }),
    }
}

/// The key as the schema has it: without the name of a gate.
fn schema_path(key: &str) -> String {
    match key.split('.').collect::<Vec<_>>()[..] {
        ["gates", _, field] => format!("gates.{field}"),
        _ => key.to_owned(),
    }
}

fn is_of(key: &Key, name: &str) -> bool {
    schema::key_matches(key, &schema_path(name))
}

fn is_local_alone(key: &str) -> bool {
    let local = |key: &&Key| key.places == Places::LOCAL;
    schema::KEYS.iter().filter(local).any(|row| schema::key_matches(row, key)) && schema::key_count(key) == 1
}

/// The keys of a file that are written once, with the reason.
pub fn fixed(file: &File) -> impl Iterator<Item = (&'static str, &'static str)> {
    let place = file.place();
    FIXED.iter().filter(move |(_, places, _)| *places == place).map(|(key, _, reason)| (*key, *reason))
}

fn refuse_fixed(address: &Address) -> Result<(), TownError> {
    match fixed(&address.file).find(|(key, _)| *key == address.key) {
        Some((key, reason)) => Err(wrong(key, "changed", reason.to_owned())),
        None => Ok(()),
    }
}

fn wrong(key: &str, value: &str, reason: String) -> TownError {
    TownError::WrongValue { key: key.to_owned(), value: value.to_owned(), reason }
}

fn change(
    town: &Town,
    file: &File,
    edit: impl FnOnce(&mut DocumentMut) -> Result<(), String>,
) -> Result<Change, TownError> {
    if let File::Rig(name) = file {
        town.rig(name)?;
    }
    let text = town.read(file)?.unwrap_or_default();
    check(file, &text)?;
    let mut document: DocumentMut = text.parse().expect("it was just checked");
    edit(&mut document).map_err(|reason| wrong(&file.path(), "changed so", reason))?;
    let text = document.to_string();
    check(file, &text)?;
    Ok(Change { file: file.clone(), text })
}

fn flatten(above: &str, table: &toml::Table, flat: &mut BTreeMap<String, toml::Value>) {
    for (name, value) in table {
        let path = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
        match value {
            toml::Value::Table(inner) => flatten(&path, inner, flat),
            toml::Value::Array(gates) if path == "gates" => {
                for gate in gates.iter().filter_map(toml::Value::as_table) {
                    let name = gate.get("name").and_then(toml::Value::as_str).unwrap_or("?");
                    flatten(&format!("gates.{name}"), gate, flat);
                }
            }
            _ => {
                flat.insert(path, value.clone());
            }
        }
    }
}

fn value_at<'a>(table: &'a toml::Table, path: &str) -> Option<&'a toml::Value> {
    match path.split_once('.') {
        None => table.get(path),
        Some((name, rest)) => value_at(table.get(name)?.as_table()?, rest),
    }
}

fn default_of(key: &Key) -> Option<toml::Value> {
    toml::from_str::<toml::Table>(&format!("x = {}", key.default)).ok()?.remove("x")
}
