//! What a finished command said.

use std::process::Output;

/// One finished command: how it ended and what it wrote.
#[derive(Debug, Clone)]
pub struct Ran {
    /// The command line, for messages.
    pub line: String,
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

impl Ran {
    /// Reads the output of the command that `line` shows.
    pub fn new(line: String, output: &Output) -> Self {
        Self {
            line,
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The same; fails the test unless the exit code is 0.
    #[track_caller]
    pub fn succeeds(self) -> Self {
        self.exits(0)
    }

    /// The same; fails the test unless the exit code is `code`.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "`{}` ended otherwise\n{}", self.line, self.transcript());
        self
    }

    /// The same; fails the test unless stderr contains every one of `parts`.
    #[track_caller]
    pub fn complains(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.stderr.contains(part), "`{}` does not say {part:?}\n{}", self.line, self.transcript());
        }
        self
    }

    /// The same; fails the test unless stdout contains every one of `parts`.
    #[track_caller]
    pub fn says(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.stdout.contains(part), "`{}` does not say {part:?}\n{}", self.line, self.transcript());
        }
        self
    }

    /// Stdout as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        match serde_json::from_str(&self.stdout) {
            Ok(value) => value,
            Err(error) => panic!("`{}` wrote no JSON: {error}\n{}", self.line, self.transcript()),
        }
    }

    /// The `data` of the JSON envelope on stdout.
    #[track_caller]
    pub fn data(&self) -> serde_json::Value {
        let envelope = self.json();
        assert!(envelope.get("data").is_some(), "`{}` wrote no envelope\n{}", self.line, self.transcript());
        envelope["data"].clone()
    }

    /// Everything that it wrote, for the message of a failed test.
    pub fn transcript(&self) -> String {
        format!("exit: {:?}\n--- stdout\n{}\n--- stderr\n{}", self.code, self.stdout, self.stderr)
    }
}
