//! The reference pages, made from what the program itself knows, so that they cannot lie.

mod agents;
mod commands;
mod man;
mod tables;

pub(super) use man::pages as man_pages;

/// The generated pages of `docs/reference`, as file name and text.
pub(super) fn pages() -> Vec<(String, String)> {
    let pages = [
        ("agents.md", agents::page()),
        ("cli.md", commands::page()),
        ("environment.md", tables::environment()),
        ("exit-codes.md", tables::exit_codes()),
        ("settings.md", tables::settings()),
    ];
    pages.map(|(name, text)| (name.to_owned(), text)).into()
}

/// Where a page says that nobody should edit it.
const MADE: &str = "<!-- Made by `make docs` from the program; edits are lost. -->\n";
