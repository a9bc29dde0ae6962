//! The configuration of the town's tmux server: what lasts, what the status line says, and which keys there are.

use super::super::{Place, RuntimeError, quote};
use crate::store::write_atomic;

/// Writes the configuration if it is not there or differs. Answers whether it did.
pub fn write(place: &Place) -> Result<bool, RuntimeError> {
    let (path, text) = (&place.tmux_config, text(place));
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

fn text(place: &Place) -> String {
    let mut text = [SETTINGS, STATUS, KEYS].concat();
    for (key, what) in [("q", ["queue", "list"].as_slice()), ("s", &["status"])] {
        text.push_str(&format!("bind-key {key} display-popup -w 90% -h 80% {}\n", string(&shown(place, what))));
    }
    text.push_str(&format!("bind-key m run-shell -b {}\n", string(&to_the_mayor(place))));
    if !place.pane_died.is_empty() {
        // What it prints, or that it failed, tmux would show in the terminal, which then takes no keys.
        let silent = format!("{} >/dev/null 2>&1 || :", quote::line(&place.pane_died));
        let run = format!("run-shell -b {}", string(&no_format(&silent)));
        text.push_str(&format!("set-hook -g pane-died {}\n", string(&run)));
    }
    text
}

/// A `gt` for this town, as a line of the shell.
fn gt(place: &Place, verb: &[&str]) -> String {
    let before = [place.program.as_os_str(), "--town".as_ref(), place.town.as_os_str()];
    let words = before.into_iter().map(|word| word.to_string_lossy().into_owned());
    quote::line(words.chain(verb.iter().map(|word| (*word).to_owned())))
}

/// A line that shows what a verb prints until the person presses Escape, which ends a popup.
fn shown(place: &Place, verb: &[&str]) -> String {
    format!("{}; printf '\\n Esc leaves '", gt(place, verb))
}

/// A line that brings the person to the mayor, whose session is started when it does not run. What goes wrong is what it
/// prints, and tmux shows that.
fn to_the_mayor(place: &Place) -> String {
    let socket = quote::word(&place.tmux_socket.to_string_lossy());
    let start = no_format(&format!("{} 2>&1 >/dev/null", gt(place, &["--quiet", "mayor", "attach"])));
    format!("{start} && exec tmux -S {} switch-client -c '#{{client_name}}' -t =mayor", no_format(&socket))
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
# From 3.3 on tmux would write over that screen; the session says itself how it ended, and so does the status line.
set -gq remain-on-exit-format ""

# Nothing of the person who happens to attach gets into the sessions.
set -g update-environment ""
set -g default-shell /bin/sh
set -g default-command ""

set -s default-terminal "screen-256color"
set -s escape-time 20
set -s buffer-limit 20
set -g history-limit 20000
set -g window-size latest
set -g allow-rename off
set -g automatic-rename off
set -g set-titles on
set -g set-titles-string "#{session_name}#{?@gt_state,: #{@gt_state},}"

# The wheel scrolls, and what is marked with the mouse goes to the person's clipboard where the terminal lets it. What
# an agent prints gets there never.
set -g mouse on
set -s set-clipboard external
"##;

/// What is shown comes from options that gt sets when something changes, so that a hundred sessions cost nothing: no
/// command runs for it. Each has a time until which it holds; the line is drawn anew now and then only to see to that.
const STATUS: &str = r##"
set -g status on
set -g status-interval 15
set -g status-style "bg=colour236,fg=colour250"
set -g message-style "bg=colour24,fg=colour231"
set -g window-status-format ""
set -g window-status-current-format ""
set -g @gt_keys " n next  p previous  l last  w workers  a asking  m mayor  q queue  s status  [ scroll  d leave"
set -g @gt_ended "#[fg=colour203]ended#{?#{!=:#{pane_dead_status},}, with status #{pane_dead_status},}#[default], C-b [ scrolls, C-b d leaves"
set -g @gt_fresh "#{?@gt_asks,#[fg=colour221],#[fg=colour114]}#{@gt_state}#[default]"
set -g @gt_stale "#[fg=colour244]#{@gt_state} #{e|/:#{e|-:%s,#{@gt_at}},60}m ago#[default]"
set -g @gt_how "#{?pane_dead,#{E:@gt_ended},#{?@gt_until,#{?#{e|<:%s,#{@gt_until}},#{E:@gt_fresh},#{T:@gt_stale}},}}"
set -g @gt_what "#{?@gt_bead,  #{@gt_bead} #{?#{e|>:#{client_width},120},#{=/70/...:@gt_title},#{=/30/...:@gt_title}},}"
set -g @gt_left "#[bg=colour238,fg=colour231,bold] #{session_name} #[default] #{T:@gt_how}#{?@gt_mail,  #[fg=colour221]#{@gt_mail} mail#[default],}#{E:@gt_what}"
set -g @gt_right "#{?@gt_status,#{@gt_status}  ,}#[fg=colour244]C-b keys "
set -g status-format[0] "#{?client_prefix,#[bg=colour24#,fg=colour231]#{@gt_keys},#[align=left]#{T:@gt_left}#[align=right]#{E:@gt_right}}"
"##;

/// Only keys that leave every session as it is: a worker's terminal is not to be split, renamed or killed by a slip.
const KEYS: &str = r##"
unbind-key -a -T prefix
unbind-key -q -n MouseDown3Pane
unbind-key -q -n M-MouseDown3Pane
unbind-key -q -n MouseDown3Status
unbind-key -q -n MouseDown3StatusLeft
set -g prefix C-b
set -g @gt_row "#{?pane_dead,ended,#{@gt_state}}#{?@gt_mail, #{@gt_mail} mail,}#{?@gt_bead, #{@gt_bead} #{@gt_title},}"
bind-key C-b send-prefix
bind-key d detach-client
bind-key -r n switch-client -n
bind-key -r p switch-client -p
bind-key l switch-client -l
bind-key w choose-tree -Zs -O name -F "#{E:@gt_row}"
bind-key a if-shell -F "#{S:#{?@gt_asks,1,}}" { choose-tree -Zs -O name -f "#{@gt_asks}" -F "#{E:@gt_row}" } { display-message "nobody asks for anything" }
bind-key [ copy-mode
bind-key PPage copy-mode -u
bind-key ] paste-buffer -p
bind-key r refresh-client
bind-key : command-prompt
bind-key ? display-message -d 8000 "#{@gt_keys}"
"##;

#[cfg(test)]
mod tests {
    use super::*;

    fn place(pane_died: &[String]) -> Place {
        Place {
            program: "/usr/bin/gt".into(),
            town: "/home/a da/#S".into(),
            tmux_socket: "/tmp/s".into(),
            tmux_config: "/tmp/c".into(),
            pane_died: pane_died.to_vec(),
        }
    }

    #[test]
    fn strings_hide_what_tmux_would_read() {
        assert_eq!(string(r#"a "b" $c \d"#), r#""a \"b\" \$c \\d""#);
        assert_eq!(string("a\nb"), r#""a\nb""#);
    }

    #[test]
    fn without_a_command_there_is_no_hook() {
        assert!(!text(&place(&[])).contains("set-hook"));
        let told = text(&place(&["true".to_owned()]));
        assert!(told.contains("set-hook -g pane-died") && told.contains("true >/dev/null 2>&1 || :"), "{told}");
    }

    #[test]
    fn no_command_runs_for_the_status_line() {
        assert!(!text(&place(&["true".to_owned()])).contains("#("));
    }
}
