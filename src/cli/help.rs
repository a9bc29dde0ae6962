//! The overview of all commands, grouped by purpose.

use anstyle::{AnsiColor, Style};
use clap::builder::Styles;

use super::ui::wrap;
use super::{Label, Text, args, command};

/// Between a command and what it does.
const GAP: usize = 2;
/// Before a command.
const INDENT: usize = 2;
/// What the overview keeps to, so that no terminal of that width breaks its columns.
const WIDTH: usize = 80;

/// The looks of clap's own output, after the labels of ours.
pub(super) fn styles() -> Styles {
    Styles::styled()
        .header(Label::Heading.style())
        .usage(Label::Heading.style())
        .literal(Label::Command.style())
        .placeholder(Style::new().fg_color(Some(AnsiColor::Cyan.into())))
        .error(Label::Bad.style())
        .valid(Label::Good.style())
        .invalid(Label::Warn.style())
}

/// The tree of commands with the grouped overview at its root. Only built when somebody asks for help.
pub(super) fn tree() -> clap::Command {
    args::tree()
        .help_template("{about}\n\n{usage-heading} {usage}{after-help}\n\nGlobal options:\n{options}")
        .after_help(overview())
}

/// The commands under their headings. The text carries escape codes; clap takes them away where there are no colours.
fn overview() -> String {
    let groups = command::groups();
    let visible =
        |group: &clap::Command| group.get_subcommands().filter(|command| !command.is_hide_set()).cloned().collect();
    let groups: Vec<(&str, Vec<clap::Command>)> =
        groups.iter().map(|(heading, group)| (*heading, visible(group))).collect();
    let names = groups.iter().flat_map(|(_, commands)| commands).map(|command| command.get_name().len());
    let width = names.max().unwrap_or(0) + GAP;
    let mut text = String::new();
    for (heading, commands) in &groups {
        let gap = if text.is_empty() { "" } else { "\n" };
        text.push_str(&format!("{gap}{}\n", Text::new().heading(format_args!("{heading}:")).paint(true)));
        for command in commands {
            text.push_str(&entry(command, width));
        }
    }
    let more = Text::new().plain("\n").command("gt help COMMAND").plain(" says more about each of them.");
    text + &more.paint(true)
}

fn entry(command: &clap::Command, width: usize) -> String {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let name = Text::new().command(format_args!("{:width$}", command.get_name()));
    let lines = wrap::lines(&about, Some(WIDTH - INDENT - width));
    let about = lines.join(&format!("\n{}", " ".repeat(INDENT + width)));
    format!("{}{}{about}\n", " ".repeat(INDENT), name.paint(true))
}

#[cfg(test)]
mod tests {
    use clap::{ColorChoice, Subcommand};

    use super::*;

    fn lines_of(command: &mut clap::Command) -> String {
        command.clone().color(ColorChoice::Never).term_width(80).render_long_help().to_string()
    }

    fn walk(command: &mut clap::Command, path: &str, visit: &mut impl FnMut(&str, &mut clap::Command)) {
        visit(path, command);
        for sub in command.get_subcommands_mut() {
            let path = format!("{path} {}", sub.get_name());
            walk(sub, &path, visit);
        }
    }

    #[test]
    fn all_help_is_readable_at_80_columns() {
        let mut tree = tree();
        tree.build();
        walk(&mut tree, "gt", &mut |path, command| {
            let help = lines_of(command);
            let wide: Vec<_> = help.lines().filter(|line| Text::from(*line).width() > 80).collect();
            assert!(wide.is_empty(), "{path}: {wide:#?}");
        });
    }

    #[test]
    fn every_command_and_every_argument_says_what_it_is() {
        let mut tree = tree();
        tree.build();
        walk(&mut tree, "gt", &mut |path, command| {
            // What stands below `help` are clap's own copies of the names.
            if path.starts_with("gt help ") {
                return;
            }
            assert!(command.get_about().is_some(), "{path}");
            for arg in command.get_arguments() {
                assert!(arg.get_help().is_some(), "{path} {}", arg.get_id());
            }
        });
    }

    #[test]
    fn every_visible_command_is_in_the_overview() {
        let overview = anstyle_free(&overview());
        let behind = command::Behind::augment_subcommands(clap::Command::new("behind"));
        let mut tree = args::tree().disable_help_subcommand(true);
        tree.build();
        for command in tree.get_subcommands().filter(|command| !command.is_hide_set()) {
            let name = command.get_name();
            let shown = overview.contains(&format!("\n  {name} "));
            assert_ne!(shown, behind.find_subcommand(name).is_some(), "{name}");
        }
    }

    #[test]
    fn the_overview_keeps_its_columns_at_80() {
        let overview = anstyle_free(&overview());
        assert!(overview.lines().all(|line| Text::from(line).width() <= WIDTH), "{overview}");
        let help = tree().color(ColorChoice::Never).term_width(WIDTH).render_help().to_string();
        let shown: Vec<&str> = help.lines().collect();
        let kept: Vec<&str> = overview.lines().filter(|line| line.starts_with("  ")).collect();
        assert!(kept.iter().all(|line| shown.contains(line)), "{help}");
    }

    fn anstyle_free(text: &str) -> String {
        text.replace("\u{1b}[1m", "").replace("\u{1b}[0m", "")
    }

    #[test]
    fn the_tree_is_sound() {
        args::tree().debug_assert();
    }
}
