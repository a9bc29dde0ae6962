//! Changes that nobody else sees: what is to be written elsewhere lies in memory, over what is there.

use std::fs;

use super::Scratch;
use super::mounts::{empty, instead, overlay};

pub(super) fn make(wanted: &Scratch) -> Result<(), String> {
    let folder = &wanted.folder;
    empty(folder)?;
    for (number, place) in wanted.over.iter().filter(|place| place.exists()).enumerate() {
        let own = folder.join("over").join(number.to_string());
        let failed = |error: std::io::Error| format!("cannot make {}: {error}", own.display());
        if place.is_dir() {
            let [upper, work] = ["upper", "work"].map(|name| own.join(name));
            fs::create_dir_all(&upper).and_then(|()| fs::create_dir_all(&work)).map_err(failed)?;
            overlay(place, &upper, &work)?;
        } else {
            fs::create_dir_all(&own).map_err(failed)?;
            let copy = own.join("file");
            fs::copy(place, &copy).map_err(failed)?;
            instead(&copy, place)?;
        }
    }
    Ok(())
}
