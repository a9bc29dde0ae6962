//! Python: uv, poetry, a virtual environment with pip, or the interpreter alone.

use super::facts::{Facts, Found};

const MANIFESTS: &[&str] = &["pyproject.toml", "setup.py", "setup.cfg"];
const REQUIREMENTS: &[&str] = &[
    "requirements.txt",
    "requirements-dev.txt",
    "requirements_dev.txt",
    "dev-requirements.txt",
    "requirements-test.txt",
    "test-requirements.txt",
];
/// Files of the root whose text says whether pytest is used.
const TELLING: &[&str] = &["pyproject.toml", "setup.cfg", "setup.py", "tox.ini", "noxfile.py", "Pipfile"];

/// What setuptools writes beside the sources of an editable project becomes a folder that git does not show. A command
/// without `;`, which stands between commands where a person is asked for them.
const HIDES_METADATA: &str = " && find . -maxdepth 2 -name '*.egg-info' | xargs -I{} cp .venv/.gitignore {}";

pub(super) fn python(facts: &Facts<'_>) -> Option<Found> {
    let manifest = facts.first(MANIFESTS);
    let requirements: Vec<&str> = REQUIREMENTS.iter().copied().filter(|name| facts.has(name)).collect();
    let test = first_test(facts);
    let reason: &str = manifest.or(requirements.first().copied()).or(test)?;
    let pytest = uses_pytest(facts, test);
    let pyproject = facts.text("pyproject.toml");
    if facts.has("uv.lock") {
        let found = Found::by(&[reason, "uv.lock"]).setup("uv sync --locked", &["pyproject.toml", "uv.lock"]);
        return Some(with_tests(found.keep(&[".venv"]), facts, test, pytest, "uv run --locked "));
    }
    if facts.has("poetry.lock") || pyproject.contains("[tool.poetry]") {
        let inputs = ["pyproject.toml", "poetry.lock"];
        let found = Found::by(&[reason]).setup("poetry install --no-interaction", &inputs);
        return Some(with_tests(found.keep(&[".venv"]), facts, test, pytest, "poetry run "));
    }
    let installed = packages(manifest, &requirements, &pyproject, pytest, &telling_text(facts, &requirements));
    if installed.is_empty() {
        return Some(with_tests(Found::by(&[reason]), facts, test, pytest, "python3 -m "));
    }
    // A folder that git shows would keep a worker from handing in.
    let setup = format!(
        "python3 -m venv .venv && echo '*' > .venv/.gitignore && .venv/bin/pip install -q {}{}",
        installed.join(" "),
        if installed.iter().any(|package| package.starts_with("-e ")) { HIDES_METADATA } else { "" }
    );
    let inputs: Vec<&str> = manifest.into_iter().chain(requirements).collect();
    let found = Found::by(&[reason]).setup(setup, &inputs).keep(&[".venv"]);
    Some(with_tests(found, facts, test, pytest, ".venv/bin/python -m "))
}

/// The gate, run by `prefix`: `uv run ` and `poetry run ` find programs, the others want a module.
fn with_tests(found: Found, facts: &Facts<'_>, test: Option<&str>, pytest: bool, prefix: &str) -> Found {
    if pytest {
        return found.gate("python-test", format!("{prefix}pytest"));
    }
    let Some(test) = test else { return found };
    let prefix = if prefix.ends_with("run ") || prefix.contains("--locked") {
        format!("{prefix}python -m ")
    } else {
        prefix.to_owned()
    };
    // Without an __init__.py a folder of tests is not found from the root.
    let folder = test.split_once('/').map(|(folder, _)| folder);
    let plain = folder.filter(|folder| facts.any(|path| path == format!("{folder}/__init__.py")).is_none());
    let place = plain.map(|folder| format!(" -s {folder}")).unwrap_or_default();
    found.gate("python-test", format!("{prefix}unittest discover{place}"))
}

/// What pip installs: the project or its requirements, and pytest when nothing of that brings it.
fn packages(
    manifest: Option<&str>,
    requirements: &[&str],
    pyproject: &str,
    pytest: bool,
    telling: &str,
) -> Vec<String> {
    let mut packages: Vec<String> = requirements.iter().map(|name| format!("-r {name}")).collect();
    let buildable = match manifest {
        Some("pyproject.toml") => pyproject.contains("[project]") || pyproject.contains("[build-system]"),
        Some(name) => name == "setup.py",
        None => false,
    };
    let extra = test_extra(pyproject);
    if buildable {
        packages.push(extra.map_or_else(|| "-e .".to_owned(), |extra| format!("-e '.[{extra}]'")));
    }
    let brought = extra.is_some() || requirements.iter().any(|_| telling.contains("pytest"));
    if pytest && !brought && !packages.is_empty() {
        packages.push("pytest".to_owned());
    }
    packages
}

/// The optional dependencies that tests need.
fn test_extra(pyproject: &str) -> Option<&'static str> {
    let parsed: toml::Table = toml::from_str(pyproject).ok()?;
    let extras = parsed.get("project")?.get("optional-dependencies")?.as_table()?;
    let has_pytest = |name: &str| extras.get(name).is_some_and(|list| list.to_string().contains("pytest"));
    ["test", "tests", "testing", "dev"].into_iter().find(|name| has_pytest(name))
}

fn telling_text(facts: &Facts<'_>, requirements: &[&str]) -> String {
    requirements.iter().map(|name| facts.text(name)).collect::<Vec<_>>().join("\n")
}

fn uses_pytest(facts: &Facts<'_>, test: Option<&str>) -> bool {
    facts.first(&["pytest.ini", ".pytest.ini", "conftest.py"]).is_some()
        || facts.any(|path| path.ends_with("/conftest.py")).is_some()
        || TELLING.iter().chain(REQUIREMENTS).any(|name| facts.text(name).contains("pytest"))
        || test.is_some_and(|path| facts.text_of(path).contains("import pytest"))
}

/// The first file of tests, in the root or in a folder for them.
fn first_test<'a>(facts: &Facts<'a>) -> Option<&'a str> {
    facts.any(|path| {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let in_place = ["", "tests", "test"].contains(&folder);
        in_place && name.ends_with(".py") && (name.starts_with("test_") || name.ends_with("_test.py"))
    })
}
