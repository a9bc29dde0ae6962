//! What is wrong with a plan that is well formed.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Draft, Plan};
use crate::bead::lookup;
use crate::bead::similar::Words;
use crate::id::{BeadId, RigName, RoleName};

/// What a plan is checked against.
#[derive(Debug)]
pub struct Facts<'f> {
    /// Every rig that is not parked.
    pub rigs: BTreeSet<RigName>,
    /// The rig of the plan, for beads that name none.
    pub rig: Option<RigName>,
    /// Every role that has a template.
    pub roles: BTreeSet<RoleName>,
    /// Every bead that exists, so that a plan may need it.
    pub beads: &'f BTreeSet<BeadId>,
    /// The words of beads that are not closed.
    pub words: &'f Words<'f>,
    /// The most beads of one plan.
    pub limit: usize,
}

/// Something to say about a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Whether the plan can be used all the same.
    pub weight: Weight,
    /// The key of the bead that it is about; `None` for the plan as a whole.
    pub key: Option<String>,
    /// What is wrong, and what is right instead.
    pub text: String,
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// The plan cannot be used.
    Error,
    /// A person should look at it.
    Warning,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.key {
            Some(key) => write!(f, "bead {key:?}: {}", self.text),
            None => f.write_str(&self.text),
        }
    }
}

/// Everything to say about a plan, errors first.
pub fn check(plan: &Plan, facts: &Facts<'_>) -> Vec<Finding> {
    let mut checker = Checker { plan, facts, findings: Vec::new() };
    checker.whole();
    plan.beads.iter().for_each(|draft| checker.draft(draft));
    if plan.beads.len() <= facts.limit {
        checker.cycle();
        checker.duplicates();
    }
    let mut findings = checker.findings;
    findings.sort_by_key(|finding| finding.weight == Weight::Warning);
    findings
}

struct Checker<'c> {
    plan: &'c Plan,
    facts: &'c Facts<'c>,
    findings: Vec<Finding>,
}

impl Checker<'_> {
    fn say(&mut self, weight: Weight, key: Option<&str>, text: impl Into<String>) {
        self.findings.push(Finding { weight, key: key.map(str::to_owned), text: text.into() });
    }

    fn error(&mut self, draft: &Draft, text: impl Into<String>) {
        self.say(Weight::Error, Some(&draft.key), text);
    }

    fn whole(&mut self) {
        let (count, limit) = (self.plan.beads.len(), self.facts.limit);
        if count == 0 {
            self.say(Weight::Error, None, "the plan has no beads; give at least one");
        }
        if count > limit {
            let text = format!("the plan has {count} beads, and at most {limit} are allowed; join small ones");
            self.say(Weight::Error, None, text);
        }
        let mut seen = BTreeSet::new();
        let doubled: BTreeSet<&str> =
            self.plan.beads.iter().map(|draft| draft.key.as_str()).filter(|key| !seen.insert(*key)).collect();
        for key in doubled {
            self.say(Weight::Error, Some(key), "several beads have this key; give each its own");
        }
    }

    fn draft(&mut self, draft: &Draft) {
        if draft.acceptance.trim().is_empty() {
            self.error(draft, "it has no acceptance; say how one sees that it is done");
        }
        if !self.facts.roles.contains(&draft.role) {
            let text = unknown("role", draft.role.as_str(), self.facts.roles.iter().map(RoleName::as_str));
            self.error(draft, text);
        }
        match draft.rig.as_ref().or(self.facts.rig.as_ref()) {
            None => self.error(draft, "it names no rig, and the plan has none; name one"),
            Some(rig) if !self.facts.rigs.contains(rig) => {
                self.error(draft, unknown("rig", rig.as_str(), self.facts.rigs.iter().map(RigName::as_str)));
            }
            Some(_) => {}
        }
        for need in &draft.needs {
            self.need(draft, need);
        }
    }

    fn need(&mut self, draft: &Draft, need: &str) {
        let keys = || self.plan.beads.iter().map(|other| other.key.as_str());
        let exists = need.parse::<BeadId>().is_ok_and(|id| self.facts.beads.contains(&id));
        if !exists && !keys().any(|key| key == need) {
            let text = unknown("need", need, keys().filter(|key| *key != draft.key));
            self.error(draft, text);
        }
    }

    /// Names the first cycle; with it mended, another check finds the next.
    fn cycle(&mut self) {
        let by_key: BTreeMap<&str, &Draft> = self.plan.beads.iter().map(|draft| (draft.key.as_str(), draft)).collect();
        let mut over = BTreeSet::new();
        for start in by_key.keys() {
            let mut path = Vec::new();
            if walk(start, &by_key, &mut path, &mut over) {
                let text = format!("these beads need each other in a circle: {}", path.join(" needs "));
                self.say(Weight::Error, None, text);
                return;
            }
        }
    }

    fn duplicates(&mut self) {
        for draft in &self.plan.beads {
            for similar in self.facts.words.like(&draft.title, &draft.description, None).into_iter().take(3) {
                let text = format!("it is likely the same as {}: {}", similar.id, similar.title);
                self.say(Weight::Warning, Some(&draft.key), text);
            }
        }
    }
}

/// Follows needs; true when they lead back, and then `path` is the circle.
fn walk<'p>(
    key: &'p str,
    by_key: &BTreeMap<&str, &'p Draft>,
    path: &mut Vec<&'p str>,
    over: &mut BTreeSet<&'p str>,
) -> bool {
    if let Some(begin) = path.iter().position(|seen| *seen == key) {
        path.drain(..begin);
        path.push(key);
        return true;
    }
    let Some(draft) = by_key.get(key).filter(|_| !over.contains(key)) else { return false };
    path.push(key);
    if draft.needs.iter().any(|need| walk(need, by_key, path, over)) {
        return true;
    }
    path.pop();
    over.insert(key);
    false
}

fn unknown<'k>(what: &str, value: &str, known: impl Iterator<Item = &'k str>) -> String {
    let known: Vec<&str> = known.collect();
    let nearest = lookup::nearest(value, known.iter().copied());
    let nearest = nearest.map(|word| format!(", nearest is {word:?}")).unwrap_or_default();
    let list = if known.is_empty() { String::new() } else { format!("; known are {}", known.join(", ")) };
    format!("unknown {what} {value:?}{nearest}{list}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bead::sample::bead;
    use crate::mayor::parse;

    /// A plan by a small language: `a` a bead, `a:b,c` needs b and c.
    fn plan(text: &str) -> Plan {
        let beads: Vec<serde_json::Value> = text
            .split_whitespace()
            .map(|word| {
                let (key, needs) = word.split_once(':').unwrap_or((word, ""));
                let needs: Vec<&str> = needs.split(',').filter(|need| !need.is_empty()).collect();
                serde_json::json!({"key": key, "title": format!("Do {key}"), "acceptance": "seen", "needs": needs})
            })
            .collect();
        parse(&serde_json::json!({"title": "x", "beads": beads}).to_string()).expect("well formed")
    }

    fn findings(plan: &Plan) -> Vec<String> {
        let mut there = bead("abcde");
        there.title = "Add the login page".to_owned();
        let open = [there];
        let facts = Facts {
            rigs: ["web".parse().expect("valid")].into(),
            rig: Some("web".parse().expect("valid")),
            roles: ["developer", "tester"].map(|role| role.parse().expect("valid")).into(),
            beads: &open.iter().map(|bead| bead.id.clone()).collect(),
            words: &Words::of(&open),
            limit: 4,
        };
        let show = |finding: &Finding| format!("{:?} {finding}", finding.weight);
        check(plan, &facts).iter().map(show).collect()
    }

    #[test]
    fn each_fault_of_a_plan_is_named() {
        type Case<'c> = (&'c str, &'c dyn Fn(&mut Plan), &'c [&'c str]);
        let cases: [Case<'_>; 11] = [
            ("a b:a c:a,b", &|_| {}, &[]),
            ("a:web-abcde", &|_| {}, &[]),
            ("", &|_| {}, &["Error the plan has no beads; give at least one"]),
            ("a b c d e", &|_| {}, &["Error the plan has 5 beads, and at most 4 are allowed; join small ones"]),
            ("a a", &|_| {}, &["Error bead \"a\": several beads have this key; give each its own"]),
            ("form b:from", &|_| {}, &["Error bead \"b\": unknown need \"from\", nearest is \"form\"; known are form"]),
            ("a:web-zzzzz", &|_| {}, &["Error bead \"a\": unknown need \"web-zzzzz\""]),
            ("a:b b:c c:b", &|_| {}, &["Error these beads need each other in a circle: b needs c needs b"]),
            ("a:a", &|_| {}, &["Error these beads need each other in a circle: a needs a"]),
            (
                "a",
                &|plan| {
                    plan.beads[0].acceptance.clear();
                    plan.beads[0].role = "testr".parse().expect("valid");
                    plan.beads[0].rig = Some("wob".parse().expect("valid"));
                },
                &[
                    "Error bead \"a\": it has no acceptance; say how one sees that it is done",
                    "Error bead \"a\": unknown role \"testr\", nearest is \"tester\"; known are developer, tester",
                    "Error bead \"a\": unknown rig \"wob\", nearest is \"web\"; known are web",
                ],
            ),
            (
                "a b:x",
                &|plan| plan.beads[0].title = "Add a login page".to_owned(),
                &[
                    "Error bead \"b\": unknown need \"x\", nearest is \"a\"; known are a",
                    "Warning bead \"a\": it is likely the same as web-abcde: Add the login page",
                ],
            ),
        ];
        for (text, change, expected) in cases {
            let mut plan = plan(text);
            change(&mut plan);
            assert_eq!(findings(&plan), expected, "{text}");
        }
    }
}
