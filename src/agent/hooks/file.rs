//! The files in which agents look for their hooks.

use serde_json::{Value, json};

use super::Hooking;
use crate::agent::HookFormat;

/// The text of a file with the hooks in it; `former` is what else is to stand there.
///
/// # Errors
/// Why `former` cannot be understood.
pub(super) fn with_hooks(hooking: &Hooking<'_>, format: HookFormat, former: &str) -> Result<String, String> {
    match format {
        HookFormat::Claude => {
            in_json(former, hooking, &|line| json!({"hooks": [{"type": "command", "command": line}]}))
        }
        HookFormat::Copilot => {
            let text = if former.is_empty() { "{\"version\": 1}" } else { former };
            in_json(text, hooking, &|line| json!({"type": "command", "bash": line}))
        }
        HookFormat::Codex => in_toml(former, hooking),
        HookFormat::Opencode => Ok(program(include_str!("opencode.js"), hooking)),
        HookFormat::Builtin => Ok(former.to_owned()),
        HookFormat::Pi => Ok(program(include_str!("pi.ts"), hooking)),
    }
}

/// `hooks.EVENT[]` gets one more entry for each event.
fn in_json(former: &str, hooking: &Hooking<'_>, entry: &dyn Fn(&str) -> Value) -> Result<String, String> {
    let text = if former.trim().is_empty() { "{}" } else { former };
    let mut all: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let place = all.as_object_mut().ok_or("it is no object")?.entry("hooks").or_insert_with(|| json!({}));
    let place = place.as_object_mut().ok_or("its hooks are no object")?;
    for (kind, name) in &hooking.hooks.events {
        let list = place.entry(name).or_insert_with(|| json!([]));
        list.as_array_mut().ok_or("its hooks are no lists")?.push(entry(&hooking.line(*kind)));
    }
    Ok(format!("{all}\n"))
}

/// The same in TOML.
fn in_toml(former: &str, hooking: &Hooking<'_>) -> Result<String, String> {
    let mut all: toml::Table = toml::from_str(former).map_err(|error| error.message().to_owned())?;
    let place = all.entry("hooks").or_insert_with(|| toml::Table::new().into());
    let place = place.as_table_mut().ok_or("its hooks are no table")?;
    for (kind, name) in &hooking.hooks.events {
        let command = toml::Table::from_iter([
            ("type".to_owned(), "command".into()),
            ("command".to_owned(), hooking.line(*kind).into()),
        ]);
        let entry = toml::Table::from_iter([("hooks".to_owned(), toml::Value::Array(vec![command.into()]))]);
        let list = place.entry(name).or_insert_with(|| toml::Value::Array(Vec::new()));
        list.as_array_mut().ok_or("its hooks are no lists")?.push(entry.into());
    }
    toml::to_string(&all).map_err(|error| error.to_string())
}

/// A program whose `EVENTS` tells the command of each of the agent's events.
fn program(text: &str, hooking: &Hooking<'_>) -> String {
    let commands: serde_json::Map<String, Value> =
        hooking.hooks.events.iter().map(|(kind, name)| (name.clone(), json!(hooking.words(*kind)))).collect();
    text.replace("\"EVENTS\"", &Value::Object(commands).to_string())
}
