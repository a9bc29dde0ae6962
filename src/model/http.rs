//! One endpoint: posts a request, sorts out failures, hands back the stream of events.

use std::io::{BufReader, Read};
use std::time::Duration;

use chrono::{SubsecRound, TimeDelta, Utc};
use serde_json::Value;
use ureq::http::HeaderMap;

use super::ModelError;
use super::complaint::Complaint;
use super::sse::Events;
use crate::clock::Timestamp;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(15);

/// How long an endpoint may say nothing; reasoning models are silent for minutes.
const SILENCE: Duration = Duration::from_secs(300);

/// How much of an answer that reports a failure is read, in bytes.
const FAILURE_BODY: u64 = 64 << 10;

/// An address, what to send along, and how to name it in errors.
pub(super) struct Endpoint {
    /// `provider/name`.
    pub model: String,
    /// `provider/name at https://host/base`, without user and password.
    pub shown: String,
    /// Where to post.
    pub url: String,
    /// Headers, the key included.
    pub headers: Vec<(&'static str, String)>,
    /// The key, so that it can be kept out of messages.
    pub secret: Option<String>,
    /// What to look at when access is refused.
    pub check: &'static str,
}

/// The events of an answer that began well.
pub(super) type Answer = Events<BufReader<Box<dyn Read + Send>>>;

impl Endpoint {
    /// Posts `body` and waits for the head of the answer.
    pub fn post(&self, body: &Value) -> Result<Answer, ModelError> {
        let mut request = agent(&self.url).post(&self.url).header("accept", "text/event-stream");
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let response = request.send_json(body).map_err(|error| self.unsent(&error))?;
        let (head, body) = response.into_parts();
        if !head.status.is_success() {
            return Err(self.failure(head.status.as_u16(), &head.headers, body.into_reader()));
        }
        Ok(Events::new(BufReader::new(Box::new(body.into_reader()))))
    }

    /// The text without the key.
    pub fn hide(&self, text: &str) -> String {
        match &self.secret {
            Some(secret) if !secret.is_empty() => text.replace(secret.as_str(), "[key]"),
            _ => text.to_owned(),
        }
    }

    fn unsent(&self, error: &ureq::Error) -> ModelError {
        let endpoint = self.shown.clone();
        match error {
            ureq::Error::Http(_) | ureq::Error::BadUri(_) => ModelError::Rejected {
                endpoint,
                status: 0,
                message: "the address or the key has characters that cannot be sent".into(),
            },
            ureq::Error::Timeout(_) => {
                ModelError::Unreachable { endpoint, reason: format!("no answer in time ({error})") }
            }
            error => ModelError::Unreachable { endpoint, reason: self.hide(&error.to_string()) },
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the time to come back counts from this very moment")]
    fn failure(&self, status: u16, headers: &HeaderMap, body: impl Read) -> ModelError {
        let mut bytes = Vec::new();
        // A body that breaks off still tells what came before.
        let _ = body.take(FAILURE_BODY).read_to_end(&mut bytes);
        let Complaint { code, message } = Complaint::from_body(&bytes);
        let (endpoint, message) = (self.shown.clone(), self.hide(&message));
        let until = retry_after(headers, Utc::now());
        match (status, code.as_str()) {
            (_, "insufficient_quota") | (402, _) => {
                ModelError::Denied { endpoint, status, message, check: "the credit and the plan of the account" }
            }
            (401 | 403, _) => ModelError::Denied { endpoint, status, message, check: self.check },
            (413, _) | (400, "context_length_exceeded") => ModelError::TooLong { endpoint, message },
            (429, _) => ModelError::Limited { endpoint, message, until },
            (408 | 500.., _) => ModelError::Failing { endpoint, status, message, until },
            _ => ModelError::Rejected { endpoint, status, message },
        }
    }
}

/// Connections are not kept: tools run between two turns, and a connection that went stale meanwhile looks like trouble.
fn agent(url: &str) -> ureq::Agent {
    let mut config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_idle_connections(0)
        .timeout_connect(Some(CONNECT))
        .timeout_per_read(Some(SILENCE))
        .timeout_per_write(Some(SILENCE))
        .user_agent(concat!("gt/", env!("CARGO_PKG_VERSION")));
    if is_loopback(url) {
        config = config.proxy(None);
    }
    config.build().into()
}

/// Whether an address is on this machine, where no proxy can help.
fn is_loopback(url: &str) -> bool {
    let uri: Option<ureq::http::Uri> = url.parse().ok();
    let host = uri.as_ref().and_then(ureq::http::Uri::host).unwrap_or_default();
    host == "localhost"
        || host.trim_matches(['[', ']']).parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

/// When to come back: `Retry-After` (RFC 9110 section 10.2.3) as seconds or as a date, or `retry-after-ms`.
/// Rounded up to a whole second.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    let value = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let millis = value("retry-after-ms").and_then(|text| text.parse::<u32>().ok()).map(i64::from);
    let seconds =
        || value("retry-after").and_then(|text| text.parse::<u32>().ok()).map(|number| i64::from(number) * 1000);
    if let Some(millis) = millis.or_else(seconds) {
        let exact = now + TimeDelta::milliseconds(millis);
        let whole = exact.trunc_subsecs(0);
        return Some(if whole < exact { whole + TimeDelta::seconds(1) } else { whole });
    }
    let date = chrono::DateTime::parse_from_rfc2822(value("retry-after")?).ok()?;
    Some(date.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn times_to_come_back() {
        let now = at("2026-03-01T10:00:00.400Z");
        let table = [
            ("retry-after", "7", Some("2026-03-01T10:00:08Z")),
            ("retry-after", " 0 ", Some("2026-03-01T10:00:01Z")),
            ("retry-after", "Sun, 01 Mar 2026 10:05:00 GMT", Some("2026-03-01T10:05:00Z")),
            ("retry-after-ms", "600", Some("2026-03-01T10:00:01Z")),
            ("retry-after", "soon", None),
            ("retry-after", "-3", None),
            ("retry-after", "99999999999999", None),
            ("x-other", "7", None),
        ];
        for (name, value, expected) in table {
            let headers = [(name, value)]
                .into_iter()
                .map(|(name, value)| (name.parse().expect("a header name"), value.parse().expect("a header value")));
            let headers: HeaderMap = headers.collect();
            assert_eq!(retry_after(&headers, now), expected.map(at), "{name}: {value}");
        }
    }

    #[test]
    fn addresses_on_this_machine() {
        for url in ["http://127.0.0.1:8080/v1", "http://localhost/x", "http://[::1]:11434/v1"] {
            assert!(is_loopback(url), "{url}");
        }
        for url in ["https://api.openai.com/v1", "http://10.0.0.1", "http://localhost.example.org", "nonsense"] {
            assert!(!is_loopback(url), "{url}");
        }
    }
}
