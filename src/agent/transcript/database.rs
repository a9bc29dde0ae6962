//! Agents that keep their conversations in a database.

use std::path::Path;

use super::Subject;
use crate::store::{Foreign, Record, StoreError};

/// The database of an agent, and its row of the conversation of the session: the first answer to `question`, whose `?1` is
/// the id of the conversation, empty where that is not known, and `?2` the folder that it is held in.
pub(super) fn conversation(
    subject: &Subject<'_>,
    path: &Path,
    question: &str,
) -> Result<(Foreign, Option<Record>), StoreError> {
    let database = Foreign::open(path)?;
    let folder = subject.worktree.display().to_string();
    let rows = database.rows(question, &[subject.conversation.unwrap_or_default(), &folder])?;
    Ok((database, rows.into_iter().next()))
}
