//! What only the runtime `tmux` does.

use std::process::Command;
use std::time::Duration;

use gt::runtime::{
    Attach, HookEvent, HookKind, Launch, Observed, Pane, Place, Posted, Reply, RuntimeError, RuntimeKind, Sign, Tmux,
    TmuxServer, deliver, end, observe, tell,
};

use crate::place::{TestPlace, lives};
use crate::support::wait_until;

fn server(place: &TestPlace) -> TmuxServer {
    TmuxServer::at(&place.place.tmux_socket)
}

fn tmux(place: &TestPlace, words: &[&str]) -> String {
    let output = Command::new("tmux").arg("-S").arg(&place.place.tmux_socket).args(words).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn panes_tell_what_runs_and_how_it_died() {
    let place = TestPlace::new();
    let living = place.script("web/toast", "printf '\\033]0;busy | 3\\007'; exec sleep 600");
    let dying = place.script("web/crust", "exit 4");
    let living_dir = place.start(RuntimeKind::Tmux, &living);
    let dying_dir = place.start(RuntimeKind::Tmux, &dying);
    place.exit_of(&dying_dir);
    let find = |launch: &Launch| server(&place).pane_of(&launch.session).unwrap();
    wait_until("the pane to die", || find(&dying).is_some_and(|pane| pane.dead));
    let dead = find(&dying).unwrap();
    assert_eq!(dead.name, "web/crust");
    // tmux 3.3a forgets the status now and then.
    assert!(matches!(dead.dead_status, None | Some(4)), "{dead:?}");
    wait_until("the title", || find(&living).is_some_and(|pane| pane.title == "busy | 3"));
    let pane = find(&living).unwrap();
    let Observed::Running(pid) = observe(&living_dir) else { panic!("it runs") };
    assert_eq!((pane.name.as_str(), pane.pid, pane.dead), ("web/toast", pid.process.pid, false));
    assert!(pane.activity.is_some());
    place.runtime(RuntimeKind::Tmux).close(&dying_dir).unwrap();
    assert!(find(&dying).is_none());
    assert!(matches!(place.runtime(RuntimeKind::Tmux).close(&living_dir), Err(RuntimeError::AlreadyRuns { .. })));
    // Its screen is gone; its log is not.
    assert!(place.runtime(RuntimeKind::Tmux).capture(&dying_dir, 5).unwrap().contains("status 4"));
}

#[test]
fn a_name_is_free_as_soon_as_its_session_has_ended() {
    let place = TestPlace::new();
    for _ in 0..10 {
        let dir = place.start(RuntimeKind::Tmux, &place.script("web/toast", "exit 0"));
        place.exit_of(&dir);
    }
}

#[test]
fn a_name_is_reused_only_after_the_end() {
    let place = TestPlace::new();
    let first = place.script("web/toast", "echo one; exec sleep 600");
    let first_dir = place.start(RuntimeKind::Tmux, &first);
    let second = place.script("web/toast", "echo two; exec sleep 600");
    let runtime = place.runtime(RuntimeKind::Tmux);
    let error = runtime.start(&place.dir(&second), &second).unwrap_err();
    assert!(matches!(&error, RuntimeError::AlreadyRuns { name } if name == "web/toast"), "{error}");
    assert_eq!(observe(&place.dir(&second)), Observed::Absent);
    end(&first_dir, Duration::ZERO).unwrap();
    wait_until("the pane to die", || server(&place).panes().unwrap().iter().all(|pane| pane.dead));
    let second_dir = place.start(RuntimeKind::Tmux, &second);
    wait_until("the screen", || runtime.capture(&second_dir, 50).unwrap().contains("two"));
    let former = runtime.capture(&first_dir, 50).unwrap();
    assert!(former.contains("one") && !former.contains("two"), "{former}");
    // `web/toast` is not `web/toaster`.
    let longer = place.script("web/toaster", "exec sleep 600");
    place.start(RuntimeKind::Tmux, &longer);
}

#[test]
fn the_server_is_its_own_and_knows_nothing_of_who_started_it() {
    let place = TestPlace::odd();
    let launch = place.script("web/toast", "exec sleep 600");
    place.start(RuntimeKind::Tmux, &launch);
    let global = tmux(&place, &["show-environment", "-g"]);
    for line in global.lines() {
        let name = line.split('=').next().unwrap();
        assert!(["PATH", "PWD", "GT_DETACHED", "SHLVL", "_", "OLDPWD"].contains(&name), "{line}");
    }
    assert!(!tmux(&place, &["show-environment", "-t", "=web/toast"]).contains("GT_SESSION"));
    assert_eq!(tmux(&place, &["show-options", "-gv", "remain-on-exit"]), "on\n");
    assert_eq!(tmux(&place, &["show-options", "-sv", "exit-empty"]), "off\n");
    let panes = server(&place).panes().unwrap();
    server(&place).post_town("3 workers #{pid} #(touch x)", &panes).unwrap();
    assert_eq!(tmux(&place, &["show-options", "-gv", "@gt_status"]), "3 workers ##{pid} ##(touch x)\n");
    tmux(&place, &["kill-session", "-t", "=web/toast"]);
    wait_until("the session to end", || !observe(&place.dir(&launch)).is_live());
    assert!(server(&place).is_alive());
    assert_eq!(server(&place).panes().unwrap(), []);
}

#[test]
fn a_session_killed_by_hand_ends_with_all_it_started() {
    let place = TestPlace::new();
    let script = "trap '' HUP TERM; setsid sh -c 'trap \"\" HUP TERM; echo $$ >\"$OUT/p\"; while :; do sleep 600; done' & while :; do sleep 600; done";
    let launch = place.script("web/toast", script);
    let dir = place.start(RuntimeKind::Tmux, &launch);
    let pid = place.read_soon("p").trim().parse().unwrap();
    tmux(&place, &["kill-session", "-t", "=web/toast"]);
    place.exit_of(&dir);
    assert!(!lives(pid));
}

#[test]
fn a_death_is_told_at_once() {
    let mut place = TestPlace::odd();
    let script = "printf '%s\\n' \"$@\" >\"$0/died\"";
    let root = place.root().to_str().unwrap().to_owned();
    place.place.pane_died = ["/bin/sh", "-c", script, &root, "a 'b' \"c\" $d #{e} \\ ;"].map(str::to_owned).into();
    let dir = place.start(RuntimeKind::Tmux, &place.script("web/toast", "exec sleep 600"));
    let Observed::Running(pid) = observe(&dir) else { panic!("it runs") };
    let pid = rustix::process::Pid::from_raw(pid.process.pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    assert_eq!(place.read_soon("died"), "a 'b' \"c\" $d #{e} \\ ;\n");
}

/// An agent that reads lines, as in a plain terminal, and writes down what it got.
const READER: &str =
    r#"printf '\033[?2004h> '; while IFS= read -r line; do printf '%s\n' "$line" >>"$OUT/got"; printf '> '; done"#;

#[test]
fn texts_are_typed_whole_and_one_after_the_other() {
    let place = TestPlace::new();
    let dir = place.start(RuntimeKind::Tmux, &place.script("web/toast", READER));
    let runtime = place.runtime(RuntimeKind::Tmux);
    wait_until("the prompt", || runtime.capture(&dir, 5).unwrap().contains('>'));
    let texts = ["it's \"one\" $two `three`; ü 🦀;", "-flag #{x} ~ \\n", "second"];
    std::thread::scope(|scope| {
        for text in texts {
            let dir = &dir;
            scope.spawn(move || assert_eq!(deliver(dir, text).unwrap(), Reply::Typed { shown: true }));
        }
    });
    let mut wanted: Vec<String> = texts.iter().map(|text| format!("\u{1b}[200~{text}\u{1b}[201~")).collect();
    wanted.sort();
    wait_until("all texts", || {
        let mut got: Vec<_> = place.read_soon("got").lines().map(str::to_owned).collect();
        got.sort();
        got == wanted
    });
    end(&dir, Duration::ZERO).unwrap();
    assert!(matches!(deliver(&dir, "late"), Err(RuntimeError::NoSession { .. })));
}

#[test]
fn a_typed_text_cannot_press_keys() {
    let place = TestPlace::new();
    let dir = place.start(RuntimeKind::Tmux, &place.script("web/toast", READER));
    let runtime = place.runtime(RuntimeKind::Tmux);
    wait_until("the prompt", || runtime.capture(&dir, 5).unwrap().contains('>'));
    deliver(&dir, "a\u{1b}[201~\u{3}\u{4}b").unwrap();
    assert_eq!(place.read_soon("got"), "\u{1b}[200~a[201~b\u{1b}[201~\n");
}

#[test]
fn keys_reach_the_agent_and_a_stopped_agent_goes_on() {
    let place = TestPlace::new();
    let script = "trap 'echo int >>\"$OUT/got\"' INT; kill -TSTP $$; echo $$ >\"$OUT/p\"; while :; do sleep 0.02; done";
    let dir = place.start(RuntimeKind::Tmux, &place.script("web/toast", script));
    let agent: i32 = place.read_soon("p").trim().parse().unwrap();
    let stat = || std::fs::read_to_string(format!("/proc/{agent}/stat")).unwrap();
    wait_until("it owns the terminal", || {
        let stat = stat();
        let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
        // Its process group and the one in the foreground of its terminal.
        fields[2] == fields[5]
    });
    for _ in 0..3 {
        tmux(&place, &["send-keys", "-t", "=web/toast:", "C-z"]);
    }
    tmux(&place, &["send-keys", "-t", "=web/toast:", "C-c"]);
    assert_eq!(place.read_soon("got"), "int\n", "the interrupt went to the agent, and the agent was continued");
    assert!(observe(&dir).is_live());
}

#[test]
fn scrollback_is_captured() {
    let place = TestPlace::new();
    let dir = place.start(RuntimeKind::Tmux, &place.script("web/toast", "seq 1 300; exec sleep 600"));
    let runtime = place.runtime(RuntimeKind::Tmux);
    wait_until("all lines", || runtime.capture(&dir, 1).unwrap() == "300\n");
    let text = runtime.capture(&dir, 200).unwrap();
    assert_eq!(text.lines().next(), Some("101"));
    assert_eq!(text.lines().count(), 200);
}

#[test]
fn attaching_works_also_inside_another_tmux() {
    let place = TestPlace::new();
    let dir = place.start(RuntimeKind::Tmux, &place.script("web/toast", "exec sleep 600"));
    let Attach::Exec(words) = place.runtime(RuntimeKind::Tmux).attach(&dir).unwrap() else { panic!("no command") };
    // `script` plays the person's terminal.
    let outer = place.path("outer");
    let words: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let line = format!("exec {}", words.join(" "));
    let started = Command::new("tmux")
        .arg("-S")
        .arg(&outer)
        .args(["-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "20", &line])
        .status()
        .unwrap();
    assert!(started.success());
    wait_until("the client", || {
        server(&place).panes().unwrap().iter().any(|pane| pane.name == "web/toast" && pane.attached == 1)
    });
    Command::new("tmux").arg("-S").arg(&outer).arg("kill-server").status().unwrap();
    assert!(observe(&dir).is_live());
}

#[test]
fn faults_of_tmux_have_clear_errors() {
    let place = TestPlace::new();
    let launch = place.script("web/toast", "exec sleep 600");
    let dir = place.dir(&launch);
    assert!(matches!(server(&place).panes(), Err(RuntimeError::ServerDead { .. })));
    let deep = Place { tmux_socket: place.root().join("d".repeat(100)), ..place.place.clone() };
    let error = Tmux::new(deep).server().panes().unwrap_err();
    assert!(matches!(error, RuntimeError::ServerDead { .. }), "{error}");
    let deep = Place { tmux_socket: place.root().join("d".repeat(100)), ..place.place.clone() };
    let error = gt::runtime::open(RuntimeKind::Tmux, &deep).start(&dir, &launch).unwrap_err();
    assert!(matches!(error, RuntimeError::SocketPathTooLong { .. }), "{error}");
    let gone = Place { program: place.path("no-gt"), ..place.place.clone() };
    let error = gt::runtime::open(RuntimeKind::Tmux, &gone).start(&dir, &launch).unwrap_err();
    assert!(error.to_string().contains("no-gt"), "{error}");
    place.start(RuntimeKind::Tmux, &launch);
    tmux(&place, &["kill-server"]);
    place.exit_of(&dir);
    let error = place.runtime(RuntimeKind::Tmux).attach(&dir).unwrap_err();
    assert!(matches!(error, RuntimeError::ServerDead { .. }), "{error}");
    // The next start brings the server back.
    place.start(RuntimeKind::Tmux, &place.script("web/toast", "exec sleep 600"));
}

#[test]
fn thirty_sessions_start_at_once() {
    let place = TestPlace::new();
    let launches: Vec<Launch> = (0..30).map(|n| place.script(&format!("web/w{n}"), "exec sleep 600")).collect();
    std::thread::scope(|scope| {
        for launch in &launches {
            let place = &place;
            scope.spawn(move || place.start(RuntimeKind::Tmux, launch));
        }
    });
    assert_eq!(server(&place).panes().unwrap().len(), 30);
    std::thread::scope(|scope| {
        for launch in &launches {
            let dir = place.dir(launch);
            scope.spawn(move || end(&dir, Duration::ZERO).unwrap());
        }
    });
}

/// What a person sees who attaches to a session: a terminal of 100 by 20 around the town's.
struct Person<'a> {
    place: &'a TestPlace,
    socket: std::path::PathBuf,
}

impl<'a> Person<'a> {
    fn attaches(place: &'a TestPlace, name: &str) -> Self {
        let person = Self { place, socket: place.path("person") };
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
        let output = command.arg("-S").arg(&self.socket).args(words).output().unwrap();
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

    fn presses(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"], keys].concat());
    }
}

impl Drop for Person<'_> {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
        let _ = self.place;
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
    server(place).post(&[posted], &server(place).panes().unwrap()).unwrap()
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
    let panes = server(&place).panes().unwrap();
    server(&place).post_town("3 at work, #S", &panes).unwrap();
    person.sees(&["web/toast", "working", "2 mail", "web-x7k2m", "Say #[fg=red]hello, #(touch x)", "3 at work, #S"]);
    assert!(!place.path("x").exists());
    // What is there is not put up again, until it has nearly run out.
    assert_eq!(post(&place, "web/toast", sign("working", false), 600), 0);
    assert_eq!(post(&place, "web/toast", sign("working", false), 3_000), 1);
    let kept = tmux(&place, &["show-options", "-v", "-t", "=web/toast:", "@gt_title"]);
    assert_eq!(kept, "Say ##[fg=red]hello, ##(touch x) %H; and `more`;\n");
    // An hour ago: said to be old, without anybody having done anything.
    let past = gt::clock::Clock::System.now() - chrono::TimeDelta::seconds(3_700);
    let old = Posted { name: "web/toast".to_owned(), sign: sign("stalled", false), at: past, until: past };
    server(&place).post(&[old], &server(&place).panes().unwrap()).unwrap();
    person.sees(&["stalled 61m ago"]);
    // One that is gone keeps nobody from being told.
    let now = gt::clock::Clock::System.now();
    let mut panes = server(&place).panes().unwrap();
    panes.push(Pane { name: "web/gone".to_owned(), ..panes[0].clone() });
    let both = ["web/gone", "web/toast"].map(|name| Posted {
        name: name.to_owned(),
        sign: sign("waiting for input", true),
        at: now,
        until: now + chrono::TimeDelta::seconds(60),
    });
    assert_eq!(server(&place).post(&both, &panes).unwrap(), 2);
    person.sees(&["waiting for input"]);
}

#[test]
fn what_an_agents_hooks_tell_is_in_the_status_line_at_once() {
    let place = TestPlace::new();
    let launch = place.script("web/ada", "exec sleep 600");
    let dir = place.start(RuntimeKind::Tmux, &launch);
    let person = Person::attaches(&place, "web/ada");
    for (kind, word) in [(HookKind::Prompt, "working"), (HookKind::Waiting, "waiting"), (HookKind::Stop, "your turn")] {
        tell(&dir, &HookEvent::of(kind), false).unwrap();
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
    let shown = place.runtime(RuntimeKind::Tmux).capture(&again, 500).unwrap();
    assert!(!shown.contains("300"), "{shown}");
    person.presses(&["C-b", "d"]);
    wait_until("the person to be back", || person.screen().is_empty() || person.line().contains("detached"));
    assert_eq!(server(&place).panes().unwrap().len(), 1);
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
    let keys = tmux(&place, &["list-keys", "-T", "prefix"]);
    for harm in ["split-window", "kill-", "rename-", "new-window", "respawn"] {
        assert!(!keys.contains(harm), "{harm}: {keys}");
    }
    assert!(!tmux(&place, &["list-keys", "-T", "root"]).contains("display-menu"), "no menu offers such things");
    assert!(!tmux(&place, &["show-options", "-g"]).contains("#("), "the status line runs nothing");
    // The person's own prefix is theirs; the agent gets the key when it is pressed twice.
    assert_eq!(server(&place).panes().unwrap().len(), 3);
}

#[test]
fn a_popup_shows_the_queue_and_goes_with_escape() {
    let mut place = TestPlace::odd();
    place.place.program = place.path("gt it's");
    let script = "#!/bin/sh\necho \"shown: $*\"\ncase \"$*\" in *session*) exec \"$GT_REAL\" \"$@\";; esac\n";
    let script = script.replace("$GT_REAL", env!("CARGO_BIN_EXE_gt"));
    std::fs::write(&place.place.program, script).unwrap();
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&place.place.program, std::fs::Permissions::from_mode(0o755)).unwrap();
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
