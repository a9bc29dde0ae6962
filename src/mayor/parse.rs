//! From an answer to a plan, with errors that a model can mend: every defect at once, each with its place.

use std::fmt;
use std::str::FromStr;

use clap::ValueEnum;
use serde_json::{Map, Value};

use super::find::{NotFound, find};
use super::{Draft, Plan};
use crate::bead::{Kind, lookup};
use crate::id::RoleName;

/// One thing that is wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// Where: `beads[2].needs[0]`; empty for the answer as a whole.
    pub place: String,
    /// What is wrong, and what is right instead.
    pub problem: String,
}

/// Everything that is wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the plan cannot be used: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct Defects(
    /// At least one.
    pub Vec<Defect>,
);

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.is_empty() { f.write_str(&self.problem) } else { write!(f, "{}: {}", self.place, self.problem) }
    }
}

/// Reads the plan in an answer.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse(answer: &str) -> Result<Plan, Defects> {
    let value = find(answer).map_err(|missing| {
        let problem = match missing {
            NotFound::Nothing => "the answer has no JSON object; answer with the plan as one JSON object".to_owned(),
            NotFound::CutOff => "the JSON ends in the middle; answer with the whole object, in fewer words".to_owned(),
            NotFound::Broken(error) => format!("the object is not JSON: {error}"),
        };
        Defects(vec![Defect { place: String::new(), problem }])
    })?;
    let mut defects = Vec::new();
    let plan = read_plan(value, &mut defects);
    if defects.is_empty() { Ok(plan) } else { Err(Defects(defects)) }
}

fn read_plan(value: Value, defects: &mut Vec<Defect>) -> Plan {
    let mut object = Object::new(value, String::new(), defects);
    let title = object.required_text("title");
    let summary = object.text("summary").unwrap_or_default().trim().to_owned();
    let beads = object.take("beads").unwrap_or(Value::Null);
    object.nothing_else();
    let Value::Array(items) = beads else {
        let problem = "it is missing; give an array of beads".to_owned();
        defects.push(Defect { place: "beads".to_owned(), problem });
        return Plan { title, summary, beads: Vec::new() };
    };
    let drafts = items.into_iter().enumerate();
    let beads = drafts.map(|(place, item)| read_draft(item, format!("beads[{place}]"), defects)).collect();
    Plan { title, summary, beads }
}

fn read_draft(value: Value, place: String, defects: &mut Vec<Defect>) -> Draft {
    let mut object = Object::new(value, place, defects);
    let draft = Draft {
        key: object.required_text("key"),
        title: object.required_text("title"),
        description: object.text("description").unwrap_or_default(),
        acceptance: object.text("acceptance").unwrap_or_default(),
        role: object.parsed("role").unwrap_or_else(RoleName::developer),
        kind: object.kind(),
        priority: object.priority(),
        needs: object.texts("needs"),
        touches: object.texts("touches"),
        rig: object.parsed("rig"),
    };
    object.nothing_else();
    draft
}

/// A JSON object whose keys are taken out one by one; `null` counts as absent.
struct Object<'d> {
    fields: Map<String, Value>,
    known: Vec<&'static str>,
    place: String,
    defects: &'d mut Vec<Defect>,
}

impl<'d> Object<'d> {
    fn new(value: Value, place: String, defects: &'d mut Vec<Defect>) -> Self {
        let fields = match value {
            Value::Object(fields) => fields,
            other => {
                let problem = format!("it must be an object, not {}", kind_of(&other));
                defects.push(Defect { place: place.clone(), problem });
                Map::new()
            }
        };
        Self { fields, known: Vec::new(), place, defects }
    }

    fn take(&mut self, key: &'static str) -> Option<Value> {
        self.known.push(key);
        self.fields.remove(key).filter(|value| !value.is_null())
    }

    fn defect(&mut self, key: &str, problem: impl Into<String>) {
        let dot = if self.place.is_empty() { "" } else { "." };
        self.defects.push(Defect { place: format!("{}{dot}{key}", self.place), problem: problem.into() });
    }

    fn text(&mut self, key: &'static str) -> Option<String> {
        match self.take(key)? {
            Value::String(text) => Some(text),
            other => {
                self.defect(key, format!("it must be a string, not {}", kind_of(&other)));
                None
            }
        }
    }

    fn required_text(&mut self, key: &'static str) -> String {
        let before = self.defects.len();
        let text = self.text(key).unwrap_or_default();
        if text.trim().is_empty() && self.defects.len() == before {
            self.defect(key, "it is missing; give a short string");
        }
        text.trim().to_owned()
    }

    fn parsed<T>(&mut self, key: &'static str) -> Option<T>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        let text = self.text(key)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.defect(key, error.to_string());
                None
            }
        }
    }

    fn kind(&mut self) -> Kind {
        let Some(text) = self.text("kind") else { return Kind::Task };
        match Kind::from_str(&text, false).ok().filter(|kind| *kind != Kind::Epic) {
            Some(kind) => kind,
            None => {
                self.defect("kind", format!("{text:?} is none of task, bug, feature, chore"));
                Kind::Task
            }
        }
    }

    fn priority(&mut self) -> u8 {
        let Some(value) = self.take("priority") else { return 2 };
        match value.as_u64().and_then(|number| u8::try_from(number).ok()).filter(|number| *number <= 4) {
            Some(number) => number,
            None => {
                self.defect("priority", format!("{value} is no whole number from 0 (now) to 4 (some day)"));
                2
            }
        }
    }

    fn texts(&mut self, key: &'static str) -> Vec<String> {
        let items = match self.take(key) {
            None => return Vec::new(),
            Some(Value::Array(items)) => items,
            Some(other) => {
                self.defect(key, format!("it must be an array of strings, not {}", kind_of(&other)));
                return Vec::new();
            }
        };
        let mut texts = Vec::new();
        for (place, item) in items.into_iter().enumerate() {
            match item {
                Value::String(text) => texts.push(text),
                other => {
                    self.defect(&format!("{key}[{place}]"), format!("it must be a string, not {}", kind_of(&other)));
                }
            }
        }
        texts
    }

    fn nothing_else(&mut self) {
        let unknown: Vec<String> = self.fields.keys().cloned().collect();
        for key in unknown {
            let nearest = lookup::nearest(&key, self.known.iter().copied());
            let nearest = nearest.map(|word| format!(", nearest is {word:?}")).unwrap_or_default();
            let problem = format!("this key is not in the schema{nearest}; keys are {}", self.known.join(", "));
            self.defect(&key, problem);
        }
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLAN: &str = r#"{"title": "Login", "beads": [{"key": "form", "title": "Add a form", "acceptance": "it shows"},
        {"key": "tests", "title": "Test it", "role": "tester", "kind": "chore", "priority": 1, "needs": ["form"], "rig": "web",
         "touches": ["tests/*"], "description": null}]}"#;

    #[test]
    fn the_plan_is_found_wherever_it_stands() {
        let fenced = format!("Sure! Here {{is}} the plan:\n```json\n{PLAN}\n```\nTell me {{if}} it fits.");
        let second = format!("{{\"note\": \"thinking\"}}\n{PLAN}");
        let braces = format!("fn main() {{ let a = {{}}; }}\n{PLAN}\n}}}}");
        for text in [PLAN, &fenced, &second, &braces] {
            let plan = parse(text).expect(text);
            assert_eq!((plan.beads.len(), plan.beads[1].needs.as_slice()), (2, &["form".to_owned()][..]), "{text}");
            assert_eq!(
                (plan.beads[0].priority, plan.beads[0].role.as_str(), plan.beads[1].kind),
                (2, "developer", Kind::Chore)
            );
        }
    }

    #[test]
    fn every_defect_is_named_with_its_place() {
        let cases = [
            ("I cannot do that.", "the answer has no JSON object; answer with the plan as one JSON object"),
            ("", "the answer has no JSON object; answer with the plan as one JSON object"),
            (&PLAN[..150], "the JSON ends in the middle; answer with the whole object, in fewer words"),
            (
                "{\"title\": \"x\",, \"beads\": []}",
                "the object is not JSON: key must be a string at line 1 column 15, near: {\"title\": \"x\",, \"beads\": []}",
            ),
            ("{\"title\": \"x\"}", "beads: it is missing; give an array of beads"),
            ("{\"title\": \"x\", \"beads\": {}}", "beads: it is missing; give an array of beads"),
            ("{\"beads\": []}", "title: it is missing; give a short string"),
            ("{\"title\": \"x\", \"summary\": 3, \"beads\": []}", "summary: it must be a string, not a number"),
            ("{\"title\": 3, \"beads\": []}", "title: it must be a string, not a number"),
            (
                "{\"title\": \"x\", \"beads\": [3]}",
                "beads[0]: it must be an object, not a number; beads[0].key: it is missing; give a short string; beads[0].title: it is missing; give a short string",
            ),
            (
                r#"{"title": "x", "beads": [{"key": "a", "title": "t", "need": ["b"]}]}"#,
                "beads[0].need: this key is not in the schema, nearest is \"needs\"; keys are key, title, description, acceptance, role, kind, priority, needs, touches, rig",
            ),
            (
                r#"{"title": "x", "beads": [{"key": "a", "title": " ", "kind": "epic", "priority": 7, "needs": ["b", 4], "touches": "src", "role": "The Boss"}]}"#,
                "beads[0].title: it is missing; give a short string; \
                 beads[0].role: \"The Boss\" is not a role: it starts with a letter a-z; \
                 beads[0].kind: \"epic\" is none of task, bug, feature, chore; \
                 beads[0].priority: 7 is no whole number from 0 (now) to 4 (some day); \
                 beads[0].needs[1]: it must be a string, not a number; \
                 beads[0].touches: it must be an array of strings, not a string",
            ),
        ];
        for (text, expected) in cases {
            let error = parse(text).expect_err(text).to_string();
            assert_eq!(error.strip_prefix("the plan cannot be used: "), Some(expected), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_answer_makes_the_reader_fall_over(text in any::<String>(), cut in 0..PLAN.len()) {
            let _ = parse(&text);
            prop_assert!(parse(&PLAN[..cut]).is_err());
            let _ = parse(&format!("{}{text}{}", &PLAN[..cut], &PLAN[cut..]));
        }

        #[test]
        fn a_plan_survives_prose_around_it(before in "[^{\"]*", after in any::<String>()) {
            prop_assert_eq!(parse(&format!("{before}{PLAN}{after}")), parse(PLAN));
        }
    }
}
