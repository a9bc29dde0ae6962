//! Placeholders in presets: `{prompt}`, `{model}` and their like.

use std::collections::BTreeMap;

use super::Argument;

/// Every placeholder and what it stands for. `{permissions}` and `{extra}` stand for several arguments.
pub(super) const PLACEHOLDERS: &[(&str, &str)] = &[
    ("prompt", "the prompt itself"),
    ("prompt_file", "the path of a file that holds the prompt"),
    ("model", "the model, when one is set"),
    ("effort", "how hard the model thinks, when that is set"),
    ("profile", "a named set of settings of the agent's own, when one is set"),
    ("permissions", "the arguments of the permission mode"),
    ("unattended", "true where it works without questions, else false"),
    ("extra", "further arguments, as they are given"),
    ("session", "the id of the agent's own conversation"),
    ("run", "the folder of the session, outside of the worktree"),
    ("worktree", "the folder that the agent works in"),
    ("state", "a folder of the worker's own that stays from session to session, outside of the worktree"),
    ("config", "the agent's configuration folder"),
    ("data", "where the agent keeps credentials and conversations"),
    ("dashed", "the worktree's path with a dash for all that is neither letter nor digit"),
    ("worker_profile", "a name that follows from the worktree, for a profile of the agent's configuration"),
    ("key_tail", "the last 20 characters of the key that the agent gets"),
    ("gt", "the path of gt"),
];

/// Values by placeholder; one that is not there has no value.
pub(super) type Values = BTreeMap<&'static str, String>;

/// The names of the placeholders in `text`: `{`, small letters and underscores, `}`.
fn names(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('{').filter_map(move |(start, _)| {
        let inside = &text[start + 1..];
        let name = &inside[..inside.find('}')?];
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        is_name.then_some(name)
    })
}

/// Refuses placeholders that do not exist.
pub(super) fn check_placeholders(text: &str) -> Result<(), String> {
    let known = || PLACEHOLDERS.iter().map(|(name, _)| *name);
    match names(text).find(|name| !known().any(|known| known == *name)) {
        None => Ok(()),
        Some(name) => {
            let list: Vec<_> = known().map(|name| format!("{{{name}}}")).collect();
            Err(format!("{text:?} has the unknown placeholder {{{name}}}; known are {}", list.join(", ")))
        }
    }
}

/// `text` with every placeholder replaced by what `value` makes of its name; `None` when one has no value.
pub(super) fn replace(text: &str, value: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        filled.push_str(&rest[..start]);
        let inside = &rest[start + 1..];
        let name = inside.find('}').map(|end| &inside[..end]);
        match name.filter(|name| PLACEHOLDERS.iter().any(|(known, _)| known == name)) {
            Some(name) => {
                filled.push_str(&value(name)?);
                rest = &inside[name.len() + 1..];
            }
            None => {
                filled.push('{');
                rest = inside;
            }
        }
    }
    filled.push_str(rest);
    Some(filled)
}

/// `text` with plain values; empty where there is none.
pub(super) fn fill(text: &str, values: &Values) -> String {
    let value = |name: &str| Some(values.get(name).cloned().unwrap_or_default());
    replace(text, &value).expect("every placeholder has a value here")
}

/// `text` with values escaped as inside a TOML basic string or a JSON string.
pub(super) fn fill_quoted(text: &str, values: &Values) -> String {
    let value = |name: &str| {
        let plain = values.get(name).map_or("", String::as_str);
        let quoted = serde_json::to_string(plain).expect("text is JSON");
        Some(quoted[1..quoted.len() - 1].to_owned())
    };
    replace(text, &value).expect("every placeholder has a value here")
}

/// The arguments with their values. Groups without a value are left out, `{permissions}` and `{extra}` become
/// several; where there is no place for the extra ones they come first.
pub(super) fn arguments(list: &[Argument], values: &Values, permissions: &[String], extra: &[String]) -> Vec<String> {
    let value = |name: &str| values.get(name).cloned();
    let placed = list.iter().any(|argument| matches!(argument, Argument::One(text) if text == "{extra}"));
    let mut filled = if placed { Vec::new() } else { extra.to_vec() };
    for argument in list {
        match argument {
            Argument::One(text) if text == "{permissions}" => filled.extend(permissions.iter().cloned()),
            Argument::One(text) if text == "{extra}" => filled.extend(extra.iter().cloned()),
            Argument::One(text) => filled.push(fill(text, values)),
            Argument::Group(texts) => {
                let group: Option<Vec<String>> = texts.iter().map(|text| replace(text, &value)).collect();
                filled.extend(group.unwrap_or_default());
            }
        }
    }
    filled
}

/// A line of `sh` whose placeholders are positional parameters, and those parameters: no value is ever read as
/// shell text. Without `{prompt}` and `{prompt_file}` the prompt becomes the last argument, unless `bare`; the extra
/// arguments stand at `{extra}`, else before it.
pub(super) fn shell(command: &str, values: &Values, extra: &[String], bare: bool) -> (String, Vec<String>) {
    let several = ["permissions", "extra"];
    let names: Vec<&str> = PLACEHOLDERS.iter().map(|(name, _)| *name).filter(|name| !several.contains(name)).collect();
    let others: Vec<String> = (1..=extra.len()).map(|number| format!("\"${{{}}}\"", names.len() + number)).collect();
    let others = others.join(" ");
    let parameter = |name: &str| {
        if name == "extra" {
            return Some(others.clone());
        }
        let number = names.iter().position(|known| *known == name)? + 1;
        Some(format!("\"${{{number}}}\""))
    };
    let mut line = replace(command, &|name| Some(parameter(name).unwrap_or_default())).unwrap_or_default();
    if !command.contains("{extra}") && !others.is_empty() {
        line.push_str(&format!(" {others}"));
    }
    if !bare && !command.contains("{prompt}") && !command.contains("{prompt_file}") {
        line.push_str(" \"${1}\"");
    }
    let parameters = names.iter().map(|name| values.get(name).cloned().unwrap_or_default());
    (line, parameters.chain(extra.iter().cloned()).collect())
}
