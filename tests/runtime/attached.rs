//! What somebody sees and can do who attaches to a session: its status line, the keys, the queue.

use std::path::PathBuf;
use std::process::Command;

use gt::runtime::{HookEvent, HookKind, Pane, Posted, RuntimeKind, Sign, tell};

use crate::place::TestPlace;
use crate::support::wait_until;

/// What a person sees who attaches to a session: a terminal of 100 by 20 around the town's.
struct Person {
    socket: PathBuf,
}

impl Person {
    fn attaches(place: &TestPlace, name: &str) -> Self {
        let person = Self { socket: place.path("person") };
        let inner = format!(
            "exec env -u TMUX tmux -u -S '{}' attach-session -t '={name}'",
            place.place.tmux_socket.display().to_string().replace('\'', "'\\''")
        );
        person.tmux(&["-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "20", &inner]);
        person.tmux(&["set-option", "-g", "status", "off"]);
        person.sees(&[&format!(" {name} ")]);
        person
    }

    fn tmux(&self, words: &[&str]) -> String {
        let mut command = Command::new("tmux");
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        let output = command.arg("-S").arg(&self.socket).args(words).output().expect("the program is there");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    fn line(&self) -> String {
        self.screen().trim_end().lines().next_back().unwrap_or_default().to_owned()
    }

    fn sees(&self, texts: &[&str]) -> String {
        wait_until(&format!("{texts:?}"), || {
            let screen = self.screen();
            texts.iter().all(|text| screen.contains(text))
        });
        self.screen()
    }

    /// One key after the other, as a person does: what comes within a millisecond tmux takes for pasted, and no key of it
    /// does anything.
    fn presses(&self, keys: &[&str]) {
        for key in keys {
            if *key == "C-b" {
                wait_until("the keys before to be through", || !self.screen().contains("n next  p previous"));
            }
            self.tmux(&["send-keys", key]);
            if *key == "C-b" {
                self.sees(&["n next  p previous"]);
            }
        }
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

fn sign(state: &str, asks: bool) -> Sign {
    Sign {
        bead: "web-x7k2m".to_owned(),
        title: "Say #[fg=red]hello, #(touch x) %H; and `more`;".to_owned(),
        state: Some(state.to_owned()),
        asks,
        mail: 2,
    }
}

fn post(place: &TestPlace, name: &str, sign: Sign, until: i64) -> usize {
    let now = gt::clock::Clock::System.now();
    let posted = Posted { name: name.to_owned(), sign, at: now, until: now + chrono::TimeDelta::seconds(until) };
    place.server().post(&[posted], &place.server().panes().expect("the runtime answers")).expect("the runtime answers")
}

#[test]
fn the_status_line_says_who_it_is_how_it_is_and_when_that_says_nothing_any_more() {
    let place = TestPlace::odd();
    let mut launch = place.script("web/toast", "exec sleep 600");
    launch.env.insert("GT_BEAD".to_owned(), "web-first".to_owned());
    place.start(RuntimeKind::Tmux, &launch);
    let person = Person::attaches(&place, "web/toast");
    person.sees(&["web/toast", "starting", "web-first", "C-b keys"]);
    assert_eq!(post(&place, "web/toast", sign("working", false), 600), 1);
    let panes = place.server().panes().expect("the runtime answers");
    place.server().post_town("3 at work, #S", &panes).expect("the runtime answers");
    person.sees(&["web/toast", "working", "2 mail", "web-x7k2m", "Say #[fg=red]hello, #(touch x)", "3 at work, #S"]);
    assert!(!place.path("x").exists());
    // What is there is not put up again, until it has nearly run out.
    assert_eq!(post(&place, "web/toast", sign("working", false), 600), 0);
    assert_eq!(post(&place, "web/toast", sign("working", false), 3_000), 1);
    let kept = place.tmux(&["show-options", "-v", "-t", "=web/toast:", "@gt_title"]);
    assert_eq!(kept, "Say ##[fg=red]hello, ##(touch x) %H; and `more`;\n");
    // An hour ago: said to be old, without anybody having done anything.
    let past = gt::clock::Clock::System.now() - chrono::TimeDelta::seconds(3_700);
    let old = Posted { name: "web/toast".to_owned(), sign: sign("stalled", false), at: past, until: past };
    place.server().post(&[old], &place.server().panes().expect("the runtime answers")).expect("the runtime answers");
    person.sees(&["stalled 61m ago"]);
    // One that is gone keeps nobody from being told.
    let now = gt::clock::Clock::System.now();
    let mut panes = place.server().panes().expect("the runtime answers");
    panes.push(Pane { name: "web/gone".to_owned(), ..panes[0].clone() });
    let both = ["web/gone", "web/toast"].map(|name| Posted {
        name: name.to_owned(),
        sign: sign("waiting for input", true),
        at: now,
        until: now + chrono::TimeDelta::seconds(60),
    });
    assert_eq!(place.server().post(&both, &panes).expect("the runtime answers"), 2);
    person.sees(&["waiting for input"]);
}

#[test]
fn what_an_agents_hooks_tell_is_in_the_status_line_at_once() {
    let place = TestPlace::new();
    let launch = place.script("web/ada", "exec sleep 600");
    let dir = place.start(RuntimeKind::Tmux, &launch);
    let person = Person::attaches(&place, "web/ada");
    for (kind, word) in [(HookKind::Prompt, "working"), (HookKind::Waiting, "waiting"), (HookKind::Stop, "your turn")] {
        tell(&dir, &HookEvent::of(kind), false).expect("the runtime answers");
        person.sees(&[word]);
    }
    // What the tick knows beside it leaves that as it is.
    assert_eq!(post(&place, "web/ada", Sign { mail: 3, ..Sign::default() }, 0), 1);
    person.sees(&["your turn", "3 mail"]);
    assert_eq!(post(&place, "web/ada", Sign { mail: 3, ..Sign::default() }, 0), 0);
}

#[test]
fn a_dead_agents_screen_stays_with_its_scrollback_and_the_line_says_how_to_leave() {
    let place = TestPlace::new();
    let script = "i=0; while [ $i -lt 300 ]; do i=$((i + 1)); echo $i; done; read x; exit 4";
    let dir = place.start(RuntimeKind::Tmux, &place.script("web/crust", script));
    let person = Person::attaches(&place, "web/crust");
    person.sees(&["300"]);
    person.presses(&["Enter"]);
    place.exit_of(&dir);
    person.sees(&["[gt]", "status 4", "ended", "C-b [ scrolls, C-b d leaves"]);
    person.presses(&["C-b", "["]);
    person.presses(&["M-<"]);
    wait_until("the beginning", || person.screen().lines().next().is_some_and(|line| line.starts_with("1 ")));
    person.presses(&["q"]);
    person.sees(&["300"]);
    // The next session of the name begins where the person looks.
    let again = place.start(RuntimeKind::Tmux, &place.script("web/crust", "echo once more; read x; exit 0"));
    let screen = person.sees(&["once more", "starting"]);
    assert!(!screen.contains("300"), "{screen}");
    let shown = place.runtime(RuntimeKind::Tmux).capture(&again, 500).expect("the runtime answers");
    assert!(!shown.contains("300"), "{shown}");
    person.presses(&["C-b", "d"]);
    wait_until("the person to be back", || person.screen().is_empty() || person.line().contains("detached"));
    assert_eq!(place.server().panes().expect("the runtime answers").len(), 1);
}

#[test]
fn keys_lead_from_one_session_to_the_next_and_harm_none() {
    let place = TestPlace::odd();
    for name in ["web/crust", "web/nux", "web/toast"] {
        place.start(RuntimeKind::Tmux, &place.script(name, &format!("echo I am {name}; exec sleep 600")));
    }
    let person = Person::attaches(&place, "web/crust");
    person.presses(&["C-b"]);
    person.sees(&["n next", "w workers", "a asking", "m mayor", "q queue", "[ scroll", "d leave"]);
    person.presses(&["r"]);
    for (key, name) in [("n", "web/nux"), ("n", "web/toast"), ("n", "web/crust"), ("p", "web/toast")] {
        person.presses(&["C-b", key]);
        wait_until(name, || person.line().starts_with(&format!(" {name} ")));
    }
    person.presses(&["C-b", "l"]);
    wait_until("the last one", || person.line().starts_with(" web/crust "));
    person.presses(&["C-b", "a"]);
    person.sees(&["nobody asks for anything"]);
    post(&place, "web/nux", sign("waiting for input", true), 600);
    post(&place, "web/toast", sign("working", false), 600);
    person.presses(&["C-b", "w"]);
    person.sees(&["web/toast", "working 2 mail web-x7k2m Say", "web/nux", "waiting for input"]);
    person.presses(&["q"]);
    person.presses(&["C-b", "a"]);
    let asking = person.sees(&["waiting for input 2 mail"]);
    assert!(!asking.contains("working 2 mail"), "{asking}");
    person.presses(&["Enter"]);
    wait_until("the one that asks", || person.line().starts_with(" web/nux "));
    // What splits, renames or kills is not there.
    let keys = place.tmux(&["list-keys", "-T", "prefix"]);
    for harm in ["split-window", "kill-", "rename-", "new-window", "respawn"] {
        assert!(!keys.contains(harm), "{harm}: {keys}");
    }
    assert!(!place.tmux(&["list-keys", "-T", "root"]).contains("display-menu"), "no menu offers such things");
    assert!(!place.tmux(&["show-options", "-g"]).contains("#("), "the status line runs nothing");
    // The person's own prefix is theirs; the agent gets the key when it is pressed twice.
    assert_eq!(place.server().panes().expect("the runtime answers").len(), 3);
}

#[test]
fn a_popup_shows_the_queue_and_goes_with_escape() {
    let mut place = TestPlace::odd();
    place.place.program = place.path("gt it's");
    let script = "#!/bin/sh\necho \"shown: $*\"\ncase \"$*\" in *session*) exec \"$GT_REAL\" \"$@\";; esac\n";
    let script = script.replace("$GT_REAL", env!("CARGO_BIN_EXE_gt"));
    std::fs::write(&place.place.program, script).expect("the folder is the test's own");
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&place.place.program, std::fs::Permissions::from_mode(0o755))
        .expect("the folder is the test's own");
    place.start(RuntimeKind::Tmux, &place.script("web/toast", "exec sleep 600"));
    let person = Person::attaches(&place, "web/toast");
    for (key, verb) in [("q", "queue list"), ("s", "status")] {
        person.presses(&["C-b", key]);
        person.sees(&["shown: --town", verb, "Esc leaves"]);
        person.presses(&["Escape"]);
        wait_until("the popup to go", || !person.screen().contains("Esc leaves"));
    }
    // The mayor's session is started, and then gone to.
    place.start(RuntimeKind::Tmux, &place.script("mayor", "echo I am the mayor; exec sleep 600"));
    person.presses(&["C-b", "m"]);
    person.sees(&["I am the mayor"]);
}
