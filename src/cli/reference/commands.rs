//! `cli.md`: every command with its arguments, from clap.

use clap::{Arg, ArgAction, Command};

use crate::cli::args;
use crate::cli::command::documented;
use crate::cli::reference::MADE;

/// The page.
pub(super) fn page() -> String {
    let mut tree = args::tree();
    tree.build();
    let mut page = format!("# Commands\n\n{MADE}\nEvery command also takes the [global options](#global-options).\n");
    for (heading, group) in documented() {
        page.push_str(&format!("\n## {heading}\n"));
        for listed in group.get_subcommands().filter(|command| !command.is_hide_set()) {
            let command = tree.find_subcommand(listed.get_name()).expect("the groups make the tree");
            section(&mut page, &format!("gt {}", command.get_name()), command);
        }
    }
    page.push_str("\n## Global options\n\n");
    for arg in tree.get_arguments().filter(|arg| arg.is_global_set()) {
        page.push_str(&entry(arg));
    }
    page
}

fn section(page: &mut String, path: &str, command: &Command) {
    let names: Vec<_> = command.get_visible_aliases().map(|alias| format!("`{alias}`")).collect();
    page.push_str(&format!("\n### `{path}`\n\n"));
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    page.push_str(&format!("{}\n", sentence(&markdown(&about))));
    if !names.is_empty() {
        page.push_str(&format!("\nAlso called {}.\n", names.join(", ")));
    }
    let subcommands: Vec<_> =
        command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help").collect();
    if subcommands.is_empty() || command.get_positionals().next().is_some() {
        page.push_str(&format!("\n```text\n{}\n```\n", usage(command, path)));
    }
    let own =
        |arg: &&Arg| !arg.is_global_set() && !arg.is_hide_set() && arg.get_id() != "help" && arg.get_id() != "version";
    let entries: String = command.get_arguments().filter(own).map(entry).collect();
    if !entries.is_empty() {
        page.push_str(&format!("\n{entries}"));
    }
    for sub in subcommands {
        section(page, &format!("{path} {}", sub.get_name()), sub);
    }
}

fn usage(command: &Command, path: &str) -> String {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").split_whitespace().collect::<Vec<_>>().join(" ");
    match usage.find(command.get_name()) {
        Some(at) => format!("{path}{}", &usage[at + command.get_name().len()..]),
        None => usage,
    }
}

/// One argument as an item of a list.
fn entry(arg: &Arg) -> String {
    let help = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
    let mut text = format!("- {}: {}", name(arg), sentence(&help.replace('\n', " ")));
    let defaults: Vec<_> =
        arg.get_default_values().iter().map(|value| format!("`{}`", value.to_string_lossy())).collect();
    let takes_value = matches!(arg.get_action(), ArgAction::Set | ArgAction::Append);
    if takes_value && !defaults.is_empty() && !arg.is_hide_default_value_set() {
        text.push_str(&format!(" Default: {}.", defaults.join(", ")));
    }
    let values: Vec<_> = arg.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect();
    if takes_value && !values.is_empty() && !arg.is_hide_possible_values_set() {
        text.push_str(&format!(" One of {}.", values.join(", ")));
    }
    text + "\n"
}

fn name(arg: &Arg) -> String {
    let value = || {
        let names: Vec<_> = arg.get_value_names().unwrap_or_default().iter().map(ToString::to_string).collect();
        let names = if names.is_empty() { vec![arg.get_id().to_string().to_uppercase()] } else { names };
        names.join(" ")
    };
    if arg.is_positional() {
        return format!("`{}`", value());
    }
    let short = arg.get_short().map(|short| format!("-{short}"));
    let long = arg.get_long().map(|long| format!("--{long}"));
    let flags: Vec<_> = short.into_iter().chain(long).collect();
    let value = if arg.get_action().takes_values() { format!(" {}", value()) } else { String::new() };
    format!("`{}{value}`", flags.join(", "))
}

/// Indented lines, which are examples in the help, as blocks of code.
fn markdown(prose: &str) -> String {
    let mut text = String::new();
    let mut code = false;
    for line in prose.lines() {
        if line.starts_with("  ") != code && !line.is_empty() {
            code = !code;
            text.push_str(if code { "```sh\n" } else { "```\n" });
        }
        text.push_str(if code { line.strip_prefix("  ").unwrap_or(line) } else { line });
        text.push('\n');
    }
    if code { text + "```" } else { text.trim_end().to_owned() }
}

/// The same with a full stop.
fn sentence(text: &str) -> String {
    let text = text.trim_end();
    if text.is_empty() || text.ends_with(['.', ':', '`', '?']) { text.to_owned() } else { format!("{text}.") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_become_code() {
        assert_eq!(markdown("A.\n\n  gt x\n\nB."), "A.\n\n```sh\ngt x\n\n```\nB.");
        assert_eq!(markdown("A.\n  gt x"), "A.\n```sh\ngt x\n```");
    }

    #[test]
    fn arguments_are_named_as_typed() {
        let long = Arg::new("rig").long("rig").short('r').value_name("RIG").help("The rig");
        assert_eq!(entry(&long), "- `-r, --rig RIG`: The rig.\n");
        let flag = Arg::new("dry").long("dry-run").action(ArgAction::SetTrue).help("Stop early");
        assert_eq!(entry(&flag), "- `--dry-run`: Stop early.\n");
    }
}
