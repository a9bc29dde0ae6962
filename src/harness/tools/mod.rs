//! What the model may do: read, list, search, write and edit files, run commands.
//!
//! A tool gets checked arguments and answers with text. Each error is worded for the model: it names the argument or
//! the file, the reason, and what would work.

mod arguments;
mod bounds;
mod edit;
mod list;
mod read;
mod search;
mod shell;
mod stop;
mod write;

use std::path::Path;

use serde_json::{Value, json};

use crate::model::{ToolCall, ToolSpec};

pub(super) use arguments::Arguments;
pub(super) use bounds::Bounds;
pub(super) use stop::Stop;

/// Why a tool did not do what was asked; the text goes to the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The arguments are wrong.
    Arguments(String),
    /// A guard refused.
    Refused(String),
    /// It did not work.
    Failed(String),
    /// It took too long.
    TimedOut(String),
    /// The person, or the end of the session, stopped it.
    Interrupted(String),
}

/// What a tool answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    /// For the model.
    pub text: String,
    /// For the audit log: `ok`, `arguments`, `refused`, `failed`, `timed-out`, `interrupted`.
    pub outcome: &'static str,
}

impl Answer {
    /// Whether the model is told that the tool failed.
    pub fn failed(&self) -> bool {
        self.outcome != "ok"
    }
}

impl From<Result<String, Trouble>> for Answer {
    fn from(result: Result<String, Trouble>) -> Self {
        let (text, outcome) = match result {
            Ok(text) => (text, "ok"),
            Err(Trouble::Arguments(text)) => (text, "arguments"),
            Err(Trouble::Refused(text)) => (text, "refused"),
            Err(Trouble::Failed(text)) => (text, "failed"),
            Err(Trouble::TimedOut(text)) => (text, "timed-out"),
            Err(Trouble::Interrupted(text)) => (text, "interrupted"),
        };
        Self { text, outcome }
    }
}

/// One tool: what the model is told, and what runs.
struct Tool {
    name: &'static str,
    description: &'static str,
    /// Name, JSON type, whether it must be there, meaning.
    arguments: &'static [(&'static str, &'static str, Need, &'static str)],
    run: fn(&Bounds, &Arguments, &Stop) -> Result<String, Trouble>,
}

/// Whether an argument must be there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Must,
    May,
}

const TOOLS: &[Tool] = &[read::TOOL, list::TOOL, search::TOOL, write::TOOL, edit::TOOL, shell::TOOL];

/// All tools as the model is told of them.
pub(super) fn specs() -> Vec<ToolSpec> {
    TOOLS.iter().map(Tool::spec).collect()
}

/// Carries out one call.
pub(super) fn carry_out(call: &ToolCall, bounds: &Bounds, stop: &Stop) -> Answer {
    let Some(tool) = TOOLS.iter().find(|tool| tool.name == call.name) else {
        let names: Vec<_> = TOOLS.iter().map(|tool| tool.name).collect();
        let text = format!("there is no tool `{}`; the tools are {}", call.name, names.join(", "));
        return Err(Trouble::Arguments(text)).into();
    };
    let known: Vec<_> = tool.arguments.iter().map(|(name, ..)| *name).collect();
    let result = Arguments::parse(&call.arguments, &known).and_then(|arguments| (tool.run)(bounds, &arguments, stop));
    result.into()
}

/// One line that tells a person what a call is about.
pub(super) fn brief(call: &ToolCall) -> String {
    let arguments: Value = serde_json::from_str(&call.arguments).unwrap_or(Value::Null);
    let first = ["command", "path", "text"].iter().find_map(|name| arguments.get(name).and_then(Value::as_str));
    let other = if call.arguments.trim() == "{}" { "" } else { call.arguments.as_str() };
    let words: Vec<_> = first.unwrap_or(other).split_whitespace().collect();
    format!("{} {}", call.name, words.join(" ")).trim_end().to_owned()
}

impl Tool {
    fn spec(&self) -> ToolSpec {
        let one = |(name, kind, _, meaning): &(&str, &str, Need, &str)| {
            ((*name).to_owned(), json!({"type": kind, "description": meaning}))
        };
        let properties: serde_json::Map<String, Value> = self.arguments.iter().map(one).collect();
        let must = self.arguments.iter().filter(|(_, _, need, _)| *need == Need::Must).map(|(name, ..)| *name);
        ToolSpec {
            name: self.name.to_owned(),
            description: self.description.to_owned(),
            schema: json!({
                "type": "object",
                "properties": properties,
                "required": must.collect::<Vec<_>>(),
                "additionalProperties": false,
            }),
        }
    }
}

/// A path as the model knows it: relative to the worktree where it lies inside.
fn shown(bounds: &Bounds, path: &Path) -> String {
    path.strip_prefix(bounds.root()).unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(name: &str, arguments: &str) -> ToolCall {
        ToolCall { id: "c".into(), name: name.into(), arguments: arguments.into() }
    }

    #[test]
    fn every_tool_has_a_schema_whose_required_arguments_exist() {
        for spec in specs() {
            let required = spec.schema["required"].as_array().expect("a list");
            assert!(!spec.description.is_empty());
            for name in required {
                assert!(spec.schema["properties"].get(name.as_str().expect("a name")).is_some(), "{}", spec.name);
            }
        }
    }

    #[test]
    fn wrong_calls_are_answered_with_what_would_work() {
        let dir = tempfile::tempdir().expect("a folder");
        let bounds = Bounds::new(dir.path()).expect("a folder");
        for (name, arguments, text) in [
            ("fly", "{}", "there is no tool `fly`; the tools are read_file, list_dir"),
            ("read_file", "{}", "argument `path` is missing"),
            ("read_file", "{\"path\": ", "the arguments are not JSON"),
            ("read_file", "[1]", "the arguments are a list, not one JSON object"),
            ("read_file", "{\"path\": 3}", "argument `path` is a number, not text"),
            ("read_file", "{\"pth\": \"a\"}", "argument `pth` is unknown; the arguments are path, start, end"),
            ("read_file", "{\"path\": \"a\", \"start\": \"x\"}", "argument `start` is \"x\", not a whole number"),
            ("read_file", "{\"path\": \"a\", \"start\": -1}", "argument `start` is -1, not a whole number"),
        ] {
            let answer = carry_out(&call(name, arguments), &bounds, &Stop::default());
            assert!(answer.text.contains(text), "{name} {arguments}: {}", answer.text);
            assert_eq!(answer.outcome, "arguments");
        }
    }

    #[test]
    fn a_call_in_one_line() {
        assert_eq!(brief(&call("shell", r#"{"command": "cargo\n  test", "seconds": 3}"#)), "shell cargo test");
        assert_eq!(brief(&call("shell", "broken {")), "shell broken {");
        assert_eq!(brief(&call("list_dir", "")), "list_dir");
        assert_eq!(brief(&call("list_dir", "{}")), "list_dir");
    }
}
