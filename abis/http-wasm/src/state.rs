//! What an instance's store carries.

use std::sync::Arc;

use holm_abi::{Error, Host, Kind, Stdio};
use holm_engine::{Limited, Limiter};
use holm_wasi::{InWorld, ModuleWorld};

use crate::traffic::Traffic;

/// Keeps bodies of requests that a guest reads for who comes next.
pub(crate) const BUFFER_REQUEST: u32 = 1;
/// Holds a response back until `handle_response` returns.
pub(crate) const BUFFER_RESPONSE: u32 = 2;
/// Trailers can be read and written, which they always can.
pub(crate) const TRAILERS: u32 = 4;
/// All that there are.
pub(crate) const ALL: u32 = BUFFER_REQUEST | BUFFER_RESPONSE | TRAILERS;

pub(crate) struct State {
    pub(crate) limiter: Limiter,
    world: ModuleWorld,
    pub(crate) configuration: Arc<[u8]>,
    /// What the filter is called in the log.
    pub(crate) name: Arc<str>,
    /// Where the guest's log goes.
    pub(crate) stdio: Stdio,
    /// Switched on while it started, for every request.
    pub(crate) features: u32,
    /// The request at hand.
    pub(crate) traffic: Option<Box<Traffic>>,
}

impl State {
    pub(crate) fn new(host: &Host, world: ModuleWorld, name: &Arc<str>, stdio: Stdio) -> Self {
        Self {
            limiter: Limiter::new(&host.limits),
            world,
            configuration: Arc::clone(&host.filter.configuration),
            name: Arc::clone(name),
            stdio,
            features: 0,
            traffic: None,
        }
    }

    /// Leads what the guest writes elsewhere.
    pub(crate) fn lead_to(&mut self, stdio: Stdio) {
        self.world.lead_to(&stdio);
        self.stdio = stdio;
    }

    /// Why the guest had to end, if its writing was the reason.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.world.failure()
    }

    /// The request at hand, for a guest that asks for it.
    pub(crate) fn traffic(&mut self) -> wasmtime::Result<&mut Traffic> {
        let traffic = self.traffic.as_deref_mut();
        traffic.ok_or_else(|| wasmtime::Error::msg("there is no request yet while it starts"))
    }

    /// Has what is kept for the guest count as its memory.
    pub(crate) fn weigh(&mut self) -> wasmtime::Result<()> {
        let kept = self.traffic.as_ref().map_or(0, |traffic| traffic.kept());
        if self.limiter.keeps(kept) {
            return Ok(());
        }
        let most = holm_grants::format_size(self.limiter.memory_max());
        let why = format!("out of memory: with what is kept of bodies for it, it has more than its limit of {most}");
        Err(Error::new(Kind::OutOfMemory, why).note("limits.memory of the filter sets the limit").into())
    }
}

impl Limited for State {
    fn limiter(&mut self) -> &mut Limiter {
        &mut self.limiter
    }
}

impl InWorld for State {
    fn world(&mut self) -> &mut ModuleWorld {
        &mut self.world
    }
}
