//! Names for files that take nobody's place.

use std::path::{Path, PathBuf};

/// A path in `folder` that nothing has: the first of the names that `name` makes of 1, 2, 3 ...
pub fn free_path(folder: &Path, name: impl Fn(u32) -> String) -> PathBuf {
    let mut paths = (1..).map(|number| folder.join(name(number)));
    paths.find(|path| std::fs::symlink_metadata(path).is_err()).expect("there are more numbers than files")
}
