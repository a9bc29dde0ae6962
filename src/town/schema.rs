//! Every setting, once: the source for checks, for `gt config list`, and for `docs/reference/settings.md`.

use std::fmt;

use toml_edit::Item;

use super::Seconds;
use super::check::nearest;

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its dotted path; `*` stands for a name of the person's choice.
    pub path: &'static str,
    /// What values it takes.
    pub kind: Type,
    /// Its default as TOML; empty when there is none.
    pub default: &'static str,
    /// In which files it may stand.
    pub places: Places,
    /// What it means, one sentence.
    pub meaning: &'static str,
}

/// In which files a key may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Places {
    /// `town.toml`.
    pub town: bool,
    /// `rigs.d/NAME.toml`.
    pub rig: bool,
    /// `local.toml`.
    pub local: bool,
}

impl Places {
    const TOWN: Self = Self { town: true, rig: false, local: false };
    const RIG: Self = Self { town: false, rig: true, local: false };
    const LOCAL: Self = Self { town: false, rig: false, local: true };
    const TOWN_LOCAL: Self = Self { town: true, rig: false, local: true };
    const ALL: Self = Self { town: true, rig: true, local: true };

    fn meets(self, other: Self) -> bool {
        (self.town && other.town) || (self.rig && other.rig) || (self.local && other.local)
    }

    /// `town.toml`.
    pub fn town() -> Self {
        Self::TOWN
    }

    /// `rigs.d/NAME.toml`.
    pub fn rig() -> Self {
        Self::RIG
    }

    /// `local.toml`.
    pub fn local() -> Self {
        Self::LOCAL
    }
}

impl fmt::Display for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [(self.town, "town.toml"), (self.rig, "rigs.d/NAME.toml"), (self.local, "local.toml")];
        let names: Vec<_> = names.iter().filter(|(is, _)| *is).map(|(_, name)| *name).collect();
        f.write_str(&names.join(", "))
    }
}

/// What values a key takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Any text.
    Text,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// A whole number from, to.
    Count(i64, i64),
    /// A span of time.
    Span,
    /// A list of texts.
    Texts,
    /// A table of texts.
    TextTable,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("text"),
            Self::Choice(words) => f.write_str(&words.join(" | ")),
            Self::Flag => f.write_str("true | false"),
            Self::Count(least, most) => write!(f, "number {least}-{most}"),
            Self::Span => f.write_str("time, such as 90s or 10m"),
            Self::Texts => f.write_str("list of texts"),
            Self::TextTable => f.write_str("table of texts"),
        }
    }
}

impl Type {
    /// Whether `item` is such a value.
    ///
    /// # Errors
    /// What it must be, to be read after the key: "must be true or false".
    pub fn fits(self, item: &Item) -> Result<(), String> {
        let must = |what: &str| Err(format!("must be {what}"));
        match self {
            Self::Text if item.is_str() => Ok(()),
            Self::Text => must("text in quotes"),
            Self::Choice(words) => match item.as_str() {
                Some(word) if words.contains(&word) => Ok(()),
                _ => must(&format!("one of {}", words.join(", "))),
            },
            Self::Flag if item.is_bool() => Ok(()),
            Self::Flag => must("true or false"),
            Self::Count(least, most) => match item.as_integer() {
                Some(number) if (least..=most).contains(&number) => Ok(()),
                _ => must(&format!("a whole number from {least} to {most}")),
            },
            Self::Span => fits_span(item),
            Self::Texts => match item.as_array() {
                Some(array) if array.iter().all(toml_edit::Value::is_str) => Ok(()),
                _ => must("a list of texts, such as [\"a\", \"b\"]"),
            },
            Self::TextTable => match item.as_table_like() {
                Some(table) if table.iter().all(|(_, value)| value.is_str()) => Ok(()),
                _ => must("a table of texts, such as { NAME = \"value\" }"),
            },
        }
    }
}

fn fits_span(item: &Item) -> Result<(), String> {
    let fits = match (item.as_integer(), item.as_str()) {
        (Some(number), _) => number >= 0,
        (_, Some(text)) => text.parse::<Seconds>().is_ok(),
        _ => false,
    };
    if fits { Ok(()) } else { Err("must be a span of time such as \"90s\", \"10m\", \"2h\" or \"1d\"".to_owned()) }
}

/// What a dotted path is in a file.
#[derive(Debug)]
pub enum Found {
    /// A setting.
    Key(&'static Key),
    /// A table with settings in it.
    Inside,
    /// A setting, but of other files.
    Elsewhere(Places),
    /// Nothing.
    Unknown {
        /// The full path of the most similar setting or table.
        nearest: Option<String>,
    },
}

/// Looks a path up for a file.
pub fn find(path: &str, place: Places) -> Found {
    if let Some(key) = KEYS.iter().find(|key| matches(key.path, path) && key.places.meets(place)) {
        return Found::Key(key);
    }
    if KEYS.iter().any(|key| key.places.meets(place) && begins(key.path, path)) {
        return Found::Inside;
    }
    if let Some(key) = KEYS.iter().find(|key| matches(key.path, path) || begins(key.path, path)) {
        return Found::Elsewhere(key.places);
    }
    Found::Unknown { nearest: nearest_path(path, place) }
}

/// Looks a path up whatever the file.
pub fn key(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| matches(key.path, path))
}

/// Whether a top-level key of a rig overrides one of the town.
pub fn is_layered(top: &str) -> bool {
    KEYS.iter().any(|key| key.places.rig && key.places.town && key.path.split('.').next() == Some(top))
}

/// Whether a path is a list of tables.
pub fn is_list(path: &str) -> bool {
    path == "gates"
}

/// The defaults as a table.
pub fn defaults() -> toml::Table {
    let text: String = KEYS
        .iter()
        .filter(|key| !key.default.is_empty() && !key.path.contains('*') && key.places.town)
        .map(|key| format!("{} = {}\n", key.path, key.default))
        .collect();
    toml::from_str(&text).expect("a test reads the defaults")
}

/// The full path of the setting or table that is most like `path`.
pub fn nearest_path(path: &str, place: Places) -> Option<String> {
    let (above, last) = path.rsplit_once('.').unwrap_or(("", path));
    let depth = path.split('.').count();
    let siblings: Vec<&str> = KEYS
        .iter()
        .filter(|key| key.places.meets(place) && (above.is_empty() || begins(key.path, above)))
        .filter_map(|key| key.path.split('.').nth(depth - 1))
        .filter(|name| *name != "*")
        .collect();
    let name = nearest(last, siblings.into_iter())?;
    Some(if above.is_empty() { name } else { format!("{above}.{name}") })
}

/// Whether `pattern` with `*` for one name is `path`.
fn matches(pattern: &str, path: &str) -> bool {
    pattern.split('.').count() == path.split('.').count() && fit(pattern, path)
}

/// Whether `path` is a table above `pattern`.
fn begins(pattern: &str, path: &str) -> bool {
    pattern.split('.').count() > path.split('.').count() && fit(pattern, path)
}

fn fit(pattern: &str, path: &str) -> bool {
    pattern.split('.').zip(path.split('.')).all(|(pattern, name)| pattern == "*" || pattern == name)
}

const fn key_row(path: &'static str, kind: Type, default: &'static str, places: Places, meaning: &'static str) -> Key {
    Key { path, kind, default, places, meaning }
}

/// Any number of workers that a machine could bear.
const WORKERS: Type = Type::Count(0, 10_000);

/// Every setting, in the order of the reference.
#[rustfmt::skip]
pub const KEYS: &[Key] = &[
    key_row("name", Type::Text, "", Places::TOWN, "What the town is called; the folder's name when not set."),
    key_row("branch", Type::Text, "\"main\"", Places::TOWN, "The ledger's branch, fixed at init."),
    key_row("agent", Type::Text, "", Places::ALL, "The preset that works when nothing closer names one; when not set, what is installed."),
    key_row("model", Type::Text, "", Places::ALL, "The model handed to agents, in the agent's own spelling."),
    key_row("permissions", Type::Choice(&["autonomous", "ask"]), "\"autonomous\"", Places::ALL, "Whether agents work without questions or ask in their terminal."),
    key_row("runtime", Type::Choice(&["tmux", "process"]), "\"tmux\"", Places::TOWN_LOCAL, "Where sessions run: the town's own tmux server, or plain processes with a log."),
    key_row("capacity", WORKERS, "4", Places::TOWN_LOCAL, "How many workers may run at once in the town."),
    key_row("auto_merge", Type::Flag, "true", Places::ALL, "Whether submitted work is merged without being asked."),
    key_row("attempts", Type::Count(1, 100), "3", Places::ALL, "New starts of a bead before it counts as failed."),
    key_row("tries", Type::Count(1, 100), "5", Places::ALL, "Messages into one session about one cause."),
    key_row("restarts", Type::Count(0, 100), "2", Places::ALL, "Restarts of a session that ended without done, before it is escalated."),
    key_row("gate_limit", Type::Span, "\"10m\"", Places::ALL, "Time limit of a gate that names none."),
    key_row("setup_limit", Type::Span, "\"10m\"", Places::ALL, "Time limit of one set-up command."),
    key_row("snapshot_interval", Type::Span, "\"5m\"", Places::ALL, "How old an uncommitted change may get before it is pinned."),
    key_row("grace", Type::Span, "\"10s\"", Places::ALL, "How long a session may go on after done."),
    key_row("names", Type::Texts, "[]", Places::TOWN, "The pool of workers' names; empty means the built-in pool."),
    key_row("identity.author", Type::Choice(&["worker", "person"]), "\"worker\"", Places::ALL, "Whose name the author of a worker's commits has; the address and the committer are the person's."),
    key_row("identity.name", Type::Text, "", Places::ALL, "The person's name; when not set, git's user.name."),
    key_row("identity.email", Type::Text, "", Places::ALL, "The person's address; when not set, git's user.email."),
    key_row("health.starting", Type::Span, "\"60s\"", Places::ALL, "How long an agent may take until its first sign of life."),
    key_row("health.gupp", Type::Span, "\"5m\"", Places::ALL, "A worker that is hooked and has begun nothing for this long is reported."),
    key_row("health.stalled", Type::Span, "\"10m\"", Places::ALL, "A worker without progress for this long is reported."),
    key_row("mayor.agent", Type::Text, "", Places::TOWN_LOCAL, "The preset that plans and chats; when not set, the town's."),
    key_row("mayor.model", Type::Text, "", Places::TOWN_LOCAL, "The mayor's model; when not set, the town's."),
    key_row("mayor.limit", Type::Span, "\"10m\"", Places::TOWN_LOCAL, "Time limit of one planning call."),
    key_row("mayor.context", Type::Count(4_000, 2_000_000), "60000", Places::TOWN_LOCAL, "Bytes of context handed to the planner at most."),
    key_row("roles.*.agent", Type::Text, "", Places::ALL, "The preset of this role."),
    key_row("roles.*.model", Type::Text, "", Places::ALL, "The model of this role."),
    key_row("roles.*.effort", Type::Text, "", Places::ALL, "How hard the model of this role thinks, in the agent's own spelling."),
    key_row("roles.*.limit", WORKERS, "", Places::ALL, "Workers of this role at once."),
    key_row("home", Type::Text, "", Places::LOCAL, "Which clone of the town this is: random, written at init, carried by claims."),
    key_row("gt", Type::Text, "", Places::LOCAL, "The gt that sessions call; when not set, the one that started them."),
    key_row("name", Type::Text, "", Places::RIG, "The rig's name, the same as that of its file."),
    key_row("branch", Type::Text, "", Places::RIG, "The branch that work lands on."),
    key_row("prefix", Type::Text, "", Places::RIG, "The first part of its beads' ids; unique in the town, fixed for ever."),
    key_row("url", Type::Text, "", Places::RIG, "A URL that git understands, or the absolute path of a local repository."),
    key_row("remote", Type::Choice(&["remote", "local"]), "\"remote\"", Places::RIG, "How a landing reaches the origin: by a push, or delivered to a repository that the person works in."),
    key_row("parked", Type::Flag, "false", Places::RIG, "Set aside: nothing of the rig is ready."),
    key_row("setup", Type::Texts, "[]", Places::RIG, "Commands of sh that make a fresh worktree fit for work."),
    key_row("setup_inputs", Type::Texts, "[]", Places::RIG, "Globs of files whose change makes set-up run again."),
    key_row("copy", Type::Texts, "[]", Places::RIG, "Ignored files of the person that are copied into each worktree, such as .env."),
    key_row("link", Type::Texts, "[]", Places::RIG, "Ignored files or folders of the person that are linked into each worktree."),
    key_row("keep", Type::Texts, "[]", Places::RIG, "Ignored paths that survive the recycling of a worktree, such as target."),
    key_row("merge.style", Type::Choice(&["merge", "squash", "rebase"]), "\"merge\"", Places::RIG, "What becomes of the worker's commits."),
    key_row("merge.trailer", Type::Flag, "true", Places::RIG, "Whether the landed commit carries a Bead: trailer."),
    key_row("workers.*", WORKERS, "", Places::RIG, "Workers of this role at once."),
    key_row("gates.name", Type::Text, "", Places::RIG, "The gate's name, unique in the rig."),
    key_row("gates.run", Type::Text, "", Places::RIG, "The gate's command, for sh -c."),
    key_row("gates.limit", Type::Span, "", Places::RIG, "The gate's time limit; when not set, gate_limit."),
    key_row("gates.required", Type::Flag, "true", Places::RIG, "Whether a failure keeps the tree from landing."),
    key_row("names.*.role", Type::Text, "", Places::RIG, "The role of the worker of this name."),
    key_row("names.*.crew", Type::Flag, "false", Places::RIG, "The worker is a person's own, not pooled."),
    key_row("names.*.retired", Type::Flag, "false", Places::RIG, "The worker takes no more work, and nobody else gets its name."),
];
