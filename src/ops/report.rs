//! What verbs hand back: one serialisable value, of which text, `--json` and the API are renderings.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::error::Failure;

/// What a verb did or found.
pub trait Report: Serialize {
    /// The name and version of the shape of the data, such as `gt.bead.show/1`.
    const SCHEMA: &'static str;

    /// How many things there are and how many of them the report holds.
    fn counts(&self) -> Counts {
        Counts { total: 1, returned: 1 }
    }

    /// The exit code of the process after the report was shown; not zero when a part of the work failed.
    fn exit_code(&self) -> u8 {
        0
    }

    /// What of it failed, to be told more about.
    fn failures(&mut self) -> Vec<&mut Failure> {
        Vec::new()
    }
}

/// How many things there are, and how many of them were returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// All that fit the question.
    pub total: usize,
    /// Those in the report.
    pub returned: usize,
}

/// The one shape of all machine-readable output: `{schema, data, total, returned, truncated}`.
#[derive(Debug)]
pub struct Envelope<'a, R>(pub &'a R);

impl<R: Report> Serialize for Envelope<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let counts = self.0.counts();
        let mut state = serializer.serialize_struct("Envelope", 5)?;
        state.serialize_field("schema", R::SCHEMA)?;
        state.serialize_field("data", self.0)?;
        state.serialize_field("total", &counts.total)?;
        state.serialize_field("returned", &counts.returned)?;
        state.serialize_field("truncated", &(counts.returned < counts.total))?;
        state.end()
    }
}

/// One line of a [`Page`].
pub trait Row: Serialize {
    /// The schema of the whole page.
    const SCHEMA: &'static str;
}

/// A list, perhaps cut at a limit; serialised as the bare array of its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows that are shown.
    pub rows: Vec<T>,
    /// How many rows there are in all.
    pub total: usize,
}

impl<T> Page<T> {
    /// A page that holds everything.
    pub fn complete(rows: Vec<T>) -> Self {
        Self { total: rows.len(), rows }
    }

    /// The first `limit` of `rows`.
    pub fn cut(mut rows: Vec<T>, limit: usize) -> Self {
        let total = rows.len();
        rows.truncate(limit);
        Self { rows, total }
    }
}

impl<T: Serialize> Serialize for Page<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.rows.serialize(serializer)
    }
}

impl<T: Row> Report for Page<T> {
    const SCHEMA: &'static str = T::SCHEMA;

    fn counts(&self) -> Counts {
        Counts { total: self.total, returned: self.rows.len() }
    }
}

/// What a verb that takes several ids did to each of them; serialised as an array of
/// `{id, ok, result}` and `{id, ok, error}`.
#[derive(Debug)]
pub struct Many<T> {
    /// In the order in which the ids were given.
    pub items: Vec<Each<T>>,
}

/// What became of one id.
#[derive(Debug)]
pub struct Each<T> {
    /// The id as the person gave it.
    pub id: String,
    /// What happened.
    pub outcome: Result<T, Failure>,
}

impl<T> Many<T> {
    /// Does `act` to each id; one failure does not stop the others.
    pub fn of<I: AsRef<str>>(
        ids: impl IntoIterator<Item = I>,
        mut act: impl FnMut(&str) -> Result<T, Failure>,
    ) -> Self {
        let items = ids.into_iter().map(|id| Each { outcome: act(id.as_ref()), id: id.as_ref().to_owned() }).collect();
        Self { items }
    }
}

impl<T: Serialize> Serialize for Many<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.items)
    }
}

impl<T: Serialize> Serialize for Each<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut state = serializer.serialize_struct("Each", 3)?;
        state.serialize_field("id", &self.id)?;
        state.serialize_field("ok", &self.outcome.is_ok())?;
        match &self.outcome {
            Ok(result) => state.serialize_field("result", result)?,
            Err(failure) => state.serialize_field("error", failure)?,
        }
        state.end()
    }
}

impl<T: Report> Report for Many<T> {
    const SCHEMA: &'static str = T::SCHEMA;

    fn counts(&self) -> Counts {
        Counts { total: self.items.len(), returned: self.items.len() }
    }

    /// That of the first failure.
    fn exit_code(&self) -> u8 {
        let code = |each: &Each<T>| match &each.outcome {
            Ok(report) => report.exit_code(),
            Err(failure) => failure.kind.exit_code(),
        };
        self.items.iter().map(code).find(|code| *code != 0).unwrap_or(0)
    }

    fn failures(&mut self) -> Vec<&mut Failure> {
        self.items.iter_mut().filter_map(|each| each.outcome.as_mut().err()).collect()
    }
}

/// Nothing to say: the verb showed its work while it went.
impl Report for () {
    const SCHEMA: &'static str = "gt.nothing/1";

    fn counts(&self) -> Counts {
        Counts { total: 0, returned: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    #[derive(Debug, Serialize)]
    struct Closed(&'static str);

    impl Report for Closed {
        const SCHEMA: &'static str = "gt.test/1";
    }

    impl Row for Closed {
        const SCHEMA: &'static str = "gt.tests/1";
    }

    fn json<R: Report>(report: &R) -> String {
        serde_json::to_string(&Envelope(report)).expect("plain data")
    }

    #[test]
    fn one_thing() {
        let expected = r#"{"schema":"gt.test/1","data":"x","total":1,"returned":1,"truncated":false}"#;
        assert_eq!(json(&Closed("x")), expected);
    }

    #[test]
    fn a_cut_list_says_so() {
        let page = Page::cut(vec![Closed("a"), Closed("b"), Closed("c")], 2);
        let expected = r#"{"schema":"gt.tests/1","data":["a","b"],"total":3,"returned":2,"truncated":true}"#;
        assert_eq!(json(&page), expected);
    }

    #[test]
    fn one_failure_does_not_stop_the_others_and_gives_the_exit_code() {
        let many = Many::of(["a", "b", "c"], |id| match id {
            "b" => Err(Failure::new(Kind::NotFound, "no bead b").hint("look")),
            _ => Ok(Closed("done")),
        });
        assert_eq!(many.exit_code(), Kind::NotFound.exit_code());
        let expected = concat!(
            r#"{"schema":"gt.test/1","data":[{"id":"a","ok":true,"result":"done"},"#,
            r#"{"id":"b","ok":false,"error":{"kind":"not-found","message":"no bead b","hints":["look"],"retryable":false}},"#,
            r#"{"id":"c","ok":true,"result":"done"}],"total":3,"returned":3,"truncated":false}"#
        );
        assert_eq!(json(&many), expected);
    }
}
