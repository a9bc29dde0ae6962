//! What `gt prime` says to each role about a bead as they really are.

use std::path::Path;

use crate::support::{Ran, TestTown};

/// The most that it may say, in bytes.
const LIMIT: usize = 6_000;

const DESCRIPTION: &str = "People sign in with name and password. Sessions live in a signed cookie for a day; \
    see src/session.rs for how the API does it, and keep both in step. ";
const LOG: &str = "test login_with_wrong_password ... FAILED\nassertion failed: left 500, right 401\n";

/// A town with one bead for each role, each with all that a bead gathers.
struct Busy {
    town: TestTown,
    beads: Vec<(String, String)>,
}

impl Busy {
    fn new() -> Self {
        let (town, _project) = TestTown::with_rig();
        for (key, value) in [("runtime", "process"), ("auto_merge", "false"), ("attempts", "9"), ("capacity", "20")] {
            town.gt(["config", "set", key, value]).succeeds();
        }
        town.work_with("idles");
        town.gt(["remember", "--rig", "web", "The API answers in UTC."]).succeeds();
        town.gt(["remember", "Every file begins with the licence."]).succeeds();
        let new = |title: &str, more: &[&str]| -> String {
            town.json([&["new", title, "--rig", "web"], more].concat())["id"].as_str().expect("an id").to_owned()
        };
        let needs: Vec<String> = (1..=5).map(|number| new(&format!("Part {number} of the store"), &[])).collect();
        for id in &needs {
            let result = format!("result = \"\"\"\n{}\"\"\"\n", "argon2id, because it is memory-hard.\n".repeat(12));
            let closed = format!("status = \"closed\"\nclosed_as = \"done\"\nclosed = 2026-11-20T08:00:00Z\n{result}");
            becomes(&town, id, |text| text.replace("status = \"open\"\n", &closed));
        }
        let roles = ["developer", "tester", "reviewer", "architect", "debugger", "documenter", "devops"];
        let beads = roles.map(|role| {
            let description = DESCRIPTION.repeat(24);
            let mut more =
                vec!["--role", role, "--description", &description, "--acceptance", "POST /login answers 401."];
            needs.iter().for_each(|need| more.extend(["--needs", need]));
            let id = new(&format!("Add login, as {role}"), &more);
            let attempts: String = (1..=3)
                .map(|number| {
                    format!(
                        "\n[[attempts]]\nnumber = {number}\noutcome = \"bounced\"\nreason = '''\n{}'''\n",
                        LOG.repeat(20)
                    )
                })
                .collect();
            becomes(&town, &id, |text| text + &attempts);
            town.gt(["bead", "note", &id, &"The designer wants the round button. ".repeat(20)]).succeeds();
            town.gt(["sling", &id, &format!("web/w-{role}")]).succeeds();
            for number in 1..=7 {
                town.gt(["mail", "send", &id, &format!("Word {number}: the API moved to /v2"), "-m", "Long text."])
                    .succeeds();
            }
            (role.to_owned(), id)
        });
        Self { town, beads: beads.into() }
    }

    fn prime(&self, folder: &Path) -> Ran {
        let ran = self.town.command(["prime"]).current_dir(folder).run().succeeds();
        assert!(ran.stdout.len() <= LIMIT, "{} bytes:\n{}", ran.stdout.len(), ran.stdout);
        ran
    }
}

fn file(id: &str) -> String {
    let (prefix, suffix) = id.split_once('-').expect("an id");
    format!("beads/{prefix}/{}/{id}.toml", &suffix[..2])
}

/// Writes the state of a bead as a verb of `gt` would have, and commits it.
fn becomes(town: &TestTown, id: &str, change: impl FnOnce(String) -> String) {
    let text = town.read(&file(id)).expect("projected");
    town.write(&file(id), &change(text));
    town.git(&["commit", "-qam", "as a verb would"]);
}

#[test]
fn every_role_is_told_in_six_kilobytes_what_it_needs_about_a_bead_with_a_past() {
    let busy = Busy::new();
    for (role, id) in &busy.beads {
        let ran = busy.prime(&busy.town.root.join(format!("rigs/web/polecats/w-{role}")));
        ran.says(&[
            &format!("You are web/w-{role}, {role} in the rig web"),
            &format!("Your bead: {id}: Add login, as {role}"),
            "attempt 4 of 9",
            "People sign in with name and password.",
            "POST /login answers 401.",
            "Part 1 of the store",
            "argon2id",
            "do not repeat what failed",
            "right 401",
            "The designer wants the round button",
            ": the API moved to /v2 (from human): `gt mail read ml-",
            "more unread: `gt mail inbox`",
            "Attempt 1: bounced",
            "Attempt 3: bounced",
            "The API answers in UTC.",
            "test: `./test.sh`",
            "`gt done`",
            &format!("`gt show {id}`"),
        ]);
    }
}

#[test]
fn crew_and_the_mayor_are_told_where_they_are_and_what_waits_for_them() {
    let busy = Busy::new();
    let town = &busy.town;
    town.gt(["crew", "add", "ada"]).succeeds();
    for who in ["ada", "mayor"] {
        town.gt(["mail", "send", who, "Look at the queue"]).succeeds();
    }
    let ran = busy.prime(&town.root.join("rigs/web/crew/ada"));
    ran.says(&[
        "companion of ada",
        "Look at the queue (from human)",
        "The API answers in UTC.",
        "begins with the licence",
    ]);
    let ran = town.command(["prime"]).variable("GT_WORKER", "mayor").run().succeeds();
    assert!(ran.stdout.len() <= LIMIT, "{}", ran.stdout);
    let ran = ran.says(&[
        "mayor of the town",
        "web: target main",
        "Look at the queue (from human)",
        "begins with the licence",
    ]);
    assert!(!ran.stdout.contains("The API answers in UTC."), "what one rig's workers should know is not the mayor's");
}
