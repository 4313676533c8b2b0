//! What a component's store carries.

use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;

use holm_abi::{Caller, Host, Result};
use holm_core::Lent;
use holm_engine::{DEFAULT_HANDLES, Limited, Limiter};
use wasmtime::component::ResourceTable;
#[cfg(feature = "http")]
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::{WasiCtxView, WasiView};
#[cfg(feature = "http")]
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};
#[cfg(feature = "tls")]
use wasmtime_wasi_tls::{WasiTlsCtx, WasiTlsCtxBuilder, WasiTlsCtxView, WasiTlsView};

use crate::context::{Given, World};
#[cfg(feature = "http")]
use crate::http::Outbound;
use crate::names::Lookup;
use crate::parts::PartWorld;
#[cfg(feature = "http")]
use crate::parts::Whose;
use crate::paths;
use crate::services::Services;
use crate::sockets::Sockets;

/// The state of one running component.
pub struct State {
    pub(crate) limiter: Limiter,
    caller: Caller,
    /// What implements the imports of its world, where the host knows that.
    pub(crate) hosted: Option<Box<dyn Any + Send>>,
    /// The lookups under way, by handle.
    pub(crate) lookups: HashMap<u32, Lookup>,
    pub(crate) services: Arc<Services>,
    pub(crate) sockets: Sockets,
    pub(crate) table: ResourceTable,
    #[cfg(feature = "http")]
    pub(crate) scales: crate::kept::Scales,
    /// The root that is not there, for audits.
    pub(crate) decoy: Option<paths::component::Decoy>,
    #[cfg(feature = "http")]
    pub(crate) direct: crate::direct::Direct,
    pub(crate) world: World,
    /// Those of the components that it is composed of.
    pub(crate) parts: Box<[PartWorld]>,
    #[cfg(feature = "stores")]
    pub(crate) held: crate::keyvalue::Held,
    #[cfg(feature = "stores")]
    pub(crate) blobs: crate::blobstore::Held,
    #[cfg(feature = "http")]
    http: WasiHttpCtx,
    #[cfg(feature = "http")]
    pub(crate) outbound: Outbound,
    /// Made when a guest first uses it.
    #[cfg(feature = "tls")]
    tls: Option<WasiTlsCtx>,
}

impl State {
    pub(crate) fn new(services: &Arc<Services>, given: Given) -> Result<Self> {
        let host = &services.host;
        let mut table = ResourceTable::new();
        hold(&mut table, host);
        Ok(Self {
            limiter: Limiter::new(&host.limits),
            caller: Caller::default(),
            hosted: None,
            decoy: paths::component::Decoy::new(host, &given.args)?,
            world: World::new(host, given)?,
            parts: PartWorld::all(services)?,
            #[cfg(feature = "http")]
            direct: crate::direct::Direct::default(),
            lookups: HashMap::new(),
            sockets: Sockets::default(),
            services: Arc::clone(services),
            table,
            #[cfg(feature = "stores")]
            held: crate::keyvalue::Held::default(),
            #[cfg(feature = "stores")]
            blobs: crate::blobstore::Held::default(),
            #[cfg(feature = "http")]
            scales: crate::kept::Scales::default(),
            #[cfg(feature = "http")]
            http: WasiHttpCtx::new(),
            #[cfg(feature = "http")]
            outbound: Outbound { services: Arc::clone(services), sender: Whose::Guest, lent: None },
            #[cfg(feature = "tls")]
            tls: None,
        })
    }
}

#[cfg(feature = "tls")]
impl State {
    pub(crate) fn uses_tls(&self) -> bool {
        self.tls.is_some()
    }
}

#[cfg(feature = "http")]
impl State {
    /// What the functions of WASI 0.1 act on, for a core module that was built for it.
    pub(crate) fn preview1(&mut self) -> &mut WasiP1Ctx {
        self.world.get(&self.services.host).preview1(&self.services.host)
    }

    /// From now on `outbound` hears of the requests that the guest makes.
    pub(crate) fn lend(&mut self, outbound: Option<&Arc<dyn holm_abi::Outbound>>) {
        self.outbound.lent = outbound.cloned();
    }

    /// Has requests be sent under these grants from now on; says whose it were before.
    pub(crate) fn set_sender(&mut self, whose: Whose) -> Whose {
        std::mem::replace(&mut self.outbound.sender, whose)
    }

    /// Does something that sends a request under these grants.
    pub(crate) fn sending<R>(&mut self, whose: Whose, send: impl FnOnce(&mut Self) -> R) -> R {
        let before = self.set_sender(whose);
        let sent = send(self);
        self.set_sender(before);
        sent
    }
}

/// Has a table hold no more than the host keeps for a guest.
pub(crate) fn hold(table: &mut ResourceTable, host: &Host) {
    let most = host.limits.handles.unwrap_or(DEFAULT_HANDLES);
    table.set_max_capacity(usize::try_from(most).unwrap_or(usize::MAX));
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
        self.world.begin_anew();
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.world.get(&self.services.host).ctx, table: &mut self.table }
    }
}

#[cfg(feature = "http")]
impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        self.weigh_now_and_then();
        WasiHttpCtxView { hooks: &mut self.outbound, table: &mut self.table, ctx: &mut self.http }
    }
}

#[cfg(feature = "tls")]
impl WasiTlsView for State {
    fn tls(&mut self) -> WasiTlsCtxView<'_> {
        if self.tls.is_none() {
            self.sockets_may_leave_streams();
        }
        let ctx = self.tls.get_or_insert_with(|| WasiTlsCtxBuilder::new().build());
        WasiTlsCtxView { table: &mut self.table, ctx }
    }
}
