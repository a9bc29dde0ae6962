//! `edit_file`: one exact passage of a file is replaced.

use std::io::Read;

use super::Need::{May, Must};
use super::{Arguments, Bounds, Stop, Tool, Trouble, read, shown, write};

/// The largest file that is edited, in bytes.
const LARGEST: u64 = 10 << 20;

pub(super) const TOOL: Tool = Tool {
    name: "edit_file",
    description: "Replaces a passage of a file in the worktree. `old` must occur exactly once, with its white space and \
                  without line numbers; give more lines around it if it occurs more often.",
    arguments: &[
        ("path", "string", Must, "the file, relative to the worktree"),
        ("old", "string", Must, "the passage as it is"),
        ("new", "string", Must, "the passage as it shall be; empty to remove it"),
        ("all", "boolean", May, "replace every occurrence"),
    ],
    run,
};

fn run(bounds: &Bounds, arguments: &Arguments, _: &Stop) -> Result<String, Trouble> {
    let path = bounds.to_write(arguments.text("path")?)?;
    let (old, new, all) = (arguments.text("old")?, arguments.text("new")?, arguments.flag("all")?);
    let name = shown(bounds, &path);
    let fail = |reason: String| Trouble::Failed(format!("{name}: {reason}"));
    let mut text = String::new();
    let file = read::open(&path).map_err(fail)?;
    file.take(LARGEST + 1).read_to_string(&mut text).map_err(|error| fail(error.to_string()))?;
    if text.len() as u64 > LARGEST {
        return Err(fail(format!("it has more than {LARGEST} bytes; use the shell")));
    }
    let (edited, places) = replace(&text, old, new, all).map_err(fail)?;
    write::put(bounds, &path, &edited)?;
    Ok(format!("replaced {places} in {name}\n"))
}

/// The new text and which lines were touched, in words.
fn replace(text: &str, old: &str, new: &str, all: bool) -> Result<(String, String), String> {
    if old.is_empty() {
        return Err("`old` is empty; to write a whole file use write_file".into());
    }
    if old == new {
        return Err("`old` and `new` are the same".into());
    }
    let places: Vec<usize> = text.match_indices(old).map(|(place, _)| place).collect();
    let line = |place: usize| text[..place].matches('\n').count() + 1;
    match places[..] {
        [] => Err(not_found(text, old)),
        [place] => Ok((text.replacen(old, new, 1), format!("1 passage at line {}", line(place)))),
        _ if all => Ok((text.replace(old, new), format!("{} passages", places.len()))),
        _ => {
            let lines: Vec<_> = places.iter().take(10).map(|place| line(*place).to_string()).collect();
            Err(format!(
                "`old` occurs {} times, at lines {}; give more lines around the one you mean, or all=true",
                places.len(),
                lines.join(", ")
            ))
        }
    }
}

/// Says what is near: the same words with other white space, or the line numbers copied along.
fn not_found(text: &str, old: &str) -> String {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let first = old.lines().map(words).find(|line| !line.is_empty()).unwrap_or_default();
    let near = text.lines().position(|line| !first.is_empty() && words(line) == first);
    match near {
        Some(number) => format!(
            "`old` does not occur; its first line is like line {} but the white space or the lines after it differ: \
             read the file again",
            number + 1
        ),
        None => "`old` does not occur; read the file again and copy the passage without its line numbers".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacements() {
        let text = "a\nb b\nc\n";
        assert_eq!(replace(text, "a\nb", "x", false), Ok(("x b\nc\n".into(), "1 passage at line 1".into())));
        assert_eq!(replace(text, "c\n", "", false), Ok(("a\nb b\n".into(), "1 passage at line 3".into())));
        assert_eq!(replace(text, "b", "$0\\", true), Ok(("a\n$0\\ $0\\\nc\n".into(), "2 passages".into())));
    }

    #[test]
    fn what_cannot_be_replaced() {
        let text = "fn a() {\n    one();\n}\none();\n";
        for (old, new, reason) in [
            ("", "x", "`old` is empty"),
            ("one", "one", "the same"),
            ("one();", "x", "occurs 2 times, at lines 2, 4"),
            ("\tone();\n}", "x", "its first line is like line 2"),
            ("two();", "x", "without its line numbers"),
        ] {
            let error = replace(text, old, new, false).expect_err(old);
            assert!(error.contains(reason), "{old:?}: {error}");
        }
    }

    #[test]
    fn files_that_are_not_there_or_not_ours() {
        let dir = tempfile::tempdir().expect("a folder");
        let bounds = Bounds::new(dir.path()).expect("a folder");
        std::fs::write(dir.path().join("a"), "one\r\ntwo\r\n").expect("a file");
        std::fs::write(dir.path().join("binary"), b"\xff\xfe").expect("a file");
        let edit = |path: &str| {
            let json = serde_json::json!({"path": path, "old": "one", "new": "three"}).to_string();
            run(&bounds, &Arguments::parse(&json, &["path", "old", "new", "all"])?, &Stop::default())
        };
        assert_eq!(edit("a").expect("edited"), "replaced 1 passage at line 1 in a\n");
        assert_eq!(std::fs::read_to_string(dir.path().join("a")).expect("a file"), "three\r\ntwo\r\n");
        assert!(
            matches!(edit("nowhere"), Err(Trouble::Failed(text)) if text.starts_with("nowhere: it does not exist"))
        );
        assert!(matches!(edit("binary"), Err(Trouble::Failed(_))));
        assert!(matches!(edit(".git/config"), Err(Trouble::Refused(_))));
    }
}
