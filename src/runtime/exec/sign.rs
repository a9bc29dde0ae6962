//! The status line of a session, kept up by what its agent's hooks tell: one call of tmux when that says something else,
//! and now and then while it says the same.

use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use super::super::tmux::TmuxServer;
use super::super::{HookKind, Launch};
use crate::env;

/// How long a word holds when nothing more is heard.
const HOLDS: Duration = Duration::from_secs(600);
/// After how long the same word is put up again.
const AGAIN: Duration = Duration::from_secs(60);

/// A word, and whether it asks for a person.
type Word = (&'static str, bool);

/// Takes the words to the terminal; what waits for tmux keeps nobody.
pub struct Board {
    sender: Option<Sender<Word>>,
    last: Option<(Word, Instant)>,
    /// Nobody but a person talks with it: the end of a turn is their turn.
    attended: bool,
}

impl Board {
    /// The board of a session; without a terminal there is none.
    pub fn of(launch: &Launch) -> Self {
        let attended = !launch.env.contains_key(env::BEAD);
        let sender = launch.tmux_socket.as_ref().map(|socket| {
            let (server, name) = (TmuxServer::at(socket).within(AGAIN), launch.name.clone());
            let (sender, words) = channel::<Word>();
            let _ = std::thread::Builder::new().name("sign".to_owned()).spawn(move || {
                for (word, asks) in words {
                    // A line that says nothing new is no reason to disturb a session.
                    let _ = server.post_state(&name, word, asks, HOLDS);
                }
            });
            sender
        });
        Self { sender, last: None, attended }
    }

    /// The agent's hook told this.
    pub fn hear(&mut self, kind: HookKind) {
        let Some(word) = self.word(kind) else { return };
        if self.last.is_some_and(|(last, at)| last == word && at.elapsed() < AGAIN) {
            return;
        }
        self.last = Some((word, Instant::now()));
        if let Some(sender) = &self.sender {
            let _ = sender.send(word);
        }
    }

    fn word(&self, kind: HookKind) -> Option<Word> {
        Some(match kind {
            HookKind::Prompt | HookKind::Tool | HookKind::ToolDone => ("working", false),
            HookKind::Stop if self.attended => ("your turn", true),
            HookKind::Stop | HookKind::Interrupt => ("idle", false),
            HookKind::Waiting => ("waiting for you", true),
            HookKind::Fail => ("failed", true),
            HookKind::Start | HookKind::Compact | HookKind::Compacted | HookKind::End => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_turn_is_the_persons_turn_only_where_one_attends() {
        let board = |attended| Board { sender: None, last: None, attended };
        assert_eq!(board(true).word(HookKind::Stop), Some(("your turn", true)));
        assert_eq!(board(false).word(HookKind::Stop), Some(("idle", false)));
        assert_eq!(board(false).word(HookKind::Compact), None);
    }

    #[test]
    fn the_same_word_is_not_put_up_again_at_once() {
        let (sender, words) = channel();
        let mut board = Board { sender: Some(sender), last: None, attended: false };
        for kind in [HookKind::Prompt, HookKind::Tool, HookKind::ToolDone, HookKind::Stop, HookKind::Prompt] {
            board.hear(kind);
        }
        drop(board);
        let told: Vec<_> = words.iter().map(|(word, _)| word).collect();
        assert_eq!(told, ["working", "idle", "working"]);
    }
}
