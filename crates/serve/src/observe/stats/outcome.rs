//! What became of a request.

use holm_abi::Kind;

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The guest answered, whatever the status, and the answer was delivered.
    Answered,
    /// The guest failed, before or within its answer.
    Failed(Failure),
    /// The server answered in place of the guest, which was never asked.
    Refused(Refusal),
    /// The client gave up first.
    ClientGone,
}

/// How a guest failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// It trapped.
    Trap,
    /// It needed more memory, or more handles, than its limit.
    Memory,
    /// It used up its CPU time, or its fuel.
    Cpu,
    /// It used up its wall time.
    Time,
    /// It used up its stack.
    Stack,
    /// It wrote more than its limit on output.
    Output,
    /// It ended without an answer.
    NoResponse,
    /// It could not be loaded.
    Load,
    /// The server or its machine failed.
    Internal,
}

/// Why a guest was not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Too many requests waited already.
    QueueFull,
    /// It waited too long.
    QueueTime,
    /// The app failed so often that it is given a rest.
    Breaker,
    /// The whole server has too much to do.
    ServerFull,
    /// Its body, head or target is too large.
    TooLarge,
    /// It did not come in time.
    TooSlow,
    /// The server is going down, or the app is.
    Draining,
}

impl Failure {
    pub(super) const COUNT: usize = Failure::Internal as usize + 1;
    pub(super) const ALL: [Failure; Self::COUNT] = [
        Failure::Trap,
        Failure::Memory,
        Failure::Cpu,
        Failure::Time,
        Failure::Stack,
        Failure::Output,
        Failure::NoResponse,
        Failure::Load,
        Failure::Internal,
    ];

    /// A word for logs and labels.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Failure::Trap => "trap",
            Failure::Memory => "memory",
            Failure::Cpu => "cpu",
            Failure::Time => "time",
            Failure::Stack => "stack",
            Failure::Output => "output",
            Failure::NoResponse => "no_response",
            Failure::Load => "load",
            Failure::Internal => "internal",
        }
    }
}

impl From<Kind> for Failure {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Trap => Failure::Trap,
            Kind::OutOfMemory | Kind::OutOfHandles => Failure::Memory,
            Kind::OutOfCpu | Kind::OutOfFuel => Failure::Cpu,
            Kind::OutOfTime => Failure::Time,
            Kind::StackOverflow => Failure::Stack,
            Kind::OutOfOutput => Failure::Output,
            Kind::NoResponse | Kind::Failed => Failure::NoResponse,
            Kind::NotFound
            | Kind::Invalid
            | Kind::Unsupported
            | Kind::MissingImports
            | Kind::Denied
            | Kind::TooCostly => Failure::Load,
            Kind::Usage | Kind::Io | Kind::BrokenPipe | Kind::Cancelled | Kind::HostFull | Kind::Internal => {
                Failure::Internal
            }
        }
    }
}

impl Refusal {
    pub(super) const COUNT: usize = Refusal::Draining as usize + 1;
    pub(super) const ALL: [Refusal; Self::COUNT] = [
        Refusal::QueueFull,
        Refusal::QueueTime,
        Refusal::Breaker,
        Refusal::ServerFull,
        Refusal::TooLarge,
        Refusal::TooSlow,
        Refusal::Draining,
    ];

    /// A word for logs and labels.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Refusal::QueueFull => "queue_full",
            Refusal::QueueTime => "queue_time",
            Refusal::Breaker => "breaker",
            Refusal::ServerFull => "server_full",
            Refusal::TooLarge => "too_large",
            Refusal::TooSlow => "too_slow",
            Refusal::Draining => "draining",
        }
    }
}

impl Outcome {
    /// How it reads in a log; `None` where there is nothing to say.
    pub(in crate::observe) fn problem(self) -> Option<(&'static str, &'static str)> {
        match self {
            Outcome::Answered => None,
            Outcome::Failed(failure) => Some(("failed", failure.name())),
            Outcome::Refused(refusal) => Some(("refused", refusal.name())),
            Outcome::ClientGone => Some(("client", "gone")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_place_and_a_name_of_its_own() {
        assert!(Failure::ALL.iter().enumerate().all(|(place, failure)| *failure as usize == place));
        assert!(Refusal::ALL.iter().enumerate().all(|(place, refusal)| *refusal as usize == place));
        let mut names: Vec<_> = Failure::ALL.iter().map(|failure| failure.name()).collect();
        names.extend(Refusal::ALL.iter().map(|refusal| refusal.name()));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Failure::COUNT + Refusal::COUNT);
    }
}
