//! An agent for the tests of messages: a prompt in a terminal that plays what real ones do. It takes bracketed paste,
//! works for a while, runs the hooks of the file it is given, and does what files in its control folder say:
//!
//! - `hold`: a turn does not end while this is there,
//! - `pager`: it shows this file in a real `less` and removes it when that is left,
//! - `dialog`: it asks a question, and every key answers it,
//! - `swallow`: so many Enters are not noticed,
//! - `stubborn`: it does not go on with what a stop hook hands over,
//! - `flood`: it prints without end while it works,
//! - `crash`: so many prompts end it,
//! - `faint`: it ends when a paste begins,
//! - `twice`: when its turn is broken off, its stop hook is run twice and what that hands over is not taken up,
//! - `transcript`: it writes down what is said in `conversation.jsonl` there.
//! - `works`: what it does with a prompt is what this script of `sh` does with it on its standard input,
//! - `asks`: before that it asks this, and every key answers it; it waits for ever,
//! - `ready`, `busy`: the lines that it shows at rest and at work,
//! - `quit`: what ends it.
//!
//! What it was told stands in `told.jsonl` there, what its dialog was answered in `keys`.

#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "it plays a program that is not ours")]

use std::collections::VecDeque;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use serde_json::{Value, json};

/// How long a turn takes at least.
const TURN: Duration = Duration::from_millis(300);

/// The keyboard, which a pager gets for a while.
#[derive(Clone, Default)]
struct Keyboard {
    lent: Arc<AtomicBool>,
    reading: Arc<Mutex<()>>,
}

impl Keyboard {
    /// Reads what is typed while the keyboard is not lent.
    fn read(&self, send: &Sender<Vec<u8>>) {
        let stdin = std::io::stdin();
        let moment = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
        let mut bytes = [0; 4096];
        loop {
            if self.lent.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(5));
                continue;
            }
            let _reading = self.reading.lock().expect("nobody panics with it");
            if self.lent.load(Ordering::SeqCst) {
                continue;
            }
            if poll(&mut [PollFd::new(&stdin, PollFlags::IN)], Some(&moment)).is_ok_and(|ready| ready == 0) {
                continue;
            }
            match rustix::io::read(&stdin, &mut bytes) {
                Ok(read @ 1..) if send.send(bytes[..read].to_vec()).is_ok() => {}
                _ => return,
            }
        }
    }

    /// Runs a program that has the keyboard and the screen until it ends.
    fn lend(&self, program: &mut Command) {
        self.lent.store(true, Ordering::SeqCst);
        let _mine = self.reading.lock().expect("nobody panics with it");
        program.status().expect("it is installed");
        self.lent.store(false, Ordering::SeqCst);
    }
}

struct Agent {
    control: PathBuf,
    keyboard: Keyboard,
    hooks: Value,
    /// It takes nothing while it works: what is typed stays in the line.
    deaf: bool,
    line: Vec<u8>,
    pasting: bool,
    escape: Vec<u8>,
    /// Since when it works.
    busy: Option<Instant>,
    waiting: VecDeque<String>,
    history: Vec<String>,
    /// What it was told last.
    prompt: String,
}

fn main() {
    let mut words = std::env::args().skip(1);
    let mut value = |name: &str| {
        let found = words.next();
        assert!(found.as_deref() == Some(name), "{name} is missing");
        words.next().expect("a value")
    };
    let control = PathBuf::from(value("--control"));
    let settings = fs::read_to_string(value("--settings")).unwrap_or_default();
    let (deaf, start) = (value("--deaf") == "true", value("--start-ms").parse().expect("a number"));
    let first = words.next();
    let settings: Value = serde_json::from_str(&settings).unwrap_or_default();
    std::thread::sleep(Duration::from_millis(start));
    let stdin = std::io::stdin();
    let mut mode = tcgetattr(&stdin).expect("a terminal");
    mode.make_raw();
    tcsetattr(&stdin, OptionalActions::Now, &mode).expect("a terminal");
    // What was typed before it was ready is lost.
    let _ = rustix::termios::tcflush(&stdin, rustix::termios::QueueSelector::IFlush);
    print!("\x1b[?1049h\x1b[?2004h");
    let (send, keys) = channel();
    let keyboard = Keyboard::default();
    let reader = keyboard.clone();
    std::thread::spawn(move || reader.read(&send));
    let mut agent = Agent {
        control,
        keyboard,
        hooks: settings["hooks"].clone(),
        deaf,
        line: Vec::new(),
        pasting: false,
        escape: Vec::new(),
        busy: None,
        waiting: VecDeque::new(),
        history: Vec::new(),
        prompt: String::new(),
    };
    agent.hook("SessionStart", &json!({"source": "startup"}));
    if let Some(first) = first {
        agent.begin(first, "prompt");
    }
    agent.run(&keys);
}

impl Agent {
    fn run(&mut self, keys: &Receiver<Vec<u8>>) {
        let mut shown = String::new();
        loop {
            self.work();
            if self.says("pager") {
                self.page();
                shown.clear();
            }
            let screen = self.screen();
            if screen != shown {
                print!("\x1b[H\x1b[2J{screen}");
                let _ = std::io::stdout().flush();
                shown = screen;
            }
            match keys.recv_timeout(Duration::from_millis(20)) {
                Ok(bytes) => bytes.into_iter().for_each(|byte| self.key(byte)),
                Err(RecvTimeoutError::Timeout) => self.lone_escape(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn says(&self, name: &str) -> bool {
        self.control.join(name).exists()
    }

    /// Whether the number in a control file was above zero; it is one less then.
    fn counts_down(&self, name: &str) -> bool {
        let left: u32 = self.control(name).and_then(|text| text.parse().ok()).unwrap_or(0);
        if left > 0 {
            fs::write(self.control.join(name), (left - 1).to_string()).expect("writable");
        }
        left > 0
    }

    /// The text of a control file.
    fn control(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.control.join(name)).ok().map(|text| text.trim_end().to_owned())
    }

    fn page(&self) {
        let file = self.control.join("pager");
        self.keyboard.lend(Command::new("less").arg(&file));
        fs::remove_file(file).expect("it is there");
        print!("\x1b[?1049h");
    }

    fn screen(&self) -> String {
        if self.says("dialog") {
            return "Do you want to proceed?\r\n  1. Yes\r\n  2. No\r\n".to_owned();
        }
        if let (Some(question), Some(_)) = (self.control("asks"), self.busy) {
            return question.replace('\n', "\r\n");
        }
        let from = self.history.len().saturating_sub(20);
        let mut screen: String = self.history[from..].iter().map(|line| format!("{line}\r\n")).collect();
        if let Some(since) = self.busy {
            let busy = self.control("busy").unwrap_or_else(|| "esc to stop".to_owned());
            screen.push_str(&format!("working {}s, {busy}\r\n", since.elapsed().as_secs()));
            if self.says("flood") {
                screen.push_str(&format!("more {}\r\n", since.elapsed().as_millis()));
            }
        }
        let line = String::from_utf8_lossy(&self.line);
        let shown = match line.lines().count() {
            0 | 1 if line.chars().count() < 150 => line.into_owned(),
            lines => format!("[pasted {lines} lines]"),
        };
        match self.control("ready").filter(|_| shown.is_empty()) {
            Some(ready) => screen + &ready,
            None => screen + "❯ " + &shown,
        }
    }

    fn key(&mut self, byte: u8) {
        if self.says("dialog") {
            let mut file =
                fs::OpenOptions::new().append(true).create(true).open(self.control.join("keys")).expect("writable");
            let _ = file.write_all(&[byte]);
            return;
        }
        if !self.escape.is_empty() || byte == 0x1b {
            self.escape.push(byte);
            match self.escape.as_slice() {
                b"\x1b[200~" if self.says("faint") => std::process::exit(1),
                b"\x1b[200~" => self.pasting = true,
                b"\x1b[201~" => self.pasting = false,
                escape if escape.len() < 6 => return,
                _ => {}
            }
            self.escape.clear();
            return;
        }
        match byte {
            b'\r' | b'\n' if self.pasting => self.line.push(b'\n'),
            b'\r' => self.enter(),
            0x15 => self.line.clear(),
            0x7f => drop(self.line.pop()),
            other => self.line.push(other),
        }
    }

    /// An Escape that begins nothing stops the turn; no hook tells of that.
    fn lone_escape(&mut self) {
        if self.escape == [0x1b] {
            self.escape.clear();
            if self.busy.take().is_some() {
                self.history.push("stopped".to_owned());
                if self.says("twice") {
                    self.hook("Stop", &json!({"stop_hook_active": false}));
                    self.hook("Stop", &json!({"stop_hook_active": false}));
                }
            }
        }
    }

    fn enter(&mut self) {
        if self.counts_down("swallow") {
            return;
        }
        if self.line.is_empty() || (self.deaf && self.busy.is_some()) {
            return;
        }
        let text = String::from_utf8_lossy(&std::mem::take(&mut self.line)).into_owned();
        if self.control("quit").is_some_and(|quit| quit == text.trim()) {
            print!("\x1b[?2004l\x1b[?1049l");
            std::process::exit(0);
        }
        match self.busy {
            Some(_) => self.waiting.push_back(text),
            None => self.begin(text, "prompt"),
        }
    }

    fn begin(&mut self, text: String, via: &str) {
        if self.counts_down("crash") {
            std::process::exit(1);
        }
        let line = json!({"via": via, "text": text}).to_string();
        let mut file =
            fs::OpenOptions::new().append(true).create(true).open(self.control.join("told.jsonl")).expect("writable");
        writeln!(file, "{line}").expect("writable");
        self.history
            .push(format!("> {}", text.lines().next().unwrap_or_default().chars().take(60).collect::<String>()));
        self.note("user", &json!({"role": "user", "content": text}));
        if via == "prompt" {
            self.hook("UserPromptSubmit", &json!({"prompt": text}));
        }
        self.busy = Some(Instant::now());
        self.prompt = text;
    }

    fn work(&mut self) {
        if self.busy.is_none_or(|since| since.elapsed() < TURN || self.says("hold") || self.says("asks")) {
            return;
        }
        self.busy = None;
        self.does();
        self.history.push("fine".to_owned());
        let fine = json!([{"type": "text", "text": "fine"}]);
        self.note("assistant", &json!({"role": "assistant", "content": fine, "stop_reason": "end_turn"}));
        if let Some(next) = self.waiting.pop_front() {
            return self.begin(next, "prompt");
        }
        let said = self.hook("Stop", &json!({"stop_hook_active": false}));
        let said: Value = serde_json::from_str(&said).unwrap_or_default();
        if let (Some("block"), Some(reason), false) =
            (said["decision"].as_str(), said["reason"].as_str(), self.says("stubborn"))
        {
            self.hook("PreToolUse", &json!({"tool_name": "Read"}));
            self.begin(reason.to_owned(), "hook");
        }
    }

    /// Does what it was told, where there is a script for it.
    fn does(&self) {
        let script = self.control.join("works");
        if script.exists() {
            let child = Command::new("/bin/sh").arg(script).stdin(Stdio::piped()).stdout(Stdio::null()).spawn();
            let mut child = child.expect("a shell");
            let _ = child.stdin.take().expect("piped").write_all(self.prompt.as_bytes());
            let _ = child.wait();
        }
    }

    /// Writes an entry of its transcript.
    fn note(&self, kind: &str, message: &Value) {
        if !self.says("transcript") {
            return;
        }
        let entry = json!({
            "type": kind,
            "sessionId": "stand-in-conversation",
            "cwd": std::env::current_dir().expect("it has one"),
            "timestamp": gt::clock::rfc3339(gt::clock::Clock::System.now()),
            "message": message,
        });
        let file = self.control.join("conversation.jsonl");
        let mut file = fs::OpenOptions::new().append(true).create(true).open(file).expect("writable");
        writeln!(file, "{entry}").expect("writable");
    }

    /// Runs the commands of an event as a shell does; what they print.
    fn hook(&self, event: &str, payload: &Value) -> String {
        let mut payload = payload.clone();
        payload["session_id"] = "stand-in-conversation".into();
        payload["hook_event_name"] = event.into();
        let mut said = String::new();
        for entry in self.hooks[event].as_array().into_iter().flatten() {
            let command = entry["hooks"][0]["command"].as_str().expect("a command");
            let child =
                Command::new("/bin/sh").args(["-c", command]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
            let mut child = child.expect("a shell");
            let _ = child.stdin.take().expect("piped").write_all(payload.to_string().as_bytes());
            let output = child.wait_with_output().expect("it ran");
            assert!(output.status.success(), "a hook failed");
            said.push_str(&String::from_utf8_lossy(&output.stdout));
        }
        said
    }
}
