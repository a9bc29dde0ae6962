//! What a verb says while it works, to whoever listens.

/// A listener to a verb at work. Nothing said here is a result: a verb's result is its report.
pub trait Talk {
    /// A step begins that may take a while; it ends with the next step or with the verb.
    fn step(&mut self, what: &str);

    /// Something worth knowing.
    fn note(&mut self, what: &str);

    /// Something that the person should look at, though the verb goes on.
    fn warn(&mut self, what: &str);
}

/// Nobody listens.
#[derive(Debug, Clone, Copy)]
pub struct Silence;

impl Talk for Silence {
    fn step(&mut self, _what: &str) {}
    fn note(&mut self, _what: &str) {}
    fn warn(&mut self, _what: &str) {}
}
