//! The configuration of the town's tmux server.

use std::path::Path;

use super::super::{RuntimeError, quote};
use crate::store::write_atomic;

/// Writes the configuration if it is not there or differs. Answers whether it did.
pub fn write(path: &Path, pane_died: &[String]) -> Result<bool, RuntimeError> {
    let text = text(pane_died);
    if std::fs::read_to_string(path).is_ok_and(|present| present == text) {
        return Ok(false);
    }
    write_atomic(path, text.as_bytes(), 0o600).map_err(RuntimeError::io("write", path))?;
    Ok(true)
}

/// Keeps tmux from seeing a format in a text.
pub fn no_format(text: &str) -> String {
    text.replace('#', "##")
}

fn text(pane_died: &[String]) -> String {
    let mut text = SETTINGS.to_owned();
    if !pane_died.is_empty() {
        let run = format!("run-shell -b {}", string(&no_format(&quote::line(pane_died))));
        text.push_str(&format!("set-hook -g pane-died {}\n", string(&run)));
    }
    text
}

/// A string as tmux reads it in double quotes.
fn string(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '\\' | '"' | '$' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

const SETTINGS: &str = r##"# Written by gt. Changes are overwritten; the town's settings are in town.toml.

# The server never ends by itself, and the last screen of a dead agent stays to be looked at.
set -s exit-empty off
set -g destroy-unattached off
set -g remain-on-exit on
# From 3.3 on tmux would write over that screen; the session says itself how it ended.
set -gq remain-on-exit-format ""

# Nothing of the person who happens to attach gets into the sessions.
set -g update-environment ""
set -g default-shell /bin/sh
set -g default-command ""

set -s default-terminal "screen-256color"
set -s escape-time 20
set -s buffer-limit 20
set -g history-limit 20000
set -g mouse on
set -g window-size latest
set -g allow-rename off
set -g automatic-rename off
set -g set-titles on
set -g set-titles-string "#{session_name}"

# One cached text for all sessions: a status line that runs commands does not scale.
set -g status on
set -g status-interval 0
set -g status-left-length 40
set -g status-left " #{session_name} "
set -g status-right-length 80
set -g status-right "#{@gt_status} "
set -g window-status-format ""
set -g window-status-current-format ""
"##;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_hide_what_tmux_would_read() {
        assert_eq!(string(r#"a "b" $c \d"#), r#""a \"b\" \$c \\d""#);
        assert_eq!(string("a\nb"), r#""a\nb""#);
    }

    #[test]
    fn without_a_command_there_is_no_hook() {
        assert!(!text(&[]).contains("set-hook"));
        assert!(text(&["true".to_owned()]).contains("set-hook -g pane-died"));
    }
}
