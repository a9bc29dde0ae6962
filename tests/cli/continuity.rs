//! Work that goes on: in the conversation that a worker had, after a bounce, a crash, a restart of the machine.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::{TestTown, promises, wait_until, words};

/// A town whose agent has conversations; nothing goes on by itself.
struct Talking {
    town: TestTown,
}

impl Talking {
    fn new(runtime: &str) -> Self {
        let (town, _project) = TestTown::with_rig();
        town.gt(["config", "set", "runtime", runtime]).succeeds();
        town.gt(["config", "set", "auto_merge", "false"]).succeeds();
        town.work_with_conversations("");
        Self { town }
    }

    /// From now on the agent can be asked about a conversation.
    fn may_be_asked(&self) {
        let ask = words(&["--ask", "{session}", "{prompt}"]);
        self.town.change_local(|local| local["agents"]["recalls"]["ask"] = ask);
    }

    /// From now on the agent is known to write down its conversations in this folder, as claude does.
    fn keeps_transcripts(&self) -> PathBuf {
        self.town.change_local(|local| {
            let agent = &mut local["agents"]["recalls"];
            agent["config_folder"] = toml_edit::value("~");
            agent["transcript"]["format"] = toml_edit::value("claude");
            agent["transcript"]["path"] = toml_edit::value("{config}/transcripts/{session}.jsonl");
        });
        let folder = self.town.sandbox.join("home/transcripts");
        fs::create_dir_all(&folder).expect("writable");
        folder
    }

    /// What the agent does from now on, in `sh`.
    fn works(&self, script: &str) {
        fs::write(self.town.sandbox.join("home/work.sh"), script).expect("writable");
    }

    fn bead(&self, title: &str) -> String {
        self.town.json(["new", title, "--rig", "web"])["id"].as_str().expect("an id").to_owned()
    }

    /// Slings a bead to toast.
    fn sling(&self, id: &str) {
        self.town.gt(["sling", id, "web/toast"]).succeeds();
    }

    /// The sessions of toast, newest first.
    fn sessions(&self) -> Vec<Value> {
        let shown = self.town.json(["polecat", "show", "toast"]);
        shown["sessions"].as_array().expect("a list").clone()
    }

    /// What the conversation of a session was told, once it was told `turns` times.
    fn told(&self, session: &Value, turns: usize) -> String {
        let id = session["conversation"].as_str().expect("its conversation is known");
        let file = self.town.sandbox.join("home/conversations").join(id);
        let read = || fs::read_to_string(&file).unwrap_or_default();
        wait_until("the agent to be told", || read().matches("\n=== ").count() + 1 == turns && !read().is_empty());
        read()
    }

    fn bead_shown(&self, id: &str) -> Value {
        self.town.json(["show", id])[0]["result"].clone()
    }

    fn worktree(&self) -> PathBuf {
        self.town.root.join("rigs/web/polecats/toast")
    }

    /// The machine was started anew: nothing runs, and what ran did so in an earlier life of it.
    fn reboot(&self) {
        self.strike();
        for run in fs::read_dir(self.town.root.join(".git/gt/run")).expect("readable").flatten() {
            let file = run.path().join("pid");
            let Ok(text) = fs::read_to_string(&file) else { continue };
            let mut pid: toml::Table = text.parse().expect("gt writes TOML");
            pid.insert("boot".to_owned(), "0a000000-0000-4000-8000-000000000000".into());
            fs::write(&file, pid.to_string()).expect("writable");
        }
    }

    /// How often the witness restarted the session of a bead, as far as it counts.
    fn restarts(&self, id: &str) -> i64 {
        let state = gt::store::StateDb::open(&self.town.root.join(".git/gt/state.db")).expect("it is there");
        let now = gt::clock::Clock::System.now();
        let counter = state.counter(&format!("witness.restarted:{id}"), now).expect("readable");
        counter.map_or(0, |counter| counter.value)
    }

    /// Kills all that runs, as a power cut does.
    fn strike(&self) {
        self.town.end_everything();
    }
}

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
fn a_session_that_was_is_asked_from_its_conversation_or_from_what_it_showed() {
    let talking = Talking::new("tmux");
    let town = &talking.town;
    talking.works("echo 'I chose the small button'\n");
    let id = talking.bead("Add a button");
    talking.sling(&id);
    let session = talking.sessions()[0].clone();
    talking.told(&session, 1);
    let name = session["session"].as_str().expect("an id").to_owned();
    wait_until("it to show something", || town.gt(["peek", "toast"]).stdout.contains("small button"));
    // The session goes on; its agent has no form in which it can be asked.
    let list = town.json(["seance", "web/toast"]);
    assert_eq!((list[0]["session"].as_str(), list[0]["bead"].as_str()), (Some(name.as_str()), Some(id.as_str())));
    assert_eq!((&list[0]["live"], &list[0]["remembers"]), (&Value::Bool(true), &Value::Bool(false)));
    assert_eq!(list[0]["conversation"], session["conversation"]);
    let answer = town.json(["seance", "--talk", &name, "-p", "Which button?"]);
    let text = answer["answer"].as_str().expect("an answer");
    assert!(text.contains("Which button?") && text.contains("I chose the small button"), "{text}");
    assert_eq!((answer["source"].as_str(), answer["agent"].as_str()), (Some("log"), Some("recalls")));
    // What its agent wrote down of the conversation tells more than the terminal.
    let transcripts = talking.keeps_transcripts();
    let conversation = session["conversation"].as_str().expect("an id");
    let entry = serde_json::json!({
        "type": "user", "sessionId": conversation, "timestamp": "2026-11-20T12:00:00Z",
        "message": {"content": "I meant the round one"},
    });
    fs::write(transcripts.join(format!("{conversation}.jsonl")), format!("{entry}\n")).expect("writable");
    let answer = town.json(["seance", "--talk", "toast", "-p", "Which button?"]);
    assert_eq!(answer["source"], "transcript", "{answer}");
    assert!(answer["answer"].as_str().expect("an answer").contains("I meant the round one"), "{answer}");
    // With such a form it answers itself, live or not, and its conversation stays as it is.
    talking.may_be_asked();
    let before = talking.told(&session, 1);
    for word in [&name[..6], "toast", &id] {
        let answer = town.json(["seance", "--talk", word, "-p", "Which button?"]);
        assert_eq!(answer["source"], "conversation", "{answer}");
        let text = answer["answer"].as_str().expect("an answer");
        assert!(text.starts_with("After 1 turns I say:") && text.contains("Which button?"), "{text}");
        assert_eq!(answer["notes"].as_array().map(Vec::len), Some(0), "{answer}");
    }
    assert_eq!(talking.told(&session, 1), before);
    // A conversation that is gone, and a session that is over.
    town.gt(["unsling", &id]).succeeds();
    fs::remove_dir_all(town.sandbox.join("home/conversations")).expect("it was there");
    let ran = town.gt(["seance", "--talk", &name, "-p", "Which button?"]).succeeds();
    ran.says(&["the round one"]).complains(&["does not answer", "No conversation found", "from the transcript"]);
    for who in ["web", "toast", &id] {
        town.gt(["seance", who]).succeeds().says(&[&name, "web/toast", &id, "recalls", "unslung", "its conversation"]);
    }
    town.gt(["seance", "mayor"]).succeeds().complains(&["no session yet"]);
    town.gt(["seance", "nobody"]).exits(3).complains(&["no worker, bead or rig"]);
    town.gt(["seance", "--talk", "nobody", "-p", "x"]).exits(3).complains(&["no session", "gt seance"]);
    town.gt(["seance", "--talk", &name, "-p", " "]).exits(2).complains(&["no question"]);
}

#[test]
fn whoever_answers_for_a_session_can_change_nothing() {
    let talking = Talking::new("process");
    let town = &talking.town;
    let id = talking.bead("Add a button");
    talking.sling(&id);
    let session = talking.sessions()[0].clone();
    talking.told(&session, 1);
    talking.may_be_asked();
    let script = town.sandbox.join("bin/recalls");
    let text = fs::read_to_string(&script).expect("the agent");
    let meddles =
        "#!/bin/sh\ngt done --no-change no 2>&1; gt bead note $GT_BEAD x 2>&1; gt unsling toast 2>&1; echo y >x.txt\n";
    fs::write(&script, text.replace("#!/bin/sh\n", meddles)).expect("writable");
    let head = town.git(&["rev-parse", "HEAD"]);
    let ran = town.gt(["seance", "--talk", "toast", "-p", "Which button?"]).succeeds();
    ran.says(&["this folder belongs to web/polecats/toast"]).complains(&["its worktree is not as it was"]);
    assert_eq!(town.git(&["rev-parse", "HEAD"]), head);
    assert_eq!(talking.bead_shown(&id)["status"], "hooked");
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
    // Its session dies again and again, until the witness has told a person and leaves it.
    wait_until("the witness to give up", || {
        talking.strike();
        town.gt(["tick"]).succeeds();
        let told = town.json(["escalation", "list"]);
        told.as_array().is_some_and(|letters| !letters.is_empty())
    });
    talking.strike();
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
