//! Ending: whatever a session has started, and whatever happened to the session itself.

use std::time::{Duration, Instant};

use gt::runtime::{ExitReason, Observed, RuntimeKind, end, end_after, observe, runs};
use rustix::process::{Pid, Signal, kill_process};

use crate::place::{SOON, TestPlace, lives, marked};
use crate::support::{wait_for, wait_until};

const BOTH: [RuntimeKind; 2] = [RuntimeKind::Process, RuntimeKind::Tmux];

/// An agent that hides processes in every way there is, writes their numbers into files, and ignores SIGTERM.
const HIDER: &str = r#"
trap '' TERM HUP INT
cd "$OUT"
sh -c 'trap "" TERM HUP; echo $$ >p.child; while :; do sleep 600; done' &
setsid sh -c 'trap "" TERM HUP; echo $$ >p.setsid; while :; do sleep 600; done' &
( setsid sh -c '( trap "" TERM HUP; echo $(exec sh -c "echo \$PPID") >p.daemon; while :; do sleep 600; done ) & ' & )
( env -i /bin/sh -c '( trap "" TERM HUP; echo $(exec sh -c "echo \$PPID") >p.bare; while :; do /bin/sleep 600; done ) &' & )
sh -c 'echo $$ >p.stopped; kill -STOP $$; sleep 600' &
echo $$ >p.agent
while :; do sleep 600; done
"#;

const HIDDEN: [&str; 6] = ["p.child", "p.setsid", "p.daemon", "p.bare", "p.stopped", "p.agent"];

fn hidden(place: &TestPlace) -> Vec<(String, i32)> {
    let number = |name: &&str| (name.to_string(), place.read_soon(name).trim().parse().expect("it is well formed"));
    let found: Vec<(String, i32)> = HIDDEN.iter().map(number).collect();
    for (name, pid) in &found {
        assert!(lives(*pid), "{name}");
    }
    found
}

#[test]
fn everything_that_a_session_started_is_ended() {
    for kind in BOTH {
        let place = TestPlace::new();
        let launch = place.script("web/toast", HIDER);
        let dir = place.start(kind, &launch);
        let hidden = hidden(&place);
        let report = end(&dir, Duration::from_millis(100)).expect("the runtime answers");
        for (name, pid) in hidden {
            assert!(!lives(pid), "{kind}: {name} lives");
        }
        let exit = report.exit.expect("there is one");
        assert_eq!((exit.reason, exit.signal), (ExitReason::Ended, Some(9)), "{kind}");
        assert!(exit.killed >= 6, "{exit:?}");
        assert_eq!(report.killed, [], "the session itself did it");
        assert_eq!(marked(&launch.session), [0; 0]);
        let again = end(&dir, Duration::ZERO).expect("the runtime answers");
        assert!(matches!(again.was, Observed::Ended(_)) && again.killed.is_empty());
    }
}

#[test]
fn what_an_agent_leaves_behind_when_it_ends_is_ended_too() {
    let place = TestPlace::new();
    let script = HIDER.replace("while :; do sleep 600; done\n", "").replace("trap '' TERM HUP INT", "")
        + "while ! [ -s p.bare -a -s p.daemon -a -s p.setsid -a -s p.child ]; do sleep 0.02; done; exit 3";
    let dir = place.start(RuntimeKind::Process, &place.script("web/toast", &script));
    let exit = place.exit_of(&dir);
    assert_eq!((exit.reason, exit.status), (ExitReason::Exited, Some(3)));
    for name in &HIDDEN[..4] {
        let pid = place.read_soon(name).trim().parse().expect("it is well formed");
        wait_until(name, || !lives(pid));
    }
}

#[test]
fn a_killed_session_is_lost_and_its_survivors_are_ended() {
    for kind in BOTH {
        let place = TestPlace::new();
        let script = HIDER.replace("( env -i", ": || ( env -i");
        let launch = place.script("web/toast", &script);
        let dir = place.start(kind, &launch);
        let names = ["p.child", "p.setsid", "p.daemon", "p.agent"];
        let pids = names.map(|name| place.read_soon(name).trim().parse::<i32>().expect("it is well formed"));
        let Observed::Running(pid) = observe(&dir) else { panic!("it runs") };
        kill_process(Pid::from_raw(pid.process.pid).expect("a process has a number"), Signal::KILL).expect("it runs");
        wait_for("the loss to be seen", SOON, || (observe(&dir) == Observed::Lost).then_some(()));
        // With the terminal some go by themselves; those without live on.
        assert!(lives(pids[1]) && lives(pids[2]), "{kind}");
        let report = end(&dir, Duration::from_millis(50)).expect("the runtime answers");
        assert_eq!(report.was, Observed::Lost);
        assert!(report.killed.len() >= 2, "{report:?}");
        for pid in pids {
            assert!(!lives(pid), "{kind}");
        }
        assert_eq!(place.exit_of(&dir).reason, ExitReason::Lost);
    }
}

/// Each process begins the next one, out of reach of the terminal and the group, and ends: nobody is there for long.
const RUNNER: &str = r#"
cd "$OUT"
echo 'echo $$ >p.runner; setsid /bin/sh "$OUT/runner" </dev/null >/dev/null 2>&1 &' >runner
/bin/sh runner
while :; do sleep 600; done
"#;

#[test]
fn what_runs_from_process_to_process_is_caught() {
    for lost in [false, true] {
        let place = TestPlace::new();
        let launch = place.script("web/toast", RUNNER);
        let dir = place.start(RuntimeKind::Process, &launch);
        let first = place.read_soon("p.runner");
        wait_until("another one", || place.read_soon("p.runner") != first);
        if lost {
            let Observed::Running(pid) = observe(&dir) else { panic!("it runs") };
            let pid = Pid::from_raw(pid.process.pid).expect("a process has a number");
            kill_process(pid, Signal::KILL).expect("it runs");
            wait_for("the loss to be seen", SOON, || (observe(&dir) == Observed::Lost).then_some(()));
        }
        end(&dir, Duration::from_millis(50)).expect("the runtime answers");
        std::fs::remove_file(place.path("p.runner")).expect("it was written");
        // Whoever had got away would write it anew within moments.
        for _ in 0..100 {
            assert_eq!(marked(&launch.session), [0; 0]);
        }
        assert!(!place.path("p.runner").exists(), "it runs on, lost: {lost}");
    }
}

#[test]
fn a_session_that_is_signalled_ends_everything_itself() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let place = TestPlace::new();
        let dir = place.start(RuntimeKind::Process, &place.script("web/toast", HIDER));
        let hidden = hidden(&place);
        let Observed::Running(pid) = observe(&dir) else { panic!("it runs") };
        kill_process(Pid::from_raw(pid.process.pid).expect("a process has a number"), signal).expect("it runs");
        assert_eq!(place.exit_of(&dir).reason, ExitReason::Ended);
        assert!(hidden.iter().all(|(_, pid)| !lives(*pid)));
    }
}

#[test]
fn an_agent_may_end_by_itself_before_it_is_made_to() {
    let place = TestPlace::new();
    let launch = place.script("web/toast", "trap 'exit 5' USR1; echo $$ >\"$OUT/p\"; while :; do sleep 0.02; done");
    let dir = place.start(RuntimeKind::Process, &launch);
    let agent = place.read_soon("p").trim().parse().expect("it is well formed");
    assert!(end_after(&dir, SOON));
    assert!(observe(&dir).is_live());
    kill_process(Pid::from_raw(agent).expect("a process has a number"), Signal::USR1).expect("it runs");
    let start = Instant::now();
    let exit = place.exit_of(&dir);
    assert_eq!((exit.reason, exit.status), (ExitReason::Ended, Some(5)));
    assert!(start.elapsed() < SOON / 2, "it did not wait for the delay");
}

#[test]
fn a_worker_can_end_its_own_session_from_inside() {
    let place = TestPlace::new();
    // What `gt done` does, from a tool call of the agent.
    let script = r#"exec 3>"$OUT/answer"; python3 -c 'import socket,sys
s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(b"{\"verb\":\"end\",\"delay_ms\":0}\n")
print(s.makefile().readline())' "$OUT/run/$GT_SESSION/socket" >&3; sleep 600"#;
    let dir = place.start(RuntimeKind::Process, &place.script("web/toast", script));
    let exit = place.exit_of(&dir);
    assert_eq!(exit.reason, ExitReason::Ended);
    assert!(place.read_soon("answer").contains("ending"));
}

#[test]
fn a_session_that_is_ended_while_it_starts_never_starts() {
    let place = TestPlace::new();
    let launch = place.script("web/toast", "echo no >\"$OUT/ran\"");
    let dir = place.dir(&launch);
    launch.write(&dir).expect("the folder is the test's own");
    assert_eq!(observe(&dir), Observed::Starting);
    end(&dir, Duration::ZERO).expect("the runtime answers");
    place.start(RuntimeKind::Process, &launch);
    assert_eq!(place.exit_of(&dir).reason, ExitReason::Ended);
    let quiet = runs(&place.path("run")).expect("the runtime answers");
    assert!(quiet.iter().all(|run| !run.observed.is_live()));
    wait_until("its process to go", || marked(&launch.session).is_empty());
    assert!(!place.path("ran").exists());
}

#[test]
fn nothing_is_ended_where_nothing_was_started() {
    let place = TestPlace::new();
    let report = end(&place.path("run/neverstarted"), Duration::ZERO).expect("the runtime answers");
    assert_eq!((report.was, report.exit, report.killed.len()), (Observed::Absent, None, 0));
}

#[test]
fn the_session_of_another_is_not_touched() {
    let place = TestPlace::new();
    // The first agent starts the second session, as a crew member does who slings.
    let second = place.script("web/crust", "echo $$ >\"$OUT/second\"; exec sleep 600");
    let second_dir = place.dir(&second);
    second.write(&second_dir).expect("the folder is the test's own");
    let start = format!(
        "env -i PATH=$PATH GT_SESSION={} GT_DETACHED=1 {} session exec {} --dir {} </dev/null >/dev/null 2>&1 & exec sleep 600",
        second.session,
        env!("CARGO_BIN_EXE_gt"),
        second.session,
        second_dir.display(),
    );
    let first_dir = place.start(RuntimeKind::Process, &place.script("web/toast", &start));
    let agent = place.read_soon("second").trim().parse().expect("it is well formed");
    end(&first_dir, Duration::ZERO).expect("the runtime answers");
    assert!(lives(agent), "the second session lives on");
    assert!(matches!(observe(&second_dir), Observed::Running(_)));
    end(&second_dir, Duration::ZERO).expect("the runtime answers");
    assert!(!lives(agent));
}
