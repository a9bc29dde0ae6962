//! The settings in force: built-in defaults, then `town.toml`, the rig, `local.toml`, and what the caller says.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Rig, Seconds, Town, TownError, check, config, schema};
use crate::id::{RoleName, WorkerName};
use crate::model::Usage;
use crate::runtime::RuntimeKind;

/// What is in force, after all layers. Every field has a row in [`schema::KEYS`], which holds its default.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct Settings {
    /// What the town is called.
    #[serde(default)]
    pub name: String,
    /// The ledger's branch, fixed at init.
    pub branch: String,
    /// The preset that works when nothing closer names one; none means: what is installed.
    pub agent: Option<String>,
    /// The model handed to agents, in the agent's own spelling.
    pub model: Option<String>,
    /// How hard the model thinks, in the agent's own spelling.
    pub effort: Option<String>,
    /// A named set of settings of the agent's own.
    pub profile: Option<String>,
    /// Arguments that agents get as they are.
    #[serde(default)]
    pub extra_args: Vec<String>,
    /// Whether agents ask before they act.
    pub permissions: Permissions,
    /// Where sessions run.
    pub runtime: RuntimeKind,
    /// Whether agents are put into a sandbox.
    pub sandbox: Sandbox,
    /// What sessions in the sandbox may write beside their own; `~/` is the home folder.
    #[serde(default)]
    pub sandbox_writes: Vec<String>,
    /// The first port that sessions are given; each has a hundred.
    pub ports: u32,
    /// How many workers may run at once in the town.
    pub capacity: u32,
    /// Whether submitted work is merged without being asked.
    pub auto_merge: bool,
    /// New starts of a bead before it counts as failed.
    pub attempts: u32,
    /// Messages into one session about one cause.
    pub tries: u32,
    /// Restarts of a session that ended without done, before it is escalated.
    pub restarts: u32,
    /// Time limit of a gate that names none.
    pub gate_limit: Seconds,
    /// The most beads that are merged and gated as one tree.
    pub batch_size: u32,
    /// Time limit of one fetch or push of the merge queue.
    pub network_limit: Seconds,
    /// Time limit of one set-up command.
    pub setup_limit: Seconds,
    /// How old an uncommitted change may get before it is pinned.
    pub snapshot_interval: Seconds,
    /// How long a session may go on after done.
    pub grace: Seconds,
    /// How old may be what a worker starts from.
    pub fetch_interval: Seconds,
    /// How long logs are kept, and how many.
    pub logs: Logs,
    /// The pool of workers' names; empty means the built-in pool.
    #[serde(default)]
    pub names: Vec<WorkerName>,
    /// Who is author and committer of a worker's commits.
    pub identity: Identity,
    /// Thresholds of health.
    pub health: Health,
    /// The mayor.
    pub mayor: MayorSettings,
    /// What models cost, by their names as agents write them down.
    #[serde(default)]
    pub prices: BTreeMap<String, Price>,
    /// What a role does differently.
    #[serde(default)]
    pub roles: BTreeMap<RoleName, RoleSettings>,
    /// Changes to presets and presets of one's own; read by the agent room.
    #[serde(default)]
    pub agents: BTreeMap<String, toml::Table>,
}

/// Whether agents ask before they act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Permissions {
    /// The agent's own switch for working without questions is on.
    Autonomous,
    /// The agent asks, and a person answers in its terminal.
    Ask,
}

/// Whether agents are put into a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sandbox {
    /// They may do what the person may.
    Off,
    /// They write their own and nothing else.
    On,
}

/// Whose name stands as the author of a worker's commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Author {
    /// The worker's name with the person's address.
    Worker,
    /// The person.
    Person,
}

/// Who is author and committer of a worker's commits. The committer is always the person.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Identity {
    /// Whose name the author has.
    pub author: Author,
    /// The person's name; none means git's `user.name`.
    pub name: Option<String>,
    /// The person's address; none means git's `user.email`.
    pub email: Option<String>,
}

/// Thresholds of health.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Health {
    /// How long an agent may take until its first sign of life.
    pub starting: Seconds,
    /// Hooked and nothing begun for this long.
    pub gupp: Seconds,
    /// No progress for this long.
    pub stalled: Seconds,
    /// Busy with one attempt for this long.
    pub overtime: Seconds,
}

/// How long logs are kept, and how many.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Logs {
    /// Older ones are removed.
    pub age: Seconds,
    /// What all of them may take.
    pub megabytes: u32,
}

/// The mayor.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct MayorSettings {
    /// The preset that plans and chats; none means the town's.
    pub agent: Option<String>,
    /// Its model; none means the town's.
    pub model: Option<String>,
    /// Time limit of one planning call.
    pub limit: Seconds,
    /// Bytes of context handed to the planner at most.
    pub context: u32,
}

/// What a million tokens of a model cost, in US dollars.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Price {
    /// Those that it reads.
    pub input: f64,
    /// Those that it writes.
    pub output: f64,
    /// Those that it reads from its endpoint's cache; as `input` where none is set.
    pub cache_read: Option<f64>,
    /// Those that it writes to that cache; as `input` where none is set.
    pub cache_write: Option<f64>,
}

impl Price {
    /// What these tokens cost.
    pub fn of(&self, tokens: Usage) -> f64 {
        let parts = [
            (tokens.input, self.input),
            (tokens.output, self.output),
            (tokens.cache_read, self.cache_read.unwrap_or(self.input)),
            (tokens.cache_write, self.cache_write.unwrap_or(self.input)),
        ];
        parts.into_iter().map(|(count, price)| count as f64 * price / 1e6).sum()
    }
}

/// What a role does differently.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct RoleSettings {
    /// Its preset.
    pub agent: Option<String>,
    /// Its model.
    pub model: Option<String>,
    /// How hard the model thinks, in the agent's own spelling.
    pub effort: Option<String>,
    /// A named set of settings of the agent's own.
    pub profile: Option<String>,
    /// Arguments that it gets as they are, instead of those of the town or the rig.
    #[serde(default)]
    pub extra_args: Vec<String>,
    /// Workers of this role at once.
    pub limit: Option<u32>,
    /// Whether its agents are put into a sandbox.
    pub sandbox: Option<Sandbox>,
}

impl Settings {
    /// The built-in defaults.
    pub fn defaults() -> Self {
        Self::from_table(schema::defaults()).expect("a test reads the defaults")
    }

    fn from_table(table: toml::Table) -> Result<Self, toml::de::Error> {
        table.try_into()
    }

    /// Agent, model, effort and the like for a role: the role's own, else the town's or rig's.
    pub fn role(&self, role: &RoleName) -> RoleSettings {
        let own = self.roles.get(role).cloned().unwrap_or_default();
        RoleSettings {
            agent: own.agent.or_else(|| self.agent.clone()),
            model: own.model.or_else(|| self.model.clone()),
            effort: own.effort.or_else(|| self.effort.clone()),
            profile: own.profile.or_else(|| self.profile.clone()),
            extra_args: if own.extra_args.is_empty() { self.extra_args.clone() } else { own.extra_args },
            limit: own.limit,
            sandbox: Some(own.sandbox.unwrap_or(self.sandbox)),
        }
    }

    /// Whether agents that work in this role are put into a sandbox.
    pub fn sandbox_of(&self, role: &RoleName) -> Sandbox {
        self.role(role).sandbox.unwrap_or(self.sandbox)
    }
}

impl Town {
    /// The settings of the town on this machine.
    ///
    /// # Errors
    /// When `town.toml` or `local.toml` cannot be read or breaks a rule.
    pub fn settings(&self) -> Result<Settings, TownError> {
        self.settings_with(None, &[])
    }

    /// The settings for work in `rig`.
    ///
    /// # Errors
    /// As [`Town::settings`].
    pub fn settings_for(&self, rig: &Rig) -> Result<Settings, TownError> {
        self.settings_with(Some(rig), &[])
    }

    /// The settings with all layers; `flags` are dotted keys and values from the command line, the last word.
    ///
    /// # Errors
    /// When a file cannot be read or breaks a rule, or a flag does not fit.
    pub fn settings_with(&self, rig: Option<&Rig>, flags: &[(&str, &str)]) -> Result<Settings, TownError> {
        let mut layers = schema::defaults();
        layer(&mut layers, &self.checked_table(config::File::Town)?);
        if let Some(rig) = rig {
            layer(&mut layers, &rig.layer());
        }
        layer(&mut layers, &self.checked_table(config::File::Local)?);
        for (key, value) in flags {
            layer(&mut layers, &config::one(key, value)?);
        }
        if !layers.contains_key("name") {
            let folder = self.root.file_name().map(|name| name.to_string_lossy().into_owned());
            layers.insert("name".to_owned(), toml::Value::String(folder.unwrap_or_default()));
        }
        Settings::from_table(layers).map_err(|error| TownError::Setting {
            file: Self::FILE.to_owned(),
            line: 1,
            reason: error.message().to_owned(),
            nearest: None,
        })
    }

    fn checked_table(&self, file: config::File) -> Result<toml::Table, TownError> {
        match self.read(&file)? {
            Some(text) => check::table(&file, &text),
            None => Ok(toml::Table::new()),
        }
    }
}

/// Lays `upper` over `lower`: tables merge, everything else is replaced.
pub fn layer(lower: &mut toml::Table, upper: &toml::Table) {
    for (key, value) in upper {
        match (lower.get_mut(key), value) {
            (Some(toml::Value::Table(below)), toml::Value::Table(above)) => layer(below, above),
            _ => {
                lower.insert(key.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_design() {
        let settings = Settings::defaults();
        assert_eq!((settings.attempts, settings.tries, settings.restarts), (3, 5, 2));
        assert_eq!((settings.health.gupp, settings.health.stalled), (Seconds(300), Seconds(600)));
        assert!(settings.auto_merge);
    }
}
