//! What the agent of a session has written down, read by the session's own process: it proves that a message arrived, and
//! shows the end of the turn.

use std::path::PathBuf;

use crate::agent::Catalogue;
use crate::agent::transcript::{Followed, Reading, Turn, follow, locate};
use crate::clock::Clock;
use crate::ops::{OpenTown, transcripts};
use crate::runtime::{Conversation, Launch, ReadConversation};
use crate::town::Town;

/// Where one was in a transcript.
#[derive(Default)]
struct Place {
    followed: Option<Followed>,
    /// The agents that the session's rig knows, and the town.
    open: Option<(OpenTown, Catalogue)>,
}

/// What reads on in the conversation of a session. Nothing is opened before it is asked for the first time.
pub fn reader() -> ReadConversation {
    let mut place = Place::default();
    Box::new(move |launch| place.read(launch))
}

impl Place {
    /// Nothing where there is no town, the agent keeps no transcript that can be read, or there is none yet.
    fn read(&mut self, launch: &Launch) -> Option<Conversation> {
        let mut row = match &self.open {
            Some((open, _)) => open.state().ok()?.session(&launch.session).ok()??,
            None => self.open(launch)?,
        };
        let (open, catalogue) = self.open.as_ref()?;
        let events = crate::runtime::events(&open.town.session_dir(&launch.session));
        let told = events.iter().rev().find_map(|event| event.transcript.clone());
        row.with.conversation =
            row.with.conversation.take().or_else(|| events.iter().rev().find_map(|event| event.conversation.clone()));
        let before = self.followed.take();
        self.followed = transcripts::with_subject_of(open, catalogue, &row, |_, subject| {
            let known = transcripts::place(subject.preset, told, before.as_ref());
            follow(subject, &known.or_else(|| locate(subject))?, before).ok()
        })?;
        self.followed.as_ref().map(|followed| conversation(&followed.reading))
    }

    fn open(&mut self, launch: &Launch) -> Option<crate::store::SessionRow> {
        let state: PathBuf = launch.state.clone()?;
        let town = Town::above(state.parent()?).ok()?;
        let root = town.root.clone();
        let open = OpenTown::open(town, &root, Clock::System).ok()?;
        let row = open.state().ok()?.session(&launch.session).ok()??;
        let catalogue = transcripts::catalogue(&open, &row);
        self.open = Some((open, catalogue));
        Some(row)
    }
}

fn conversation(reading: &Reading) -> Conversation {
    let is_over = match reading.turn {
        Turn::Unknown => None,
        Turn::Running { .. } | Turn::Waiting { .. } => Some(false),
        Turn::Ended { .. } | Turn::Aborted { .. } => Some(true),
    };
    Conversation { said: reading.said.iter().map(|said| (said.at, said.text.clone())).collect(), is_over }
}
