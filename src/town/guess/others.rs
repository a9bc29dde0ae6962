//! Kinds of projects that one file gives away.

use super::facts::{Facts, Found};

pub(super) fn cargo(facts: &Facts<'_>) -> Option<Found> {
    const MANIFEST: &str = "Cargo.toml";
    facts.has(MANIFEST).then(|| {
        let is_workspace = facts.text(MANIFEST).lines().any(|line| line.trim_start().starts_with("[workspace"));
        let run = if is_workspace { "cargo test --workspace" } else { "cargo test" };
        Found::by(&[MANIFEST]).gate("cargo-test", run).keep(&["target"])
    })
}

pub(super) fn go(facts: &Facts<'_>) -> Option<Found> {
    let file = facts.first(&["go.mod", "go.work"])?;
    // A workspace without a module at its root has no packages under `./...`.
    let run = if file == "go.mod" { "go test ./..." } else { "go test $(go list -m -f '{{.Dir}}/...')" };
    Some(Found::by(&[file]).gate("go-test", run))
}

pub(super) fn maven(facts: &Facts<'_>) -> Option<Found> {
    facts.has("pom.xml").then(|| {
        let run = if facts.has("mvnw") { "./mvnw -B test" } else { "mvn -B test" };
        Found::by(&["pom.xml"]).gate("maven-test", run).keep(&["target"])
    })
}

pub(super) fn gradle(facts: &Facts<'_>) -> Option<Found> {
    let file = facts.first(&["build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts"])?;
    let run = if facts.has("gradlew") { "./gradlew test" } else { "gradle test" };
    Some(Found::by(&[file]).gate("gradle-test", run).keep(&[".gradle", "build"]))
}

pub(super) fn dotnet(facts: &Facts<'_>) -> Option<Found> {
    let file = facts.ending(&[".sln", ".slnx", ".csproj", ".fsproj"])?;
    Some(Found::by(&[file]).setup("dotnet restore", &[file]).gate("dotnet-test", "dotnet test"))
}

pub(super) fn ruby(facts: &Facts<'_>) -> Option<Found> {
    if !facts.has("Gemfile") {
        return None;
    }
    let found = Found::by(&["Gemfile"]).setup("bundle install", &["Gemfile", "Gemfile.lock"]).keep(&["vendor/bundle"]);
    let in_folder = |folder: &str| facts.any(|path| path.starts_with(folder)).is_some();
    let run = if facts.has(".rspec") || in_folder("spec/") {
        "bundle exec rspec"
    } else if facts.any(|path| path == "bin/rails").is_some() {
        "bin/rails test"
    } else if facts.has("Rakefile") && in_folder("test/") {
        "bundle exec rake test"
    } else {
        return Some(found);
    };
    Some(found.gate("ruby-test", run))
}

pub(super) fn php(facts: &Facts<'_>) -> Option<Found> {
    const MANIFEST: &str = "composer.json";
    if !facts.has(MANIFEST) {
        return None;
    }
    let inputs = [MANIFEST, "composer.lock"];
    let found = Found::by(&[MANIFEST]).setup("composer install --no-interaction", &inputs).keep(&["vendor"]);
    let manifest: serde_json::Value = serde_json::from_str(&facts.text(MANIFEST)).unwrap_or_default();
    if !manifest["scripts"]["test"].is_null() {
        return Some(found.gate("php-test", "composer test"));
    }
    let has_config = facts.first(&["phpunit.xml", "phpunit.xml.dist", "phpunit.dist.xml"]).is_some();
    Some(if has_config { found.gate("php-test", "vendor/bin/phpunit") } else { found })
}

pub(super) fn elixir(facts: &Facts<'_>) -> Option<Found> {
    facts.has("mix.exs").then(|| {
        let found = Found::by(&["mix.exs"]).setup("mix deps.get", &["mix.exs", "mix.lock"]);
        found.gate("mix-test", "mix test").keep(&["deps", "_build"])
    })
}

pub(super) fn swift(facts: &Facts<'_>) -> Option<Found> {
    let found = || Found::by(&["Package.swift"]).gate("swift-test", "swift test").keep(&[".build"]);
    facts.has("Package.swift").then(found)
}

pub(super) fn zig(facts: &Facts<'_>) -> Option<Found> {
    let found = || Found::by(&["build.zig"]).gate("zig-test", "zig build test").keep(&[".zig-cache"]);
    facts.has("build.zig").then(found)
}

pub(super) fn cmake(facts: &Facts<'_>) -> Option<Found> {
    const MANIFEST: &str = "CMakeLists.txt";
    if !facts.has(MANIFEST) {
        return None;
    }
    let text = facts.text(MANIFEST).to_ascii_lowercase();
    let build = "cmake -S . -B build && cmake --build build";
    let has_tests = text.contains("enable_testing") || text.contains("include(ctest)");
    let run =
        if has_tests { format!("{build} && ctest --test-dir build --output-on-failure") } else { build.to_owned() };
    Some(Found::by(&[MANIFEST]).gate("cmake-test", run).keep(&["build"]))
}

pub(super) fn just(facts: &Facts<'_>) -> Option<Found> {
    let file = facts.first(&["justfile", "Justfile", ".justfile"])?;
    let recipe = target(&facts.text(file))?;
    Some(runner(file, "just", recipe))
}

pub(super) fn make(facts: &Facts<'_>) -> Option<Found> {
    let file = facts.first(&["GNUmakefile", "makefile", "Makefile"])?;
    let target = target(&facts.text(file))?;
    Some(runner(file, "make", target))
}

fn runner(file: &str, program: &str, target: &str) -> Found {
    let found = Found::by(&[file]).gate(target, format!("{program} {target}"));
    Found { reason: format!("{file} with the target {target} found"), ..found }
}

/// `test` or `check`, whichever the file defines, in that order. A recipe of `just` may have parameters.
fn target(text: &str) -> Option<&'static str> {
    let defines = |wanted: &str| {
        text.lines().any(|line| {
            let Some((head, rest)) = line.split_once(':') else { return false };
            !rest.starts_with('=') && head.split_whitespace().next() == Some(wanted) && line.starts_with(wanted)
        })
    };
    ["test", "check"].into_iter().find(|target| defines(target))
}
