//! The pages of `docs/reference` that are made from the program are those that it makes now.

#![allow(clippy::disallowed_methods, reason = "tests are on the outer side of the doors")]

use std::path::{Path, PathBuf};
use std::process::Command;

fn reference() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference")
}

fn write_to(folder: &Path, what: &str) -> Vec<PathBuf> {
    let output = Command::new(env!("CARGO_BIN_EXE_gt"))
        .args(["docs", what])
        .arg(folder)
        .output()
        .expect("the binary under test starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(PathBuf::from).collect()
}

#[test]
fn the_reference_is_current() {
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(reference()).expect("the project's own folder");
        write_to(&reference(), "reference");
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    for path in write_to(folder.path(), "reference") {
        let name = path.file_name().expect("a file");
        let made = std::fs::read_to_string(&path).expect("it was just written");
        let kept = std::fs::read_to_string(reference().join(name)).unwrap_or_default();
        let differs = made.lines().zip(kept.lines()).find(|(made, kept)| made != kept);
        assert!(made == kept, "docs/reference/{} is not current, `make docs` makes it so: {differs:?}", name.display());
    }
}

#[test]
fn every_visible_command_has_a_manual_page() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let pages = write_to(folder.path(), "man");
    assert!(pages.iter().any(|page| page.ends_with("gt-completions.1")), "{pages:?}");
    for page in pages {
        let text = std::fs::read_to_string(&page).expect("it was just written");
        assert!(text.contains(".SH NAME") && text.contains(".SH SYNOPSIS"), "{}", page.display());
    }
}
