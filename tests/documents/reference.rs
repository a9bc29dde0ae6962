//! The generated pages of `docs/reference` are what the program writes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

fn files(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).expect("the folder is readable").flatten();
    let read = |entry: fs::DirEntry| {
        let text = fs::read_to_string(entry.path()).expect("a page is text");
        (entry.file_name().to_string_lossy().into_owned(), text)
    };
    entries.map(read).collect()
}

/// What differs between two folders: the name of the page and the first line that does.
fn differences(kept: &BTreeMap<String, String>, made: &BTreeMap<String, String>) -> Vec<String> {
    let mut findings = Vec::new();
    for (name, text) in made {
        let Some(old) = kept.get(name) else {
            findings.push(format!("{name} is missing"));
            continue;
        };
        if old != text {
            let line = old.lines().zip(text.lines()).take_while(|(old, new)| old == new).count() + 1;
            findings.push(format!("{name} is not current from line {line}"));
        }
    }
    let stale = kept.keys().filter(|name| !made.contains_key(*name));
    findings.extend(stale.map(|name| format!("{name} is made by nothing any more")));
    findings
}

#[test]
fn the_generated_pages_are_current() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_gt"));
    let output = command.args(["docs", "reference"]).arg(folder.path()).output().expect("the binary starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let made = files(folder.path());
    assert!(made.len() >= 4, "gt docs made {:?} only", made.keys());
    let findings = differences(&files(&super::root().join("docs/reference")), &made);
    assert!(findings.is_empty(), "docs/reference (`make docs` writes it anew):\n{}", findings.join("\n"));
}

#[test]
fn missing_changed_and_stale_pages_are_found() {
    let folder =
        |pages: &[(&str, &str)]| pages.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let found = differences(&folder(&[("a", "1\n2\n"), ("old", "")]), &folder(&[("a", "1\n3\n"), ("new", "")]));
    assert_eq!(found, ["a is not current from line 2", "new is missing", "old is made by nothing any more"]);
}
