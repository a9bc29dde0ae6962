//! What the benchmarks share: whole processes timed, each beside its baseline, as rows of a Markdown table.

use std::process::Command;
use std::time::{Duration, Instant};

/// How long a whole process takes; it must succeed.
pub fn timed(command: &mut Command) -> Duration {
    let start = Instant::now();
    let output = command.output().expect("the program starts");
    let took = start.elapsed();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    took
}

/// The one in the middle.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// A row: what, how large, ours, the baseline, their ratio, the budget.
pub fn row(what: &str, size: usize, (ours, baseline): (Duration, Duration), budget: &str) {
    let ratio = ours.as_secs_f64() / baseline.as_secs_f64();
    println!("| {what} | {size} | {} | {} | {ratio:.2} | {budget} |", millis(ours), millis(baseline));
}

/// A time for people.
pub fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
