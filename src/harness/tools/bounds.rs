//! Where the tools may write: inside the worktree, and not in git's own files.
//!
//! This keeps a model that is mistaken from harming others' files. It is no prison: the shell tool runs what it is given.

use std::io;
use std::path::{Component, Path, PathBuf};

use super::Trouble;

/// The most links that a path may go through.
const LINKS: u32 = 40;

/// The worktree, with all links of its own path resolved.
#[derive(Debug, Clone)]
pub(in crate::harness) struct Bounds {
    root: PathBuf,
}

impl Bounds {
    /// The bounds of the worktree at `dir`, which must be a folder.
    pub fn new(dir: &Path) -> io::Result<Self> {
        let root = dir.canonicalize()?;
        if !root.is_dir() {
            return Err(io::Error::from(io::ErrorKind::NotADirectory));
        }
        Ok(Self { root })
    }

    /// The folder of the worktree.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The file that a path names, to read; it may lie anywhere.
    pub fn to_read(&self, path: &str) -> Result<PathBuf, Trouble> {
        check_text(path)?;
        Ok(self.root.join(path))
    }

    /// The file that a path names, to write, with every link on the way followed.
    pub fn to_write(&self, path: &str) -> Result<PathBuf, Trouble> {
        check_text(path)?;
        let refuse = |reason: &str| Trouble::Refused(format!("{path}: {reason}"));
        let resolved = resolve(&self.root.join(path)).map_err(|error| refuse(&error.to_string()))?;
        let Ok(inside) = resolved.strip_prefix(&self.root) else {
            return Err(refuse("it lies outside of the worktree, where nothing may be written"));
        };
        if inside.as_os_str().is_empty() {
            return Err(refuse("it is the worktree itself, not a file"));
        }
        let is_git = |part: Component<'_>| part.as_os_str().eq_ignore_ascii_case(".git");
        if inside.components().any(is_git) {
            return Err(refuse("it belongs to git; use git commands in the shell"));
        }
        Ok(resolved)
    }

    /// A folder inside the worktree, to run a command in.
    pub fn to_enter(&self, path: &str) -> Result<PathBuf, Trouble> {
        check_text(path)?;
        let refuse = |reason: &str| Trouble::Refused(format!("{path}: {reason}"));
        let dir = self.root.join(path).canonicalize().map_err(|error| refuse(&error.to_string()))?;
        if !dir.starts_with(&self.root) {
            return Err(refuse("it lies outside of the worktree"));
        }
        if dir.is_dir() { Ok(dir) } else { Err(refuse("it is no folder")) }
    }
}

fn check_text(path: &str) -> Result<(), Trouble> {
    if path.is_empty() || path.contains('\0') {
        return Err(Trouble::Arguments("argument `path` is empty or holds a NUL character".into()));
    }
    Ok(())
}

/// Walks an absolute path part by part as the kernel would, following links, also those that lead to nothing yet.
/// `..` after something that is not there is refused: what it would mean depends on what is made there.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    let mut links = 0;
    let mut ahead: Vec<PathBuf> = parts(path);
    let mut here = PathBuf::from("/");
    let mut there = true;
    while let Some(part) = ahead.pop() {
        match part.components().next() {
            Some(Component::ParentDir) if there => drop(here.pop()),
            Some(Component::ParentDir) => {
                return Err(io::Error::other("`..` follows a folder that does not exist"));
            }
            Some(Component::Normal(name)) => {
                let next = here.join(name);
                match next.symlink_metadata() {
                    Ok(data) if data.is_symlink() => {
                        links += 1;
                        if links > LINKS {
                            return Err(io::Error::other("it goes through too many links"));
                        }
                        let target = next.read_link()?;
                        if target.is_absolute() {
                            here = PathBuf::from("/");
                        }
                        ahead.extend(parts(&target));
                    }
                    Ok(_) => here = next,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {
                        there = false;
                        here = next;
                    }
                    Err(error) => return Err(error),
                }
            }
            _ => {}
        }
    }
    Ok(here)
}

/// The parts of a path that matter, the last first.
fn parts(path: &Path) -> Vec<PathBuf> {
    let matters = |part: &Component<'_>| matches!(part, Component::Normal(_) | Component::ParentDir);
    path.components().filter(matters).map(|part| PathBuf::from(part.as_os_str())).rev().collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    /// A worktree beside a folder with a secret, with links of all kinds.
    fn worktree() -> (tempfile::TempDir, Bounds) {
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path().join("tree");
        for path in ["tree/src", "tree/.git", "tree/sub/.git", "outside", "tree-2"] {
            fs::create_dir_all(dir.path().join(path)).expect("a folder");
        }
        fs::write(dir.path().join("outside/secret"), "x").expect("a file");
        symlink("../outside", root.join("out")).expect("a link");
        symlink(dir.path().join("outside/secret"), root.join("secret")).expect("a link");
        symlink("../outside/new", root.join("dangling")).expect("a link");
        symlink("src", root.join("in")).expect("a link");
        symlink(".git", root.join("gitlink")).expect("a link");
        symlink("loop", root.join("loop")).expect("a link");
        symlink("nowhere/../../outside", root.join("sly")).expect("a link");
        let bounds = Bounds::new(&root).expect("a folder");
        (dir, bounds)
    }

    #[test]
    fn what_may_be_written() {
        let (_dir, bounds) = worktree();
        for (path, file) in [
            ("a.txt", "a.txt"),
            ("./src/../b", "b"),
            ("src/new/deep/c", "src/new/deep/c"),
            ("in/d", "src/d"),
            ("src/../../tree/e", "e"),
            (".gitignore", ".gitignore"),
            (".github/workflows/ci.yml", ".github/workflows/ci.yml"),
            ("name with space\n\u{e4}", "name with space\n\u{e4}"),
            ("...", "..."),
        ] {
            assert_eq!(bounds.to_write(path), Ok(bounds.root().join(file)), "{path:?}");
        }
        let absolute = bounds.root().join("src/f");
        assert_eq!(bounds.to_write(absolute.to_str().expect("UTF-8")), Ok(absolute));
    }

    #[test]
    fn every_way_out_is_refused() {
        let (dir, bounds) = worktree();
        let absolute = dir.path().join("outside/secret").display().to_string();
        let neighbour = dir.path().join("tree-2/file").display().to_string();
        for path in [
            "../outside/secret",
            "src/../../outside/x",
            &absolute,
            &neighbour,
            "/etc/passwd",
            "../tree-2/x",
            "out/secret",
            "out/new",
            "secret",
            "dangling",
            "in/../../outside/x",
            "nowhere/../../outside/x",
            "sly/x",
            "loop",
            "loop/x",
            ".git/config",
            ".GIT/hooks/pre-commit",
            ".git",
            "gitlink/config",
            "sub/.git/config",
            "src/../.git/HEAD",
            ".",
            "src/..",
        ] {
            let refused = bounds.to_write(path).expect_err(path);
            assert!(matches!(&refused, Trouble::Refused(text) if text.starts_with(path)), "{path}: {refused:?}");
        }
        for path in ["", "a\0b"] {
            assert!(matches!(bounds.to_write(path), Err(Trouble::Arguments(_))), "{path:?}");
        }
    }

    #[test]
    fn where_commands_may_run() {
        let (_dir, bounds) = worktree();
        assert_eq!(bounds.to_enter("in"), Ok(bounds.root().join("src")));
        assert_eq!(bounds.to_enter("."), Ok(bounds.root().to_owned()));
        for path in ["..", "out", "/", "nowhere", "secret"] {
            assert!(bounds.to_enter(path).is_err(), "{path}");
        }
    }
}
