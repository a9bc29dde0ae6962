//! The documents agree with the repository: every dependency has its reason and an allowed licence, tables
//! are those of the code, and links lead somewhere.

mod dependencies;
mod licences;
mod links;
mod tables;

use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}
