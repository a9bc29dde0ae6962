//! What a person may say about how an agent works, beside which one.

use serde::{Deserialize, Serialize};

/// Profile, model, effort and further arguments, in the agent's own spelling.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tuning {
    /// A named set of settings of the agent's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How hard the model thinks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effort: Option<String>,
    /// Arguments that are handed on as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extra_args: Vec<String>,
}

impl Tuning {
    /// Only a model.
    pub fn of_model(model: Option<String>) -> Self {
        Self { model, ..Self::default() }
    }

    /// This, and where it says nothing, what `below` says.
    pub fn or(self, below: Self) -> Self {
        Self {
            profile: self.profile.or(below.profile),
            model: self.model.or(below.model),
            effort: self.effort.or(below.effort),
            extra_args: if self.extra_args.is_empty() { below.extra_args } else { self.extra_args },
        }
    }
}
