//! The functions that guests export.

use holm_engine::shape::Shape;
use wasmtime::{Extern, Func, Instance, Memory, Result, Store, TypedFunc, WasmParams, WasmResults, format_err};

use crate::signals::Direction;
use crate::state::{Link, State};
use crate::version::Version;

type One = TypedFunc<u32, ()>;
type Two = TypedFunc<(u32, u32), ()>;
type Three = TypedFunc<(u32, u32, u32), ()>;
/// For the response to a call: the context, the token, and how much there is of head, body and trailers.
type Response = TypedFunc<(u32, u32, u32, u32, u32), ()>;
type Asked<P> = TypedFunc<P, u32>;

/// A callback with a head, which 0.1.0 does not tell whether it is all there is.
#[derive(Clone)]
pub(crate) enum OnHead {
    Old(Asked<(u32, u32)>),
    New(Asked<(u32, u32, u32)>),
}

/// What is called when one direction's messages come by.
#[derive(Clone, Default)]
pub(crate) struct OnMessage {
    pub(crate) head: Option<OnHead>,
    pub(crate) body: Option<Asked<(u32, u32, u32)>>,
    pub(crate) trailers: Option<Asked<(u32, u32)>>,
}

/// Callbacks that a guest has, looked up once.
#[derive(Clone, Default)]
pub(crate) struct Exports {
    pub(crate) context_create: Option<Two>,
    pub(crate) vm_start: Option<Asked<(u32, u32)>>,
    pub(crate) configure: Option<Asked<(u32, u32)>>,
    pub(crate) tick: Option<One>,
    pub(crate) queue_ready: Option<Two>,
    /// For requests and for responses.
    pub(crate) messages: [OnMessage; 2],
    pub(crate) http_call_response: Option<Response>,
    pub(crate) grpc_initial: Option<Three>,
    pub(crate) grpc_trailing: Option<Three>,
    pub(crate) grpc_message: Option<Three>,
    pub(crate) grpc_close: Option<Three>,
    pub(crate) done: Option<Asked<u32>>,
    pub(crate) log: Option<One>,
    pub(crate) delete: Option<One>,
    pub(crate) new_connection: Option<Asked<u32>>,
    /// From the client, and to it.
    pub(crate) data: [Option<Asked<(u32, u32, u32)>>; 2],
    pub(crate) closed: [Option<Two>; 2],
}

impl Exports {
    /// # Errors
    /// A callback is there with another type.
    pub(crate) fn find(store: &mut Store<State>, instance: &Instance, version: Version) -> Result<Self> {
        let mut find = Find { store, instance };
        let old = version == Version::V0_1_0;
        Ok(Self {
            context_create: find.get("proxy_on_context_create")?,
            vm_start: find.get("proxy_on_vm_start")?,
            configure: find.get("proxy_on_configure")?,
            tick: find.get("proxy_on_tick")?,
            queue_ready: find.get("proxy_on_queue_ready")?,
            messages: [
                OnMessage {
                    head: find.head("proxy_on_request_headers", old)?,
                    body: find.get("proxy_on_request_body")?,
                    trailers: find.get("proxy_on_request_trailers")?,
                },
                OnMessage {
                    head: find.head("proxy_on_response_headers", old)?,
                    body: find.get("proxy_on_response_body")?,
                    trailers: find.get("proxy_on_response_trailers")?,
                },
            ],
            http_call_response: find.get("proxy_on_http_call_response")?,
            grpc_initial: find.get("proxy_on_grpc_receive_initial_metadata")?,
            grpc_trailing: find.get("proxy_on_grpc_receive_trailing_metadata")?,
            grpc_message: find.get("proxy_on_grpc_receive")?,
            grpc_close: find.get("proxy_on_grpc_close")?,
            done: find.get("proxy_on_done")?,
            log: find.get("proxy_on_log")?,
            delete: find.get("proxy_on_delete")?,
            new_connection: find.get("proxy_on_new_connection")?,
            data: [find.get("proxy_on_downstream_data")?, find.get("proxy_on_upstream_data")?],
            closed: [
                find.get("proxy_on_downstream_connection_close")?,
                find.get("proxy_on_upstream_connection_close")?,
            ],
        })
    }
}

/// Looks up exports of one instance.
pub(crate) struct Find<'a> {
    pub(crate) store: &'a mut Store<State>,
    pub(crate) instance: &'a Instance,
}

impl Find<'_> {
    /// A function, if it is there.
    ///
    /// # Errors
    /// It has another type.
    pub(crate) fn get<P: WasmParams, R: WasmResults>(&mut self, name: &str) -> Result<Option<TypedFunc<P, R>>> {
        let Some(function) = self.instance.get_func(&mut *self.store, name) else { return Ok(None) };
        let typed = function.typed(&*self.store);
        typed.map(Some).map_err(|error| format_err!("it exports `{name}` with another type: {error}"))
    }

    fn head(&mut self, name: &str, old: bool) -> Result<Option<OnHead>> {
        if old { Ok(self.get(name)?.map(OnHead::Old)) } else { Ok(self.get(name)?.map(OnHead::New)) }
    }

    /// Its memory and the function to allocate in it.
    ///
    /// # Errors
    /// It has no memory, or no such function of the right type.
    pub(crate) fn link(&mut self) -> Result<Link> {
        let memory = self.instance.get_export(&mut *self.store, "memory").and_then(Extern::into_memory);
        let memory = memory.filter(|memory: &Memory| !memory.ty(&*self.store).is_64());
        let memory = memory.ok_or_else(|| format_err!("it exports no `memory`"))?;
        let mut allocate: Option<Func> = None;
        for name in ["malloc", "proxy_on_memory_allocate"] {
            if allocate.is_none() && self.get::<u32, u32>(name)?.is_some() {
                allocate = self.instance.get_func(&mut *self.store, name);
            }
        }
        if allocate.is_none() {
            return Err(format_err!("it exports neither `proxy_on_memory_allocate` nor `malloc`"));
        }
        Ok(Link { memory: Some(memory), allocate })
    }
}

/// Which callbacks a guest has, as far as hosts can save work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wants {
    /// Of a request, and of a response.
    pub(crate) body: [bool; 2],
    pub(crate) trailers: [bool; 2],
    /// The end of an exchange.
    pub(crate) log: bool,
}

impl Wants {
    pub(crate) fn of(shape: &Shape) -> Self {
        let has = |name| shape.export(name).is_some();
        Self {
            body: [has("proxy_on_request_body"), has("proxy_on_response_body")],
            trailers: [has("proxy_on_request_trailers"), has("proxy_on_response_trailers")],
            log: has("proxy_on_log"),
        }
    }

    /// Whether messages of this direction are more to it than their heads.
    pub(crate) fn more(&self, direction: Direction) -> bool {
        self.body[direction as usize] || self.trailers[direction as usize]
    }
}
