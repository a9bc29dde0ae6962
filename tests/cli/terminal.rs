//! A real terminal for a test: tmux with one pane, typed into and looked at.

use std::cell::Cell;
use std::path::PathBuf;
use std::process::Command;

use crate::support::{TestTown, wait_until};

/// A terminal of 100 by 30; it ends with the test.
pub struct Terminal<'a> {
    town: &'a TestTown,
    socket: PathBuf,
    round: Cell<u32>,
}

impl<'a> Terminal<'a> {
    /// A terminal in which `program` runs, in the town if there is one.
    pub fn start(town: &'a TestTown, program: &[&str]) -> Self {
        let terminal = Self { town, socket: town.sandbox.join("term.sock"), round: Cell::new(0) };
        terminal.tmux(&[&["new-session", "-d", "-x", "100", "-y", "30"], program].concat());
        terminal
    }

    /// A terminal with a plain shell that shows no colours, as the environment of tests has it.
    pub fn shell(town: &'a TestTown) -> Self {
        let terminal = Self::start(town, &["env", "PS1=> ", "sh"]);
        terminal.wait(">");
        terminal
    }

    /// Waits until nothing is seen any more of the commands before, and types a command into a shell.
    pub fn begin(&self, command: &str) {
        let round = self.round.replace(self.round.get() + 1);
        // The quotes keep what is typed from looking like what is waited for. The command comes after that was seen: what
        // it says may fill more than the screen.
        self.line(&format!("clear; echo ro''und={round}."));
        self.wait(&format!("round={round}."));
        self.line(&format!("{command}; echo co''de=$?."));
    }

    /// Waits until the command that was begun last has ended with `code`; answers the screen.
    pub fn ended(&self, code: i32) -> String {
        let screen = self.wait("code=");
        assert!(screen.contains(&format!("code={code}.")), "{screen}");
        screen
    }

    /// Types the text and then Enter.
    pub fn line(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]);
        self.keys(&["Enter"]);
    }

    /// Presses keys, as tmux names them.
    pub fn keys(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"], keys].concat());
    }

    /// Waits until the screen shows `text`; answers the screen.
    pub fn wait(&self, text: &str) -> String {
        wait_until(text, || self.screen().contains(text));
        self.screen()
    }

    /// What can be seen.
    pub fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// The same with escape codes.
    #[allow(dead_code, reason = "not every program that shares this looks at colours")]
    pub fn colours(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-e"])
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let mut command: Command = self.town.program("tmux");
        command.arg("-S").arg(&self.socket).args(["-f", "/dev/null"]).args(arguments);
        command.current_dir(if self.town.root.is_dir() { &self.town.root } else { &self.town.sandbox });
        let output = command.output().expect("tmux is installed");
        assert!(output.status.success(), "tmux {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        let _ = self.town.program("tmux").arg("-S").arg(&self.socket).arg("kill-server").output();
    }
}
