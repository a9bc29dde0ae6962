//! A registered rig: the document `rigs.d/<name>.toml`.

use std::collections::BTreeMap;
use std::fs;

use serde::{Deserialize, Serialize};

use super::{Gate, Merge, Town, TownError, check, config, rig_text, schema};
use crate::id::{Prefix, RigName, RoleName, WorkerKind, WorkerName, WorkerRef};

/// One project: where it comes from, how a worktree is set up, and what must pass before a tree may land.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct Rig {
    /// Its name, the same as that of its file.
    pub name: RigName,
    /// The first part of its beads' ids; unique in the town, fixed for ever.
    pub prefix: Prefix,
    /// A URL that git understands, or the absolute path of a local repository.
    pub url: String,
    /// How a landing reaches it.
    #[serde(default, skip_serializing_if = "Remote::is_default")]
    pub remote: Remote,
    /// The branch that work lands on.
    pub branch: String,
    /// Set aside: nothing of it is ready.
    #[serde(default, skip_serializing_if = "is_false")]
    pub parked: bool,
    /// Why its merge queue stands still, where a person paused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<String>,
    /// Globs of files whose change waits for an approval; none means the built-in rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protected: Option<Vec<String>>,
    /// Commands of `sh` that make a fresh worktree fit for work.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub setup: Vec<String>,
    /// Globs of files whose change makes set-up run again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub setup_inputs: Vec<String>,
    /// Ignored files of the person that are copied into each worktree, such as `.env`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copy: Vec<String>,
    /// Ignored files or folders of the person that are linked into each worktree.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub link: Vec<String>,
    /// Ignored paths that survive the recycling of a worktree, such as `target`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keep: Vec<String>,
    /// How landings look in the history.
    #[serde(default, skip_serializing_if = "Merge::is_default")]
    pub merge: Merge,
    /// Workers of each role at once; a role that is not named has no limit of its own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub workers: BTreeMap<RoleName, u32>,
    /// Names of workers, reserved for ever.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<WorkerName, Reserved>,
    /// Commands that must pass before a tree may land.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<Gate>,
    /// Settings of the town that are different here; see [`Town::settings_for`].
    #[serde(flatten)]
    pub overrides: toml::Table,
    /// The text that it was read from, whose comments and order a rewrite keeps.
    #[serde(skip)]
    pub(super) source: Source,
}

/// The text behind a rig; no part of what two rigs are compared by.
#[derive(Debug, Clone, Default)]
pub(super) struct Source(pub(super) Option<String>);

impl PartialEq for Source {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// How a landing reaches the rig's origin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Remote {
    /// By a plain push: the remote's branch is the target.
    #[default]
    Remote,
    /// A repository that the person works in: delivered when its checkout allows it.
    Local,
}

impl Remote {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    fn is_default(&self) -> bool {
        *self == Self::Remote
    }
}

/// What a reserved name stands for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Reserved {
    /// The role of the worker.
    pub role: RoleName,
    /// A person's own, not pooled.
    #[serde(default, skip_serializing_if = "is_false")]
    pub crew: bool,
    /// The agent of a crew member's sessions, where the person named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Removed: takes no more work, and nobody else gets the name.
    #[serde(default, skip_serializing_if = "is_false")]
    pub retired: bool,
}

impl Reserved {
    /// A polecat of `role`.
    pub fn polecat(role: RoleName) -> Self {
        Self { role, crew: false, agent: None, retired: false }
    }

    /// A person's own, whose sessions talk with `agent`.
    pub fn crew(role: RoleName, agent: Option<String>) -> Self {
        Self { role, crew: true, agent, retired: false }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Rig {
    /// A rig with nothing but its origin.
    pub fn new(name: RigName, prefix: Prefix, url: impl Into<String>, branch: impl Into<String>) -> Self {
        Self {
            name,
            prefix,
            url: url.into(),
            remote: Remote::Remote,
            branch: branch.into(),
            parked: false,
            paused: None,
            protected: None,
            setup: Vec::new(),
            setup_inputs: Vec::new(),
            copy: Vec::new(),
            link: Vec::new(),
            keep: Vec::new(),
            merge: Merge::default(),
            workers: BTreeMap::new(),
            names: BTreeMap::new(),
            gates: Vec::new(),
            overrides: toml::Table::new(),
            source: Source::default(),
        }
    }

    /// The path of its document, relative to the town: `rigs.d/web.toml`.
    pub fn path(&self) -> String {
        config::File::Rig(self.name.clone()).path()
    }

    /// Reads the document at `path` (`rigs.d/NAME.toml`, relative to the town).
    ///
    /// # Errors
    /// With file, line and reason when the text breaks a rule.
    pub fn parse(path: &str, text: &str) -> Result<Self, TownError> {
        let fail =
            |line: usize, reason: String| TownError::Setting { file: path.to_owned(), line, reason, nearest: None };
        let stem = path.rsplit('/').next().and_then(|file| file.strip_suffix(".toml")).unwrap_or(path);
        let name: RigName = stem.parse().map_err(|error| fail(1, format!("{error}")))?;
        check::table(&config::File::Rig(name.clone()), text)?;
        let mut rig: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| check::line_of(text, span.start));
            fail(line, error.message().to_owned())
        })?;
        if rig.name != name {
            return Err(fail(check::line_with(text, "name"), format!("the name is {}, the file is {path}", rig.name)));
        }
        if let Some(gate) = rig.doubled_gate() {
            return Err(fail(check::line_with(text, "[[gates]]"), format!("two gates are named {gate:?}")));
        }
        rig.source = Source(Some(text.to_owned()));
        Ok(rig)
    }

    fn doubled_gate(&self) -> Option<&str> {
        let mut seen = std::collections::HashSet::new();
        self.gates.iter().map(|gate| gate.name.as_str()).find(|name| !seen.insert(*name))
    }

    /// The document: canonical when new, else the text it came from with only what changed replaced.
    pub fn render(&self) -> String {
        rig_text::render(self)
    }

    /// The layer that it puts over the town's settings.
    pub fn layer(&self) -> toml::Table {
        self.overrides.iter().filter(|(key, _)| schema::is_layered(key)).map(|(k, v)| (k.clone(), v.clone())).collect()
    }

    /// The worker behind a reserved name.
    pub fn worker(&self, name: &WorkerName) -> Option<WorkerRef> {
        let kind = if self.names.get(name)?.crew { WorkerKind::Crew } else { WorkerKind::Polecat };
        Some(WorkerRef { rig: self.name.clone(), kind, name: name.clone() })
    }

    /// Every polecat that may take work, with its role.
    pub fn polecats(&self) -> impl Iterator<Item = (WorkerRef, &RoleName)> {
        self.names
            .iter()
            .filter(|(_, reserved)| !reserved.crew && !reserved.retired)
            .map(|(name, reserved)| (WorkerRef::polecat(self.name.clone(), name.clone()), &reserved.role))
    }

    /// Every crew member that was not removed.
    pub fn crew(&self) -> impl Iterator<Item = WorkerRef> {
        let kept = self.names.iter().filter(|(_, reserved)| reserved.crew && !reserved.retired);
        kept.filter_map(|(name, _)| self.worker(name))
    }
}

impl Town {
    /// Every rig in order of name, each parsed or with the reason why not: one broken file blocks no other.
    ///
    /// # Errors
    /// When the folder of the rigs cannot be listed.
    pub fn rigs_each(&self) -> Result<Vec<Result<Rig, TownError>>, TownError> {
        Ok(self.rig_names()?.iter().map(|name| self.read_rig(name)).collect())
    }

    /// Every rig in order of name.
    ///
    /// # Errors
    /// The first broken file.
    pub fn rigs(&self) -> Result<Vec<Rig>, TownError> {
        self.rigs_each()?.into_iter().collect()
    }

    /// The rig `name`.
    ///
    /// # Errors
    /// When there is none (the nearest name is given), or its file breaks a rule.
    pub fn rig(&self, name: &RigName) -> Result<Rig, TownError> {
        if self.rig_file(name).exists() {
            return self.read_rig(name);
        }
        Err(unknown_rig(name.as_str(), &self.rig_names()?))
    }

    /// The names of the rigs, sorted; files whose name is no rig name are left out.
    ///
    /// # Errors
    /// When the folder cannot be listed; that it does not exist is no error.
    pub fn rig_names(&self) -> Result<Vec<RigName>, TownError> {
        let folder = self.root.join(Self::RIGS_FOLDER);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(TownError::io("read", folder, error)),
        };
        let mut names: Vec<RigName> =
            entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_suffix(".toml")?.parse().ok()).collect();
        names.sort();
        Ok(names)
    }

    fn read_rig(&self, name: &RigName) -> Result<Rig, TownError> {
        let file = config::File::Rig(name.clone());
        let text = self.read(&file)?.unwrap_or_default();
        Rig::parse(&file.path(), &text)
    }
}

fn unknown_rig(name: &str, known: &[RigName]) -> TownError {
    let known: Vec<String> = known.iter().map(ToString::to_string).collect();
    let nearest = check::nearest(name, known.iter().map(String::as_str));
    TownError::UnknownRig { name: name.to_owned(), nearest, known }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEB: &str = r#"# the shop
name = "web"
prefix = "web"
url = "https://example.org/web.git"   # read only
branch = "main"
agent = "claude"
setup = ["npm ci"]

[workers]
developer = 2

[[gates]]
name = "test"
run = "npm test"   # fast
limit = "5m"
"#;

    fn web() -> Rig {
        Rig::parse("rigs.d/web.toml", WEB).expect("valid")
    }

    #[test]
    fn a_rewrite_that_changes_nothing_is_the_same_text() {
        assert_eq!(web().render(), WEB);
    }

    #[test]
    fn a_rewrite_touches_only_what_changed() {
        let mut rig = web();
        rig.parked = true;
        rig.names.insert("toast".parse().expect("valid"), Reserved::polecat(RoleName::developer()));
        rig.workers.insert(RoleName::developer(), 3);
        let expected = WEB
            .replace("[\"npm ci\"]\n", "[\"npm ci\"]\nparked = true\n")
            .replace("developer = 2", "developer = 3")
            .replace("limit = \"5m\"\n", "limit = \"5m\"\n\n[names]\ntoast = { role = \"developer\" }\n");
        assert_eq!(rig.render(), expected);
        assert_eq!(Rig::parse("rigs.d/web.toml", &rig.render()).expect("valid"), rig);
    }

    #[test]
    fn overrides_make_a_layer_and_facts_do_not() {
        assert_eq!(web().layer().keys().collect::<Vec<_>>(), ["agent"]);
    }
}
