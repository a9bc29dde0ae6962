//! Each direct dependency has one line of reason.

use std::collections::BTreeSet;

/// The names in the dependency tables of a manifest.
fn declared(manifest: &str) -> BTreeSet<String> {
    let manifest: toml::Table = toml::from_str(manifest).expect("the manifest is TOML");
    let tables = ["dependencies", "dev-dependencies", "build-dependencies"];
    let mut names: BTreeSet<String> =
        tables.iter().filter_map(|table| manifest.get(*table)?.as_table()).flat_map(keys).collect();
    for (_, target) in manifest.get("target").and_then(toml::Value::as_table).into_iter().flatten() {
        names.extend(tables.iter().filter_map(|table| target.get(*table)?.as_table()).flat_map(keys));
    }
    names
}

fn keys(table: &toml::Table) -> Vec<String> {
    table.keys().cloned().collect()
}

/// The rows `| `name` | reason | ... |` of the page, with their reasons.
fn explained(page: &str) -> Vec<(String, String)> {
    let row = |line: &str| {
        let (name, rest) = line.strip_prefix("| `")?.split_once("` |")?;
        Some((name.to_owned(), rest.split('|').next().unwrap_or_default().trim().to_owned()))
    };
    page.lines().filter_map(row).collect()
}

fn findings(manifest: &str, page: &str) -> Vec<String> {
    let (declared, explained) = (declared(manifest), explained(page));
    let unexplained = declared.iter().filter(|name| !explained.iter().any(|(row, _)| row == *name));
    let mut findings: Vec<String> = unexplained.map(|name| format!("{name} has no line")).collect();
    for (name, reason) in &explained {
        if !declared.contains(name) {
            findings.push(format!("{name} has a line and is no dependency any more"));
        }
        if reason.is_empty() {
            findings.push(format!("{name} has a line without a reason"));
        }
    }
    findings
}

#[test]
fn every_dependency_has_a_reason() {
    let findings = findings(&super::read("Cargo.toml"), &super::read("docs/design/dependencies.md"));
    assert!(findings.is_empty(), "docs/design/dependencies.md:\n{}", findings.join("\n"));
}

#[test]
fn missing_stale_and_empty_lines_are_found() {
    let manifest =
        "[dependencies]\na = '1'\nb = '1'\n[dev-dependencies]\nc = '1'\n[target.'cfg(unix)'.dependencies]\nd = '1'\n";
    let found = findings(manifest, "| `a` | reads TOML | 1 |\n| `b` | | 1 |\n| `e` | old | 1 |\n");
    let expected = [
        "c has no line",
        "d has no line",
        "b has a line without a reason",
        "e has a line and is no dependency any more",
    ];
    assert_eq!(found, expected);
}
