//! What is known about one agent, as data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::town::Permissions;

/// One agent: its program, how it is started, and what it needs around it. See `fill` for placeholders.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// Its name: that of its file, or the `NAME` of `[agents.NAME]`.
    #[serde(default)]
    pub name: String,
    /// Its name in prose.
    pub title: String,
    /// Its program: a name to look for in `PATH`, or a path.
    #[serde(default)]
    pub program: String,
    /// Instead of a program: a line of `sh`, with the prompt as last argument unless it has `{prompt}` or `{prompt_file}`.
    pub command: Option<String>,
    /// As `command`, for answering one question on stdout.
    pub oneshot_command: Option<String>,
    /// How to install it, one line.
    #[serde(default)]
    pub install: String,
    /// Arguments that make it print its version.
    #[serde(default)]
    pub version: Vec<String>,
    /// Names of its processes, for those who look at a process table.
    #[serde(default)]
    pub processes: Vec<String>,
    /// Which one is chosen when several are installed: the lowest.
    #[serde(default = "last")]
    pub preference: u32,
    /// Whether it is of use only when one of `keys` is set.
    #[serde(default)]
    pub needs_key: bool,
    /// Environment variables with credentials, any of which lets it work.
    #[serde(default)]
    pub keys: Vec<String>,
    /// Variables of the caller that it gets beside the usual ones; `*` at the end stands for the rest of a name.
    #[serde(default)]
    pub pass: Vec<String>,
    /// The variable that moves its configuration folder.
    pub config_variable: Option<String>,
    /// Its configuration folder when that variable is not set; `~` is the home folder.
    pub config_folder: Option<String>,
    /// How the first prompt reaches it.
    #[serde(default)]
    pub prompt: Delivery,
    /// Whether it takes the id of a new conversation from us.
    #[serde(default)]
    pub chooses_session: bool,
    /// What it does when it has nothing more to do.
    #[serde(default)]
    pub at_end: AtEnd,
    /// What to type into its terminal so that it ends by itself.
    pub quit: Option<String>,
    /// Arguments of a session in a terminal.
    #[serde(default)]
    pub interactive: Vec<Argument>,
    /// Arguments that go on with a conversation.
    pub resume: Option<Vec<Argument>>,
    /// Arguments that answer one prompt on stdout, without a terminal.
    pub oneshot: Option<Vec<Argument>>,
    /// How the prompt reaches a one-shot run.
    #[serde(default)]
    pub oneshot_prompt: Delivery,
    /// What `{permissions}` stands for.
    #[serde(default)]
    pub permissions: PermissionFlags,
    /// Variables that are set for it.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Variables that are set for it when it runs as root.
    #[serde(default)]
    pub env_root: BTreeMap<String, String>,
    /// Files that are written before it starts, never inside the worktree.
    #[serde(default)]
    pub files: Vec<PresetFile>,
    /// First-start screens that only the person can get out of the way.
    #[serde(default)]
    pub first_start: Vec<FirstStart>,
}

impl Preset {
    /// Whether it is this program's own agent, whose model can be asked without starting a process.
    pub fn is_built_in(&self) -> bool {
        self.program == "{gt}" && self.command.is_none() && self.oneshot_command.is_none()
    }
}

fn last() -> u32 {
    9
}

/// One argument, or several that stand or fall together.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Argument {
    /// Always there.
    One(String),
    /// Left out as a whole when a placeholder in it has no value.
    Group(Vec<String>),
}

/// How a prompt reaches a program.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Delivery {
    /// As an argument: `{prompt}`.
    #[default]
    Argument,
    /// As the path of a file: `{prompt_file}`.
    File,
    /// On standard input.
    Stdin,
    /// Typed into its terminal once it is ready.
    Typed,
}

/// What an agent does when it has nothing more to do; with status 0 it says nothing about its work either way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AtEnd {
    /// It ends.
    #[default]
    Exits,
    /// It waits at its prompt.
    Waits,
}

/// Arguments by permission mode.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PermissionFlags {
    /// Work without questions.
    #[serde(default)]
    pub autonomous: Vec<String>,
    /// Ask in the terminal.
    #[serde(default)]
    pub ask: Vec<String>,
}

impl PermissionFlags {
    /// Those of one mode.
    pub fn of(&self, mode: Permissions) -> &[String] {
        match mode {
            Permissions::Autonomous => &self.autonomous,
            Permissions::Ask => &self.ask,
        }
    }
}

/// A file that is written before the agent starts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PresetFile {
    /// Where, with placeholders.
    pub path: String,
    /// What, with placeholders, whose values are escaped as in a TOML or JSON string.
    pub text: String,
}

/// A screen at the first start that swallows the prompt, and how one sees that it is out of the way.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FirstStart {
    /// Only when this variable is set.
    pub when: Option<String>,
    /// Only when this variable is not set.
    pub unless: Option<String>,
    /// The file that tells, with placeholders.
    pub file: String,
    /// It is out of the way when the file contains this text.
    pub contains: Option<String>,
    /// It is out of the way when the file contains the last 20 characters of this variable.
    pub contains_tail_of: Option<String>,
    /// What the person can do.
    pub hint: String,
}
