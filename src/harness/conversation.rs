//! The conversation so far, kept below what the model can read.

use serde_json::Value;

use crate::model::{Message, Reply, Request, Subject, ToolSpec};

/// Tokens for each byte until the endpoint has counted once.
const TOKENS_PER_BYTE: f64 = 0.3;

/// How full the context may become before old results are shortened, and how full it may be afterwards.
const FULL: (f64, f64) = (0.8, 0.5);

/// Messages at the end that are left alone at first.
const RECENT: usize = 8;

/// What is left of a text that is shortened, in characters; texts of up to three times that stay whole.
const REST: usize = 200;

/// What is said between the model and us.
#[derive(Debug)]
pub(super) struct Conversation {
    request: Request,
    context: u64,
    tokens_per_byte: f64,
    /// Bytes of the system text and the tools, which every request repeats.
    standing: usize,
}

impl Conversation {
    pub fn new(subject: Subject, system: String, tools: Vec<ToolSpec>, context: u64, max_tokens: u32) -> Self {
        let of_tools: usize = tools.iter().map(|tool| tool.description.len() + tool.schema.to_string().len()).sum();
        let standing = system.len() + of_tools;
        let request = Request { subject, system, tools, max_tokens, ..Request::default() };
        Self { request, context, tokens_per_byte: TOKENS_PER_BYTE, standing }
    }

    /// What to send.
    pub fn request(&self) -> Request {
        self.request.clone()
    }

    /// Adds a message that is no reply.
    pub fn add(&mut self, message: Message) {
        self.request.messages.push(message);
    }

    /// Adds a reply and learns from its counts how long the conversation is.
    pub fn reply(&mut self, reply: &Reply) {
        let sent = self.bytes();
        if reply.usage.prompt() > 0 && sent > 0 {
            self.tokens_per_byte = (reply.usage.prompt() as f64 / sent as f64).clamp(0.05, 1.5);
        }
        self.add(Message::Assistant { text: reply.text.clone(), calls: reply.calls.clone() });
    }

    /// Whether the last message is what a tool answered.
    pub fn ends_with_result(&self) -> bool {
        matches!(self.request.messages.last(), Some(Message::ToolResult { .. }))
    }

    /// About how many tokens the next request has.
    pub fn tokens(&self) -> u64 {
        (self.bytes() as f64 * self.tokens_per_byte) as u64
    }

    /// Shortens old results when the conversation is nearly too long; tells how many texts were shortened.
    pub fn make_room(&mut self) -> usize {
        let room = self.room();
        if self.tokens() as f64 <= room * FULL.0 { 0 } else { self.shorten_to(room * FULL.1) }
    }

    /// Shortens old results until half is gone, because the endpoint says that it is too long.
    pub fn make_much_room(&mut self) -> usize {
        self.shorten_to((self.tokens() as f64 / 2.0).min(self.room() * FULL.1))
    }

    fn room(&self) -> f64 {
        self.context.saturating_sub(u64::from(self.request.max_tokens)) as f64
    }

    fn shorten_to(&mut self, tokens: f64) -> usize {
        let mut shortened = 0;
        for recent in [RECENT, 1] {
            for place in 0..self.request.messages.len().saturating_sub(recent) {
                if self.tokens() as f64 <= tokens {
                    return shortened;
                }
                shortened += shorten(&mut self.request.messages[place]);
            }
        }
        shortened
    }

    fn bytes(&self) -> usize {
        self.standing + self.request.messages.iter().map(bytes).sum::<usize>()
    }
}

fn bytes(message: &Message) -> usize {
    let calls = match message {
        Message::Assistant { calls, .. } => calls.iter().map(|call| call.name.len() + call.arguments.len()).sum(),
        _ => 0,
    };
    message.text().len() + calls
}

/// Shortens a result or the arguments of calls; tells how many texts it shortened. What people say stays whole.
fn shorten(message: &mut Message) -> usize {
    match message {
        Message::User { .. } => 0,
        Message::ToolResult { text, .. } => {
            let short = rest(text, "of an old result; call the tool again if you need them");
            short.map_or(0, |short| {
                *text = short;
                1
            })
        }
        Message::Assistant { calls, .. } => calls
            .iter_mut()
            .map(|call| {
                let Ok(Value::Object(mut fields)) = serde_json::from_str(&call.arguments) else { return 0 };
                let mut shortened = 0;
                for value in fields.values_mut() {
                    let Value::String(text) = value else { continue };
                    if let Some(short) = rest(text, "of an old argument") {
                        *value = Value::String(short);
                        shortened += 1;
                    }
                }
                if shortened > 0 {
                    call.arguments = Value::Object(fields).to_string();
                }
                shortened
            })
            .sum(),
    }
}

/// The beginning of a long text and a note on what is gone.
fn rest(text: &str, what: &str) -> Option<String> {
    let all = text.chars().count();
    if all <= 3 * REST {
        return None;
    }
    let kept: String = text.chars().take(REST).collect();
    Some(format!("{kept}\n[{} characters {what}: left out to save room]", all - REST))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Stop, ToolCall, Usage};

    fn result(text: &str) -> Message {
        Message::ToolResult { call: "c".into(), tool: "shell".into(), text: text.into(), failed: false }
    }

    fn conversation(context: u64, messages: Vec<Message>) -> Conversation {
        let mut conversation = Conversation::new(Subject::default(), "system".into(), vec![], context, 100);
        messages.into_iter().for_each(|message| conversation.add(message));
        conversation
    }

    fn long_talk() -> Vec<Message> {
        let mut messages = vec![Message::user("p".repeat(3000))];
        for number in 0..20 {
            let arguments = serde_json::json!({"path": "a", "content": "c".repeat(2000)}).to_string();
            let call = ToolCall { id: number.to_string(), name: "write_file".into(), arguments };
            messages.push(Message::Assistant { text: "t".repeat(700), calls: vec![call] });
            messages.push(result(&"r".repeat(2000)));
        }
        messages
    }

    #[test]
    fn a_conversation_with_room_is_left_alone() {
        let mut conversation = conversation(1_000_000, long_talk());
        assert_eq!(conversation.make_room(), 0);
        assert_eq!(conversation.request().messages, long_talk());
    }

    #[test]
    fn old_results_go_first_and_what_people_say_stays() {
        let mut conversation = conversation(35_000, long_talk());
        assert!(conversation.tokens() > 28_000, "{}", conversation.tokens());
        assert!(conversation.make_room() > 10);
        assert!(conversation.tokens() < 17_500, "{}", conversation.tokens());
        let (before, after) = (long_talk(), conversation.request().messages);
        assert_eq!(before.len(), after.len(), "no message is dropped: each call keeps its result");
        assert_eq!(before[0], after[0]);
        assert_eq!(before[after.len() - 1], after[after.len() - 1]);
        assert!(after[2].text().ends_with(
            "[1800 characters of an old result; call the tool again if you need them: left out to save room]"
        ));
        let Message::Assistant { calls, text } = &after[1] else { panic!("a reply") };
        let arguments: Value = serde_json::from_str(&calls[0].arguments).expect("still JSON");
        assert_eq!((arguments["path"].as_str(), text.len()), (Some("a"), 700));
        assert!(arguments["content"].as_str().expect("text").contains("[1800 characters of an old argument"));
        assert_eq!(conversation.make_room(), 0, "once is enough");
    }

    #[test]
    fn the_counts_of_the_endpoint_are_learnt() {
        let mut conversation = conversation(1000, vec![Message::user("x".repeat(994))]);
        let usage = Usage { input: 900, cache_read: 100, ..Usage::default() };
        conversation.reply(&Reply { text: String::new(), calls: vec![], stop: Stop::Done, usage });
        assert_eq!(conversation.tokens(), 1000);
        assert!(!conversation.ends_with_result());
    }

    #[test]
    fn much_room_halves_it() {
        let mut conversation = conversation(1_000_000, long_talk());
        let before = conversation.tokens();
        assert!(conversation.make_much_room() > 0);
        assert!(conversation.tokens() <= before / 2 + 500, "{before} {}", conversation.tokens());
    }

    #[test]
    fn when_nothing_can_be_shortened_it_says_so() {
        let mut conversation = conversation(10, vec![Message::user("x".repeat(3000)), result("short"), result("last")]);
        assert_eq!(conversation.make_room(), 0);
    }
}
