//! Reading: one consistent state of the ledger.

use super::index::{BeadQuery, Holders, Index, Line, Row};
use super::{Document, DocumentError, Ledger};
use crate::bead::Bead;
use crate::bead::similar::{self, Similar};
use crate::error::{Failure, Kind, Outcome};
use crate::git::Oid;
use crate::git::objects::Objects;
use crate::id::{BeadId, Prefix};

/// How many beads a search for likely duplicates looks at closely.
const ALIKE_LOOKED_AT: usize = 24;

/// The ledger at one commit.
#[derive(Debug)]
pub struct Snapshot {
    index: Index,
    tip: Oid,
}

impl Snapshot {
    pub(super) fn take(ledger: &Ledger) -> Outcome<Self> {
        let tip = ledger.tip()?;
        let index = Self::open_index(ledger)?;
        index.begin_reading()?;
        if index.commit()?.as_ref() == Some(&tip) {
            return Ok(Self { index, tip });
        }
        index.end_reading()?;
        // A transaction may have come between the two looks; then the newer tip is what the index shows.
        let tip = ledger.tip()?;
        let index = caught_up(ledger, index, &tip)?;
        index.begin_reading()?;
        let tip = index.commit()?.unwrap_or(tip);
        Ok(Self { index, tip })
    }

    pub(super) fn open_index(ledger: &Ledger) -> Outcome<Index> {
        Ok(Index::open(&ledger.runtime_dir().join("index.db"))?)
    }

    /// A snapshot inside a transaction: the caller holds the lock, `tip` does not move.
    /// The index may have been opened before.
    pub(super) fn under_lock(ledger: &Ledger, tip: &Oid, opened: Option<Index>) -> Outcome<Self> {
        let index = match opened {
            Some(index) => index,
            None => Self::open_index(ledger)?,
        };
        Ok(Self { index: caught_up(ledger, index, tip)?, tip: tip.clone() })
    }

    /// The same at `tip`, if the index shows that.
    pub(super) fn at(self, tip: &Oid) -> Option<Self> {
        self.index.begin_reading().ok()?;
        (self.index.commit().ok()??).eq(tip).then(|| Self { tip: tip.clone(), ..self })
    }

    pub(super) fn index(&self) -> &Index {
        &self.index
    }

    /// The commit that it shows.
    pub fn tip(&self) -> &Oid {
        &self.tip
    }

    /// One bead, if it exists.
    ///
    /// # Errors
    /// When its file is broken or the index cannot be read.
    pub fn find(&self, id: &BeadId) -> Outcome<Option<Bead>> {
        match self.index.bead(id)? {
            Some(row) => Ok(Some(Bead::parse(&id.path(), &row.text)?)),
            None => match self.index.broken()?.into_iter().find(|broken| broken.path == id.path()) {
                Some(broken) => Err(broken.into()),
                None => Ok(None),
            },
        }
    }

    /// One bead.
    ///
    /// # Errors
    /// As [`Snapshot::find`], and when there is none.
    pub fn bead(&self, id: &BeadId) -> Outcome<Bead> {
        self.find(id)?.ok_or_else(|| {
            Failure::new(Kind::NotFound, format!("there is no bead {id}")).hint("`gt list` shows the open beads")
        })
    }

    /// The beads that fit, parsed.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn beads(&self, query: &BeadQuery) -> Outcome<Vec<Bead>> {
        let (rows, _) = self.index.beads(query)?;
        rows.into_iter().map(|row| parse_row(&row)).collect()
    }

    /// The beads that fit as rows, and how many would fit without the limit.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn rows(&self, query: &BeadQuery) -> Outcome<(Vec<Row>, usize)> {
        Ok(self.index.beads(query)?)
    }

    /// The same without the texts of their files: for lists.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn lines(&self, query: &BeadQuery) -> Outcome<(Vec<Line>, usize)> {
        Ok(self.index.lines(query)?)
    }

    /// Where in the index the beads that fit are, and how many would fit without the limit.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn numbers(&self, query: &BeadQuery) -> Outcome<(Vec<i64>, usize)> {
        Ok(self.index.numbers(query)?)
    }

    /// The JSON of the bead of one of [`Snapshot::numbers`].
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn json_at(&self, number: i64) -> Outcome<String> {
        Ok(self.index.json_at(number)?)
    }

    /// The bead of one of [`Snapshot::numbers`].
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn line_at(&self, number: i64) -> Outcome<Line> {
        Ok(self.index.line_at(number)?)
    }

    /// One bead without the text of its file.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn line(&self, id: &BeadId) -> Outcome<Option<Line>> {
        Ok(self.index.line(id)?)
    }

    /// What decides whether open beads are ready, of those that `query` lets through, and how many there are; what they
    /// need is left out.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn startable(&self, query: &BeadQuery) -> Outcome<(Vec<crate::bead::ready::Row>, usize)> {
        Ok(self.index.startable(query)?)
    }

    /// One bead as a row.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn row(&self, id: &BeadId) -> Outcome<Option<Row>> {
        Ok(self.index.bead(id)?)
    }

    /// Ids and titles of the beads whose id, or whose part after the dash, begins with `text`.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn beginning_with(&self, text: &str, limit: usize) -> Outcome<Vec<(String, String)>> {
        Ok(self.index.beginning_with(text, limit)?)
    }

    /// Every id with its title.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn ids(&self) -> Outcome<Vec<(String, String)>> {
        Ok(self.index.ids()?)
    }

    /// Every label that a bead has.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn labels(&self) -> Outcome<Vec<String>> {
        Ok(self.index.labels()?)
    }

    /// Every role that a bead has.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn roles(&self) -> Outcome<Vec<String>> {
        Ok(self.index.roles()?)
    }

    /// How many beads there are of each prefix and state (closed ones by what they were closed as).
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn counts(&self) -> Outcome<Vec<(String, String, usize)>> {
        Ok(self.index.counts()?)
    }

    /// How many beads a prefix has.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn count_of(&self, prefix: &Prefix) -> Outcome<usize> {
        Ok(self.index.count_of(prefix)?)
    }

    /// The beads that are likely the same work as one with this title and description, the likeliest first.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn alike(&self, title: &str, description: &str, except: Option<&BeadId>) -> Outcome<Vec<Similar>> {
        let total = self.index.workable()?;
        let mut holders = Holders::new();
        let asked = similar::tokens(title);
        self.index.count_titles(asked.iter().cloned(), &mut holders)?;
        let titled = self.index.sharing_words(&asked, &holders, ALIKE_LOOKED_AT)?;
        self.index.count_titles(titled.iter().flat_map(|(_, title)| similar::tokens(title)), &mut holders)?;
        let weigh = similar::Weights { total, holders: &holders };
        let mut beads = Vec::new();
        for (id, _) in titled.iter().filter(|(_, other)| weigh.may_be_alike(title, other)) {
            beads.extend(self.find(&id.parse()?)?);
        }
        Ok(similar::Words::of_some(&beads, weigh).like(title, description, except))
    }

    /// The beads that need `id`.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn needed_by(&self, id: &BeadId) -> Outcome<Vec<BeadId>> {
        Ok(self.index.needed_by(id)?)
    }

    /// Every edge: which bead needs which.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn edges(&self) -> Outcome<Vec<(BeadId, BeadId)>> {
        Ok(self.index.edges()?)
    }

    /// Every document of a kind that can be read, and what is wrong with the others.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn documents<D: Document>(&self) -> Outcome<(Vec<D>, Vec<DocumentError>)> {
        self.documents_in(D::FOLDER)
    }

    /// The same for those in one folder below that of their kind.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn documents_in<D: Document>(&self, folder: &str) -> Outcome<(Vec<D>, Vec<DocumentError>)> {
        let mut good = Vec::new();
        let mut bad = Vec::new();
        for (path, text) in self.index.documents(folder)? {
            match D::parse(&path, &text) {
                Ok(document) => good.push(document),
                Err(error) => bad.push(error),
            }
        }
        Ok((good, bad))
    }

    /// One document by its path, if it exists.
    ///
    /// # Errors
    /// When it is broken or the index cannot be read.
    pub fn document<D: Document>(&self, path: &str) -> Outcome<Option<D>> {
        Ok(self.index.document(path)?.map(|text| D::parse(path, &text)).transpose()?)
    }

    /// The text of a file that is no bead.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn text(&self, path: &str) -> Outcome<Option<String>> {
        Ok(self.index.document(path)?)
    }

    /// The content of any file, also of one that cannot be read as what it should be.
    pub(super) fn bytes(&self, objects: &Objects, path: &str) -> Outcome<Option<Vec<u8>>> {
        let bead = path.rsplit('/').next().and_then(|name| name.strip_suffix(".toml")?.parse::<BeadId>().ok());
        let text = match bead.filter(|bead| bead.path() == path) {
            Some(bead) => self.index.bead(&bead)?.map(|row| row.text),
            None => self.index.document(path)?,
        };
        match text {
            Some(text) => Ok(Some(text.into_bytes())),
            // What is neither in the index nor broken is not there.
            None if self.index.is_broken(path)? => objects.read(&self.tip, path).map_err(super::lift),
            None => Ok(None),
        }
    }

    /// Path and text of every file in a folder; not for beads.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn texts(&self, folder: &str) -> Outcome<Vec<(String, String)>> {
        Ok(self.index.documents(folder)?)
    }

    /// Bead files that cannot be read; they are left out of every answer.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn broken(&self) -> Outcome<Vec<DocumentError>> {
        Ok(self.index.broken()?)
    }
}

/// The index at `tip`; one in memory when there is no room for what it lacks.
fn caught_up(ledger: &Ledger, index: Index, tip: &Oid) -> Outcome<Index> {
    let objects = ledger.objects()?;
    match index.catch_up(objects, tip) {
        Err(error) if error.is_of_the_disk() => {
            let index = Index::in_memory()?;
            index.catch_up(objects, tip)?;
            Ok(index)
        }
        other => Ok(other.map(|()| index)?),
    }
}

fn parse_row(row: &Row) -> Outcome<Bead> {
    let id: BeadId = row.id.parse()?;
    Ok(Bead::parse(&id.path(), &row.text)?)
}
