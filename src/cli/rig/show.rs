//! `gt rig show`.

use crate::cli::{Call, Perform, Render, Text, Ui, complete};
use crate::error::Outcome;
use crate::ops::rig::show::{Shown, show};

/// Show one rig with everything that is set for it
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The rig
    #[arg(add = complete::rigs())]
    rig: String,
}

impl Perform for Args {
    type Report = Shown;

    fn perform(self, call: &mut Call) -> Outcome<Shown> {
        show(&call.open()?, &self.rig)
    }
}

impl Render for Shown {
    fn render(&self, ui: &mut Ui) {
        let rig = &self.rig;
        let state = if rig.parked { "parked" } else { "active" };
        ui.line(Text::new().name(&rig.name).plain("  ").state(state));
        let fact = |name: &str, value: Text| Text::from(format!("  {name:<11}")).join(value);
        ui.line(fact("from", Text::new().path(&rig.url)));
        ui.line(fact("lands in", rig.branch.as_str().into()));
        ui.line(fact("prefix", rig.prefix.to_string().into()));
        ui.line(fact("repository", Text::new().path(self.repository.display())));
        for (name, words) in [("set-up", &rig.setup), ("copies", &rig.copy), ("links", &rig.link), ("keeps", &rig.keep)]
        {
            for word in words {
                ui.line(fact(name, Text::new().command(word)));
            }
        }
        for gate in &rig.gates {
            let limit = gate.limit.map(|limit| format!("  at most {limit}")).unwrap_or_default();
            let optional = if gate.required { "" } else { "  not required" };
            let command = Text::new().command(&gate.run).faint(format_args!("  {}{limit}{optional}", gate.name));
            ui.line(fact("gate", command));
        }
        if rig.gates.is_empty() {
            ui.line(fact("gate", Text::new().warn("none: whatever merges, lands")));
        }
        for (role, limit) in &rig.workers {
            ui.line(fact("workers", format!("{limit} {role}").into()));
        }
        for (worker, role) in rig.polecats() {
            ui.line(fact("worker", Text::new().name(&worker.name).faint(format_args!("  {role}"))));
        }
    }
}
