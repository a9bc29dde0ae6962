//! What is true of a session in every runtime.

use std::process::Command;
use std::time::Duration;

use gt::runtime::{
    Attach, ExitReason, Launch, Observed, Reply, Request, RuntimeError, RuntimeKind, deliver, end, follow_log, observe,
    remove_run, runs, send,
};

use crate::place::{SOON, TestPlace, lives, marked};
use crate::support::wait_until;

const BOTH: [RuntimeKind; 2] = [RuntimeKind::Process, RuntimeKind::Tmux];

#[test]
fn a_session_runs_and_says_how_it_ended() {
    for kind in BOTH {
        let place = TestPlace::new();
        let launch = place.script("web/toast", "echo hello; touch \"$OUT/began\"; read x <\"$OUT/go\"; exit 7");
        Command::new("mkfifo").arg(place.path("go")).status().expect("the program is there");
        let dir = place.start(kind, &launch);
        let Observed::Running(pid) = observe(&dir) else { panic!("{:?}", observe(&dir)) };
        assert!(pid.process.is_alive());
        wait_until("the script", || place.path("began").exists());
        std::fs::write(place.path("go"), "x\n").expect("the folder is the test's own");
        let exit = place.exit_of(&dir);
        assert_eq!((exit.reason, exit.status, exit.signal), (ExitReason::Exited, Some(7), None), "{kind}");
        wait_until("its own process to end", || !pid.process.is_alive());
        let text = place.runtime(kind).capture(&dir, 50).expect("the runtime answers");
        assert!(text.contains("hello") && text.contains("ended with status 7"), "{kind}: {text}");
        assert!(!dir.join("socket").exists());
    }
}

#[test]
fn the_agent_gets_exactly_its_environment_and_its_arguments() {
    for kind in BOTH {
        let place = TestPlace::odd();
        let prompt = "Fix \"it\"; don't $HOME `x` \\ #{session_name}\n\n\ttab, ü 🦀 \u{1b}[31m\r\nlast line;";
        let script = "env -0 >\"$OUT/env\"; pwd >\"$OUT/pwd\"; printf '%s\\0' \"$@\" >\"$OUT/args\"; tty >\"$OUT/tty\"; cp /proc/self/status \"$OUT/status\"; : >\"$OUT/done\"";
        let mut launch = place.program("web/toast", &["/bin/sh", "-c", script, "sh", prompt, "", ";", "a\\;"]);
        launch.env.insert("MULTI".to_owned(), "a\nb='c'".to_owned());
        let dir = place.start(kind, &launch);
        place.exit_of(&dir);
        assert!(place.path("done").exists());
        let read = |name: &str| std::fs::read_to_string(place.path(name)).expect("it is there");
        assert_eq!(read("args"), format!("{prompt}\0\0;\0a\\;\0"), "{kind}");
        assert_eq!(read("pwd").trim_end_matches('\n'), place.path("work").to_str().expect("a path in UTF-8"));
        for mask in ["SigBlk:", "SigIgn:"] {
            let status = read("status");
            let line = status.lines().find_map(|line| line.strip_prefix(mask)).expect("there is one");
            // The real-time signals above are the C library's own.
            let signals = u64::from_str_radix(line.trim(), 16).expect("it is well formed") & 0x7fff_ffff;
            assert_eq!(signals, 0, "{kind}: {mask}{line}");
        }
        assert_eq!(read("tty").starts_with("/dev/"), kind == RuntimeKind::Tmux);
        let text = read("env");
        let mut names: Vec<_> =
            text.split_terminator('\0').map(|pair| pair.split_once('=').expect("there is one").0).collect();
        names.sort_unstable();
        // The shell adds the last two.
        assert_eq!(names, ["GT_SESSION", "MULTI", "OUT", "PATH", "PWD", "TERM"], "{kind}");
        assert!(text.contains("MULTI=a\nb='c'\0"));
    }
}

#[test]
fn a_session_survives_the_shell_that_started_it() {
    for kind in BOTH {
        let place = TestPlace::new();
        let launch = place.script("web/toast", "echo $$ >\"$OUT/agent\"; exec sleep 600");
        let starter = place.path("start.toml");
        std::fs::write(&starter, toml::to_string(&launch).expect("a launch can be written"))
            .expect("a launch can be written");
        // This test program plays the `gt sling` of an agent's tool call, in a shell that is then killed as a group.
        let mut shell = Command::new("setsid")
            .args(["sh", "-c", "\"$0\" --exact sessions::starter --ignored; : >\"$DONE\"; exec sleep 600"])
            .arg(std::env::current_exe().expect("a program has a path"))
            .env("STARTER", &starter)
            .env("STARTER_KIND", kind.as_str())
            .env("STARTER_ROOT", place.root())
            .env("DONE", place.path("started"))
            .env("GT_SESSION", "outersession")
            .spawn()
            .expect("the program is there");
        wait_until("the start", || place.path("started").exists());
        let group = rustix::process::Pid::from_raw(shell.id() as i32).expect("a process has a number");
        rustix::process::kill_process_group(group, rustix::process::Signal::KILL).expect("it runs");
        shell.wait().expect("a child of the test");
        let agent: i32 = place.read_soon("agent").trim().parse().expect("it is well formed");
        let dir = place.dir(&launch);
        assert_eq!(send(&dir, &Request::Ping).expect("the runtime answers"), Reply::Pong, "{kind}");
        assert!(lives(agent) && matches!(observe(&dir), Observed::Running(_)));
        let outer = "outersession".parse().expect("it is well formed");
        assert_eq!(marked(&outer), [0; 0], "nothing of it belongs to the session that started it");
        end(&dir, Duration::from_secs(1)).expect("the runtime answers");
        assert!(!lives(agent));
    }
}

/// No test by itself: the program of the one above.
#[test]
#[ignore = "run by a_session_survives_the_shell_that_started_it"]
fn starter() {
    let Some(path) = std::env::var_os("STARTER") else { return };
    let root = std::path::PathBuf::from(std::env::var_os("STARTER_ROOT").expect("the test set it"));
    let kind: RuntimeKind = std::env::var("STARTER_KIND").expect("the test set it").parse().expect("it is well formed");
    let launch: Launch =
        toml::from_str(&std::fs::read_to_string(path).expect("it is there")).expect("it is well formed");
    let place = gt::runtime::Place {
        program: env!("CARGO_BIN_EXE_gt").into(),
        tmux_socket: root.join("tmux"),
        tmux_config: root.join("tmux.conf"),
        pane_died: Vec::new(),
        town: root.clone(),
    };
    gt::runtime::open(kind, &place)
        .start(&root.join("run").join(launch.session.as_str()), &launch)
        .expect("the runtime answers");
}

#[test]
fn an_agent_that_is_missing_or_cannot_run_says_so() {
    for kind in BOTH {
        let place = TestPlace::new();
        std::fs::write(place.path("plain"), "no program").expect("the folder is the test's own");
        let plain = place.path("plain");
        for (argv, status, words) in [
            ("no-such-agent", 127, "no-such-agent was not found"),
            ("./no-such-agent", 127, "no-such-agent was not found"),
            (plain.to_str().expect("a path in UTF-8"), 126, "may not be executed"),
        ] {
            let launch = place.program("web/toast", &[argv, "prompt"]);
            let dir = place.start(kind, &launch);
            let exit = place.exit_of(&dir);
            assert_eq!((exit.reason, exit.status), (ExitReason::NotStarted, Some(status)), "{argv}");
            assert!(exit.message.as_ref().is_some_and(|text| text.contains(words)), "{exit:?}");
            wait_until("the text on the screen", || {
                // Long texts are wrapped on a terminal.
                place.runtime(kind).capture(&dir, 50).expect("the runtime answers").replace('\n', "").contains(words)
            });
        }
        let gone = Launch { cwd: place.path("gone"), ..place.program("web/toast", &["true"]) };
        let dir = place.start(kind, &gone);
        let exit = place.exit_of(&dir);
        assert!(exit.message.is_some_and(|text| text.contains("gone does not exist")));
    }
}

#[test]
fn an_agent_that_ends_at_once_is_marked() {
    let place = TestPlace::new();
    let dir = place.start(RuntimeKind::Process, &place.script("web/toast", "exit 0"));
    assert!(place.exit_of(&dir).early);
    let dir = place.start(RuntimeKind::Process, &place.script("web/toast", "kill -SEGV $$"));
    let exit = place.exit_of(&dir);
    assert_eq!((exit.early, exit.signal, exit.code()), (true, Some(11), Some(139)));
    let dir = place.start(RuntimeKind::Process, &place.script("web/toast", "exec sleep 600"));
    end(&dir, SOON).expect("the runtime answers");
    assert!(!place.exit_of(&dir).early, "it was asked to end");
}

#[test]
fn when_a_session_has_ended_its_command_runs_and_outlives_it() {
    for kind in BOTH {
        let place = TestPlace::new();
        let script = "env -0 >\"$OUT/tick.env\"; read x <\"$OUT/go\"; echo done >\"$OUT/tick\"";
        Command::new("mkfifo").arg(place.path("go")).status().expect("the program is there");
        let mut launch = place.script("web/toast", "exit 0");
        launch.on_end = ["/bin/sh", "-c", script].map(str::to_owned).into();
        launch.on_end_env = launch.env.clone();
        launch.on_end_env.insert("SSH_AUTH_SOCK".to_owned(), "/agent".to_owned());
        let dir = place.start(kind, &launch);
        place.exit_of(&dir);
        assert!(place.read_soon("tick.env").contains("SSH_AUTH_SOCK=/agent"));
        // Ending the session again does not touch what runs after it.
        end(&dir, Duration::ZERO).expect("the runtime answers");
        std::fs::write(place.path("go"), "x\n").expect("the folder is the test's own");
        assert_eq!(place.read_soon("tick"), "done\n", "{kind}");
        assert!(!place.read_soon("tick.env").contains("GT_SESSION"));
    }
}

#[test]
fn a_session_answers() {
    let place = TestPlace::new();
    let launch = place.script("web/toast", "exec sleep 600");
    let dir = place.start(RuntimeKind::Process, &launch);
    assert_eq!(send(&dir, &Request::Ping).expect("the runtime answers"), Reply::Pong);
    let Reply::Status(status) = send(&dir, &Request::Status).expect("the runtime answers") else { panic!("no status") };
    assert!(lives(status.agent) && !status.ending);
    assert_eq!(deliver(&dir, "hello").expect("the runtime answers"), Reply::Unsupported);
    let nonsense = Command::new("sh")
        .args(["-c", "printf 'nonsense\\n{\"verb\":\"ping\"}\\n' | timeout 20 python3 -c \"$0\" \"$1\""])
        .arg(
            "import socket,sys\ns=socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\n\
             s.sendall(sys.stdin.buffer.read())\ns.shutdown(1)\nprint(s.makefile().read())",
        )
        .arg(dir.join("socket"))
        .output();
    if let Ok(output) = nonsense.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()) {
        assert!(output.is_empty() || output.contains("failed") && output.contains("pong"), "{output}");
    }
    end(&dir, SOON).expect("the runtime answers");
    assert!(matches!(send(&dir, &Request::Ping), Err(RuntimeError::NoSession { .. })));
}

#[test]
fn a_run_folder_too_deep_for_a_socket_works_all_the_same() {
    let place = TestPlace::new();
    let launch = place.script("web/toast", "exec sleep 600");
    let dir = place.root().join("d".repeat(120)).join(launch.session.as_str());
    place.runtime(RuntimeKind::Process).start(&dir, &launch).expect("the runtime answers");
    assert!(!dir.join("socket").exists());
    wait_until("an answer", || send(&dir, &Request::Ping).is_ok());
    end(&dir, SOON).expect("the runtime answers");
}

#[test]
fn a_log_is_followed_to_its_end() {
    let place = TestPlace::new();
    let launch = place.script("web/toast", "for i in 1 2 3; do echo line $i; done; read x <\"$OUT/go\"; echo last");
    Command::new("mkfifo").arg(place.path("go")).status().expect("the program is there");
    let dir = place.start(RuntimeKind::Process, &launch);
    let Attach::Follow(log) = place.runtime(RuntimeKind::Process).attach(&dir).expect("the runtime answers") else {
        panic!("no log")
    };
    let follower = std::thread::spawn({
        let dir = dir.clone();
        move || {
            let mut seen = Vec::new();
            follow_log(&dir, &log, &mut seen).expect("the runtime answers");
            String::from_utf8(seen).expect("it is text")
        }
    });
    std::fs::write(place.path("go"), "x\n").expect("the folder is the test's own");
    let seen = follower.join().expect("the thread ends well");
    assert!(seen.starts_with("line 1\nline 2\nline 3\nlast\n") && seen.contains("status 0"), "{seen}");
}

#[test]
fn run_folders_are_listed_and_removed_only_when_over() {
    let place = TestPlace::new();
    let root = place.path("run");
    std::fs::create_dir(root.join("not a session")).expect("the folder is the test's own");
    std::fs::create_dir(root.join("emptyfolder")).expect("the folder is the test's own");
    let first = place.script("web/toast", "exec sleep 600");
    let dir = place.start(RuntimeKind::Process, &first);
    let listed = runs(&root).expect("the runtime answers");
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].session, first.session);
    assert!(matches!(remove_run(&dir), Err(RuntimeError::AlreadyRuns { .. })));
    end(&dir, SOON).expect("the runtime answers");
    assert!(remove_run(&dir).expect("the runtime answers") && !remove_run(&dir).expect("the runtime answers"));
    assert_eq!(runs(&root.join("none")).expect("the runtime answers").len(), 0);
}
