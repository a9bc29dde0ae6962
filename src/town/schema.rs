//! What a setting is, and finding one: the source for checks, for `gt config list`, and for the reference.

use std::fmt;

use toml_edit::Item;

use super::Seconds;
use super::check::nearest;

pub use super::keys::KEYS;

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its dotted path; `*` stands for a name of the person's choice.
    pub path: &'static str,
    /// What values it takes.
    pub kind: Type,
    /// Its default as TOML; empty when there is none.
    pub default: &'static str,
    /// In which files it may stand.
    pub places: Places,
    /// What it means, one sentence.
    pub meaning: &'static str,
}

/// In which files a key may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Places {
    /// `town.toml`.
    pub town: bool,
    /// `rigs.d/NAME.toml`.
    pub rig: bool,
    /// `local.toml`.
    pub local: bool,
}

impl Places {
    pub(super) const TOWN: Self = Self { town: true, rig: false, local: false };
    pub(super) const RIG: Self = Self { town: false, rig: true, local: false };
    pub(super) const LOCAL: Self = Self { town: false, rig: false, local: true };
    pub(super) const TOWN_LOCAL: Self = Self { town: true, rig: false, local: true };
    pub(super) const ALL: Self = Self { town: true, rig: true, local: true };

    pub(super) fn meets(self, other: Self) -> bool {
        (self.town && other.town) || (self.rig && other.rig) || (self.local && other.local)
    }

    /// `town.toml`.
    pub fn town() -> Self {
        Self::TOWN
    }

    /// `rigs.d/NAME.toml`.
    pub fn rig() -> Self {
        Self::RIG
    }

    /// `local.toml`.
    pub fn local() -> Self {
        Self::LOCAL
    }
}

impl fmt::Display for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [(self.town, "town.toml"), (self.rig, "rigs.d/NAME.toml"), (self.local, "local.toml")];
        let names: Vec<_> = names.iter().filter(|(is, _)| *is).map(|(_, name)| *name).collect();
        f.write_str(&names.join(", "))
    }
}

/// What values a key takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Any text.
    Text,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// A whole number from, to.
    Count(i64, i64),
    /// A number that is not negative, with a fraction or without.
    Amount,
    /// A span of time.
    Span,
    /// A list of texts.
    Texts,
    /// A list of texts and of lists of texts.
    Arguments,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("text"),
            Self::Choice(words) => f.write_str(&words.join(" | ")),
            Self::Flag => f.write_str("true | false"),
            Self::Count(least, most) => write!(f, "number {least}-{most}"),
            Self::Amount => f.write_str("amount, such as 3 or 0.25"),
            Self::Span => f.write_str("time, such as 90s or 10m"),
            Self::Texts => f.write_str("list of texts"),
            Self::Arguments => f.write_str("list of texts and lists of texts"),
        }
    }
}

impl Type {
    /// Whether `item` is such a value.
    ///
    /// # Errors
    /// What it must be, to be read after the key: "must be true or false".
    pub fn fits(self, item: &Item) -> Result<(), String> {
        let must = |what: &str| Err(format!("must be {what}"));
        match self {
            Self::Text if item.is_str() => Ok(()),
            Self::Text => must("text in quotes"),
            Self::Choice(words) => match item.as_str() {
                Some(word) if words.contains(&word) => Ok(()),
                _ => must(&format!("one of {}", words.join(", "))),
            },
            Self::Flag if item.is_bool() => Ok(()),
            Self::Flag => must("true or false"),
            Self::Count(least, most) => match item.as_integer() {
                Some(number) if (least..=most).contains(&number) => Ok(()),
                _ => must(&format!("a whole number from {least} to {most}")),
            },
            Self::Amount => match item.as_float().or_else(|| item.as_integer().map(|number| number as f64)) {
                Some(number) if number.is_finite() && number >= 0.0 => Ok(()),
                _ => must("an amount, such as 3 or 0.25"),
            },
            Self::Span => fits_span(item),
            Self::Texts => match item.as_array() {
                Some(array) if array.iter().all(toml_edit::Value::is_str) => Ok(()),
                _ => must("a list of texts, such as [\"a\", \"b\"]"),
            },
            Self::Arguments => match item.as_array() {
                Some(array) if array.iter().all(is_argument) => Ok(()),
                _ => must("a list of texts and lists of texts, such as [\"-p\", [\"--model\", \"{model}\"]]"),
            },
        }
    }
}

fn is_argument(value: &toml_edit::Value) -> bool {
    value.is_str() || value.as_array().is_some_and(|group| group.iter().all(toml_edit::Value::is_str))
}

fn fits_span(item: &Item) -> Result<(), String> {
    let fits = match (item.as_integer(), item.as_str()) {
        (Some(number), _) => number >= 0,
        (_, Some(text)) => text.parse::<Seconds>().is_ok(),
        _ => false,
    };
    if fits { Ok(()) } else { Err("must be a span of time such as \"90s\", \"10m\", \"2h\" or \"1d\"".to_owned()) }
}

/// What a dotted path is in a file.
#[derive(Debug)]
pub enum Found {
    /// A setting.
    Key(&'static Key),
    /// A table with settings in it.
    Inside,
    /// A setting, but of other files.
    Elsewhere(Places),
    /// Nothing.
    Unknown {
        /// The full path of the most similar setting or table.
        nearest: Option<String>,
    },
}

/// Looks a path up for a file.
pub fn find(path: &str, place: Places) -> Found {
    if let Some(key) = KEYS.iter().find(|key| matches(key.path, path) && key.places.meets(place)) {
        return Found::Key(key);
    }
    if KEYS.iter().any(|key| key.places.meets(place) && begins(key.path, path)) {
        return Found::Inside;
    }
    if let Some(key) = KEYS.iter().find(|key| matches(key.path, path) || begins(key.path, path)) {
        return Found::Elsewhere(key.places);
    }
    Found::Unknown { nearest: nearest_path(path, place) }
}

/// Looks a path up whatever the file.
pub fn key(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| matches(key.path, path))
}

/// Whether `path` is this key.
pub(super) fn key_matches(key: &Key, path: &str) -> bool {
    matches(key.path, path)
}

/// In how many rows a path stands.
pub(super) fn key_count(path: &str) -> usize {
    KEYS.iter().filter(|key| matches(key.path, path)).count()
}

/// Whether a top-level key of a rig overrides one of the town.
pub fn is_layered(top: &str) -> bool {
    KEYS.iter().any(|key| key.places.rig && key.places.town && key.path.split('.').next() == Some(top))
}

/// The tables that a file has several of, as `[[...]]`.
const LISTS: &[&str] = &["gates", "agents.*.files", "agents.*.own_config", "agents.*.credentials", "agents.*.dialogs"];

/// Whether a path is a list of tables.
pub fn is_list(path: &str) -> bool {
    LISTS.iter().any(|pattern| matches(pattern, path))
}

/// The defaults as a table.
pub fn defaults() -> toml::Table {
    let text: String = KEYS
        .iter()
        .filter(|key| !key.default.is_empty() && !key.path.contains('*') && key.places.town)
        .map(|key| format!("{} = {}\n", key.path, key.default))
        .collect();
    toml::from_str(&text).expect("a test reads the defaults")
}

/// The full path of the setting or table that is most like `path`.
pub fn nearest_path(path: &str, place: Places) -> Option<String> {
    let (above, last) = path.rsplit_once('.').unwrap_or(("", path));
    let depth = path.split('.').count();
    let siblings: Vec<&str> = KEYS
        .iter()
        .filter(|key| key.places.meets(place) && (above.is_empty() || begins(key.path, above)))
        .filter_map(|key| key.path.split('.').nth(depth - 1))
        .filter(|name| *name != "*")
        .collect();
    let name = nearest(last, siblings.into_iter())?;
    Some(if above.is_empty() { name } else { format!("{above}.{name}") })
}

/// Whether `pattern` with `*` for one name is `path`.
fn matches(pattern: &str, path: &str) -> bool {
    pattern.split('.').count() == path.split('.').count() && fit(pattern, path)
}

/// Whether `path` is a table above `pattern`.
fn begins(pattern: &str, path: &str) -> bool {
    pattern.split('.').count() > path.split('.').count() && fit(pattern, path)
}

fn fit(pattern: &str, path: &str) -> bool {
    pattern.split('.').zip(path.split('.')).all(|(pattern, name)| pattern == "*" || pattern == name)
}
