//! Objects as files of their own.
//!
//! Each is written beside its place and then given its name. Where no journal of ours has it, it is synced before it has
//! its name, so that a power cut never leaves a name with half of an object, and its folder after that. This is done at
//! the same time for all: the file system then writes its journal once or twice, not a dozen times.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::Durability;
use super::compose::NewObject;

/// In how many threads; each costs as much as a tenth of a sync.
const THREADS: usize = 6;
/// The most bytes of one stored block.
const BLOCK: usize = 0xffff;

/// Writes objects below the folder `objects`.
pub(super) fn write(objects: &Path, made: &[NewObject], durability: Durability) -> io::Result<()> {
    if durability == Durability::Later {
        return made.iter().try_for_each(|object| write_one(objects, object, durability).map(drop));
    }
    let share = made.len().div_ceil(THREADS).max(1);
    let (own, others) = made.split_at(share.min(made.len()));
    std::thread::scope(|scope| {
        let running: Vec<_> =
            others.chunks(share).map(|share| scope.spawn(move || write_some(objects, share))).collect();
        let done = write_some(objects, own);
        let joined = running
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| Err(io::Error::other("a thread panicked"))));
        joined.fold(done, Result::and)
    })
}

fn write_some(objects: &Path, made: &[NewObject]) -> io::Result<()> {
    made.iter().try_for_each(|object| File::open(write_one(objects, object, Durability::Now)?)?.sync_all())
}

/// Removes files that are empty: a power cut leaves such where an object was written and not synced.
pub(super) fn remove_empty(objects: &Path) -> io::Result<()> {
    for number in 0..=u8::MAX {
        let Ok(entries) = fs::read_dir(objects.join(format!("{number:02x}"))) else { continue };
        for entry in entries.filter_map(Result::ok).filter(|entry| entry.metadata().is_ok_and(|meta| meta.len() == 0)) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// The folder that it lies in.
fn write_one(objects: &Path, object: &NewObject, durability: Durability) -> io::Result<PathBuf> {
    let name = object.id.to_string();
    let folder = objects.join(&name[..2]);
    // Git knows this beginning and sweeps away what a killed writer leaves.
    let draft = folder.join(format!("tmp_obj_{}", nanoid::nanoid!(10)));
    let mut file = match create(&draft) {
        // Packing takes empty folders away.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(&folder)?;
            if durability == Durability::Now {
                File::open(objects)?.sync_all()?;
            }
            create(&draft)?
        }
        other => other?,
    };
    let done = file
        .write_all(&stored(&object.header(), &object.data))
        .and_then(|()| if durability == Durability::Now { file.sync_all() } else { Ok(()) })
        .and_then(|()| fs::rename(&draft, folder.join(&name[2..])));
    if done.is_err() {
        let _ = fs::remove_file(&draft);
    }
    done.map(|()| folder)
}

fn create(draft: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o444).open(draft)
}

/// A zlib stream (RFC 1950) of stored blocks (RFC 1951, 3.2.4): packing compresses objects soon enough, and anew.
fn stored(header: &[u8], data: &[u8]) -> Vec<u8> {
    let content = [header, data].concat();
    let mut stream = Vec::with_capacity(content.len() + 16 + content.len() / BLOCK * 5);
    stream.extend_from_slice(&[0x78, 0x01]);
    let mut blocks = content.chunks(BLOCK).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        stream.push(u8::from(blocks.peek().is_none()));
        stream.extend_from_slice(&length.to_le_bytes());
        stream.extend_from_slice(&(!length).to_le_bytes());
        stream.extend_from_slice(block);
    }
    stream.extend_from_slice(&adler32(&content).to_be_bytes());
    stream
}

/// The sum of RFC 1950. The sums stay below 2^32 for 5552 bytes at a time.
fn adler32(bytes: &[u8]) -> u32 {
    let (mut one, mut two) = (1_u32, 0_u32);
    for chunk in bytes.chunks(5552) {
        for byte in chunk {
            one += u32::from(*byte);
            two += one;
        }
        one %= 65521;
        two %= 65521;
    }
    two << 16 | one
}

#[cfg(test)]
mod tests {
    use git2::ObjectType;

    use super::*;
    use crate::git::Git;

    #[test]
    fn git_reads_what_is_stored_whatever_its_length() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let git = Git::at(dir.path());
        git.run(&["init", "-q"]).expect("a repository");
        let objects = dir.path().join(".git/objects");
        let made: Vec<NewObject> = [0, 1, 5552, 65_520, 65_535, 65_536, 200_000]
            .map(|length| (0..length).map(|at| (at * 7 % 251) as u8).collect::<Vec<u8>>())
            .map(|data| NewObject::new(ObjectType::Blob, data))
            .into();
        write(&objects, &made, Durability::Now).expect("written");
        for object in &made {
            let output = git.output(&["cat-file", "blob", &object.id.to_string()]).expect("git runs");
            assert!(output.ok() && output.stdout == object.data, "{} bytes", object.data.len());
        }
        write(&objects, &made, Durability::Later).expect("what is there may be written once more");
        git.run(&["fsck", "--strict", "--full"]).expect("whole");
        let drafts = walk(&objects).into_iter().filter(|name| name.contains("tmp_obj")).count();
        assert_eq!(drafts, 0);
    }

    fn walk(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder").filter_map(Result::ok);
        let names = entries.flat_map(|entry| match entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            true => walk(&entry.path()),
            false => vec![entry.path().display().to_string()],
        });
        names.collect()
    }
}
