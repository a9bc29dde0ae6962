//! Where a rig comes from: what the person typed, made into what git and the landing need.

use std::path::Path;

use crate::error::{Failure, Kind, Outcome};
use crate::git::Git;
use crate::town::Remote;

/// The origin of a rig.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// A URL that git understands, or the absolute path of a local repository.
    pub url: String,
    /// How a landing reaches it.
    pub remote: Remote,
}

/// Makes out what `typed`, a URL or a path seen from `here`, means.
///
/// # Errors
/// When it is a path at which there is no repository, or a repository of the town in `town` itself.
pub fn resolve(typed: &str, here: &Path, town: &Path) -> Outcome<Origin> {
    let Some(path) = local_path(typed) else {
        return Ok(Origin { url: typed.to_owned(), remote: Remote::Remote });
    };
    let path = here.join(path);
    let Ok(path) = path.canonicalize() else {
        let message = format!("there is nothing at {}", path.display());
        return Err(Failure::new(Kind::NotFound, message).hint("give the path of a git repository, or a URL"));
    };
    if path.starts_with(town) {
        let message = format!("{} belongs to the town itself", path.display());
        return Err(Failure::new(Kind::Refused, message).hint("a rig is a repository outside of the town"));
    }
    let bare = Git::at(&path).output(&["rev-parse", "--is-bare-repository"])?;
    if !bare.ok() {
        return Err(no_repository(&path));
    }
    let url = path.to_str().ok_or_else(|| {
        Failure::new(Kind::Invalid, format!("the path {} is not UTF-8", path.display()))
            .hint("rename the folder, or reach it by another path")
    })?;
    if bare.text() == "true" {
        let url = if typed.starts_with("file://") { typed } else { url };
        return Ok(Origin { url: url.to_owned(), remote: Remote::Remote });
    }
    Ok(Origin { url: url.to_owned(), remote: Remote::Local })
}

/// The path that `typed` names on this machine; `None` for what git reaches over a network.
fn local_path(typed: &str) -> Option<&str> {
    if let Some(path) = typed.strip_prefix("file://") {
        return Some(path.strip_prefix("localhost").unwrap_or(path));
    }
    if typed.contains("://") {
        return None;
    }
    // As git has it: `host:path` is ssh unless a slash comes before the colon.
    let before = typed.split_once(':').map(|(before, _)| before);
    if before.is_some_and(|before| !before.contains('/')) { None } else { Some(typed) }
}

fn no_repository(path: &Path) -> Failure {
    let failure = Failure::new(Kind::Invalid, format!("{} is not a git repository", path.display()));
    let above = Git::at(path).looking_above().output(&["rev-parse", "--show-toplevel"]);
    match above.ok().filter(crate::git::GitOutput::ok) {
        Some(top) => failure.hint(format!("the repository around it is {}", top.text())),
        None => failure.hint("`git init` and a first commit make it one"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_and_paths_are_told_apart_as_git_does() {
        for url in ["https://example.org/web.git", "ssh://git@example.org/web", "git@example.org:web.git", "host:web"] {
            assert_eq!(local_path(url), None, "{url}");
        }
        let paths =
            [("web", "web"), ("./a:b", "./a:b"), ("/srv/web.git", "/srv/web.git"), ("file:///srv/web", "/srv/web")];
        for (typed, path) in paths {
            assert_eq!(local_path(typed), Some(path), "{typed}");
        }
    }
}
