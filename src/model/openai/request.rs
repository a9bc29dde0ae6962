//! A request as the JSON of chat completions.

use serde_json::{Value, json};

use crate::model::{Message, Request, ToolCall, ToolSpec};

/// Where the speakers of the format differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::model) enum Dialect {
    /// OpenAI itself: its reasoning models refuse `max_tokens` and want `max_completion_tokens`.
    OpenAi,
    /// Everybody else, who may not know the newer name.
    Compatible,
}

/// The body of the request.
pub(super) fn body(model: &str, dialect: Dialect, request: &Request) -> Value {
    let mut messages = vec![json!({"role": "system", "content": request.system_text()})];
    messages.extend(request.messages.iter().map(message));
    let limit = match dialect {
        Dialect::OpenAi => "max_completion_tokens",
        Dialect::Compatible => "max_tokens",
    };
    let mut body = json!({
        "model": model,
        "messages": messages,
        "stream": true,
        "stream_options": {"include_usage": true},
        limit: request.max_tokens,
    });
    if !request.tools.is_empty() {
        body["tools"] = request.tools.iter().map(tool).collect();
    }
    if let Some(temperature) = request.temperature {
        body["temperature"] = json!(temperature);
    }
    body
}

fn message(message: &Message) -> Value {
    match message {
        Message::User { text } => json!({"role": "user", "content": text}),
        Message::Assistant { text, calls } if calls.is_empty() => json!({"role": "assistant", "content": text}),
        Message::Assistant { text, calls } => {
            let content = if text.is_empty() { Value::Null } else { json!(text) };
            json!({"role": "assistant", "content": content, "tool_calls": calls.iter().map(call).collect::<Vec<_>>()})
        }
        Message::ToolResult { call, text, .. } => json!({"role": "tool", "tool_call_id": call, "content": text}),
    }
}

fn call(call: &ToolCall) -> Value {
    json!({"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}})
}

fn tool(tool: &ToolSpec) -> Value {
    json!({"type": "function", "function": {
        "name": tool.name, "description": tool.description, "parameters": tool.schema,
    }})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Subject;

    #[test]
    fn a_conversation_with_tools() {
        let request = Request {
            subject: Subject::new("developer", "Add login"),
            system: "Work.".into(),
            messages: vec![
                Message::user("go"),
                Message::Assistant {
                    text: String::new(),
                    calls: vec![ToolCall { id: "c1".into(), name: "shell".into(), arguments: "{\"x\":1}".into() }],
                },
                Message::ToolResult { call: "c1".into(), tool: "shell".into(), text: "ok".into(), failed: false },
                Message::Assistant { text: "done".into(), calls: vec![] },
            ],
            tools: vec![ToolSpec {
                name: "shell".into(),
                description: "run".into(),
                schema: json!({"type": "object"}),
            }],
            max_tokens: 100,
            temperature: None,
        };
        assert_eq!(
            body("m", Dialect::OpenAi, &request),
            json!({
                "model": "m",
                "messages": [
                    {"role": "system", "content": "Work.\n\nRole: developer\nTitle: Add login\nAttempt: 1"},
                    {"role": "user", "content": "go"},
                    {"role": "assistant", "content": null, "tool_calls": [
                        {"id": "c1", "type": "function", "function": {"name": "shell", "arguments": "{\"x\":1}"}}]},
                    {"role": "tool", "tool_call_id": "c1", "content": "ok"},
                    {"role": "assistant", "content": "done"},
                ],
                "stream": true,
                "stream_options": {"include_usage": true},
                "max_completion_tokens": 100,
                "tools": [{"type": "function", "function":
                    {"name": "shell", "description": "run", "parameters": {"type": "object"}}}],
            })
        );
    }

    #[test]
    fn others_are_told_the_older_name_of_the_limit() {
        let request = Request { max_tokens: 7, temperature: Some(0.5), ..Request::default() };
        let body = body("m", Dialect::Compatible, &request);
        assert_eq!((&body["max_tokens"], &body["temperature"]), (&json!(7), &json!(0.5)));
        assert!(body.get("max_completion_tokens").is_none() && body.get("tools").is_none());
    }
}
