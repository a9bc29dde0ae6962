//! Every crate that ends up in the binary or its tests has a licence of the list in
//! `docs/design/licences.toml`.

use std::process::Command;

use serde::Deserialize;

/// The list.
#[derive(Deserialize)]
struct Policy {
    /// SPDX identifiers, each with the reason why it is fine.
    allowed: toml::Table,
}

impl Policy {
    /// Whether one alternative of an SPDX expression consists of allowed licences only.
    fn permits(&self, expression: &str) -> bool {
        let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
        let words: Vec<&str> = spaced.split_whitespace().collect();
        let mut at = 0;
        let verdict = self.any_of(&words, &mut at);
        verdict && at == words.len()
    }

    fn any_of(&self, words: &[&str], at: &mut usize) -> bool {
        let mut verdict = self.all_of(words, at);
        while words.get(*at) == Some(&"OR") {
            *at += 1;
            verdict |= self.all_of(words, at);
        }
        verdict
    }

    fn all_of(&self, words: &[&str], at: &mut usize) -> bool {
        let mut verdict = self.one(words, at);
        while words.get(*at) == Some(&"AND") {
            *at += 1;
            verdict &= self.one(words, at);
        }
        verdict
    }

    fn one(&self, words: &[&str], at: &mut usize) -> bool {
        let Some(&word) = words.get(*at) else { return false };
        *at += 1;
        if word == "(" {
            let verdict = self.any_of(words, at);
            *at += 1;
            return verdict;
        }
        if words.get(*at) == Some(&"WITH") {
            *at += 2;
            let with = words.get(*at - 2..*at).unwrap_or_default().join(" ");
            return self.allowed.contains_key(&format!("{word} {with}"));
        }
        self.allowed.contains_key(word)
    }
}

/// A crate as `cargo metadata` tells it.
#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

fn metadata() -> Metadata {
    let rustc = Command::new("rustc").arg("-vV").output().expect("rustc is there");
    let about = String::from_utf8_lossy(&rustc.stdout).into_owned();
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host");
    let arguments = ["metadata", "--locked", "--format-version", "1", "--filter-platform", host];
    let output =
        Command::new(env!("CARGO")).args(arguments).current_dir(super::root()).output().expect("cargo is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata writes JSON")
}

fn policy() -> Policy {
    toml::from_str(&super::read("docs/design/licences.toml")).expect("the list is TOML")
}

#[test]
fn every_crate_has_an_allowed_licence() {
    let policy = policy();
    let packages = metadata().packages;
    assert!(packages.len() > 50, "cargo metadata told of {} crates only", packages.len());
    let refused =
        packages.iter().filter(|package| !package.license.as_deref().is_some_and(|text| policy.permits(text)));
    let refused: Vec<String> =
        refused.map(|package| format!("{} {}: {:?}", package.name, package.version, package.license)).collect();
    assert!(refused.is_empty(), "not allowed by docs/design/licences.toml:\n{}", refused.join("\n"));
}

#[test]
fn expressions_are_read_as_spdx_means_them() {
    let policy: Policy =
        toml::from_str("[allowed]\nMIT = 'x'\nISC = 'x'\n'Apache-2.0 WITH LLVM-exception' = 'x'").expect("TOML");
    for fine in [
        "MIT",
        "MIT OR GPL-3.0",
        "GPL-3.0/MIT",
        "MIT AND ISC",
        "(MIT OR GPL-3.0) AND ISC",
        "Apache-2.0 WITH LLVM-exception",
    ] {
        assert!(policy.permits(fine), "{fine}");
    }
    for refused in [
        "",
        "GPL-3.0",
        "MIT AND GPL-3.0",
        "GPL-3.0 AND (MIT OR ISC)",
        "Apache-2.0",
        "MIT WITH GCC-exception",
        "MIT ISC",
    ] {
        assert!(!policy.permits(refused), "{refused}");
    }
}
