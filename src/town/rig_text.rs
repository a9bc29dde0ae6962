//! The text of a rig's document: canonical when new, otherwise a person's comments and order are kept.

use toml_edit::{DocumentMut, Item, Table, TableLike, Value};

use super::Rig;

pub(super) fn render(rig: &Rig) -> String {
    let new = canonical(rig);
    let Some(source) = rig.source.0.as_deref() else { return new.to_string() };
    let (Ok(mut text), Ok(old)) = (source.parse::<DocumentMut>(), Rig::parse(&rig.path(), source)) else {
        return new.to_string();
    };
    follow(text.as_table_mut(), canonical(&old).as_table(), new.as_table());
    text.to_string()
}

/// Fixed order, one item of a list per line, one worker's name per line.
fn canonical(rig: &Rig) -> DocumentMut {
    let text = toml::to_string_pretty(rig).expect("a rig has only values that TOML knows");
    let mut document: DocumentMut = text.parse().expect("what the toml crate wrote is TOML");
    if let Some(names) = document.get_mut("names").and_then(Item::as_table_mut) {
        let mut lines = Table::new();
        for (name, item) in std::mem::take(names) {
            let line = item.into_value().unwrap_or_else(|_| Value::InlineTable(toml_edit::InlineTable::new()));
            lines.insert(&name, Item::Value(line));
        }
        *names = lines;
    }
    document
}

/// Makes `text` say what `new` says where that differs from `old`, which `text` says now; touches nothing else.
fn follow(text: &mut dyn TableLike, old: &Table, new: &Table) {
    for (key, _) in old.iter().filter(|(key, _)| !new.contains_key(key)) {
        text.remove(key);
    }
    for (key, above) in new {
        let before = old.get(key);
        if before.map(meaning) == Some(meaning(above)) {
            continue;
        }
        match (text.get_mut(key), before, above) {
            (Some(Item::Table(here)), Some(Item::Table(before)), Item::Table(above)) => follow(here, before, above),
            (Some(Item::Value(here)), _, Item::Value(above)) => {
                let decor = here.decor().clone();
                *here = above.clone();
                *here.decor_mut() = decor;
            }
            (Some(here), _, above) => *here = above.clone(),
            (None, _, above) => {
                text.insert(key, above.clone());
            }
        }
    }
}

/// The value behind an item, whichever way it is written.
fn meaning(item: &Item) -> Option<toml::Value> {
    let mut document = DocumentMut::new();
    document.insert("x", item.clone());
    toml::from_str::<toml::Table>(&document.to_string()).ok()?.remove("x")
}
