//! What a call used.

use std::time::Duration;

use holm_engine::Usage;

/// What one call of a plugin used, whether it succeeded or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Time spent executing the plugin, functions of the host that it called included while they did not wait.
    pub cpu: Duration,
    /// Time from start to end.
    pub wall: Duration,
    /// The most linear memory the instance had, in bytes.
    pub memory: u64,
    /// Units of fuel, where a limit on fuel was set; 0 otherwise.
    pub fuel: u64,
    /// How often it called the host: functions that it was lent, those of its ABI, growth of its memory.
    pub host_calls: u64,
}

impl Report {
    pub(crate) fn of(usage: &Usage) -> Self {
        Self {
            cpu: usage.cpu(),
            wall: usage.wall(),
            memory: usage.memory(),
            fuel: usage.fuel(),
            host_calls: usage.host_calls(),
        }
    }
}
