//! What belongs to one instance.

#[cfg(feature = "http")]
use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;

use holm_abi::{Caller, Error, Kind, Result};
use holm_core::Lent;
use holm_engine::{Limited, Limiter};
use holm_wasi::{InWorld, ModuleWorld};

use crate::kernel::Kernel;
use crate::shared::Shared;
use crate::vars::Vars;

/// The state of one instance.
pub(crate) struct State {
    limiter: Limiter,
    caller: Caller,
    pub(crate) shared: Arc<Shared>,
    pub(crate) kernel: Kernel,
    vars: Vars,
    /// Of the last response: 0 before there was one.
    #[cfg(feature = "http")]
    pub(crate) http_status: u16,
    #[cfg(feature = "http")]
    pub(crate) http_headers: BTreeMap<String, String>,
    /// Bytes of the response that is being read.
    arriving: u64,
    world: ModuleWorld,
}

impl State {
    /// # Errors
    /// As [`ModuleWorld::new`].
    pub(crate) fn new(shared: &Arc<Shared>) -> Result<Self> {
        Ok(Self {
            limiter: Limiter::new(&shared.host.limits),
            caller: Caller::default(),
            kernel: Kernel::default(),
            vars: Vars::default(),
            #[cfg(feature = "http")]
            http_status: 0,
            #[cfg(feature = "http")]
            http_headers: BTreeMap::new(),
            arriving: 0,
            world: ModuleWorld::new(&shared.guest, &shared.host)?,
            shared: Arc::clone(shared),
        })
    }

    /// A call begins: the memory is emptied, and holds the input.
    ///
    /// # Errors
    /// There is no room for it.
    pub(crate) fn give(&mut self, input: &[u8]) -> wasmtime::Result<()> {
        self.kernel.reset();
        let offset = self.put(input)?;
        self.kernel.input_set(offset, input.len() as u64);
        Ok(())
    }

    /// The guest calls the host for more than to cross its own memory, which is not counted: that it does for each word.
    pub(crate) fn called(&mut self) {
        self.caller.usage.called_host();
    }

    /// What came with the call is let go of.
    pub(crate) fn rest(&mut self) {
        self.caller.with = None;
    }

    /// A block of memory; its offset.
    ///
    /// # Errors
    /// The guest may have no more, or the host has none.
    pub(crate) fn alloc(&mut self, length: u64) -> wasmtime::Result<u64> {
        let beside = self.beside();
        let Self { kernel, limiter, .. } = self;
        kernel.alloc(length, |room| limiter.keeps(room.saturating_add(beside))).ok_or_else(full)
    }

    /// A block of memory with these bytes; its offset.
    ///
    /// # Errors
    /// As [`State::alloc`].
    pub(crate) fn put(&mut self, bytes: &[u8]) -> wasmtime::Result<u64> {
        let beside = self.beside();
        let Self { kernel, limiter, .. } = self;
        kernel.put(bytes, |room| limiter.keeps(room.saturating_add(beside))).ok_or_else(full)
    }

    /// The bytes of a block; none for the offset 0.
    ///
    /// # Errors
    /// [`Kind::Trap`] for what is no block, which was to be `what`.
    pub(crate) fn bytes(&self, offset: u64, what: impl Display) -> Result<&[u8]> {
        match self.kernel.block(offset) {
            Some(bytes) => Ok(bytes),
            None if offset == 0 => Ok(&[]),
            None => Err(broken(format_args!("{offset} is no block of memory, which was to be {what}"))),
        }
    }

    /// The text of a block.
    ///
    /// # Errors
    /// As [`State::bytes`], and for what is not UTF-8.
    pub(crate) fn text(&self, offset: u64, what: impl Display) -> Result<&str> {
        let text = std::str::from_utf8(self.bytes(offset, &what)?);
        text.map_err(|_| broken(format_args!("{what} is not UTF-8")))
    }

    /// The value of a variable, in a block of its own; its offset, 0 where there is none.
    ///
    /// # Errors
    /// As [`State::alloc`].
    pub(crate) fn var(&mut self, name: &str) -> wasmtime::Result<u64> {
        let beside = self.beside();
        let Self { kernel, limiter, vars, .. } = self;
        let Some(value) = vars.get(name) else { return Ok(0) };
        kernel.put(value, |room| limiter.keeps(room.saturating_add(beside))).ok_or_else(full)
    }

    /// Sets a variable, or with `None` removes it.
    ///
    /// # Errors
    /// [`Kind::Trap`] where there are too many, or none at all.
    pub(crate) fn set_var(&mut self, name: String, value: Option<Vec<u8>>) -> wasmtime::Result<()> {
        let most = self.shared.bounds.vars;
        if most == 0 {
            return Err(stopped("it set a variable, which this host keeps none of").into());
        }
        let Some(value) = value else {
            self.vars.remove(&name);
            return self.count();
        };
        if !self.vars.set(name, value, most) {
            let most = holm_grants::format_size(most);
            return Err(stopped(format_args!("its variables together have more than their limit of {most}")).into());
        }
        self.count()
    }

    /// So many bytes of a response have arrived that the host keeps until they are the guest's.
    ///
    /// # Errors
    /// They are more than the guest may have.
    #[cfg(feature = "http")]
    pub(crate) fn arrived(&mut self, bytes: u64) -> wasmtime::Result<()> {
        self.arriving = bytes;
        self.count()
    }

    fn beside(&self) -> u64 {
        self.vars.bytes().saturating_add(self.arriving)
    }

    fn count(&mut self) -> wasmtime::Result<()> {
        let bytes = self.kernel.memory_bytes().saturating_add(self.beside());
        if self.limiter.keeps(bytes) { Ok(()) } else { Err(full()) }
    }
}

/// The limiter knows more, and whoever explains this asks it.
fn full() -> wasmtime::Error {
    wasmtime::Error::msg("the host has no more memory for it")
}

/// The error of a plugin that does not keep to Extism's rules.
pub(crate) fn broken(what: impl Display) -> Error {
    Error::new(Kind::Trap, format!("broke Extism's rules: {what}"))
}

/// The error of a plugin that asked for what there is not.
pub(crate) fn stopped(why: impl Display) -> Error {
    Error::new(Kind::Trap, format!("stopped: {why}"))
}

impl Limited for State {
    fn limiter(&mut self) -> &mut Limiter {
        &mut self.limiter
    }
}

impl Lent for State {
    fn caller(&mut self) -> &mut Caller {
        &mut self.caller
    }

    fn begin(&mut self, caller: Caller) {
        self.caller = caller;
        self.world.begin();
    }
}

impl InWorld for State {
    fn world(&mut self) -> &mut ModuleWorld {
        &mut self.world
    }
}
