//! From a preset and a piece of work to what has to be started.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::environment::environment;
use super::fill::{self, Values};
use super::hooks::Hooking;
use super::over::lay_over;
use super::preflight::{Folders, find_program, preflight};
use super::{AgentError, Argument, AtEnd, Caller, Delivery, Preset, PresetFile, Tuning};
use crate::runtime::{FirstPrompt, Manners};
use crate::town::Permissions;

/// What is to be started, and for what.
#[derive(Debug, Clone)]
pub struct LaunchRequest<'a> {
    /// The agent.
    pub preset: &'a Preset,
    /// The first prompt, without a leading dash.
    pub prompt: &'a str,
    /// Model, effort and the like.
    pub tuning: &'a Tuning,
    /// Whether it asks before it acts.
    pub permissions: Permissions,
    /// The folder that it works in.
    pub worktree: &'a Path,
    /// The folder of the session, outside of the worktree; prompt and settings files go there.
    pub run_dir: &'a Path,
    /// A folder of the worker's own that stays from session to session; nothing is written to it without need.
    pub state_dir: &'a Path,
    /// The `gt` that its verbs call.
    pub gt: &'a Path,
    /// Variables beside those that pass: [`super::WorkerVariables`], `GIT_CONFIG_*`, `GIT_CEILING_DIRECTORIES`.
    pub variables: BTreeMap<String, String>,
    /// Whose environment it gets the allowed part of.
    pub caller: &'a Caller,
    /// Whether it goes on with an earlier conversation.
    pub begin: Begin<'a>,
}

/// How a session begins, by the ids that the agent gives its conversations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Begin<'a> {
    /// With a new conversation.
    #[default]
    New,
    /// It goes on with this one.
    Resume(&'a str),
    /// It goes on from this one in a new one.
    Fork(&'a str),
}

/// A file to be written, private to the user, before the start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedFile {
    /// Where.
    pub path: PathBuf,
    /// What.
    pub text: String,
    /// Whether it is a program.
    #[serde(default)]
    pub program: bool,
}

/// A place outside of its worktree that an agent writes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writable {
    /// Where.
    pub path: PathBuf,
    /// Whether it is a file, which is not made for it.
    pub file: bool,
}

/// What to start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LaunchPlan {
    /// The name of the agent.
    pub agent: String,
    /// Program (an absolute path) and arguments.
    pub argv: Vec<String>,
    /// The complete environment.
    pub env: BTreeMap<String, String>,
    /// The folder.
    pub cwd: PathBuf,
    /// Files to be written first, with mode 0600.
    pub files: Vec<PlannedFile>,
    /// What it writes outside of its worktree, for a sandbox.
    #[serde(skip)]
    pub writes: Vec<Writable>,
    /// What is left to do for the prompt: nothing for [`Delivery::Argument`] and [`Delivery::File`].
    pub delivery: Delivery,
    /// The prompt.
    pub prompt: String,
    /// What its screen shows when it takes a prompt, as a regular expression.
    pub ready: Option<String>,
    /// How it is talked to.
    pub manners: Manners,
    /// Names of the agent's processes.
    pub processes: Vec<String>,
    /// What it does when it has nothing more to do.
    pub at_end: AtEnd,
    /// The id of the agent's own conversation, where it is known up front.
    pub conversation: Option<String>,
    /// First-start screens that may swallow the prompt.
    pub warnings: Vec<String>,
}

impl LaunchPlan {
    /// The first prompt, where it is to be typed.
    pub fn typed(&self) -> Option<FirstPrompt> {
        let is_typed = self.delivery == Delivery::Typed;
        is_typed.then(|| FirstPrompt { text: self.prompt.clone(), ready: self.ready.clone() })
    }
}

/// The plan of a session in a terminal.
///
/// # Errors
/// When the agent could not work: its program is not installed, its credentials are not there, a screen of its first
/// start is not answered; or when it cannot resume and should.
pub fn plan(request: &LaunchRequest<'_>) -> Result<LaunchPlan, AgentError> {
    let preset = request.preset;
    let cannot = || AgentError::NoResume { agent: preset.name.clone() };
    let (arguments, conversation) = match request.begin {
        Begin::New => (&preset.interactive, preset.chooses_session.then(conversation_id)),
        Begin::Resume(id) => (preset.resume_form().ok_or_else(cannot)?, Some(id.to_owned())),
        Begin::Fork(id) => (preset.fork.as_ref().ok_or_else(cannot)?, Some(id.to_owned())),
    };
    let command = preset.command.as_deref();
    let told = |placeholder: &str| arguments.iter().any(|argument| argument.mentions(placeholder));
    // Some take a prompt in a new conversation only.
    let untold = request.begin != Begin::New && !told("{prompt}") && !told("{prompt_file}");
    let delivery = if untold { Delivery::Typed } else { preset.prompt };
    let form = Form { command, arguments, delivery, conversation, hooked: true };
    let mut plan = assemble(request, form)?;
    if let Begin::Fork(_) = request.begin {
        // The agent gives the new conversation an id of its own.
        plan.conversation = None;
    }
    Ok(plan)
}

/// The plan of one answer on stdout, without a terminal.
///
/// # Errors
/// When the program is not installed, or the agent cannot do that.
pub fn plan_oneshot(request: &LaunchRequest<'_>) -> Result<LaunchPlan, AgentError> {
    let preset = request.preset;
    let command = preset.oneshot_command.as_deref();
    let arguments = match (command, &preset.oneshot) {
        (Some(_), _) => &[][..],
        (None, Some(arguments)) if preset.command.is_none() => arguments,
        _ => return Err(AgentError::NoOneshot { agent: preset.name.clone() }),
    };
    assemble(request, Form { command, arguments, delivery: preset.oneshot_prompt, conversation: None, hooked: false })
}

/// The plan of one answer about an earlier conversation, on stdout and without a terminal, which leaves the work alone.
///
/// # Errors
/// As [`plan_oneshot`].
pub fn plan_ask(request: &LaunchRequest<'_>, conversation: &str) -> Result<LaunchPlan, AgentError> {
    let preset = request.preset;
    let cannot = || AgentError::NoResume { agent: preset.name.clone() };
    let arguments = preset.ask.as_ref().filter(|_| preset.command.is_none()).ok_or_else(cannot)?;
    let mentions = |placeholder: &str| arguments.iter().any(|argument| argument.mentions(placeholder));
    let delivery = match (mentions("{prompt}"), mentions("{prompt_file}")) {
        (true, _) => Delivery::Argument,
        (false, true) => Delivery::File,
        (false, false) => Delivery::Stdin,
    };
    let conversation = Some(conversation.to_owned());
    assemble(request, Form { command: None, arguments, delivery, conversation, hooked: false })
}

/// Which of the preset's forms is used.
struct Form<'a> {
    command: Option<&'a str>,
    arguments: &'a [Argument],
    delivery: Delivery,
    conversation: Option<String>,
    hooked: bool,
}

fn assemble(request: &LaunchRequest<'_>, form: Form<'_>) -> Result<LaunchPlan, AgentError> {
    let preset = request.preset;
    let folders = Folders::of(preset, request.caller, request.state_dir);
    let prompt_file = request.run_dir.join("prompt.md");
    let values = values(request, &folders, &prompt_file, form.conversation.as_deref());
    let mut argv = match form.command {
        Some(command) => shell_argv(request, command, &values, form.delivery)?,
        None => program_argv(request, form.arguments, &values)?,
    };
    preflight(preset, request.caller, &folders)?;
    let mut files = vec![PlannedFile { path: prompt_file, text: request.prompt.to_owned(), program: false }];
    let own = preset.own_config.iter().filter(|_| folders.own);
    for file in preset.files.iter().chain(own).filter(|file| is_wanted(file, request.caller)) {
        files.push(planned(request, file, &values)?);
    }
    if form.hooked {
        let arguments = hooking(request).plant(&values, &mut files)?;
        let program = usize::from(form.command.is_none());
        argv.splice(program..program, arguments.into_iter().filter(|_| form.command.is_none()));
    }
    let warnings = unheeded(request, &form);
    let mut env = environment(preset, request.caller, request.gt, &BTreeMap::new());
    let set = preset.env.iter().chain(preset.permissions.variables(request.permissions));
    env.extend(set.map(|(name, value)| (name.clone(), fill::fill(value, &values))));
    if let (true, Some(name)) = (folders.own, &preset.config_variable) {
        env.insert(name.clone(), folders.config.display().to_string());
    }
    env.extend(request.variables.clone());
    Ok(LaunchPlan {
        agent: preset.name.clone(),
        argv,
        env,
        cwd: request.worktree.to_path_buf(),
        files,
        writes: writes(request, &folders, &values),
        delivery: form.delivery,
        prompt: request.prompt.to_owned(),
        ready: preset.screen.ready.clone(),
        manners: preset.manners(),
        processes: preset.processes.clone(),
        at_end: preset.at_end,
        conversation: form.conversation,
        warnings,
    })
}

fn hooking<'a>(request: &'a LaunchRequest<'_>) -> Hooking<'a> {
    Hooking { hooks: &request.preset.hooks, gt: request.gt, run_dir: request.run_dir }
}

/// Its folders, unless one is the home folder or holds it; its own state; and what else the preset names.
fn writes(request: &LaunchRequest<'_>, folders: &Folders, values: &Values) -> Vec<Writable> {
    let home = request.caller.home();
    let own = request.state_dir.join(&request.preset.name);
    let wide = |folder: &PathBuf| !home.starts_with(folder);
    let known = [&folders.config, &folders.data].into_iter().filter(|folder| wide(folder)).cloned().chain([own]);
    let named = request.preset.writes.iter().map(|text| {
        let path = super::preflight::expand_home(&fill::fill(text, values), request.caller);
        Writable { path, file: !text.ends_with('/') }
    });
    known.map(|path| Writable { path, file: false }).chain(named).collect()
}

/// The files that starts of this agent in `worktree` leave beside the person's own settings.
pub fn planted(preset: &Preset, caller: &Caller, worktree: &Path, state: &Path) -> Vec<PathBuf> {
    let mut values: Values = [("worker_profile", profile(worktree))].into();
    values.extend(Folders::of(preset, caller, state).values());
    let places = preset.files.iter().map(|file| &file.path).chain(&preset.hooks.file);
    let beside: std::collections::BTreeSet<_> = places.filter(|place| place.contains("{worker_profile}")).collect();
    beside.into_iter().map(|place| PathBuf::from(fill::fill(place, &values))).collect()
}

fn is_wanted(file: &PresetFile, caller: &Caller) -> bool {
    file.when.as_deref().is_none_or(|name| caller.get(name).is_some())
        && file.unless.as_deref().is_none_or(|name| caller.get(name).is_none())
}

fn planned(request: &LaunchRequest<'_>, file: &PresetFile, values: &Values) -> Result<PlannedFile, AgentError> {
    let text = fill::fill_quoted(file.text.trim_start(), values);
    let path = PathBuf::from(fill::fill(&file.path, values));
    if let (true, Some(folder)) = (file.private, super::preflight::exposed(&path)) {
        return Err(AgentError::Exposed { agent: request.preset.name.clone(), path, folder });
    }
    let Some(below) = &file.over else { return Ok(PlannedFile { path, text, program: file.program }) };
    let lower = PathBuf::from(fill::fill(below, values));
    if let (Some(profile), true, false) = (&request.tuning.profile, below.contains("{profile}"), lower.exists()) {
        let (agent, profile) = (request.preset.name.clone(), profile.clone());
        return Err(AgentError::NoProfile { agent, profile, path: lower });
    }
    Ok(PlannedFile { path, text: lay_over(&text, &lower)?, program: file.program })
}

/// What was wished for and this form of the agent has no way to be told.
fn unheeded(request: &LaunchRequest<'_>, form: &Form<'_>) -> Vec<String> {
    let (preset, tuning) = (request.preset, request.tuning);
    let wishes = [
        ("a profile", "{profile}", &tuning.profile),
        ("a model", "{model}", &tuning.model),
        ("an effort", "{effort}", &tuning.effort),
    ];
    let wished = wishes.into_iter().filter(|(_, placeholder, _)| !mentions(preset, form, placeholder));
    let said = wished.filter_map(|(what, _, value)| Some((what, value.as_deref()?)));
    said.map(|(what, value)| format!("{} cannot be told {what}: {value:?} has no effect", preset.name)).collect()
}

/// Whether anything that this form is started with mentions a placeholder, written with its braces.
fn mentions(preset: &Preset, form: &Form<'_>, placeholder: &str) -> bool {
    let files = preset.files.iter().filter_map(|file| file.over.as_ref());
    let mut texts = files.chain(preset.env.values()).map(String::as_str).chain(form.command);
    form.arguments.iter().any(|argument| argument.mentions(placeholder)) || texts.any(|text| text.contains(placeholder))
}

fn program_argv(
    request: &LaunchRequest<'_>,
    arguments: &[Argument],
    values: &Values,
) -> Result<Vec<String>, AgentError> {
    let preset = request.preset;
    let name = fill::fill(&preset.program, values);
    let program = find_program(preset, &name, request.caller)?;
    let permissions = preset.permissions.of(request.permissions);
    let mut argv = vec![program.display().to_string()];
    argv.extend(fill::arguments(arguments, values, permissions, &request.tuning.extra_args));
    Ok(argv)
}

fn shell_argv(
    request: &LaunchRequest<'_>,
    command: &str,
    values: &Values,
    delivery: Delivery,
) -> Result<Vec<String>, AgentError> {
    let first = command.split_whitespace().next().unwrap_or_default();
    if !is_of_the_shell(first) {
        find_program(request.preset, first, request.caller)?;
    }
    let bare = matches!(delivery, Delivery::Stdin | Delivery::Typed);
    let (line, parameters) = fill::shell(command, values, &request.tuning.extra_args, bare);
    let mut argv = vec!["/bin/sh".to_owned(), "-c".to_owned(), line, "gt".to_owned()];
    argv.extend(parameters);
    Ok(argv)
}

/// Whether the first word of a line is the shell's to understand: a command of its own, or shell syntax.
fn is_of_the_shell(word: &str) -> bool {
    const WORDS: &[&str] = &[
        ".", ":", "[", "cd", "command", "eval", "exec", "export", "for", "if", "set", "test", "trap", "true", "ulimit",
        "umask", "unset", "while",
    ];
    WORDS.contains(&word) || word.contains(['=', '$', '(', '"', '\'', '{', '`', '!'])
}

fn values(request: &LaunchRequest<'_>, folders: &Folders, prompt_file: &Path, conversation: Option<&str>) -> Values {
    let path = |path: &Path| path.display().to_string();
    let mut values: Values = [
        ("prompt", request.prompt.to_owned()),
        ("prompt_file", path(prompt_file)),
        ("run", path(request.run_dir)),
        ("state", path(request.state_dir)),
        ("worktree", path(request.worktree)),
        ("gt", path(request.gt)),
        ("worker_profile", profile(request.worktree)),
        ("key_tail", key_tail(request.preset, request.caller)),
        ("unattended", (request.permissions == Permissions::Autonomous).to_string()),
        ("dashed", dashed(request.worktree)),
    ]
    .into();
    values.extend(folders.values());
    let tuning = request.tuning;
    let optional = [
        ("profile", tuning.profile.as_deref()),
        ("model", tuning.model.as_deref()),
        ("effort", tuning.effort.as_deref()),
        ("session", conversation),
    ];
    values.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value?.to_owned()))));
    values
}

/// The end of the first key that is set.
fn key_tail(preset: &Preset, caller: &Caller) -> String {
    let key = preset.keys.iter().find_map(|key| caller.get(key));
    key.map(super::preflight::tail).unwrap_or_default().to_owned()
}

pub(super) fn dashed(path: &Path) -> String {
    path.display().to_string().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

/// `gt-web-toast-1f3a9c`: the same for one worktree for ever, so that its profile is rewritten and not multiplied.
fn profile(worktree: &Path) -> String {
    let name = |part: Option<&std::ffi::OsStr>| part.and_then(std::ffi::OsStr::to_str).unwrap_or("x").to_owned();
    let rig = name(worktree.ancestors().nth(2).and_then(Path::file_name));
    let digest = crate::town::short_hash(worktree.as_os_str().as_encoded_bytes());
    format!("gt-{rig}-{}-{:06x}", name(worktree.file_name()), digest & 0xff_ffff)
}

/// A random UUID, version 4, as agents want the ids of their conversations.
fn conversation_id() -> String {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digits = nanoid::nanoid!(32, &HEX);
    format!("{}-{}-4{}-8{}-{}", &digits[..8], &digits[8..12], &digits[13..16], &digits[17..20], &digits[20..])
}
