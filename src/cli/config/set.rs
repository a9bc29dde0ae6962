//! `gt config set` and `gt config unset`.

use super::{ScopeArgs, value};
use crate::cli::{Call, Perform, Render, Text, Ui, complete};
use crate::error::Outcome;
use crate::ops::config::{self, Changed};

/// Change one setting
///
/// The change is written to town.toml, to the file of the rig, or to local.toml, whose settings are those of
/// this machine alone. A list takes its items one by one:
///
///   gt config set rigs.web.setup "npm ci" "npm run build"
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(super) struct SetArgs {
    /// The setting
    #[arg(add = complete::settings())]
    key: String,
    /// Its new value
    #[arg(required = true, value_name = "VALUE")]
    values: Vec<String>,
    /// On this machine only
    #[arg(long, conflicts_with = "rig")]
    local: bool,
    #[command(flatten)]
    scope: ScopeArgs,
}

/// Take one setting away, so that what lies below it shows again
#[derive(Debug, clap::Args)]
pub(super) struct UnsetArgs {
    /// The setting
    #[arg(add = complete::settings())]
    key: String,
    /// On this machine only
    #[arg(long, conflicts_with = "rig")]
    local: bool,
    #[command(flatten)]
    scope: ScopeArgs,
}

impl Perform for SetArgs {
    type Report = Changed;

    fn perform(self, call: &mut Call) -> Outcome<Changed> {
        config::set(&call.open()?, &self.key, Some(&self.values), &self.scope.scope(self.local))
    }
}

impl Perform for UnsetArgs {
    type Report = Changed;

    fn perform(self, call: &mut Call) -> Outcome<Changed> {
        config::set(&call.open()?, &self.key, None, &self.scope.scope(self.local))
    }
}

impl Render for Changed {
    fn render(&self, ui: &mut Ui) {
        let file = Text::new().path(&self.file);
        let text = match (&self.key, self.changed) {
            (Some(key), true) => {
                Text::new().name(key).plain(" is ").join(value(self.value.as_ref())).plain(", in ").join(file)
            }
            (Some(key), false) => Text::new().name(key).plain(" was already ").join(value(self.value.as_ref())),
            (None, true) => Text::from("Changed ").join(file),
            (None, false) => Text::from("Nothing was changed in ").join(file),
        };
        ui.line(text);
    }
}
