//! Git's index as a file: read, changed entry by entry, written.
//!
//! libgit2 makes a structure of every entry and a hash table of all of them, and sums the file twice with a slow SHA-1:
//! at ten thousand documents more than half of what a transaction costs. Here the bytes of the file are changed.
//! The format is git's "index-format": versions 2 to 4 are read; 4, which shortens paths, is written as 2 or 3.
//! Extensions whose names begin with a capital are caches of git's, which it makes anew; they are not kept.

use sha1::{Digest, Sha1};

use crate::git::Oid;

/// The bytes before the entries: a word, the version, their number.
const HEADER: usize = 12;
/// The sum at the end.
const SUM: usize = 20;
/// The fields before the flags: ten numbers of 32 bits and the id of the blob.
const FIXED: usize = 60;
/// Where the second of the last change of the content lies.
const MODIFIED: usize = 8;
/// Where the size lies.
const SIZE: usize = 36;
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

/// An index: the bytes of its file up to the end of its entries, and where each of those begins.
///
/// It is changed where it lies: a structure for each of ten thousand entries costs more than reading the file.
#[derive(Debug, Clone)]
pub struct IndexFile {
    bytes: Vec<u8>,
    starts: Vec<usize>,
}

impl IndexFile {
    /// Reads an index; no bytes at all are one without entries.
    ///
    /// # Errors
    /// When it is cut short, of an unknown version, or means something else than its entries say.
    pub fn parse(mut bytes: Vec<u8>) -> Result<Self, IndexFileError> {
        if bytes.is_empty() {
            return Ok(Self { bytes: vec![0; HEADER], starts: Vec::new() });
        }
        bytes.truncate(bytes.len().checked_sub(SUM).ok_or(IndexFileError::Damaged)?);
        let (version, count) = match (bytes.get(..4), number(&bytes, 4), number(&bytes, 8)) {
            (Some(b"DIRC"), Some(version), Some(count)) => (version, count as usize),
            _ => return Err(IndexFileError::Damaged),
        };
        let mut index = match version {
            2 | 3 => Self { starts: Vec::with_capacity(count.min(bytes.len() / FIXED)), bytes },
            4 => return Self::unfold(&bytes, count),
            _ => return Err(IndexFileError::Version(version)),
        };
        let mut at = HEADER;
        for _ in 0..count {
            index.starts.push(at);
            at = index.entry_end(at).ok_or(IndexFileError::Damaged)?;
        }
        refuse_extensions(&index.bytes[at..])?;
        index.bytes.truncate(at);
        Ok(index)
    }

    /// Version 4, whose paths say only how they differ from the one before, with whole paths.
    fn unfold(body: &[u8], count: usize) -> Result<Self, IndexFileError> {
        let mut index = Self { bytes: body[..HEADER].to_vec(), starts: Vec::new() };
        let (mut at, mut path) = (HEADER, Vec::new());
        for _ in 0..count {
            let (head, end) = folded_entry(body, at, &mut path).ok_or(IndexFileError::Damaged)?;
            index.starts.push(index.bytes.len());
            index.bytes.extend_from_slice(head);
            index.bytes.extend_from_slice(&path);
            index.bytes.extend_from_slice(padding(head.len() + path.len()));
            at = end;
        }
        refuse_extensions(&body[at..]).map(|()| index)
    }

    /// The file's bytes, sum included.
    pub fn render(mut self) -> Vec<u8> {
        let extended = self.starts.iter().any(|at| flags(&self.bytes, *at) & EXTENDED != 0);
        let count = u32::try_from(self.starts.len()).unwrap_or(u32::MAX);
        self.bytes[..4].copy_from_slice(b"DIRC");
        self.bytes[4..8].copy_from_slice(&if extended { 3_u32 } else { 2 }.to_be_bytes());
        self.bytes[8..HEADER].copy_from_slice(&count.to_be_bytes());
        let sum = Sha1::digest(&self.bytes);
        self.bytes.extend_from_slice(&sum);
        self.bytes
    }

    /// Whether no entry has a flag that hides its file from git, and none is a side of a conflict.
    pub fn is_plain(&self) -> bool {
        self.starts.iter().all(|at| flags(&self.bytes, *at) & (ASSUMED | EXTENDED | STAGE) == 0)
    }

    /// The blob at `path`, if it is there and in no conflict.
    pub fn blob(&self, path: &str) -> Option<Oid> {
        let at = self.starts[self.find(path).ok()?];
        Some(hex(&self.bytes[at..][ID]))
    }

    /// Puts a plain file at `path`.
    pub fn put(&mut self, path: &str, blob: &Oid, facts: Facts) {
        let place = match self.find(path) {
            Ok(place) | Err(place) => place,
        };
        // Sides of a conflict are done with.
        let same = self.starts[place..].iter().take_while(|at| self.path(**at) == path.as_bytes()).count();
        self.replace(place, same, &entry(path, blob, facts));
    }

    /// Takes `path` out.
    pub fn remove(&mut self, path: &str) {
        if let Ok(place) = self.find(path) {
            self.replace(place, 1, &[]);
        }
    }

    /// Makes git look again at entries whose file is not older than `written`, in seconds.
    pub fn doubt_since(&mut self, written: u32) {
        for at in &self.starts {
            if number(&self.bytes, at + MODIFIED).is_some_and(|modified| modified >= written) {
                self.bytes[at + SIZE..at + ID.start].fill(0);
            }
        }
    }

    /// One entry, or none, in the place of `count` others.
    fn replace(&mut self, place: usize, count: usize, entry: &[u8]) {
        let start = |place: usize| self.starts.get(place).copied().unwrap_or(self.bytes.len());
        let (from, to) = (start(place), start(place + count));
        self.bytes.splice(from..to, entry.iter().copied());
        self.starts.splice(place..place + count, (!entry.is_empty()).then_some(from));
        let after = place + usize::from(!entry.is_empty());
        for at in &mut self.starts[after..] {
            *at = *at + entry.len() - (to - from);
        }
    }

    /// Entries are ordered by path as bytes, then by stage.
    fn find(&self, path: &str) -> Result<usize, usize> {
        let key = (path.as_bytes(), 0);
        self.starts.binary_search_by(|at| (self.path(*at), flags(&self.bytes, *at) & STAGE).cmp(&key))
    }

    fn path(&self, at: usize) -> &[u8] {
        let (start, length) = path_of(&self.bytes, at).expect("entries are looked through when they are read");
        &self.bytes[start..start + length]
    }

    /// Where the entry at `at` ends; nothing when it is cut short.
    fn entry_end(&self, at: usize) -> Option<usize> {
        let (start, length) = path_of(&self.bytes, at)?;
        let end = start + length + padding(start - at + length).len();
        (end <= self.bytes.len()).then_some(end)
    }
}

/// Whether a file ends with the sum of what is before, or with zeros, as git may be told to write it.
pub fn has_sum(bytes: &[u8]) -> bool {
    let Some(at) = bytes.len().checked_sub(SUM) else { return false };
    let (body, sum) = bytes.split_at(at);
    sum == [0; SUM] || Sha1::digest(body).as_slice() == sum
}

/// The bytes of an entry for a plain file.
fn entry(path: &str, blob: &Oid, facts: Facts) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(FIXED + 10 + path.len());
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
    numbers.iter().for_each(|number| bytes.extend_from_slice(&number.to_be_bytes()));
    bytes.extend_from_slice(&unhex(blob));
    let length = u16::try_from(path.len()).unwrap_or(LENGTH).min(LENGTH);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(path.as_bytes());
    bytes.extend_from_slice(padding(bytes.len()));
    bytes
}

/// One to eight zeros end a path, so that the entry's length is a multiple of eight.
fn padding(length: usize) -> &'static [u8] {
    &[0; 8][length % 8..]
}

fn flags(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at + FIXED], bytes[at + FIXED + 1]])
}

/// Where the path of the entry at `at` begins, and how long it is: that is in the flags, unless it is too long for them.
fn path_of(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let start = head_end(bytes, at)?;
    let known = usize::from(flags(bytes, at) & LENGTH);
    let length = if known < usize::from(LENGTH) { known } else { zero_in(bytes.get(start..)?)? };
    (start + length < bytes.len()).then_some((start, length))
}

/// Where the fixed fields and the flags of the entry at `at` end.
fn head_end(bytes: &[u8], at: usize) -> Option<usize> {
    let end = at + FIXED + 2;
    bytes.get(at..end)?;
    Some(if flags(bytes, at) & EXTENDED == 0 { end } else { end + 2 })
}

/// The fixed fields of an entry of version 4, and where it ends; `path`, that of the one before, becomes its own.
fn folded_entry<'b>(body: &'b [u8], at: usize, path: &mut Vec<u8>) -> Option<(&'b [u8], usize)> {
    let head = body.get(at..head_end(body, at)?)?;
    let (cut, start) = variable_length(body, at + head.len())?;
    path.truncate(path.len().checked_sub(cut)?);
    let end = start + zero_in(body.get(start..)?)?;
    path.extend_from_slice(&body[start..end]);
    // Unfolded, its path is found by this length.
    let told = usize::from(flags(head, 0) & LENGTH);
    (told == path.len().min(usize::from(LENGTH))).then_some((head, end + 1))
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
        let mut index = IndexFile::parse(Vec::new()).expect("an empty index");
        for path in paths {
            index.put(path, &id('a'), Facts { size: 7, modified: (100, 0), ..Facts::default() });
        }
        index.render()
    }

    #[test]
    fn entries_come_back_in_gits_order() {
        let long = "d/".repeat(2500) + "long";
        let bytes = index_of(&["b", "a/z", "a", "a.b", &long]);
        let mut index = IndexFile::parse(bytes.clone()).expect("an index");
        let paths: Vec<_> = index.starts.iter().map(|at| String::from_utf8_lossy(index.path(*at))).collect();
        assert_eq!(paths, ["a", "a.b", "a/z", "b", &long]);
        assert_eq!(index.blob("a/z"), Some(id('a')));
        assert_eq!(index.blob("a/y"), None);
        assert_eq!(index.clone().render(), bytes);
        index.put("a.b", &id('b'), Facts::default());
        index.remove("a");
        index.remove("not there");
        index.put("c", &id('c'), Facts::default());
        let again = IndexFile::parse(index.render()).expect("an index");
        let paths: Vec<_> = again.starts.iter().map(|at| String::from_utf8_lossy(again.path(*at))).collect();
        assert_eq!(paths, ["a.b", "a/z", "b", "c", &long]);
        let blobs = ["a.b", "a/z", "b", "c", &long].map(|path| again.blob(path));
        assert_eq!(blobs, ['b', 'a', 'a', 'c', 'a'].map(|digit| Some(id(digit))));
    }

    #[test]
    fn what_is_young_is_doubted() {
        let bytes = index_of(&["a"]);
        let mut index = IndexFile::parse(bytes.clone()).expect("an index");
        index.doubt_since(101);
        assert_eq!(index.clone().render(), bytes);
        index.doubt_since(100);
        assert_eq!(number(&index.bytes, HEADER + SIZE), Some(0));
    }

    #[test]
    fn every_cut_is_an_error_and_no_panic() {
        let bytes = index_of(&["a/one", "b/two"]);
        for end in 1..bytes.len() {
            assert!(IndexFile::parse(bytes[..end].to_vec()).is_err(), "cut at {end}");
        }
        let with_extension = |name: &[u8; 4]| {
            let mut bytes = bytes[..bytes.len() - 20].to_vec();
            bytes.extend_from_slice(name);
            bytes.extend_from_slice(&[0, 0, 0, 1, 9]);
            bytes.extend_from_slice(&[0; 20]);
            IndexFile::parse(bytes).map(|index| index.starts.len())
        };
        assert_eq!(with_extension(b"TREE"), Ok(2));
        assert_eq!(with_extension(b"link"), Err(IndexFileError::Extension("link".to_owned())));
    }

    /// An index of version 4, each path of which takes the place of all of the one before.
    fn folded(paths: &[&str]) -> Vec<u8> {
        let mut bytes = [&b"DIRC\0\0\0\x04\0\0\0"[..], &[paths.len() as u8]].concat();
        let mut before = 0;
        for path in paths {
            bytes.extend_from_slice(&[0; FIXED]);
            bytes.extend_from_slice(&[0, path.len() as u8, before]);
            bytes.extend_from_slice(path.as_bytes());
            bytes.push(0);
            before = path.len() as u8;
        }
        bytes.extend_from_slice(&[0; SUM]);
        bytes
    }

    #[test]
    fn whatever_byte_is_wrong_is_an_error_or_another_index_and_no_panic() {
        for bytes in [index_of(&["a/one", "b/two"]), folded(&["a/one", "b/two"])] {
            assert!(IndexFile::parse(bytes.clone()).expect("an index").blob("b/two").is_some());
            for (at, value) in (0..bytes.len()).flat_map(|at| [0, 0x7f, 0xff].map(|value| (at, value))) {
                let mut spoilt = bytes.clone();
                spoilt[at] = value;
                if let Ok(mut index) = IndexFile::parse(spoilt) {
                    let _ = index.blob("b/two");
                    index.put("b/two", &id('b'), Facts::default());
                    let _ = index.render();
                }
            }
        }
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
            let mut index = IndexFile::parse(bytes.clone()).expect("git's own index");
            assert_eq!(bytes[7].to_string(), version);
            let one = git.run(&["rev-parse", "HEAD:a/one"]).expect("a blob").parse().expect("an id");
            assert_eq!(index.blob("a/one"), Some(one));
            let listed = git.run(&["ls-files", "--stage", "-t", "--debug"]).expect("listed");
            std::fs::write(&path, index.clone().render()).expect("written");
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
