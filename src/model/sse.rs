//! Server-sent events, as the WHATWG HTML standard section 9.2.6 defines their stream
//! (<https://html.spec.whatwg.org/multipage/server-sent-events.html>), except that a lone CR ends no line.

use std::io::{BufRead, Read};

/// The longest line that is read, in bytes: far more than any endpoint sends.
const LONGEST: u64 = 8 << 20;

/// How much of the first line is kept, in bytes.
const FIRST: usize = 4096;

/// Why the next event cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum SseError {
    /// The connection failed.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// A line is not UTF-8.
    #[error("a line is not text")]
    NotText(Vec<u8>),
    /// A line does not end.
    #[error("a line has more than {LONGEST} bytes")]
    TooLong,
}

/// A stream of events; only their data matters here, both formats repeat the name inside it.
pub(super) struct Events<R> {
    reader: R,
    /// Whether any line of an event stream was seen.
    pub seen: bool,
    /// The first line, whole or not: what the answer is when it is no event stream.
    pub first: Vec<u8>,
}

impl<R: BufRead> Events<R> {
    pub fn new(reader: R) -> Self {
        Self { reader, seen: false, first: Vec::new() }
    }

    /// The data of the next event; `None` at the end. An event that the end cuts off is dropped.
    pub fn next(&mut self) -> Result<Option<String>, SseError> {
        let mut data: Option<String> = None;
        while let Some(line) = self.line()? {
            if line.is_empty() {
                if let Some(data) = data.take() {
                    return Ok(Some(data));
                }
                continue;
            }
            let (field, value) = line.split_once(':').unwrap_or((&line, ""));
            self.seen |= matches!(field, "" | "data" | "event" | "id" | "retry");
            if field == "data" {
                let value = value.strip_prefix(' ').unwrap_or(value);
                match &mut data {
                    Some(data) => {
                        data.push('\n');
                        data.push_str(value);
                    }
                    None => data = Some(value.to_owned()),
                }
            }
        }
        Ok(None)
    }

    /// A line without its end; `None` when no whole line is left.
    fn line(&mut self) -> Result<Option<String>, SseError> {
        let mut bytes = Vec::new();
        self.reader.by_ref().take(LONGEST).read_until(b'\n', &mut bytes)?;
        if self.first.is_empty() {
            self.first = bytes[..bytes.len().min(FIRST)].to_vec();
        }
        if bytes.pop() != Some(b'\n') {
            return if bytes.len() as u64 >= LONGEST - 1 { Err(SseError::TooLong) } else { Ok(None) };
        }
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        String::from_utf8(bytes).map(Some).map_err(|error| SseError::NotText(error.into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> Vec<String> {
        let mut events = Events::new(bytes);
        std::iter::from_fn(|| events.next().expect("the stream is text")).collect()
    }

    #[test]
    fn streams_and_their_events() {
        let table: &[(&str, &[&str])] = &[
            ("", &[]),
            ("data: a\n\n", &["a"]),
            ("data:a\r\n\r\ndata: b\r\n\r\n", &["a", "b"]),
            (": OPENROUTER PROCESSING\n\nevent: x\nid: 7\ndata: a\n\n", &["a"]),
            ("data: a\ndata: b\n\n", &["a\nb"]),
            ("event: nothing\n\ndata: a\n\n", &["a"]),
            ("data\n\n", &[""]),
            ("data: a\n\ndata: cut", &["a"]),
            ("data: a\n\ndata: cut\n", &["a"]),
            ("data: {\"x\": \"a: b\"}\n\n", &["{\"x\": \"a: b\"}"]),
        ];
        for (stream, events) in table {
            assert_eq!(all(stream.as_bytes()), *events, "{stream:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_an_error() {
        assert!(matches!(Events::new(&b"data: \xff\xfe\n\n"[..]).next(), Err(SseError::NotText(_))));
    }

    #[test]
    fn a_line_without_end_is_an_error() {
        let endless = std::io::BufReader::new(std::io::repeat(b'x'));
        assert!(matches!(Events::new(endless).next(), Err(SseError::TooLong)));
    }
}
