//! Checks the shape of the code against `docs/design/architecture.md`.
//!
//! A room uses lower storeys and, in its own storey, only rooms that stand before it in the table; roles
//! see no door; files and functions stay small, or say in `docs/design/size-exceptions.md` why they do not.
//! Each checker is a function from text to findings, tried out below on made-up text.

mod paths;
mod sizes;
mod sources;
mod table;

use std::path::Path;

use sources::Source;
use table::Table;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn document(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn assert_none(what: &str, findings: &[String]) {
    assert!(findings.is_empty(), "{what}:\n{}", findings.join("\n"));
}

#[test]
fn no_edge_points_up_or_forward() {
    let table = Table::parse(&document("docs/design/architecture.md"));
    assert!(table.rooms().count() > 15, "the table of rooms was not found");
    let sources = Source::all(root());
    let findings: Vec<_> = sources.iter().flat_map(|source| paths::bad_edges(&table, source)).collect();
    assert_none("edges against the table in docs/design/architecture.md", &findings);
}

#[test]
fn every_room_has_a_row_and_a_door_plate() {
    let table = Table::parse(&document("docs/design/architecture.md"));
    let sources = Source::all(root());
    assert_none("rooms", &sources::bad_rooms(&table, &sources));
}

#[test]
fn files_and_functions_are_small() {
    let exceptions = sizes::Exceptions::parse(&document("docs/design/size-exceptions.md"));
    let findings = sizes::findings(&Source::all(root()), &exceptions);
    assert_none("sizes (reasons go to docs/design/size-exceptions.md)", &findings);
}
