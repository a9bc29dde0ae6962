//! All agents: those built in, changed and extended by the town's `[agents.NAME]`.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use super::fill::check_placeholders;
use super::{AgentError, Argument, Preset};
use crate::town::{Settings, layer, nearest};

/// The built-in presets. A new agent is a new file and a new line.
const BUILT_IN: &[(&str, &str)] = &[
    ("claude", include_str!("presets/claude.toml")),
    ("codex", include_str!("presets/codex.toml")),
    ("gemini", include_str!("presets/gemini.toml")),
    ("copilot", include_str!("presets/copilot.toml")),
    ("opencode", include_str!("presets/opencode.toml")),
    ("goose", include_str!("presets/goose.toml")),
    ("pi", include_str!("presets/pi.toml")),
    ("omp", include_str!("presets/omp.toml")),
    ("qwen", include_str!("presets/qwen.toml")),
    ("aider", include_str!("presets/aider.toml")),
    ("amp", include_str!("presets/amp.toml")),
    ("auggie", include_str!("presets/auggie.toml")),
    ("cursor", include_str!("presets/cursor.toml")),
    ("crush", include_str!("presets/crush.toml")),
    ("builtin", include_str!("presets/builtin.toml")),
    ("command", include_str!("presets/command.toml")),
];

/// The preset that a name without a preset of its own builds on.
const FALLBACK_BASE: &str = "command";

/// All agents that can be named. Each is read when it is asked for.
#[derive(Debug, Clone)]
pub struct Catalogue {
    overrides: BTreeMap<String, toml::Table>,
    presets: BTreeMap<String, OnceLock<Result<Preset, String>>>,
}

impl Catalogue {
    /// The built-in agents alone.
    pub fn built_in() -> Self {
        Self::with(&BTreeMap::new())
    }

    /// The agents under `settings`, whose `[agents.NAME]` lie over the presets; `base` names another preset to build on.
    pub fn new(settings: &Settings) -> Self {
        Self::with(&settings.agents)
    }

    fn with(overrides: &BTreeMap<String, toml::Table>) -> Self {
        let mut names: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
        names.extend(overrides.keys().map(String::as_str));
        let presets = names.into_iter().map(|name| (name.to_owned(), OnceLock::new())).collect();
        Self { overrides: overrides.clone(), presets }
    }

    fn read(&self, name: &str) -> Option<&Result<Preset, String>> {
        Some(self.presets.get(name)?.get_or_init(|| assemble(name, &self.overrides)))
    }

    /// The preset `name`.
    ///
    /// # Errors
    /// When there is none (the nearest name is given), or the town's changes to it break a rule.
    pub fn get(&self, name: &str) -> Result<&Preset, AgentError> {
        match self.read(name) {
            Some(Ok(preset)) => Ok(preset),
            Some(Err(reason)) => Err(AgentError::Preset { name: name.to_owned(), reason: reason.clone() }),
            None => Err(self.unknown(name)),
        }
    }

    /// Every well-defined preset, by preference, then name.
    pub fn all(&self) -> Vec<&Preset> {
        let all = self.presets.keys().filter_map(|name| self.read(name));
        let mut presets: Vec<&Preset> = all.filter_map(|preset| preset.as_ref().ok()).collect();
        presets.sort_by(|a, b| (a.preference, &a.name).cmp(&(b.preference, &b.name)));
        presets
    }

    /// Every name, also of presets that are not well defined.
    pub fn names(&self) -> Vec<&str> {
        self.presets.keys().map(String::as_str).collect()
    }

    /// Whether `name` is that of a built-in agent.
    pub(super) fn is_built_in(name: &str) -> bool {
        BUILT_IN.iter().any(|(known, _)| *known == name)
    }

    fn unknown(&self, name: &str) -> AgentError {
        let known: Vec<String> = self.presets.keys().cloned().collect();
        let nearest = nearest(name, known.iter().map(String::as_str));
        AgentError::Unknown { name: name.to_owned(), nearest, known }
    }
}

fn built_in(name: &str) -> Option<toml::Table> {
    let (_, text) = BUILT_IN.iter().find(|(candidate, _)| *candidate == name)?;
    Some(toml::from_str(text).expect("a test reads every preset"))
}

/// The preset of `name`: its base, then the town's changes to the base, then its own.
fn assemble(name: &str, overrides: &BTreeMap<String, toml::Table>) -> Result<Preset, String> {
    let empty = toml::Table::new();
    let mut own = overrides.get(name).unwrap_or(&empty).clone();
    let base = match own.remove("base") {
        Some(toml::Value::String(base)) => base,
        Some(_) => return Err("base must be the name of a built-in agent".to_owned()),
        None if Catalogue::is_built_in(name) => name.to_owned(),
        None => FALLBACK_BASE.to_owned(),
    };
    let Some(mut table) = built_in(&base) else {
        let known: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
        return Err(format!("base is {base:?}, but the built-in agents are {}", known.join(", ")));
    };
    layer(&mut table, &own);
    table.insert("name".to_owned(), toml::Value::String(name.to_owned()));
    let preset = Preset::deserialize(table).map_err(|error| error.message().trim().to_owned())?;
    check(preset)
}

fn check(mut preset: Preset) -> Result<Preset, String> {
    if let Some(command) = &preset.command {
        check_placeholders(command)?;
        // A command of one's own takes the place of whatever the base would have run.
        if preset.name != "command" || preset.program.is_empty() {
            preset.program = command.split_whitespace().next().unwrap_or_default().to_owned();
        }
    }
    check_arguments(&preset)?;
    let dialogs = preset.dialogs.iter().filter_map(|dialog| Some(("dialogs.shows", dialog.shows.as_deref()?)));
    let screen = preset.screen.patterns().map(|(field, pattern)| (format!("screen.{field}"), pattern));
    for (field, pattern) in screen.chain(dialogs.map(|(field, pattern)| (field.to_owned(), pattern))) {
        regex_automata::meta::Regex::new(pattern)
            .map_err(|error| format!("{field} is no regular expression: {}", first_line(&error)))?;
    }
    Ok(preset)
}

fn check_arguments(preset: &Preset) -> Result<(), String> {
    let others = [&preset.resume, &preset.fork, &preset.oneshot, &preset.ask].map(Option::as_ref);
    let lists = std::iter::once(Some(&preset.interactive)).chain(others);
    for argument in lists.into_iter().flatten().flatten() {
        match argument {
            Argument::One(text) => check_placeholders(text)?,
            Argument::Group(texts) => texts.iter().try_for_each(|text| check_placeholders(text))?,
        }
    }
    let files = preset.files.iter().chain(&preset.own_config);
    files
        .flat_map(|file| [Some(&file.path), file.over.as_ref()])
        .flatten()
        .try_for_each(|text| check_placeholders(text))?;
    let located = preset.credentials.iter().filter_map(|credential| credential.file.as_ref());
    let located = located.chain(preset.dialogs.iter().filter_map(|dialog| dialog.file.as_ref()));
    located.chain(preset.env.values()).chain(&preset.writes).try_for_each(|text| check_placeholders(text))
}

/// Complaints about regular expressions come with a drawing of several lines.
fn first_line(error: &regex_automata::meta::BuildError) -> String {
    use std::error::Error;
    let cause = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    cause.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}
