//! Puts a reply together from the events of a streamed message.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::model::stream::Assembler;
use crate::model::{Reply, Stop, ToolCall, Usage};

/// What has come so far; blocks by their index.
#[derive(Default)]
pub(super) struct Assembly {
    blocks: BTreeMap<u64, Block>,
    stop: Option<String>,
    over: bool,
    usage: Usage,
}

enum Block {
    Text(String),
    Tool {
        id: String,
        name: String,
        input: Value,
        json: String,
    },
    /// Thinking and whatever else comes: not needed to go on.
    Other,
}

/// The events that matter; `ping` and those to come are passed over, as the documentation asks.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Happened {
    MessageStart {
        message: Start,
    },
    ContentBlockStart {
        index: u64,
        content_block: Opening,
    },
    ContentBlockDelta {
        index: u64,
        delta: Delta,
    },
    MessageDelta {
        delta: Ending,
        usage: Option<Counts>,
    },
    MessageStop,
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Start {
    usage: Option<Counts>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Opening {
    Text {
        #[serde(default)]
        text: String,
    },
    ToolUse {
        id: String,
        name: String,
        #[serde(default)]
        input: Value,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
#[serde(tag = "type")]
enum Delta {
    #[serde(rename = "text_delta")]
    Text { text: String },
    #[serde(rename = "input_json_delta")]
    InputJson { partial_json: String },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Ending {
    stop_reason: Option<String>,
}

/// Counts are cumulative: a later one replaces an earlier one.
#[derive(Deserialize)]
struct Counts {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
}

impl Assembler for Assembly {
    fn take(&mut self, event: &Value) -> Result<Option<String>, String> {
        let happened =
            Happened::deserialize(event).map_err(|error| format!("an event is none of a message ({error})"))?;
        match happened {
            Happened::MessageStart { message } => self.count(message.usage),
            Happened::ContentBlockStart { index, content_block } => return Ok(self.open(index, content_block)),
            Happened::ContentBlockDelta { index, delta } => return self.add(index, delta),
            Happened::MessageDelta { delta, usage } => {
                self.count(usage);
                self.stop = delta.stop_reason.or(self.stop.take());
            }
            Happened::MessageStop => self.over = true,
            Happened::Other => {}
        }
        Ok(None)
    }

    fn whole(&self) -> bool {
        self.stop.is_some()
    }

    fn over(&self) -> bool {
        self.over
    }

    fn reply(self) -> (Reply, String) {
        let (mut text, mut calls) = (String::new(), Vec::new());
        for block in self.blocks.into_values() {
            match block {
                Block::Text(more) => text.push_str(&more),
                Block::Tool { id, name, input, json } => {
                    let arguments = if json.trim().is_empty() { whole_input(&input) } else { json };
                    calls.push(ToolCall { id, name, arguments });
                }
                Block::Other => {}
            }
        }
        let word = self.stop.unwrap_or_default();
        let stop = match word.as_str() {
            "end_turn" | "stop_sequence" => Stop::Done,
            "tool_use" => Stop::Tools,
            "max_tokens" | "model_context_window_exceeded" => Stop::Length,
            "refusal" => Stop::Declined,
            other => Stop::Other(other.to_owned()),
        };
        (Reply { text, calls, stop, usage: self.usage }, word)
    }
}

impl Assembly {
    fn open(&mut self, index: u64, opening: Opening) -> Option<String> {
        let (block, text) = match opening {
            Opening::Text { text } => (Block::Text(text.clone()), Some(text)),
            Opening::ToolUse { id, name, input } => (Block::Tool { id, name, input, json: String::new() }, None),
            Opening::Other => (Block::Other, None),
        };
        self.blocks.insert(index, block);
        text
    }

    fn add(&mut self, index: u64, delta: Delta) -> Result<Option<String>, String> {
        match (self.blocks.get_mut(&index), delta) {
            (Some(Block::Text(all)), Delta::Text { text }) => {
                all.push_str(&text);
                Ok(Some(text))
            }
            (Some(Block::Tool { json, .. }), Delta::InputJson { partial_json }) => {
                json.push_str(&partial_json);
                Ok(None)
            }
            (Some(_), Delta::Other) | (Some(Block::Other), _) => Ok(None),
            (Some(_), _) => Err(format!("a piece does not fit block {index}")),
            (None, _) => Err(format!("a piece belongs to block {index}, which never began")),
        }
    }

    fn count(&mut self, counts: Option<Counts>) {
        let Some(counts) = counts else { return };
        let usage = &mut self.usage;
        usage.input = counts.input_tokens.unwrap_or(usage.input);
        usage.output = counts.output_tokens.unwrap_or(usage.output);
        usage.cache_read = counts.cache_read_input_tokens.unwrap_or(usage.cache_read);
        usage.cache_write = counts.cache_creation_input_tokens.unwrap_or(usage.cache_write);
    }
}

/// Arguments that came with the opening of the block instead of in pieces.
fn whole_input(input: &Value) -> String {
    if input.is_object() { input.to_string() } else { "{}".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn take(events: &[Value]) -> Result<Assembly, String> {
        let mut assembly = Assembly::default();
        for event in events {
            assembly.take(event)?;
        }
        Ok(assembly)
    }

    #[test]
    fn text_thinking_and_a_tool() {
        let assembly = take(&[
            json!({"type": "message_start", "message": {"usage": {"input_tokens": 5, "output_tokens": 1,
                "cache_read_input_tokens": 7, "cache_creation_input_tokens": 3}}}),
            json!({"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}}),
            json!({"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hm"}}),
            json!({"type": "content_block_stop", "index": 0}),
            json!({"type": "ping"}),
            json!({"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}}),
            json!({"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "I "}}),
            json!({"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "read"}}),
            json!({"type": "content_block_start", "index": 2,
                "content_block": {"type": "tool_use", "id": "t1", "name": "read_file", "input": {}}}),
            json!({"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": ""}}),
            json!({"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": "{\"path\""}}),
            json!({"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": ": \"a\"}"}}),
            json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 20}}),
            json!({"type": "message_stop"}),
        ])
        .expect("a message");
        assert!(assembly.whole() && assembly.over());
        let call = ToolCall { id: "t1".into(), name: "read_file".into(), arguments: "{\"path\": \"a\"}".into() };
        let usage = Usage { input: 5, output: 20, cache_read: 7, cache_write: 3 };
        assert_eq!(assembly.reply().0, Reply { text: "I read".into(), calls: vec![call], stop: Stop::Tools, usage });
    }

    #[test]
    fn a_tool_without_arguments_or_with_all_at_once() {
        for (input, arguments) in [(json!({}), "{}"), (json!({"a": 1}), "{\"a\":1}"), (Value::Null, "{}")] {
            let assembly = take(&[json!({"type": "content_block_start", "index": 0,
                "content_block": {"type": "tool_use", "id": "t", "name": "n", "input": input}})])
            .expect("a message");
            assert!(!assembly.whole());
            assert_eq!(assembly.reply().0.calls[0].arguments, arguments);
        }
    }

    #[test]
    fn events_that_do_not_fit_are_refused() {
        let start = json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}});
        let stray = json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "x"}});
        let wrong = json!({"type": "content_block_delta", "index": 0,
            "delta": {"type": "input_json_delta", "partial_json": "x"}});
        assert!(take(&[stray]).is_err());
        assert!(take(&[start, wrong]).is_err());
        assert!(take(&[json!({"no": "type"})]).is_err());
        assert!(take(&[json!({"type": "an_event_of_the_future", "index": 7})]).is_ok());
    }
}
