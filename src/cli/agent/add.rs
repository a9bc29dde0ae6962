//! `gt agent add`.

use crate::cli::{Call, Perform, Render, Text, Ui, complete};
use crate::error::Outcome;
use crate::ops::agents::add::{Added, Request, add};

/// Add an agent: a command, or a copy of a known agent under another name
///
/// The command is a line of sh. The prompt takes the place of {prompt}, {prompt_file} is the path of a file with it;
/// when the line has neither, the prompt is its last argument:
///
///   gt agent add mine "my-agent --yes {prompt}"
///   gt agent add cheap --from claude
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Args {
    /// Its name
    #[arg(value_name = "NAME")]
    name: String,
    /// The line of sh that starts it
    #[arg(value_name = "COMMAND", required_unless_present = "from")]
    command: Option<String>,
    /// Build on this agent
    #[arg(long, value_name = "AGENT", add = complete::agents())]
    from: Option<String>,
    /// On this machine only
    #[arg(long)]
    local: bool,
}

impl Perform for Args {
    type Report = Added;

    fn perform(self, call: &mut Call) -> Outcome<Added> {
        let request = Request { name: self.name, command: self.command, from: self.from, local: self.local };
        add(&call.open()?, &request)
    }
}

impl Render for Added {
    fn render(&self, ui: &mut Ui) {
        ui.line(Text::from("Added the agent ").name(&self.name).plain(", in ").path(&self.file));
        if let Some(missing) = &self.missing {
            ui.warning(missing);
        }
        ui.hint(format!("`gt agent test {0}` tries it; `gt config set agent {0}` lets it work", self.name));
    }
}
