//! The source files, and what each room needs.

use std::fs;
use std::path::Path;

use crate::table::Table;

/// One file under `src/`.
#[derive(Debug)]
pub struct Source {
    /// From the repository's root: `src/bead/fields.rs`.
    pub path: String,
    /// Its module: `["bead", "fields"]`.
    pub module: Vec<String>,
    /// What it contains.
    pub text: String,
}

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["util", "utils", "helper", "helpers", "common", "core", "misc", "manager"];

impl Source {
    /// Makes one from a path below the repository's root.
    pub fn new(path: &str, text: impl Into<String>) -> Self {
        let inside = path.trim_start_matches("src/").trim_end_matches(".rs");
        let module =
            inside.split('/').filter(|part| !["mod", "lib", "main"].contains(part)).map(str::to_owned).collect();
        Self { path: path.to_owned(), module, text: text.into() }
    }

    /// Every `.rs` file under `src/`, in the order of their paths.
    pub fn all(root: &Path) -> Vec<Self> {
        let mut sources = Vec::new();
        collect(root, &root.join("src"), &mut sources);
        sources.sort_by(|one, other| one.path.cmp(&other.path));
        sources
    }

    /// The room that it belongs to; `main.rs` and `lib.rs` belong to none.
    pub fn room(&self) -> Option<&str> {
        self.module.first().map(String::as_str)
    }
}

fn collect(root: &Path, folder: &Path, sources: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).expect("src is readable").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(root, &path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root).expect("below the root").to_string_lossy().into_owned();
            sources.push(Source::new(&name, fs::read_to_string(&path).expect("source is readable")));
        }
    }
}

/// Rooms without a row, rows without a room, rooms without a door plate, and names that say nothing.
pub fn bad_rooms(table: &Table, sources: &[Source]) -> Vec<String> {
    let mut findings = Vec::new();
    let has_room = |room: &str| sources.iter().any(|source| source.room() == Some(room));
    for source in sources {
        if let [room] = &source.module[..] {
            if !table.rooms().any(|known| known == room) {
                findings.push(format!("{}: the room {room} has no row in the table", source.path));
            }
            if !source.path.ends_with("/mod.rs") {
                findings.push(format!("{}: a room is a folder with a mod.rs", source.path));
            }
            if !source.text.starts_with("//! ") {
                findings.push(format!("{}: no door plate (`//!` in the first line)", source.path));
            }
        }
        for name in source.module.iter().filter(|name| EMPTY_NAMES.contains(&name.as_str())) {
            findings.push(format!("{}: {name} says nothing about what is inside", source.path));
        }
    }
    let missing = table.rooms().filter(|room| !has_room(room));
    findings.extend(missing.map(|room| format!("the table has a row for {room}, and src has no such room")));
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_follow_from_paths() {
        for (path, module) in [("src/lib.rs", ""), ("src/bead/mod.rs", "bead"), ("src/git/a/b.rs", "git/a/b")] {
            assert_eq!(Source::new(path, "").module.join("/"), module);
        }
    }

    #[test]
    fn each_kind_of_bad_room_is_found() {
        let table = Table::parse("| 0 words | `id` | x |\n| | `env` | x |\n");
        let sources = [
            Source::new("src/id/mod.rs", "//! Names.\n"),
            Source::new("src/id/util.rs", ""),
            Source::new("src/cellar/mod.rs", "//! Wine.\n"),
            Source::new("src/attic.rs", "use std::fs;\n"),
        ];
        let findings = bad_rooms(&table, &sources).join("\n");
        for part in [
            "util says nothing",
            "cellar has no row",
            "attic has no row",
            "attic.rs: a room is a folder",
            "row for env",
        ] {
            assert!(findings.contains(part), "{part} is missing in\n{findings}");
        }
        assert!(findings.contains("attic.rs: no door plate") && !findings.contains("src/id/mod.rs"), "{findings}");
    }
}
