//! Which roles there are: those whose worker can be told what it is.

use super::OpenTown;
use crate::agent::prompt::Prompts;
use crate::bead::lookup;
use crate::error::{Failure, Kind, Outcome};
use crate::id::RoleName;

/// The roles that have a template: those built in, then the town's own.
pub fn all(open: &OpenTown) -> Vec<RoleName> {
    Prompts::of(open.town.templates_dir()).role_names()
}

/// Refuses a role that no worker could be told.
///
/// # Errors
/// When it has no template; the nearest role is named.
pub fn check(open: &OpenTown, role: &RoleName) -> Outcome<()> {
    let known = all(open);
    if known.contains(role) {
        return Ok(());
    }
    let failure = Failure::new(Kind::NotFound, format!("there is no role {:?}", role.as_str()));
    let failure = match lookup::nearest(role.as_str(), known.iter().map(RoleName::as_str)) {
        Some(near) => failure.hint(format!("Did you mean {near}?")),
        None => {
            let names: Vec<&str> = known.iter().map(RoleName::as_str).collect();
            failure.hint(format!("Known are {}.", names.join(", ")))
        }
    };
    Err(failure.hint(format!("A role of your own is what `templates/roles/{role}.md` in the town tells its worker.")))
}
