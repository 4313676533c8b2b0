//! Components whose world a host knows when it is compiled: typed calls both ways, by the engine's binding generator.

use std::any::Any;
use std::marker::PhantomData;
use std::pin::pin;
use std::sync::Arc;

use holm_abi::{Error, Guest, Host, Kind, Result};
use holm_core::{Lent as _, link_component};
use holm_engine::{Metering, Usage, explain, kept_store};
use wasmtime::Store;
use wasmtime::component::{Instance, InstancePre, Linker};

use crate::context::{Given, Streams};
use crate::services::Services;
use crate::{Wasi, component, missing};

pub use crate::state::State;

/// A world, as the binding generator makes one: [`crate::world!`] implements this.
pub trait World: Sized + Send + Sync + 'static {
    /// What implements the world's imports, one for each instance.
    type Host: Send + 'static;

    /// Links the world's own imports.
    ///
    /// # Errors
    /// The engine's.
    fn link(linker: &mut Linker<State>) -> wasmtime::Result<()>;

    /// The exports of an instance.
    ///
    /// # Errors
    /// They are not those of this world.
    fn of(store: &mut Store<State>, instance: &Instance) -> wasmtime::Result<Self>;
}

/// Says that the type `$world`, which the binding generator made, has its imports implemented by `$host`.
#[macro_export]
macro_rules! world {
    ($world:ty => $host:ty) => {
        impl $crate::World for $world {
            type Host = $host;

            fn link(linker: &mut $crate::engine::component::Linker<$crate::State>) -> $crate::engine::Result<()> {
                <$world>::add_to_linker::<_, $crate::engine::component::HasSelf<$host>>(linker, $crate::host::<$host>)
            }

            fn of(
                store: &mut $crate::engine::Store<$crate::State>,
                instance: &$crate::engine::component::Instance,
            ) -> $crate::engine::Result<Self> {
                <$world>::new(store, instance)
            }
        }
    };
}

/// What implements the imports of the world that an instance is of.
#[doc(hidden)]
pub fn host<H: 'static>(state: &mut State) -> &mut H {
    match state.hosted.as_mut().and_then(|hosted| (&mut **hosted as &mut dyn Any).downcast_mut()) {
        Some(host) => host,
        // `Typed::open` puts it there, and is the only one that makes states for linkers which ask for it.
        None => unreachable!("an instance of a world has that world's host"),
    }
}

fn taken<H: 'static>(mut state: State) -> H {
    match state.hosted.take().map(|hosted| (hosted as Box<dyn Any>).downcast()) {
        Some(Ok(host)) => *host,
        // As above.
        _ => unreachable!("an instance of a world has that world's host"),
    }
}

/// A component that was linked as one of the world `W`.
pub struct Typed<W> {
    guest: Guest,
    services: Arc<Services>,
    pre: InstancePre<State>,
    world: PhantomData<fn() -> W>,
}

/// An instance of a world.
pub struct TypedInstance<W> {
    guest: Guest,
    services: Arc<Services>,
    store: Store<State>,
    world: W,
}

impl<W: World> Typed<W> {
    /// Links a component with WASI under `host`'s grants, and with the world's own imports.
    ///
    /// # Errors
    /// [`Kind::MissingImports`] with all of them, [`Kind::Usage`] for a core module.
    pub fn new(wasi: &Wasi, guest: &Guest, host: &Host) -> Result<Self> {
        let code = guest.code.component().map_err(|_| {
            Error::new(Kind::Usage, format!("{} is a core module, and worlds are of components", guest.name))
        })?;
        let failed = |error: wasmtime::Error| Error::new(Kind::Internal, format!("the world does not link: {error:#}"));
        let mut linker = component::linker(code, &guest.shape, host).map_err(failed)?;
        link_component(&mut linker, code, &guest.name, &host.provided)?;
        W::link(&mut linker).map_err(failed)?;
        let pre = linker.instantiate_pre(code).map_err(|_| missing::component(guest, code, linker))?;
        let services = Arc::new(Services::new(wasi, host));
        Ok(Self { guest: guest.clone(), services, pre, world: PhantomData })
    }

    /// A fresh instance, whose imports `host` implements.
    ///
    /// # Errors
    /// It failed while it started; [`Kind::Usage`] for one that has not the exports of this world.
    pub async fn open(&self, host: W::Host) -> Result<TypedInstance<W>> {
        let limits = &self.services.host.limits;
        let given = Given::new(Arc::new([self.guest.name.clone()]), Streams::Are(self.services.host.stdio.clone()));
        let mut state = State::new(&self.services, given)?;
        state.hosted = Some(Box::new(host));
        let usage = Arc::<Usage>::default();
        let mut store = kept_store(self.pre.component().engine(), state, limits)?;
        let metering = Metering::begin(&mut store, limits, &usage)?;
        let opened = metering.run(pin!(self.pre.instantiate_async(&mut store))).await;
        let context = self.guest.trap_context(&self.services.host);
        let instance = opened.map_err(|error| explain(&mut store, error, context))?;
        let world = W::of(&mut store, &instance).map_err(|error| {
            Error::new(Kind::Usage, format!("{} is of another world: {error:#}", self.guest.name))
                .note("`holm inspect` says what it exports; build it for the world that the host was compiled with")
        })?;
        Ok(TypedInstance { guest: self.guest.clone(), services: Arc::clone(&self.services), store, world })
    }
}

impl<W: World> TypedInstance<W> {
    /// Calls whatever `work` calls of the world, under the limits of one call, and counts in `usage`. An instance that
    /// failed must not be called again.
    ///
    /// # Errors
    /// A trap or a limit.
    pub async fn call<R>(
        &mut self,
        usage: &Arc<Usage>,
        work: impl AsyncFnOnce(&W, &mut Store<State>) -> wasmtime::Result<R>,
    ) -> Result<R> {
        let Self { guest, services, store, world } = self;
        let limits = &services.host.limits;
        let metering = Metering::begin(store, limits, usage)?;
        store.data_mut().begin(holm_abi::Caller { usage: Arc::clone(usage), with: None });
        let called = metering.run(pin!(work(world, store))).await;
        metering.end(store);
        called.map_err(|error| explain(store, error, guest.trap_context(&services.host)))
    }

    /// What implements its imports.
    pub fn host(&mut self) -> &mut W::Host {
        host(self.store.data_mut())
    }

    /// What implemented its imports.
    pub fn into_host(self) -> W::Host {
        taken(self.store.into_data())
    }
}
