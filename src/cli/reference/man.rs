//! Manual pages, one per command.

use std::io;

use crate::cli::args;

/// Every page as file name and text: `gt.1`, `gt-rig.1`, `gt-rig-add.1`, ...
///
/// # Errors
/// When a page cannot be rendered.
pub(in crate::cli) fn pages() -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut tree = args::tree().disable_help_subcommand(true);
    tree.build();
    let mut pages = Vec::new();
    collect(&tree, "gt", &mut pages)?;
    Ok(pages)
}

fn collect(command: &clap::Command, name: &str, pages: &mut Vec<(String, Vec<u8>)>) -> io::Result<()> {
    let page = clap_mangen::Man::new(command.clone().display_name(name.to_owned()));
    let mut text = Vec::new();
    page.render(&mut text)?;
    pages.push((format!("{name}.1"), text));
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        collect(sub, &format!("{name}-{}", sub.get_name()), pages)?;
    }
    Ok(())
}
