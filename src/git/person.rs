//! Names and addresses as commits carry them.

use std::path::Path;

use super::{Git, GitError};

/// A name and an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The mail address.
    pub email: String,
}

impl Person {
    /// Whoever commits in `dir` by git's configuration and environment; `None` when nobody said who they are.
    ///
    /// # Errors
    /// When git cannot be started.
    pub fn of(dir: &Path) -> Result<Option<Self>, GitError> {
        let output = Git::at(dir).with("user.useConfigOnly", "true").output(&["var", "GIT_COMMITTER_IDENT"])?;
        Ok(if output.ok() { Self::parse(&output.text()) } else { None })
    }

    /// Reads `Name <address> seconds zone`.
    fn parse(ident: &str) -> Option<Self> {
        let (name, rest) = ident.split_once(" <")?;
        let (email, _) = rest.split_once('>')?;
        Some(Self { name: name.to_owned(), email: email.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::Scene;

    #[test]
    fn the_person_is_who_git_says() {
        let scene = Scene::new();
        let ada = Person { name: "Ada".into(), email: "ada@example.org".into() };
        assert_eq!(Person::of(&scene.bare).expect("git runs"), Some(ada));
        assert_eq!(Person::parse("nobody"), None);
    }
}
