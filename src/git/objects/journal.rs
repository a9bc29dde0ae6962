//! What was written and is not known to be on the disk: one file, synced once for each commit.
//!
//! A commit is half a dozen files and a ref. To sync each of them, and the folder of each, is what a commit costs. So its
//! objects go into this file too, one after the other, and the file alone is synced, which commits that were made at the
//! same time share. A process that is killed takes nothing with it: the system keeps what it wrote. When the machine goes
//! down, its next life finds what is missing here ([`Objects::recover`]).
//!
//! The file begins with [`HEADER`] bytes of text: the life of the machine it is of, and where its records end. A record is
//! [`MARK`], the length of its body as eight hexadecimal digits, the SHA-1 of the body, and the body: the objects as git
//! sums them up (`blob 3`, a zero, the content), each after its length in eight digits; the last one is the commit. Behind
//! the records the file is filled with zeros ahead of time, because a file that does not grow is synced faster.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use git2::ObjectType;
use sha1::{Digest, Sha1};

use super::compose::NewObject;
use super::{Draft, Durability, Objects, ObjectsError, loose};
use crate::git::Oid;

/// The bytes of the header: the life of the machine, a blank, where the records end, a line's end.
const HEADER: u64 = BOOT as u64 + 1 + DIGITS as u64 + 1;
/// The bytes of the name of a life of the machine.
const BOOT: usize = 36;
/// How a number is written.
const DIGITS: usize = 8;
/// What a record begins with.
const MARK: &[u8; 4] = b"gtj1";
/// The bytes before the body of a record.
const HEAD: usize = MARK.len() + DIGITS + 20;
/// By how much the file grows.
const GROWTH: u64 = 256 * 1024;
/// How long it may become; then commits are synced by themselves, until packing has made them durable.
const LIMIT: u64 = 16 * 1024 * 1024;

/// The journal of a ledger, opened by who keeps all other writers away.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
    end: u64,
}

/// Where the journal of the repository at `git_dir` lies.
fn place(git_dir: &Path) -> PathBuf {
    git_dir.join("gt").join("journal")
}

/// Whether there is a journal of another life of the machine than `boot`: what it holds may be missing.
pub fn is_left_over(git_dir: &Path, boot: &str) -> bool {
    File::open(place(git_dir)).is_ok_and(|file| read_header(&file).is_ok_and(|(of, _)| of.as_deref() != Some(boot)))
}

impl Journal {
    /// Opens the journal, or begins one.
    ///
    /// # Errors
    /// When it cannot be made or read.
    pub fn open(git_dir: &Path, boot: &str) -> Result<Self, ObjectsError> {
        let path = place(git_dir);
        let fail = |source| ObjectsError::File { action: "open", path: path.clone(), source };
        let open = || OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = match open() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| open())
            }
            other => other,
        };
        let file = file.map_err(fail)?;
        let (of, end) = read_header(&file).map_err(fail)?;
        let mut journal = Self { file, path: path.clone(), end };
        match of {
            None => journal.begin(boot).map_err(fail)?,
            Some(of) if of == boot => {}
            // What it holds was not looked at yet: nothing is added to it.
            Some(_) => journal.end = LIMIT,
        }
        Ok(journal)
    }

    fn begin(&mut self, boot: &str) -> io::Result<()> {
        self.end = HEADER;
        self.file.set_len(0)?;
        fill(&self.file, GROWTH)?;
        self.file.write_all_at(header(boot, self.end).as_bytes(), 0)?;
        self.file.sync_all()?;
        sync_parent(&self.path)
    }

    /// Where the records end.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Appends the objects of a commit, which is not synced by that. False when there is no room for it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn append(&mut self, draft: &Draft) -> Result<bool, ObjectsError> {
        let record = record(&draft.objects);
        let end = self.end + record.len() as u64;
        if draft.large || end > LIMIT {
            return Ok(false);
        }
        let write = || {
            if end > self.file.metadata()?.len() {
                fill(&self.file, end.next_multiple_of(GROWTH))?;
            }
            self.file.write_all_at(&record, self.end)?;
            self.file.write_all_at(format!("{end:08x}").as_bytes(), BOOT as u64 + 1)
        };
        write().map_err(|source| ObjectsError::File { action: "write", path: self.path.clone(), source })?;
        self.end = end;
        Ok(true)
    }

    /// Makes durable all that was appended so far, by whomever.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn sync(&self) -> Result<(), ObjectsError> {
        let synced = self.file.sync_data();
        synced.map_err(|source| ObjectsError::File { action: "sync", path: self.path.clone(), source })
    }

    /// Forgets the records before `mark`, whose objects are durable by now.
    ///
    /// # Errors
    /// When the rest cannot be written.
    pub fn forget(self, boot: &str, mark: u64) -> Result<(), ObjectsError> {
        let next = self.path.with_extension("next");
        let write = || {
            let mut rest = vec![0; usize::try_from(self.end.saturating_sub(mark)).unwrap_or(0)];
            self.file.read_exact_at(&mut rest, mark)?;
            let end = HEADER + rest.len() as u64;
            let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&next)?;
            fill(&file, end.next_multiple_of(GROWTH))?;
            file.write_all_at(&rest, HEADER)?;
            file.write_all_at(header(boot, end).as_bytes(), 0)?;
            file.sync_all()?;
            fs::rename(&next, &self.path)?;
            sync_parent(&self.path)
        };
        write().map_err(|source| ObjectsError::File { action: "write", path: next.clone(), source })
    }
}

impl Objects {
    /// After a restart of the machine: writes what the journal has and the repository misses, and puts the ref `name` on
    /// the last commit of the journal when it stands on none that can be read. Then the journal begins anew. True when the
    /// ref was put there. The caller keeps all other writers away.
    ///
    /// # Errors
    /// When something cannot be written.
    pub fn recover(&self, name: &str, boot: &str) -> Result<bool, ObjectsError> {
        let path = place(&self.dir);
        let fail = |source| ObjectsError::File { action: "read", path: path.clone(), source };
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            other => other.map_err(fail)?,
        };
        let objects = self.dir.join("objects");
        loose::remove_empty(&objects).map_err(self.unwritten())?;
        let mut newest: Option<Oid> = None;
        for record in records(&bytes) {
            newest = record.last().map(|commit| commit.id.into());
            let missing: Vec<NewObject> = record.into_iter().filter(|object| !self.has(object)).collect();
            loose::write(&objects, &missing, Durability::Now).map_err(self.unwritten())?;
        }
        let stands = self.tip(name).ok().flatten();
        let lost = newest.filter(|_| stands.is_none_or(|tip| self.tree(&tip).is_err()));
        lost.iter().try_for_each(|newest| self.put_ref(name, newest))?;
        let file = OpenOptions::new().read(true).write(true).open(&path).map_err(fail)?;
        Journal { file, path: path.clone(), end: HEADER }.begin(boot).map_err(fail)?;
        Ok(lost.is_some())
    }

    /// Whether an object is there, whole.
    fn has(&self, object: &NewObject) -> bool {
        self.repo
            .odb()
            .and_then(|database| database.read(object.id).map(|found| found.data() == object.data))
            .unwrap_or(false)
    }
}

fn sync_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

fn header(boot: &str, end: u64) -> String {
    format!("{boot:.BOOT$} {end:08x}\n", boot = format!("{boot:<BOOT$}"))
}

/// The life of the machine that a journal is of, and where its records end; nothing when it has just been made.
fn read_header(file: &File) -> io::Result<(Option<String>, u64)> {
    let mut bytes = [0; HEADER as usize];
    match file.read_exact_at(&mut bytes, 0) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok((None, HEADER)),
        other => other?,
    }
    let text = String::from_utf8_lossy(&bytes);
    let end = text.get(BOOT + 1..).and_then(|end| u64::from_str_radix(end.trim(), 16).ok());
    Ok((text.get(..BOOT).map(|boot| boot.trim().to_owned()), end.unwrap_or(HEADER)))
}

/// Makes a file so long, with zeros that are written and not only promised.
fn fill(file: &File, length: u64) -> io::Result<()> {
    let present = file.metadata()?.len();
    let zeros = vec![0; usize::try_from(length.saturating_sub(present)).unwrap_or(0)];
    file.write_all_at(&zeros, present)
}

fn record(objects: &[NewObject]) -> Vec<u8> {
    let mut body = Vec::new();
    for object in objects {
        let header = object.header();
        body.extend_from_slice(format!("{:08x}", header.len() + object.data.len()).as_bytes());
        body.extend_from_slice(&header);
        body.extend_from_slice(&object.data);
    }
    let mut record = Vec::with_capacity(HEAD + body.len());
    record.extend_from_slice(MARK);
    record.extend_from_slice(format!("{:08x}", body.len()).as_bytes());
    record.extend_from_slice(&Sha1::digest(&body));
    record.extend_from_slice(&body);
    record
}

/// The records of a journal, up to the first that is not whole. What the header says of their end is not believed: it may
/// be older or newer than they are.
fn records(bytes: &[u8]) -> impl Iterator<Item = Vec<NewObject>> + '_ {
    let mut rest = bytes.get(HEADER as usize..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (head, after) = rest.split_at_checked(HEAD)?;
        let (mark, head) = head.split_at(MARK.len());
        let (length, sum) = head.split_at(DIGITS);
        let (body, after) = after.split_at_checked(number(length)?)?;
        if mark != MARK || Sha1::digest(body).as_slice() != sum {
            return None;
        }
        rest = after;
        objects(body)
    })
}

fn objects(mut body: &[u8]) -> Option<Vec<NewObject>> {
    let mut objects = Vec::new();
    while !body.is_empty() {
        let (length, after) = body.split_at_checked(DIGITS)?;
        let (object, after) = after.split_at_checked(number(length)?)?;
        let zero = object.iter().position(|byte| *byte == 0)?;
        let kind = match object.split(|byte| *byte == b' ').next()? {
            b"blob" => ObjectType::Blob,
            b"tree" => ObjectType::Tree,
            b"commit" => ObjectType::Commit,
            _ => return None,
        };
        objects.push(NewObject::new(kind, object[zero + 1..].to_vec()));
        body = after;
    }
    Some(objects)
}

fn number(digits: &[u8]) -> Option<usize> {
    usize::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}
