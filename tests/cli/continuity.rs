//! Work that goes on: in the conversation that a worker had, after a bounce, a crash, a restart of the machine.

use std::fs;

use serde_json::Value;

use crate::support::{promises, wait_until};
use crate::talking::Talking;

/// The first time a test that fails, the second time one that passes.
const RED_THEN_GREEN: &str = r#"
mkdir -p tests
if [ "$MODE" = --new ]; then
    echo 'echo the button is missing; exit 1' >"tests/$GT_BEAD.sh"
else
    echo 'exit 0' >"tests/$GT_BEAD.sh"
fi
git add --all
git commit --quiet --message "Turn $TURNS"
gt done
"#;

#[test]
fn a_bounced_bead_goes_back_into_the_conversation_with_the_tail_of_the_gate() {
    let talking = Talking::new("tmux");
    let town = &talking.town;
    talking.works(RED_THEN_GREEN);
    let id = talking.bead("Add a button");
    talking.sling(&id);
    wait_until("it to be handed in", || talking.bead_shown(&id)["status"] == "submitted");
    town.gt(["bead", "note", &id, "the button is green, please"]).succeeds();
    town.gt(["refinery", "run", "web"]);
    assert_eq!(talking.bead_shown(&id)["attempts"][0]["outcome"], "bounced");
    town.gt(["tick"]).succeeds();
    let sessions = talking.sessions();
    assert_eq!(sessions[0]["conversation"], sessions[1]["conversation"], "{sessions:#?}");
    assert_ne!(sessions[0]["session"], sessions[1]["session"]);
    let told = talking.told(&sessions[0], 2);
    let second = told.split("=== --resume").nth(1).expect("it was resumed");
    for part in
        ["did not land", "the button is missing", "the button is green, please", "Whole log: /", "-2:", "gt done"]
    {
        assert!(second.contains(part), "{part:?} is missing in\n{second}");
    }
    wait_until("the second attempt to be handed in", || talking.bead_shown(&id)["status"] == "submitted");
    town.gt(["refinery", "run", "web"]).succeeds().says(&["landed"]);
    assert_eq!(talking.bead_shown(&id)["status"], "closed");
    promises::hold(town);
}

#[test]
fn a_reopened_bead_goes_back_with_the_note_where_its_worker_is_free() {
    let talking = Talking::new("process");
    let town = &talking.town;
    talking.works("if [ \"$MODE\" = --new ]; then gt done --no-change 'it is there already'; fi\n");
    let id = talking.bead("Look whether it is there");
    talking.sling(&id);
    wait_until("it to be closed", || talking.bead_shown(&id)["status"] == "closed");
    town.gt(["bead", "reopen", &id, "--reason", "look at the other page"]).succeeds();
    town.gt(["sling", &id]).succeeds().says(&["web/toast", "in the conversation it had"]);
    let told = talking.told(&talking.sessions()[0], 2);
    assert!(told.contains("reopened") && told.contains("look at the other page"), "{told}");
    // Another worker knows nothing of it.
    town.gt(["unsling", &id]).succeeds();
    town.gt(["sling", &id, "web/muffin"]).succeeds();
    let muffin = town.json(["polecat", "show", "muffin"])["sessions"][0].clone();
    let told = talking.told(&muffin, 1);
    assert!(told.contains("=== --new") && told.contains("You are web/muffin"), "{told}");
}

#[test]
fn a_session_that_was_lost_goes_on_in_its_conversation() {
    for runtime in ["process", "tmux"] {
        let talking = Talking::new(runtime);
        let id = talking.bead("Something long");
        talking.sling(&id);
        let first = talking.sessions()[0].clone();
        talking.told(&first, 1);
        fs::write(talking.worktree().join("half.txt"), "half").expect("writable");
        talking.strike();
        talking.town.gt(["bead", "note", &id, "mind the other half"]).succeeds();
        talking.town.gt(["tick"]).succeeds();
        let told = talking.told(&first, 2);
        let second = told.split("=== --resume").nth(1).expect("it was resumed");
        for part in ["ended before you had run `gt done`", "mind the other half", "as they were left"] {
            assert!(second.contains(part), "{part:?} is missing in\n{second}");
        }
        assert!(talking.worktree().join("half.txt").exists());
        assert_eq!(talking.bead_shown(&id)["attempts"].as_array().map_or(0, Vec::len), 0);
    }
}

#[test]
fn a_conversation_that_is_gone_is_followed_by_a_fresh_one_that_counts_as_nothing() {
    let talking = Talking::new("process");
    let town = &talking.town;
    let id = talking.bead("Something long");
    talking.sling(&id);
    let first = talking.sessions()[0].clone();
    talking.told(&first, 1);
    talking.strike();
    fs::remove_dir_all(town.sandbox.join("home/conversations")).expect("it was there");
    town.gt(["tick"]).succeeds();
    wait_until("the refusal", || {
        town.gt(["tick"]).succeeds();
        talking.sessions().len() == 3
    });
    let sessions = talking.sessions();
    assert_eq!(sessions[1]["conversation"], first["conversation"]);
    assert_ne!(sessions[0]["conversation"], first["conversation"]);
    let told = talking.told(&sessions[0], 1);
    assert!(told.contains("=== --new") && told.contains("Run `gt prime` now"), "{told}");
    assert_eq!(talking.bead_shown(&id)["attempts"].as_array().map_or(0, Vec::len), 0);
    assert_eq!(talking.restarts(&id), 1, "the loss counts, the refusal does not");
    promises::hold(town);
}

#[test]
fn after_a_reboot_everybody_with_a_bead_is_back_and_nobody_is_blamed() {
    for (command, runtime) in [(&["up"][..], "tmux"), (&["tick"], "process")] {
        let talking = Talking::new(runtime);
        let town = &talking.town;
        town.gt(["up"]).succeeds().says(&["no session has a bead"]);
        let id = talking.bead("Something long");
        talking.sling(&id);
        let first = talking.sessions()[0].clone();
        talking.told(&first, 1);
        for reboots in 1..=3 {
            talking.reboot();
            let ran = town.gt(command).succeeds();
            if command == ["up"] {
                ran.says(&["web/toast is back on ", &id, ", in the conversation it had"]);
                town.gt(["up"]).succeeds().says(&["1 session runs", "nothing was to be brought back"]);
            }
            let told = talking.told(&first, 1 + reboots);
            let last = told.rsplit("=== --resume").next().expect("there is a last one");
            assert!(last.contains("Go on at once, in this folder, without asking back"), "{told}");
            assert_eq!(talking.sessions().len(), 1 + reboots);
        }
        assert_eq!(talking.restarts(&id), 0);
        assert_eq!(talking.bead_shown(&id)["attempts"].as_array().map_or(0, Vec::len), 0);
        promises::hold(town);
    }
}

/// Three workers, a crew member and the mayor, in terminals of one server that dies.
struct Crowd {
    talking: Talking,
    beads: Vec<String>,
}

const WORKERS: [&str; 3] = ["toast", "salt", "muffin"];

impl Crowd {
    fn new() -> Self {
        let talking = Talking::new("tmux");
        let town = &talking.town;
        let beads: Vec<String> = WORKERS.iter().map(|name| talking.bead(&format!("Something for {name}"))).collect();
        for (bead, name) in beads.iter().zip(WORKERS) {
            town.gt(["sling", bead, &format!("web/{name}")]).succeeds();
        }
        town.gt(["crew", "add", "ada"]).succeeds();
        town.gt(["crew", "attach", "ada"]).succeeds();
        town.gt(["mayor", "attach"]).succeeds();
        // A person's session that hardly lived would begin anew.
        let state = rusqlite::Connection::open(town.root.join(".git/gt/state.db")).expect("it is there");
        let aged = "UPDATE sessions SET created = '2026-01-01T00:00:00Z' WHERE bead IS NULL";
        assert_eq!(state.execute(aged, []).expect("writable"), 2);
        Self { talking, beads }
    }

    /// The sessions of everybody, newest first.
    fn sessions(&self) -> Vec<Vec<Value>> {
        let list = |who: &str| self.talking.town.json(["seance", who]).as_array().expect("a list").clone();
        WORKERS.iter().chain(&["ada", "mayor"]).map(|who| list(who)).collect()
    }

    /// Waits until each of these was told so often, in the conversation that it began with.
    fn told(&self, first: &[Value], turns: usize) {
        first.iter().for_each(|session| drop(self.talking.told(session, turns)));
    }

    /// What holds after everybody came back once.
    fn is_back(&self, first: &[Value], who: usize) {
        let town = &self.talking.town;
        self.told(&first[..who], 2);
        town.gt(["tick"]).succeeds();
        for (sessions, first) in self.sessions().iter().zip(first).take(who) {
            assert_eq!(sessions.len(), 2, "one came in the place of one: {sessions:#?}");
            let live = sessions.iter().map(|session| session["live"] == true).collect::<Vec<_>>();
            assert_eq!(live, [true, false], "{sessions:#?}");
            assert_eq!(sessions[0]["conversation"], first["conversation"], "{sessions:#?}");
        }
        self.told(&first[..who], 2);
        for (bead, name) in self.beads.iter().zip(WORKERS) {
            let shown = self.talking.bead_shown(bead);
            assert_eq!(
                (&shown["status"], &shown["assignee"]),
                (&"hooked".into(), &format!("web/polecats/{name}").into())
            );
            assert_eq!(shown["attempts"].as_array().map_or(0, Vec::len), 0);
            assert_eq!(self.talking.restarts(bead), 0, "nobody is blamed");
            let half = town.root.join(format!("rigs/web/polecats/{name}/half.txt"));
            assert_eq!(fs::read_to_string(half).expect("it is there"), *name);
        }
        promises::hold(town);
    }

    /// Everybody is at work for a while and has something that is in no commit.
    fn at_work(&self) -> Vec<Value> {
        let first: Vec<Value> = self.sessions().iter().map(|sessions| sessions[0].clone()).collect();
        self.told(&first, 1);
        for name in WORKERS {
            let half = self.talking.town.root.join(format!("rigs/web/polecats/{name}/half.txt"));
            fs::write(half, name).expect("writable");
        }
        // What ends sooner has hardly begun.
        let began = std::time::Instant::now();
        wait_until("them to be at work for a while", || began.elapsed().as_secs() >= 3);
        first
    }
}

#[test]
fn when_the_terminals_server_dies_everybody_comes_back_once_in_their_conversation() {
    for how in ["kill-server", "SIGKILL"] {
        let crowd = Crowd::new();
        let (town, first) = (&crowd.talking.town, crowd.at_work());
        if how == "SIGKILL" {
            let pid = crowd.talking.tmux(&first[0], &["display-message", "-p", "#{pid}"]);
            assert!(town.program("kill").args(["-KILL", &pid]).status().expect("kill runs").success());
        } else {
            crowd.talking.tmux(&first[0], &["kill-server"]);
        }
        // Two people at once, while the sessions themselves call for help.
        std::thread::scope(|scope| {
            let both = [(); 2].map(|()| scope.spawn(|| town.gt(["up", "--restore"])));
            for one in both {
                let ran = one.join().expect("it ran").succeeds();
                assert!(!ran.stderr.contains("warning"), "{}", ran.transcript());
            }
        });
        town.gt(["up", "--restore"]).succeeds();
        crowd.is_back(&first, 5);
        town.gt(["up", "--restore"]).succeeds().says(&["5 sessions run", "nothing was to be brought back"]);
    }
}

#[test]
fn when_the_terminals_server_dies_workers_come_back_with_nobody_there() {
    let crowd = Crowd::new();
    let first = crowd.at_work();
    crowd.talking.tmux(&first[0], &["kill-server"]);
    // The mayor and crew are a person's to call.
    crowd.is_back(&first, 3);
    // At once again: what that was is counted, and they are back all the same.
    let before: Vec<Value> = crowd.sessions().iter().map(|sessions| sessions[0].clone()).collect();
    let began = std::time::Instant::now();
    wait_until("them to be at work for a while", || began.elapsed().as_secs() >= 3);
    crowd.talking.tmux(&before[0], &["kill-server"]);
    for (place, bead) in crowd.beads.iter().enumerate() {
        let sessions = || crowd.sessions()[place].clone();
        wait_until("a session after the second death that goes on in the conversation", || {
            let newest = sessions()[0].clone();
            let goes_on = newest["live"] == true && newest["session"] != before[place]["session"];
            goes_on && crowd.talking.heard(&first[place]).matches("\n=== ").count() >= 2
        });
        assert_eq!(crowd.talking.restarts(bead), 1, "that is counted: {:#?}", sessions());
    }
    let why = crowd.talking.town.gt(["why", "ada"]).succeeds();
    why.says(&["its terminal was closed", "nobody asked it to"]);
}

/// Between the record of a session and its process a tick may look.
#[test]
fn a_session_that_somebody_is_about_to_start_is_not_taken_for_lost() {
    let talking = Talking::new("process");
    let town = &talking.town;
    town.gt(["crew", "add", "ada"]).succeeds();
    for (attach, who, lock) in
        [(&["mayor", "attach"][..], "mayor", "mayor.lock"), (&["crew", "attach", "ada"], "ada", "worker-web-ada.lock")]
    {
        town.command(attach).variable("GT_CRASH", "attended.recorded").run();
        let end = || town.json(["seance", who])[0]["end"].clone();
        let path = town.root.join(".git/gt/locks").join(lock);
        assert!(path.exists(), "{:?}", fs::read_dir(town.root.join(".git/gt/locks")).map(Iterator::collect::<Vec<_>>));
        let at_it = gt::store::FileLock::acquire(&path, std::time::Duration::from_secs(60)).expect("nobody has it");
        town.gt(["tick"]).succeeds();
        assert_eq!(end(), Value::Null, "{who}: its start goes on");
        drop(at_it);
        town.gt(["tick"]).succeeds();
        assert_eq!(end()["reason"], "lost", "{who}");
    }
}

#[test]
fn restoring_tries_again_what_was_given_up_and_brings_the_mayor_back() {
    let talking = Talking::new("process");
    let town = &talking.town;
    let id = talking.bead("Something long");
    talking.sling(&id);
    let earlier = town.command(["mayor", "attach"]).variable("GT_CLOCK", "2026-01-01T00:00:00Z").run();
    earlier.succeeds();
    talking.told(&talking.sessions()[0], 1);
    let mayors = || town.json(["seance", "mayor"]).as_array().expect("a list").clone();
    let mayor = mayors()[0].clone();
    talking.told(&mayor, 1);
    // Its session ends at once again and again, until the witness has told a person and leaves it.
    talking.strike();
    talking.works("exit 1\n");
    wait_until("the witness to give up", || {
        town.gt(["tick"]).succeeds();
        let told = town.json(["escalation", "list"]);
        told.as_array().is_some_and(|letters| !letters.is_empty())
    });
    talking.works("");
    town.gt(["up"]).succeeds().says(&["nothing was to be brought back"]);
    let ran = town.gt(["up", "--restore"]).succeeds();
    ran.says(&["web/toast is back on ", &id, "mayor is back, in the conversation it had"]);
    assert_eq!(mayors()[0]["conversation"], mayor["conversation"]);
    talking.told(&mayor, 2);
    town.gt(["up", "--restore"]).succeeds().says(&["2 sessions run"]);
}

#[test]
fn what_was_handed_off_goes_on_in_a_fresh_conversation_with_the_notes() {
    let talking = Talking::new("tmux");
    let town = &talking.town;
    talking.works("if [ \"$MODE\" = --new ] && [ ! -f half.txt ]; then echo half >half.txt; gt handoff 'the other half is left'; fi\n");
    let id = talking.bead("Something long");
    talking.sling(&id);
    wait_until("the fresh session", || talking.sessions().len() == 2);
    let sessions = talking.sessions();
    assert_ne!(sessions[0]["conversation"], sessions[1]["conversation"]);
    let told = talking.told(&sessions[0], 1);
    assert!(told.contains("=== --new") && told.contains("Run `gt prime` now"), "{told}");
    let prime = town.command(["prime"]).current_dir(talking.worktree()).run().succeeds();
    prime.says(&["Handoff: the other half is left"]);
    assert!(talking.worktree().join("half.txt").exists());
    assert_eq!(talking.restarts(&id), 0);
    // Whatever becomes of the fresh one goes on from it, and not from the one that was full.
    talking.strike();
    town.gt(["tick"]).succeeds();
    talking.told(&sessions[0], 2);
    promises::hold(town);
}

/// Its first session begins a file and then finds that its conversation is too long.
const OVERFLOWS: &str = r#"
if [ ! -f half.txt ]; then
    now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
    said='"message":{"id":"e","model":"<synthetic>","content":[{"type":"text","text":"Prompt is too long"}]}'
    printf '{"type":"assistant","isApiErrorMessage":true,"sessionId":"%s","timestamp":"%s",%s}\n' "$ID" "$now" "$said" \
        >"$HOME/transcripts/$ID.jsonl"
    echo half >half.txt
fi
"#;

#[test]
fn what_ran_out_of_context_goes_on_in_a_fresh_session_with_notes_of_ours() {
    for struck in [false, true] {
        let talking = Talking::new("process");
        let town = &talking.town;
        talking.keeps_transcripts();
        talking.works(OVERFLOWS);
        let id = talking.bead("Something long");
        talking.sling(&id);
        wait_until("it to overflow", || talking.worktree().join("half.txt").exists());
        assert_eq!(town.json(["polecat", "show", "toast"])["now"]["health"], "out-of-context");
        let first = talking.sessions()[0].clone();
        if struck {
            // Whatever ends it: its conversation is not gone on with.
            talking.strike();
        }
        town.gt(["tick"]).succeeds();
        let sessions = talking.sessions();
        assert_ne!(sessions[0]["conversation"], first["conversation"], "{sessions:#?}");
        let told = talking.told(&sessions[0], 1);
        assert!(told.contains("=== --new"), "{told}");
        assert!(talking.worktree().join("half.txt").exists());
        if !struck {
            let prime = town.command(["prime"]).current_dir(talking.worktree()).run().succeeds();
            prime.says(&["Handoff:", "too long for its model", "Not committed: half.txt (1 in all)"]);
            assert_eq!(talking.restarts(&id), 0);
        }
        assert_eq!(town.json(["polecat", "show", "toast"])["sessions"].as_array().map(Vec::len), Some(2));
        promises::hold(town);
    }
}
