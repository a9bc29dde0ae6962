//! Where lines go: stdout, stderr, or memory in tests.

use std::io::{self, BufWriter, IsTerminal, Stderr, Stdout, Write};

use serde::Serialize;

use super::{Colour, Text};

/// One of the two outputs of the process.
#[derive(Debug)]
pub(super) struct Stream {
    sink: Sink,
    /// Whether labels become colours.
    pub colour: bool,
    /// Whether a person looks at it.
    pub terminal: bool,
    /// Set once nothing can be written any more; everything after that is dropped.
    closed: bool,
    /// Why, when it is not that nobody reads any more.
    lost: Option<io::Error>,
}

#[derive(Debug)]
enum Sink {
    Out(BufWriter<Stdout>),
    Err(Stderr),
    Memory(Vec<u8>),
}

impl Stream {
    pub fn stdout(colour: Colour) -> Self {
        let terminal = io::stdout().is_terminal();
        let sink = Sink::Out(BufWriter::with_capacity(32 * 1024, io::stdout()));
        Self { sink, colour: colour.wanted(terminal), terminal, closed: false, lost: None }
    }

    pub fn stderr(colour: Colour) -> Self {
        let terminal = io::stderr().is_terminal();
        Self { sink: Sink::Err(io::stderr()), colour: colour.wanted(terminal), terminal, closed: false, lost: None }
    }

    pub fn memory() -> Self {
        Self { sink: Sink::Memory(Vec::new()), colour: false, terminal: false, closed: false, lost: None }
    }

    pub fn line(&mut self, text: &Text) {
        let mut line = text.paint(self.colour);
        line.push('\n');
        self.bytes(line.as_bytes());
    }

    /// Writes, unless nobody reads any more: a reader that has seen enough (`| head`) is no failure.
    pub fn bytes(&mut self, bytes: &[u8]) {
        if self.closed {
            return;
        }
        let written = match &mut self.sink {
            Sink::Out(out) => out.write_all(bytes),
            Sink::Err(err) => err.write_all(bytes),
            Sink::Memory(memory) => memory.write_all(bytes),
        };
        self.took(written);
    }

    /// Writes a value as one line of JSON, piece by piece: a long list is never held twice.
    pub fn json(&mut self, value: &impl Serialize) {
        if self.closed {
            return;
        }
        let written = match &mut self.sink {
            Sink::Out(out) => serde_json::to_writer(out, value),
            Sink::Err(err) => serde_json::to_writer(err, value),
            Sink::Memory(memory) => serde_json::to_writer(memory, value),
        };
        match written {
            Ok(()) => self.bytes(b"\n"),
            Err(error) if error.is_io() => self.took(Err(error.into())),
            Err(error) => panic!("reports are plain data with string keys: {error}"),
        }
    }

    pub fn flush(&mut self) {
        if let (Sink::Out(out), false) = (&mut self.sink, self.closed) {
            let written = out.flush();
            self.took(written);
        }
    }

    /// A closed pipe is a reader that has seen enough; anything else, such as a full disk, lost output.
    fn took(&mut self, written: io::Result<()>) {
        if let Err(error) = written {
            self.closed = true;
            self.lost = (error.kind() != io::ErrorKind::BrokenPipe).then_some(error);
        }
    }

    /// Why output was lost, if it was.
    pub fn lost(&mut self) -> Option<io::Error> {
        self.lost.take()
    }

    pub fn is_closed(&self) -> bool {
        self.closed
    }

    pub fn taken(&self) -> String {
        match &self.sink {
            Sink::Memory(memory) => String::from_utf8_lossy(memory).into_owned(),
            Sink::Out(_) | Sink::Err(_) => String::new(),
        }
    }
}
