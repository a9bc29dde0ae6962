//! Commits of many changes: their objects go into one pack.
//!
//! As files of their own, thousands of objects would be made, synced, packed soon after and removed again, and some
//! file systems are slow for minutes where many files were removed.

use super::compose::NewObject;
use super::{Objects, ObjectsError, failed};
use crate::git::durable;

/// Above the store of loose objects, whose priority in libgit2 is 1, so that what is written goes here.
const ABOVE_LOOSE: i32 = 1000;

/// Writes objects as one pack, durably.
pub(super) fn write(objects: &Objects, made: &[NewObject]) -> Result<(), ObjectsError> {
    // A door of its own: what is written through this one stays in memory until it is packed.
    let own = objects.another()?;
    let pack = objects.again(|| own.pack(made)).map_err(failed("write a commit", &objects.dir))?;
    durable::sync_pack(&objects.dir, &pack).map_err(objects.unwritten())
}

impl Objects {
    /// The name of the pack that was made.
    fn pack(&self, made: &[NewObject]) -> Result<String, git2::Error> {
        let database = self.repo.odb()?;
        let memory = database.add_new_mempack_backend(ABOVE_LOOSE)?;
        let mut pack = self.repo.packbuilder()?;
        for object in made {
            database.write(object.kind, &object.data)?;
            pack.insert_object(object.id, None)?;
        }
        pack.write(&self.dir.join("objects").join("pack"), 0)?;
        memory.reset()?;
        Ok(format!("pack-{}", pack.name()?.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use crate::git::Git;
    use crate::git::objects::{Authorship, Durability, Edit, LOOSE_EDITS, Objects};

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
        assert!(objects.swap("refs/heads/main", None, &first, Durability::Now).expect("moved"));
        let one = [Edit { path: "beads/3/3.toml".to_owned(), content: None }];
        let second = objects.commit(Some(&first), &one, &who, "one\n").expect("a commit on top of it");
        assert!(objects.swap("refs/heads/main", Some(&first), &second, Durability::Now).expect("moved"));
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
