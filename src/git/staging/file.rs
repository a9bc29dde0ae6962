//! Git's index as a file: read, changed entry by entry, written.
//!
//! libgit2 makes a structure of every entry and a hash table of all of them, and sums the file twice with a slow SHA-1:
//! at ten thousand documents more than half of what a transaction costs. Here an entry is a slice of the file.
//! The format is git's "index-format": versions 2 to 4 are read; 4, which shortens paths, is written as 2 or 3.
//! Extensions whose names begin with a capital are caches of git's, which it makes anew; they are not kept.

use std::borrow::Cow;

use sha1::{Digest, Sha1};

use crate::git::Oid;

/// The fields before the flags: ten numbers of 32 bits and the id of the blob.
const FIXED: usize = 60;
/// Where the id of the blob lies.
const ID: std::ops::Range<usize> = 40..FIXED;
/// The flag that tells git to believe that the file is unchanged.
const ASSUMED: u16 = 0x8000;
/// The flag that says that another 16 bits of flags follow.
const EXTENDED: u16 = 0x4000;
/// The bits of the flags that hold the length of the path, as far as it fits.
const LENGTH: u16 = 0x0fff;
/// The bits of the flags that hold the stage: 0, or a side of a conflict.
const STAGE: u16 = 0x3000;

/// Why bytes are no index that can be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum IndexFileError {
    /// It does not begin or end as an index does.
    #[error("it is cut short or no index of git's")]
    Damaged,
    /// A version that is not known.
    #[error("it has the version {0}; 2 to 4 are known")]
    Version(u32),
    /// An extension without which the entries mean something else.
    #[error(
        "it needs the extension `{0}`; `git update-index --no-split-index` and `git sparse-checkout disable` undo it"
    )]
    Extension(String),
}

/// What is recorded of a file beside its path.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// When the inode changed: seconds and nanoseconds, the low 32 bits of each.
    pub changed: (u32, u32),
    /// When the content changed: seconds and nanoseconds, the low 32 bits of each.
    pub modified: (u32, u32),
    /// The device's number.
    pub device: u32,
    /// The inode's number.
    pub inode: u32,
    /// The owner.
    pub user: u32,
    /// The group.
    pub group: u32,
    /// The size in bytes; 0 makes git look at the content.
    pub size: u32,
}

/// One entry, mostly bytes of the file.
#[derive(Debug, Clone)]
struct Entry<'f> {
    /// The fixed fields and the flags, 62 or 64 bytes.
    head: Cow<'f, [u8]>,
    path: Cow<'f, [u8]>,
}

impl Entry<'_> {
    fn flags(&self) -> u16 {
        u16::from_be_bytes([self.head[FIXED], self.head[FIXED + 1]])
    }

    fn number(&self, field: usize) -> u32 {
        number(&self.head, field * 4).expect("the head has ten numbers")
    }

    /// Entries are ordered by path as bytes, then by stage.
    fn key(&self) -> (&[u8], u16) {
        (&self.path, self.flags() & STAGE)
    }
}

/// An index that borrows the bytes of its file.
#[derive(Debug, Clone)]
pub struct IndexFile<'f> {
    entries: Vec<Entry<'f>>,
}

impl<'f> IndexFile<'f> {
    /// Reads an index; no bytes at all are one without entries.
    ///
    /// # Errors
    /// When it is cut short, of an unknown version, or means something else than its entries say.
    pub fn parse(bytes: &'f [u8]) -> Result<Self, IndexFileError> {
        if bytes.is_empty() {
            return Ok(Self { entries: Vec::new() });
        }
        let body = bytes.len().checked_sub(20).and_then(|end| bytes.get(..end)).ok_or(IndexFileError::Damaged)?;
        let (version, count) = match (body.get(..4), number(body, 4), number(body, 8)) {
            (Some(b"DIRC"), Some(version), Some(count)) => (version, count as usize),
            _ => return Err(IndexFileError::Damaged),
        };
        if !(2..=4).contains(&version) {
            return Err(IndexFileError::Version(version));
        }
        let mut entries: Vec<Entry<'f>> = Vec::with_capacity(count.min(body.len() / FIXED));
        let mut at = 12;
        for _ in 0..count {
            let (entry, end) = read_entry(body, at, version, entries.last()).ok_or(IndexFileError::Damaged)?;
            entries.push(entry);
            at = end;
        }
        refuse_extensions(&body[at..])?;
        Ok(Self { entries })
    }

    /// The file's bytes, sum included.
    pub fn render(&self) -> Vec<u8> {
        let version: u32 = if self.entries.iter().any(|entry| entry.flags() & EXTENDED != 0) { 3 } else { 2 };
        let mut bytes = Vec::with_capacity(12 + self.entries.len() * 112 + 20);
        bytes.extend_from_slice(b"DIRC");
        bytes.extend_from_slice(&version.to_be_bytes());
        bytes.extend_from_slice(&u32::try_from(self.entries.len()).unwrap_or(u32::MAX).to_be_bytes());
        for entry in &self.entries {
            bytes.extend_from_slice(&entry.head);
            bytes.extend_from_slice(&entry.path);
            // One to eight zeros end a path, so that the entry's length is a multiple of eight.
            let length = entry.head.len() + entry.path.len();
            bytes.extend_from_slice(&[0; 8][..8 - length % 8]);
        }
        let sum = Sha1::digest(&bytes);
        bytes.extend_from_slice(&sum);
        bytes
    }

    /// Whether no entry has a flag that hides its file from git, and none is a side of a conflict.
    pub fn is_plain(&self) -> bool {
        self.entries.iter().all(|entry| entry.flags() & (ASSUMED | EXTENDED | STAGE) == 0)
    }

    /// The blob at `path`, if it is there and in no conflict.
    pub fn blob(&self, path: &str) -> Option<Oid> {
        let found = self.find(path).ok()?;
        Some(hex(&self.entries[found].head[ID]))
    }

    /// Puts a plain file at `path`.
    pub fn put(&mut self, path: &str, blob: &Oid, facts: Facts) {
        let mut head = Vec::with_capacity(FIXED + 2);
        let numbers = [
            facts.changed.0,
            facts.changed.1,
            facts.modified.0,
            facts.modified.1,
            facts.device,
            facts.inode,
            0o100_644,
            facts.user,
            facts.group,
            facts.size,
        ];
        numbers.iter().for_each(|number| head.extend_from_slice(&number.to_be_bytes()));
        head.extend_from_slice(&unhex(blob));
        let length = u16::try_from(path.len()).unwrap_or(LENGTH).min(LENGTH);
        head.extend_from_slice(&length.to_be_bytes());
        let entry = Entry { head: head.into(), path: path.as_bytes().to_vec().into() };
        let at = match self.find(path) {
            Ok(at) => {
                self.entries.remove(at);
                at
            }
            Err(at) => at,
        };
        // Sides of a conflict are done with.
        let sides = self.entries[at..].iter().take_while(|side| side.path == entry.path).count();
        self.entries.splice(at..at + sides, [entry]);
    }

    /// Takes `path` out.
    pub fn remove(&mut self, path: &str) {
        if let Ok(at) = self.find(path) {
            self.entries.remove(at);
        }
    }

    /// Makes git look again at entries whose file is not older than `written`, in seconds.
    pub fn doubt_since(&mut self, written: u32) {
        for entry in &mut self.entries {
            if entry.number(2) >= written && entry.number(9) > 0 {
                entry.head.to_mut()[36..40].fill(0);
            }
        }
    }

    fn find(&self, path: &str) -> Result<usize, usize> {
        self.entries.binary_search_by(|entry| entry.key().cmp(&(path.as_bytes(), 0)))
    }
}

fn read_entry<'f>(body: &'f [u8], at: usize, version: u32, before: Option<&Entry<'f>>) -> Option<(Entry<'f>, usize)> {
    let flags = u16::from_be_bytes([*body.get(at + FIXED)?, *body.get(at + FIXED + 1)?]);
    let head = FIXED + if flags & EXTENDED == 0 { 2 } else { 4 };
    let start = at + head;
    let (path, end): (Cow<'f, [u8]>, usize) = if version == 4 {
        let (cut, start) = variable_length(body, start)?;
        let before = before.map_or(&[][..], |entry| &entry.path);
        let kept = before.len().checked_sub(cut)?;
        let end = start + zero_in(body.get(start..)?)?;
        ([&before[..kept], &body[start..end]].concat().into(), end + 1)
    } else {
        // The length is in the flags, unless the path is too long for them.
        let known = usize::from(flags & LENGTH);
        let length = if known < usize::from(LENGTH) { known } else { zero_in(body.get(start..)?)? };
        let padded = (head + length + 8) & !7;
        (body.get(start..start + length)?.into(), at + padded)
    };
    (end <= body.len()).then_some(())?;
    Some((Entry { head: body.get(at..at + head)?.into(), path }, end))
}

/// A number of git's variable length: seven bits a byte, the highest first, each further byte counting from one more.
fn variable_length(body: &[u8], mut at: usize) -> Option<(usize, usize)> {
    let mut byte = *body.get(at)?;
    let mut value = usize::from(byte & 0x7f);
    while byte & 0x80 != 0 {
        at += 1;
        byte = *body.get(at)?;
        value = (value.checked_add(1)?.checked_mul(128)?) | usize::from(byte & 0x7f);
    }
    Some((value, at + 1))
}

/// An extension whose name begins with a small letter must be understood.
fn refuse_extensions(mut rest: &[u8]) -> Result<(), IndexFileError> {
    while let Some((name, after)) = rest.split_at_checked(4) {
        let size = number(after, 0).ok_or(IndexFileError::Damaged)? as usize;
        if !name[0].is_ascii_uppercase() {
            return Err(IndexFileError::Extension(String::from_utf8_lossy(name).into_owned()));
        }
        rest = after.get(4 + size..).ok_or(IndexFileError::Damaged)?;
    }
    if rest.is_empty() { Ok(()) } else { Err(IndexFileError::Damaged) }
}

fn zero_in(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| *byte == 0)
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn hex(id: &[u8]) -> Oid {
    let text: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
    text.parse().expect("twenty bytes are an object id")
}

fn unhex(id: &Oid) -> Vec<u8> {
    let digits = id.as_str().as_bytes().chunks_exact(2);
    digits
        .map(|pair| {
            let pair = std::str::from_utf8(pair).expect("an object id is hex digits");
            u8::from_str_radix(pair, 16).expect("an object id is hex digits")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(digit: char) -> Oid {
        digit.to_string().repeat(40).parse().expect("an object id")
    }

    fn index_of(paths: &[&str]) -> Vec<u8> {
        let mut index = IndexFile::parse(&[]).expect("an empty index");
        for path in paths {
            index.put(path, &id('a'), Facts { size: 7, modified: (100, 0), ..Facts::default() });
        }
        index.render()
    }

    #[test]
    fn entries_come_back_in_gits_order() {
        let long = "d/".repeat(2500) + "long";
        let bytes = index_of(&["b", "a/z", "a", "a.b", &long]);
        let index = IndexFile::parse(&bytes).expect("an index");
        let paths: Vec<_> = index.entries.iter().map(|entry| String::from_utf8_lossy(&entry.path)).collect();
        assert_eq!(paths, ["a", "a.b", "a/z", "b", &long]);
        assert_eq!(index.blob("a/z"), Some(id('a')));
        assert_eq!(index.blob("a/y"), None);
        assert_eq!(index.render(), bytes);
    }

    #[test]
    fn what_is_young_is_doubted() {
        let bytes = index_of(&["a"]);
        let mut index = IndexFile::parse(&bytes).expect("an index");
        index.doubt_since(101);
        assert_eq!(index.render(), bytes);
        index.doubt_since(100);
        assert_eq!(index.entries[0].number(9), 0);
    }

    #[test]
    fn every_cut_is_an_error_and_no_panic() {
        let bytes = index_of(&["a/one", "b/two"]);
        for end in 1..bytes.len() {
            assert!(IndexFile::parse(&bytes[..end]).is_err(), "cut at {end}");
        }
        let with_extension = |name: &[u8; 4]| {
            let mut bytes = bytes[..bytes.len() - 20].to_vec();
            bytes.extend_from_slice(name);
            bytes.extend_from_slice(&[0, 0, 0, 1, 9]);
            bytes.extend_from_slice(&[0; 20]);
            IndexFile::parse(&bytes).map(|index| index.entries.len())
        };
        assert_eq!(with_extension(b"TREE"), Ok(2));
        assert_eq!(with_extension(b"link"), Err(IndexFileError::Extension("link".to_owned())));
    }

    /// What git wrote is read, in each of its versions, and what is written here git takes for its own.
    #[test]
    fn git_reads_it_and_it_reads_gits() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let git = crate::git::Git::at(dir.path());
        git.run(&["init", "-q", "-b", "main"]).expect("init");
        crate::git::testing::commit(dir.path(), &[("a/one", "1\n"), ("a/two", "2\n"), ("z", "3\n")], "begin");
        let path = dir.path().join(".git/index");
        for version in ["2", "3", "4"] {
            if version == "3" {
                git.run(&["update-index", "--skip-worktree", "z"]).expect("a flag that only 3 knows");
            } else {
                git.run(&["update-index", "--no-skip-worktree", "z"]).expect("without the flag");
                git.run(&["update-index", "--index-version", version]).expect("written");
            }
            let bytes = std::fs::read(&path).expect("read");
            let mut index = IndexFile::parse(&bytes).expect("git's own index");
            assert_eq!(bytes[7].to_string(), version);
            let one = git.run(&["rev-parse", "HEAD:a/one"]).expect("a blob").parse().expect("an id");
            assert_eq!(index.blob("a/one"), Some(one));
            let listed = git.run(&["ls-files", "--stage", "-t", "--debug"]).expect("listed");
            std::fs::write(&path, index.render()).expect("written");
            assert_eq!(git.run(&["ls-files", "--stage", "-t", "--debug"]).expect("listed"), listed);
            assert!(git.output(&["fsck", "--strict"]).is_ok_and(|output| output.ok()));
            index.put("a/zzz", &id('a'), Facts::default());
            index.remove("a/two");
            std::fs::write(&path, index.render()).expect("written");
            let names = git.run(&["ls-files"]).expect("listed");
            assert_eq!(names, "a/one\na/zzz\nz");
            std::fs::write(&path, bytes).expect("put back");
        }
    }
}
