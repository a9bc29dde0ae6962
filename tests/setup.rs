//! `scripts/setup.sh` on machines that lack something, played by fake programs.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// A machine: a folder of programs, some of them fake, and nothing else on the PATH.
struct Machine(TempDir);

impl Machine {
    /// A complete machine with `apt-get`, whose user is root.
    fn complete() -> Self {
        let machine = Self(tempfile::tempdir().expect("a temporary folder"));
        for program in ["sh", "sed", "head", "dirname", "env", "cat", "chmod"] {
            let real = ["/usr/bin", "/bin"].iter().map(|folder| Path::new(folder).join(program));
            let real = real.into_iter().find(|path| path.exists()).expect("every system has it");
            symlink(real, machine.0.path().join(program)).expect("an empty folder");
        }
        machine.says("git", "git version 2.39.5");
        machine.says("tmux", "tmux 3.3a");
        machine.says("cc", "");
        for program in ["strace", "zsh", "fish"] {
            machine.says(program, "");
        }
        machine.says("cargo", "cargo 1.95.0");
        machine.says("rustc", "rustc 1.95.0 (abc 2026-03-21)");
        machine.says("uname", "Linux");
        machine.says("id", "0");
        machine.says("apt-get", "");
        machine
    }

    /// Puts a program there that prints `text`.
    fn says(&self, program: &str, text: &str) {
        self.does(program, &format!("echo '{text}'"));
    }

    fn does(&self, program: &str, script: &str) {
        let path = self.0.path().join(program);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("own folder");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("own file");
    }

    fn lacks(&self, program: &str) {
        fs::remove_file(self.0.path().join(program)).expect("it was there");
    }

    /// Runs the script: whether it is content, and what it says.
    fn set_up(&self, arguments: &[&str]) -> (bool, String) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/setup.sh");
        let mut command = Command::new("/bin/sh");
        command.arg(script).args(arguments).env_clear().env("PATH", self.0.path()).env("HOME", self.0.path());
        let output = command.output().expect("sh is there");
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    #[track_caller]
    fn refuses(&self, parts: &[&str]) {
        let (content, said) = self.set_up(&[]);
        assert!(!content, "it is content:\n{said}");
        for part in parts {
            assert!(said.contains(part), "{part:?} is missing in\n{said}");
        }
    }
}

#[test]
fn a_complete_machine_is_met_with_silence() {
    for (git, tmux) in [("2.39.5", "3.3a"), ("2.38.0", "3.2"), ("3.0.1", "next-3.4"), ("2.51.0.rc1", "3.10")] {
        let machine = Machine::complete();
        machine.says("git", &format!("git version {git}"));
        machine.says("tmux", &format!("tmux {tmux}"));
        assert_eq!(machine.set_up(&["--checks"]), (true, String::new()), "git {git}, tmux {tmux}");
    }
}

#[test]
fn what_is_missing_or_old_is_installed() {
    let machine = Machine::complete();
    machine.says("git", "git version 2.30.2");
    machine.lacks("tmux");
    let bin = machine.0.path().display();
    machine.does(
        "apt-get",
        &format!(
            "[ \"$1\" = install ] || exit 0\n\
             printf '#!/bin/sh\\necho git version 2.47.3\\n' >{bin}/git\n\
             printf '#!/bin/sh\\necho tmux 3.5a\\n' >{bin}/tmux\nchmod +x {bin}/tmux"
        ),
    );
    let (content, said) = machine.set_up(&[]);
    assert!(content, "{said}");
    assert!(said.contains("apt-get update && apt-get install -y --no-install-recommends git tmux"), "{said}");
}

#[test]
fn a_user_without_rights_is_told_what_to_type() {
    let machine = Machine::complete();
    machine.says("id", "1000");
    machine.lacks("tmux");
    machine.refuses(&["tmux 3.2 or newer is needed", "type: sudo sh -c 'apt-get update && apt-get install -y"]);
}

#[test]
fn a_package_that_is_too_old_everywhere_is_named() {
    let machine = Machine::complete();
    machine.says("git", "git version 2.30.2");
    machine.refuses(&["git 2.38 or newer is needed, here is: 2.30"]);
}

#[test]
fn a_machine_without_a_package_manager_is_told_what_it_needs() {
    let machine = Machine::complete();
    machine.lacks("apt-get");
    machine.does("cc", "exit 1");
    machine.refuses(&["a C compiler is needed", "with your system's package manager"]);
}

#[test]
fn the_rust_toolchain_is_never_installed_but_explained() {
    let machine = Machine::complete();
    machine.says("rustc", "rustc 1.80.0 (abc 2024-07-21)");
    machine.refuses(&["rustc is 1.80 and gt needs 1.89; type: rustup update stable"]);
    machine.does("rustc", "echo \"toolchain 'stable' is not installed\" >&2; exit 1");
    machine.refuses(&["toolchain 'stable' is not installed", "type: rustup toolchain install stable"]);
    machine.lacks("cargo");
    machine.refuses(&["no Rust toolchain; type: curl"]);
}

#[test]
fn strace_is_wished_for_and_not_needed() {
    let machine = Machine::complete();
    machine.lacks("strace");
    assert_eq!(machine.set_up(&[]), (true, String::new()), "only tests use it");
    let (content, said) = machine.set_up(&["--tests"]);
    assert!(content && said.contains("without strace the kill tests are skipped"), "{said}");
}

#[test]
fn shells_are_wished_for_by_the_checks_alone() {
    let machine = Machine::complete();
    machine.lacks("fish");
    assert_eq!(machine.set_up(&["--tests"]), (true, String::new()), "only the checks install shells");
    let (content, said) = machine.set_up(&["--checks"]);
    assert!(content && said.contains("without fish its completion is not tested. type: sudo sh -c '"), "{said}");
}

#[test]
fn the_numbers_are_those_of_the_manifest() {
    let script = include_str!("../scripts/setup.sh");
    let manifest: toml::Table = toml::from_str(include_str!("../Cargo.toml")).expect("the manifest is TOML");
    let needed = manifest["package"]["rust-version"].as_str().expect("it is there");
    assert!(script.contains(&format!("RUST_NEEDED={needed}\n")), "rust-version is {needed}");
}
