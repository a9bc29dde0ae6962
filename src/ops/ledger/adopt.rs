//! `gt ledger adopt`: what a person wrote with an editor becomes part of the ledger.

use std::path::PathBuf;

use serde::Serialize;

use super::judge::{Refusal, judge};
use super::restore::within;
use crate::error::{Failure, Kind, Outcome};
use crate::git::Oid;
use crate::ledger::{HandEdit, HandEditKind};
use crate::ops::{Counts, OpenTown, Report, pass};

/// What was taken over, and what was not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Adopted {
    /// The commit; none when nothing could be taken over.
    pub commit: Option<Oid>,
    /// The files that are part of the ledger now.
    pub adopted: Vec<Edit>,
    /// The files that were left as they are, with the reason.
    pub refused: Vec<Refusal>,
}

/// A file that was taken over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Edit {
    /// The file, relative to the town.
    pub path: String,
    /// What the person did to it.
    pub kind: HandEditKind,
}

impl Report for Adopted {
    const SCHEMA: &'static str = "gt.ledger.adopt/1";

    fn counts(&self) -> Counts {
        let total = self.adopted.len() + self.refused.len();
        Counts { total, returned: total }
    }

    fn exit_code(&self) -> u8 {
        if self.refused.is_empty() { 0 } else { Kind::Invalid.exit_code() }
    }
}

/// Checks the files that a person edited, and commits those that are right, in one commit; of these `paths`, or all.
///
/// # Errors
/// When a path was not edited, or the ledger cannot be read or written.
pub fn adopt(open: &OpenTown, paths: &[PathBuf]) -> Outcome<Adopted> {
    let edits = chosen(open, paths)?;
    if edits.is_empty() {
        return Ok(Adopted { commit: None, adopted: Vec::new(), refused: Vec::new() });
    }
    let committed = open.ledger.transact(&open.actor, |tx| {
        let verdicts = judge(tx.at_tip(), &edits)?;
        let (mut adopted, mut refused) = (Vec::new(), Vec::new());
        for (edit, verdict) in edits.iter().zip(verdicts) {
            match (verdict, &edit.text) {
                (Some(refusal), _) => refused.push(refusal),
                (None, text) => {
                    match text {
                        Some(text) => tx.put_text(&edit.path, text),
                        None => tx.remove(&edit.path),
                    }
                    adopted.push(Edit { path: edit.path.clone(), kind: edit.kind });
                }
            }
        }
        tx.describe("adopt", subject(&adopted));
        Ok((adopted, refused))
    })?;
    let (adopted, refused) = committed.value;
    if committed.commit.is_some() {
        open.event("ledger.adopted", &open.actor, None, None, subject(&adopted));
        pass::request(open);
    }
    Ok(Adopted { commit: committed.commit, adopted, refused })
}

fn chosen(open: &OpenTown, paths: &[PathBuf]) -> Outcome<Vec<HandEdit>> {
    let mut edits = open.ledger.hand_edits()?;
    if paths.is_empty() {
        return Ok(edits);
    }
    let paths = paths.iter().map(|path| within(open, path)).collect::<Outcome<Vec<_>>>()?;
    if let Some(path) = paths.iter().find(|path| !edits.iter().any(|edit| edit.path == **path)) {
        return Err(Failure::new(Kind::NotFound, format!("{path} is as the ledger has it"))
            .hint("`gt ledger status` lists what was edited"));
    }
    edits.retain(|edit| paths.contains(&edit.path));
    Ok(edits)
}

fn subject(adopted: &[Edit]) -> String {
    match adopted {
        [one] => format!("adopt {}, edited by hand", one.path),
        several => format!("adopt {} files, edited by hand", several.len()),
    }
}
