//! `rig`: the projects of a town.

pub mod add;
pub mod gates;
pub mod list;
pub mod origin;
pub mod park;
pub mod remove;
pub mod show;
pub mod trial;

use crate::error::{Failure, Kind, Outcome};
use crate::id::RigName;
use crate::ops::OpenTown;
use crate::town::Rig;

/// Changes the document of a rig in one transaction, starting from what the ledger has at that moment.
fn change<T>(
    open: &OpenTown,
    name: &RigName,
    event: &str,
    subject: &str,
    mut edit: impl FnMut(&mut Rig) -> Outcome<T>,
) -> Outcome<T> {
    let path = crate::town::config::File::Rig(name.clone()).path();
    let done = open.ledger.transact(&open.actor, |transaction| {
        let text = transaction.text(&path)?.ok_or_else(|| not_in_ledger(&path))?;
        let mut rig = Rig::parse(&path, &text)?;
        let value = edit(&mut rig)?;
        transaction.put_text(path.as_str(), rig.render());
        transaction.describe(event, subject);
        Ok(value)
    })?;
    Ok(done.value)
}

fn not_in_ledger(path: &str) -> Failure {
    Failure::new(Kind::Conflict, format!("{path} is a file that the ledger does not have"))
        .hint("`gt ledger adopt` takes hand edits in")
}
