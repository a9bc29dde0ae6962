//! `gt config get`.

use super::{ScopeArgs, value};
use crate::cli::{Call, Perform, Render, Ui, complete};
use crate::error::Outcome;
use crate::ops::config;
use crate::town::config::Row;

/// Print the value of one setting that is in force
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The setting, such as `capacity`, `health.stalled` or `rigs.web.branch`
    #[arg(add = complete::settings())]
    key: String,
    #[command(flatten)]
    scope: ScopeArgs,
}

impl Perform for Args {
    type Report = Row;

    fn perform(self, call: &mut Call) -> Outcome<Row> {
        config::get(&call.town()?, &self.key, &self.scope.scope(false))
    }
}

/// The bare value, for scripts; a list line by line.
impl Render for Row {
    fn render(&self, ui: &mut Ui) {
        match &self.value {
            Some(toml::Value::Array(items)) => {
                for item in items {
                    ui.line(value(Some(item)));
                }
            }
            Some(found) => ui.line(value(Some(found))),
            None => ui.say(format!("{} is not set", self.key)),
        }
    }
}
