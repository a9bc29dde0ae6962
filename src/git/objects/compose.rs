//! The objects of a commit, made in memory: blobs, the trees that change, the commit.
//!
//! libgit2 could do it, at the cost of looking for each object in every pack before and after, and of a quarter of a
//! megabyte of memory for each file that it writes.

use std::collections::BTreeMap;

use git2::{Error, ErrorClass, ErrorCode, ObjectType};
use sha1::{Digest, Sha1};

use super::{Authorship, Edit, Objects};
use crate::git::Oid;

/// The mode of a plain file in a tree.
const FILE: &[u8] = b"100644";
/// The mode of a folder in a tree.
const FOLDER: &[u8] = b"40000";

/// An object that is not written yet.
pub(super) struct NewObject {
    pub(super) id: git2::Oid,
    pub(super) kind: ObjectType,
    pub(super) data: Vec<u8>,
}

impl NewObject {
    pub(super) fn new(kind: ObjectType, data: Vec<u8>) -> Self {
        let sum = Sha1::new().chain_update(header(kind, &data)).chain_update(&data).finalize();
        let id = git2::Oid::from_bytes(&sum).expect("twenty bytes are an object id");
        Self { id, kind, data }
    }

    /// What git puts before the content, in files and sums.
    pub(super) fn header(&self) -> Vec<u8> {
        header(self.kind, &self.data)
    }
}

fn header(kind: ObjectType, data: &[u8]) -> Vec<u8> {
    format!("{} {}\0", kind.str(), data.len()).into_bytes()
}

/// An entry of a tree, as slices of it or of a new one.
#[derive(Clone, Copy)]
struct Entry<'t> {
    mode: &'t [u8],
    name: &'t [u8],
    id: &'t [u8],
}

impl Entry<'_> {
    /// Git puts folders in order as if their names ended with a slash.
    fn key(&self) -> impl Iterator<Item = u8> {
        self.name.iter().copied().chain((self.mode == FOLDER).then_some(b'/'))
    }
}

/// What becomes of the names in one folder, by name.
#[derive(Default)]
struct Folder {
    files: BTreeMap<Vec<u8>, Option<git2::Oid>>,
    folders: BTreeMap<Vec<u8>, Folder>,
}

impl Folder {
    fn put(&mut self, path: &str, blob: Option<git2::Oid>) {
        match path.split_once('/') {
            Some((folder, rest)) => self.folders.entry(folder.into()).or_default().put(rest, blob),
            None => drop(self.files.insert(path.into(), blob)),
        }
    }
}

impl Objects {
    /// The objects that a commit of `edits` on top of `parent` needs beside those that are there; the commit is the last.
    pub(super) fn compose(
        &self,
        parent: Option<&Oid>,
        edits: &[Edit],
        who: &Authorship,
        message: &str,
    ) -> Result<Vec<NewObject>, Error> {
        let mut made = Vec::new();
        let mut root = Folder::default();
        for edit in edits {
            let blob = edit.content.as_ref().map(|content| {
                made.push(NewObject::new(ObjectType::Blob, content.clone()));
                made[made.len() - 1].id
            });
            root.put(&edit.path, blob);
        }
        let parent = parent.map(|id| git2::Oid::from_str(id.as_str())).transpose()?;
        let base = parent.map(|id| self.repo.find_commit(id).map(|commit| commit.tree_id())).transpose()?;
        let tree = match self.compose_tree(base, root, &mut made)? {
            Some(tree) => tree,
            None => keep(&mut made, Vec::new()),
        };
        let text = commit_text(tree, parent, who, message);
        made.push(NewObject::new(ObjectType::Commit, text.into_bytes()));
        Ok(made)
    }

    /// The tree `base` with the changes of `folder`; nothing when no name is left in it.
    fn compose_tree(
        &self,
        base: Option<git2::Oid>,
        folder: Folder,
        made: &mut Vec<NewObject>,
    ) -> Result<Option<git2::Oid>, Error> {
        let database = self.repo.odb()?;
        let base = base.map(|id| database.read(id)).transpose()?;
        let mut entries = match &base {
            Some(tree) => parse_tree(tree.data()).ok_or_else(|| refusal("a tree is broken"))?,
            None => Vec::new(),
        };
        let mut changed: Vec<(Vec<u8>, &[u8], Option<git2::Oid>)> = Vec::new();
        for (name, inner) in folder.folders {
            let before = entries.iter().find(|entry| entry.name == name);
            if before.is_some_and(|entry| entry.mode != FOLDER) {
                return Err(refusal(&format!("{} is a file and not a folder", String::from_utf8_lossy(&name))));
            }
            let before = before.map(|entry| git2::Oid::from_bytes(entry.id)).transpose()?;
            let tree = self.compose_tree(before, inner, made)?;
            changed.push((name, FOLDER, tree));
        }
        for (name, blob) in folder.files {
            if entries.iter().any(|entry| entry.name == name && entry.mode == FOLDER) {
                return Err(refusal(&format!("{} is a folder and not a file", String::from_utf8_lossy(&name))));
            }
            changed.push((name, FILE, blob));
        }
        for (name, mode, id) in &changed {
            let id = id.as_ref().map(git2::Oid::as_bytes);
            put_entry(&mut entries, Entry { mode, name, id: id.unwrap_or_default() }, id.is_some());
        }
        if entries.is_empty() {
            return Ok(None);
        }
        let data = render_tree(&entries);
        Ok(Some(keep(made, data)))
    }
}

fn keep(made: &mut Vec<NewObject>, tree: Vec<u8>) -> git2::Oid {
    let tree = NewObject::new(ObjectType::Tree, tree);
    let id = tree.id;
    made.push(tree);
    id
}

/// Puts an entry in its place, or takes the one of its name away.
fn put_entry<'t>(entries: &mut Vec<Entry<'t>>, entry: Entry<'t>, stays: bool) {
    match entries.binary_search_by(|other| other.key().cmp(entry.key())) {
        Ok(at) if stays => entries[at] = entry,
        Ok(at) => drop(entries.remove(at)),
        Err(at) if stays => entries.insert(at, entry),
        Err(_) => {}
    }
}

fn parse_tree(mut data: &[u8]) -> Option<Vec<Entry<'_>>> {
    let mut entries = Vec::with_capacity(data.len() / 28);
    while !data.is_empty() {
        let (mode, rest) = data.split_at(data.iter().position(|byte| *byte == b' ')?);
        let (name, rest) = rest[1..].split_at(rest[1..].iter().position(|byte| *byte == 0)?);
        let (id, rest) = rest[1..].split_at_checked(20)?;
        entries.push(Entry { mode, name, id });
        data = rest;
    }
    Some(entries)
}

fn render_tree(entries: &[Entry<'_>]) -> Vec<u8> {
    let length = entries.iter().map(|entry| entry.mode.len() + entry.name.len() + entry.id.len() + 2).sum();
    let mut data = Vec::with_capacity(length);
    for entry in entries {
        data.extend_from_slice(entry.mode);
        data.push(b' ');
        data.extend_from_slice(entry.name);
        data.push(0);
        data.extend_from_slice(entry.id);
    }
    data
}

fn commit_text(tree: git2::Oid, parent: Option<git2::Oid>, who: &Authorship, message: &str) -> String {
    let parent = parent.map(|id| format!("parent {id}\n")).unwrap_or_default();
    let person =
        |(name, address): &(String, String)| format!("{} <{}> {} +0000", plain(name), plain(address), who.seconds);
    format!("tree {tree}\n{parent}author {}\ncommitter {}\n\n{message}", person(&who.author), person(&who.committer))
}

/// A name without what has a meaning in the line that it goes into.
fn plain(name: &str) -> String {
    let kept: String = name.chars().filter(|c| !matches!(c, '<' | '>' | '\n' | '\0')).collect();
    let kept = kept.trim();
    if kept.is_empty() { "unknown".to_owned() } else { kept.to_owned() }
}

fn refusal(why: &str) -> Error {
    Error::new(ErrorCode::Modified, ErrorClass::Tree, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::Git;
    use crate::git::objects::Durability;

    fn who(name: &str) -> Authorship {
        let person = (name.to_owned(), "ada@example.org".to_owned());
        Authorship { author: person.clone(), committer: person, seconds: 1_700_000_000 }
    }

    fn edit(path: &str, content: Option<&str>) -> Edit {
        Edit { path: path.to_owned(), content: content.map(|text| text.as_bytes().to_vec()) }
    }

    /// A repository and what one commit after another, each of these edits, leaves in it.
    fn after(steps: &[&[Edit]]) -> (tempfile::TempDir, Git, Option<Oid>) {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let objects = Objects::init(dir.path(), "main").expect("a repository");
        let mut tip = None;
        for step in steps {
            let next = objects.commit(tip.as_ref(), step, &who("Ada"), "a step\n").expect("a commit");
            assert!(objects.swap("refs/heads/main", tip.as_ref(), &next, Durability::Now).expect("moved"));
            tip = Some(next);
        }
        let git = Git::at(dir.path());
        git.run(&["fsck", "--strict"]).expect("whole");
        (dir, git, tip)
    }

    #[test]
    fn trees_are_those_that_git_makes() {
        // A folder goes where its name with a slash would: after `a.b` and `a-b`, before `a0`.
        let first = ["a/x", "a.b", "a-b", "a0", "b/c/d", "b/c/e", "z"].map(|path| edit(path, Some(path)));
        let second = [edit("a/x", None), edit("b/c/d", Some("other")), edit("b/n", Some("n")), edit("gone/by", None)];
        let (dir, git, _tip) = after(&[&first, &second]);
        let tree = git.run(&["rev-parse", "main^{tree}"]).expect("a tree");
        git.run(&["read-tree", "main~1"]).expect("read");
        for (path, text) in [("b/c/d", "other"), ("b/n", "n")] {
            std::fs::create_dir_all(dir.path().join("b/c")).expect("a folder");
            std::fs::write(dir.path().join(path), text).expect("a file");
            git.run(&["update-index", "--add", path]).expect("staged");
        }
        git.run(&["update-index", "--force-remove", "a/x"]).expect("taken out");
        assert_eq!(git.run(&["write-tree"]).expect("git's own tree"), tree);
    }

    #[test]
    fn the_last_file_may_go_and_names_hold_no_marks() {
        let (dir, git, tip) = after(&[&[edit("a/b", Some("x"))], &[edit("a/b", None)]]);
        assert_eq!(git.run(&["ls-tree", "-r", "main"]).expect("listed"), "");
        let objects = Objects::open(&dir.path().join(".git")).expect("a repository");
        let commit = objects.commit(tip.as_ref(), &[], &who("Ada <\n> Love"), "named\n").expect("a commit");
        let shown = git.run(&["log", "-1", "--format=%an|%ae|%s", commit.as_str()]).expect("shown");
        assert_eq!(shown, "Ada  Love|ada@example.org|named");
    }

    #[test]
    fn a_file_is_no_folder() {
        let (dir, _git, tip) = after(&[&[edit("a/b", Some("x"))]]);
        let objects = Objects::open(&dir.path().join(".git")).expect("a repository");
        for path in ["a", "a/b/c"] {
            let refused = objects.commit(tip.as_ref(), &[edit(path, Some("y"))], &who("Ada"), "no\n");
            assert!(refused.is_err(), "{path}");
        }
    }
}
