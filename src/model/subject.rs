//! What the work of a conversation is about: the words by which scripts choose a reply.

use std::fmt;

use crate::env;

/// The role and the title of the bead, and which attempt at it this is.
///
/// Written as three lines at the end of the system text, so that every endpoint, a scripted one too, can read them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The role: `developer`, `tester`, ..., or `mayor`.
    pub role: String,
    /// The title of the bead, or the first line of the goal.
    pub title: String,
    /// The attempt, from 1.
    pub attempt: u32,
}

impl Default for Subject {
    fn default() -> Self {
        Self { role: String::new(), title: String::new(), attempt: 1 }
    }
}

impl Subject {
    /// The first attempt of `role` at `title`.
    pub fn new(role: impl Into<String>, title: impl Into<String>) -> Self {
        Self { role: role.into(), title: title.into(), attempt: 1 }
    }

    /// What `GT_ROLE`, `GT_TITLE` and `GT_ATTEMPT` say; empty without them.
    pub fn from_env() -> Self {
        let variable = |name| std::env::var(name).unwrap_or_default();
        Self {
            role: variable(env::ROLE),
            title: variable(env::TITLE),
            attempt: variable(env::ATTEMPT).parse().unwrap_or(1),
        }
    }

    /// Reads the lines `Role:`, `Title:` and `Attempt:` out of a text; the last of each kind counts, since
    /// the lines of the subject end the system text.
    pub fn find_in(text: &str) -> Self {
        let last = |label: &str| text.lines().rev().find_map(|line| line.strip_prefix(label)).map(str::trim);
        Self {
            role: last("Role: ").unwrap_or_default().to_owned(),
            title: last("Title: ").unwrap_or_default().to_owned(),
            attempt: last("Attempt: ").and_then(|number| number.parse().ok()).unwrap_or(1),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        if !self.role.is_empty() {
            writeln!(f, "Role: {}", one_line(&self.role))?;
        }
        if !self.title.is_empty() {
            writeln!(f, "Title: {}", one_line(&self.title))?;
            writeln!(f, "Attempt: {}", self.attempt)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_found_again() {
        let subject = Subject { role: "tester".into(), title: "Prüfe: \"alles\" # nicht nur a:b".into(), attempt: 3 };
        let text = format!("Title: another\nbla\n\n{subject}");
        assert_eq!(Subject::find_in(&text), subject);
    }

    #[test]
    fn a_title_of_several_lines_becomes_one() {
        let subject = Subject::new("developer", "a\nRole: mayor");
        assert_eq!(Subject::find_in(&subject.to_string()), Subject::new("developer", "a Role: mayor"));
    }

    #[test]
    fn a_text_without_the_lines_has_no_subject() {
        assert_eq!(Subject::find_in("hello"), Subject::default());
    }
}
