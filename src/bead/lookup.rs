//! From what a person typed to the bead that was meant.

/// The known word that `text` was most likely meant to be, if one is near enough: at most one edit for
/// every three characters, and at least one.
pub fn nearest<'w>(text: &str, known: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let limit = (text.chars().count() / 3).max(1);
    let measured = known.into_iter().map(|word| (strsim::osa_distance(text, word), word));
    measured.filter(|(distance, _)| *distance <= limit).min_by_key(|(distance, _)| *distance).map(|(_, word)| word)
}
