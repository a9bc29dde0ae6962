//! A request as the JSON of the Messages API.

use serde_json::{Value, json};

use crate::model::{Message, Request, ToolCall, ToolSpec};

/// The body of the request. Two marks let the endpoint cache what the next turn repeats: one after the tools and the
/// system text, one at the end of the conversation.
pub(super) fn body(model: &str, request: &Request) -> Value {
    let mut body = json!({
        "model": model,
        "max_tokens": request.max_tokens,
        "stream": true,
        "messages": messages(&request.messages),
    });
    let system = request.system_text();
    if !system.is_empty() {
        body["system"] = json!([{"type": "text", "text": system, "cache_control": {"type": "ephemeral"}}]);
    }
    if !request.tools.is_empty() {
        body["tools"] = request.tools.iter().map(tool).collect();
    }
    if let Some(temperature) = request.temperature {
        body["temperature"] = json!(temperature);
    }
    body
}

/// The messages, with neighbours of the same role joined: all results of one reply's tools belong in one message.
fn messages(messages: &[Message]) -> Vec<Value> {
    let mut turns: Vec<(&str, Vec<Value>)> = Vec::new();
    for message in messages {
        let (role, blocks) = match message {
            Message::User { text } => ("user", vec![json!({"type": "text", "text": text})]),
            Message::Assistant { text, calls } => ("assistant", assistant(text, calls)),
            Message::ToolResult { call, text, failed, .. } => {
                ("user", vec![json!({"type": "tool_result", "tool_use_id": call, "content": text, "is_error": failed})])
            }
        };
        match turns.last_mut() {
            Some((last, content)) if *last == role => content.extend(blocks),
            _ => turns.push((role, blocks)),
        }
    }
    if let Some(block) = turns.last_mut().and_then(|(_, content)| content.last_mut()) {
        block["cache_control"] = json!({"type": "ephemeral"});
    }
    turns.into_iter().map(|(role, content)| json!({"role": role, "content": content})).collect()
}

/// The blocks of a reply; a text block must not be empty.
fn assistant(text: &str, calls: &[ToolCall]) -> Vec<Value> {
    let text = (!text.trim().is_empty()).then(|| json!({"type": "text", "text": text}));
    text.into_iter().chain(calls.iter().map(call)).collect()
}

/// A call as it came. Arguments that are no object cannot be sent back; the result of the call says what was wrong.
fn call(call: &ToolCall) -> Value {
    let input = serde_json::from_str(&call.arguments).ok().filter(Value::is_object).unwrap_or_else(|| json!({}));
    json!({"type": "tool_use", "id": call.id, "name": call.name, "input": input})
}

fn tool(tool: &ToolSpec) -> Value {
    json!({"name": tool.name, "description": tool.description, "input_schema": tool.schema})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Subject;

    fn call(id: &str, arguments: &str) -> ToolCall {
        ToolCall { id: id.into(), name: "shell".into(), arguments: arguments.into() }
    }

    fn result(id: &str, failed: bool) -> Message {
        Message::ToolResult { call: id.into(), tool: "shell".into(), text: "ok".into(), failed }
    }

    #[test]
    fn a_conversation_with_tools() {
        let request = Request {
            subject: Subject::new("mayor", "x"),
            system: "Work.".into(),
            messages: vec![
                Message::user("go"),
                Message::Assistant { text: "\n".into(), calls: vec![call("a", "{\"c\":1}"), call("b", "no json")] },
                result("a", false),
                result("b", true),
                Message::user("and hurry"),
            ],
            tools: vec![ToolSpec {
                name: "shell".into(),
                description: "run".into(),
                schema: json!({"type": "object"}),
            }],
            max_tokens: 9,
            temperature: None,
        };
        assert_eq!(
            body("m", &request),
            json!({
                "model": "m",
                "max_tokens": 9,
                "stream": true,
                "messages": [
                    {"role": "user", "content": [{"type": "text", "text": "go"}]},
                    {"role": "assistant", "content": [
                        {"type": "tool_use", "id": "a", "name": "shell", "input": {"c": 1}},
                        {"type": "tool_use", "id": "b", "name": "shell", "input": {}}]},
                    {"role": "user", "content": [
                        {"type": "tool_result", "tool_use_id": "a", "content": "ok", "is_error": false},
                        {"type": "tool_result", "tool_use_id": "b", "content": "ok", "is_error": true},
                        {"type": "text", "text": "and hurry", "cache_control": {"type": "ephemeral"}}]},
                ],
                "system": [{"type": "text", "text": "Work.\n\nRole: mayor\nTitle: x\nAttempt: 1",
                    "cache_control": {"type": "ephemeral"}}],
                "tools": [{"name": "shell", "description": "run", "input_schema": {"type": "object"}}],
            })
        );
    }

    #[test]
    fn nothing_optional_is_sent_when_it_is_not_there() {
        let request = Request { messages: vec![Message::user("x")], ..Request::default() };
        let body = body("m", &request);
        assert!(["system", "tools", "temperature"].iter().all(|key| body.get(key).is_none()), "{body}");
    }
}
