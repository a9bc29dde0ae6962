//! Why a session most likely ended.

use crate::agent::Preset;
use crate::agent::transcript::{Reading, Trouble, trouble};
use crate::clock::{Timestamp, rfc3339};

/// What is known of an end.
#[derive(Debug)]
pub(super) struct Known<'a> {
    /// When.
    pub at: Timestamp,
    /// The status as a shell reports it.
    pub status: Option<i32>,
    /// The word for it in the local state.
    pub reason: &'a str,
    /// Whether `gt` ended it.
    pub ours: bool,
    /// Whether its terminal was closed.
    pub hung_up: bool,
    /// What its transcript tells.
    pub reading: Option<&'a Reading>,
    /// What it showed last.
    pub screen: &'a str,
    /// Its preset.
    pub preset: Option<&'a Preset>,
    /// What differs from the last start that went well.
    pub changed: &'a [String],
}

/// The most likely cause, the most certain evidence first; none where nothing points anywhere.
pub(super) fn likely(known: &Known<'_>) -> Option<String> {
    if known.ours {
        return Some(format!("gt ended it: {}", known.reason));
    }
    if known.hung_up {
        return Some("its terminal was closed".to_owned());
    }
    by_transcript(known).or_else(|| by_screen(known)).or_else(|| by_status(known)).or_else(|| {
        let changed = known.changed.first()?;
        (known.status != Some(0)).then(|| format!("something changed since it last went well: {changed}"))
    })
}

fn by_transcript(known: &Known<'_>) -> Option<String> {
    let reading = known.reading?;
    if reading.exhausted.is_some() {
        return Some("its conversation was too long for its model".to_owned());
    }
    if let Some(limit) = &reading.limit {
        return Some(refused(limit.until));
    }
    let failure = reading.failure.as_ref()?;
    Some(match trouble(&failure.text, failure.at) {
        Some(Trouble::SignedOut) => format!("it is signed out: {}", failure.text),
        _ => format!("its last call of the model failed: {}", failure.text),
    })
}

fn refused(until: Option<Timestamp>) -> String {
    let until = until.map(|until| format!(" until {}", rfc3339(until))).unwrap_or_default();
    format!("its provider refused to serve it{until}")
}

fn by_screen(known: &Known<'_>) -> Option<String> {
    let dialogs = known.preset.map_or(&[][..], |preset| preset.dialogs.as_slice());
    if let Some(dialog) = dialogs.iter().find(|dialog| dialog.is_on(known.screen)) {
        return Some(format!("it showed a screen of its first start: {}", dialog.about));
    }
    match known.status {
        Some(0) | None => None,
        Some(_) => trouble(known.screen, known.at).map(|trouble| match trouble {
            Trouble::Exhausted => "its conversation was too long for its model".to_owned(),
            Trouble::Limited { until } => refused(until),
            Trouble::SignedOut => "it is signed out".to_owned(),
        }),
    }
}

fn by_status(known: &Known<'_>) -> Option<String> {
    Some(match known.status? {
        0 => "it ended by itself with status 0, as at its exit command".to_owned(),
        127 => "a program was not found".to_owned(),
        126 => "a program could not be run".to_owned(),
        137 => "it was killed from outside, as by the system when memory runs out".to_owned(),
        129 => "its terminal was closed".to_owned(),
        130 => "somebody interrupted it".to_owned(),
        143 => "somebody asked it to end".to_owned(),
        134 | 136 | 139 => "it crashed".to_owned(),
        _ => return None,
    })
}
