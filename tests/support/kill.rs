//! Kills a command between any two system calls that change state, lets it recover, and checks promises.
//!
//! `strace` counts the calls of each kind that the command makes, then kills it right before the n-th one,
//! each time from the same saved town. The end of the command is the point after its last call. A second
//! driver kills at the commit points that the program itself names (`GT_CRASH`).
//!
//! `GT_KILL=all` tries every point, `GT_KILL=rename#3` that one; by default a sample, spread over the kinds of calls, is
//! taken, and `GT_SEED` picks another one, `GT_SEEDS` several.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use super::random::{Random, seeds};
use super::{GENEROUS, TestTown, wait_for};

/// System calls that change what others see: names, contents, durability, processes.
pub const CHANGING: &[&str] = &[
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "unlink",
    "unlinkat",
    "mkdir",
    "mkdirat",
    "rmdir",
    "write",
    "pwrite64",
    "ftruncate",
    "fsync",
    "fdatasync",
    "flock",
    "clone",
    "clone3",
    "vfork",
    "kill",
];

/// Which process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Victim {
    /// The command itself; the programs that it started live on, as after any `kill -9`.
    Itself,
    /// Whichever process of the command's family makes the call, such as a git that it started.
    Family,
}

/// One place to die: right before the `number`-th `call`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// The system call, or the commit point of the program.
    pub call: String,
    /// Counted from 1.
    pub number: usize,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "killed at {} #{}", self.call, self.number)
    }
}

/// A command to be killed everywhere, and what must hold afterwards.
pub struct Drill<'a> {
    /// The town in the state before the command; nothing may be running in it.
    pub town: &'a TestTown,
    /// Makes the command.
    pub command: &'a dyn Fn(&TestTown) -> Command,
    /// What comes next in life: a tick, or the same command again.
    pub recover: &'a dyn Fn(&TestTown),
    /// Checks the promises; panics when one is broken.
    pub check: &'a dyn Fn(&TestTown),
}

/// How often the command was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Points tried.
    pub tried: usize,
    /// Points at which it did die; the others were not reached in that run.
    pub killed: usize,
}

impl Drill<'_> {
    /// Kills before system calls, at `most` points. `None` when this machine has no working strace.
    pub fn at_system_calls(&self, victim: Victim, most: usize) -> Option<Tally> {
        if let Some(reason) = unavailable() {
            eprintln!("skipped: {reason}");
            return None;
        }
        self.town.checkpoint();
        let points = self.points(victim);
        assert!(!points.is_empty(), "the command changes nothing, so there is no point to kill it at");
        let mut chosen: Vec<Point> = Vec::new();
        for seed in seeds(1) {
            let fresh = sample(points.clone(), most, seed);
            chosen.extend(fresh.into_iter().filter(|point| !chosen.contains(point)).collect::<Vec<_>>());
        }
        let mut tally = Tally { tried: chosen.len(), killed: 0 };
        for point in &chosen {
            let inject = format!("inject=?{}:signal=KILL:when={}", point.call, point.number);
            // A race may move a call out of reach in one run and not in the next.
            let died = (0..3).any(|_| {
                self.town.restore();
                let log = self.traced(victim, &[&point.call], Some(&inject));
                self.afterwards(point);
                log.contains("+++ killed by SIGKILL")
            });
            tally.killed += usize::from(died);
        }
        self.town.restore();
        // Races move single calls; a driver that mostly misses would be no test.
        assert!(
            tally.killed * 2 >= tally.tried || tally.tried == 1,
            "only {tally:?}: the command makes other calls each time"
        );
        Some(tally)
    }

    /// Kills at each of the named commit points, as often as the command passes them.
    pub fn at_commit_points(&self, points: &[&str]) -> Tally {
        const PASSES: usize = 50;
        self.town.checkpoint();
        let mut tally = Tally { tried: 0, killed: 0 };
        for &call in points {
            for number in 1..=PASSES {
                let point = Point { call: call.to_owned(), number };
                self.town.restore();
                let mut command = (self.command)(self.town);
                command.env(gt::env::CRASH, format!("{call}:{number}"));
                let status = finish(quiet(&mut command).spawn().expect("the binary under test starts"));
                if !was_killed(status) {
                    break;
                }
                tally.tried += 1;
                tally.killed += 1;
                self.afterwards(&point);
            }
        }
        self.town.restore();
        tally
    }

    fn afterwards(&self, point: &Point) {
        let _named = Named(point);
        (self.recover)(self.town);
        (self.check)(self.town);
    }

    /// Every point of one undisturbed run.
    fn points(&self, victim: Victim) -> Vec<Point> {
        let log = self.traced(victim, CHANGING, None);
        let mut most: BTreeMap<&str, usize> = BTreeMap::new();
        let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for (process, call) in log.lines().filter_map(call_of) {
            // strace counts for each process by itself.
            let count = counts.entry((process, call)).or_default();
            *count += 1;
            let most = most.entry(call).or_default();
            *most = (*most).max(*count);
        }
        let numbered = |(call, count): (&str, usize)| {
            let call = call.to_owned();
            (1..=count).map(move |number| Point { call: call.clone(), number }).collect::<Vec<_>>()
        };
        most.into_iter().flat_map(numbered).collect()
    }

    /// Runs the command under strace to its end and returns the log.
    fn traced(&self, victim: Victim, calls: &[&str], inject: Option<&str>) -> String {
        let log = self.town.sandbox.join("strace.log");
        let pid = self.town.sandbox.join("strace.pid");
        let _ = fs::remove_file(&log);
        let _ = fs::remove_file(&pid);
        let plain = (self.command)(self.town);
        let trace = format!("trace={}", calls.iter().map(|call| format!("?{call}")).collect::<Vec<_>>().join(","));
        let mut command = Command::new("strace");
        command.args(["-f", "-q", "-e", "signal=kill", "-e", &trace, "-o"]).arg(&log);
        command.args(inject.iter().flat_map(|inject| ["-e", inject]));
        match victim {
            Victim::Itself => command.args(["-b", "execve"]),
            // The family may leave a server behind that strace would wait for, so the first process is noted.
            Victim::Family => command.args(["sh", "-c", "echo $$ >\"$0\"; exec \"$@\""]).arg(&pid),
        };
        command.arg(plain.get_program()).args(plain.get_args());
        command.env_clear();
        command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.current_dir(plain.get_current_dir().unwrap_or(&self.town.sandbox));
        let mut tracer = quiet(&mut command).spawn().expect("strace was found");
        if victim == Victim::Family {
            detach_when_over(&mut tracer, &pid);
        }
        finish(tracer);
        fs::read_to_string(&log).unwrap_or_default()
    }
}

/// Names the point while a check panics.
struct Named<'a>(&'a Point);

impl Drop for Named<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("this is after the command was {}", self.0);
        }
    }
}

/// Why system calls cannot be traced here; `None` when they can.
pub fn unavailable() -> Option<String> {
    match Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).output() {
        Err(error) => Some(format!("strace does not start: {error}")),
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(format!("strace does not work: {}", String::from_utf8_lossy(&output.stderr).trim())),
    }
}

/// The process and the name of the call in a line such as `4711  renameat2(AT_FDCWD, ...) = 0`.
fn call_of(line: &str) -> Option<(&str, &str)> {
    let (process, rest) = line.split_once(' ')?;
    let name = rest.trim_start().split_once('(')?.0;
    CHANGING.contains(&name).then_some((process, name))
}

/// At most `most` of the points: the first and last of each call, then others at random; with another seed than the
/// first all of them at random.
fn sample(mut points: Vec<Point>, most: usize, seed: u64) -> Vec<Point> {
    if let Some((call, number)) = std::env::var("GT_KILL").ok().as_deref().and_then(|only| only.split_once('#')) {
        points.retain(|point| point.call == call && point.number.to_string() == number);
        return points;
    }
    if std::env::var("GT_KILL").is_ok_and(|wanted| wanted == "all") || points.len() <= most {
        return points;
    }
    let mut random = Random::of(seed);
    let last: BTreeMap<String, usize> = points.iter().map(|point| (point.call.clone(), point.number)).collect();
    let is_edge = |point: &Point| seed == 1 && (point.number == 1 || last.get(&point.call) == Some(&point.number));
    points.sort_by_cached_key(|point| (!is_edge(point), random.next()));
    points.truncate(most);
    points
}

fn quiet(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null())
}

/// Waits for a child with a limit, and kills it at the limit.
fn finish(mut child: Child) -> ExitStatus {
    const LIMIT: Duration = Duration::from_secs(120);
    wait_for("a killed command and its tracer to end", LIMIT, || child.try_wait().expect("a child of ours"))
}

/// Lets strace go once the process noted in `pid` has ended, even when it left others running. Asked to let go by itself
/// it would wait for ever for one that is in the middle of a vfork; when it is killed, the system lets them all go on.
fn detach_when_over(tracer: &mut Child, pid: &Path) {
    let strace = i32::try_from(tracer.id()).ok().and_then(rustix::process::Pid::from_raw);
    wait_for("the traced command to end", GENEROUS * 2, || {
        if tracer.try_wait().expect("a child of ours").is_some() {
            return Some(());
        }
        let first = fs::read_to_string(pid).ok()?.trim().parse::<i32>().ok()?;
        (!Path::new("/proc").join(first.to_string()).exists()).then_some(())
    });
    if let Some(strace) = strace.filter(|_| tracer.try_wait().is_ok_and(|status| status.is_none())) {
        let _ = rustix::process::kill_process(strace, rustix::process::Signal::KILL);
    }
}

fn was_killed(status: ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt;
    status.signal() == Some(9)
}
