//! Laying a file of ours over one of the person's, without touching theirs.

use std::fs;
use std::path::Path;

use super::AgentError;

/// The text of `above` laid over the file `below`: tables merge, all else of `above` wins. TOML and JSON by the
/// ending of `below`; a file that is not there changes nothing.
///
/// # Errors
/// When the person's file cannot be read or understood.
pub(super) fn lay_over(above: &str, below: &Path) -> Result<String, AgentError> {
    let text = match fs::read_to_string(below) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(above.to_owned()),
        Err(source) => return Err(AgentError::Io { path: below.to_path_buf(), source }),
    };
    let wrong = |reason: String| AgentError::Settings { path: below.to_path_buf(), reason };
    if below.extension().is_some_and(|ending| ending == "toml") {
        let mut lower: toml::Table = toml::from_str(&text).map_err(|error| wrong(error.message().to_owned()))?;
        let upper: toml::Table = toml::from_str(above).map_err(|error| wrong(error.message().to_owned()))?;
        crate::town::layer(&mut lower, &upper);
        return toml::to_string(&lower).map_err(|error| wrong(error.to_string()));
    }
    let mut lower: serde_json::Value = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let upper: serde_json::Value = serde_json::from_str(above).map_err(|error| wrong(error.to_string()))?;
    lay_json_over(&mut lower, upper);
    Ok(format!("{lower:#}\n"))
}

fn lay_json_over(lower: &mut serde_json::Value, upper: serde_json::Value) {
    match (lower, upper) {
        (serde_json::Value::Object(below), serde_json::Value::Object(above)) => {
            for (key, value) in above {
                lay_json_over(below.entry(key).or_insert(serde_json::Value::Null), value);
            }
        }
        (lower, upper) => *lower = upper,
    }
}
