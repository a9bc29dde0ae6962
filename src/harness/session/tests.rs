//! The loop with a model that does as it is told, and with somebody at the prompt.

use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::time::Duration;

use super::super::Limits;
use super::super::inbox::Happening;
use super::super::screen::tests::Paper;
use super::*;
use crate::model::{OnEvent, Request, Stop as Why, Subject, Usage};

/// What the model does in one turn.
enum Turn {
    Says(&'static str),
    Calls(&'static [(&'static str, &'static str)]),
    Fails(fn() -> ModelError),
    Cut(&'static str),
    /// Presses a key of somebody else: the happening is sent, then the turn goes on as the next one says.
    After(Box<dyn Fn() -> Happening + Send>),
    /// Speaks until it is stopped.
    Babbles,
}

struct Puppet {
    turns: Mutex<std::collections::VecDeque<Turn>>,
    heard: Mutex<Vec<Request>>,
    to: Sender<Happening>,
}

impl Model for Puppet {
    fn name(&self) -> &str {
        "puppet/one"
    }

    fn turn(&self, request: &Request, on_event: &mut OnEvent<'_>) -> Result<Reply, ModelError> {
        self.heard.lock().expect("no turn panics").push(request.clone());
        loop {
            let next = self.turns.lock().expect("no turn panics").pop_front();
            let (text, calls, stop) = match next.expect("the test says what the model does") {
                Turn::Says(text) => (text, vec![], Why::Done),
                Turn::Cut(text) => (text, vec![], Why::Length),
                Turn::Calls(calls) => {
                    ("", calls.iter().map(|(name, arguments)| call(name, arguments)).collect(), Why::Tools)
                }
                Turn::Fails(error) => return Err(error()),
                Turn::After(happening) => {
                    let _ = self.to.send(happening());
                    continue;
                }
                Turn::Babbles => loop {
                    if on_event(Event::Text("bla ")).is_break() {
                        return Err(ModelError::Interrupted);
                    }
                    std::thread::yield_now();
                },
            };
            let _ = on_event(Event::Text(text));
            let usage = Usage { input: 100, output: 10, ..Usage::default() };
            return Ok(Reply { text: text.to_owned(), calls, stop, usage });
        }
    }
}

fn call(name: &str, arguments: &str) -> ToolCall {
    ToolCall { id: format!("id-{name}"), name: name.to_owned(), arguments: arguments.to_owned() }
}

struct Play {
    ended: Ended,
    screen: String,
    /// The conversation as the model got it with each turn.
    heard: Vec<Request>,
    dir: tempfile::TempDir,
}

impl Play {
    /// The roles and texts of the last conversation.
    fn last(&self) -> Vec<String> {
        let messages = &self.heard.last().expect("the model was asked").messages;
        let line = |message: &Message| match message {
            Message::User { text } => format!("user: {text}"),
            Message::Assistant { text, calls } => format!("model: {text}{}", calls.len()),
            Message::ToolResult { call, text, failed, .. } => format!("{call} {failed}: {}", text.trim_end()),
        };
        messages.iter().map(line).collect()
    }
}

fn play(turns: Vec<Turn>, change: impl FnOnce(&mut HarnessOptions)) -> Play {
    play_watched(turns, change, |_| {})
}

/// Somebody who looks at the screen and the worktree and presses keys.
struct Watcher {
    screen: Paper,
    dir: PathBuf,
    to: Sender<Happening>,
}

impl Watcher {
    /// Sends something as soon as the screen shows `text`.
    fn once_shown(&self, text: &'static str, happening: Happening) {
        let (screen, to) = (self.screen.clone(), self.to.clone());
        std::thread::spawn(move || {
            while !screen.text().contains(text) {
                std::thread::yield_now();
            }
            let _ = to.send(happening);
        });
    }
}

fn play_watched(turns: Vec<Turn>, change: impl FnOnce(&mut HarnessOptions), watch: impl FnOnce(Watcher)) -> Play {
    let dir = tempfile::tempdir().expect("a folder");
    let (paper, inbox) = (Paper::default(), Inbox::default());
    let model = Arc::new(Puppet { turns: Mutex::new(turns.into()), heard: Mutex::default(), to: inbox.sender() });
    let mut options = HarnessOptions {
        prompt: Some("Go.".into()),
        system: "ROLE".into(),
        subject: Subject::new("developer", "x"),
        cwd: dir.path().to_owned(),
        model: Arc::clone(&model) as Arc<dyn Model>,
        limits: Limits::default(),
        audit: None,
        told: None,
        session: "s".into(),
        interactive: false,
    };
    change(&mut options);
    watch(Watcher { screen: paper.clone(), dir: dir.path().to_owned(), to: inbox.sender() });
    let screen = Arc::new(Mutex::new(Screen::new(Box::new(paper.clone()), false)));
    let ended = Session::new(options, screen, inbox).expect("a session").run();
    // A turn that was given up may still be on its way to its end.
    let limit = Instant::now() + Duration::from_secs(20);
    while !model.turns.lock().expect("no turn panics").is_empty() {
        assert!(Instant::now() < limit, "every turn is played");
        std::thread::yield_now();
    }
    let heard = model.heard.lock().expect("no turn panics").clone();
    Play { ended, screen: paper.text(), heard, dir }
}

fn said(text: &'static str) -> Turn {
    Turn::After(Box::new(move || Happening::Said(text.to_owned())))
}

fn interrupt() -> Turn {
    Turn::After(Box::new(|| Happening::Interrupt))
}

fn closed() -> Turn {
    Turn::After(Box::new(|| Happening::Closed))
}

fn at_terminal(options: &mut HarnessOptions) {
    options.interactive = true;
}

#[test]
fn tools_run_until_the_model_is_done() {
    let turns = vec![
        Turn::Calls(&[
            ("write_file", r#"{"path": "a", "content": "hi"}"#),
            ("read_file", r#"{"path": "a"}"#),
            ("write_file", r#"{"path": "../b"}"#),
        ]),
        Turn::Says("Finished."),
    ];
    let play = play(turns, |_| {});
    assert!(matches!(play.ended.reason, Reason::Stopped), "{}", play.ended.reason);
    assert_eq!((play.ended.turns, play.ended.usage.total()), (2, 220));
    assert_eq!(
        play.last(),
        [
            "user: Go.",
            "model: 3",
            "id-write_file false: created a (1 lines, 2 bytes)",
            "id-read_file false:     1\thi",
            "id-write_file true: ../b: it lies outside of the worktree, where nothing may be written"
        ]
    );
    assert_eq!(std::fs::read_to_string(play.dir.path().join("a")).expect("a file"), "hi");
    assert!(
        play.screen.starts_with("* write_file a\n  | created a (1 lines, 2 bytes)\n* read_file a\n"),
        "{}",
        play.screen
    );
    assert!(
        play.screen.contains("Finished.\n[the model has nothing more to do; 2 turns, 200 tokens read, 20 written]\n")
    );
    let system = &play.heard[0].system;
    assert!(system.contains("built-in agent of gt") && system.ends_with("ROLE"), "{system}");
}

#[test]
fn each_limit_ends_the_session_with_its_reason() {
    let calls = || Turn::Calls(&[("list_dir", "{}")]);
    let ended = play(vec![calls(), calls()], |options| options.limits.turns = 2).ended;
    assert!(matches!(ended.reason, Reason::Turns(2)), "{}", ended.reason);
    let ended = play(vec![calls(), calls()], |options| options.limits.tokens = Some(150)).ended;
    assert!(matches!(ended.reason, Reason::Tokens(150)), "{}", ended.reason);
    assert_eq!(ended.failure().expect("a failure").kind.exit_code(), 7);
    let sleeps = Turn::Calls(&[("shell", r#"{"command": "sleep 60"}"#)]);
    let ended = play(vec![sleeps], |options| options.limits.time = Some(Duration::from_millis(300))).ended;
    assert!(matches!(ended.reason, Reason::Time(_)), "{}", ended.reason);
    let ended = play(vec![Turn::Babbles], |options| options.limits.time = Some(Duration::from_millis(50))).ended;
    assert!(matches!(ended.reason, Reason::Time(_)), "{}", ended.reason);
}

#[test]
fn a_limit_that_is_near_is_told_to_the_model() {
    let mut turns: Vec<Turn> = (0..6).map(|_| Turn::Calls(&[("list_dir", "{}")])).collect();
    turns.push(Turn::Says("Done."));
    let play = play(turns, |options| options.limits.turns = 8);
    let warnings: Vec<_> = play.last().into_iter().filter(|line| line.starts_with("user: [5 turns are left")).collect();
    assert_eq!(warnings.len(), 1);
}

#[test]
fn a_message_that_comes_while_it_works_is_told_with_the_next_turn() {
    let turns = vec![
        said("Use tabs."),
        Turn::Calls(&[("list_dir", "{}")]),
        said("And hurry."),
        Turn::Says("x"),
        Turn::Says("y"),
    ];
    let play = play(turns, |_| {});
    let lines = play.last();
    assert_eq!(&lines[3..], ["user: Use tabs.", "model: x0", "user: And hurry."]);
    assert_eq!(play.ended.turns, 3);
}

#[test]
fn at_a_terminal_it_stays_for_the_next_message() {
    let turns = vec![Turn::Says("First."), closed(), Turn::Says("Second.")];
    let play = play_watched(turns, at_terminal, |watcher| {
        watcher.once_shown("First.\n> ", Happening::Said("More.".into()));
    });
    assert_eq!(play.last(), ["user: Go.", "model: First.0", "user: More."]);
    assert!(matches!(play.ended.reason, Reason::Stopped));
    assert!(play.screen.starts_with("First.\n> \nSecond.\n"), "{:?}", play.screen);
}

#[test]
fn without_a_prompt_it_waits_for_one() {
    let nothing = |options: &mut HarnessOptions| {
        options.prompt = None;
        options.interactive = true;
    };
    let play = play_watched(vec![closed(), Turn::Says("Hello.")], nothing, |watcher| {
        watcher.once_shown("> ", Happening::Said("Hi.".into()));
    });
    assert_eq!(play.last(), ["user: Hi."]);
}

#[test]
fn ctrl_c_interrupts_the_turn_and_twice_ends() {
    let play = play(vec![interrupt(), interrupt(), Turn::Babbles], at_terminal);
    assert!(matches!(play.ended.reason, Reason::Interrupted), "{}", play.ended.reason);
    assert!(play.screen.contains("[interrupted; Ctrl-C again ends the session]\n> "), "{}", play.screen);
    assert_eq!(play.ended.failure().expect("a failure").kind.exit_code(), 7);
}

#[test]
fn after_an_interruption_work_goes_on_with_the_next_message() {
    let turns = vec![
        Turn::Calls(&[("shell", r#"{"command": "echo > began; sleep 60"}"#), ("list_dir", "{}")]),
        closed(),
        Turn::Says("All right."),
    ];
    let play = play_watched(turns, at_terminal, |watcher| {
        std::thread::spawn(move || {
            while !watcher.dir.join("began").exists() {
                std::thread::yield_now();
            }
            let _ = watcher.to.send(Happening::Interrupt);
            let _ = watcher.to.send(Happening::Said("Shorter.".into()));
        });
    });
    assert!(matches!(play.ended.reason, Reason::Stopped), "{}", play.ended.reason);
    assert_eq!(
        play.last()[2..],
        [
            "id-shell true: [interrupted]",
            "id-list_dir true: [not carried out: the turn was interrupted]",
            "user: [The person interrupted you.]",
            "user: Shorter."
        ]
    );
}

#[test]
fn not_at_a_terminal_an_interruption_ends_it() {
    let play = play(vec![interrupt(), Turn::Babbles], |_| {});
    assert!(matches!(play.ended.reason, Reason::Interrupted), "{}", play.ended.reason);
}

fn limited() -> ModelError {
    ModelError::Limited { endpoint: "e".into(), message: "m".into(), until: "2026-03-01T10:00:00Z".parse().ok() }
}

fn empty() -> ModelError {
    ModelError::Empty { endpoint: "e".into(), stop: "stop".into() }
}

fn too_long() -> ModelError {
    ModelError::TooLong { endpoint: "e".into(), message: "m".into() }
}

#[test]
fn trouble_with_the_model_ends_it_with_its_kind() {
    let ended = play(vec![Turn::Fails(limited)], |_| {}).ended;
    assert!(matches!(&ended.reason, Reason::Failed(error) if error.limited_until().is_some()));
    assert_eq!(ended.failure().expect("a failure").kind.exit_code(), 8);
    let ended = play(vec![Turn::Fails(limited)], at_terminal).ended;
    assert!(matches!(ended.reason, Reason::Failed(_)), "what came with the launch has nobody who sees it");
}

#[test]
fn trouble_is_shown_to_whoever_asked_at_the_prompt() {
    let turns = vec![Turn::Says("First."), Turn::Fails(limited), closed(), Turn::Says("Fine.")];
    let play = play_watched(turns, at_terminal, |watcher| {
        watcher.once_shown("First.\n> ", Happening::Said("And?".into()));
        watcher.once_shown("e has reached a limit until 2026-03-01T10:00:00Z: m\n> ", Happening::Said("Again.".into()));
    });
    assert!(matches!(play.ended.reason, Reason::Stopped), "{}", play.ended.reason);
    assert_eq!(play.last()[2..], ["user: And?", "user: Again."]);
}

#[test]
fn an_empty_reply_after_a_result_is_an_end_and_else_an_error() {
    let ended = play(vec![Turn::Calls(&[("list_dir", "{}")]), Turn::Fails(empty)], |_| {}).ended;
    assert!(matches!(ended.reason, Reason::Stopped), "{}", ended.reason);
    let ended = play(vec![Turn::Fails(empty)], |_| {}).ended;
    assert!(matches!(ended.reason, Reason::Failed(ModelError::Empty { .. })), "{}", ended.reason);
}

#[test]
fn a_conversation_that_is_too_long_is_shortened_and_sent_again() {
    fn fill(dir: &Path) {
        std::fs::write(dir.join("big"), "line of text\n".repeat(700)).expect("a file");
    }
    let read = || Turn::Calls(&[("read_file", r#"{"path": "big"}"#)]);
    let turns = vec![read(), read(), Turn::Fails(too_long), Turn::Says("Done.")];
    let play = play(turns, |options| fill(&options.cwd));
    assert!(matches!(play.ended.reason, Reason::Stopped), "{}", play.ended.reason);
    assert!(play.screen.contains("old texts of the conversation were shortened]"), "{}", play.screen);
    let last = play.last();
    assert!(last[2].contains("of an old result; call the tool again if you need them"), "{}", last[2]);
    assert!(!last[4].contains("of an old result"), "the newest stays whole");
}

#[test]
fn a_reply_that_the_limit_cuts_off_is_gone_on_with_but_not_for_ever() {
    let play_one = play(vec![Turn::Cut("One"), Turn::Says("two.")], |_| {});
    assert_eq!(
        &play_one.last()[1..],
        ["model: One0", "user: [The limit of tokens cut your reply off. Go on where it ends.]"]
    );
    let turns = (0..=CONTINUATIONS).map(|_| Turn::Cut("x")).collect();
    assert!(matches!(play(turns, |_| {}).ended.reason, Reason::Stopped));
}

#[test]
fn a_log_that_cannot_be_written_is_a_failure_before_anything_is_done() {
    let dir = tempfile::tempdir().expect("a folder");
    let inbox = Inbox::default();
    let options = HarnessOptions {
        prompt: Some("Go.".into()),
        system: String::new(),
        subject: Subject::default(),
        cwd: dir.path().to_owned(),
        model: Arc::new(Puppet { turns: Mutex::default(), heard: Mutex::default(), to: inbox.sender() }),
        limits: Limits::default(),
        audit: Some("/dev/full".into()),
        told: None,
        session: "s".into(),
        interactive: false,
    };
    let screen = Arc::new(Mutex::new(Screen::new(Box::new(Paper::default()), false)));
    let failure = Session::new(options, screen, inbox).err().expect("the device is full");
    assert!(failure.to_string().contains("the audit log cannot be written"), "{failure}");
}
