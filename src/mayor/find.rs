//! Finds the JSON in a model's answer: in a code fence or bare, with prose around it.

use serde_json::Value;

/// Why no plan was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NotFound {
    /// There is no object at all.
    Nothing,
    /// There is the beginning of one, which is not JSON; what the parser says.
    Broken(String),
    /// It ends in the middle, as answers do that hit a limit.
    CutOff,
}

/// The most places at which an object may begin that are tried, so that nonsense costs little.
const TRIES: usize = 500;

/// The first object that has `beads`, else the first object of all. Objects inside of one that was read are not
/// looked at.
pub(super) fn find(text: &str) -> Result<Value, NotFound> {
    let (mut first, mut broken, mut from) = (None, None, 0);
    for _ in 0..TRIES {
        let Some(start) = text[from..].find('{').map(|found| from + found) else { break };
        let mut values = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Value>();
        match values.next() {
            Some(Ok(value)) => {
                from = start + values.byte_offset();
                if value.get("beads").is_some() {
                    return Ok(value);
                }
                first.get_or_insert(value);
            }
            Some(Err(error)) => {
                from = start + 1;
                // Prose has braces too: only what goes on like an object is a broken one.
                if text[from..].trim_start().starts_with('"') {
                    broken.get_or_insert(describe(&error, text, start));
                }
            }
            None => break,
        }
    }
    match (broken, first) {
        (Some(broken), _) => Err(broken),
        (None, Some(first)) => Ok(first),
        (None, None) => Err(NotFound::Nothing),
    }
}

fn describe(error: &serde_json::Error, text: &str, start: usize) -> NotFound {
    if error.is_eof() {
        return NotFound::CutOff;
    }
    let line = text[start..].lines().nth(error.line().saturating_sub(1)).unwrap_or_default().trim();
    let line: String = line.chars().take(120).collect();
    NotFound::Broken(format!("{error}, near: {line}"))
}
