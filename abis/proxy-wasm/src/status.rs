//! What a function of the host says of how it went.
//!
//! Numbers: proxy-wasm specification, `abi-versions/v0.2.1`, `proxy_status_t`; `BrokenConnection` as the C++ host has it.

/// The result of a function of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Status {
    NotFound = 1,
    BadArgument = 2,
    ParseFailure = 4,
    InvalidMemoryAccess = 6,
    Empty = 7,
    CasMismatch = 8,
    InternalFailure = 10,
    BrokenConnection = 11,
    Unimplemented = 12,
}

/// Why a function of the host did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The guest is told.
    Status(Status),
    /// The guest ends.
    Trap(wasmtime::Error),
}

/// What the host's functions are made of.
pub(crate) type Done<T = ()> = Result<T, Refusal>;

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        Self::Status(status)
    }
}

impl From<wasmtime::Error> for Refusal {
    fn from(error: wasmtime::Error) -> Self {
        Self::Trap(error)
    }
}

/// What the guest gets of it.
pub(crate) fn settle(done: Done) -> wasmtime::Result<u32> {
    match done {
        Ok(()) => Ok(0),
        Err(Refusal::Status(status)) => Ok(status as u32),
        Err(Refusal::Trap(error)) => Err(error),
    }
}
