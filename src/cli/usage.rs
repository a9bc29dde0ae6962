//! What clap answers instead of arguments: help and the version, or an error that we show in our own shape.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::{Colour, Style, Ui, args, help};
use crate::error::{Failure, Kind};

/// Shows `error`, which came of parsing `args`.
pub(super) fn answer(args: &[OsString], error: clap::Error) -> ExitCode {
    let mut ui = Ui::new(asked_style(args));
    let code = match error.kind() {
        ErrorKind::DisplayHelp => show_help(&mut ui, args, error),
        ErrorKind::DisplayVersion => {
            ui.raw(error.render().to_string().as_bytes());
            0
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if !ui.is_json() => {
            let error = with_overview(args, error);
            ui.clap_talk(&error.render());
            Kind::Usage.exit_code()
        }
        _ => {
            ui.error(&failure(&error));
            Kind::Usage.exit_code()
        }
    };
    ui.flush();
    ExitCode::from(code)
}

fn show_help(ui: &mut Ui, args: &[OsString], error: clap::Error) -> u8 {
    let help = with_overview(args, error).render();
    ui.clap(&help);
    0
}

/// The same answer with the grouped overview in it.
fn with_overview(args: &[OsString], error: clap::Error) -> clap::Error {
    help::tree().try_get_matches_from(args).err().unwrap_or(error)
}

/// The style that the arguments ask for, as far as they can be read although they are wrong.
fn asked_style(args: &[OsString]) -> Style {
    let words: Vec<_> = args.iter().skip(1).map_while(|arg| arg.to_str().filter(|word| *word != "--")).collect();
    let colour = words.iter().enumerate().find_map(|(at, word)| match word.strip_prefix("--color") {
        Some("") => words.get(at + 1).copied(),
        Some(rest) => rest.strip_prefix('='),
        None => None,
    });
    let colour = match colour {
        Some("always") => Colour::Always,
        Some("never") => Colour::Never,
        _ => Colour::Auto,
    };
    Style { json: words.contains(&"--json"), quiet: false, colour }
}

/// A usage error in our shape.
fn failure(error: &clap::Error) -> Failure {
    let mut failure = Failure::new(Kind::Usage, message(error));
    for kind in [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue] {
        // Clap names everything that is remotely alike, the nearest last.
        if let Some(nearest) = error.get(kind).map(names).and_then(|names| names.into_iter().next_back()) {
            failure = failure.hint(format!("did you mean {nearest}?"));
        }
    }
    if let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) {
        failure =
            nested(word).into_iter().fold(failure, |failure, path| failure.hint(format!("did you mean `{path}`?")));
    }
    if let Some(ContextValue::StyledStrs(tips)) = error.get(ContextKind::Suggested) {
        failure = tips.iter().fold(failure, |failure, tip| failure.hint(tip.to_string()));
    }
    if let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) {
        let usage = usage.to_string();
        let usage = usage.trim_start_matches("Usage:").split_whitespace().collect::<Vec<_>>().join(" ");
        failure = failure.hint(format!("usage: `{usage}`"));
    }
    failure
}

/// The commands below another one that are called exactly `word`: `gt bead reopen` for `reopen`.
fn nested(word: &str) -> Vec<String> {
    let mut tree = args::tree();
    tree.build();
    let named = |above: &&clap::Command| {
        above.get_subcommands().any(|command| command.get_name() == word && !command.is_hide_set())
    };
    tree.get_subcommands()
        .filter(|above| !above.is_hide_set())
        .filter(named)
        .map(|above| format!("gt {} {word}", above.get_name()))
        .collect()
}

/// What clap says is wrong, on one line: the first paragraph of its text.
fn message(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let paragraph: Vec<_> = text.lines().take_while(|line| !line.trim().is_empty()).map(str::trim).collect();
    paragraph.join(" ").replace('\'', "`")
}

fn names(value: &ContextValue) -> Vec<String> {
    match value {
        ContextValue::String(name) => vec![format!("`{name}`")],
        ContextValue::Strings(names) => names.iter().map(|name| format!("`{name}`")).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure_of(words: &[&str]) -> Failure {
        let error = args::tree().try_get_matches_from(words).expect_err("wrong arguments");
        failure(&error)
    }

    #[test]
    fn an_unknown_command_names_the_nearest() {
        assert_eq!(failure_of(&["gt", "slng"]).hints[0], "did you mean `sling`?");
        let failure = failure_of(&["gt", "completion"]);
        assert_eq!(failure.message, "unrecognized subcommand `completion`");
        assert_eq!(failure.hints[0], "did you mean `completions`?");
    }

    #[test]
    fn a_command_that_is_below_another_one_is_named_in_full() {
        let failure = failure_of(&["gt", "reopen", "web-x7k2m"]);
        assert!(failure.hints.contains(&"did you mean `gt bead reopen`?".to_owned()), "{:?}", failure.hints);
    }

    #[test]
    fn a_missing_argument_is_named_on_one_line() {
        let failure = failure_of(&["gt", "completions"]);
        assert_eq!(failure.message, "the following required arguments were not provided: <SHELL>");
        assert_eq!(failure.hints, ["usage: `gt completions <SHELL>`"]);
    }

    #[test]
    fn the_style_is_read_from_wrong_arguments() {
        let style = |words: &[&str]| asked_style(&words.iter().map(OsString::from).collect::<Vec<_>>());
        assert!(style(&["gt", "nonsense", "--json"]).json);
        assert!(!style(&["gt", "x", "--", "--json"]).json);
        assert_eq!(style(&["gt", "--color=always"]).colour, Colour::Always);
        assert_eq!(style(&["gt", "--color", "never"]).colour, Colour::Never);
    }
}
