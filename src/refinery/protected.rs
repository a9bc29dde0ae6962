//! Which changes wait for an approval: those by which a change could make itself pass.

use std::collections::BTreeSet;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::town::{Gate, Rig};

/// CI files, whatever the gates are.
const CI: [&str; 4] = [".github/**", ".gitlab-ci*", ".gitlab/**", ".ci/**"];

/// Folders of tests.
const TEST_FOLDERS: [&str; 6] = ["test", "tests", "spec", "specs", "__tests__", "testing"];

/// What a test says that is not to run.
const SKIPS: [&str; 14] = [
    "#[ignore",
    "mark.skip",
    "unittest.skip",
    "pytest.skip(",
    "t.Skip(",
    "t.SkipNow(",
    "it.skip(",
    "test.skip(",
    "describe.skip(",
    "xit(",
    "xdescribe(",
    "@Ignore",
    "@Disabled",
    "skip_test",
];

/// One file that a change is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// Its path; of a file that was renamed, the old one.
    pub path: String,
    /// Where it is now; none when it is gone.
    pub now: Option<String>,
    /// The lines that were added.
    pub added: Vec<String>,
    /// The lines that were removed.
    pub removed: Vec<String>,
}

/// What of a rig is protected.
#[derive(Debug, Clone)]
pub struct Rule {
    globs: GlobSet,
    /// Tests may not be deleted or skipped.
    tests: bool,
}

impl Rule {
    /// The rule of a rig: its own globs, else CI files, the files that define its gates, and its tests.
    ///
    /// # Errors
    /// A glob that is none, and why.
    pub fn of(rig: &Rig) -> Result<Self, String> {
        match &rig.protected {
            Some(own) => Ok(Self { globs: globs(own.iter().map(String::as_str))?, tests: false }),
            None => {
                let files = rig.gates.iter().flat_map(files_of).collect::<BTreeSet<String>>();
                let files = files.iter().map(String::as_str);
                Ok(Self { globs: globs(CI.into_iter().chain(files))?, tests: true })
            }
        }
    }

    /// Whether nothing is protected.
    pub fn is_empty(&self) -> bool {
        self.globs.is_empty() && !self.tests
    }

    /// What of `changes` waits for an approval, one phrase each: `.github/ci.yml`, `tests/a.sh (deleted)`.
    pub fn touched(&self, changes: &[Change]) -> Vec<String> {
        changes.iter().filter_map(|change| self.touches(change)).collect()
    }

    fn touches(&self, change: &Change) -> Option<String> {
        let path = &change.path;
        let now = change.now.as_ref();
        if self.globs.is_match(path) {
            return Some(path.clone());
        }
        if let Some(now) = now.filter(|now| self.globs.is_match(now)) {
            return Some(now.clone());
        }
        if !self.tests || !is_test(path) {
            return None;
        }
        if !now.is_some_and(|now| is_test(now)) {
            return Some(format!("{path} (a test that is deleted)"));
        }
        let skipped =
            |lines: &[String]| lines.iter().filter(|line| SKIPS.iter().any(|skip| line.contains(skip))).count();
        (skipped(&change.added) > skipped(&change.removed)).then(|| format!("{path} (a test that is skipped)"))
    }
}

/// Whether lines of a file matter, and not only that it changed.
pub fn is_test(path: &str) -> bool {
    let mut parts: Vec<&str> = path.split('/').collect();
    let name = parts.pop().unwrap_or_default();
    let stem = name.split('.').next().unwrap_or(name);
    parts.iter().any(|folder| TEST_FOLDERS.contains(folder))
        || stem.starts_with("test_")
        || stem.ends_with("_test")
        || name.contains(".test.")
        || name.contains(".spec.")
}

/// The files that a gate's command names, and those that `make` and `just` read.
fn files_of(gate: &Gate) -> Vec<String> {
    let words = gate.run.split(|c: char| c.is_whitespace() || ";&|()\"'<>".contains(c)).filter(|word| !word.is_empty());
    let file = |word: &str| match word {
        "make" => vec!["Makefile".to_owned(), "GNUmakefile".to_owned()],
        "just" => vec!["justfile".to_owned(), "Justfile".to_owned()],
        path if path.starts_with('/') || path.starts_with('-') => Vec::new(),
        path if path.contains('/') || path.contains('.') => {
            vec![globset::escape(path.strip_prefix("./").unwrap_or(path))]
        }
        _ => Vec::new(),
    };
    words.flat_map(file).collect()
}

fn globs<'g>(patterns: impl Iterator<Item = &'g str>) -> Result<GlobSet, String> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let glob = GlobBuilder::new(pattern).literal_separator(true).build();
        set.add(glob.map_err(|error| format!("{pattern:?} is no glob: {}", error.kind()))?);
    }
    set.build().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rig(own: Option<&[&str]>) -> Rig {
        let (name, prefix) = ("web".parse().expect("valid"), "web".parse().expect("valid"));
        let mut rig = Rig::new(name, prefix, "/src/web", "main");
        rig.gates = vec![Gate::new("test", "make test && sh ./scripts/check.sh")];
        rig.protected = own.map(|globs| globs.iter().map(|glob| (*glob).to_owned()).collect());
        rig
    }

    fn edit(path: &str, added: &[&str], removed: &[&str]) -> Change {
        let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
        Change { path: path.to_owned(), now: Some(path.to_owned()), added: lines(added), removed: lines(removed) }
    }

    fn gone(path: &str, now: Option<&str>) -> Change {
        Change { path: path.to_owned(), now: now.map(str::to_owned), ..Change::default() }
    }

    #[test]
    fn what_a_change_could_pass_itself_by_is_protected() {
        let rule = Rule::of(&rig(None)).expect("built in");
        let table = [
            (edit("src/lib.rs", &["#[ignore]"], &[]), None),
            (edit(".github/workflows/ci.yml", &[], &[]), Some(".github/workflows/ci.yml")),
            (edit(".gitlab-ci.yml", &[], &[]), Some(".gitlab-ci.yml")),
            (edit("Makefile", &[], &[]), Some("Makefile")),
            (edit("docs/Makefile", &[], &[]), None),
            (edit("scripts/check.sh", &[], &[]), Some("scripts/check.sh")),
            (gone("old.yml", Some(".ci/new.yml")), Some(".ci/new.yml")),
            (edit("tests/a.rs", &["assert!(true)"], &["assert!(x)"]), None),
            (edit("tests/a.rs", &["  #[ignore]"], &[]), Some("tests/a.rs (a test that is skipped)")),
            (edit("tests/a.rs", &["#[ignore = \"slow\"]"], &["#[ignore]"]), None),
            (edit("web/login.test.ts", &["it.skip('x')"], &[]), Some("web/login.test.ts (a test that is skipped)")),
            (gone("tests/a.rs", None), Some("tests/a.rs (a test that is deleted)")),
            (gone("tests/a.rs", Some("tests/b.rs")), None),
            (gone("tests/a.rs", Some("attic/a.rs")), Some("tests/a.rs (a test that is deleted)")),
            (gone("src/a.rs", None), None),
        ];
        for (change, expected) in table {
            let expected: Vec<&str> = expected.into_iter().collect();
            assert_eq!(rule.touched(std::slice::from_ref(&change)), expected, "{change:?}");
        }
    }

    #[test]
    fn a_rigs_own_globs_replace_the_rule() {
        let rule = Rule::of(&rig(Some(&["db/**", "*.lock"]))).expect("globs");
        let touched =
            rule.touched(&[edit("db/1/a.sql", &[], &[]), edit("Makefile", &[], &[]), gone("tests/a.rs", None)]);
        assert_eq!(touched, ["db/1/a.sql"]);
        assert!(Rule::of(&rig(Some(&[]))).expect("none").is_empty());
        assert!(Rule::of(&rig(Some(&["a["]))).is_err());
    }
}
