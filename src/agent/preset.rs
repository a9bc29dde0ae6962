//! What is known about one agent, as data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::signs::{Credential, Dialog, Hooks, Measured, Screen, Transcript, Typing, WhileBusy};
use crate::runtime::Manners;
use crate::town::Permissions;

/// One agent: its program, how it is started, what it needs around it, and how it is understood while it runs.
/// See `fill` for placeholders.
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
    /// Variables of the caller that it gets only where the variable before them is set.
    #[serde(default)]
    pub pass_with: BTreeMap<String, Vec<String>>,
    /// The variable that moves its configuration folder.
    pub config_variable: Option<String>,
    /// Its configuration folder when that variable is not set; `~` is the home folder.
    pub config_folder: Option<String>,
    /// Where it keeps credentials and conversations when that is elsewhere and the variable is not set.
    pub data_folder: Option<String>,
    /// What lets it reach a model; any one is enough. None listed: it needs none, or nobody can tell.
    #[serde(default)]
    pub credentials: Vec<Credential>,
    /// What a person does to sign in.
    #[serde(default)]
    pub sign_in: String,
    /// Whether credentials and first-start screens are looked at before a start.
    #[serde(default = "yes")]
    pub preflight: bool,
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
    /// What outlives its terminal unless somebody ends it, in prose.
    #[serde(default)]
    pub leaves: String,
    /// Arguments of a session in a terminal.
    #[serde(default)]
    pub interactive: Vec<Argument>,
    /// Arguments that go on with a conversation.
    pub resume: Option<Vec<Argument>>,
    /// Arguments that go on from a conversation in a new one, which leaves the first as it is.
    pub fork: Option<Vec<Argument>>,
    /// Arguments that answer one prompt on stdout, without a terminal.
    pub oneshot: Option<Vec<Argument>>,
    /// Arguments that answer one prompt from a conversation on stdout, without a terminal. Without `{prompt}` and
    /// `{prompt_file}` it is read from standard input.
    pub ask: Option<Vec<Argument>>,
    /// Whether question and answer become part of that conversation; then one that goes on is not asked so without a
    /// sandbox.
    #[serde(default)]
    pub ask_adds: bool,
    /// Whether it has tools that write then, or the conversation does not stay as it is; then nobody is asked so without
    /// a sandbox.
    #[serde(default)]
    pub ask_writes: bool,
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
    /// Patterns of what it leaves in the worktree and cannot be told to leave elsewhere; hidden from git.
    #[serde(default)]
    pub excludes: Vec<String>,
    /// What it writes outside of its worktree beside its configuration and data folders, with placeholders; a folder has
    /// a slash at its end, `~/` is the home folder.
    #[serde(default)]
    pub writes: Vec<String>,
    /// Files that make a configuration folder of the worker's own, for where a key is set and the person has never
    /// been through the first-start screens.
    #[serde(default)]
    pub own_config: Vec<PresetFile>,
    /// Screens of its first start, and how each is answered beforehand.
    #[serde(default)]
    pub dialogs: Vec<Dialog>,
    /// Files of a repository that it reads by itself.
    #[serde(default)]
    pub instructions: Vec<String>,
    /// How its screen is read.
    #[serde(default)]
    pub screen: Screen,
    /// How text is typed into it.
    #[serde(default)]
    pub typing: Typing,
    /// Where its hooks are.
    #[serde(default)]
    pub hooks: Hooks,
    /// Where its transcript is.
    #[serde(default)]
    pub transcript: Transcript,
    /// Why there is nothing to tell, by what it would be about in its description: `resume = "it has none"`.
    #[serde(default)]
    pub absent: BTreeMap<String, String>,
    /// Where this knowledge comes from.
    #[serde(default)]
    pub measured: Measured,
}

impl Preset {
    /// Whether it is this program's own agent, whose model can be asked without starting a process.
    pub fn is_built_in(&self) -> bool {
        self.program == "{gt}" && self.command.is_none() && self.oneshot_command.is_none()
    }

    /// How it goes on with a conversation, where it can: a line of the shell of a person's own cannot.
    pub fn resume_form(&self) -> Option<&Vec<Argument>> {
        self.resume.as_ref().filter(|_| self.command.is_none())
    }

    /// How its session talks to it.
    pub fn manners(&self) -> Manners {
        let (screen, dialogs) = (self.screen.clone(), self.dialogs.iter().filter_map(|dialog| dialog.shows.clone()));
        let told = self.hooks.format.is_some() && self.command.is_none();
        Manners {
            questions: dialogs.chain(screen.waiting).collect(),
            ready: screen.ready,
            busy: screen.busy,
            title_busy: screen.title_busy,
            title_idle: screen.title_idle,
            title_waiting: screen.title_waiting,
            pause_ms: self.typing.pause_ms,
            listens_while_busy: matches!(self.typing.while_busy, WhileBusy::Queues | WhileBusy::Steers),
            keeps_prompt: self.typing.keeps_prompt,
            interrupt: self.typing.interrupt.clone(),
            tells: self.hooks.events.keys().filter(|_| told).copied().collect(),
            hands_over: told && self.hooks.hand_over.is_some(),
        }
    }
}

fn last() -> u32 {
    90
}

fn yes() -> bool {
    true
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

impl Argument {
    /// Whether it mentions a placeholder, written with its braces.
    pub(super) fn mentions(&self, placeholder: &str) -> bool {
        match self {
            Self::One(text) => text.contains(placeholder),
            Self::Group(texts) => texts.iter().any(|text| text.contains(placeholder)),
        }
    }
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
    /// Variables for the same.
    #[serde(default)]
    pub env: PermissionVariables,
}

/// Variables by permission mode.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PermissionVariables {
    /// Work without questions.
    #[serde(default)]
    pub autonomous: BTreeMap<String, String>,
    /// Ask in the terminal.
    #[serde(default)]
    pub ask: BTreeMap<String, String>,
}

impl PermissionFlags {
    /// The variables of one mode.
    pub fn variables(&self, mode: Permissions) -> &BTreeMap<String, String> {
        match mode {
            Permissions::Autonomous => &self.env.autonomous,
            Permissions::Ask => &self.env.ask,
        }
    }

    /// Those of one mode.
    pub fn of(&self, mode: Permissions) -> &[String] {
        match mode {
            Permissions::Autonomous => &self.autonomous,
            Permissions::Ask => &self.ask,
        }
    }
}

/// A file that is written before the agent starts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PresetFile {
    /// Where, with placeholders.
    pub path: String,
    /// What, with placeholders, whose values are escaped as in a TOML or JSON string.
    pub text: String,
    /// Only when this variable is set.
    pub when: Option<String>,
    /// Only when this variable is not set.
    pub unless: Option<String>,
    /// A TOML or JSON file of the person, with placeholders, that it lies over, where that is there.
    pub over: Option<String>,
    /// Whether the agent refuses it where others can write to a folder above it.
    #[serde(default)]
    pub private: bool,
    /// Whether it is a program.
    #[serde(default)]
    pub program: bool,
}
