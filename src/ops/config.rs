//! `config`: the settings of the town, of its rigs and of this machine.
//!
//! `town.toml` and `rigs.d/*.toml` are documents of the ledger: a change is one commit. `local.toml` is a file.

use std::time::Duration;

use serde::Serialize;

use super::{OpenTown, Page, Report, Row};
use crate::error::{Failure, Kind, Outcome};
use crate::id::RigName;
use crate::store::{FileLock, write_atomic};
use crate::town::Town;
use crate::town::config::{self, Address, Change, File};

/// How long to wait for another change of `local.toml`.
const PATIENCE: Duration = Duration::from_secs(5);

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
/// When there is no such setting, the value does not fit, it is fixed, or the file has changes by hand.
pub fn set(open: &OpenTown, key: &str, values: Option<&[String]>, scope: &Scope) -> Outcome<Changed> {
    let town = &open.town;
    let rig = scope.rig(town)?;
    let address = config::locate(key, rig.as_ref(), scope.local)?;
    let words: Option<Vec<&str>> = values.map(|values| values.iter().map(String::as_str).collect());
    let make = || match &words {
        Some(words) => Ok(config::set(town, &address, words)?),
        None => Ok(config::unset(town, &address)?),
    };
    let subject = match &values {
        Some(values) => format!("config set {key} {}", values.join(" ")),
        None => format!("config unset {key}"),
    };
    let changed = write(open, &address.file, &subject, ByHand::Refuse, make)?;
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
    let changed = write(open, file, &format!("config edit {path}"), ByHand::TakeIn, || {
        let now = open.town.read(file)?.unwrap_or_default();
        if now == before { Ok(Change { file: file.clone(), text: text.to_owned() }) } else { Err(moved(file)) }
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

/// What becomes of changes by hand that are not in the ledger yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ByHand {
    /// They stay, and nothing is written.
    Refuse,
    /// The person saw them in the editor: they are part of what is written.
    TakeIn,
}

/// Writes what `make` makes; whether anything is different from before.
fn write(
    open: &OpenTown,
    file: &File,
    subject: &str,
    by_hand: ByHand,
    make: impl Fn() -> Outcome<Change>,
) -> Outcome<bool> {
    if !file.is_document() {
        let _lock = FileLock::acquire(&open.town.lock_file("local"), PATIENCE)?;
        let text = make()?.text;
        let changed = open.town.read(file)?.as_deref() != Some(text.as_str());
        return if changed { put(open, file, &text).map(|()| true) } else { Ok(false) };
    }
    let path = file.path();
    let done = open.ledger.transact(&open.actor, |transaction| {
        let kept = transaction.text(&path)?.unwrap_or_default();
        let edited = open.town.read(file)?.unwrap_or_default() != kept;
        if edited && by_hand == ByHand::Refuse {
            return Err(Failure::new(Kind::Conflict, format!("{path} has changes by hand that are not in the ledger"))
                .hint("`gt ledger adopt` takes them in"));
        }
        let text = make()?.text;
        if edited {
            // The ledger never writes over changes by hand, so they are replaced here.
            put(open, file, &text)?;
        }
        transaction.put_text(path.as_str(), text);
        transaction.describe("config", subject);
        Ok(edited)
    })?;
    Ok(done.value || done.commit.is_some())
}

fn put(open: &OpenTown, file: &File, text: &str) -> Outcome<()> {
    let path = open.town.root.join(file.path());
    write_atomic(&path, text.as_bytes(), 0o644)
        .map_err(|error| Failure::caused(Kind::External, format!("cannot write {}", path.display()), error))
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
