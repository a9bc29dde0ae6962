//! Asking a session what it knows, from its conversation or from what was kept of it.

use std::fs;

use serde_json::Value;

use crate::support::{wait_until, words};
use crate::talking::Talking;

/// A worker whose session says something and goes on.
struct Asked {
    talking: Talking,
    bead: String,
    session: Value,
}

impl Asked {
    fn new() -> Self {
        let talking = Talking::new("tmux");
        talking.works("echo 'I chose the small button'\n");
        let bead = talking.bead("Add a button");
        talking.sling(&bead);
        let session = talking.sessions()[0].clone();
        talking.told(&session, 1);
        let asked = Self { talking, bead, session };
        let town = &asked.talking.town;
        wait_until("it to show something", || town.gt(["peek", "toast"]).stdout.contains("small button"));
        asked
    }

    fn id(&self) -> &str {
        self.session["session"].as_str().expect("an id")
    }

    /// Its agent writes down that it meant the round one.
    fn writes_down(&self) {
        let transcripts = self.talking.keeps_transcripts();
        let conversation = self.session["conversation"].as_str().expect("an id");
        let entry = serde_json::json!({
            "type": "user", "sessionId": conversation, "timestamp": "2026-11-20T12:00:00Z",
            "message": {"content": "I meant the round one"},
        });
        fs::write(transcripts.join(format!("{conversation}.jsonl")), format!("{entry}\n")).expect("writable");
    }

    /// The answer of whoever `word` means, and its text.
    fn answer(&self, word: &str) -> (Value, String) {
        let answer = self.talking.town.json(["seance", "--talk", word, "-p", "Which button?"]);
        let text = answer["answer"].as_str().expect("an answer").to_owned();
        (answer, text)
    }
}

#[test]
fn sessions_are_listed_by_rig_worker_and_bead() {
    let asked = Asked::new();
    let (town, bead) = (&asked.talking.town, asked.bead.as_str());
    let list = town.json(["seance", "web/toast"]);
    assert_eq!((list[0]["session"].as_str(), list[0]["bead"].as_str()), (Some(asked.id()), Some(bead)));
    assert_eq!((&list[0]["live"], &list[0]["remembers"]), (&Value::Bool(true), &Value::Bool(false)));
    assert_eq!(list[0]["conversation"], asked.session["conversation"]);
    town.gt(["unsling", bead]).succeeds();
    asked.talking.may_be_asked();
    for who in ["web", "toast", bead] {
        let ran = town.gt(["seance", who]).succeeds();
        ran.says(&[asked.id(), "web/toast", bead, "recalls", "unslung", "its conversation"]);
    }
    town.gt(["seance", "mayor"]).succeeds().complains(&["no session yet"]);
    town.gt(["seance", "nobody"]).exits(3).complains(&["no worker, bead or rig"]);
    town.gt(["seance", "--talk", "nobody", "-p", "x"]).exits(3).complains(&["no session", "gt seance"]);
    town.gt(["seance", "--talk", asked.id(), "-p", " "]).exits(2).complains(&["no question"]);
}

#[test]
fn a_session_whose_agent_cannot_be_asked_is_answered_for_from_what_was_kept_of_it() {
    let asked = Asked::new();
    let (answer, text) = asked.answer(asked.id());
    assert!(text.contains("Which button?") && text.contains("I chose the small button"), "{text}");
    assert_eq!((answer["source"].as_str(), answer["agent"].as_str()), (Some("log"), Some("recalls")));
    // What its agent wrote down of the conversation tells more than the terminal.
    asked.writes_down();
    let (answer, text) = asked.answer("toast");
    assert_eq!(answer["source"], "transcript", "{answer}");
    assert!(text.contains("I meant the round one"), "{text}");
}

#[test]
fn a_session_is_asked_in_its_conversation_which_stays_as_it_is() {
    let asked = Asked::new();
    let town = &asked.talking.town;
    asked.writes_down();
    asked.talking.may_be_asked();
    let before = asked.talking.told(&asked.session, 1);
    for word in [&asked.id()[..6], "toast", &asked.bead] {
        let (answer, text) = asked.answer(word);
        assert_eq!(answer["source"], "conversation", "{answer}");
        assert!(text.starts_with("After 1 turns I say:") && text.contains("Which button?"), "{text}");
        assert_eq!(answer["notes"].as_array().map(Vec::len), Some(0), "{answer}");
    }
    assert_eq!(asked.talking.told(&asked.session, 1), before);
    // A conversation that is gone, and a session that is over.
    town.gt(["unsling", &asked.bead]).succeeds();
    fs::remove_dir_all(town.sandbox.join("home/conversations")).expect("it was there");
    let ran = town.gt(["seance", "--talk", asked.id(), "-p", "Which button?"]).succeeds();
    ran.says(&["the round one"]).complains(&["does not answer", "No conversation found", "from the transcript"]);
}

/// What an agent does that is only to answer: all that it can think of.
const MEDDLES: &str = "#!/bin/sh\necho again >>\"$HOME/conversations/$2\"; grep -c again \"$HOME/conversations/$2\"\n\
                       gt done --no-change no 2>&1; gt bead note $GT_BEAD x 2>&1; gt unsling toast 2>&1; echo y >x.txt\n";

/// A worker whose agent answers questions and meddles meanwhile.
fn meddler() -> (Talking, String) {
    let talking = Talking::new("process");
    let id = talking.bead("Add a button");
    talking.sling(&id);
    talking.told(&talking.sessions()[0], 1);
    talking.may_be_asked();
    let writes = words(&["~/conversations/"]);
    talking.town.change_local(|local| local["agents"]["recalls"]["writes"] = writes);
    let script = talking.town.sandbox.join("bin/recalls");
    let text = fs::read_to_string(&script).expect("the agent");
    fs::write(&script, text.replace("#!/bin/sh\n", MEDDLES)).expect("writable");
    (talking, id)
}

#[test]
fn whoever_answers_for_a_session_can_change_nothing() {
    if !crate::sandbox::has_sandboxes() {
        return;
    }
    let (talking, id) = meddler();
    let town = &talking.town;
    let before = (town.git(&["rev-parse", "HEAD"]), talking.told(&talking.sessions()[0], 1));
    // Not even where the agent has its conversation only as one that it goes on with.
    for form in ["--ask", "--resume"] {
        town.change_local(|local| {
            local["agents"]["recalls"]["ask"] = words(&[form, "{session}", "{prompt}"]);
            local["agents"]["recalls"]["ask_writes"] = toml_edit::value(true);
        });
        talking.works("echo 'I chose the small button'; exit 0\n");
        let answer = town.json(["seance", "--talk", "toast", "-p", "Which button?"]);
        assert_eq!((answer["source"].as_str(), &answer["notes"]), (Some("conversation"), &serde_json::json!([])));
        let text = answer["answer"].as_str().expect("an answer");
        assert!(text.starts_with('1'), "it finds what it wrote itself: {text}");
        assert!(text.contains("I say") || text.contains("small button"), "{text}");
    }
    assert_eq!((town.git(&["rev-parse", "HEAD"]), talking.told(&talking.sessions()[0], 1)), before);
    assert!(!talking.worktree().join("x.txt").exists());
    assert_eq!(talking.bead_shown(&id)["status"], "hooked");
}

#[test]
fn without_a_sandbox_only_who_promises_to_change_nothing_is_asked_and_that_is_said() {
    let (talking, id) = meddler();
    let town = &talking.town;
    let fake = town.sandbox.join("bin/without-sandbox");
    let gt = env!("CARGO_BIN_EXE_gt");
    let text = format!(
        "#!/bin/sh\ncase \"$*\" in 'session confine') echo 'the kernel is too old' >&2; exit 9 ;; esac\nexec {gt} \"$@\"\n"
    );
    fs::write(&fake, text).expect("writable");
    fs::set_permissions(&fake, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("own file");
    town.change_local(|local| local["gt"] = toml_edit::value(fake.display().to_string()));
    let head = town.git(&["rev-parse", "HEAD"]);
    let ran = town.gt(["seance", "--talk", "toast", "-p", "Which button?"]).succeeds();
    ran.says(&["this folder belongs to web/polecats/toast"]).complains(&[
        "its worktree is not as it was",
        "the kernel is too old",
        "rests on the settings of recalls",
    ]);
    assert_eq!(town.git(&["rev-parse", "HEAD"]), head);
    assert_eq!(talking.bead_shown(&id)["status"], "hooked");
    town.change_local(|local| local["agents"]["recalls"]["ask_writes"] = toml_edit::value(true));
    assert_eq!(town.json(["seance", "toast"])[0]["remembers"], false);
    // Nothing was kept of it either: then nobody answers.
    town.gt(["seance", "--talk", "toast", "-p", "Which button?"]).exits(3).complains(&["nothing was kept"]);
}
