//! The pages that are one table each.

use crate::cli::reference::MADE;
use crate::env::{self, SetBy};
use crate::error::Kind;
use crate::town::schema;

/// `environment.md`.
pub(super) fn environment() -> String {
    let mut page = format!("# Environment variables\n\n{MADE}");
    let groups = [
        (SetBy::Person, "Set by you", "They change how `gt` behaves."),
        (SetBy::Gt, "Set by `gt`", "Agents, set-up commands and gates find them in their environment."),
        (SetBy::Tests, "Set by tests", "No use outside of them."),
    ];
    for (set_by, heading, about) in groups {
        page.push_str(&format!("\n## {heading}\n\n{about}\n\n| variable | meaning |\n|---|---|\n"));
        for variable in env::ALL.iter().filter(|variable| variable.set_by == set_by) {
            page.push_str(&format!("| `{}` | {} |\n", variable.name, cell(variable.meaning)));
        }
    }
    page.push_str(
        "\nOf others, `gt` honours `NO_COLOR`, `COLUMNS`, `TERM`, `EDITOR` and `VISUAL`, \
         and hands `git` what it needs to reach remotes as you.\n",
    );
    page
}

/// `exit-codes.md`.
pub(super) fn exit_codes() -> String {
    let mut page = format!(
        "# Exit codes\n\n{MADE}\nThe class of a failure picks the exit code; both never change. With `--json` \
         the class is the `kind` of the error object on stderr.\n\n| code | kind | when |\n|---|---|---|\n\
         | 0 |  | It worked; also when the reader of a pipe had seen enough. |\n\
         | 1 |  | `gt run` came to its end, and not every bead is closed. |\n"
    );
    for kind in Kind::ALL {
        let word = serde_json::to_value(kind).expect("a kind is a word");
        let word = word.as_str().unwrap_or_default();
        page.push_str(&format!("| {} | `{word}` | {} |\n", kind.exit_code(), kind.meaning()));
    }
    page.push_str(
        "\nA command that takes several ids goes on after a failure, reports each, and ends with the code of the \
         first failure.\n",
    );
    page
}

/// `settings.md`.
pub(super) fn settings() -> String {
    let mut page = format!(
        "# Settings\n\n{MADE}\nRead with `gt config get KEY`, changed with `gt config set KEY VALUE` or in an editor. \
         A later file wins over an earlier one: built-in default, `town.toml`, `rigs.d/NAME.toml`, `local.toml`. \
         `*` stands for a name of your choice.\n\n| key | value | default | files | meaning |\n|---|---|---|---|---|\n"
    );
    for key in schema::KEYS {
        let default = if key.default.is_empty() { String::new() } else { format!("`{}`", cell(key.default)) };
        let (kind, places) = (cell(&key.kind.to_string()), key.places);
        page.push_str(&format!("| `{}` | {kind} | {default} | {places} | {} |\n", key.path, cell(key.meaning)));
    }
    page
}

/// Text that does not end a cell of a table.
pub(super) fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
