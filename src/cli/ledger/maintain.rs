//! `gt ledger pack` and `gt ledger settle`.

use crate::cli::{Call, Perform, Render, Text, Ui};
use crate::error::Outcome;
use crate::ledger::Packed;
use crate::ops::ledger::maintain::{Packing, Settled, pack, settle};

/// Pack the ledger's objects; nobody has to wait for it
#[derive(Debug, clap::Args)]
pub(super) struct PackArgs {}

/// Bring the files and git's index in step with the ledger; what you edited stays
#[derive(Debug, clap::Args)]
pub(super) struct SettleArgs {}

impl Perform for PackArgs {
    type Report = Packing;

    fn perform(self, call: &mut Call) -> Outcome<Packing> {
        pack(&call.open_to_mend()?)
    }
}

impl Perform for SettleArgs {
    type Report = Settled;

    fn perform(self, call: &mut Call) -> Outcome<Settled> {
        settle(&call.open_to_mend()?)
    }
}

impl Render for Packing {
    fn render(&self, ui: &mut Ui) {
        ui.line(match self.packed {
            Packed::Busy => "another process packs the ledger just now",
            Packed::Loose => "packed the loose objects",
            Packed::All => "packed everything into one pack",
        });
    }
}

impl Render for Settled {
    fn render(&self, ui: &mut Ui) {
        ui.line(if self.was_settled {
            "files and git's index were in step"
        } else {
            "files and git's index are in step now"
        });
        if self.hook_installed {
            ui.line("the hook for commits of plain git is in its place");
        }
        for path in &self.edited {
            ui.line(Text::from("edited by hand, and left so: ").path(path));
        }
    }
}
