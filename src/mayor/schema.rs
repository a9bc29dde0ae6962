//! What the prompt says about the form of a plan.

use serde_json::{Value, json};

use crate::id::{RigName, RoleName};

/// The JSON schema of a plan, with the roles and rigs of this town.
pub fn schema<'n>(
    roles: impl IntoIterator<Item = &'n RoleName>,
    rigs: impl IntoIterator<Item = &'n RigName>,
) -> String {
    let roles: Vec<&str> = roles.into_iter().map(RoleName::as_str).collect();
    let rigs: Vec<&str> = rigs.into_iter().map(RigName::as_str).collect();
    let text = |meaning: &str| json!({"type": "string", "description": meaning});
    let texts = |meaning: &str| json!({"type": "array", "items": {"type": "string"}, "description": meaning});
    let bead = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["key", "title", "description", "acceptance"],
        "properties": {
            "key": text("a short name, unique in the plan, by which other beads need this one"),
            "title": text("one line in the imperative"),
            "description": text("what is to be done and why; all that a worker must know who sees nothing else"),
            "acceptance": text("how one sees that it is done; what can be run or looked at"),
            "role": {"type": "string", "enum": roles, "description": "who does it; developer when left out"},
            "kind": {"type": "string", "enum": ["task", "bug", "feature", "chore"]},
            "priority": {"type": "integer", "minimum": 0, "maximum": 4, "description": "0 now, 2 usual, 4 some day"},
            "needs": texts("keys of beads of this plan, or ids of open beads, that must be merged before this one starts"),
            "touches": texts("path globs of the files that it will change"),
            "rig": {"type": "string", "enum": rigs, "description": "where it is done; left out for the rig of the goal"},
        },
    });
    let plan: Value = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["title", "beads"],
        "properties": {
            "title": text("the goal in one line"),
            "summary": text("how the beads together reach the goal"),
            "beads": {"type": "array", "minItems": 1, "items": bead},
        },
    });
    serde_json::to_string_pretty(&plan).expect("a value of strings is JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mayor::parse;

    #[test]
    fn the_schema_names_what_the_reader_knows() {
        let roles = ["developer", "tester"].map(|role| role.parse().expect("valid"));
        let rigs = ["web"].map(|rig| rig.parse().expect("valid"));
        let schema: Value = serde_json::from_str(&schema(&roles, &rigs)).expect("JSON");
        let bead = &schema["properties"]["beads"]["items"]["properties"];
        assert_eq!((&bead["role"]["enum"], &bead["rig"]["enum"]), (&json!(["developer", "tester"]), &json!(["web"])));
        let error = parse("{\"title\": \"x\", \"beads\": [{\"key\": \"k\", \"title\": \"t\", \"zzzzzz\": 1}]}")
            .expect_err("unknown key");
        let known: Vec<&str> = bead.as_object().expect("object").keys().map(String::as_str).collect();
        assert!(error.to_string().ends_with(&format!("keys are {}", known.join(", "))), "{error}");
    }
}
