//! Times and medians.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use wait4::Wait4 as _;

/// What one run of a process took.
#[derive(Clone, Copy)]
pub struct Run {
    pub wall: Duration,
    pub cpu: Duration,
    /// Bytes.
    pub peak: u64,
}

/// Runs a command to its end, its output thrown away.
pub fn process(command: &mut Command) -> Run {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let child = command.spawn().expect("the command starts");
    let used = child.wait4().expect("the command ends");
    let wall = start.elapsed();
    assert!(used.status.success(), "{command:?} failed: {}", used.status);
    Run { wall, cpu: used.rusage.utime + used.rusage.stime, peak: used.rusage.maxrss }
}

/// Runs several commands in turn, `rounds` times after one round to warm up, and returns the median of each.
pub fn in_turn(commands: &mut [Command], rounds: usize) -> Vec<Run> {
    let mut runs = vec![Vec::new(); commands.len()];
    for round in 0..=rounds {
        for (command, runs) in commands.iter_mut().zip(&mut runs) {
            let run = process(command);
            if round > 0 {
                runs.push(run);
            }
        }
    }
    runs.iter()
        .map(|runs| Run {
            wall: median(runs, |r| r.wall),
            cpu: median(runs, |r| r.cpu),
            peak: median(runs, |r| r.peak),
        })
        .collect()
}

pub fn median<T, K: Ord + Copy>(values: &[T], key: impl Fn(&T) -> K) -> K {
    let mut keys: Vec<K> = values.iter().map(key).collect();
    keys.sort_unstable();
    keys[keys.len() / 2]
}

/// CPU time of this thread.
pub fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// CPU time that `work` takes.
pub fn timed(work: impl FnOnce()) -> Duration {
    let start = cpu();
    work();
    cpu() - start
}

pub fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

pub fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / (1 << 20) as f64)
}

/// CPU time that a process has used, in clock ticks of 10 ms as Linux counts it.
pub fn process_cpu(id: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).expect("the process runs");
    // The name in parentheses may hold anything; user and system time are the 12th and 13th fields after it.
    let (_, fields) = stat.rsplit_once(')').expect("a name in parentheses");
    let ticks: u64 = fields.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap_or(0)).sum();
    Duration::from_millis(ticks * 10)
}

/// Bytes of memory that a process has resident.
pub fn resident(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("Linux says it");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
}

/// Of sorted times, the one that so many of a hundred are not above.
pub fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() * percent).div_ceil(100).saturating_sub(1)]
}
