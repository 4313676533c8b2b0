//! What belongs to one instance, and what all instances of a guest share.

use std::sync::Arc;

use holm_abi::{Guest, Host, Outbound};
use holm_engine::{Limited, Limiter};
use holm_services::connections::Open;
use holm_services::kv::Store;
use holm_services::lent::Lent;
use holm_services::sql;
use holm_wasi::{InWorld, ModuleWorld, Requests, Wasi};
use wasmtime::{Memory, Result, TypedFunc, bail};

use super::handle::Handles;
use super::servers::Connections;
use crate::rdbms::Error;

/// What all instances of a guest share.
pub(super) struct Shared {
    pub(super) guest: Guest,
    pub(super) host: Arc<Host>,
    /// Without it everything but requests is refused.
    pub(super) lent: Option<Lent>,
    /// Sends its requests, but to guests of the same app, which belong to an exchange.
    requests: Requests,
}

impl Shared {
    pub(super) fn new(wasi: &Wasi, guest: &Guest, host: &Host) -> Self {
        Self {
            guest: guest.clone(),
            lent: wasi.lent.clone(),
            requests: Requests::new(wasi, host),
            host: Arc::new(host.clone()),
        }
    }

    /// What the guest is lent.
    ///
    /// # Errors
    /// Nothing.
    pub(super) fn lent(&self) -> Result<&Lent, Error> {
        self.lent.as_ref().ok_or_else(|| Error::ConnectionFailed("nothing here reaches servers".to_owned()))
    }

    /// Counts a connection among those that all instances of the guest may have open.
    ///
    /// # Errors
    /// There are too many.
    pub(super) fn count(&self) -> Result<Open, Error> {
        let open = self.requests.connections().open();
        open.ok_or_else(|| Error::ConnectionFailed("too many connections".to_owned()))
    }
}

/// The guest's allocator: takes an old address and size, which are 0, what the address is to be a multiple of, and a size.
pub(super) type Realloc = TypedFunc<(u32, u32, u32, u32), u32>;

/// What the host reaches an instance by.
#[derive(Clone, Default)]
pub(super) struct Link {
    pub(super) memory: Option<Memory>,
    pub(super) realloc: Option<Realloc>,
}

impl Link {
    pub(super) fn memory(&self) -> Result<Memory> {
        match self.memory {
            Some(memory) => Ok(memory),
            None => bail!("the guest exports no memory"),
        }
    }

    pub(super) fn realloc(&self) -> Result<&Realloc> {
        match &self.realloc {
            Some(realloc) => Ok(realloc),
            None => bail!("the guest exports no function to allocate memory with"),
        }
    }
}

/// The state of one instance.
pub(super) struct State {
    limiter: Limiter,
    world: ModuleWorld,
    pub(super) shared: Arc<Shared>,
    /// What the host has to do with its requests.
    pub(super) outbound: Option<Arc<dyn Outbound>>,
    pub(super) link: Link,
    /// A function of the guest runs on behalf of one of the host's, and may call none itself.
    busy: bool,
    /// Key-value stores that are open.
    pub(super) stores: Handles<Arc<dyn Store>>,
    /// Databases that are open.
    pub(super) databases: Handles<Arc<dyn sql::Connection>>,
    /// Connections to servers of databases.
    pub(super) servers: Connections,
}

impl State {
    pub(super) fn new(shared: &Arc<Shared>, world: ModuleWorld) -> Self {
        Self {
            limiter: Limiter::new(&shared.host.limits),
            world,
            shared: Arc::clone(shared),
            outbound: None,
            link: Link::default(),
            busy: false,
            stores: Handles::default(),
            databases: Handles::default(),
            servers: Connections::default(),
        }
    }

    /// Sends its requests.
    pub(super) fn requests(&self) -> Requests {
        self.shared.requests.lending(self.outbound.as_ref())
    }

    /// Why the guest had to end, if its writing was the reason.
    pub(super) fn failure(&self) -> Option<holm_abi::Error> {
        self.world.failure()
    }

    /// How the host reaches the guest, which calls it.
    ///
    /// # Errors
    /// The guest is at work for the host.
    pub(super) fn called(&self) -> Result<Link> {
        if self.busy {
            bail!("the guest calls a function of its host from within one that the host calls");
        }
        Ok(self.link.clone())
    }

    /// The guest is at work for the host from now on, or no longer.
    pub(super) fn set_busy(&mut self, busy: bool) {
        self.busy = busy;
    }

    /// So many bytes are kept for the guest until they are in its memory.
    ///
    /// # Errors
    /// They are more than it may have.
    pub(super) fn keep(&mut self, bytes: u64) -> Result<()> {
        if !self.limiter.keeps(bytes) {
            // The limiter knows more, and whoever explains this asks it.
            bail!("the host keeps no more for it");
        }
        Ok(())
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
