//! Which model to ask: `provider/name`, else what the environment offers.

use super::scripted::Scripted;
use super::{Model, ModelError};
use crate::env;

/// The providers of `provider/name`.
pub const PROVIDERS: &[&str] = &["openai", "anthropic", "openrouter", "ollama", "scripted"];

/// The model to ask.
pub fn from_env(given: Option<&str>) -> Result<Box<dyn Model>, ModelError> {
    let script = std::env::var(env::SCRIPT).ok();
    if let Some(file) = given.and_then(|given| given.strip_prefix("scripted/")).or(script.as_deref()) {
        return Ok(Box::new(Scripted::open(file.as_ref())?));
    }
    Err(ModelError::NotSet)
}
