//! `list_dir`: what a folder holds.

use std::fs::DirEntry;
use std::path::Path;

use super::Need::May;
use super::{Arguments, Bounds, Stop, Tool, Trouble, shown};

/// The most entries of one answer.
const ENTRIES: usize = 500;

/// The deepest walk.
const DEEPEST: u64 = 6;

pub(super) const TOOL: Tool = Tool {
    name: "list_dir",
    description: "Lists a folder: one path for each line, folders with a slash at their end, files with their size in \
                  bytes. `.git` is left out.",
    arguments: &[
        ("path", "string", May, "the folder, relative to the worktree; default: the worktree"),
        ("depth", "integer", May, "how many levels, from 1 to 6; default 1"),
    ],
    run,
};

fn run(bounds: &Bounds, arguments: &Arguments, _: &Stop) -> Result<String, Trouble> {
    let dir = bounds.to_read(arguments.optional_text("path")?.unwrap_or("."))?;
    let depth = arguments.number("depth")?.unwrap_or(1).clamp(1, DEEPEST);
    let fail = |error: std::io::Error| Trouble::Failed(format!("{}: {error}", shown(bounds, &dir)));
    let dir = dir.canonicalize().map_err(fail)?;
    let mut lines = Vec::new();
    walk(&dir, &dir, depth, &mut lines).map_err(fail)?;
    if lines.is_empty() {
        return Ok("[the folder is empty]\n".into());
    }
    let more = lines.len() > ENTRIES;
    lines.truncate(ENTRIES);
    let mut text = lines.join("\n") + "\n";
    if more {
        text.push_str(&format!("[cut off after {ENTRIES} entries: list a folder below]\n"));
    }
    Ok(text)
}

fn walk(base: &Path, dir: &Path, depth: u64, lines: &mut Vec<String>) -> std::io::Result<()> {
    let mut entries: Vec<DirEntry> = dir.read_dir()?.filter_map(Result::ok).collect();
    entries.sort_by_key(DirEntry::file_name);
    for entry in entries.iter().filter(|entry| entry.file_name() != ".git") {
        if lines.len() > ENTRIES {
            return Ok(());
        }
        let path = entry.path();
        let name = path.strip_prefix(base).unwrap_or(&path).display().to_string();
        // Links are named, not followed: they may lead in circles.
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => {
                lines.push(format!("{name}/"));
                if depth > 1 {
                    walk(base, &path, depth - 1, lines)?;
                }
            }
            Ok(kind) if kind.is_symlink() => {
                let target = path.read_link().map(|target| target.display().to_string()).unwrap_or_default();
                lines.push(format!("{name} -> {target}"));
            }
            _ => lines.push(format!("{name} {}", entry.metadata().map_or(0, |data| data.len()))),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_files_and_links() {
        let dir = tempfile::tempdir().expect("a folder");
        let make = |path: &str| {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, "123").expect("a file");
        };
        ["b/c/d.txt", "b/a.txt", "a", ".git/HEAD"].iter().for_each(|path| make(path));
        std::os::unix::fs::symlink("b", dir.path().join("z")).expect("a link");
        let bounds = Bounds::new(dir.path()).expect("a folder");
        let list = |json: &str| run(&bounds, &Arguments::parse(json, &["path", "depth"])?, &Stop::default());
        assert_eq!(list("{}").expect("a list"), "a 3\nb/\nz -> b\n");
        assert_eq!(list(r#"{"depth": 9}"#).expect("a list"), "a 3\nb/\nb/a.txt 3\nb/c/\nb/c/d.txt 3\nz -> b\n");
        assert_eq!(list(r#"{"path": "b"}"#).expect("a list"), "a.txt 3\nc/\n");
        assert!(matches!(list(r#"{"path": "nowhere"}"#), Err(Trouble::Failed(text)) if text.starts_with("nowhere: ")));
        (0..600).for_each(|number| make(&format!("many/{number}")));
        assert!(
            list(r#"{"path": "many"}"#)
                .expect("a list")
                .ends_with("[cut off after 500 entries: list a folder below]\n")
        );
    }
}
