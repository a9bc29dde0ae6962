//! JavaScript and TypeScript: npm, pnpm, yarn, bun, Deno.

use serde_json::Value;

use super::facts::{Facts, Found};

/// A package manager, the lock files that give it away, and its commands.
struct Manager {
    name: &'static str,
    locks: &'static [&'static str],
    install: &'static str,
    test: &'static str,
}

const MANAGERS: &[Manager] = &[
    Manager { name: "pnpm", locks: &["pnpm-lock.yaml"], install: "pnpm install --frozen-lockfile", test: "pnpm test" },
    Manager { name: "yarn", locks: &["yarn.lock"], install: "yarn install --frozen-lockfile", test: "yarn test" },
    Manager {
        name: "bun",
        locks: &["bun.lock", "bun.lockb"],
        install: "bun install --frozen-lockfile",
        test: "bun run test",
    },
    Manager { name: "npm", locks: &["package-lock.json", "npm-shrinkwrap.json"], install: "npm ci", test: "npm test" },
];

/// What `npm init` writes where a test belongs.
const PLACEHOLDER: &str = "no test specified";

pub(super) fn node(facts: &Facts<'_>) -> Option<Found> {
    const MANIFEST: &str = "package.json";
    if !facts.has(MANIFEST) {
        return None;
    }
    let manifest: Value = serde_json::from_str(&facts.text(MANIFEST)).unwrap_or_default();
    let locked = MANAGERS.iter().find_map(|manager| Some((manager, facts.first(manager.locks)?)));
    let named = manifest["packageManager"].as_str().and_then(|text| text.split('@').next());
    let manager = locked
        .map(|(manager, _)| manager)
        .or_else(|| MANAGERS.iter().find(|manager| Some(manager.name) == named))
        .or(MANAGERS.last())
        .expect("there are package managers");
    let mut found = match locked {
        Some((_, lock)) => {
            let frozen = if manager.name == "yarn" && facts.has(".yarnrc.yml") {
                "yarn install --immutable"
            } else {
                manager.install
            };
            Found::by(&[MANIFEST, lock]).setup(frozen, &[MANIFEST, lock]).keep(&["node_modules"])
        }
        None if has_dependencies(&manifest) => {
            let install = match manager.name {
                "npm" => "npm install --no-package-lock".to_owned(),
                name => format!("{name} install"),
            };
            Found::by(&[MANIFEST]).setup(install, &[MANIFEST]).keep(&["node_modules"])
        }
        None => Found::by(&[MANIFEST]),
    };
    match manifest["scripts"]["test"].as_str() {
        Some(script) if !script.contains(PLACEHOLDER) => found = found.gate("npm-test", manager.test),
        Some(_) => found.reason.push_str(", with a placeholder for a test script"),
        None => found.reason.push_str(", without a test script"),
    }
    Some(found)
}

fn has_dependencies(manifest: &Value) -> bool {
    ["dependencies", "devDependencies", "workspaces"]
        .iter()
        .any(|key| manifest[key].as_object().is_some_and(|map| !map.is_empty()) || manifest[key].is_array())
}

pub(super) fn deno(facts: &Facts<'_>) -> Option<Found> {
    let manifest = facts.first(&["deno.json", "deno.jsonc"])?;
    let parsed: Value = serde_json::from_str(&facts.text(manifest)).unwrap_or_default();
    let run = if parsed["tasks"]["test"].is_null() { "deno test" } else { "deno task test" };
    Some(Found::by(&[manifest]).gate("deno-test", run))
}
