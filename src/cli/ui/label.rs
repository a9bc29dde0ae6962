//! What a piece of text is; the one table that turns that into colours.

use anstyle::{AnsiColor, Style};

/// What a piece of text is. Commands choose labels and never colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Label {
    /// Anything else.
    Plain,
    /// A bead, a session, a commit.
    Id,
    /// A bead's title, or another line of a person's prose.
    Title,
    /// A rig, a worker, an agent, an actor.
    Name,
    /// The head of a section or of a column.
    Heading,
    /// As wished: landed, green, working.
    Good,
    /// Not as wished: failed, red, dead.
    Bad,
    /// To be looked at: waiting, stalled, unknown.
    Warn,
    /// Advice on what to do next.
    Hint,
    /// A file or folder.
    Path,
    /// A moment or a duration.
    Time,
    /// A command to type.
    Command,
    /// Of little weight.
    Faint,
}

impl Label {
    /// How it looks on a terminal with colours.
    pub fn style(self) -> Style {
        let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
        match self {
            Self::Plain | Self::Title => Style::new(),
            Self::Id => colour(AnsiColor::Cyan),
            Self::Name => colour(AnsiColor::Magenta),
            Self::Heading => Style::new().bold(),
            Self::Good => colour(AnsiColor::Green),
            Self::Bad => colour(AnsiColor::Red).bold(),
            Self::Warn => colour(AnsiColor::Yellow),
            Self::Hint => colour(AnsiColor::Blue),
            Self::Path => colour(AnsiColor::Blue),
            Self::Time | Self::Faint => Style::new().dimmed(),
            Self::Command => Style::new().bold(),
        }
    }

    /// The label of a word for a state: of a bead, a worker's health, a gate, a rig.
    pub fn of_state(word: &str) -> Self {
        match word {
            "ready" | "merged" | "done" | "landed" | "green" | "passed" | "working" | "running" | "ok" => Self::Good,
            "failed" | "red" | "bounced" | "zombie" | "dead" | "lost" | "broken" | "escalated" | "conflict" => {
                Self::Bad
            }
            "waiting" | "blocked" | "limited" | "stalled" | "gupp" | "orphan" | "unknown" | "parked" | "paused" => {
                Self::Warn
            }
            "waiting for input" | "waiting for permission" | "held elsewhere" => Self::Warn,
            "hooked" | "submitted" | "starting" | "landing" => Self::Id,
            "closed" | "cancelled" | "duplicate" | "idle" | "ended" | "deferred" | "free" => Self::Faint,
            _ => Self::Plain,
        }
    }
}
