//! Commits of many changes: their objects go into one pack.
//!
//! As files of their own, thousands of objects would be made, synced, packed soon after and removed again, and some
//! file systems are slow for minutes where many files were removed.

use super::{Authorship, Edit, Objects, ObjectsError, failed};
use crate::git::{Oid, durable};

/// Above the store of loose objects, whose priority in libgit2 is 1, so that what is written goes here.
const ABOVE_LOOSE: i32 = 1000;

/// Writes blobs, trees and a commit on top of `parent` as a pack; no ref moves.
///
/// # Errors
/// As [`Objects::commit`].
pub(super) fn commit(
    objects: &Objects,
    parent: Option<&Oid>,
    edits: &[Edit],
    who: &Authorship,
    message: &str,
) -> Result<Oid, ObjectsError> {
    // A door of its own: what is written through this one stays in memory until it is packed.
    let own = objects.another()?;
    let (commit, pack) = objects
        .again(|| own.pack_commit(parent, edits, who, message))
        .map_err(failed("write a commit", &objects.dir))?;
    durable::sync_pack(&objects.dir, &pack).map_err(objects.unsynced())?;
    Ok(commit.into())
}

impl Objects {
    /// The commit and the name of its pack.
    fn pack_commit(
        &self,
        parent: Option<&Oid>,
        edits: &[Edit],
        who: &Authorship,
        message: &str,
    ) -> Result<(git2::Oid, String), git2::Error> {
        let database = self.repo.odb()?;
        let memory = database.add_new_mempack_backend(ABOVE_LOOSE)?;
        let commit = self.write_commit(parent, edits, who, message)?;
        let mut pack = self.repo.packbuilder()?;
        for id in self.written(commit, edits)? {
            pack.insert_object(git2::Oid::from_str(id.as_str())?, None)?;
        }
        pack.write(&self.dir.join("objects").join("pack"), 0)?;
        memory.reset()?;
        let name = pack.name()?.unwrap_or_default();
        Ok((commit, format!("pack-{name}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::Git;
    use crate::git::objects::LOOSE_EDITS;

    #[test]
    fn a_large_commit_is_one_pack_that_git_takes() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let objects = Objects::init(dir.path(), "main").expect("a repository");
        let who = Authorship {
            author: ("ada".to_owned(), "ada@example.org".to_owned()),
            committer: ("ada".to_owned(), "ada@example.org".to_owned()),
            seconds: 1_700_000_000,
        };
        let edit = |number: usize| Edit {
            path: format!("beads/{}/{number}.toml", number % 7),
            content: Some(format!("number {number}\n").into_bytes()),
        };
        let edits: Vec<Edit> = (0..=LOOSE_EDITS).map(edit).collect();
        let first = objects.commit(None, &edits, &who, "many\n").expect("a commit");
        assert!(objects.swap("refs/heads/main", None, &first).expect("moved"));
        let one = [Edit { path: "beads/3/3.toml".to_owned(), content: None }];
        let second = objects.commit(Some(&first), &one, &who, "one\n").expect("a commit on top of it");
        assert!(objects.swap("refs/heads/main", Some(&first), &second).expect("moved"));
        let git = Git::at(dir.path());
        git.run(&["fsck", "--strict"]).expect("whole");
        let counted = git.run(&["count-objects", "-v"]).expect("counted");
        assert!(counted.contains("packs: 1\n") && counted.contains("count: 4\n"), "{counted}");
        let names = git.run(&["ls-tree", "-r", "--name-only", "main"]).expect("listed");
        assert_eq!(names.lines().count(), LOOSE_EDITS);
        let text = objects.read(&second, "beads/5/12.toml").expect("read");
        assert_eq!(text.as_deref(), Some(b"number 12\n".as_slice()));
    }
}
