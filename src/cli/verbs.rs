//! Who may have which verb carried out from inside a sandbox: one list, by the words that are typed.

use clap::ArgMatches;

use super::args;

/// What a worker in a sandbox needs: what it says and hands in, messages, notes, new beads, and all that only shows.
const FOR_WORKERS: &[&str] = &[
    "prime",
    "hook",
    "done",
    "escalate",
    "handoff",
    "nudge",
    "broadcast",
    "mail send",
    "mail inbox",
    "mail read",
    "mail reply",
    "mail search",
    "mail archive",
    "new",
    "bead create",
    "bead note",
    "remember",
    "recall",
    "forget",
    "show",
    "list",
    "ready",
    "bead show",
    "bead list",
    "bead ready",
    "bead log",
    "bead graph",
    "status",
    "why",
    "log",
    "feed",
    "costs",
    "peek",
    "seance",
    "convoy list",
    "convoy show",
    "polecat list",
    "polecat show",
    "crew list",
    "escalation list",
    "queue list",
    "queue show",
    "queue log",
    "refinery status",
    "rig list",
    "rig show",
    "agent list",
    "agent show",
    "config list",
    "config get",
    "ledger status",
];

/// What is of use in the sandbox itself, by the first word: it changes nothing of a town there.
const INSIDE: &[&str] = &["harness", "session", "tick", "completions", "docs"];

/// Who may have a verb carried out from inside a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Workers, and those who act for a person.
    Workers,
    /// Only those who act for a person: crew and the mayor.
    InCharge,
    /// Nobody: it runs where it is typed.
    Inside,
}

impl Reach {
    /// That of the verb with this name: `bead note`.
    fn of(verb: &str) -> Self {
        let first = verb.split(' ').next().unwrap_or_default();
        if INSIDE.contains(&first) {
            Self::Inside
        } else if FOR_WORKERS.contains(&verb) {
            Self::Workers
        } else {
            Self::InCharge
        }
    }

    /// That of the verb that was typed.
    pub(super) fn typed(matches: &ArgMatches) -> Self {
        Self::of(&name(matches))
    }
}

/// The name of the verb that was typed, as the list has it.
pub(super) fn name(matches: &ArgMatches) -> String {
    let mut words = Vec::new();
    let mut below = matches.subcommand();
    while let Some((word, matches)) = below {
        words.push(word);
        below = matches.subcommand();
    }
    words.join(" ")
}

/// Every verb by its name, with who may have it carried out from inside a sandbox.
pub fn verbs() -> Vec<(String, Reach)> {
    let mut tree = args::tree();
    tree.build();
    let mut names = Vec::new();
    collect(&tree, "", &mut names);
    names.into_iter().map(|name| (name.clone(), Reach::of(&name))).collect()
}

fn collect(command: &clap::Command, above: &str, names: &mut Vec<String>) {
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        let name = format!("{above} {}", sub.get_name()).trim_start().to_owned();
        if sub.has_subcommands() {
            collect(sub, &name, names);
        } else {
            names.push(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_names_verbs_that_there_are() {
        let all: Vec<String> = verbs().into_iter().map(|(name, _)| name).collect();
        for verb in FOR_WORKERS {
            assert!(all.iter().any(|name| name == verb), "there is no gt {verb}");
        }
        for word in INSIDE {
            assert!(all.iter().any(|name| name.split(' ').next() == Some(word)), "there is no gt {word}");
        }
        let typed = args::tree().try_get_matches_from(["gt", "bead", "note", "x", "y"]).expect("valid");
        assert_eq!((name(&typed).as_str(), Reach::typed(&typed)), ("bead note", Reach::Workers));
        let typed = args::tree().try_get_matches_from(["gt", "install"]).expect("valid");
        assert_eq!((name(&typed).as_str(), Reach::typed(&typed)), ("init", Reach::InCharge));
    }
}
