//! What an agent writes down of its conversation, as far as a session needs it to know what became of a message.
//!
//! Transcripts have many shapes, and none of them is known here: whoever runs a session hands in what reads them.

use super::Launch;
use crate::clock::Timestamp;

/// The conversation as it is now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conversation {
    /// The last entries of the user, oldest first: when each was written, and its beginning.
    pub said: Vec<(Timestamp, String)>,
    /// Whether the turn that the last of them began is over; nothing where that is not told.
    pub is_over: Option<bool>,
}

/// Reads on in the conversation of the session that is run; nothing where the agent keeps none that can be read.
pub type ReadConversation = Box<dyn FnMut(&Launch) -> Option<Conversation> + Send>;
