//! Changing one value in a document of TOML.

use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, TableLike, Value};

use super::super::schema::Type;
use super::super::{Seconds, TownError};
use super::wrong;

/// The words as a value of this type, in its canonical form.
pub(super) fn typed(key: &str, kind: Type, words: &[&str]) -> Result<Value, TownError> {
    let fail = |reason: &str| wrong(key, &words.join(" "), reason.to_owned());
    let list = matches!(kind, Type::Texts | Type::Arguments);
    let value = match (list, words) {
        (true, [text]) if text.trim_start().starts_with('[') => {
            text.trim().parse::<Value>().map_err(|_| fail("it begins like a list and is no TOML list"))?
        }
        (true, words) => Value::from_iter(words.iter().copied()),
        (false, [word]) => match kind {
            Type::Flag => Value::from(flag(word).ok_or_else(|| fail("it must be true or false"))?),
            Type::Count(..) => Value::from(word.parse::<i64>().map_err(|_| fail("it must be a whole number"))?),
            Type::Amount => Value::from(word.parse::<f64>().map_err(|_| fail("it must be an amount, such as 0.25"))?),
            Type::Span => Value::from(word.parse::<Seconds>().map_err(|reason| fail(&reason))?.to_string()),
            _ => Value::from(*word),
        },
        (false, _) => return Err(fail("it takes one value")),
    };
    kind.fits(&Item::Value(value.clone())).map_err(|reason| fail(&format!("it {reason}")))?;
    Ok(value)
}

fn flag(word: &str) -> Option<bool> {
    match word {
        "true" | "on" | "yes" => Some(true),
        "false" | "off" | "no" => Some(false),
        _ => None,
    }
}

pub(super) fn parts(key: &str) -> (Vec<&str>, &str) {
    let mut parts: Vec<&str> = key.split('.').collect();
    let last = parts.pop().unwrap_or_default();
    (parts, last)
}

/// Puts a value where `key` says; what stood beside the old one stays.
pub(super) fn put(document: &mut DocumentMut, key: &str, value: Value) -> Result<(), String> {
    let (above, last) = parts(key);
    let table = descend(document.as_table_mut(), &above, true).ok_or("something above it is not a table")?;
    match table.get_mut(last) {
        Some(Item::Value(old)) => {
            let decor = old.decor().clone();
            *old = value;
            *old.decor_mut() = decor;
        }
        _ => {
            table.insert(last, Item::Value(value));
        }
    }
    Ok(())
}

/// The table under `names`; tables that are not there are made when `make`.
pub(super) fn descend<'a>(table: &'a mut dyn TableLike, names: &[&str], make: bool) -> Option<&'a mut dyn TableLike> {
    let [name, rest @ ..] = names else { return Some(table) };
    if *name == "gates" {
        let [gate, rest @ ..] = rest else { return None };
        return descend(gate_table(table, gate, make)?, rest, make);
    }
    if table.get(name).is_none() {
        if !make {
            return None;
        }
        let mut fresh = Table::new();
        fresh.set_implicit(!rest.is_empty());
        table.insert(name, Item::Table(fresh));
    }
    descend(table.get_mut(name)?.as_table_like_mut()?, rest, make)
}

/// The gate of this name; made when `make` and there is none.
fn gate_table<'a>(table: &'a mut dyn TableLike, name: &str, make: bool) -> Option<&'a mut dyn TableLike> {
    if table.get("gates").is_none() {
        table.insert("gates", Item::ArrayOfTables(ArrayOfTables::new()));
    }
    let gates = table.get_mut("gates")?.as_array_of_tables_mut()?;
    let is_it = |gate: &Table| gate.get("name").and_then(Item::as_str) == Some(name);
    if !gates.iter().any(is_it) {
        if !make {
            return None;
        }
        let mut gate = Table::new();
        gate.insert("name", toml_edit::value(name));
        gates.push(gate);
    }
    gates.iter_mut().find(|gate| is_it(gate)).map(|gate| gate as &mut dyn TableLike)
}
