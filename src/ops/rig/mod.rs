//! `rig`: the projects of a town.

pub mod add;
pub mod gates;
pub mod list;
pub mod origin;
pub mod park;
pub mod remove;
pub mod restore;
pub mod show;
pub mod take;
pub mod trial;

use crate::error::Outcome;
use crate::id::RigName;
use crate::ops::rewrite::{Entry, rewrite};
use crate::ops::{OpenTown, roster};
use crate::town::Rig;
use crate::town::config::File;

/// Where the document of a removed rig is kept.
fn retired_path(rig: &RigName) -> String {
    format!("{}/{rig}.toml", roster::RETIRED_FOLDER)
}

/// Changes the document of a rig in one transaction; whether anything is different from before.
pub(super) fn change(
    open: &OpenTown,
    name: &RigName,
    entry: Entry<'_>,
    mut edit: impl FnMut(&mut Rig),
) -> Outcome<bool> {
    let file = File::Rig(name.clone());
    rewrite(open, &file, entry, |text| {
        let mut rig = Rig::parse(&file.path(), text)?;
        edit(&mut rig);
        Ok(rig.render())
    })
}
