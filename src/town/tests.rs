//! The town through its public face, with real folders.

mod settings;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use proptest::prelude::*;
use tempfile::TempDir;

use super::config::{self, File};
use super::*;
use crate::error::Failure;
use crate::id::{Prefix, RigName, RoleName, WorkerRef};

const WEB: &str = "name = \"web\"\nprefix = \"web\"\nurl = \"/srv/web\"\nbranch = \"main\"\nattempts = 7\n";

/// A folder that looks like a town, and the guard that removes it.
fn town(town_toml: &str) -> (TempDir, Town) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path().join("t");
    fs::create_dir_all(root.join(".git/gt")).expect("writable");
    fs::create_dir_all(root.join("rigs.d")).expect("writable");
    put(&root, ".git/HEAD", "ref: refs/heads/main\n");
    put(&root, "town.toml", town_toml);
    (folder, Town::at(root))
}

#[expect(clippy::disallowed_methods, reason = "a fixture need not survive a crash")]
fn put(root: &Path, name: &str, text: &str) {
    fs::write(root.join(name), text).expect("writable");
}

fn rig(name: &str) -> RigName {
    name.parse().expect("valid")
}

/// What the person would read.
fn told(error: TownError) -> String {
    let failure = Failure::from(error);
    std::iter::once(failure.full_message()).chain(failure.hints).collect::<Vec<_>>().join(" / ")
}

#[test]
fn a_town_is_found_from_everywhere_inside_of_it() {
    let (_guard, town) = town("");
    let worktree = town.root.join("rigs/web/polecats/toast/src");
    fs::create_dir_all(&worktree).expect("writable");
    // A worktree has a .git file, and a project may have a town.toml of its own.
    put(&town.root, "rigs/web/polecats/toast/.git", "gitdir: elsewhere");
    put(&town.root, "rigs/web/polecats/toast/town.toml", "");
    for start in [&town.root, &town.root.join("rigs.d"), &worktree, &worktree.join("not/yet/there")] {
        assert_eq!(Town::above(start).expect("inside of a town"), town, "{}", start.display());
    }
}

#[test]
fn outside_of_a_town_the_next_step_is_said() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let told = told(Town::above(folder.path()).expect_err("no town"));
    assert!(told.contains("is not in a town") && told.contains("gt init PATH"), "{told}");
    put(folder.path(), "town.toml", "");
    assert!(Town::above(folder.path()).is_err(), "town.toml alone makes no town");
    assert!(matches!(
        Town::named(folder.path()),
        Err(TownError::VariableIsNoTown { reason: "it has no .git folder", .. })
    ));
}

#[test]
fn a_town_within_a_town_is_refused() {
    let (_guard, town) = town("");
    assert!(matches!(may_become_town(&town.root), Err(TownError::AlreadyTown { .. })));
    assert!(matches!(may_become_town(&town.root.join("a/b")), Err(TownError::NestedTown { .. })));
    let beside = town.root.parent().expect("it has one").join("other");
    assert!(may_become_town(&beside).is_ok());
}

#[test]
fn a_head_elsewhere_is_named_with_the_branch_it_should_be_on() {
    let (_guard, town) = town("");
    assert!(town.check_head("main").is_ok());
    let on_branch = told(town.check_head("ledger").expect_err("elsewhere"));
    assert!(on_branch.contains("is on branch main, but its branch is ledger"), "{on_branch}");
    put(&town.root, ".git/HEAD", "0123456789abcdef0123456789abcdef01234567\n");
    let detached = told(town.check_head("main").expect_err("detached"));
    assert!(detached.contains("detached at 0123456789ab") && detached.contains("checkout main"), "{detached}");
}

#[test]
fn a_path_in_a_worktree_names_its_worker() {
    let (guard, town) = town("");
    let toast: WorkerRef = "web/polecats/toast".parse().expect("valid");
    let ada: WorkerRef = "web/crew/ada".parse().expect("valid");
    fs::create_dir_all(town.worktree(&toast).join("src")).expect("writable");
    assert_eq!(town.worker_of(&town.worktree(&toast).join("src")), Some(toast.clone()));
    assert_eq!(town.worker_of(&town.worktree(&ada)), Some(ada));
    let link = guard.path().join("link");
    symlink(town.worktree(&toast), &link).expect("writable");
    assert_eq!(town.worker_of(&link.join("src")), Some(toast));
    for path in ["", "rigs", "rigs/web", "rigs/web/polecats", "rigs/web/refinery/merge", "rigs/Web/polecats/toast"] {
        assert_eq!(town.worker_of(&town.root.join(path)), None, "{path}");
    }
    assert_eq!(town.rig_of(&town.refinery_worktree(&rig("web"), "merge")), Some(rig("web")));
}

#[test]
fn sockets_lie_in_the_town_while_their_path_is_short() {
    let (_guard, town) = town("");
    let near = town.socket_path("tmux").expect("writable");
    assert_eq!(near, town.run_dir().join("tmux"));
}

#[test]
fn a_long_root_gets_a_private_folder_elsewhere_always_the_same() {
    let guard = tempfile::tempdir().expect("a temporary folder");
    let root = guard.path().join("x".repeat(120));
    fs::create_dir_all(&root).expect("writable");
    let town = Town::at(&root);
    let temporary = guard.path().join("tmp");
    let first = town.socket_path_in("tmux", &temporary).expect("writable");
    assert_eq!(first, town.socket_path_in("tmux", &temporary).expect("writable"));
    assert_ne!(first, town.socket_path_in("other", &temporary).expect("writable"));
    assert!(first.as_os_str().len() < 100, "{}", first.display());
    let folder = first.parent().expect("it has one");
    assert_eq!(fs::metadata(folder).expect("it was made").permissions().mode() & 0o777, 0o700);
    let other = Town { root: root.join("other") };
    assert_ne!(other.socket_path_in("tmux", &temporary).expect("writable"), first);
    fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).expect("ours");
    assert!(town.socket_path_in("tmux", &temporary).is_err(), "others could put a socket there");
}

#[test]
fn a_name_that_is_too_long_for_a_socket_is_shortened() {
    let (_guard, town) = town("");
    let temporary = std::env::temp_dir();
    let path = town.socket_path_in(&"n".repeat(150), &temporary).expect("writable");
    assert!(path.as_os_str().len() < 100, "{}", path.display());
    let _ = fs::remove_dir(path.parent().expect("it has one"));
}

#[test]
fn an_unknown_rig_names_the_nearest() {
    let (_guard, town) = town("");
    assert!(told(town.rig(&rig("wbe")).expect_err("none")).contains("gt rig add"));
    put(&town.root, "rigs.d/web.toml", WEB);
    assert!(told(town.rig(&rig("wbe")).expect_err("none")).ends_with("Did you mean web?"));
    assert!(told(town.rig(&rig("zzz")).expect_err("none")).ends_with("Known rigs: web."));
}

#[test]
fn names_and_prefixes_follow_from_urls() {
    let cases = [
        ("https://example.org/my-web.git", "my-web", "myweb"),
        ("git@example.org:team/Web.git", "web", "web"),
        ("ssh://git@example.org:2222/x/api_server/", "api_server", "as"),
        ("/home/me/projects/Some Project", "some-project", "sp"),
        ("/srv/shop/.git", "shop", "shop"),
        ("file:///srv/2048.js", "js", "js"),
        ("C:\\work\\tool", "tool", "tool"),
        ("https://example.org/internationalization", "internationalization", "internat"),
        ("./x", "x", "xx"),
    ];
    for (url, name, prefix) in cases {
        let found = name_from_url(url).expect(url);
        assert_eq!((found.as_str(), prefix_from_name(&found, &[]).as_str()), (name, prefix), "{url}");
    }
    for url in ["", "/", "https://example.org/2048.git/", "///.git", "日本"] {
        assert_eq!(name_from_url(url), None, "{url}");
    }
}

#[test]
fn a_prefix_that_is_taken_gets_a_number() {
    let taken: Vec<Prefix> = ["myweb", "myweb2"].map(|text| text.parse().expect("valid")).to_vec();
    assert_eq!(prefix_from_name(&rig("my-web"), &taken).as_str(), "myweb3");
    assert_eq!(prefix_from_name(&rig("h-q"), &[]).as_str(), "hq2", "hq is the town's own");
}

proptest! {
    #[test]
    fn no_text_makes_the_readers_panic(text in "[a-z\\[\\]{}=.\"'\n 0-9#]{0,60}") {
        let _ = check::table(&File::Town, &text);
        let _ = Rig::parse("rigs.d/web.toml", &format!("{WEB}{text}"));
        let _ = name_from_url(&text);
        let _ = text.parse::<Seconds>();
    }

    #[test]
    fn a_rig_survives_a_rewrite(
        setup in proptest::collection::vec("[ -~]{0,20}", 0..3),
        parked in any::<bool>(),
        limit in proptest::option::of(0_u64..100_000),
        workers in proptest::collection::btree_map("[a-z]{1,6}", 0_u32..9, 0..3),
        commented in any::<bool>(),
    ) {
        let text = if commented { format!("# mine\n{WEB}") } else { WEB.to_owned() };
        let mut rig = Rig::parse("rigs.d/web.toml", &text).expect("valid");
        rig.setup = setup;
        rig.parked = parked;
        rig.gates = vec![Gate { limit: limit.map(Seconds), ..Gate::new("test", "make \"test\"") }];
        rig.workers = workers.into_iter().map(|(role, count)| (role.parse().expect("valid"), count)).collect();
        let text = rig.render();
        let again = Rig::parse("rigs.d/web.toml", &text).expect("what was written can be read");
        prop_assert_eq!(&again, &rig);
        prop_assert_eq!(again.render(), text);
    }
}
