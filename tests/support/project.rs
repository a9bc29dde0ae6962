//! Small real git projects with a real, quick test command.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Ran;

/// The test command of every project: each `tests/*.sh` must pass, and no file may hold a conflict marker.
const TEST_COMMAND: &str = r#"#!/bin/sh
# Runs every test of the project; the first failing one decides.
cd "$(dirname "$0")" || exit 2
for test in tests/*.sh; do
    [ -e "$test" ] || continue
    echo "test $test"
    sh "$test" || { echo "FAILED $test"; exit 1; }
done
! grep -rn '^<<<<<<<' --include='*.txt' . || exit 1
echo "all tests passed"
"#;

/// A git repository that a person works in, outside of the town.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its folder.
    pub path: PathBuf,
    environment: Vec<(String, String)>,
}

impl Project {
    /// Makes the repository at `path` with one commit on `main`.
    pub fn create(path: PathBuf, environment: Vec<(String, String)>) -> Self {
        fs::create_dir_all(path.join("tests")).expect("the test's own folder is writable");
        let project = Self { path, environment };
        project.git(&["init", "--quiet", "--initial-branch=main"]);
        project.write("README.md", "# A small project\n\n`./test.sh` runs its tests.\n");
        project.write("greeting.txt", "hello\n");
        project.write("tests/greeting.sh", "grep -q . greeting.txt\n");
        project.write("test.sh", TEST_COMMAND);
        project.make_executable("test.sh");
        project.commit("start the project");
        project
    }

    /// Runs git in the project and returns its trimmed stdout; fails the test when git fails.
    #[track_caller]
    pub fn git(&self, arguments: &[&str]) -> String {
        self.run("git", arguments).succeeds().stdout.trim_end().to_owned()
    }

    /// Runs any program in the project.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Ran {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.path).env_clear().envs(self.environment.iter().cloned());
        let output = command.output().expect("the program is installed");
        Ran::new(format!("{program} {}", arguments.join(" ")), &output)
    }

    /// Writes one file, with its folders.
    pub fn write(&self, file: &str, text: &str) {
        let path = self.path.join(file);
        fs::create_dir_all(path.parent().expect("a file in the project has a folder")).expect("writable");
        fs::write(path, text).expect("writable");
    }

    /// The text of one file of the checkout; `None` when it is not there.
    pub fn read(&self, file: &str) -> Option<String> {
        fs::read_to_string(self.path.join(file)).ok()
    }

    /// Commits everything and returns the commit's id.
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", message]);
        self.tip("HEAD")
    }

    /// The commit that `reference` points to.
    #[track_caller]
    pub fn tip(&self, reference: &str) -> String {
        self.git(&["rev-parse", "--verify", &format!("{reference}^{{commit}}")])
    }

    /// The text of `file` in the commit that `reference` points to; `None` when it has no such file.
    pub fn show(&self, reference: &str, file: &str) -> Option<String> {
        let ran = self.run("git", &["show", &format!("{reference}:{file}")]);
        (ran.code == Some(0)).then_some(ran.stdout)
    }

    /// Whether the project's own tests pass in the checkout.
    pub fn is_green(&self) -> bool {
        self.run("./test.sh", &[]).code == Some(0)
    }

    /// What `git status` shows; empty when the person's repository is clean.
    pub fn status(&self) -> String {
        self.git(&["status", "--porcelain", "--ignored"])
    }

    /// The path as an argument.
    pub fn url(&self) -> &str {
        self.path.to_str().expect("test paths are UTF-8")
    }

    fn make_executable(&self, file: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path: &Path = &self.path.join(file);
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("own file");
    }
}
