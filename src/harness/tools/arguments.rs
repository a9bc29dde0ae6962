//! The arguments of a call, checked.

use serde_json::{Map, Value};

use super::Trouble;

/// The arguments as the model sent them: one object with known names.
pub(in crate::harness) struct Arguments(Map<String, Value>);

impl Arguments {
    /// Reads `raw`; `known` are the names that the tool has.
    pub fn parse(raw: &str, known: &[&str]) -> Result<Self, Trouble> {
        let value: Value = if raw.trim().is_empty() {
            Value::Object(Map::new())
        } else {
            serde_json::from_str(raw).map_err(|error| {
                Trouble::Arguments(format!("the arguments are not JSON ({error}); send one JSON object"))
            })?
        };
        let Value::Object(fields) = value else {
            return Err(Trouble::Arguments(format!("the arguments are {}, not one JSON object", kind(&value))));
        };
        if let Some(name) = fields.keys().find(|name| !known.contains(&name.as_str())) {
            let names = known.join(", ");
            return Err(Trouble::Arguments(format!("argument `{name}` is unknown; the arguments are {names}")));
        }
        Ok(Self(fields))
    }

    /// A text that must be there.
    pub fn text(&self, name: &str) -> Result<&str, Trouble> {
        self.optional_text(name)?.ok_or_else(|| Trouble::Arguments(format!("argument `{name}` is missing")))
    }

    /// A text that may be there.
    pub fn optional_text(&self, name: &str) -> Result<Option<&str>, Trouble> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(Trouble::Arguments(format!("argument `{name}` is {}, not text", kind(other)))),
        }
    }

    /// A whole number from 0 that may be there; also as text, as some models write it.
    pub fn number(&self, name: &str) -> Result<Option<u64>, Trouble> {
        let number = match self.0.get(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) => text.trim().parse().ok(),
            Some(value) => value.as_u64(),
        };
        let wrong = || Trouble::Arguments(format!("argument `{name}` is {}, not a whole number", self.0[name]));
        number.map(Some).ok_or_else(wrong)
    }

    /// A yes or no, no when it is not there.
    pub fn flag(&self, name: &str) -> Result<bool, Trouble> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(other) => Err(Trouble::Arguments(format!("argument `{name}` is {other}, not true or false"))),
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
