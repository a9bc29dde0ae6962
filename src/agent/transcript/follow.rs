//! Reading on from where one was.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Place, Reading, Subject, goose, opencode, read_lines};
use crate::agent::TranscriptFormat;

/// The most that one look reads; what lies before it is passed over.
const MOST: u64 = 32 << 20;

/// A transcript, and how far it was read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Followed {
    /// The file.
    pub path: PathBuf,
    /// Which file that was: another one at the same place is read anew.
    pub file: u64,
    /// How many of its bytes were read.
    pub offset: u64,
    /// How many of them were passed over because they were too many at once: tokens in them are not counted.
    pub skipped: u64,
    /// What they tell.
    pub reading: Reading,
}

impl Followed {
    /// The same for a session that goes on in its conversation: nothing of it is counted again, and running totals go on
    /// from where they were.
    pub fn gone_on_with(self) -> Self {
        let Reading { conversation, total, total_money, .. } = self.reading;
        let reading = Reading { conversation, total, total_money, ..Reading::default() };
        Self { path: self.path, reading, ..Self::default() }
    }
}

/// Reads what was written since `before`.
///
/// # Errors
/// When the file cannot be read.
pub fn follow(subject: &Subject<'_>, place: &Place, before: Option<Followed>) -> io::Result<Followed> {
    follow_by(subject, place, before, MOST)
}

pub(super) fn follow_by(
    subject: &Subject<'_>,
    place: &Place,
    before: Option<Followed>,
    most: u64,
) -> io::Result<Followed> {
    let mut anew = Followed { path: place.path.clone(), ..Followed::default() };
    anew.reading = Reading::since(subject.since);
    if let Some(before) = before.as_ref().filter(|before| before.path != place.path) {
        // Another conversation of the same session: what was used in the first stays used.
        (anew.reading.tokens, anew.reading.money) = (before.reading.tokens.clone(), before.reading.money.clone());
        anew.skipped = before.skipped;
    }
    let database = match place.format {
        TranscriptFormat::Opencode => Some(opencode::read(subject, &place.path)),
        TranscriptFormat::Goose => {
            let same = before.as_ref().filter(|before| before.path == place.path);
            Some(goose::read(subject, &place.path, same.map(|before| &before.reading)))
        }
        _ => None,
    };
    if let Some(read) = database {
        return Ok(Followed { reading: read.map_err(io::Error::other)?, ..anew });
    }
    let mut file = File::open(&place.path)?;
    let facts = file.metadata()?;
    anew.file = facts.ino();
    let goes_on =
        |before: &Followed| before.path == place.path && before.file == facts.ino() && before.offset <= facts.len();
    let mut followed = before.filter(goes_on).unwrap_or(anew);
    let rest = facts.len() - followed.offset;
    if rest > most {
        followed.skipped += rest - most;
        followed.offset += rest - most;
    }
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(followed.offset))?;
    file.take(most).read_to_end(&mut bytes)?;
    followed.offset += read_lines(place.format, &mut followed.reading, &bytes) as u64;
    Ok(followed)
}
