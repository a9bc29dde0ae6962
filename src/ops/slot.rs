//! What each session that runs has for itself: a slot, and with it ports, a temporary folder, a suffix for databases,
//! so that the test servers of two workers do not collide.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::OpenTown;
use crate::env;
use crate::error::{Failure, Kind, Outcome};
use crate::id::SessionId;

/// How many ports a slot has.
const PORTS: u32 = 100;

/// The variables of a slot; its temporary folder is made.
///
/// # Errors
/// When the folder cannot be made.
pub(super) fn variables(open: &OpenTown, session: &SessionId, slot: u32) -> Outcome<BTreeMap<String, String>> {
    let folder = folder(open, session)?;
    std::fs::create_dir_all(&folder)
        .map_err(|error| Failure::caused(Kind::External, format!("cannot make {}", folder.display()), error))?;
    let ports = first_port(open.settings.ports, slot);
    Ok([
        (env::SLOT, Some(slot.to_string())),
        (env::PORT_BASE, ports.map(|port| port.to_string())),
        (env::DB_SUFFIX, Some(format!("_gt{slot}"))),
        ("TMPDIR", Some(folder.display().to_string())),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?)))
    .collect())
}

/// The first of the ports of a slot; none when there are no more.
fn first_port(from: u32, slot: u32) -> Option<u32> {
    let first = from.checked_add(slot.checked_sub(1)?.checked_mul(PORTS)?)?;
    (first + PORTS <= 65_536).then_some(first)
}

/// Removes the temporary folder of a session that is over.
pub(super) fn clear(open: &OpenTown, session: &SessionId) {
    let Ok(folder) = folder(open, session) else { return };
    // What is left of it stands in nobody's way: no other session gets this name.
    let _ = std::fs::remove_dir_all(&folder);
    if let Some(above) = folder.parent() {
        let _ = std::fs::remove_dir(above);
    }
}

fn folder(open: &OpenTown, session: &SessionId) -> Outcome<PathBuf> {
    Ok(open.town.temporary_dir()?.join(session.as_str()))
}

#[cfg(test)]
mod tests {
    use super::first_port;

    #[test]
    fn ports_of_two_slots_do_not_meet() {
        assert_eq!((first_port(20_000, 1), first_port(20_000, 2)), (Some(20_000), Some(20_100)));
        assert_eq!((first_port(20_000, 456), first_port(65_436, 1)), (None, Some(65_436)));
        assert_eq!((first_port(20_000, 0), first_port(1, u32::MAX)), (None, None));
    }
}
