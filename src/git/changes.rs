//! The files that differ between commits, found in this process by comparing subtree ids: many pairs of commits of a
//! large repository cost no program each. Where libgit2 cannot read the repository (sha256), the program answers.

mod program;

use std::path::{Path, PathBuf};

use git2::{Delta, DiffFindOptions, DiffOptions, ObjectType, Patch, Repository, Tree, TreeEntry};

use super::bare::merge_base;
use super::{GitError, Oid};

/// One file that a change is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileChange {
    /// Its path; of a file that was renamed, the old one.
    pub path: String,
    /// Where it is now; none when it is gone.
    pub now: Option<String>,
    /// The lines that were added, where they were wanted.
    pub added: Vec<String>,
    /// The lines that were removed, where they were wanted.
    pub removed: Vec<String>,
}

/// Compares commits of one repository.
pub struct Comparer {
    dir: PathBuf,
    repo: Option<Repository>,
}

/// A path that differs, and whether it is there after the change.
struct Touched {
    path: String,
    stays: bool,
}

impl Comparer {
    /// Opens the bare repository `dir`.
    pub fn open(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), repo: Repository::open_bare(dir).ok() }
    }

    /// The best common ancestor; none when the histories are unrelated, or one of the commits is not there.
    ///
    /// # Errors
    /// When git fails.
    pub fn fork(&self, one: &Oid, other: &Oid) -> Result<Option<Oid>, GitError> {
        let Some(repo) = &self.repo else {
            let there = |commit: &Oid| super::bare::rev_parse(&self.dir, commit.as_str());
            let both = there(one)?.is_some() && there(other)?.is_some();
            return if both { merge_base(&self.dir, one, other) } else { Ok(None) };
        };
        let both = || repo.find_commit(raw(one)).and(repo.find_commit(raw(other)));
        match both().and_then(|_| repo.merge_base(raw(one), raw(other))) {
            Ok(base) => Ok(Some(base.into())),
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
            Err(error) => Err(self.failed("find the common ancestor of two commits", &error)),
        }
    }

    /// The files that differ. A rename is one change where it or its lines matter, that is when `matters` says so of a
    /// path that differs; otherwise the old path is gone and the new one is new. Lines come of paths that matter.
    ///
    /// # Errors
    /// When a commit cannot be read, or git fails.
    pub fn changes(&self, from: &Oid, head: &Oid, matters: &dyn Fn(&str) -> bool) -> Result<Vec<FileChange>, GitError> {
        let Some(repo) = &self.repo else { return program::changes(&self.dir, from, head, matters) };
        self.compared(repo, (from, head), matters).map_err(|error| self.failed("compare two commits", &error))
    }

    fn compared(
        &self,
        repo: &Repository,
        (from, head): (&Oid, &Oid),
        matters: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<FileChange>, git2::Error> {
        let tree = |commit: &Oid| repo.find_commit(raw(commit)).and_then(|commit| commit.tree());
        let (old, new) = (tree(from)?, tree(head)?);
        let mut touched = Vec::new();
        compare(repo, "", Some(&old), Some(&new), &mut touched)?;
        if touched.iter().any(|touched| matters(&touched.path)) {
            return with_renames(repo, (&old, &new), &touched, matters);
        }
        let plain =
            |Touched { path, stays }| FileChange { now: stays.then(|| path.clone()), path, ..FileChange::default() };
        Ok(touched.into_iter().map(plain).collect())
    }

    fn failed(&self, action: &str, error: &git2::Error) -> GitError {
        let reason = format!("git could not {action}: {}", error.message());
        GitError::NotARepository { dir: self.dir.clone(), reason }
    }
}

fn raw(id: &Oid) -> git2::Oid {
    git2::Oid::from_str(id.as_str()).unwrap_or(git2::Oid::ZERO_SHA1)
}

fn compare(
    repo: &Repository,
    at: &str,
    old: Option<&Tree<'_>>,
    new: Option<&Tree<'_>>,
    out: &mut Vec<Touched>,
) -> Result<(), git2::Error> {
    let known = |entry: &TreeEntry<'_>, tree: Option<&Tree<'_>>| {
        tree.and_then(|tree| tree.get_name_bytes(entry.name_bytes()).map(|other| other.to_owned()))
    };
    let after = new.into_iter().flat_map(Tree::iter).map(|entry| (known(&entry, old), Some(entry.to_owned())));
    let gone = old.into_iter().flat_map(Tree::iter).filter(|entry| known(entry, new).is_none());
    for (before, after) in after.chain(gone.map(|entry| (Some(entry.to_owned()), None))) {
        let print = |entry: &Option<TreeEntry<'static>>| entry.as_ref().map(|entry| (entry.id(), entry.filemode()));
        if print(&before) == print(&after) {
            continue;
        }
        let name = before.as_ref().or(after.as_ref()).map(|entry| String::from_utf8_lossy(entry.name_bytes()));
        let path = format!("{at}{}", name.unwrap_or_default());
        let folder = |entry: &Option<TreeEntry<'static>>| match entry {
            Some(entry) if entry.kind() == Some(ObjectType::Tree) => repo.find_tree(entry.id()).map(Some),
            _ => Ok(None),
        };
        let (old, new) = (folder(&before)?, folder(&after)?);
        let leaves = [(&before, &old), (&after, &new)].map(|(entry, folder)| entry.is_some() && folder.is_none());
        if old.is_some() || new.is_some() {
            compare(repo, &format!("{path}/"), old.as_ref(), new.as_ref(), out)?;
        }
        if leaves != [false, false] {
            out.push(Touched { path, stays: leaves[1] });
        }
    }
    Ok(())
}

/// The same with renames and lines, of these paths only.
fn with_renames(
    repo: &Repository,
    (old, new): (&Tree<'_>, &Tree<'_>),
    touched: &[Touched],
    matters: &dyn Fn(&str) -> bool,
) -> Result<Vec<FileChange>, git2::Error> {
    let mut options = DiffOptions::new();
    options.context_lines(0).disable_pathspec_match(true).include_typechange(true);
    for path in touched {
        options.pathspec(path.path.as_str());
    }
    let mut diff = repo.diff_tree_to_tree(Some(old), Some(new), Some(&mut options))?;
    diff.find_similar(Some(DiffFindOptions::new().renames(true).rename_limit(1_000)))?;
    let text = |path: Option<&[u8]>| path.map(|path| String::from_utf8_lossy(path).into_owned()).unwrap_or_default();
    let mut changes = Vec::new();
    for (index, delta) in diff.deltas().enumerate() {
        let (before, after) = (text(delta.old_file().path_bytes()), text(delta.new_file().path_bytes()));
        let now = (delta.status() != Delta::Deleted).then_some(after);
        let mut change = FileChange { path: before, now, ..FileChange::default() };
        if change.now.as_deref().is_some_and(matters) {
            read_lines(Patch::from_diff(&diff, index)?, &mut change)?;
        }
        changes.push(change);
    }
    Ok(changes)
}

/// A file that is no text has no patch, or one without lines.
fn read_lines(patch: Option<Patch<'_>>, change: &mut FileChange) -> Result<(), git2::Error> {
    let Some(patch) = patch else { return Ok(()) };
    for hunk in 0..patch.num_hunks() {
        for line in 0..patch.num_lines_in_hunk(hunk)? {
            let line = patch.line_in_hunk(hunk, line)?;
            let text = String::from_utf8_lossy(line.content()).trim_end_matches('\n').to_owned();
            match line.origin() {
                '+' => change.added.push(text),
                '-' => change.removed.push(text),
                _ => {}
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::Git;
    use crate::git::bare::fetch;
    use crate::git::testing::{Scene, commit};

    const LONG: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\n";

    fn is_test(path: &str) -> bool {
        path.starts_with("tests/")
    }

    /// What both ways say, which must be the same, as `old>new +added -removed`.
    fn said(scene: &Scene, from: &Oid, head: &Oid) -> Vec<String> {
        let comparer = Comparer::open(&scene.bare);
        assert!(comparer.repo.is_some(), "libgit2 reads it");
        let by_program = Comparer { repo: None, ..Comparer::open(&scene.bare) };
        let [here, there] = [comparer, by_program].map(|comparer| {
            let changes = comparer.changes(from, head, &is_test).expect("readable");
            let mut said: Vec<String> = changes.iter().map(sentence).collect();
            said.sort();
            said
        });
        assert_eq!(here, there);
        here
    }

    fn sentence(change: &FileChange) -> String {
        let FileChange { path, now, added, removed } = change;
        format!("{path}>{} +{} -{}", now.as_deref().unwrap_or("gone"), added.join("|"), removed.join("|"))
    }

    #[test]
    fn both_ways_say_the_same_of_files_modes_links_and_renames() {
        let scene = Scene::new();
        let base = [("src/a", "1\n"), ("src/b", "2\n"), ("tests/t1", LONG), ("tests/t2", "x\n"), ("deep/er/c", "3\n")];
        let from = commit(&scene.upstream, &base, "base");
        let git = Git::at(&scene.upstream);
        git.run(&["mv", "tests/t1", "tests/new"]).expect("moved");
        git.run(&["rm", "-q", "-r", "deep"]).expect("removed");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(scene.upstream.join("src/b"), mode).expect("own file");
        let edits = [("tests/t2", "x\n  #[ignore]\n"), ("src/a", "new\n"), ("tests/bin", "\0\0"), ("deep", "a file\n")];
        let head = commit(&scene.upstream, &edits, "head");
        fetch(&scene.bare, None).expect("fetched");
        assert_eq!(said(&scene, &from, &from), [""; 0]);
        let wanted = [
            "deep/er/c>gone + -",
            "deep>deep + -",
            "src/a>src/a + -",
            "src/b>src/b + -",
            "tests/bin>tests/bin + -",
            "tests/t1>tests/new + -",
            "tests/t2>tests/t2 +  #[ignore] -",
        ];
        assert_eq!(said(&scene, &from, &head), wanted);
    }

    #[test]
    fn ancestors_are_found_both_ways() {
        let scene = Scene::new();
        let first = scene.tip();
        let second = commit(&scene.upstream, &[("a", "1")], "second");
        fetch(&scene.bare, None).expect("fetched");
        let absent: Oid = "1".repeat(40).parse().expect("an id");
        for comparer in [Comparer::open(&scene.bare), Comparer { repo: None, ..Comparer::open(&scene.bare) }] {
            assert_eq!(comparer.fork(&first, &second).expect("readable"), Some(first.clone()));
            assert_eq!(comparer.fork(&absent, &second).expect("readable"), None);
            assert!(comparer.changes(&absent, &second, &is_test).is_err());
        }
    }
}
