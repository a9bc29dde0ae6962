//! The refinery's budgets: batches beside doing it one by one in a worktree with `git merge`, and the way of a bead
//! through a large repository.
//!
//! Prints the tables that `docs/design/performance.md` explains. `GT_BENCH_FILES=2000` makes the large repository
//! smaller, `GT_BENCH_GATE=0.2` the gate of the batches quicker (in seconds); `-- batches`, `stacking` and `bead` choose.
#![allow(clippy::print_stdout, reason = "the tables are the result")]

use std::time::{Duration, Instant};

use gt::git::worktree::{self, Cut};
use gt::git::{GitError, Oid};

mod figures;
#[allow(dead_code, reason = "the benchmark of the sessions uses the rest")]
mod yard;

use figures::{median, millis, row, timed};
use yard::Yard;

/// How often the way of one bead is measured.
const RUNS: usize = 7;
/// Files of the repository in which batches are compared.
const SMALL: usize = 1_000;

/// Beads that are handed in at once, and which of them bring which file that makes the gate fail.
struct Batch {
    name: &'static str,
    members: usize,
    bad: &'static [(usize, &'static str)],
    budget: &'static str,
}

const BATCHES: &[Batch] = &[
    Batch { name: "8 green", members: 8, bad: &[], budget: "1 gate run" },
    Batch { name: "1 bad of 8", members: 8, bad: &[(5, "bad")], budget: "5 gate runs" },
    Batch { name: "2 bad of 16", members: 16, bad: &[(3, "bad"), (11, "bad2")], budget: "fewer than 16" },
    Batch { name: "a bad pair of 16", members: 16, bad: &[(4, "half"), (12, "half2")], budget: "fewer than 16" },
];

fn main() {
    let files = setting("GT_BENCH_FILES", 50_000.0) as usize;
    let gate = setting("GT_BENCH_GATE", 1.0);
    let chosen: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wanted = |part: &str| chosen.is_empty() || chosen.iter().any(|word| word == part);
    if wanted("batches") {
        batches(files, gate);
    }
    let times = "| what | files | gt | baseline | ratio | budget |\n|---|---|---|---|---|---|";
    if wanted("stacking") {
        println!("\n{times}");
        stacking(files);
    }
    if wanted("bead") {
        println!("\n{times}");
        one_bead(files);
    }
}

/// Batches beside merging and gating one after the other, the last two in large repositories.
fn batches(files: usize, gate: f64) {
    println!(
        "| batch | files | gate runs | by hand | gt | by hand | ratio | budget |\n|---|---|---|---|---|---|---|---|"
    );
    for batch in BATCHES {
        compare(&Yard::new(SMALL, gate), batch);
    }
    let many = Batch { name: "64 green", members: 64, bad: &[], budget: "1 gate run" };
    compare(&Yard::new(files, gate), &many);
    compare(&Yard::new(2 * files, gate), &BATCHES[0]);
}

/// How long it takes until the gate of a stack starts, beside `git merge` of its branches in a worktree.
fn stacking(files: usize) {
    let yard = Yard::new(files, 0.0);
    let mut until_gate = Vec::new();
    for (name, members) in [("alone", 1), ("many", 64)] {
        yard.hand_in(name, members, &[]);
        until_gate.push(yard.run().until_gate);
        let what = format!("{members} stacked until the gate starts (`git merge` of each)");
        row(&what, files, (until_gate[until_gate.len() - 1], yard.merge_all(name, members)), "");
    }
    let difference = until_gate[1].saturating_sub(until_gate[0]);
    row("stacking 64: the difference (1 until the gate starts)", files, (difference, until_gate[0]), "1 s");
}

fn setting(name: &str, default: f64) -> f64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// One batch both ways.
fn compare(yard: &Yard, batch: &Batch) {
    let members = yard.hand_in("many", batch.members, batch.bad);
    let by_hand = yard.one_by_one("many", members);
    let ran = yard.run();
    let bad = if batch.bad.iter().any(|(_, file)| *file == "half2") { 1 } else { batch.bad.len() };
    assert_eq!(ran.landed, batch.members - bad, "{}: the innocent land", batch.name);
    println!(
        "| {} | {} | {} | {} | {} | {} | {:.2} | {} |",
        batch.name,
        yard.files,
        ran.gates,
        by_hand.gates,
        millis(ran.took),
        millis(by_hand.took),
        ran.took.as_secs_f64() / by_hand.took.as_secs_f64(),
        batch.budget
    );
}

/// The way of a bead through a large repository, from `gt sling` to its gate.
fn one_bead(files: usize) {
    let yard = Yard::new(files, 0.0);
    let worktree_add = yard.worktree_add();
    yard.employ();
    let (mut slung, mut gated, mut landed) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..=RUNS {
        let way = yard.way_of_a_bead(number);
        slung.push(way.sling_to_agent);
        gated.push(way.done_to_gate);
        landed.push(way.done_to_landed);
    }
    let cold = slung.remove(0);
    row("sling to agent running, new worktree (`git worktree add`)", files, (cold, worktree_add), "1.2x");
    row("sling to agent running, warm worktree (`git worktree add`)", files, (median(slung), worktree_add), "300 ms");
    row("done to gate started (`git worktree add`)", files, (median(gated), worktree_add), "200 ms");
    row("done to landed, with a gate of nothing (`git worktree add`)", files, (median(landed), worktree_add), "");
    row("recycling a worktree (`git worktree add`)", files, (recycling(&yard), worktree_add), "");
}

/// A worktree goes back and forth between two commits.
fn recycling(yard: &Yard) -> Duration {
    let (repo, path, trash) = (yard.path("town/rigs/web/.git"), yard.path("recycled"), yard.path("trash"));
    let commits = ["refs/remotes/origin/main", "refs/remotes/origin/main~1"].map(|name| -> Oid {
        let found = gt::git::bare::rev_parse(&repo, name).expect("readable");
        found.expect("beads have landed")
    });
    let mut times = Vec::new();
    for run in 0..=RUNS {
        let start = Instant::now();
        let cut = Cut { repo: &repo, path: &path, branch: None, commit: &commits[run % 2] };
        worktree::recycle(&cut, None, &trash, || Ok::<(), GitError>(())).expect("recycled");
        times.push(start.elapsed());
    }
    median(times.split_off(1))
}
