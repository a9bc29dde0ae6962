//! The ledger's budgets, measured as whole processes, each beside its baseline in the same run.
//!
//! Prints the table that `docs/design/performance.md` explains. Every figure is a median; the machine may be noisy,
//! so read the ratios. `GT_BENCH_SIZES=100,1000` measures fewer sizes.
#![allow(clippy::print_stdout, reason = "the table is the result")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use gt::bead::{Bead, Kind};
use gt::clock::Clock;
use gt::id::{Actor, BeadId};
use gt::ledger::Ledger;

mod figures;

use figures::{median, row, timed};

const GT: &str = env!("CARGO_BIN_EXE_gt");
const RUNS: usize = 25;

fn main() {
    let sizes = std::env::var("GT_BENCH_SIZES").unwrap_or_else(|_| "100,1000,10000".to_owned());
    let sizes: Vec<usize> = sizes.split(',').filter_map(|size| size.trim().parse().ok()).collect();
    let empty = empty_program();
    println!("| what | beads | gt | baseline | ratio | budget |\n|---|---|---|---|---|---|");
    // All stay to the end: where thousands of files were just removed, some file systems are slow to make new ones.
    let mut towns = Vec::new();
    for size in sizes {
        let town = BenchTown::new(size);
        reads(&town, &empty);
        writes(&town);
        index(&town);
        if size == 1_000 {
            crowd(&town);
        }
        towns.push(town);
    }
}

/// `examples/empty_clap.rs`, built beside this program.
fn empty_program() -> PathBuf {
    let folder = Path::new(GT).parent().expect("the program lies in a folder");
    let path = folder.join("examples").join("empty_clap");
    assert!(path.exists(), "build the baseline first: cargo build --release --examples");
    path
}

/// A town with so many beads, and a plain git repository with the same files.
struct BenchTown {
    dir: tempfile::TempDir,
    size: usize,
    ids: Vec<BeadId>,
}

impl BenchTown {
    fn new(size: usize) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let home = dir.path().join("home");
        fs::create_dir_all(&home).expect("a home");
        fs::write(home.join(".gitconfig"), "[user]\n\tname = Ada\n\temail = ada@example.org\n")
            .expect("a configuration");
        let mut town = Self { dir, size, ids: Vec::new() };
        town.run(&["init", &town.path("town").display().to_string()]);
        let ledger = Ledger::at(&town.path("town"), "main", Clock::System);
        let prefix = "hq".parse().expect("a prefix");
        let made = ledger.transact(&Actor::Human, |tx| {
            let mut ids: Vec<BeadId> = Vec::new();
            for number in 0..size {
                let mut bead =
                    Bead::new(tx.new_bead_id(&prefix)?, format!("Bead number {number} of the town"), tx.now());
                bead.description = "What is to be done, in a sentence or two of the usual length.\nAnd why.".to_owned();
                bead.acceptance = "The tests pass.".to_owned();
                bead.kind = if number % 7 == 0 { Kind::Bug } else { Kind::Task };
                bead.priority = (number % 5) as u8;
                // Every third bead waits for the one before it.
                if number % 3 == 2 {
                    bead.needs.insert(ids[number - 1].clone());
                }
                ids.push(bead.id.clone());
                tx.put(&bead);
            }
            tx.describe("create", format!("create {size} beads"));
            Ok(ids)
        });
        town.ids = made.expect("the beads").value;
        ledger.pack().expect("packed");
        town.git(
            &["clone", "--quiet", &town.path("town").display().to_string(), &town.path("plain").display().to_string()],
            &town.path("home"),
        );
        town.run(&["list", "--limit", "1"]);
        town
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let path = std::env::var("PATH").unwrap_or_default();
        let folder = if self.path("town").exists() { self.path("town") } else { self.dir.path().to_owned() };
        command
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.path("home"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .current_dir(folder);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, args: &[&str]) -> Duration {
        timed(self.command(GT).args(args))
    }

    fn git(&self, args: &[&str], folder: &Path) -> Duration {
        timed(self.command("git").args(args).current_dir(folder))
    }

    fn some_id(&self, number: usize) -> &str {
        self.ids[(number * 7919) % self.ids.len()].as_str()
    }
}

/// Both in turn, so that a noisy moment hits both.
fn pair(
    runs: usize,
    mut one: impl FnMut(usize) -> Duration,
    mut other: impl FnMut(usize) -> Duration,
) -> (Duration, Duration) {
    let (mut ones, mut others) = (Vec::new(), Vec::new());
    for run in 0..runs {
        ones.push(one(run));
        others.push(other(run));
    }
    (median(ones), median(others))
}

fn reads(town: &BenchTown, empty: &Path) {
    let baseline = || timed(town.command(&empty.display().to_string()).args(["show", "x"]));
    type Case<'c> = (&'c str, &'c str, &'c dyn Fn(usize) -> Vec<String>);
    let cases: [Case<'_>; 6] = [
        ("gt --version", "2x an empty clap program", &|_| vec!["--version".into()]),
        ("gt show ID", "5x", &|run| vec!["show".into(), town.some_id(run).into()]),
        ("gt ready", "5x", &|_| vec!["ready".into()]),
        ("gt list (50)", "5x", &|_| vec!["list".into(), "--limit".into(), "50".into()]),
        ("gt list --all --json", "80 ms at 10,000", &|_| {
            vec!["list".into(), "--all".into(), "--limit".into(), "0".into(), "--json".into()]
        }),
        ("completion of an id", "2x", &|run| vec!["@complete".into(), town.some_id(run)[..4].into()]),
    ];
    for (what, budget, args) in cases {
        let ours = |run: usize| {
            let args = args(run);
            match args.first().map(String::as_str) {
                Some("@complete") => complete(town, &args[1]),
                _ => town.run(&args.iter().map(String::as_str).collect::<Vec<_>>()),
            }
        };
        row(what, town.size, pair(RUNS, ours, |_| baseline()), budget);
    }
}

/// What bash does when the person presses the tabulator key.
fn complete(town: &BenchTown, typed: &str) -> Duration {
    let mut command = town.command(GT);
    command
        .env("COMPLETE", "bash")
        .env("_CLAP_COMPLETE_INDEX", "2")
        .env("_CLAP_COMPLETE_COMP_TYPE", "9")
        .env("_CLAP_COMPLETE_SPACE", "true")
        .env("_CLAP_IFS", "\n");
    timed(command.args(["--", "gt", "show", typed]))
}

fn writes(town: &BenchTown) {
    let plain = town.path("plain");
    let by_git = |run: usize| {
        let file = town.ids[(run * 7919) % town.ids.len()].path();
        let path = plain.join(&file);
        let text = fs::read_to_string(&path).expect("the file");
        fs::write(&path, format!("{text}# changed {run} {}\n", Instant::now().elapsed().as_nanos())).expect("written");
        town.git(&["add", &file], &plain) + town.git(&["commit", "--quiet", "-m", "change"], &plain)
    };
    let budget = "15 ms and 1/4 of git add + git commit";
    row(
        "create",
        town.size,
        pair(RUNS, |run| town.run(&["new", &format!("New bead {run}"), "--rig", "hq"]), by_git),
        budget,
    );
    row("note", town.size, pair(RUNS, |run| town.run(&["bead", "note", town.some_id(run), "a note"]), by_git), budget);
    row(
        "close",
        town.size,
        pair(
            RUNS,
            |run| town.run(&["bead", "close", town.ids[run].as_str(), "--as", "cancelled", "--reason", "bench"]),
            by_git,
        ),
        budget,
    );
    let mut writer = busy_writer(&town.path("noise"));
    row(
        "create beside a writer",
        town.size,
        pair(RUNS, |run| town.run(&["new", &format!("Noisy bead {run}"), "--rig", "hq"]), by_git),
        budget,
    );
    let _ = writer.kill();
    let _ = writer.wait();
}

/// A process that writes as fast as the disk takes it.
fn busy_writer(file: &Path) -> Child {
    let script = "while :; do dd if=/dev/zero of=\"$0\" bs=1M count=512 conv=notrunc 2>/dev/null; done";
    Command::new("sh").args(["-c", script, &file.display().to_string()]).spawn().expect("sh starts")
}

fn index(town: &BenchTown) {
    let rebuild = |_| {
        for ending in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(town.path("town").join(format!(".git/gt/index.db{ending}")));
        }
        town.run(&["show", town.some_id(3)])
    };
    let warm = |run: usize| town.run(&["show", town.some_id(run)]);
    row("index from nothing (baseline: warm show)", town.size, pair(9, rebuild, warm), "200 ms at 10,000");
}

/// 600 commands, 30 at a time.
fn crowd(town: &BenchTown) {
    let before = count(town);
    let next = Mutex::new(0_usize);
    let waits = Mutex::new(Vec::new());
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..30 {
            scope.spawn(|| {
                loop {
                    let number = {
                        let mut next = next.lock().expect("no panic");
                        *next += 1;
                        *next
                    };
                    if number > 600 {
                        return;
                    }
                    let took = town.run(&["new", &format!("One of a crowd {number}"), "--rig", "hq"]);
                    waits.lock().expect("no panic").push(took);
                }
            });
        }
    });
    let rate = 600.0 / start.elapsed().as_secs_f64();
    let worst = waits.into_inner().expect("no panic").into_iter().max().expect("some");
    let lost = 600 - (count(town) as i64 - before as i64);
    println!(
        "| 600 commands, 30 at a time | {} | {rate:.0}/s, worst {:.2} s, {lost} lost | | | 200/s, 0.5 s, none lost |",
        town.size,
        worst.as_secs_f64()
    );
    let _ = std::io::stdout().flush();
}

fn count(town: &BenchTown) -> usize {
    let log = town.command("git").args(["rev-list", "--count", "HEAD"]).output().expect("git runs");
    String::from_utf8_lossy(&log.stdout).trim().parse().expect("a number")
}
