//! The pool of names for new workers.

use crate::id::WorkerName;

const POOL: &str = include_str!("names.txt");

/// The first name of the pool that is not `taken`; when all are, the first with a number: `toast-2`.
pub fn next(taken: impl Fn(&WorkerName) -> bool) -> WorkerName {
    let rounds = (1_u32..).map(|round| if round == 1 { String::new() } else { format!("-{round}") });
    let mut names = rounds.flat_map(|suffix| pool().map(move |name| format!("{name}{suffix}")));
    names
        .find_map(|name| name.parse::<WorkerName>().ok().filter(|name| !taken(name)))
        .expect("there are more numbers than workers")
}

fn pool() -> impl Iterator<Item = &'static str> {
    POOL.lines().filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_name_of_the_pool_is_valid_and_there_once() {
        let names: BTreeSet<&str> = pool().collect();
        assert_eq!(names.len(), pool().count());
        assert!(names.len() >= 95, "{}", names.len());
        for name in names {
            assert!(name.parse::<WorkerName>().is_ok(), "{name}");
        }
    }

    #[test]
    fn no_name_is_given_twice() {
        let mut taken = BTreeSet::new();
        for _ in 0..250 {
            let name = next(|name| taken.contains(name));
            assert!(taken.insert(name));
        }
        assert!(
            taken.contains(&"toast-2".parse().expect("valid")) && taken.contains(&"molasses".parse().expect("valid"))
        );
    }
}
