//! Processes that are killed or stopped while others go on.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use rustix::process::Signal;

use crate::scene::{GREEN, Scene};
use crate::support::{TestTown, converge, history, wait_for, wait_until};

#[test]
fn the_process_of_a_session_is_killed() {
    let scene = Scene::running(2, "process");
    let agents = scene.pids("sleep 3600");
    scene.strike("session exec", Signal::KILL);
    scene.converges();
    assert!(agents.iter().all(|agent| !is_alive(*agent)), "what it had started is ended");
}

#[test]
fn the_agent_is_killed() {
    let scene = Scene::running(2, "process");
    scene.strike("sleep 3600", Signal::KILL);
    scene.converges();
}

#[test]
fn the_tmux_server_is_killed() {
    let scene = Scene::running(2, "tmux");
    scene.strike("tmux ", Signal::KILL);
    scene.converges();
}

/// The machine starts anew: everything is gone, and the numbers of the processes are those of others now, down to their
/// start times.
#[test]
fn the_machine_is_started_anew() {
    for runtime in ["process", "tmux"] {
        let scene = Scene::running(3, runtime);
        let blob = scene.leave(&scene.beads[0]);
        scene.town.end_everything();
        let mut bystander = bystander();
        let id = i32::try_from(bystander.id()).expect("a process has a number");
        let theirs = gt::store::ProcessId::of(id).expect("it lives");
        for run in fs::read_dir(scene.town.root.join(".git/gt/run")).expect("readable").flatten() {
            reuse(&run.path().join("pid"), theirs);
        }
        scene.converges();
        assert!(scene.has(&blob), "what was not committed is lost");
        assert!(
            bystander.try_wait().expect("a child of ours").is_none(),
            "a process that is not of the town was ended"
        );
        bystander.kill().expect("a child of ours");
        bystander.wait().expect("a child of ours");
    }
}

/// A process that has nothing to do with the town, and leads a group of its own.
fn bystander() -> Child {
    let mut sleep = Command::new("sleep");
    sleep.arg("3600").env_clear().current_dir("/").process_group(0).spawn().expect("sleep is there")
}

/// Writes a pid file of an earlier life of the machine whose numbers `theirs` has in this one.
fn reuse(file: &Path, theirs: gt::store::ProcessId) {
    let Ok(text) = fs::read_to_string(file) else { return };
    let mut pid: toml::Table = text.parse().expect("gt writes TOML");
    let numbers = toml::Table::try_from(theirs).expect("two numbers");
    pid.extend(numbers.clone());
    assert!(pid.insert("child".to_owned(), numbers.into()).is_some(), "{text}");
    let earlier = "0a000000-0000-4000-8000-000000000000".to_owned();
    assert!(pid.insert("boot".to_owned(), earlier.into()).is_some(), "{text}");
    fs::write(file, pid.to_string()).expect("writable");
}

/// A session whose processes are all stopped can still be taken down.
#[test]
fn a_stopped_session_can_be_ended() {
    let scene = Scene::running(1, "process");
    let stopped = [scene.strike("sleep 3600", Signal::STOP), scene.strike("session exec", Signal::STOP)].concat();
    scene.town.gt(["unsling", &scene.beads[0]]).succeeds();
    assert!(stopped.iter().all(|pid| !is_alive(*pid)), "{stopped:?}");
    scene.converges();
}

/// The first time the command hangs, and says with what; afterwards it passes.
fn hanging_once(folder: &Path) -> String {
    let folder = folder.display();
    format!("if mkdir '{folder}/hung' 2>/dev/null; then echo $$ >'{folder}/pid'; exec sleep 3600; fi; ./test.sh")
}

fn hung(scene: &Scene) -> i32 {
    let note = scene.town.sandbox.join("pid");
    wait_for("the command to hang", Duration::from_secs(60), || fs::read_to_string(&note).ok()?.trim().parse().ok())
}

#[test]
fn a_refinery_is_killed_while_its_gate_runs() {
    let scene = Scene::submitted(&[GREEN]);
    let gate = hanging_once(&scene.town.sandbox);
    change_rig(&scene.town, |rig| rig["gates"][0]["run"] = toml_edit::value(gate.clone()));
    let mut refinery = scene.town.command(["refinery", "run", "web"]).start();
    let gate = hung(&scene);
    refinery.kill().expect("a child of ours");
    refinery.wait().expect("a child of ours");
    assert!(is_alive(gate), "a gate outlives its refinery, or this tests nothing");
    scene.town.gt(["refinery", "run", "web"]).succeeds();
    assert!(!is_alive(gate), "the next run ends it");
    scene.converges();
}

#[test]
fn a_tick_is_killed_while_set_up_runs() {
    let scene = Scene::hooked(&[GREEN]);
    let folder = scene.town.sandbox.display();
    // The second one notes whether the first is still at work.
    let note = format!(
        "if grep -q '^State:.[RSDT]' /proc/$(cat '{folder}/pid')/status; then cat /proc/$(cat '{folder}/pid')/status >'{folder}/together'; fi"
    );
    let set_up = format!("{}; {note}", hanging_once(&scene.town.sandbox));
    change_rig(&scene.town, |rig| {
        rig["setup"] = toml_edit::value(toml_edit::Array::from_iter([set_up.clone()]));
    });
    let folder = scene.worktree(&scene.beads[0]);
    fs::remove_dir_all(&folder).expect("the worktree is there");
    let mut tick = scene.town.command(["tick"]).start();
    let set_up = hung(&scene);
    tick.kill().expect("a child of ours");
    tick.wait().expect("a child of ours");
    assert!(is_alive(set_up), "set-up outlives the tick, or this tests nothing");
    scene.converges();
    assert!(!is_alive(set_up));
    let together = fs::read_to_string(scene.town.sandbox.join("together")).ok();
    assert_eq!(together, None, "two set-ups were at work in one worktree");
}

/// A transaction that stands still keeps the others waiting; when it is killed, they go on.
#[test]
fn a_stopped_transaction_is_killed() {
    let scene = Scene::open(1);
    let town = &scene.town;
    let mut strace = town.program("strace");
    strace.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=?link,?linkat"]);
    strace.args(["-e", "inject=?link,?linkat:signal=STOP:when=1"]);
    if let Some(reason) = crate::support::kill::unavailable() {
        eprintln!("skipped: {reason}");
        return;
    }
    let note = town.command(["bead", "note", &scene.beads[0], "stands still"]).into_command();
    strace.arg(note.get_program()).args(note.get_args()).current_dir(&town.root);
    let mut strace = strace.spawn().expect("strace was found");
    // Under strace it also stands still for a moment at every call, and before it has the lock nobody waits for it.
    let holds = |pid: i32| {
        town.read(".git/gt/locks/ledger.lock").is_some_and(|record| record.starts_with(&format!("held {pid} ")))
    };
    let stopped = wait_for("the transaction to stop", Duration::from_secs(60), || {
        scene.pids("bead note").into_iter().find(|pid| is_stopped(*pid) && holds(*pid))
    });
    let mut other = town.command(["bead", "note", &scene.beads[0], "goes on"]).start();
    wait_until("the other one to wait", || scene.pids("bead note").iter().any(|pid| waits(*pid, stopped)));
    let pid = rustix::process::Pid::from_raw(stopped).expect("a process has a number");
    rustix::process::kill_process(pid, Signal::KILL).expect("it is there");
    assert!(other.wait().expect("a child of ours").success());
    strace.wait().expect("a child of ours");
    let history = history::of(town);
    assert_eq!(
        (history.findings, history.events.last().map(|event| event.subject.contains("goes on"))),
        (vec![], Some(true))
    );
    scene.converges();
}

fn change_rig(town: &TestTown, change: impl Fn(&mut toml_edit::DocumentMut)) {
    let text = town.read("rigs.d/web.toml").expect("the rig is registered");
    let mut rig: toml_edit::DocumentMut = text.parse().expect("gt writes TOML");
    change(&mut rig);
    town.write("rigs.d/web.toml", &rig.to_string());
    town.gt(["ledger", "adopt"]).succeeds();
    converge::rest(town);
}

fn is_alive(pid: i32) -> bool {
    state(pid).is_some_and(|state| !matches!(state, 'Z' | 'X'))
}

fn is_stopped(pid: i32) -> bool {
    matches!(state(pid), Some('T' | 't'))
}

/// Whether `pid` is another process than `other`, and waits for something.
fn waits(pid: i32, other: i32) -> bool {
    pid != other
        && fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim() == "gt")
        && state(pid) == Some('S')
}

fn state(pid: i32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}
