//! The folder of a demo: a home without settings of the person's, the script, and a small project in git.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::env;
use crate::error::{Failure, Kind, Outcome};
use crate::git::Git;
use crate::store::write_atomic;

/// What the model says.
const SCRIPT: &str = include_str!("script.toml");

/// The project: path, text, mode.
const PROJECT: &[(&str, &str, u32)] = &[
    ("README.md", include_str!("project/README.md"), 0o644),
    ("test.sh", include_str!("project/test.sh"), 0o755),
    ("tests/help.sh", include_str!("project/tests/help.sh"), 0o644),
    ("todo.sh", include_str!("project/todo.sh"), 0o755),
];

/// Whose commits these are.
const GIT_SETTINGS: &str = "[user]\n\tname = You\n\temail = you@example.org\n[init]\n\tdefaultBranch = main\n";

/// Variables of the person that programs need in order to be found and to be shown.
const PASSED: &[&str] = &[
    "PATH",
    "TERM",
    "COLORTERM",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TMPDIR",
    "NO_COLOR",
    "COLUMNS",
    "USER",
    "LOGNAME",
    "SHELL",
];

/// The folder of a demo.
#[derive(Debug)]
pub(super) struct Place {
    /// Everything of the demo is below it.
    pub folder: PathBuf,
    /// The environment of everything that the demo runs.
    pub environment: BTreeMap<String, String>,
}

impl Place {
    /// Makes the folder with home, script and project.
    pub fn make() -> Outcome<Self> {
        let failed = |error| Failure::caused(Kind::External, "no temporary folder can be made", error);
        let folder = tempfile::Builder::new().prefix("gt-demo-").tempdir().map_err(failed)?;
        let root = folder.path().canonicalize().map_err(failed)?;
        let place = Self { environment: environment(&root), folder: root };
        put(&place.home().join(".gitconfig"), GIT_SETTINGS, 0o644)?;
        put(&place.folder.join("script.toml"), SCRIPT, 0o644)?;
        place.make_project()?;
        // From here on the demo itself removes it, after everything that lives there has ended.
        let _ = folder.keep();
        Ok(place)
    }

    /// The home folder of everything that the demo runs.
    pub fn home(&self) -> PathBuf {
        self.folder.join("home")
    }

    /// The town.
    pub fn town(&self) -> PathBuf {
        self.folder.join("town")
    }

    /// The repository that a person works in.
    pub fn project(&self) -> PathBuf {
        self.folder.join("project")
    }

    /// git in the project, with the settings of the demo.
    pub fn git(&self) -> Git {
        Git::at(self.project())
            .variable("GIT_CONFIG_GLOBAL", self.home().join(".gitconfig"))
            .variable("GIT_CONFIG_NOSYSTEM", "1")
    }

    fn make_project(&self) -> Outcome<()> {
        for (path, text, mode) in PROJECT {
            put(&self.project().join(path), text, *mode)?;
        }
        let git = self.git();
        git.run(&["init", "--quiet", "--initial-branch=main"])?;
        git.run(&["add", "--all"])?;
        git.run(&["commit", "--quiet", "--message", "Start a to-do list"])?;
        Ok(())
    }
}

fn put(path: &Path, text: &str, mode: u32) -> Outcome<()> {
    let failed = |error| Failure::caused(Kind::External, format!("cannot write {}", path.display()), error);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    write_atomic(path, text.as_bytes(), mode).map_err(failed)
}

fn environment(folder: &Path) -> BTreeMap<String, String> {
    let passed = PASSED.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)));
    let path = |name: &str| folder.join(name).display().to_string();
    let own = [
        ("HOME", path("home")),
        ("GIT_CONFIG_GLOBAL", path("home/.gitconfig")),
        ("GIT_CONFIG_NOSYSTEM", "1".to_owned()),
        ("GIT_PAGER", "cat".to_owned()),
        (env::SCRIPT, path("script.toml")),
    ];
    passed.chain(own.map(|(name, value)| (name.to_owned(), value))).collect()
}
