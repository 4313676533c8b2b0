//! `handle-redis-message`.
//!
//! Source: spinframework/spin, `wit/ephemeral/{spin-redis,redis-types}.wit`, `crates/redis/src/spin.rs` (1.3).

use std::pin::pin;
use std::sync::Arc;

use async_trait::async_trait;
use holm_abi::{Error, Event, Events, Exchange, Kind, Result};
use holm_engine::{Metered, within_wall};
use wasmtime::Store;

use super::HANDLE_REDIS;
use super::args::Reader;
use super::link::settle;
use super::out::{Out, ROOT};
use super::program::Program;
use super::state::State;

/// A guest that is told of messages, each on an instance of its own.
pub(super) struct Messages {
    program: Arc<Program>,
}

impl Messages {
    pub(super) fn new(program: &Arc<Program>) -> Self {
        Self { program: Arc::clone(program) }
    }
}

#[async_trait]
impl Events for Messages {
    fn takes(&self, event: &Event) -> bool {
        matches!(event, Event::Redis { .. })
    }

    async fn handle(&self, event: Event, exchange: Exchange) -> Result<()> {
        let Event::Redis { channel, payload } = event else {
            return Err(Error::new(Kind::Usage, "it takes messages of Redis, and no other events"));
        };
        let program = &*self.program;
        let mut store = program.store(&exchange)?;
        let guest = Metered::new(Arc::clone(&exchange.usage), Box::pin(call(program, &mut store, payload)));
        let called = within_wall(&program.shared.host.limits, pin!(guest)).await;
        match program.ended(&mut store, called)? {
            true => Ok(()),
            false => {
                let why = format!("it returned an error for a message of the channel `{}`", channel.escape_debug());
                Err(Error::new(Kind::Failed, why).about(&program.shared.guest.name))
            }
        }
    }
}

/// Whether the guest says that all went well.
async fn call(program: &Program, store: &mut Store<State>, payload: Vec<u8>) -> wasmtime::Result<bool> {
    let (instance, link) = program.start(store).await?;
    let handle = instance.get_typed_func::<(u32, u32), u32>(&mut *store, HANDLE_REDIS)?;
    let mut out = Out::default();
    out.bytes(ROOT, 0, payload)?;
    let root = settle(&mut *store, &link, out).await?;
    let root = Reader::new(&root);
    let at = handle.call_async(&mut *store, (root.u32(0)?, root.u32(4)?)).await?;
    let guest = Reader::new(link.memory()?.data(&*store));
    // The first of its two errors is called success.
    Ok(guest.u8(at)? == 0 || guest.u8(at.saturating_add(1))? == 0)
}
