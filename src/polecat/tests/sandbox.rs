use std::fs;

use super::*;
use crate::git::testing::{commit, head, write};
use crate::git::worktree::{Recycled, State, look};

/// A person's git configuration, who wants every commit signed.
fn person(kennel: &Kennel) -> PathBuf {
    let text = "[user]\n\tname = Ada Person\n\temail = ada@example.org\n[commit]\n\tgpgSign = true\n";
    write(kennel.scene.dir.path(), &[("person.gitconfig", text)]);
    kennel.scene.dir.path().join("person.gitconfig")
}

#[test]
fn the_second_attempt_reuses_the_worktree_on_a_branch_of_its_own() {
    let kennel = Kennel::new();
    let first = prepare(&kennel.spec(1)).expect("prepared");
    assert_eq!((first.recycled, first.branch.as_str()), (Recycled::New, "polecat/toast/web-x7k2m-1"));
    assert_eq!((first.secured, first.notes), (Secured::Nothing, Vec::new()));
    let work = commit(kennel.worktree(), &[("work", "1")], "work");
    let second = prepare(&kennel.spec(2)).expect("prepared");
    assert_eq!((second.recycled, second.branch.as_str()), (Recycled::Warm, "polecat/toast/web-x7k2m-2"));
    let Secured::Ref(kept) = second.secured else { panic!("{:?}", second.secured) };
    assert_eq!((kept.name.as_str(), kept.commit), ("refs/gt/snapshots/toast/1", work));
    assert_eq!(head(kennel.worktree()), kennel.scene.tip());
    assert_eq!(prepare(&kennel.spec(2)).expect("again").secured, Secured::Nothing, "nothing is kept twice");
}

#[test]
fn commits_are_the_workers_and_unsigned_and_pushes_are_refused() {
    let kennel = Kennel::new();
    prepare(&kennel.spec(1)).expect("prepared");
    write(kennel.worktree(), &[("work", "1")]);
    let git = kennel.git().variable("GIT_CONFIG_GLOBAL", person(&kennel));
    git.run(&["add", "-A"]).expect("added");
    assert_eq!(commit_as_agent(&kennel), "toast <ada@example.org> Ada Person <ada@example.org>");
    let address = kennel.scene.upstream.display().to_string();
    let targets: [&[&str]; 5] = [
        &["push", "origin", "HEAD:refs/heads/x"],
        &["push", "--force", "origin", "HEAD:main"],
        &["push", &address, "HEAD:refs/heads/x"],
        &["push", "https://example.org/x.git", "HEAD:x"],
        &["push", "git@example.org:x.git", "HEAD:x"],
    ];
    for args in targets {
        let output = git.output(args).expect("git runs");
        assert!(!output.ok() && output.complaint().contains("use \"gt done\""), "{args:?}: {}", output.complaint());
    }
    assert!(!Git::at(&kennel.scene.upstream).run(&["for-each-ref"]).expect("refs").contains("refs/heads/x"));
    git.run(&["fetch", "-q", "origin"]).expect("reading is allowed");
}

/// Commits without the identity that the git of tests has in its environment; author and committer.
#[expect(clippy::disallowed_methods, reason = "an agent runs git by itself")]
fn commit_as_agent(kennel: &Kennel) -> String {
    let mut command = std::process::Command::new("git");
    command.args(["commit", "-q", "-m", "work"]).current_dir(kennel.worktree()).env("GIT_CONFIG_NOSYSTEM", "1");
    command.env("GIT_CONFIG_GLOBAL", person(kennel));
    for role in ["AUTHOR", "COMMITTER"] {
        command.env_remove(format!("GIT_{role}_NAME")).env_remove(format!("GIT_{role}_EMAIL"));
    }
    assert!(command.status().expect("git runs").success());
    kennel.git().run(&["log", "-1", "--format=%an <%ae> %cn <%ce>"]).expect("a commit")
}

#[test]
fn the_rig_itself_and_other_worktrees_still_push() {
    let kennel = Kennel::new();
    prepare(&kennel.spec(1)).expect("prepared");
    let work = commit(kennel.worktree(), &[("work", "1")], "work");
    let pushed = crate::git::bare::push_commit(&kennel.place.repo, "origin", &work, "landed", None).expect("git runs");
    assert_eq!(pushed, crate::git::bare::Push::Landed);
}

#[test]
fn set_up_runs_when_its_inputs_change_and_only_then() {
    let kennel = Kennel::new();
    let mut spec = kennel.spec(1);
    spec.set_up.commands = vec!["echo ran >> build/count || { mkdir build; echo ran >> build/count; }".to_owned()];
    spec.set_up.inputs = vec!["**/lock.toml".to_owned()];
    let count =
        |kennel: &Kennel| fs::read_to_string(kennel.worktree().join("build/count")).unwrap_or_default().lines().count();
    assert!(matches!(prepare(&spec).expect("prepared").set_up, SetUpOutcome::Ran { .. }));
    spec.attempt = 2;
    assert_eq!(prepare(&spec).expect("prepared").set_up, SetUpOutcome::Current);
    assert_eq!(count(&kennel), 1);
    for (file, runs) in [("other.toml", 1), ("deep/lock.toml", 2)] {
        spec.start = commit(&kennel.scene.upstream, &[(file, "1")], file);
        crate::git::bare::fetch(&kennel.place.repo, None).expect("fetched");
        prepare(&spec).expect("prepared");
        assert_eq!(count(&kennel), runs, "{file}");
    }
}

#[test]
fn a_set_up_that_fails_or_hangs_is_named_with_its_log_and_runs_again() {
    let kennel = Kennel::new();
    let mut spec = kennel.spec(1);
    spec.set_up.commands = vec!["true".to_owned(), "echo no such package; exit 3".to_owned()];
    for _ in 0..2 {
        let error = prepare(&spec).expect_err("it fails");
        let PolecatError::SetUp { command, how, log, tail } = &error else { panic!("{error}") };
        assert_eq!((command.as_str(), how.as_str()), ("echo no such package; exit 3", "ended with 3"));
        assert!(
            tail.contains("no such package") && fs::read_to_string(log).expect("a log").contains("no such package")
        );
    }
    spec.set_up.commands = vec!["sleep 600".to_owned()];
    spec.set_up.limit = Duration::from_millis(300);
    let error = prepare(&spec).expect_err("it hangs");
    assert!(error.to_string().contains("did not end within"), "{error}");
}

#[test]
fn files_of_the_person_are_brought_and_never_show() {
    let kennel = Kennel::new();
    let source = kennel.scene.dir.path().join("person");
    write(&source, &[(".env", "KEY=1"), ("conf dir/local.toml", "x"), ("README.md", "other"), ("models/big", "data")]);
    let mut spec = kennel.spec(1);
    spec.furnishing.source = Some(source.clone());
    spec.furnishing.copy = [".env", "conf dir", "README.md", "missing"].map(str::to_owned).to_vec();
    spec.furnishing.link = vec!["models".to_owned()];
    for attempt in 1..3 {
        spec.attempt = attempt;
        let notes = prepare(&spec).expect("prepared").notes;
        assert_eq!(notes.len(), 2, "{notes:?}");
        assert!(notes.iter().any(|note| note.contains("README.md is tracked")), "{notes:?}");
        assert!(notes.iter().any(|note| note.contains("missing is not in")), "{notes:?}");
        let read = |path: &str| fs::read_to_string(kennel.worktree().join(path)).expect("there");
        assert_eq!(
            (read(".env"), read("conf dir/local.toml"), read("models/big")),
            ("KEY=1".into(), "x".into(), "data".into())
        );
        assert_eq!(read("README.md"), "hello\n");
        assert!(kennel.worktree().join("models").is_symlink());
        let state = look(&kennel.place.repo, kennel.worktree()).expect("git runs").state;
        assert_eq!(state, State::Clean);
    }
    for path in ["../outside", "/etc/passwd", ".git/config", ""] {
        spec.furnishing.copy = vec![path.to_owned()];
        assert!(matches!(prepare(&spec), Err(PolecatError::Path { .. })), "{path}");
    }
}

#[test]
fn a_removed_worker_leaves_its_work_and_nothing_else() {
    let kennel = Kennel::new();
    prepare(&kennel.spec(1)).expect("prepared");
    write(kennel.worktree(), &[("unfinished", "thought")]);
    let secured = remove(&kennel.place).expect("removed");
    let Secured::Ref(kept) = secured else { panic!("{secured:?}") };
    let text = Git::on(&kennel.place.repo).run(&["show", &format!("{}:unfinished", kept.commit)]).expect("kept");
    assert_eq!(text, "thought");
    assert!(!kennel.worktree().exists());
    let config = fs::read_to_string(kennel.place.repo.join("config")).expect("readable");
    assert!(!config.contains("includeIf"), "{config}");
    assert_eq!(remove(&kennel.place).expect("again"), Secured::Nothing);
}

#[test]
fn what_git_cannot_keep_is_set_aside_and_not_deleted() {
    let kennel = Kennel::new();
    prepare(&kennel.spec(1)).expect("prepared");
    let work = commit(kennel.worktree(), &[("work", "1")], "work");
    write(kennel.worktree(), &[("inner/file", "x")]);
    let inner = kennel.worktree().join("inner");
    Git::at(&inner).run(&["init", "-q"]).expect("init");
    let lost = commit(&inner, &[("y", "y")], "y");
    // A repository whose commits cannot be read cannot be fetched from.
    let object = inner.join(".git/objects").join(&lost.as_str()[..2]).join(&lost.as_str()[2..]);
    fs::remove_file(&object).expect("removed");
    write(object.parent().expect("a folder"), &[(&lost.as_str()[2..], "garbage")]);
    let second = prepare(&kennel.spec(2)).expect("prepared");
    let Secured::Aside { path, .. } = &second.secured else { panic!("{:?}", second.secured) };
    assert_eq!(fs::read_to_string(path.join("inner/file")).expect("kept"), "x");
    assert_eq!((second.recycled, second.notes.len()), (Recycled::New, 1));
    assert!(kennel.reachable().contains(work.as_str()), "its commits are pinned all the same");
}

#[test]
fn a_repository_of_its_own_in_the_place_of_a_worktree_is_set_aside_with_its_commits() {
    let kennel = Kennel::new();
    prepare(&kennel.spec(1)).expect("prepared");
    fs::remove_dir_all(kennel.worktree()).expect("removed");
    write(kennel.worktree(), &[("mine", "x")]);
    kennel.git().run(&["init", "-q"]).expect("init");
    let own = commit(kennel.worktree(), &[("mine", "y")], "a commit that the rig never had");
    let second = prepare(&kennel.spec(2)).expect("prepared");
    let Secured::Aside { path, .. } = &second.secured else { panic!("{:?}", second.secured) };
    assert_eq!(Git::at(path).run(&["rev-parse", "HEAD"]).expect("kept"), own.as_str());
    assert_eq!(second.recycled, Recycled::New);
}
