//! A model that does what `gt agent test` asks for, whichever agent asks it: it says the word, or writes the file with
//! the tool that it was offered.

use gt::model::{Reply, Stop, ToolCall};
use serde_json::{Map, Value, json};

use crate::endpoint::{Answer, Recorded, says};

/// What `gt agent test` wants to be run in the agent's shell.
const FINDS: &str = "command -v gt >gt-agent-shell.txt || echo none >gt-agent-shell.txt";

/// Whether a request is one for a list of models or a count of tokens, which [`think`] answers for every test.
pub fn is_no_turn(request: &Recorded) -> bool {
    let path = request.path.split('?').next().unwrap_or_default();
    request.body.is_null() || path.ends_with("ountTokens") || path.ends_with("/count_tokens")
}

/// What to answer to one request.
pub fn think(request: &Recorded) -> Answer {
    let path = request.path.split('?').next().unwrap_or_default();
    if path.ends_with("/count_tokens") {
        return Answer::Status(200, vec![], json!({"input_tokens": 10}));
    }
    if path.ends_with(":countTokens") {
        return Answer::Status(200, vec![], json!({"totalTokens": 10}));
    }
    if request.body.is_null() {
        let models = json!({"object": "list", "data": [{"id": "scripted", "object": "model", "owned_by": "gt"}]});
        return Answer::Status(200, vec![], models);
    }
    let said = request.body.to_string();
    if let Some(word) = after(&said, "Answer with this word and nothing else: ") {
        return Answer::says(&word);
    }
    if said.contains("gt done") && said.contains("gt prime") {
        return works(request);
    }
    let wish = (after(&said, "Write a file named "), after(&said, "that contains the word "));
    let (Some(file), Some(word)) = wish else { return Answer::says("Fine.") };
    if offered(&request.body).is_empty()
        && (said.contains("edit format") || said.contains("file listing") || said.contains("SEARCH/REPLACE"))
    {
        return Answer::says(&edit_block(&said, &file, &word));
    }
    if is_answered(&request.body) {
        return Answer::says("It is written.");
    }
    match shell(&request.body, &format!("{FINDS}; printf '%s\\n' {word} > {file}")) {
        Some((name, arguments)) => Answer::Reply(calling(&name, &arguments)),
        // Whoever offers no tool wants a title or a summary.
        None => Answer::says("A test"),
    }
}

/// Does a bead: one commit, then `gt done`.
fn works(request: &Recorded) -> Answer {
    if is_answered(&request.body) {
        return Answer::says("It is handed in.");
    }
    let command = "gt prime >/dev/null && echo work > work.txt && git add work.txt && git commit -q -m Work && gt done";
    match shell(&request.body, command) {
        Some((name, arguments)) => Answer::Reply(calling(&name, &arguments)),
        None => Answer::says("A bead"),
    }
}

/// The word after `beginning`, where it stands last.
fn after(text: &str, beginning: &str) -> Option<String> {
    let rest = &text[text.rfind(beginning)? + beginning.len()..];
    let word: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.')).collect();
    (!word.is_empty()).then_some(word)
}

/// As aider wants it.
fn edit_block(said: &str, file: &str, word: &str) -> String {
    if said.contains("<<<<<<< SEARCH") {
        format!("{file}\n```\n<<<<<<< SEARCH\n=======\n{word}\n>>>>>>> REPLACE\n```\n")
    } else {
        format!("{file}\n```\n{word}\n```\n")
    }
}

/// Whether a tool has answered already, in any of the formats.
pub fn is_answered(body: &Value) -> bool {
    let messages = body["messages"].as_array().into_iter().flatten();
    let blocks = messages.clone().filter_map(|message| message["content"].as_array()).flatten();
    let items = body["input"].as_array().into_iter().flatten();
    let parts = body["contents"].as_array().into_iter().flatten().filter_map(|content| content["parts"].as_array());
    messages.clone().any(|message| message["role"] == "tool")
        || blocks.into_iter().any(|block| block["type"] == "tool_result")
        || items.into_iter().any(|item| item["type"].as_str().is_some_and(|kind| kind.ends_with("call_output")))
        || parts.flatten().any(|part| part.get("functionResponse").is_some())
}

pub fn calling(name: &str, arguments: &Value) -> Reply {
    let call = ToolCall { id: "call_1".to_owned(), name: name.to_owned(), arguments: arguments.to_string() };
    Reply { calls: vec![call], stop: Stop::Tools, ..says("") }
}

/// Has the agent run a command; `id` names the call, because some drop one that has the id of one before. Whoever offers
/// no tool wants a title or a summary.
pub fn runs(request: &Recorded, id: &str, command: &str) -> Answer {
    let Some((name, arguments)) = shell(&request.body, command) else { return Answer::says("A bead") };
    let mut reply = calling(&name, &arguments);
    id.clone_into(&mut reply.calls[0].id);
    Answer::Reply(reply)
}

/// A tool that runs a command, with its arguments for this one.
pub fn shell(body: &Value, command: &str) -> Option<(String, Value)> {
    let offered = offered(body);
    let known = ["bash", "exec_command", "shell_command", "shell", "run_shell_command", "developer__shell", "execute"];
    let found = known.iter().find_map(|wanted| {
        offered.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(name, schema)| (name, schema))
    });
    let found = found.or_else(|| {
        let runs = |schema: &Value| ["command", "cmd"].iter().any(|name| schema["properties"].get(name).is_some());
        offered.iter().find(|(_, schema)| runs(schema)).map(|(name, schema)| (name, schema))
    });
    let (name, schema) = found?;
    Some((name.clone(), arguments(schema, command)))
}

/// Name and schema of every tool, in any of the formats.
fn offered(body: &Value) -> Vec<(String, Value)> {
    let tools = body["tools"].as_array().into_iter().flatten();
    let declared = tools.clone().filter_map(|tool| tool["functionDeclarations"].as_array()).flatten();
    let all = tools.chain(declared);
    all.filter_map(|tool| {
        let place = tool.get("function").unwrap_or(tool);
        let schemas = ["parameters", "input_schema", "parametersJsonSchema"];
        let schema = schemas.iter().find_map(|name| place.get(name)).cloned().unwrap_or(Value::Null);
        Some((place["name"].as_str()?.to_owned(), schema))
    })
    .collect()
}

/// The command where the schema wants it, and something for everything else that it requires.
fn arguments(schema: &Value, command: &str) -> Value {
    let properties = schema["properties"].as_object().cloned().unwrap_or_default();
    let mut arguments = Map::new();
    let place = ["command", "cmd", "script"].into_iter().find(|name| properties.contains_key(*name));
    let place = place.unwrap_or("command");
    let is_list = properties.get(place).is_some_and(|property| property["type"] == "array");
    arguments.insert(place.to_owned(), if is_list { json!(["bash", "-c", command]) } else { json!(command) });
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if arguments.contains_key(name) {
            continue;
        }
        let value = match properties.get(name).and_then(|property| property["type"].as_str()) {
            Some("boolean") => json!(false),
            Some("number" | "integer") => json!(10_000),
            Some("array") => json!([]),
            Some("object") => json!({}),
            _ => json!("write a file"),
        };
        arguments.insert(name.to_owned(), value);
    }
    Value::Object(arguments)
}
