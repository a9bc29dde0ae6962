//! Text that a command reads instead of taking it as an argument.

use std::io::{IsTerminal, Read};
use std::path::Path;

use crate::error::{Failure, Kind, Outcome};

/// All of stdin; `what` is what is read, with its article.
///
/// # Errors
/// When stdin is a terminal, cannot be read, or is not UTF-8.
pub(super) fn text(what: &str) -> Outcome<String> {
    from(&mut std::io::stdin(), what)
}

/// The same, of which no more is read than `stdin` gives.
///
/// # Errors
/// As [`text`].
pub(super) fn from(stdin: &mut impl Read, what: &str) -> Outcome<String> {
    if std::io::stdin().is_terminal() {
        return Err(
            Failure::new(Kind::Usage, format!("{what} is missing")).hint("give it as an argument, or through a pipe")
        );
    }
    let mut text = String::new();
    stdin
        .read_to_string(&mut text)
        .map_err(|error| Failure::caused(Kind::Invalid, format!("cannot read {what} from stdin"), error))?;
    Ok(text)
}

/// The text of a file; `-` is stdin.
///
/// # Errors
/// When it cannot be read.
pub(super) fn file(path: &Path, what: &str) -> Outcome<String> {
    if path == Path::new("-") {
        return text(what);
    }
    std::fs::read_to_string(path)
        .map_err(|error| Failure::caused(Kind::NotFound, format!("cannot read {}", path.display()), error))
}
