//! HTTP and the two stream formats, written by hand so that a test sees what it says.

use std::io::{BufRead, BufReader, Read, Write};
use std::time::Duration;

use gt::model::{Reply, Stop};
use serde_json::{Value, json};

use super::Recorded;

/// How many characters a piece of text or of arguments has.
const PIECE: usize = 7;

/// Reads a request with a `Content-Length` or a chunked body.
pub fn read_request(connection: impl Read) -> std::io::Result<Recorded> {
    let mut reader = BufReader::new(connection);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut recorded = Recorded { path, headers, body: Value::Null };
    let mut bytes = Vec::new();
    if let Some(length) = recorded.header("content-length").and_then(|length| length.parse().ok()) {
        reader.take(length).read_to_end(&mut bytes)?;
    } else if recorded.header("transfer-encoding").is_some() {
        read_chunks(&mut reader, &mut bytes)?;
    }
    recorded.body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    Ok(recorded)
}

fn read_chunks(reader: &mut impl BufRead, bytes: &mut Vec<u8>) -> std::io::Result<()> {
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let size = u64::from_str_radix(line.trim(), 16).unwrap_or(0);
        if size == 0 {
            return Ok(());
        }
        reader.by_ref().take(size).read_to_end(bytes)?;
        reader.read_line(&mut line)?;
    }
}

/// How a stream ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// With the last chunk.
    Proper,
    /// In the middle.
    Dropped,
}

/// Answers 200 with an event stream, one chunk for each event.
pub fn stream(out: &mut impl Write, events: &[Vec<u8>], end: End) -> std::io::Result<()> {
    paced(out, events, end, Duration::ZERO)
}

/// The same, with a pause before each event.
pub fn stream_slowly(out: &mut impl Write, events: &[Vec<u8>], pause: Duration) -> std::io::Result<()> {
    paced(out, events, End::Proper, pause)
}

fn paced(out: &mut impl Write, events: &[Vec<u8>], end: End, pause: Duration) -> std::io::Result<()> {
    out.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n")?;
    out.write_all(b"Connection: close\r\n\r\n")?;
    for event in events.iter().filter(|event| !event.is_empty()) {
        std::thread::sleep(pause);
        write!(out, "{:x}\r\n", event.len())?;
        out.write_all(event)?;
        out.write_all(b"\r\n")?;
        out.flush()?;
    }
    if end == End::Proper {
        out.write_all(b"0\r\n\r\n")?;
    }
    Ok(())
}

/// Answers with a status.
pub fn status(out: &mut impl Write, status: u16, headers: &[(&str, String)], body: &str) -> std::io::Result<()> {
    write!(out, "HTTP/1.1 {status} Status\r\nContent-Type: application/json\r\nContent-Length: {}\r\n", body.len())?;
    for (name, value) in headers {
        write!(out, "{name}: {value}\r\n")?;
    }
    write!(out, "Connection: close\r\n\r\n{body}")
}

fn pieces(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(PIECE).map(|piece| piece.iter().collect()).collect()
}

/// A reply as the chunks of a chat completion.
pub fn chat_completions(reply: &Reply) -> Vec<Vec<u8>> {
    let delta = |delta: Value, finish: Value| {
        json!({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "scripted",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
    };
    let mut chunks = vec![delta(json!({"role": "assistant", "content": ""}), Value::Null)];
    chunks.extend(pieces(&reply.text).iter().map(|piece| delta(json!({"content": piece}), Value::Null)));
    for (index, call) in reply.calls.iter().enumerate() {
        let start = json!({"index": index, "id": call.id, "type": "function",
            "function": {"name": call.name, "arguments": ""}});
        chunks.push(delta(json!({"tool_calls": [start]}), Value::Null));
        for piece in pieces(&call.arguments) {
            let more = json!({"index": index, "function": {"arguments": piece}});
            chunks.push(delta(json!({"tool_calls": [more]}), Value::Null));
        }
    }
    let finish = match &reply.stop {
        Stop::Tools => "tool_calls",
        Stop::Length => "length",
        _ => "stop",
    };
    chunks.push(delta(json!({}), json!(finish)));
    let usage = reply.usage;
    let total = usage.input + usage.cache_read + usage.output;
    chunks.push(json!({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "scripted", "choices": [],
        "usage": {
        "prompt_tokens": usage.input + usage.cache_read, "completion_tokens": usage.output, "total_tokens": total,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read},
    }}));
    let mut events: Vec<_> = chunks.iter().map(|chunk| format!("data: {chunk}\n\n").into_bytes()).collect();
    events.push(b"data: [DONE]\n\n".to_vec());
    events
}

/// A reply as the events of a message.
pub fn messages(reply: &Reply) -> Vec<Vec<u8>> {
    let usage = reply.usage;
    let mut events = vec![
        json!({"type": "message_start", "message": {"id": "m", "type": "message", "role": "assistant",
            "model": "scripted", "content": [], "stop_reason": null, "stop_sequence": null, "usage": {
            "input_tokens": usage.input, "cache_read_input_tokens": usage.cache_read,
            "cache_creation_input_tokens": usage.cache_write, "output_tokens": 1}}}),
        json!({"type": "ping"}),
    ];
    if !reply.text.is_empty() {
        let text = pieces(&reply.text).into_iter().map(|piece| json!({"type": "text_delta", "text": piece}));
        block(&mut events, 0, &json!({"type": "text", "text": ""}), text.collect());
    }
    for (index, call) in (1..).zip(&reply.calls) {
        let input = pieces(&call.arguments).into_iter();
        let input = input.map(|piece| json!({"type": "input_json_delta", "partial_json": piece}));
        let opening = json!({"type": "tool_use", "id": call.id, "name": call.name, "input": {}});
        block(&mut events, index, &opening, input.collect());
    }
    let stop = match &reply.stop {
        Stop::Tools => "tool_use",
        Stop::Length => "max_tokens",
        _ => "end_turn",
    };
    events.push(
        json!({"type": "message_delta", "delta": {"stop_reason": stop, "stop_sequence": null}, "usage": {"output_tokens": usage.output}}),
    );
    events.push(json!({"type": "message_stop"}));
    let named = |event: &Value| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or_default());
    events.iter().map(|event| named(event).into_bytes()).collect()
}

fn block(events: &mut Vec<Value>, index: u64, opening: &Value, deltas: Vec<Value>) {
    events.push(json!({"type": "content_block_start", "index": index, "content_block": opening}));
    for delta in deltas {
        events.push(json!({"type": "content_block_delta", "index": index, "delta": delta}));
    }
    events.push(json!({"type": "content_block_stop", "index": index}));
}
