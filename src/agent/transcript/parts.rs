//! Parts of entries that several shapes have.

use chrono::DateTime;
use serde_json::Value;

use crate::clock::Timestamp;
use crate::model::Usage;

/// A text at this place.
pub(super) fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer)?.as_str()
}

/// A count at this place; none is zero.
pub(super) fn count(value: &Value, pointer: &str) -> u64 {
    value.pointer(pointer).and_then(Value::as_u64).unwrap_or_default()
}

/// A time in RFC 3339 at this place.
pub(super) fn time(value: &Value, pointer: &str) -> Option<Timestamp> {
    let time = DateTime::parse_from_rfc3339(text(value, pointer)?).ok()?;
    Some(time.to_utc())
}

/// Milliseconds since 1970.
pub(super) fn millis(value: i64) -> Option<Timestamp> {
    DateTime::from_timestamp_millis(value)
}

/// The members of a list at this place.
pub(super) fn list<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Tokens by the names that a shape has for what was read, written, and read from and written to the cache.
pub(super) fn usage(value: &Value, [input, output, cache_read, cache_write]: [&str; 4]) -> Usage {
    let of = |name: &str| value[name].as_u64().unwrap_or_default();
    Usage { input: of(input), output: of(output), cache_read: of(cache_read), cache_write: of(cache_write) }
}

/// The text of a content, which is a text or a list of parts some of which have `text`.
pub(super) fn said(content: Option<&Value>) -> String {
    match content {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => {
            let texts = parts.iter().filter_map(|part| part.as_str().or_else(|| text(part, "/text")));
            texts.collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}
