//! What only the runtime `tmux` does.

use std::process::Command;
use std::time::Duration;

use gt::runtime::{Attach, Launch, Observed, Place, Reply, RuntimeError, RuntimeKind, Tmux, deliver, end, observe};

use crate::place::{TestPlace, lives};
use crate::support::wait_until;

#[test]
fn panes_tell_what_runs_and_how_it_died() {
    let place = TestPlace::new();
    let living = place.script("web/toast", "printf '\\033]0;busy | 3\\007'; exec sleep 600");
    let dying = place.script("web/crust", "exit 4");
    let living_dir = place.start(RuntimeKind::Tmux, &living);
    let dying_dir = place.start(RuntimeKind::Tmux, &dying);
    place.exit_of(&dying_dir);
    let find = |launch: &Launch| place.server().pane_of(&launch.session).expect("the runtime answers");
    wait_until("the pane to die", || find(&dying).is_some_and(|pane| pane.dead));
    let dead = find(&dying).expect("there is one");
    assert_eq!(dead.name, "web/crust");
    // tmux 3.3a forgets the status now and then.
    assert!(matches!(dead.dead_status, None | Some(4)), "{dead:?}");
    wait_until("the title", || find(&living).is_some_and(|pane| pane.title == "busy | 3"));
    let pane = find(&living).expect("there is one");
    let Observed::Running(pid) = observe(&living_dir) else { panic!("it runs") };
    assert_eq!((pane.name.as_str(), pane.pid, pane.dead), ("web/toast", pid.process.pid, false));
    assert!(pane.activity.is_some());
    place.runtime(RuntimeKind::Tmux).close(&dying_dir).expect("the runtime answers");
    assert!(find(&dying).is_none());
    assert!(matches!(place.runtime(RuntimeKind::Tmux).close(&living_dir), Err(RuntimeError::AlreadyRuns { .. })));
    // Its screen is gone; its log is not.
    assert!(place.runtime(RuntimeKind::Tmux).capture(&dying_dir, 5).expect("the runtime answers").contains("status 4"));
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
    let error = runtime.start(&place.dir(&second), &second).expect_err("it is refused");
    assert!(matches!(&error, RuntimeError::AlreadyRuns { name } if name == "web/toast"), "{error}");
    assert_eq!(observe(&place.dir(&second)), Observed::Absent);
    end(&first_dir, Duration::ZERO).expect("the runtime answers");
    wait_until("the pane to die", || place.server().panes().expect("the runtime answers").iter().all(|pane| pane.dead));
    let second_dir = place.start(RuntimeKind::Tmux, &second);
    wait_until("the screen", || runtime.capture(&second_dir, 50).expect("the runtime answers").contains("two"));
    let former = runtime.capture(&first_dir, 50).expect("the runtime answers");
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
    let global = place.tmux(&["show-environment", "-g"]);
    for line in global.lines() {
        let name = line.split('=').next().expect("there is one");
        assert!(["PATH", "PWD", "GT_DETACHED", "SHLVL", "_", "OLDPWD"].contains(&name), "{line}");
    }
    assert!(!place.tmux(&["show-environment", "-t", "=web/toast"]).contains("GT_SESSION"));
    assert_eq!(place.tmux(&["show-options", "-gv", "remain-on-exit"]), "on\n");
    assert_eq!(place.tmux(&["show-options", "-sv", "exit-empty"]), "off\n");
    let panes = place.server().panes().expect("the runtime answers");
    place.server().post_town("3 workers #{pid} #(touch x)", &panes).expect("the runtime answers");
    assert_eq!(place.tmux(&["show-options", "-gv", "@gt_status"]), "3 workers ##{pid} ##(touch x)\n");
    place.tmux(&["kill-session", "-t", "=web/toast"]);
    wait_until("the session to end", || !observe(&place.dir(&launch)).is_live());
    assert!(place.server().is_alive());
    assert_eq!(place.server().panes().expect("the runtime answers"), []);
}

#[test]
fn a_session_killed_by_hand_ends_with_all_it_started() {
    let place = TestPlace::new();
    let script = "trap '' HUP TERM; setsid sh -c 'trap \"\" HUP TERM; echo $$ >\"$OUT/p\"; while :; do sleep 600; done' & while :; do sleep 600; done";
    let launch = place.script("web/toast", script);
    let dir = place.start(RuntimeKind::Tmux, &launch);
    let pid = place.read_soon("p").trim().parse().expect("it is well formed");
    place.tmux(&["kill-session", "-t", "=web/toast"]);
    place.exit_of(&dir);
    assert!(!lives(pid));
}

#[test]
fn a_death_is_told_at_once() {
    let mut place = TestPlace::odd();
    let script = "printf '%s\\n' \"$@\" >\"$0/died\"";
    let root = place.root().to_str().expect("a path in UTF-8").to_owned();
    place.place.pane_died = ["/bin/sh", "-c", script, &root, "a 'b' \"c\" $d #{e} \\ ;"].map(str::to_owned).into();
    let dir = place.start(RuntimeKind::Tmux, &place.script("web/toast", "exec sleep 600"));
    let Observed::Running(pid) = observe(&dir) else { panic!("it runs") };
    let pid = rustix::process::Pid::from_raw(pid.process.pid).expect("a process has a number");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it runs");
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
    wait_until("the prompt", || runtime.capture(&dir, 5).expect("the runtime answers").contains('>'));
    let texts = ["it's \"one\" $two `three`; ü 🦀;", "-flag #{x} ~ \\n", "second"];
    std::thread::scope(|scope| {
        for text in texts {
            let dir = &dir;
            scope.spawn(move || {
                assert_eq!(deliver(dir, text).expect("the runtime answers"), Reply::Typed { shown: true });
            });
        }
    });
    let mut wanted: Vec<String> = texts.iter().map(|text| format!("\u{1b}[200~{text}\u{1b}[201~")).collect();
    wanted.sort();
    wait_until("all texts", || {
        let mut got: Vec<_> = place.read_soon("got").lines().map(str::to_owned).collect();
        got.sort();
        got == wanted
    });
    end(&dir, Duration::ZERO).expect("the runtime answers");
    assert!(matches!(deliver(&dir, "late"), Err(RuntimeError::NoSession { .. })));
}

#[test]
fn a_typed_text_cannot_press_keys() {
    let place = TestPlace::new();
    let dir = place.start(RuntimeKind::Tmux, &place.script("web/toast", READER));
    let runtime = place.runtime(RuntimeKind::Tmux);
    wait_until("the prompt", || runtime.capture(&dir, 5).expect("the runtime answers").contains('>'));
    deliver(&dir, "a\u{1b}[201~\u{3}\u{4}b").expect("the runtime answers");
    assert_eq!(place.read_soon("got"), "\u{1b}[200~a[201~b\u{1b}[201~\n");
}

#[test]
fn keys_reach_the_agent_and_a_stopped_agent_goes_on() {
    let place = TestPlace::new();
    let script = "trap 'echo int >>\"$OUT/got\"' INT; kill -TSTP $$; echo $$ >\"$OUT/p\"; while :; do sleep 0.02; done";
    let dir = place.start(RuntimeKind::Tmux, &place.script("web/toast", script));
    let agent: i32 = place.read_soon("p").trim().parse().expect("it is well formed");
    let stat = || std::fs::read_to_string(format!("/proc/{agent}/stat")).expect("it is there");
    wait_until("it owns the terminal", || {
        let stat = stat();
        let fields: Vec<&str> = stat.rsplit_once(") ").expect("there is one").1.split(' ').collect();
        // Its process group and the one in the foreground of its terminal.
        fields[2] == fields[5]
    });
    for _ in 0..3 {
        place.tmux(&["send-keys", "-t", "=web/toast:", "C-z"]);
    }
    place.tmux(&["send-keys", "-t", "=web/toast:", "C-c"]);
    assert_eq!(place.read_soon("got"), "int\n", "the interrupt went to the agent, and the agent was continued");
    assert!(observe(&dir).is_live());
}

#[test]
fn scrollback_is_captured() {
    let place = TestPlace::new();
    let dir = place.start(RuntimeKind::Tmux, &place.script("web/toast", "seq 1 300; exec sleep 600"));
    let runtime = place.runtime(RuntimeKind::Tmux);
    wait_until("all lines", || runtime.capture(&dir, 1).expect("the runtime answers") == "300\n");
    let text = runtime.capture(&dir, 200).expect("the runtime answers");
    assert_eq!(text.lines().next(), Some("101"));
    assert_eq!(text.lines().count(), 200);
}

#[test]
fn attaching_works_also_inside_another_tmux() {
    let place = TestPlace::new();
    let dir = place.start(RuntimeKind::Tmux, &place.script("web/toast", "exec sleep 600"));
    let Attach::Exec(words) = place.runtime(RuntimeKind::Tmux).attach(&dir).expect("the runtime answers") else {
        panic!("no command")
    };
    // `script` plays the person's terminal.
    let outer = place.path("outer");
    let words: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let line = format!("exec {}", words.join(" "));
    let started = Command::new("tmux")
        .arg("-S")
        .arg(&outer)
        .args(["-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "20", &line])
        .status()
        .expect("the program is there");
    assert!(started.success());
    wait_until("the client", || {
        place
            .server()
            .panes()
            .expect("the runtime answers")
            .iter()
            .any(|pane| pane.name == "web/toast" && pane.attached == 1)
    });
    Command::new("tmux").arg("-S").arg(&outer).arg("kill-server").status().expect("the program is there");
    assert!(observe(&dir).is_live());
}

#[test]
fn faults_of_tmux_have_clear_errors() {
    let place = TestPlace::new();
    let launch = place.script("web/toast", "exec sleep 600");
    let dir = place.dir(&launch);
    assert!(matches!(place.server().panes(), Err(RuntimeError::ServerDead { .. })));
    let deep = Place { tmux_socket: place.root().join("d".repeat(100)), ..place.place.clone() };
    let error = Tmux::new(deep).server().panes().expect_err("it is refused");
    assert!(matches!(error, RuntimeError::ServerDead { .. }), "{error}");
    let deep = Place { tmux_socket: place.root().join("d".repeat(100)), ..place.place.clone() };
    let error = gt::runtime::open(RuntimeKind::Tmux, &deep).start(&dir, &launch).expect_err("it is refused");
    assert!(matches!(error, RuntimeError::SocketPathTooLong { .. }), "{error}");
    let gone = Place { program: place.path("no-gt"), ..place.place.clone() };
    let error = gt::runtime::open(RuntimeKind::Tmux, &gone).start(&dir, &launch).expect_err("it is refused");
    assert!(error.to_string().contains("no-gt"), "{error}");
    place.start(RuntimeKind::Tmux, &launch);
    place.tmux(&["kill-server"]);
    place.exit_of(&dir);
    let error = place.runtime(RuntimeKind::Tmux).attach(&dir).expect_err("it is refused");
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
    assert_eq!(place.server().panes().expect("the runtime answers").len(), 30);
    std::thread::scope(|scope| {
        for launch in &launches {
            let dir = place.dir(launch);
            scope.spawn(move || end(&dir, Duration::ZERO).expect("the runtime answers"));
        }
    });
}
