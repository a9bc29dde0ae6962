//! Chat completions as OpenAI defines them and OpenRouter, Ollama, vLLM and others speak them.
//!
//! Sources: <https://platform.openai.com/docs/api-reference/chat/create>,
//! <https://platform.openai.com/docs/api-reference/chat-streaming>,
//! <https://openrouter.ai/docs/api-reference/streaming>, <https://docs.ollama.com/api/openai-compatibility>.

mod request;
mod stream;

use super::http::Endpoint;
use super::stream::read;
use super::{Model, ModelError, OnEvent, Reply, Request};
pub(super) use request::Dialect;

/// A model behind chat completions.
pub(super) struct OpenAi {
    pub endpoint: Endpoint,
    /// The name that the endpoint knows.
    pub model: String,
    pub dialect: Dialect,
}

impl Model for OpenAi {
    fn name(&self) -> &str {
        &self.endpoint.model
    }

    fn turn(&self, request: &Request, on_event: &mut OnEvent<'_>) -> Result<Reply, ModelError> {
        let answer = self.endpoint.post(&request::body(&self.model, self.dialect, request))?;
        read(&self.endpoint, answer, stream::Assembly::default(), on_event)
    }
}
