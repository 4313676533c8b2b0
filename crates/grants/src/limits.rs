//! How much a guest may use.

use std::time::Duration;

/// Upper bounds for one guest instance. `None` leaves the bound to the host's own default; it never
/// means "unlimited".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// All linear memories together, in bytes.
    pub memory: Option<u64>,
    /// Time spent executing the guest's own code.
    pub cpu: Option<Duration>,
    /// Time from start to end, waiting included.
    pub wall: Option<Duration>,
    /// Units of deterministic work, about one per Wasm instruction.
    pub fuel: Option<u64>,
    /// The guest's call stack, in bytes.
    pub stack: Option<u64>,
    /// What the guest may write as output (standard output and error, or a response), in bytes.
    pub max_output: Option<u64>,
    /// All tables together, in elements.
    pub table_elements: Option<u64>,
    /// What the host keeps for the guest and the guest has a handle to: files, streams, headers, requests.
    pub handles: Option<u64>,
}

/// For those who write limits in code: `Limits::new().memory(16 << 20).wall(Duration::from_millis(50))`.
impl Limits {
    /// No limits beyond the host's own.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// At most so many bytes of linear memory.
    #[must_use]
    pub fn memory(self, bytes: u64) -> Self {
        Self { memory: Some(bytes), ..self }
    }

    /// At most so much time of executing.
    #[must_use]
    pub fn cpu(self, time: Duration) -> Self {
        Self { cpu: Some(time), ..self }
    }

    /// At most so much time from start to end.
    #[must_use]
    pub fn wall(self, time: Duration) -> Self {
        Self { wall: Some(time), ..self }
    }

    /// At most so many units of work.
    #[must_use]
    pub fn fuel(self, units: u64) -> Self {
        Self { fuel: Some(units), ..self }
    }

    /// At most so many bytes of stack.
    #[must_use]
    pub fn stack(self, bytes: u64) -> Self {
        Self { stack: Some(bytes), ..self }
    }

    /// At most so many bytes of output.
    #[must_use]
    pub fn max_output(self, bytes: u64) -> Self {
        Self { max_output: Some(bytes), ..self }
    }
}

impl Limits {
    /// Takes over every bound that `other` sets, looser or not: a command line over a manifest.
    pub fn merge(&mut self, other: Limits) {
        *self = combine(other, *self, Option::or, Option::or);
    }

    /// The smaller of each pair of bounds: what an app asks for under what its host allows.
    #[must_use]
    pub fn tightest(self, other: Limits) -> Limits {
        combine(self, other, smaller, smaller)
    }
}

fn smaller<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
    a.into_iter().chain(b).min()
}

/// The one place that lists every field, so that no rule forgets one.
fn combine(
    a: Limits,
    b: Limits,
    number: impl Fn(Option<u64>, Option<u64>) -> Option<u64>,
    time: impl Fn(Option<Duration>, Option<Duration>) -> Option<Duration>,
) -> Limits {
    Limits {
        memory: number(a.memory, b.memory),
        cpu: time(a.cpu, b.cpu),
        wall: time(a.wall, b.wall),
        fuel: number(a.fuel, b.fuel),
        stack: number(a.stack, b.stack),
        max_output: number(a.max_output, b.max_output),
        table_elements: number(a.table_elements, b.table_elements),
        handles: number(a.handles, b.handles),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(memory: Option<u64>, fuel: Option<u64>) -> Limits {
        Limits { memory, fuel, ..Limits::default() }
    }

    #[test]
    fn the_command_line_overrides_what_it_mentions() {
        let mut manifest = limits(Some(10), Some(5));
        manifest.merge(limits(Some(20), None));
        assert_eq!(manifest, limits(Some(20), Some(5)));
    }

    #[test]
    fn a_host_can_only_tighten() {
        let app = limits(Some(10), Some(5));
        let host = limits(Some(20), None);
        assert_eq!(app.tightest(host), limits(Some(10), Some(5)));
        assert_eq!(host.tightest(app), limits(Some(10), Some(5)));
    }
}
