//! Set-up and gates, guessed from a repository's files.
//!
//! Works on names of files and a reader of their text, so that a bare repository will do. Only the root counts:
//! what a subfolder of a monorepo needs is the person's to say. Every part comes with its reason.

mod facts;
mod node;
mod others;
mod python;

use serde::Serialize;

use super::Gate;
use facts::{Facts, Found};

/// What was guessed, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Guess {
    /// Commands of `sh` that make a fresh worktree fit for work.
    pub setup: Vec<String>,
    /// Globs of files whose change makes set-up run again.
    pub setup_inputs: Vec<String>,
    /// Ignored paths that survive the recycling of a worktree.
    pub keep: Vec<String>,
    /// Commands that must pass before a tree may land.
    pub gates: Vec<Gate>,
    /// One reason per kind of project: "Cargo.toml found".
    pub reasons: Vec<String>,
}

/// Every kind of project that is known, in the order in which its gates run. A new kind is a new line.
const KINDS: &[fn(&Facts<'_>) -> Option<Found>] = &[
    others::cargo,
    others::go,
    node::node,
    node::deno,
    python::python,
    others::maven,
    others::gradle,
    others::dotnet,
    others::ruby,
    others::php,
    others::elixir,
    others::swift,
    others::zig,
    others::cmake,
];

/// Runners of whatever kind of project, asked only when no kind has a gate of its own.
const RUNNERS: &[fn(&Facts<'_>) -> Option<Found>] = &[others::just, others::make];

/// Guesses from the names of files (relative to the repository's root, `/` between folders) and a reader of their text.
pub fn guess(files: &[String], read: &dyn Fn(&str) -> Option<String>) -> Guess {
    let facts = Facts::new(files, read);
    let mut guess = Guess::default();
    for kind in KINDS {
        guess.extend(kind(&facts));
    }
    for runner in RUNNERS {
        if guess.gates.is_empty() {
            guess.extend(runner(&facts));
        }
    }
    if let [only] = &mut guess.gates[..] {
        "test".clone_into(&mut only.name);
    }
    guess
}

impl Guess {
    fn extend(&mut self, found: Option<Found>) {
        let Some(found) = found else { return };
        let Self { setup, setup_inputs, keep, gates, reasons } = self;
        setup.extend(found.setup);
        setup_inputs.extend(found.setup_inputs);
        keep.extend(found.keep.into_iter().map(str::to_owned));
        gates.extend(found.gates);
        reasons.push(found.reason);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[(&str, &str)]) -> Guess {
        let names: Vec<String> = files.iter().map(|(name, _)| (*name).to_owned()).collect();
        guess(&names, &|path| files.iter().find(|(name, _)| *name == path).map(|(_, text)| (*text).to_owned()))
    }

    fn gates(files: &[(&str, &str)]) -> Vec<String> {
        of(files).gates.into_iter().map(|gate| gate.run).collect()
    }

    /// Files at the root, the set-up that follows, the gates that follow.
    type Case = (&'static [(&'static str, &'static str)], &'static [&'static str], &'static [&'static str]);

    #[rustfmt::skip]
    const CASES: &[Case] = &[
        (&[("Cargo.toml", "[package]\nname = \"x\"")], &[], &["cargo test"]),
        (&[("Cargo.toml", "[workspace]\nmembers = []")], &[], &["cargo test --workspace"]),
        (&[("go.mod", "module x")], &[], &["go test ./..."]),
        (&[("package.json", r#"{"scripts":{"test":"vitest"}}"#), ("package-lock.json", "{}")], &["npm ci"], &["npm test"]),
        (&[("package.json", r#"{"scripts":{"test":"jest"}}"#), ("pnpm-lock.yaml", "")], &["pnpm install --frozen-lockfile"], &["pnpm test"]),
        (&[("package.json", r#"{"scripts":{"test":"jest"}}"#), ("yarn.lock", "")], &["yarn install --frozen-lockfile"], &["yarn test"]),
        (&[("package.json", r#"{"scripts":{"test":"jest"}}"#), ("yarn.lock", ""), (".yarnrc.yml", "")], &["yarn install --immutable"], &["yarn test"]),
        (&[("package.json", r#"{"scripts":{"test":"x"}}"#), ("bun.lock", "")], &["bun install --frozen-lockfile"], &["bun run test"]),
        (&[("package.json", r#"{"scripts":{"test":"x"},"packageManager":"pnpm@9.1.0"}"#)], &[], &["pnpm test"]),
        (&[("package.json", r#"{"dependencies":{"x":"1"}}"#)], &["npm install --no-package-lock"], &[]),
        (&[("package.json", r#"{"scripts":{"test":"echo \"Error: no test specified\" && exit 1"}}"#), ("package-lock.json", "")], &["npm ci"], &[]),
        (&[("package.json", "not json")], &[], &[]),
        (&[("deno.json", r#"{"tasks":{"test":"deno test -A"}}"#)], &[], &["deno task test"]),
        (&[("deno.json", "{}")], &[], &["deno test"]),
        (&[("pyproject.toml", "[tool.pytest.ini_options]"), ("uv.lock", "")], &["uv sync --locked"], &["uv run --locked pytest"]),
        (&[("pyproject.toml", "[tool.poetry]\n[tool.poetry.dev-dependencies]\npytest='*'"), ("poetry.lock", "")], &["poetry install --no-interaction"], &["poetry run pytest"]),
        (&[("app.py", ""), ("test_app.py", "import unittest")], &[], &["python3 -m unittest discover"]),
        (&[("lib.py", ""), ("tests/test_lib.py", "")], &[], &["python3 -m unittest discover -s tests"]),
        (&[("pom.xml", ""), ("mvnw", "")], &[], &["./mvnw -B test"]),
        (&[("pom.xml", "")], &[], &["mvn -B test"]),
        (&[("build.gradle.kts", ""), ("gradlew", "")], &[], &["./gradlew test"]),
        (&[("Shop.sln", "")], &["dotnet restore"], &["dotnet test"]),
        (&[("Gemfile", ""), (".rspec", "")], &["bundle install"], &["bundle exec rspec"]),
        (&[("composer.json", "{}"), ("phpunit.xml.dist", "")], &["composer install --no-interaction"], &["vendor/bin/phpunit"]),
        (&[("mix.exs", "")], &["mix deps.get"], &["mix test"]),
        (&[("CMakeLists.txt", "project(x)\nenable_testing()")], &[], &["cmake -S . -B build && cmake --build build && ctest --test-dir build --output-on-failure"]),
        (&[("CMakeLists.txt", "project(x)")], &[], &["cmake -S . -B build && cmake --build build"]),
        (&[("Makefile", "all:\n\ttrue\ntest: all\n\ttrue\n")], &[], &["make test"]),
        (&[("Makefile", "check:\n\ttrue\n")], &[], &["make check"]),
        (&[("Makefile", "TEST := x\nlatest:\n\ttrue\n# test:\n")], &[], &[]),
        (&[("justfile", "test filter='':\n  cargo x\n")], &[], &["just test"]),
        (&[("README.md", "")], &[], &[]),
        (&[("sub/Cargo.toml", "[package]")], &[], &[]),
    ];

    #[test]
    fn each_kind_of_project_gives_its_set_up_and_gates() {
        for (files, setup, expected) in CASES {
            let guess = of(files);
            assert_eq!(guess.setup, *setup, "{files:?}");
            assert_eq!(gates(files), *expected, "{files:?}");
            assert_eq!(guess.reasons.is_empty(), setup.is_empty() && expected.is_empty() && !found(files), "{files:?}");
        }
    }

    /// Found, but without anything to run.
    fn found(files: &[(&str, &str)]) -> bool {
        files[0].0 == "package.json"
    }

    #[test]
    fn several_kinds_apply_and_a_runner_only_alone() {
        let files = [
            ("Cargo.toml", "[package]"),
            ("Makefile", "test:\n\tcargo test"),
            ("package.json", r#"{"scripts":{"test":"x"}}"#),
            ("package-lock.json", ""),
        ];
        assert_eq!(gates(&files), ["cargo test", "npm test"]);
        assert_eq!(of(&files).reasons, ["Cargo.toml", "package.json and package-lock.json"]);
        assert_eq!(of(&files).keep, ["target", "node_modules"]);
    }

    #[test]
    fn names_of_gates_are_unique_and_a_single_one_is_plain() {
        assert_eq!(of(&[("Cargo.toml", "")]).gates[0].name, "test");
        let both = of(&[("Cargo.toml", ""), ("go.mod", "")]);
        assert_eq!(both.gates.iter().map(|gate| gate.name.as_str()).collect::<Vec<_>>(), ["cargo-test", "go-test"]);
    }

    #[test]
    fn a_virtual_environment_holds_what_the_tests_need_and_hides_itself() {
        let guess = of(&[("requirements.txt", "flask"), ("tests/test_x.py", "import pytest")]);
        assert_eq!(
            guess.setup,
            [
                "python3 -m venv .venv && echo '*' > .venv/.gitignore && .venv/bin/pip install -q -r requirements.txt pytest"
            ]
        );
        assert_eq!(guess.gates[0].run, ".venv/bin/python -m pytest");
        assert_eq!(guess.keep, [".venv"]);
    }

    #[test]
    fn extras_for_tests_are_installed_with_the_project() {
        let text = "[project]\nname='x'\n[project.optional-dependencies]\ntest = ['pytest>=8']\n";
        let guess = of(&[("pyproject.toml", text)]);
        assert!(guess.setup[0].contains("pip install -q -e '.[test]' && "), "{guess:?}");
        assert!(!guess.setup[0].contains(';'), "that stands between commands: {guess:?}");
    }
}
