//! `search`: lines that contain a text, found by git, so that ignored files stay out.

use std::time::Duration;

use super::Need::{May, Must};
use super::{Arguments, Bounds, Stop, Tool, Trouble};
use crate::git::Git;

/// The most lines of one answer.
const LINES: usize = 200;

/// The most characters of one line.
const LINE: usize = 300;

/// How long a search may take.
const LIMIT: Duration = Duration::from_secs(60);

pub(super) const TOOL: Tool = Tool {
    name: "search",
    description: "Finds the lines that contain a text (not a regular expression) in the files of the worktree, new ones \
                  included, ignored ones not. Answers with path:line:content.",
    arguments: &[
        ("text", "string", Must, "what to look for, one line"),
        ("glob", "string", May, "only files whose path fits, such as *.rs or src/**/*.py"),
        ("ignore_case", "boolean", May, "upper and lower case are the same"),
    ],
    run,
};

fn run(bounds: &Bounds, arguments: &Arguments, _: &Stop) -> Result<String, Trouble> {
    let text = arguments.text("text")?;
    if text.is_empty() || text.contains(['\n', '\0']) {
        return Err(Trouble::Arguments("argument `text` is one line that is not empty".into()));
    }
    let mut args = vec!["grep", "-I", "-n", "--no-color", "--untracked", "--full-name", "-F"];
    if arguments.flag("ignore_case")? {
        args.push("-i");
    }
    let glob = arguments.optional_text("glob")?.filter(|glob| !glob.is_empty()).map(pathspec);
    args.extend(["-e", text, "--"]);
    args.extend(glob.as_deref());
    let failed = |reason: String| Trouble::Failed(format!("the search failed: {reason}"));
    let output = Git::at(bounds.root()).within(LIMIT).output(&args).map_err(|error| failed(error.to_string()))?;
    match output.code() {
        Some(0) => Ok(lines(&String::from_utf8_lossy(&output.stdout))),
        Some(1) => Ok("[no line contains it]\n".into()),
        _ => Err(failed(output.complaint())),
    }
}

/// A glob as git takes it; without a slash it fits in every folder.
fn pathspec(glob: &str) -> String {
    let glob = glob.trim_start_matches("./");
    if glob.contains('/') { format!(":(glob){glob}") } else { format!(":(glob)**/{glob}") }
}

fn lines(found: &str) -> String {
    let mut text = String::new();
    let total = found.lines().count();
    for line in found.lines().take(LINES) {
        match line.char_indices().nth(LINE) {
            Some((place, _)) => text.push_str(&format!("{} ...\n", &line[..place])),
            None => text.push_str(&format!("{line}\n")),
        }
    }
    if total > LINES {
        text.push_str(&format!("[cut off: {total} lines contain it; use a longer text or a glob]\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_tracked_and_new_files() {
        let dir = tempfile::tempdir().expect("a folder");
        let bounds = Bounds::new(dir.path()).expect("a folder");
        let search =
            |json: &str| run(&bounds, &Arguments::parse(json, &["text", "glob", "ignore_case"])?, &Stop::default());
        assert!(matches!(search(r#"{"text": "x"}"#), Err(Trouble::Failed(_))), "it is no repository");
        Git::at(dir.path()).run(&["init", "-q"]).expect("a repository");
        for (path, text) in [
            ("a.rs", "fn one() {}\nfn two(x: *a.b) {}\n"),
            ("src/b.rs", "fn One() {}\n"),
            ("src/c.py", "fn one\n"),
            ("skipped/d.rs", "fn one() {}\n"),
            (".gitignore", "skipped/\n"),
        ] {
            std::fs::create_dir_all(dir.path().join(path).parent().expect("a folder")).expect("a folder");
            std::fs::write(dir.path().join(path), text).expect("a file");
        }
        for (json, expected) in [
            (r#"{"text": "fn one"}"#, "a.rs:1:fn one() {}\nsrc/c.py:1:fn one\n"),
            (
                r#"{"text": "fn one", "glob": "*.rs", "ignore_case": true}"#,
                "a.rs:1:fn one() {}\nsrc/b.rs:1:fn One() {}\n",
            ),
            (r#"{"text": "fn one", "glob": "src/*"}"#, "src/c.py:1:fn one\n"),
            (r#"{"text": "*a.b"}"#, "a.rs:2:fn two(x: *a.b) {}\n"),
            (r#"{"text": "-e nothing"}"#, "[no line contains it]\n"),
        ] {
            assert_eq!(search(json).expect("an answer"), expected, "{json}");
        }
        assert!(matches!(search(r#"{"text": "a\nb"}"#), Err(Trouble::Arguments(_))));
    }

    #[test]
    fn many_and_long_lines_are_cut_off() {
        let text = lines(&format!("{}\n", "\u{e4}".repeat(400)).repeat(300));
        assert_eq!(text.lines().count(), LINES + 1);
        assert!(text.contains("[cut off: 300 lines contain it"));
    }
}
