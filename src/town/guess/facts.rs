//! What there is to guess from, and what one kind of project adds.

use std::collections::HashSet;

use super::Gate;

/// The files of a repository.
pub(super) struct Facts<'a> {
    root: HashSet<&'a str>,
    files: &'a [String],
    read: &'a dyn Fn(&str) -> Option<String>,
}

impl<'a> Facts<'a> {
    pub(super) fn new(files: &'a [String], read: &'a dyn Fn(&str) -> Option<String>) -> Self {
        let root = files.iter().map(String::as_str).filter(|name| !name.contains('/')).collect();
        Self { root, files, read }
    }

    /// Whether the root has this file.
    pub(super) fn has(&self, name: &str) -> bool {
        self.root.contains(name)
    }

    /// The first of these files that the root has.
    pub(super) fn first(&self, names: &[&'static str]) -> Option<&'static str> {
        names.iter().copied().find(|name| self.has(name))
    }

    /// The text of a file of the root; empty when it has none.
    pub(super) fn text(&self, name: &str) -> String {
        if self.has(name) { (self.read)(name).unwrap_or_default() } else { String::new() }
    }

    /// The first file of the root, by name, with one of these endings.
    pub(super) fn ending(&self, endings: &[&str]) -> Option<&'a str> {
        self.root.iter().copied().filter(|name| endings.iter().any(|ending| name.ends_with(ending))).min()
    }

    /// The first file anywhere that `wanted` accepts.
    pub(super) fn any(&self, wanted: impl Fn(&str) -> bool) -> Option<&'a str> {
        self.files.iter().map(String::as_str).find(|path| wanted(path))
    }

    /// The text of a file anywhere.
    pub(super) fn text_of(&self, path: &str) -> String {
        (self.read)(path).unwrap_or_default()
    }
}

/// What one kind of project adds.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) reason: String,
    pub(super) setup: Vec<String>,
    pub(super) setup_inputs: Vec<String>,
    pub(super) keep: Vec<&'static str>,
    pub(super) gates: Vec<Gate>,
}

impl Found {
    /// A kind of project that these files give away.
    pub(super) fn by(files: &[&str]) -> Self {
        Self { reason: files.join(" and "), ..Self::default() }
    }

    /// With a command of set-up, and the files whose change makes it run again.
    pub(super) fn setup(mut self, run: impl Into<String>, inputs: &[&str]) -> Self {
        self.setup.push(run.into());
        self.setup_inputs.extend(inputs.iter().map(|input| (*input).to_owned()));
        self
    }

    /// With a gate.
    pub(super) fn gate(mut self, name: &str, run: impl Into<String>) -> Self {
        self.gates.push(Gate::new(name, run));
        self
    }

    /// With ignored paths that are worth keeping.
    pub(super) fn keep(mut self, paths: &[&'static str]) -> Self {
        self.keep.extend(paths);
        self
    }
}
