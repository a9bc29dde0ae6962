//! The Messages API of Anthropic.
//!
//! Sources: <https://docs.claude.com/en/api/messages>, <https://docs.claude.com/en/docs/build-with-claude/streaming>,
//! <https://docs.claude.com/en/docs/build-with-claude/prompt-caching>, <https://docs.claude.com/en/api/errors>.

mod request;
mod stream;

use super::http::Endpoint;
use super::stream::read;
use super::{Model, ModelError, OnEvent, Reply, Request};

/// The version of the API that the requests are written for.
pub(super) const VERSION: &str = "2023-06-01";

/// A model behind the Messages API.
pub(super) struct Anthropic {
    pub endpoint: Endpoint,
    /// The name that the endpoint knows.
    pub model: String,
}

impl Model for Anthropic {
    fn name(&self) -> &str {
        &self.endpoint.model
    }

    fn turn(&self, request: &Request, on_event: &mut OnEvent<'_>) -> Result<Reply, ModelError> {
        let answer = self.endpoint.post(&request::body(&self.model, request))?;
        read(&self.endpoint, answer, stream::Assembly::default(), on_event)
    }
}
