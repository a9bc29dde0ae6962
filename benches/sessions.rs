//! Many sessions at once on one tmux server: what it costs to know of them, to start one, to tell one something, and to
//! have them when nothing happens.
//!
//! Prints the table that `docs/design/performance.md` explains. `GT_BENCH_SESSIONS=30` makes the crowd smaller.
#![allow(clippy::print_stdout, reason = "the tables are the result")]

use std::time::{Duration, Instant};

mod figures;
#[allow(dead_code, reason = "the refinery's benchmark uses the rest")]
mod yard;

use figures::{median, row, timed};
use yard::Yard;

/// How often something is measured.
const RUNS: usize = 9;
/// Files of the repository.
const FILES: usize = 200;
/// How long nothing happens.
const IDLE: Duration = Duration::from_secs(10);

fn main() {
    let most = std::env::var("GT_BENCH_SESSIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(100);
    println!("| what | sessions | gt | baseline | ratio | budget |\n|---|---|---|---|---|---|");
    let yard = Yard::new(FILES, 0.0);
    yard.open_terminals(most);
    let mut launches = Vec::new();
    let mut running = 0;
    for crowd in [1, most] {
        while running < crowd {
            running += 1;
            launches.push(yard.launch(running));
        }
        told_of(&yard, crowd);
        ticks(&yard, crowd);
    }
    let last = launches[launches.len().saturating_sub(RUNS)..].to_vec();
    launches.truncate(RUNS);
    let launch = |all: Vec<(Duration, Duration)>| {
        let (ours, baseline): (Vec<_>, Vec<_>) = all.into_iter().unzip();
        (median(ours), median(baseline))
    };
    launches.truncate(RUNS);
    let what =
        "sling to the agent running with its first prompt, a new worker (`git worktree add`, `tmux new-session`)";
    row(what, launches.len(), launch(launches), "");
    row(what, most, launch(last), "");
    row("nudge to accepted (`tmux send-keys` to read)", most, yard.nudge(RUNS), "");
    idle(&yard, most);
}

/// What tmux tells of all terminals, in the one question of a tick, beside asking for each.
fn told_of(yard: &Yard, crowd: usize) {
    let server = yard.server();
    let ask = || {
        let start = Instant::now();
        let panes = server.panes().expect("tmux answers");
        assert!(panes.len() >= crowd, "{} terminals", panes.len());
        start.elapsed()
    };
    let one_by_one = yard.ask_each();
    row(
        "all terminals told (one `tmux` each)",
        crowd,
        (median((0..RUNS).map(|_| ask()).collect()), one_by_one),
        "50 ms",
    );
}

/// A tick when there is nothing to do, beside a `gt` that does nothing.
fn ticks(yard: &Yard, crowd: usize) {
    let times = || (0..RUNS).map(|_| yard.tick()).collect::<Vec<_>>();
    let (all, nothing) = (times(), (0..RUNS).map(|_| yard.version()).collect());
    let memory = all.iter().map(|tick| tick.memory).max().unwrap_or(0);
    row(
        "an idle tick (`gt --version`)",
        crowd,
        (median(all.iter().map(|tick| tick.took).collect()), median(nothing)),
        "",
    );
    println!("| an idle tick: most memory | {crowd} | {:.1} MB | | | 100 MB |", memory as f64 / 1024.0);
}

/// What the sessions and tmux take while nothing happens.
fn idle(yard: &Yard, crowd: usize) {
    let before = yard.used();
    std::thread::sleep(IDLE);
    let after = yard.used();
    let cpu = (after.cpu - before.cpu).as_secs_f64() / IDLE.as_secs_f64() * 100.0;
    println!("| nothing happens for {} s: of one core | {crowd} | {cpu:.2} % | | | 5 % |", IDLE.as_secs());
    println!(
        "| nothing happens: memory of the sessions' own processes, of tmux | {crowd} | {:.1} MB, {:.1} MB | | | |",
        after.sessions as f64 / 1024.0,
        after.tmux as f64 / 1024.0
    );
}
