//! What this machine has, for what the server's file leaves to the server.

use std::fs;
use std::path::Path;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Where Linux shows the groups that bound a container's processes.
const CGROUPS: &str = "/sys/fs/cgroup";

/// Bytes of memory: the machine's, or the container's where that has less. `None` where the system does not say.
pub(super) fn memory() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| total(&text));
    let group = fs::read_to_string("/proc/self/cgroup").ok().and_then(|text| bound(Path::new(CGROUPS), &text));
    machine.into_iter().chain(group).min()
}

/// The first line of proc_meminfo(5) is `MemTotal: 24049520 kB`.
fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1024)
}

/// The smallest bound of a process's groups and those around them, of either version (cgroups(7); the files are in the
/// kernel's Documentation/admin-guide).
fn bound(root: &Path, membership: &str) -> Option<u64> {
    let group = |prefix: &str| {
        let found =
            membership.lines().find_map(|line| line.split_once(prefix).filter(|(before, _)| !before.contains('/')));
        found.map_or("", |(_, group)| group)
    };
    let bounds = |root: &Path, group: &str, file: &str| {
        let innermost = root.join(group);
        let around = innermost.ancestors().take_while(|group| group.starts_with(root));
        around.filter_map(|group| fs::read_to_string(group.join(file)).ok()?.trim().parse::<u64>().ok()).min()
    };
    let second = bounds(root, group("0::/"), "memory.max");
    let first = bounds(&root.join("memory"), group(":memory:/"), "memory.limit_in_bytes");
    second.into_iter().chain(first).min()
}

/// How many files and sockets the server may have open, once it has asked for as many as it may ask for.
pub(super) fn open_files() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    // Where it is refused, it stays as it is.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// Gives memory that nobody uses any more back to the system. The C library keeps it otherwise, however much it is.
#[cfg(target_env = "gnu")]
pub(super) fn give_memory_back() {
    // SAFETY: it may be called at any time, by any thread (malloc_trim(3)).
    unsafe { libc::malloc_trim(0) };
}

/// Other C libraries give it back by themselves.
#[cfg(not(target_env = "gnu"))]
pub(super) fn give_memory_back() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_memory_is_found_in_what_the_system_says() {
        assert_eq!(total("MemTotal:       24049520 kB\nMemFree:        1 kB\n"), Some(24_049_520 * 1024));
        assert_eq!(total("MemFree: 1 kB\n"), None);
    }

    #[test]
    fn the_tightest_group_around_a_process_counts() {
        let root = tempfile::tempdir().unwrap();
        let inner = root.path().join("pod/container");
        fs::create_dir_all(&inner).unwrap();
        let within = |membership: &str| bound(root.path(), membership);
        assert_eq!(within("0::/pod/container\n"), None);
        fs::write(inner.join("memory.max"), "max\n").unwrap();
        fs::write(root.path().join("pod/memory.max"), "1048576\n").unwrap();
        assert_eq!(within("1:name=systemd:/\n0::/pod/container\n"), Some(1 << 20));
        fs::write(inner.join("memory.max"), "4096\n").unwrap();
        assert_eq!(within("0::/pod/container\n"), Some(4096));
        assert_eq!(within("0::/\n"), None);
        let older = root.path().join("memory/pod");
        fs::create_dir_all(&older).unwrap();
        fs::write(older.join("memory.limit_in_bytes"), "8192\n").unwrap();
        assert_eq!(within("4:memory:/pod\n0::/\n"), Some(8192));
    }
}
