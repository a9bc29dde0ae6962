//! Puts a reply together from the chunks of a streamed chat completion.

use serde::Deserialize;
use serde_json::Value;

use crate::model::stream::Assembler;
use crate::model::{Reply, Stop, ToolCall, Usage};

/// What has come so far.
#[derive(Default)]
pub(super) struct Assembly {
    text: String,
    calls: Vec<Slot>,
    finish: Option<String>,
    usage: Usage,
}

/// A call of a tool that is still coming, found again by its index.
#[derive(Default)]
struct Slot {
    index: Option<u64>,
    call: ToolCall,
}

#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Vec<Choice>,
    usage: Option<Counts>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    delta: Option<Delta>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Delta {
    content: Option<String>,
    refusal: Option<String>,
    tool_calls: Option<Vec<CallDelta>>,
}

#[derive(Deserialize)]
struct CallDelta {
    index: Option<u64>,
    id: Option<String>,
    function: Option<FunctionDelta>,
}

#[derive(Deserialize)]
struct FunctionDelta {
    name: Option<String>,
    arguments: Option<String>,
}

#[derive(Deserialize)]
struct Counts {
    #[serde(default)]
    prompt_tokens: Option<u64>,
    #[serde(default)]
    completion_tokens: Option<u64>,
    prompt_tokens_details: Option<Details>,
}

#[derive(Deserialize)]
struct Details {
    cached_tokens: Option<u64>,
}

impl Assembler for Assembly {
    fn take(&mut self, event: &Value) -> Result<Option<String>, String> {
        let chunk =
            Chunk::deserialize(event).map_err(|error| format!("an event is no chunk of a completion ({error})"))?;
        if let Some(counts) = chunk.usage {
            self.usage = counts.into();
        }
        let Some(choice) = chunk.choices.into_iter().next() else { return Ok(None) };
        if let Some(finish) = choice.finish_reason.filter(|finish| !finish.is_empty()) {
            self.finish = Some(finish);
        }
        let Some(delta) = choice.delta else { return Ok(None) };
        for call in delta.tool_calls.into_iter().flatten() {
            self.add(call);
        }
        let text = [delta.content, delta.refusal].into_iter().flatten().collect::<String>();
        self.text.push_str(&text);
        Ok(Some(text))
    }

    fn whole(&self) -> bool {
        self.finish.is_some()
    }

    fn over(&self) -> bool {
        false
    }

    fn reply(self) -> (Reply, String) {
        let finish = self.finish.unwrap_or_default();
        let calls: Vec<_> = self.calls.into_iter().enumerate().map(|(place, slot)| slot.finish(place)).collect();
        let stop = match finish.as_str() {
            _ if !calls.is_empty() && finish != "length" => Stop::Tools,
            "stop" => Stop::Done,
            "length" => Stop::Length,
            "content_filter" => Stop::Declined,
            other => Stop::Other(other.to_owned()),
        };
        (Reply { text: self.text, calls, stop, usage: self.usage }, finish)
    }
}

impl Assembly {
    /// Adds a piece of a call. Some endpoints give no index, or index 0 to every call; a new id then starts a new call.
    fn add(&mut self, delta: CallDelta) {
        let id = delta.id.filter(|id| !id.is_empty());
        let known = match delta.index {
            Some(_) => self.calls.iter().rposition(|slot| slot.index == delta.index),
            None => self.calls.len().checked_sub(1),
        };
        let same = known.filter(|place| {
            let slot = &self.calls[*place].call.id;
            id.as_ref().is_none_or(|id| slot.is_empty() || slot == id)
        });
        let place = same.unwrap_or_else(|| {
            self.calls.push(Slot { index: delta.index, ..Slot::default() });
            self.calls.len() - 1
        });
        let call = &mut self.calls[place].call;
        if let Some(id) = id {
            call.id = id;
        }
        let Some(function) = delta.function else { return };
        if call.name.is_empty() {
            call.name = function.name.unwrap_or_default();
        }
        call.arguments.push_str(&function.arguments.unwrap_or_default());
    }
}

impl Slot {
    fn finish(self, place: usize) -> ToolCall {
        let mut call = self.call;
        if call.id.is_empty() {
            call.id = format!("call_{}", nanoid::nanoid!(8, &crate::id::ALPHABET)) + &place.to_string();
        }
        if call.arguments.trim().is_empty() {
            call.arguments = "{}".to_owned();
        }
        call
    }
}

impl From<Counts> for Usage {
    /// The prompt is counted with what came from the cache.
    fn from(counts: Counts) -> Self {
        let cached = counts.prompt_tokens_details.and_then(|details| details.cached_tokens).unwrap_or(0);
        Self {
            input: counts.prompt_tokens.unwrap_or(0).saturating_sub(cached),
            output: counts.completion_tokens.unwrap_or(0),
            cache_read: cached,
            cache_write: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn assemble(events: &[Value]) -> Reply {
        let mut assembly = Assembly::default();
        for event in events {
            assembly.take(event).expect("a chunk");
        }
        assembly.reply().0
    }

    fn delta(delta: Value) -> Value {
        json!({"choices": [{"index": 0, "delta": delta, "finish_reason": null}]})
    }

    fn finish(reason: &str) -> Value {
        json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
    }

    fn calls(reply: &Reply) -> Vec<(&str, &str, &str)> {
        reply.calls.iter().map(|call| (call.id.as_str(), call.name.as_str(), call.arguments.as_str())).collect()
    }

    #[test]
    fn text_and_usage() {
        let reply = assemble(&[
            delta(json!({"role": "assistant", "content": ""})),
            delta(json!({"content": "Hel"})),
            delta(json!({"content": "lo"})),
            finish("stop"),
            json!({"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 2,
                "prompt_tokens_details": {"cached_tokens": 4}}}),
        ]);
        let usage = Usage { input: 6, output: 2, cache_read: 4, cache_write: 0 };
        assert_eq!(reply, Reply { text: "Hello".into(), calls: vec![], stop: Stop::Done, usage });
    }

    #[test]
    fn two_calls_in_pieces_that_alternate() {
        let reply = assemble(&[
            delta(json!({"content": null, "tool_calls": [{"index": 0, "id": "a", "type": "function",
                "function": {"name": "shell", "arguments": ""}}]})),
            delta(
                json!({"tool_calls": [{"index": 1, "id": "b", "function": {"name": "read_file", "arguments": "{\"p"}}]}),
            ),
            delta(json!({"tool_calls": [{"index": 0, "function": {"arguments": "{\"c\":"}}]})),
            delta(json!({"tool_calls": [{"index": 1, "function": {"arguments": "\":2}"}},
                {"index": 0, "function": {"arguments": "1}"}}]})),
            finish("tool_calls"),
        ]);
        assert_eq!(calls(&reply), [("a", "shell", "{\"c\":1}"), ("b", "read_file", "{\"p\":2}")]);
        assert_eq!(reply.stop, Stop::Tools);
    }

    #[test]
    fn whole_calls_that_all_have_index_zero_or_none() {
        for index in [json!(0), Value::Null] {
            let one = |id: &str| json!({"index": index, "id": id, "function": {"name": "t", "arguments": "{}"}});
            let reply = assemble(&[delta(json!({"tool_calls": [one("a"), one("b")]})), finish("stop")]);
            assert_eq!(calls(&reply), [("a", "t", "{}"), ("b", "t", "{}")]);
            assert_eq!(reply.stop, Stop::Tools, "calls count more than the word");
        }
    }

    #[test]
    fn a_call_without_id_and_arguments_gets_both() {
        let reply =
            assemble(&[delta(json!({"tool_calls": [{"index": 0, "function": {"name": "t"}}]})), finish("tool_calls")]);
        assert!(!reply.calls[0].id.is_empty());
        assert_eq!(reply.calls[0].arguments, "{}");
    }

    #[test]
    fn words_for_the_end() {
        for (word, stop) in [
            ("stop", Stop::Done),
            ("length", Stop::Length),
            ("content_filter", Stop::Declined),
            ("strange", Stop::Other("strange".into())),
        ] {
            assert_eq!(assemble(&[delta(json!({"content": "x"})), finish(word)]).stop, stop);
        }
    }

    #[test]
    fn what_is_no_chunk_is_refused() {
        for event in [json!([1]), json!("x"), json!({"choices": "x"}), json!({"choices": [{"delta": {"content": 3}}]})]
        {
            assert!(Assembly::default().take(&event).is_err(), "{event}");
        }
    }
}
