//! The formats that only other people's agents speak, and whole answers instead of streams.

use gt::model::{Reply, ToolCall};
use serde_json::{Value, json};

use super::Recorded;

/// Whether the answer to a request comes in pieces.
pub fn is_streamed(request: &Recorded) -> bool {
    let path = request.path.as_str();
    request.body["stream"] == true || path.contains(":streamGenerateContent")
}

fn arguments(call: &ToolCall) -> Value {
    serde_json::from_str(&call.arguments).unwrap_or_else(|_| json!({}))
}

/// A reply as the events of a response.
pub fn responses(reply: &Reply) -> Vec<Vec<u8>> {
    let items = response_items(reply);
    let mut events = vec![json!({"type": "response.created", "response": {"id": "r", "status": "in_progress"}})];
    for (index, item) in items.iter().enumerate() {
        events.push(json!({"type": "response.output_item.added", "output_index": index, "item": opened(item)}));
        if let Some(text) = item["content"][0]["text"].as_str() {
            let at = json!({"output_index": index, "item_id": item["id"], "content_index": 0});
            events.push(with(
                &at,
                &json!({"type": "response.content_part.added",
                "part": {"type": "output_text", "text": "", "annotations": []}}),
            ));
            events.push(with(&at, &json!({"type": "response.output_text.delta", "delta": text})));
            events.push(with(&at, &json!({"type": "response.output_text.done", "text": text})));
        }
        events.push(json!({"type": "response.output_item.done", "output_index": index, "item": item}));
    }
    events.push(json!({"type": "response.completed", "response": response(reply, &items)}));
    let numbered = events.iter().enumerate().map(|(number, event)| with(event, &json!({"sequence_number": number})));
    let named = |event: Value| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or_default());
    numbered.map(|event| named(event).into_bytes()).collect()
}

fn with(event: &Value, more: &Value) -> Value {
    let mut all = event.clone();
    for (key, value) in more.as_object().into_iter().flatten() {
        all[key] = value.clone();
    }
    all
}

fn opened(item: &Value) -> Value {
    let mut opened = item.clone();
    opened["status"] = json!("in_progress");
    if item["type"] == "message" {
        opened["content"] = json!([]);
    }
    opened
}

fn response_items(reply: &Reply) -> Vec<Value> {
    let text = (!reply.text.is_empty()).then(|| {
        json!({"id": "msg_1", "type": "message", "role": "assistant", "status": "completed",
            "content": [{"type": "output_text", "text": reply.text, "annotations": []}]})
    });
    let calls = reply.calls.iter().map(|call| {
        json!({"id": format!("fc_{}", call.id), "type": "function_call", "status": "completed",
            "call_id": call.id, "name": call.name, "arguments": call.arguments})
    });
    text.into_iter().chain(calls).collect()
}

fn response(reply: &Reply, items: &[Value]) -> Value {
    let usage = reply.usage;
    json!({"id": "r", "object": "response", "created_at": 1, "status": "completed", "model": "scripted",
        "output": items, "usage": {
            "input_tokens": usage.input, "input_tokens_details": {"cached_tokens": usage.cache_read},
            "output_tokens": usage.output, "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": usage.input + usage.output}})
}

/// A reply as the one event of a stream of Gemini.
pub fn gemini(reply: &Reply) -> Vec<Vec<u8>> {
    vec![format!("data: {}\n\n", candidate(reply)).into_bytes()]
}

fn candidate(reply: &Reply) -> Value {
    let text = (!reply.text.is_empty()).then(|| json!({"text": reply.text}));
    let calls = reply.calls.iter().map(|call| json!({"functionCall": {"name": call.name, "args": arguments(call)}}));
    let parts: Vec<Value> = text.into_iter().chain(calls).collect();
    let usage = reply.usage;
    json!({"responseId": "g", "modelVersion": "scripted",
        "candidates": [{"index": 0, "finishReason": "STOP", "content": {"role": "model", "parts": parts}}],
        "usageMetadata": {"promptTokenCount": usage.input, "candidatesTokenCount": usage.output,
            "totalTokenCount": usage.input + usage.output}})
}

/// A reply in one piece.
pub fn whole(path: &str, reply: &Reply) -> Value {
    let usage = reply.usage;
    let path = path.split('?').next().unwrap_or_default();
    if path.ends_with("/messages") {
        let text = (!reply.text.is_empty()).then(|| json!({"type": "text", "text": reply.text}));
        let calls = reply.calls.iter();
        let calls =
            calls.map(|call| json!({"type": "tool_use", "id": call.id, "name": call.name, "input": arguments(call)}));
        let stop = if reply.calls.is_empty() { "end_turn" } else { "tool_use" };
        return json!({"id": "m", "type": "message", "role": "assistant", "model": "scripted", "stop_reason": stop,
            "stop_sequence": null, "content": text.into_iter().chain(calls).collect::<Vec<_>>(),
            "usage": {"input_tokens": usage.input, "output_tokens": usage.output}});
    }
    if path.ends_with("/responses") {
        return response(reply, &response_items(reply));
    }
    if path.contains(":generateContent") {
        return candidate(reply);
    }
    let calls = reply.calls.iter().map(
        |call| json!({"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}),
    );
    let calls: Vec<Value> = calls.collect();
    let mut message = json!({"role": "assistant", "content": reply.text});
    let finish = if calls.is_empty() { "stop" } else { "tool_calls" };
    if !calls.is_empty() {
        message["tool_calls"] = json!(calls);
    }
    json!({"id": "c", "object": "chat.completion", "created": 1, "model": "scripted",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {"prompt_tokens": usage.input, "completion_tokens": usage.output,
            "total_tokens": usage.input + usage.output}})
}
