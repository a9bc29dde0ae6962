//! How much memory a command uses, together with everything that it started.
//!
//! A limit of the system's own (`setrlimit`) holds for each process by itself, counts what is only reserved, which
//! sanitizers and virtual machines do by the terabyte, and does not say that it was the reason. So one looks. What is
//! counted cannot be given back: neither programs nor files that are mapped.

use std::time::{Duration, Instant};

use crate::runtime::survivors::Target;
use crate::store::ProcessId;

/// How often one looks, at least.
const STEP: Duration = Duration::from_millis(100);
/// Looking takes at most this part of the time.
const SHARE: u32 = 20;

/// Looks at the memory of a command from time to time.
pub struct Gauge {
    limit: u64,
    target: Target,
    pause: Duration,
}

impl Gauge {
    /// For at most `limit` bytes.
    pub fn new(limit: u64, target: Target) -> Self {
        Self { limit, target, pause: Duration::from_millis(5) }
    }

    /// How long to wait until the next look.
    pub fn pause(&self) -> Duration {
        self.pause
    }

    /// How many bytes are used, when that is more than may be.
    pub fn look(&mut self) -> Option<u64> {
        let start = Instant::now();
        let processes = self.target.find();
        let mut used: u64 = processes.iter().map(|process| roughly(*process)).sum();
        if used > self.limit {
            // Pages that several of them share were counted several times; this counts them once, and takes longer.
            used = processes.iter().map(|process| exactly(*process).unwrap_or_else(|| roughly(*process))).sum();
        }
        self.pause = (start.elapsed() * SHARE).max((self.pause * 2).min(STEP));
        (used > self.limit).then_some(used)
    }
}

/// See proc_pid_status(5).
fn roughly(process: ProcessId) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.pid)).unwrap_or_default();
    sum(&status, &["RssAnon:", "RssShmem:"]).unwrap_or_default()
}

/// See proc_pid_smaps(5). None where the kernel does not tell, and of a process that is gone.
fn exactly(process: ProcessId) -> Option<u64> {
    sum(&std::fs::read_to_string(format!("/proc/{}/smaps_rollup", process.pid)).ok()?, &["Pss_Anon:", "Pss_Shmem:"])
}

/// The sum of fields that are given in kB.
fn sum(text: &str, names: &[&str]) -> Option<u64> {
    let field = |name: &&str| text.lines().find_map(|line| line.strip_prefix(name));
    let values = names.iter().filter_map(field).filter_map(|value| value.trim().strip_suffix(" kB")?.parse().ok());
    values.map(|kilobytes: u64| kilobytes * 1024).reduce(|one, other| one + other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_summed() {
        let text = "VmRSS:\t    9 kB\nRssAnon:\t   2 kB\nRssFile:\t  5 kB\nRssShmem:\t  1 kB\n";
        assert_eq!(sum(text, &["RssAnon:", "RssShmem:"]), Some(3 * 1024));
        assert_eq!(sum("", &["RssAnon:"]), None);
    }
}
