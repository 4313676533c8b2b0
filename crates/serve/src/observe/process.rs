//! What the process uses.

use std::time::{Duration, Instant, SystemTime};

use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

/// The process, since the server started.
#[derive(Debug, Clone, Copy)]
pub struct Process {
    started: Instant,
    started_at: SystemTime,
}

/// What the process uses now. What the system does not say is `None`.
#[derive(Debug, Clone, Copy)]
pub struct ProcessStats {
    /// Since the server started.
    pub uptime: Duration,
    /// When the server started.
    pub started: SystemTime,
    /// CPU time of the whole process, from its own start.
    pub cpu: Duration,
    /// Resident memory in bytes.
    pub resident: Option<u64>,
    /// Virtual memory in bytes.
    pub mapped: Option<u64>,
    /// Threads.
    pub threads: Option<u64>,
    /// Open files and sockets.
    pub open_files: Option<u64>,
    /// How many of them there may be; `None` also where there is no limit.
    pub max_files: Option<u64>,
}

impl Process {
    /// The server starts now.
    #[must_use]
    pub fn start() -> Self {
        Self { started: Instant::now(), started_at: SystemTime::now() }
    }

    /// Asks the system. Reads files in `/proc`, a matter of microseconds, more with very many open files.
    #[must_use]
    pub fn read(&self) -> ProcessStats {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        ProcessStats {
            uptime: self.started.elapsed(),
            started: self.started_at,
            cpu: Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default(),
            resident: field(&status, "VmRSS:").map(|kib| kib * 1024),
            mapped: field(&status, "VmSize:").map(|kib| kib * 1024),
            threads: field(&status, "Threads:"),
            open_files: open_files(),
            max_files: getrlimit(Resource::Nofile).current,
        }
    }
}

/// A number in `/proc/self/status`, see proc(5).
fn field(status: &str, name: &str) -> Option<u64> {
    let rest = status.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}

fn open_files() -> Option<u64> {
    let files = std::fs::read_dir("/proc/self/fd").ok()?.count();
    // One of them is the directory that is being read.
    u64::try_from(files).ok()?.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn the_system_says_what_this_process_uses() {
        let stats = Process::start().read();
        assert!(stats.resident.unwrap() > 100 << 10 && stats.mapped > stats.resident);
        assert!(stats.threads.unwrap() >= 1 && stats.open_files.unwrap() >= 3);
        assert!(stats.cpu > Duration::ZERO);
    }

    #[test]
    fn a_status_without_the_field_is_no_number() {
        assert_eq!(field("VmRSS:\t  12 kB\nThreads:\t3\n", "Threads:"), Some(3));
        assert_eq!(field("VmRSS:\t  12 kB\n", "VmRSS:"), Some(12));
        assert_eq!(field("VmRSS:\n", "VmRSS:"), None);
        assert_eq!(field("", "VmRSS:"), None);
    }
}
