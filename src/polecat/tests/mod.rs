mod lost;
mod sandbox;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::*;
use crate::git::testing::Scene;
use crate::git::{Git, Oid, Person};
use crate::id::BeadId;

/// A rig with the worker `toast`, who has no worktree yet.
struct Kennel {
    scene: Scene,
    place: Place,
}

impl Kennel {
    fn new() -> Self {
        let scene = Scene::new();
        let rig = scene.dir.path().join("rig");
        let place = Place {
            repo: scene.bare.clone(),
            worktree: rig.join("polecats/toast"),
            worker: "toast".parse().expect("valid"),
            trash: rig.join("trash"),
            aside: rig.join("aside"),
            registry_lock: rig.join("worktrees.lock"),
            by: Person { name: "gt".into(), email: "gt@example.org".into() },
        };
        Self { scene, place }
    }

    fn spec(&self, attempt: u32) -> Spec {
        let path = self.scene.dir.path().join("rig");
        Spec {
            place: self.place.clone(),
            bead: bead(),
            attempt,
            start: self.scene.tip(),
            furnishing: Furnishing::default(),
            set_up: SetUp {
                commands: Vec::new(),
                inputs: Vec::new(),
                environment: BTreeMap::from([("PATH".to_owned(), std::env::var("PATH").expect("a PATH"))]),
                limit: Duration::from_secs(60),
                log: path.join("logs/setup.log"),
                runs: path.join("run"),
            },
            identity: Identity {
                author: Person { name: "toast".into(), email: "ada@example.org".into() },
                committer: None,
            },
        }
    }

    fn worktree(&self) -> &PathBuf {
        &self.place.worktree
    }

    fn git(&self) -> Git {
        Git::at(self.worktree())
    }

    /// Whether a ref still leads to the object after everything else was forgotten.
    fn reachable(&self) -> std::collections::HashSet<String> {
        let refs = Git::on(&self.place.repo).run(&["for-each-ref", "--format=%(objectname)", "refs/gt"]).expect("refs");
        let input = refs + "\n";
        let listing = Git::on(&self.place.repo).run_with_input(&["rev-list", "--objects", "--stdin"], input.as_bytes());
        listing.expect("readable").lines().map(|line| line[..40].to_owned()).collect()
    }
}

fn bead() -> BeadId {
    "web-x7k2m".parse().expect("valid")
}

fn commit_of(text: &str) -> Option<Oid> {
    text.trim().parse().ok()
}
