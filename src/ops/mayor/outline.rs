//! The files of a repository in few lines.

use std::collections::BTreeMap;

/// At most `most` lines that show all of `paths`: folders that lie too deep stand as one line with the number of their
/// files. When even the uppermost level has more entries, the rest of it is left to the reader to cut.
pub(super) fn outline(paths: &[String], most: usize) -> Vec<String> {
    let deepest = paths.iter().map(|path| path.matches('/').count()).max().unwrap_or(0);
    let mut shown = at_depth(paths, 0);
    for depth in 1..=deepest {
        let next = at_depth(paths, depth);
        if next.len() > most {
            break;
        }
        shown = next;
    }
    shown
}

/// Files at most so deep, and the folders in which the others lie.
fn at_depth(paths: &[String], depth: usize) -> Vec<String> {
    let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
    for path in paths {
        let end = path.match_indices('/').nth(depth).map(|(place, _)| place + 1);
        *lines.entry(end.map_or(path.as_str(), |end| &path[..end])).or_default() += 1;
    }
    let line = |(name, files): (&str, usize)| match (name.ends_with('/'), files) {
        (false, _) => name.to_owned(),
        (true, 1) => format!("{name} (1 file)"),
        (true, files) => format!("{name} ({files} files)"),
    };
    lines.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn paths(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn deep_folders_are_counted() {
        let all = paths(&["README.md", "src/a.rs", "src/b/c.rs", "src/b/d.rs", "tests/x.rs"]);
        let cases: [(usize, &[&str]); 4] = [
            (9, &["README.md", "src/a.rs", "src/b/c.rs", "src/b/d.rs", "tests/x.rs"]),
            (4, &["README.md", "src/a.rs", "src/b/ (2 files)", "tests/x.rs"]),
            (3, &["README.md", "src/ (3 files)", "tests/ (1 file)"]),
            (0, &["README.md", "src/ (3 files)", "tests/ (1 file)"]),
        ];
        for (most, expected) in cases {
            assert_eq!(outline(&all, most), expected, "{most}");
        }
        assert_eq!(outline(&[], 5), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn every_file_is_shown_or_counted_once(all in proptest::collection::btree_set("[a-c](/[a-c]){0,4}x", 0..40), most in 0..60usize) {
            let all: Vec<String> = all.into_iter().collect();
            let counted = |line: &String| match line.rsplit_once(" (") {
                Some((_, count)) => count.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0),
                None => 1,
            };
            let lines = outline(&all, most);
            prop_assert_eq!(lines.iter().map(counted).sum::<usize>(), all.len());
            prop_assert!(lines.len() <= most.max(at_depth(&all, 0).len()));
        }
    }
}
