//! What is true of the work in a world to decide in.

use std::collections::{BTreeMap, BTreeSet};

use crate::refinery::Subject;

/// A tree: the words that it has.
pub type Words = BTreeSet<String>;

pub fn name(words: &Words) -> String {
    format!("{{{}}}", words.iter().cloned().collect::<Vec<_>>().join(","))
}

pub fn set(text: &str) -> Words {
    text.trim_matches(['{', '}']).split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// What is true of the work, whether anybody knows it or not.
#[derive(Debug, Clone, Default)]
pub struct Nature {
    /// Sets that make every tree red that has them.
    pub red: Vec<Words>,
    /// Words that cannot be merged with each other.
    pub conflicts: Vec<(String, String)>,
    /// Words whose commit is red by itself.
    pub red_before: Words,
    /// Words whose commit is gone.
    pub gone: Words,
    /// Trees that are found red although they are not.
    pub unlucky: BTreeSet<String>,
    /// How often a gate that fails is tried once more.
    pub retries: usize,
    /// How many first tries of a gate fail although nothing is wrong.
    pub flaky: BTreeMap<Subject, usize>,
}

impl Nature {
    pub fn is_green(&self, tree: &Words) -> bool {
        !self.red.iter().any(|red| red.is_subset(tree)) && !self.unlucky.contains(&name(tree))
    }

    pub fn conflict(&self, word: &str, tree: &Words) -> bool {
        let meets = |one: &str, other: &str| one == word && tree.contains(other);
        self.conflicts.iter().any(|(one, other)| meets(one, other) || meets(other, one))
    }
}
