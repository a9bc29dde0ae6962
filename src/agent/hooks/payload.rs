//! What agents tell their hooks, and what they are answered: JSON, in spellings that differ little.

use serde_json::{Value, json};

use crate::runtime::{HookEvent, HookKind};

/// The longest text of an event, in characters.
const TEXT: usize = 600;

/// The event that an agent's payload tells of; what it does not tell, or not as JSON, is left out.
pub fn heard(kind: HookKind, payload: &str) -> HookEvent {
    let payload: Value = serde_json::from_str(payload).unwrap_or_default();
    // Some tell of a failure where they tell of the end of a turn.
    let failed = kind == HookKind::Stop && payload["error"].as_str().is_some_and(|words| !words.trim().is_empty());
    let kind = if failed { HookKind::Fail } else { kind };
    let find = |names: &[&str]| {
        let found = names.iter().filter_map(|name| payload[*name].as_str());
        found.map(str::trim).find(|text| !text.is_empty()).map(str::to_owned)
    };
    let texts: &[&str] = match kind {
        HookKind::Prompt => &["prompt", "initialPrompt", "user_prompt", "userPrompt"],
        HookKind::Stop => &["last_assistant_message", "lastAssistantMessage", "prompt_response", "stopReason"],
        HookKind::Fail => &["error", "error_message", "errorMessage", "message", "reason"],
        HookKind::Start => &["source"],
        HookKind::Compact | HookKind::Compacted => &["trigger"],
        HookKind::Waiting => &["message", "notification_type"],
        HookKind::Tool | HookKind::ToolDone | HookKind::Interrupt | HookKind::End => &["reason"],
    };
    HookEvent {
        conversation: find(&["session_id", "sessionId", "conversation_id"]),
        transcript: find(&["transcript_path", "transcriptPath"]).map(Into::into),
        tool: find(&["tool_name", "toolName"]),
        text: find(texts).map(|text| text.chars().take(TEXT).collect()),
        ..HookEvent::of(kind)
    }
}

/// What a hook can answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Go on with this instead of stopping; the agent's word for it first.
    GoOn(String, String),
    /// Something to know, at a start or a compaction.
    Context(String),
}

impl Answer {
    /// As the agent reads it that sent this payload.
    pub fn for_payload(&self, payload: &str) -> String {
        let payload: Value = serde_json::from_str(payload).unwrap_or_default();
        let answer = match self {
            Self::GoOn(word, reason) => json!({"decision": word, "reason": reason}),
            Self::Context(text) => match payload["hook_event_name"].as_str() {
                Some(name) => {
                    json!({"hookSpecificOutput": {"hookEventName": name, "additionalContext": text}})
                }
                None => json!({"additionalContext": text}),
            },
        };
        answer.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_agents_spelling_is_heard() {
        let claude = r#"{"session_id":"u-1","transcript_path":"/t/u-1.jsonl","hook_event_name":"UserPromptSubmit","prompt":" Fix it\nnow "}"#;
        let event = heard(HookKind::Prompt, claude);
        assert_eq!(event.conversation.as_deref(), Some("u-1"));
        assert_eq!(event.transcript.as_deref(), Some("/t/u-1.jsonl".as_ref()));
        assert_eq!(event.text.as_deref(), Some("Fix it\nnow"));
        let copilot = heard(HookKind::Tool, r#"{"sessionId":"c","timestamp":3,"toolName":"bash","toolArgs":{}}"#);
        assert_eq!((copilot.conversation.as_deref(), copilot.tool.as_deref()), (Some("c"), Some("bash")));
        let failed = heard(HookKind::Fail, r#"{"session_id":"u","error":"rate_limit"}"#);
        assert_eq!(failed.text.as_deref(), Some("rate_limit"));
    }

    #[test]
    fn what_is_no_json_is_an_event_all_the_same() {
        for payload in ["", "no json", "[1]", "null", "{\"prompt\": 3}"] {
            let event = heard(HookKind::Prompt, payload);
            assert_eq!((event.kind, event.text, event.conversation), (HookKind::Prompt, None, None));
        }
        let long = json!({"prompt": "ü".repeat(100_000)}).to_string();
        assert_eq!(heard(HookKind::Prompt, &long).text.map(|text| text.chars().count()), Some(TEXT));
    }

    #[test]
    fn answers_are_in_the_agents_shape() {
        let go_on = Answer::GoOn("block".to_owned(), "a \"word\"".to_owned());
        assert_eq!(go_on.for_payload("{}"), r#"{"decision":"block","reason":"a \"word\""}"#);
        let context = Answer::Context("know".to_owned());
        let said = context.for_payload(r#"{"hook_event_name":"SessionStart"}"#);
        assert_eq!(said, r#"{"hookSpecificOutput":{"hookEventName":"SessionStart","additionalContext":"know"}}"#);
        assert_eq!(context.for_payload(r#"{"sessionId":"x"}"#), r#"{"additionalContext":"know"}"#);
    }
}
