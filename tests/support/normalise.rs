//! Output without what differs from run to run, so that snapshots hold.

use std::collections::BTreeMap;
use std::path::Path;

/// Replaces the paths of the test by `$TOWN` and `$SANDBOX`, bead ids by `web-ID1`, `web-ID2`, ... in the
/// order in which they appear, and object ids by `OID1`, ... in the same way.
#[derive(Debug)]
pub struct Normaliser {
    paths: Vec<(String, &'static str)>,
    prefixes: Vec<String>,
    seen: BTreeMap<String, String>,
}

impl Normaliser {
    /// Knows the two folders; `prefixes` are the bead prefixes whose ids are replaced.
    pub fn new(town: &Path, sandbox: &Path, prefixes: &[&str]) -> Self {
        let paths = vec![(town.display().to_string(), "$TOWN"), (sandbox.display().to_string(), "$SANDBOX")];
        Self { paths, prefixes: prefixes.iter().map(|&prefix| prefix.to_owned()).collect(), seen: BTreeMap::new() }
    }

    /// The text with everything replaced; ids keep their placeholder from call to call.
    pub fn apply(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        for (path, name) in &self.paths {
            text = text.replace(path, name);
        }
        let mut result = String::with_capacity(text.len());
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let mut rest = text.as_str();
        while let Some(start) = rest.find(is_word) {
            result.push_str(&rest[..start]);
            let word = &rest[start..];
            let word = &word[..word.find(|c| !is_word(c)).unwrap_or(word.len())];
            result.push_str(&self.placeholder(word));
            rest = &rest[start + word.len()..];
        }
        result + rest
    }

    fn placeholder(&mut self, word: &str) -> String {
        if let Some(known) = self.seen.get(word) {
            return known.clone();
        }
        let kind = match word.split_once('-') {
            Some((prefix, suffix)) if self.is_prefix(prefix) && is_suffix(suffix) => format!("{prefix}-ID"),
            None if is_object_id(word) => "OID".to_owned(),
            _ => return word.to_owned(),
        };
        let number = self.seen.values().filter(|placeholder| placeholder.starts_with(&kind)).count() + 1;
        let placeholder = format!("{kind}{number}");
        self.seen.insert(word.to_owned(), placeholder.clone());
        placeholder
    }

    fn is_prefix(&self, prefix: &str) -> bool {
        self.prefixes.iter().any(|known| known == prefix)
    }
}

fn is_suffix(text: &str) -> bool {
    (5..=7).contains(&text.len()) && text.chars().all(|c| gt::id::ALPHABET.contains(&c))
}

fn is_object_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.chars().all(|c| c.is_ascii_hexdigit())
}
