//! The end of a demo: nothing of it runs any more, and its folder is gone.

use std::path::Path;
use std::time::Duration;

use super::place::Place;
use crate::clock::Clock;
use crate::error::{Failure, Kind, Outcome};
use crate::ops::{OpenTown, session};
use crate::runtime::{TmuxServer, end_household};
use crate::town::Town;

/// How long processes may take to end by themselves.
const GRACE: Duration = Duration::from_secs(2);

/// Ends everything that the demo started.
pub(super) fn end_everything(place: &Place) -> Outcome<()> {
    // Passes first, so that nobody starts again what ends here.
    end_household(&place.home(), GRACE)?;
    if place.town().join(Town::FILE).exists() {
        end_sessions(place)?;
    }
    // What the end of a session set going.
    Ok(end_household(&place.home(), GRACE)?)
}

fn end_sessions(place: &Place) -> Outcome<()> {
    let town = Town::at(place.town());
    let socket = town.socket_path("tmux.sock")?;
    let open = OpenTown::open(town, &place.town(), Clock::System)?;
    for sighting in session::sightings(&open)? {
        session::close(&open, &sighting.row, Some("the demo is over"))?;
    }
    Ok(TmuxServer::at(&socket).end()?)
}

/// Removes the folder, and the one for what must lie elsewhere: temporary files of workers, sockets with long paths.
pub(super) fn remove(place: &Place) -> Outcome<()> {
    if let Ok(folder) = Town::at(place.town()).temporary_dir() {
        remove_folder(&folder)?;
    }
    remove_folder(&place.folder)
}

fn remove_folder(folder: &Path) -> Outcome<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::caused(Kind::External, format!("cannot remove {}", folder.display()), error))
        }
        _ => Ok(()),
    }
}
