//! `write_file`: a whole file, new or replaced.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::Need::Must;
use super::{Arguments, Bounds, Stop, Tool, Trouble, shown};
use crate::store::write_atomic;

pub(super) const TOOL: Tool = Tool {
    name: "write_file",
    description: "Writes a whole file in the worktree, with the folders that it needs. An existing file is replaced; to \
                  change a part of one use edit_file.",
    arguments: &[
        ("path", "string", Must, "the file, relative to the worktree"),
        ("content", "string", Must, "all of its text"),
    ],
    run,
};

fn run(bounds: &Bounds, arguments: &Arguments, _: &Stop) -> Result<String, Trouble> {
    let path = bounds.to_write(arguments.text("path")?)?;
    let content = arguments.text("content")?;
    let verb = if path.exists() { "replaced" } else { "created" };
    put(bounds, &path, content)?;
    Ok(format!("{verb} {} ({} lines, {} bytes)\n", shown(bounds, &path), content.lines().count(), content.len()))
}

/// Writes a file whole or not at all; an existing one keeps its permissions.
pub(super) fn put(bounds: &Bounds, path: &Path, content: &str) -> Result<(), Trouble> {
    let fail = |error: std::io::Error| Trouble::Failed(format!("{}: {error}", shown(bounds, path)));
    if path.is_dir() {
        return Err(Trouble::Failed(format!("{}: it is a folder", shown(bounds, path))));
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(fail)?;
    }
    let mode = path.metadata().map_or(0o644, |data| data.permissions().mode() & 0o777);
    write_atomic(path, content.as_bytes(), mode).map_err(fail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_created_and_replaced_with_their_permissions() {
        let dir = tempfile::tempdir().expect("a folder");
        let bounds = Bounds::new(dir.path()).expect("a folder");
        let write = |path: &str, content: &str| {
            let json = serde_json::json!({"path": path, "content": content}).to_string();
            run(&bounds, &Arguments::parse(&json, &["path", "content"])?, &Stop::default())
        };
        assert_eq!(write("a/b/run.sh", "one\ntwo\n").expect("written"), "created a/b/run.sh (2 lines, 8 bytes)\n");
        let file = dir.path().join("a/b/run.sh");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("permissions");
        assert!(write("a/b/run.sh", "").expect("written").starts_with("replaced"));
        assert_eq!(file.metadata().expect("a file").permissions().mode() & 0o777, 0o755);
        assert_eq!(std::fs::read_to_string(&file).expect("a file"), "");
        assert!(matches!(write("a/b", "x"), Err(Trouble::Failed(_))), "a folder is no file");
        assert!(
            matches!(write("a/b/run.sh/c", "x"), Err(Trouble::Failed(_) | Trouble::Refused(_))),
            "nor a file a folder"
        );
        assert!(matches!(write("../x", "x"), Err(Trouble::Refused(_))));
    }

    #[test]
    fn a_link_inside_the_worktree_stays_a_link() {
        let dir = tempfile::tempdir().expect("a folder");
        let bounds = Bounds::new(dir.path()).expect("a folder");
        std::os::unix::fs::symlink("real", dir.path().join("link")).expect("a link");
        let json = r#"{"path": "link", "content": "x"}"#;
        run(&bounds, &Arguments::parse(json, &["path", "content"]).expect("arguments"), &Stop::default())
            .expect("written");
        assert!(dir.path().join("link").is_symlink());
        assert_eq!(std::fs::read_to_string(dir.path().join("real")).expect("a file"), "x");
    }
}
