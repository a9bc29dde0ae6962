//! What can be wrong with an agent, its preset or its prompt.

use std::path::PathBuf;
use std::time::Duration;

use crate::error::{Failure, Kind};

/// Why an agent cannot be had or started, or a prompt not be made.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// No such preset.
    #[error("there is no agent {name:?}")]
    Unknown {
        /// The name as it was given.
        name: String,
        /// The most similar name that exists.
        nearest: Option<String>,
        /// All names that exist.
        known: Vec<String>,
    },
    /// A preset, or what the town says about it, breaks a rule.
    #[error("the agent {name} is not well defined: {reason}")]
    Preset {
        /// The agent.
        name: String,
        /// The rule.
        reason: String,
    },
    /// The program of the agent is not installed.
    #[error("the agent {agent} needs the program {program}, {}", place(program, .searched))]
    ProgramMissing {
        /// The agent.
        agent: String,
        /// Its program.
        program: String,
        /// The folders of `PATH`, in order.
        searched: Vec<PathBuf>,
        /// How to install it.
        install: String,
    },
    /// None of the agent's credentials is there.
    #[error("the agent {agent} has no credentials: {}", nowhere(.variables, .files))]
    NoCredentials {
        /// The agent.
        agent: String,
        /// The variables that were looked at.
        variables: Vec<String>,
        /// The files that were looked for.
        files: Vec<PathBuf>,
        /// What the person does to sign in.
        sign_in: String,
    },
    /// The agent's credentials are in a file that this user cannot read.
    #[error("the agent {agent} cannot read its credentials in {}: {facts}", .path.display())]
    Unreadable {
        /// The agent.
        agent: String,
        /// The file.
        path: PathBuf,
        /// Its owner and mode.
        facts: String,
    },
    /// The agent refuses a settings file of ours, because others could have written it.
    #[error("the agent {agent} refuses settings in {}: others can write to {}", .path.display(), .folder.display())]
    Exposed {
        /// The agent.
        agent: String,
        /// The file.
        path: PathBuf,
        /// The folder above it.
        folder: PathBuf,
    },
    /// A screen of the agent's first start would swallow the prompt.
    #[error("the agent {agent} would stop at a screen of its first start: {about}")]
    Unanswered {
        /// The agent.
        agent: String,
        /// What the screen asks.
        about: String,
        /// What the person can do.
        hint: String,
    },
    /// The agent has no settings of that name.
    #[error("the agent {agent} has no profile {profile:?}: there is no {}", .path.display())]
    NoProfile {
        /// The agent.
        agent: String,
        /// The name as it was given.
        profile: String,
        /// The file that would hold it.
        path: PathBuf,
    },
    /// A settings file of the person cannot be understood.
    #[error("cannot lay settings over {}: {reason}", .path.display())]
    Settings {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The agent can work in a session but not answer one question without a terminal.
    #[error("the agent {agent} cannot be run once without a terminal: its preset has no `oneshot`")]
    NoOneshot {
        /// The agent.
        agent: String,
    },
    /// The agent cannot go on with an earlier conversation.
    #[error("the agent {agent} cannot resume a conversation: its preset has no `resume`")]
    NoResume {
        /// The agent.
        agent: String,
    },
    /// Asking a program for its version failed.
    #[error("{program} did not say its version: {reason}")]
    Version {
        /// The program.
        program: String,
        /// What happened instead.
        reason: String,
    },
    /// A program that was asked for its version printed nothing.
    #[error("{program} did not say its version: it printed nothing")]
    VersionMute {
        /// The program.
        program: String,
    },
    /// Asking a program for its version took too long.
    #[error("{program} did not say its version within {} s", .limit.as_secs_f64())]
    VersionLate {
        /// The program.
        program: String,
        /// The limit.
        limit: Duration,
    },
    /// A template could not be rendered.
    #[error("the template {name} cannot be rendered: {reason}")]
    Template {
        /// Its name, such as `roles/tester.md`.
        name: String,
        /// File and line, and what is wrong.
        reason: String,
    },
    /// There is no template for a role.
    #[error("the role {role} has no template: neither built in nor as templates/roles/{role}.md in the town")]
    UnknownRole {
        /// The role.
        role: String,
        /// The roles that have one.
        known: Vec<String>,
    },
    /// A file could not be read.
    #[error("cannot read {}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
}

/// Where a program was looked for: the folders of `PATH` are the person's own, and many.
fn place(program: &str, searched: &[PathBuf]) -> String {
    match (program.contains('/'), searched) {
        (true, _) => "and there is no such program".to_owned(),
        (false, []) => "and PATH is empty".to_owned(),
        (false, folders) => format!("which is in none of the {} folders of PATH", folders.len()),
    }
}

/// "neither A nor B is set, and F is not there".
fn nowhere(variables: &[String], files: &[PathBuf]) -> String {
    let files = files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>();
    let said = |list: &[String], verb: &str| match list {
        [] => None,
        [one] => Some(format!("{one} is not {verb}")),
        [.., last] => Some(format!("none of {} and {last} is {verb}", list[..list.len() - 1].join(", "))),
    };
    let parts = [said(variables, "set"), said(&files, "there")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", and ")
}

/// Said where what was found out may be wrong.
fn all_the_same(agent: &str) -> String {
    format!("`gt config set agents.{agent}.preflight false` starts it without looking.")
}

impl AgentError {
    /// The class that picks the exit code.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Unknown { .. } | Self::UnknownRole { .. } | Self::NoProfile { .. } => Kind::NotFound,
            Self::Preset { .. } | Self::Template { .. } => Kind::Invalid,
            Self::NoOneshot { .. } | Self::NoResume { .. } => Kind::Refused,
            Self::ProgramMissing { .. }
            | Self::NoCredentials { .. }
            | Self::Unreadable { .. }
            | Self::Unanswered { .. }
            | Self::Exposed { .. }
            | Self::Settings { .. }
            | Self::Version { .. }
            | Self::VersionLate { .. }
            | Self::VersionMute { .. }
            | Self::Io { .. } => Kind::External,
        }
    }

    /// What to do next.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Unknown { nearest: Some(name), .. } => vec![format!("Did you mean {name}?")],
            Self::Unknown { known, .. } => vec![
                format!("Known agents: {}.", known.join(", ")),
                "Any program can be one: `gt config set agents.NAME.command \"program --flag\"`.".to_owned(),
            ],
            Self::ProgramMissing { agent, install, .. } => {
                // What a preset says for any name is said for this one.
                let install = install.replace("agents.NAME.", &format!("agents.{agent}."));
                vec![
                    format!("To install it: {install}."),
                    "`gt agent list` says which agents can work; `gt sling --agent` and `gt config set agent` choose one."
                        .to_owned(),
                ]
            }
            Self::NoCredentials { agent, sign_in, .. } => {
                let sign_in = if sign_in.is_empty() { "sign in" } else { sign_in };
                vec![format!("To sign in: {sign_in}."), all_the_same(agent)]
            }
            Self::Version { program, .. } | Self::VersionLate { program, .. } => {
                vec![format!(
                    "Run `{program}` yourself to see what it wants; a broken installation is the usual cause."
                )]
            }
            Self::Unreadable { agent, .. } => {
                vec!["Give the file to the user that gt runs as.".to_owned(), all_the_same(agent)]
            }
            Self::Unanswered { agent, hint, .. } => vec![format!("To answer it: {hint}."), all_the_same(agent)],
            Self::Exposed { folder, .. } => {
                vec![format!("Keep the town where only you can write, not below {}.", folder.display())]
            }
            Self::NoProfile { .. } => vec!["A profile is a file of that name; make it, or name another.".to_owned()],
            Self::NoOneshot { agent } => {
                vec![
                    "Name another agent for planning: `gt config set mayor.agent NAME`.".to_owned(),
                    format!("Or say how it answers one: `gt config set agents.{agent}.oneshot_command \"PROGRAM\"`."),
                ]
            }
            Self::UnknownRole { known, .. } => vec![format!("Known roles: {}.", known.join(", "))],
            _ => Vec::new(),
        }
    }
}

impl From<AgentError> for Failure {
    fn from(error: AgentError) -> Self {
        let (kind, hints, message) = (error.kind(), error.hints(), error.to_string());
        let source = match error {
            AgentError::Io { source, .. } => Some(Box::new(source) as Box<dyn std::error::Error + Send + Sync>),
            _ => None,
        };
        Self { kind, message, hints, source }
    }
}
