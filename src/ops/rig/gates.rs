//! Gates from commands as a person types them.

use crate::error::{Failure, Kind, Outcome};
use crate::id::numbered;
use crate::town::Gate;

/// A gate for each command, named after it: `cargo test` is called `cargo-test`, `./test.sh` `test`.
///
/// # Errors
/// When a command is empty.
pub fn from_commands(commands: &[String]) -> Outcome<Vec<Gate>> {
    let mut gates: Vec<Gate> = Vec::new();
    for command in commands {
        let command = command.trim();
        if command.is_empty() {
            return Err(
                Failure::new(Kind::Usage, "a gate needs a command").hint("`--no-gates` adds a rig without gates")
            );
        }
        let free = |name: &String| gates.iter().all(|gate| gate.name != *name);
        let name = numbered(&name_of(command)).find(free).expect("numbers do not end");
        gates.push(Gate::new(name, command));
    }
    Ok(gates)
}

/// The first two words that are no option, variable or path, joined by a dash.
fn name_of(command: &str) -> String {
    let words = command.split_whitespace().filter(|word| !word.starts_with('-') && !word.contains('='));
    let words: Vec<String> = words.take(2).map(slug).filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "gate".to_owned() } else { words.join("-") }
}

/// The last part of a path, without its ending, in letters and digits.
fn slug(word: &str) -> String {
    let file = word.rsplit('/').next().unwrap_or(word);
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| if stem.is_empty() { file } else { stem });
    let plain: String =
        stem.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    plain.trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_is_named_after_its_command() {
        let commands =
            ["cargo test", "./test.sh", "CI=1 npm run test", "cargo test --doc", "make", "--", "python -m pytest"];
        let gates = from_commands(&commands.map(str::to_owned)).expect("valid");
        let names: Vec<_> = gates.iter().map(|gate| gate.name.as_str()).collect();
        assert_eq!(names, ["cargo-test", "test", "npm-run", "cargo-test-2", "make", "gate", "python-pytest"]);
        assert_eq!(gates[2].run, "CI=1 npm run test");
    }

    #[test]
    fn an_empty_command_is_refused() {
        assert!(from_commands(&["  ".to_owned()]).is_err());
    }
}
