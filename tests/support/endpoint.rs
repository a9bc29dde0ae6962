//! A model endpoint on loopback that is scripted: chat completions, Responses, Messages and Gemini, with the faults of
//! real ones.
//!
//! Stands alone, so that `examples/endpoint.rs` can run it for a person too.
#![allow(dead_code, reason = "each program uses its own part of this")]

#[path = "endpoint/formats.rs"]
mod formats;
#[path = "endpoint/wire.rs"]
mod wire;

use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gt::model::scripted::{Script, Step};
use gt::model::{Reply, Stop, Subject, ToolCall, Usage};
use serde_json::{Value, json};

/// What the endpoint does with one request.
pub enum Answer {
    /// Streams a whole reply.
    Reply(Reply),
    /// Streams a whole reply, with this pause before each event.
    Slowly(Reply, Duration),
    /// Streams the first half of a reply, then drops the connection.
    Half(Reply),
    /// Streams the first half of a reply, then ends the body as if that were all.
    Short(Reply),
    /// Answers with a status, headers and a body.
    Status(u16, Vec<(&'static str, String)>, Value),
    /// Answers 200 with these bytes as an event stream.
    Bytes(Vec<u8>),
    /// Drops the connection without a word.
    HangUp,
}

impl Answer {
    /// A reply that only says something.
    pub fn says(text: &str) -> Self {
        Self::Reply(says(text))
    }

    /// A reply that calls tools, each with a name and its arguments.
    pub fn calls(calls: &[(&str, Value)]) -> Self {
        Self::Reply(calls_of(calls))
    }

    /// 429 with a `Retry-After`.
    pub fn limited(retry_after: &str) -> Self {
        let body = json!({"error": {"message": "slow down", "type": "rate_limit_error"}});
        Self::Status(429, vec![("Retry-After", retry_after.to_owned())], body)
    }

    /// A status with a complaint.
    pub fn status(status: u16, message: &str) -> Self {
        Self::Status(status, vec![], json!({"error": {"message": message, "type": "some_error"}}))
    }
}

/// A reply that only says something.
pub fn says(text: &str) -> Reply {
    let usage = Usage { input: 10, output: 5, cache_read: 3, cache_write: 0 };
    Reply { text: text.to_owned(), calls: vec![], stop: Stop::Done, usage }
}

/// A reply that calls tools.
pub fn calls_of(calls: &[(&str, Value)]) -> Reply {
    let call = |(place, (name, arguments)): (usize, &(&str, Value))| ToolCall {
        id: format!("call_{name}_{place}"),
        name: (*name).to_owned(),
        arguments: arguments.to_string(),
    };
    Reply { calls: calls.iter().enumerate().map(call).collect(), stop: Stop::Tools, ..says("") }
}

/// One request as it came.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The path of the URL.
    pub path: String,
    /// The headers, their names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Value,
}

impl Recorded {
    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The system text, in either format.
    pub fn system(&self) -> String {
        let messages = self.body["messages"].as_array().into_iter().flatten();
        let of_messages =
            messages.filter(|message| message["role"] == "system").map(|message| text(&message["content"]));
        format!("{}{}", text(&self.body["system"]), of_messages.collect::<Vec<_>>().join("\n"))
    }

    /// The text of the messages before the first reply, and how many replies there are.
    fn conversation(&self) -> (String, usize) {
        let messages: Vec<_> = self.body["messages"].as_array().into_iter().flatten().collect();
        let replies = messages.iter().filter(|message| message["role"] == "assistant").count();
        let first = messages.iter().take_while(|message| message["role"] != "assistant");
        let first: Vec<_> = first.map(|message| text(&message["content"])).collect();
        (format!("{}\n{}", text(&self.body["system"]), first.join("\n")), replies)
    }
}

/// Content as text: a string, or blocks that have one.
fn text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(blocks) => {
            let texts: Vec<_> = blocks.iter().filter_map(|block| block["text"].as_str()).collect();
            texts.join("\n")
        }
        _ => String::new(),
    }
}

enum Plan {
    /// In this order, whatever is asked.
    Answers(Mutex<std::collections::VecDeque<Answer>>),
    /// As the script says.
    Script(Script),
    /// As this says of each request.
    Thought(Box<dyn Fn(&Recorded) -> Answer + Send + Sync>),
}

struct Shared {
    plan: Plan,
    requests: Mutex<Vec<Recorded>>,
    ended: AtomicBool,
}

/// A running endpoint; ends when it is dropped.
pub struct Endpoint {
    address: SocketAddr,
    shared: Arc<Shared>,
    listener: Option<std::thread::JoinHandle<()>>,
}

impl Endpoint {
    /// Gives these answers, one for each request; after the last it answers 400.
    pub fn answering(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self::start(0, Plan::Answers(Mutex::new(answers.into_iter().collect())))
    }

    /// Answers each request by itself.
    pub fn thinking(think: impl Fn(&Recorded) -> Answer + Send + Sync + 'static) -> Self {
        Self::start(0, Plan::Thought(Box::new(think)))
    }

    /// Plays a script, chosen by the subject in the system text, like the scripted model.
    pub fn playing(script: Script) -> Self {
        Self::start(0, Plan::Script(script))
    }

    /// The same on a port of one's choice.
    pub fn playing_on(port: u16, script: Script) -> Self {
        Self::start(port, Plan::Script(script))
    }

    fn start(port: u16, plan: Plan) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port on loopback is free");
        let address = listener.local_addr().expect("a bound socket has an address");
        let shared = Arc::new(Shared { plan, requests: Mutex::default(), ended: AtomicBool::new(false) });
        let for_thread = Arc::clone(&shared);
        let listener = std::thread::spawn(move || listen(&listener, &for_thread));
        Self { address, shared, listener: Some(listener) }
    }

    /// Its base URL, without `/v1`.
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.requests.lock().expect("no thread of the endpoint panics with the lock").clone()
    }

    /// Waits for ever: for a program that is nothing but an endpoint.
    pub fn serve(mut self) {
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        // A connection wakes the listener so that it sees the end.
        let _ = TcpStream::connect(self.address);
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
    }
}

fn listen(listener: &TcpListener, shared: &Arc<Shared>) {
    for connection in listener.incoming() {
        if shared.ended.load(Ordering::SeqCst) {
            return;
        }
        let Ok(connection) = connection else { continue };
        let shared = Arc::clone(shared);
        std::thread::spawn(move || {
            // A client that hangs up is its own affair.
            let _ = serve(&connection, &shared);
        });
    }
}

fn serve(connection: &TcpStream, shared: &Shared) -> std::io::Result<()> {
    connection.set_read_timeout(Some(Duration::from_secs(20)))?;
    let request = wire::read_request(connection)?;
    shared.requests.lock().expect("no thread of the endpoint panics with the lock").push(request.clone());
    let answer = match &shared.plan {
        Plan::Answers(answers) => {
            let next = answers.lock().expect("no thread of the endpoint panics with the lock").pop_front();
            next.unwrap_or_else(|| Answer::status(400, "the endpoint has no answer left"))
        }
        Plan::Script(script) => play(script, &request),
        Plan::Thought(think) => think(&request),
    };
    let mut out = connection;
    match answer {
        Answer::Reply(reply) if !formats::is_streamed(&request) => {
            wire::status(&mut out, 200, &[], &formats::whole(&request.path, &reply).to_string())
        }
        Answer::Reply(reply) => wire::stream(&mut out, &events(&request.path, &reply), wire::End::Proper),
        Answer::Slowly(reply, pause) => wire::stream_slowly(&mut out, &events(&request.path, &reply), pause),
        Answer::Half(reply) => wire::stream(&mut out, &half(&events(&request.path, &reply)), wire::End::Dropped),
        Answer::Short(reply) => wire::stream(&mut out, &half(&events(&request.path, &reply)), wire::End::Proper),
        Answer::Status(status, headers, body) => wire::status(&mut out, status, &headers, &body.to_string()),
        Answer::Bytes(bytes) => wire::stream(&mut out, &[bytes], wire::End::Proper),
        Answer::HangUp => Ok(()),
    }?;
    out.flush()
}

/// The first half of the events, cut in the middle of one.
fn half(events: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut half = events[..events.len().div_ceil(2)].to_vec();
    if let Some(last) = half.last_mut() {
        last.truncate(last.len() / 2);
    }
    half
}

fn play(script: &Script, request: &Recorded) -> Answer {
    let (prompt, replies) = request.conversation();
    let subject = Subject::find_in(&request.system());
    let step: Result<Step, String> =
        script.step(&subject, &prompt, replies).cloned().map_err(|error| error.to_string());
    match step {
        Ok(step) => {
            std::thread::sleep(Duration::from_millis(step.delay_ms));
            let size = request.body.to_string().len() as u64;
            let reply = step.reply(replies + 1);
            Answer::Reply(Reply { usage: Usage { input: size / 4, output: 20, ..Usage::default() }, ..reply })
        }
        Err(reason) => Answer::status(404, &reason),
    }
}

fn events(path: &str, reply: &Reply) -> Vec<Vec<u8>> {
    let path = path.split('?').next().unwrap_or_default();
    match path {
        path if path.ends_with("/messages") => wire::messages(reply),
        path if path.ends_with("/responses") => formats::responses(reply),
        path if path.contains(":streamGenerateContent") => formats::gemini(reply),
        _ => wire::chat_completions(reply),
    }
}
