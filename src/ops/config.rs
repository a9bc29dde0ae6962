//! `config`: the settings of the town, of its rigs and of this machine.
//!
//! `town.toml` and `rigs.d/*.toml` are documents of the ledger: a change is one commit. `local.toml` is a file.

use serde::Serialize;

use super::rewrite::{Entry, rewrite};
use super::{OpenTown, Page, Report, Row};
use crate::error::{Failure, Kind, Outcome};
use crate::id::RigName;
use crate::town::Town;
use crate::town::config::{self, Address, File};

impl Row for config::Row {
    const SCHEMA: &'static str = "gt.config.list/1";
}

impl Report for config::Row {
    const SCHEMA: &'static str = "gt.config.get/1";
}

/// A setting that was changed, or a file that was edited.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Changed {
    /// The file, relative to the town.
    pub file: String,
    /// The dotted key; none when the whole file was edited.
    pub key: Option<String>,
    /// The value in force now; none when there is none or the whole file was edited.
    pub value: Option<toml::Value>,
    /// Whether anything is different from before.
    pub changed: bool,
}

impl Report for Changed {
    const SCHEMA: &'static str = "gt.config.set/1";
}

/// For which file a key is meant, where the key alone does not say it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// The file of this rig.
    pub rig: Option<String>,
    /// `local.toml`.
    pub local: bool,
}

impl Scope {
    fn rig(&self, town: &Town) -> Outcome<Option<RigName>> {
        let Some(name) = &self.rig else { return Ok(None) };
        Ok(Some(town.rig(&name.parse()?)?.name))
    }
}

/// The setting in force and where it comes from.
///
/// # Errors
/// When there is no such setting (the nearest is named), or a file breaks a rule.
pub fn get(town: &Town, key: &str, scope: &Scope) -> Outcome<config::Row> {
    Ok(config::get(town, key, scope.rig(town)?.as_ref())?)
}

/// Every setting in force; with `set`, only those that a file sets.
///
/// # Errors
/// When a file breaks a rule.
pub fn list(town: &Town, scope: &Scope, set: bool) -> Outcome<Page<config::Row>> {
    let mut rows = config::list(town, scope.rig(town)?.as_ref())?;
    rows.retain(|row| !set || row.file.is_some());
    Ok(Page::complete(rows))
}

/// Sets `key` to `values`, or takes it away when there are none.
///
/// # Errors
/// When there is no such setting, the value does not fit, or it is fixed.
pub fn set(open: &OpenTown, key: &str, values: Option<&[String]>, scope: &Scope) -> Outcome<Changed> {
    let town = &open.town;
    let rig = scope.rig(town)?;
    let address = config::locate(key, rig.as_ref(), scope.local)?;
    let words: Option<Vec<&str>> = values.map(|values| values.iter().map(String::as_str).collect());
    let subject = match &values {
        Some(values) => format!("config set {key} {}", values.join(" ")),
        None => format!("config unset {key}"),
    };
    let changed = rewrite(open, &address.file, Entry { event: "config", subject: &subject }, |_| {
        let change = match &words {
            Some(words) => config::set(town, &address, words),
            None => config::unset(town, &address),
        };
        Ok(change?.text)
    })?;
    Ok(Changed { file: address.file.path(), key: Some(address.key.clone()), value: in_force(town, &address)?, changed })
}

/// The text of a settings file, to be edited; empty when there is none yet.
///
/// # Errors
/// When it cannot be read, or is no file of settings.
pub fn text(town: &Town, file: &File) -> Outcome<String> {
    if let File::Rig(name) = file {
        // Broken or not: a broken file is what an editor is for.
        if !town.rig_file(name).exists() {
            town.rig(name)?;
        }
    }
    Ok(town.read(file)?.unwrap_or_default())
}

/// Puts `text`, as a person left it, in the place of `before`.
///
/// # Errors
/// When it breaks a rule or changes what is fixed, or the file changed meanwhile.
pub fn replace(open: &OpenTown, file: &File, before: &str, text: &str) -> Outcome<Changed> {
    let path = file.path();
    config::check(file, text)?;
    check_fixed(file, before, text)?;
    let subject = format!("config edit {path}");
    let changed = rewrite(open, file, Entry { event: "config", subject: &subject }, |now| {
        if now == before { Ok(text.to_owned()) } else { Err(moved(file)) }
    })?;
    Ok(Changed { file: path, key: None, value: None, changed })
}

/// The file that a person names: `town`, `local`, `web`, or its path.
///
/// # Errors
/// When there is no such file.
pub fn file(town: &Town, name: &str) -> Outcome<File> {
    let stem = name.strip_prefix("rigs.d/").unwrap_or(name).trim_end_matches(".toml");
    match stem {
        "town" => Ok(File::Town),
        "local" => Ok(File::Local),
        rig => {
            let rig: RigName = rig.parse()?;
            // Whether it can be read does not matter here.
            if town.rig_file(&rig).exists() {
                Ok(File::Rig(rig))
            } else {
                Err(town.rig(&rig).err().map_or_else(unknown, Failure::from))
            }
        }
    }
}

fn unknown() -> Failure {
    Failure::new(Kind::NotFound, "there is no such file of settings").hint("`town`, `local`, or the name of a rig")
}

/// The file is not any more what was shown in the editor.
fn moved(file: &File) -> Failure {
    Failure::new(Kind::Conflict, format!("{} was changed by somebody else meanwhile", file.path()))
        .hint("edit it again, starting from what is there now")
}

/// What is written once cannot be changed in an editor either.
fn check_fixed(file: &File, before: &str, after: &str) -> Outcome<()> {
    let (Ok(before), Ok(after)) = (before.parse::<toml::Table>(), after.parse::<toml::Table>()) else { return Ok(()) };
    match config::fixed(file).find(|(key, _)| before.contains_key(*key) && before.get(*key) != after.get(*key)) {
        None => Ok(()),
        Some((key, reason)) => {
            Err(Failure::new(Kind::Invalid, format!("{}: {key} cannot be changed: {reason}", file.path())))
        }
    }
}

fn in_force(town: &Town, address: &Address) -> Outcome<Option<toml::Value>> {
    let rig = match &address.file {
        File::Rig(name) => Some(name),
        File::Town | File::Local => None,
    };
    Ok(config::get(town, &address.key, rig)?.value)
}
