//! What an endpoint says when it does not answer, in the shapes that endpoints use.
//!
//! Shapes: `{"error": {"message", "type", "code"}}` (OpenAI, OpenRouter), `{"type": "error", "error": {"type",
//! "message"}}` (Anthropic), `{"error": "text"}` (Ollama), `{"message"}` or `{"detail"}` (vLLM and proxies).

use serde_json::Value;

/// The longest excerpt of an answer that an error shows, in characters.
const EXCERPT: usize = 300;

/// Words for trouble that passes, of OpenAI and Anthropic.
const PASSING: &[&str] = &[
    "api_error",
    "overloaded_error",
    "rate_limit_error",
    "rate_limit_exceeded",
    "server_error",
    "timeout_error",
    "408",
    "429",
];

/// An error as the endpoint words it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Complaint {
    /// Its own word for the class of the error; empty when it has none.
    pub code: String,
    /// What it says.
    pub message: String,
}

impl Complaint {
    /// From the body of an answer that reports a failure.
    pub fn from_body(body: &[u8]) -> Self {
        let parsed: Option<Value> = serde_json::from_slice(body).ok();
        parsed.as_ref().and_then(Self::from_value).unwrap_or_else(|| {
            let message = excerpt(&String::from_utf8_lossy(body));
            let message = if message.is_empty() { "no explanation".to_owned() } else { message };
            Self { code: String::new(), message }
        })
    }

    /// From a JSON value, if it is a complaint.
    pub fn from_value(value: &Value) -> Option<Self> {
        let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        match value.get("error") {
            Some(Value::Object(fields)) => {
                let error = Value::Object(fields.clone());
                let code = text(&error, "code")
                    .or_else(|| error.get("code").and_then(Value::as_u64).map(|code| code.to_string()))
                    .or_else(|| text(&error, "type"))
                    .unwrap_or_default();
                let message = text(&error, "message").unwrap_or_else(|| error.to_string());
                Some(Self { code, message: excerpt(&message) })
            }
            Some(Value::String(message)) => Some(Self { code: String::new(), message: excerpt(message) }),
            _ => {
                let message = text(value, "message").or_else(|| text(value, "detail"))?;
                Some(Self { code: text(value, "type").unwrap_or_default(), message: excerpt(&message) })
            }
        }
    }

    /// Whether its word is one for trouble that passes.
    pub fn passing(&self) -> bool {
        PASSING.contains(&self.code.as_str()) || (self.code.len() == 3 && self.code.starts_with('5'))
    }
}

/// The beginning of a text on one line, without control characters.
pub(super) fn excerpt(text: &str) -> String {
    let words: Vec<_> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    let line = words.join(" ");
    match line.char_indices().nth(EXCERPT) {
        Some((place, _)) => format!("{} ...", &line[..place]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shapes_of_complaints() {
        let table = [
            (r#"{"error":{"message":"no","type":"invalid","code":"bad"}}"#, "bad", "no"),
            (r#"{"error":{"message":"no","type":"invalid","code":null}}"#, "invalid", "no"),
            (r#"{"error":{"message":"no","code":502}}"#, "502", "no"),
            (
                r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
                "overloaded_error",
                "Overloaded",
            ),
            (r#"{"error":"model not found"}"#, "", "model not found"),
            (r#"{"object":"error","message":"no","type":"BadRequest"}"#, "BadRequest", "no"),
            (r#"{"detail":"Not Found"}"#, "", "Not Found"),
            ("<html>\n  Bad\u{7} Gateway</html>", "", "<html> Bad Gateway</html>"),
            ("", "", "no explanation"),
        ];
        for (body, code, message) in table {
            let expected = Complaint { code: code.into(), message: message.into() };
            assert_eq!(Complaint::from_body(body.as_bytes()), expected, "{body}");
        }
    }

    #[test]
    fn a_long_text_is_shortened() {
        assert_eq!(excerpt(&"ä".repeat(5000)).chars().count(), EXCERPT + 4);
    }

    #[test]
    fn which_trouble_passes() {
        let passing = |code: &str| Complaint { code: code.into(), message: String::new() }.passing();
        assert!(passing("overloaded_error") && passing("529") && passing("429"));
        assert!(!passing("invalid_request_error") && !passing("401") && !passing(""));
    }
}
