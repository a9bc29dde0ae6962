//! From a plan to beads.

use std::collections::BTreeMap;

use super::{Draft, Plan};
use crate::bead::{Bead, Kind};
use crate::clock::Timestamp;
use crate::id::BeadId;

impl Plan {
    /// The beads of a plan that passed its check: the epic, if one is wanted, and then a bead for each draft, in
    /// the plan's order. `ids` has the id of every key; drafts whose key it lacks are left out, and so are needs
    /// that are neither a key nor an id.
    pub fn to_beads(
        &self,
        ids: &BTreeMap<String, BeadId>,
        epic: Option<&BeadId>,
        goal: &str,
        now: Timestamp,
    ) -> Vec<Bead> {
        let epic_bead = epic.map(|id| {
            let mut bead = Bead::new(id.clone(), &self.title, now);
            bead.kind = Kind::Epic;
            bead.description = [goal, &self.summary].map(str::trim).join("\n\n").trim().to_owned();
            bead
        });
        let drafts = self.beads.iter().filter_map(|draft| {
            let mut bead = draft.to_bead(ids.get(&draft.key)?.clone(), ids, now);
            bead.parent = epic.cloned();
            Some(bead)
        });
        epic_bead.into_iter().chain(drafts).collect()
    }
}

impl Draft {
    fn to_bead(&self, id: BeadId, ids: &BTreeMap<String, BeadId>, now: Timestamp) -> Bead {
        let mut bead = Bead::new(id, &self.title, now);
        bead.description.clone_from(&self.description);
        bead.acceptance.clone_from(&self.acceptance);
        bead.role.clone_from(&self.role);
        (bead.kind, bead.priority) = (self.kind, self.priority);
        bead.touches.clone_from(&self.touches);
        bead.needs =
            self.needs.iter().filter_map(|need| ids.get(need).cloned().or_else(|| need.parse().ok())).collect();
        bead
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bead::graph::Graph;
    use crate::bead::sample::{at, id};
    use crate::mayor::parse;

    #[test]
    fn a_plan_becomes_an_epic_with_children() {
        let text = r#"{"title": "Login", "summary": "A form, then its test.", "beads": [
            {"key": "form", "title": "Add a form", "acceptance": "it shows", "touches": ["src/*"], "priority": 1},
            {"key": "test", "title": "Test it", "role": "tester", "needs": ["form", "web-zzzzz"]}]}"#;
        let plan = parse(text).expect("well formed");
        let ids = [("form", "ffff"), ("test", "tttt")].map(|(key, suffix)| (key.to_owned(), id(suffix))).into();
        let beads = plan.to_beads(&ids, Some(&id("eeee")), "Add login with tests", at(0));
        assert_eq!(
            (beads[0].kind, beads[0].title.as_str(), beads[0].description.as_str()),
            (Kind::Epic, "Login", "Add login with tests\n\nA form, then its test.")
        );
        assert_eq!(
            (beads[1].priority, &beads[1].touches, &beads[1].parent),
            (1, &vec!["src/*".to_owned()], &Some(id("eeee")))
        );
        assert_eq!((beads[2].role.as_str(), &beads[2].needs), ("tester", &[id("ffff"), id("zzzzz")].into()));
        assert_eq!(Graph::of(&beads).cycles(), []);
        assert_eq!(plan.to_beads(&ids, None, "", at(0)).len(), 2);
    }
}
