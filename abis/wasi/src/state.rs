//! What a component's store carries.

use std::collections::HashMap;
use std::sync::Arc;

use holm_abi::{Host, Result};
use holm_engine::{Limited, Limiter};
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::context::context;
use crate::network::Network;

/// The state of one running component.
pub(crate) struct State {
    pub(crate) limiter: Limiter,
    pub(crate) network: Arc<Network>,
    /// The names behind the lookups under way, by handle.
    pub(crate) lookups: HashMap<u32, String>,
    ctx: WasiCtx,
    table: ResourceTable,
}

impl State {
    pub(crate) fn new(host: &Host, args: &[String]) -> Result<Self> {
        let network = Network::new(host);
        Ok(Self {
            limiter: Limiter::new(&host.limits),
            ctx: context(host, &network, args)?.build(),
            network,
            lookups: HashMap::new(),
            table: ResourceTable::new(),
        })
    }
}

impl Limited for State {
    fn limiter(&mut self) -> &mut Limiter {
        &mut self.limiter
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.ctx, table: &mut self.table }
    }
}
