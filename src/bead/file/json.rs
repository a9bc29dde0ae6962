//! A bead as JSON: flat, with the names of its file.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use toml::Value;

use crate::bead::{Bead, State};
use crate::clock::rfc3339;

impl Serialize for Bead {
    /// Every field is there, `null` or empty where the file leaves it out; unknown keys come last.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let claim = self.claim();
        let closing = if let State::Closed(closing) = &self.state { Some(closing) } else { None };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("title", &self.title)?;
        map.serialize_entry("status", &self.status())?;
        map.serialize_entry("assignee", &claim.map(|claim| &claim.assignee))?;
        map.serialize_entry("lease", &claim.map(|claim| &claim.lease))?;
        map.serialize_entry("home", &claim.map(|claim| &claim.home))?;
        map.serialize_entry("closed_as", &closing.map(|closing| closing.resolution))?;
        map.serialize_entry("closed", &closing.map(|closing| rfc3339(closing.at)))?;
        map.serialize_entry("kind", &self.kind)?;
        map.serialize_entry("priority", &self.priority)?;
        map.serialize_entry("role", &self.role)?;
        map.serialize_entry("parent", &self.parent)?;
        map.serialize_entry("labels", &self.labels)?;
        map.serialize_entry("needs", &self.needs)?;
        map.serialize_entry("related", &self.related)?;
        map.serialize_entry("discovered_from", &self.discovered_from)?;
        map.serialize_entry("prefer", &self.prefer)?;
        map.serialize_entry("agent", &self.agent)?;
        map.serialize_entry("model", &self.model)?;
        map.serialize_entry("effort", &self.effort)?;
        map.serialize_entry("profile", &self.profile)?;
        map.serialize_entry("extra_args", &self.extra_args)?;
        map.serialize_entry("from", &self.from)?;
        map.serialize_entry("touches", &self.touches)?;
        map.serialize_entry("budget", &self.budget)?;
        map.serialize_entry("created", &rfc3339(self.created))?;
        map.serialize_entry("defer_until", &self.defer_until.map(rfc3339))?;
        map.serialize_entry("description", &self.description)?;
        map.serialize_entry("acceptance", &self.acceptance)?;
        map.serialize_entry("result", &self.result)?;
        map.serialize_entry("merge", &self.merge)?;
        map.serialize_entry("attempts", &self.attempts)?;
        map.serialize_entry("notes", &self.notes)?;
        for (key, value) in &self.extra {
            map.serialize_entry(key, &Plain(value))?;
        }
        map.end()
    }
}

/// Serialises keys that this version does not know, dates as strings.
pub(crate) fn unknown_keys<S: Serializer>(table: &toml::Table, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(table.iter().map(|(key, value)| (key, Plain(value))))
}

/// A TOML value in the types of JSON.
struct Plain<'v>(&'v Value);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::String(text) => serializer.serialize_str(text),
            Value::Integer(number) => serializer.serialize_i64(*number),
            Value::Float(number) => serializer.serialize_f64(*number),
            Value::Boolean(value) => serializer.serialize_bool(*value),
            Value::Datetime(time) => serializer.collect_str(time),
            Value::Array(items) => serializer.collect_seq(items.iter().map(Plain)),
            Value::Table(table) => serializer.collect_map(table.iter().map(|(key, value)| (key, Plain(value)))),
        }
    }
}
