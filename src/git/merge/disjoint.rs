//! Merges in this process where both sides changed different files: no program, and only the folders that differ are
//! read.
//!
//! That is done only where git's own merge cannot come to another tree: there is one common ancestor, no path was
//! changed on both sides, and neither side removed a file. Without a file that is gone there is no rename, so git
//! would not look for one either. Everything else is the program's.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;

use git2::{Error, ErrorCode, FileMode, ObjectType, Repository, Signature, Time, Tree, TreeEntry};

use super::{Merged, NewCommit};
use crate::git::{Oid, Person};

/// A repository that is open in this process.
pub(super) struct InProcess {
    repo: Repository,
    /// Whether the second of two trees has every file of the first, as far as that was looked up.
    kept: RefCell<HashMap<(git2::Oid, git2::Oid), bool>>,
}

impl InProcess {
    /// None where libgit2 cannot read it.
    pub fn open(dir: &Path) -> Option<Self> {
        Some(Self { repo: Repository::open_bare(dir).ok()?, kept: RefCell::default() })
    }

    /// The merge, or nothing when the program is needed for it.
    pub fn merge(&self, base: &Oid, head: &Oid) -> Option<Merged> {
        self.try_merge(raw(base)?, raw(head)?).ok().flatten()
    }

    fn try_merge(&self, base: git2::Oid, head: git2::Oid) -> Result<Option<Merged>, Error> {
        let bases = self.repo.merge_bases(base, head)?;
        let [ancestor] = *bases else { return Ok(None) };
        if ancestor == head {
            return Ok(Some(Merged::AlreadyIn));
        }
        let tree = |commit| self.repo.find_commit(commit).and_then(|commit| commit.tree());
        if ancestor == base {
            return Ok(Some(Merged::Tree(tree(head)?.id().into())));
        }
        let (ancestor, ours, theirs) = (tree(ancestor)?, tree(base)?, tree(head)?);
        if !self.keeps_all(&ancestor, &ours)? || !self.keeps_all(&ancestor, &theirs)? {
            return Ok(None);
        }
        let merged = self.join(Some(&ancestor), &ours, &theirs)?;
        Ok(merged.map(|tree| Merged::Tree(tree.into())))
    }

    /// Whether every file of `before` is there in `after`, as a thing of the same kind.
    fn keeps_all(&self, before: &Tree<'_>, after: &Tree<'_>) -> Result<bool, Error> {
        let pair = (before.id(), after.id());
        if pair.0 == pair.1 {
            return Ok(true);
        }
        if let Some(known) = self.kept.borrow().get(&pair) {
            return Ok(*known);
        }
        let kept = self.look_for_all(before, after)?;
        self.kept.borrow_mut().insert(pair, kept);
        Ok(kept)
    }

    fn look_for_all(&self, before: &Tree<'_>, after: &Tree<'_>) -> Result<bool, Error> {
        for old in before {
            let Some(new) = after.get_name_bytes(old.name_bytes()) else { return Ok(false) };
            if old.id() == new.id() && old.filemode() == new.filemode() {
                continue;
            }
            if kind(&old) != kind(&new) {
                return Ok(false);
            }
            if is_folder(&old) && !self.keeps_all(&self.repo.find_tree(old.id())?, &self.repo.find_tree(new.id())?)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// `ours` with what `theirs` changed; nothing when both changed a file.
    fn join(
        &self,
        ancestor: Option<&Tree<'_>>,
        ours: &Tree<'_>,
        theirs: &Tree<'_>,
    ) -> Result<Option<git2::Oid>, Error> {
        let mut joined = self.repo.treebuilder(Some(ours))?;
        for their in theirs {
            let name = their.name_bytes();
            let (old, our) = (ancestor.and_then(|tree| tree.get_name_bytes(name)), ours.get_name_bytes(name));
            let same = |one: Option<&TreeEntry<'_>>, other: Option<&TreeEntry<'_>>| {
                one.map(|entry| (entry.id(), entry.filemode())) == other.map(|entry| (entry.id(), entry.filemode()))
            };
            if same(Some(&their), our.as_ref()) || same(Some(&their), old.as_ref()) {
                continue;
            }
            let tree = if same(our.as_ref(), old.as_ref()) {
                their.id()
            } else {
                let folders = [Some(&their), our.as_ref(), old.as_ref()];
                let Some(our) = our.as_ref().filter(|_| folders.into_iter().flatten().all(is_folder)) else {
                    return Ok(None);
                };
                let old = old.as_ref().map(|entry| self.repo.find_tree(entry.id())).transpose()?;
                let (our, their) = (self.repo.find_tree(our.id())?, self.repo.find_tree(their.id())?);
                let Some(tree) = self.join(old.as_ref(), &our, &their)? else { return Ok(None) };
                tree
            };
            joined.insert(name, tree, their.filemode_raw())?;
        }
        joined.write().map(Some)
    }

    /// Writes a commit; nothing when libgit2 does not take it.
    pub fn commit(&self, commit: &NewCommit<'_>) -> Option<Oid> {
        self.try_commit(commit).ok().map(Oid::from)
    }

    fn try_commit(&self, commit: &NewCommit<'_>) -> Result<git2::Oid, Error> {
        let find = |id: &Oid| {
            let id = raw(id).ok_or_else(|| Error::new(ErrorCode::NotFound, git2::ErrorClass::Object, "another format"));
            id.and_then(|id| self.repo.find_commit(id))
        };
        let tree = self.repo.find_tree(git2::Oid::from_str(commit.tree.as_str())?)?;
        let parents = commit.parents.iter().map(|parent| find(parent)).collect::<Result<Vec<_>, _>>()?;
        let (author, committer) = (signature(commit.author, commit.time)?, signature(commit.committer, commit.time)?);
        let newline = if commit.message.ends_with('\n') { "" } else { "\n" };
        let message = format!("{}{newline}", commit.message);
        let parents: Vec<_> = parents.iter().collect();
        // libgit2's own way to write a commit hides a failed write.
        let bytes = self.repo.commit_create_buffer(&author, &committer, &message, &tree, &parents)?;
        self.repo.odb()?.write(ObjectType::Commit, &bytes)
    }
}

fn signature(person: &Person, time: Option<i64>) -> Result<Signature<'static>, Error> {
    match time {
        Some(time) => Signature::new(&person.name, &person.email, &Time::new(time, 0)),
        None => Signature::now(&person.name, &person.email),
    }
}

fn raw(id: &Oid) -> Option<git2::Oid> {
    git2::Oid::from_str(id.as_str()).ok()
}

fn is_folder(entry: &TreeEntry<'_>) -> bool {
    entry.kind() == Some(ObjectType::Tree)
}

/// What git does not take one for the other: files, links, submodules, folders.
fn kind(entry: &TreeEntry<'_>) -> i32 {
    match entry.filemode() {
        mode if mode == i32::from(FileMode::BlobExecutable) => i32::from(FileMode::Blob),
        mode => mode,
    }
}
