//! Which beads a person asked for.

use std::collections::BTreeSet;

use super::{Bead, Kind, Status, lookup, word};
use crate::id::{BeadId, Prefix, RoleName, WorkerRef};

/// What a bead must have. An empty part asks for nothing; a part with several values asks for any of them,
/// except labels, which are asked for all at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// One of these.
    pub statuses: BTreeSet<Status>,
    /// One of these prefixes, by which rigs are meant.
    pub prefixes: BTreeSet<Prefix>,
    /// All of these.
    pub labels: BTreeSet<String>,
    /// One of these.
    pub roles: BTreeSet<RoleName>,
    /// Held by one of these.
    pub assignees: BTreeSet<WorkerRef>,
    /// One of these.
    pub kinds: BTreeSet<Kind>,
    /// Each of these words somewhere in id, title, description, acceptance or labels, in any case.
    pub text: Option<String>,
    /// Directly below this bead.
    pub parent: Option<BeadId>,
}

/// A value that no bead has, so that the answer would be empty by mistake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no bead has the {field} {value:?}{}", .nearest.as_ref().map(|word| format!("; nearest is {word:?}")).unwrap_or_default())]
pub struct UnknownValue {
    /// What was filtered by.
    pub field: &'static str,
    /// The value.
    pub value: String,
    /// The value that was most likely meant.
    pub nearest: Option<String>,
}

impl Filter {
    /// Whether `bead` has everything.
    pub fn matches(&self, bead: &Bead) -> bool {
        any(&self.statuses, &bead.status())
            && (self.prefixes.is_empty() || self.prefixes.contains(&bead.id.prefix()))
            && self.labels.is_subset(&bead.labels)
            && any(&self.roles, &bead.role)
            && (self.assignees.is_empty() || bead.claim().is_some_and(|claim| self.assignees.contains(&claim.assignee)))
            && any(&self.kinds, &bead.kind)
            && self.text.as_ref().is_none_or(|text| has_words(bead, text))
            && self.parent.as_ref().is_none_or(|parent| bead.parent.as_ref() == Some(parent))
    }

    /// Checks free values against all beads: a label, role or parent that no bead has is a mistake, and an
    /// empty list would hide it. Workers and rigs are known elsewhere, and may be without beads.
    ///
    /// # Errors
    /// The first such value.
    pub fn check<'b>(&self, beads: impl IntoIterator<Item = &'b Bead>) -> Result<(), UnknownValue> {
        if self.labels.is_empty() && self.roles.is_empty() && self.parent.is_none() {
            return Ok(());
        }
        let (mut labels, mut roles, mut ids) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for bead in beads {
            labels.extend(bead.labels.iter().map(String::as_str));
            roles.insert(bead.role.as_str());
            ids.insert(bead.id.as_str());
        }
        self.labels.iter().try_for_each(|label| known("label", label, &labels))?;
        self.roles.iter().try_for_each(|role| known("role", role.as_str(), &roles))?;
        self.parent.iter().try_for_each(|parent| known("id", parent.as_str(), &ids))
    }
}

fn known(field: &'static str, value: &str, all: &BTreeSet<&str>) -> Result<(), UnknownValue> {
    if all.contains(value) {
        return Ok(());
    }
    let nearest = lookup::nearest(value, all.iter().copied()).map(str::to_owned);
    Err(UnknownValue { field, value: value.to_owned(), nearest })
}

fn any<T: Ord>(wanted: &BTreeSet<T>, value: &T) -> bool {
    wanted.is_empty() || wanted.contains(value)
}

fn has_words(bead: &Bead, text: &str) -> bool {
    let parts =
        [bead.id.as_str(), &bead.title, &bead.description, &bead.acceptance, &word(bead.kind)].map(str::to_lowercase);
    let labels: Vec<String> = bead.labels.iter().map(|label| label.to_lowercase()).collect();
    let hay = || parts.iter().chain(&labels);
    text.to_lowercase().split_whitespace().all(|wanted| hay().any(|part| part.contains(wanted)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bead::sample::{bead, claim, id, worker};
    use crate::bead::{State, Status};

    fn login() -> Bead {
        let mut bead = bead("abcde");
        bead.title = "Add Login".to_owned();
        bead.labels = ["auth", "web"].map(str::to_owned).into();
        bead.parent = Some(id("eeeee"));
        bead.state = State::Hooked(claim("toast"));
        bead
    }

    fn all(change: impl FnOnce(&mut Filter)) -> Filter {
        let mut filter = Filter::default();
        change(&mut filter);
        filter
    }

    #[test]
    fn each_part_lets_through_and_keeps_out() {
        let cases = [
            ("nothing", all(|_| {}), true),
            ("status", all(|f| f.statuses = [Status::Hooked, Status::Open].into()), true),
            ("other status", all(|f| f.statuses = [Status::Closed].into()), false),
            ("prefix", all(|f| f.prefixes = ["web".parse().expect("valid")].into()), true),
            ("other prefix", all(|f| f.prefixes = ["api".parse().expect("valid")].into()), false),
            ("both labels", all(|f| f.labels = ["auth", "web"].map(str::to_owned).into()), true),
            ("one label too many", all(|f| f.labels = ["auth", "ui"].map(str::to_owned).into()), false),
            ("role", all(|f| f.roles = [RoleName::developer()].into()), true),
            ("other role", all(|f| f.roles = ["tester".parse().expect("valid")].into()), false),
            ("assignee", all(|f| f.assignees = [worker("toast")].into()), true),
            ("other assignee", all(|f| f.assignees = [worker("nux")].into()), false),
            ("kind", all(|f| f.kinds = [Kind::Task].into()), true),
            ("other kind", all(|f| f.kinds = [Kind::Bug].into()), false),
            ("words in any order and case", all(|f| f.text = Some("LOGIN auth".to_owned())), true),
            ("a word that is not there", all(|f| f.text = Some("login logout".to_owned())), false),
            ("parent", all(|f| f.parent = Some(id("eeeee"))), true),
            ("other parent", all(|f| f.parent = Some(id("fffff"))), false),
        ];
        for (what, filter, expected) in cases {
            assert_eq!(filter.matches(&login()), expected, "{what}");
        }
    }

    #[test]
    fn a_value_that_no_bead_has_is_a_mistake() {
        let mut epic = bead("eeeee");
        epic.role = "architect".parse().expect("valid");
        let beads = [login(), epic];
        let text = |filter: Filter| filter.check(&beads).map_err(|unknown| unknown.to_string());
        assert_eq!(text(all(|f| f.labels = ["auth".to_owned()].into())), Ok(()));
        assert_eq!(text(all(|f| f.parent = Some(id("eeeee")))), Ok(()));
        let label = text(all(|f| f.labels = ["auht".to_owned()].into()));
        assert_eq!(label, Err("no bead has the label \"auht\"; nearest is \"auth\"".to_owned()));
        let role = text(all(|f| f.roles = ["architekt".parse().expect("valid")].into()));
        assert_eq!(role, Err("no bead has the role \"architekt\"; nearest is \"architect\"".to_owned()));
        assert_eq!(
            text(all(|f| f.labels = ["zzz".to_owned()].into())),
            Err("no bead has the label \"zzz\"".to_owned())
        );
    }
}
