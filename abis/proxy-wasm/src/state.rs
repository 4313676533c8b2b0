//! What the store of one machine carries.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use holm_engine::{Limited, Limiter};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use wasmtime::{Func, Memory};

use crate::head::Head;
use crate::log::Written;
use crate::plugin::Plugin;
use crate::stream::Stream;
use crate::vm::Vm;

/// The context of the machine itself, while it starts.
pub(crate) const NO_CONTEXT: u32 = 0;
/// The only root context.
pub(crate) const ROOT: u32 = 1;

/// The state of one machine.
pub(crate) struct State {
    pub(crate) limiter: Limiter,
    pub(crate) plugin: Arc<Plugin>,
    pub(crate) vm: Weak<Vm>,
    pub(crate) link: Link,
    pub(crate) streams: HashMap<u32, Stream>,
    pub(crate) connections: HashMap<u32, crate::tcp::Connection>,
    /// The context that the guest was called for.
    pub(crate) current: u32,
    /// The one that it asked to act for instead.
    pub(crate) effective: Option<u32>,
    /// The callback gave a response, so whatever it returns, the message goes no further.
    pub(crate) stopped: bool,
    /// The guest allocates for the host, and may not call it.
    pub(crate) allocating: bool,
    /// It is called with its configuration.
    pub(crate) configuring: bool,
    pub(crate) answer: Answer,
    pub(crate) calls: Calls,
    pub(crate) tick: watch::Sender<Duration>,
    /// It said that it is done.
    pub(crate) done: watch::Sender<bool>,
    pub(crate) clock: crate::clock::Clock,
    pub(crate) written: Written,
}

/// Where a machine has its memory, and the function to allocate in it.
#[derive(Clone, Copy, Default)]
pub(crate) struct Link {
    pub(crate) memory: Option<Memory>,
    pub(crate) allocate: Option<Func>,
}

/// What a call to elsewhere brought, while the guest is told of it.
#[derive(Default)]
pub(crate) struct Answer {
    pub(crate) http: Option<HttpAnswer>,
    pub(crate) grpc_initial: Option<Head>,
    pub(crate) grpc_trailing: Option<Head>,
    pub(crate) grpc_message: Option<Bytes>,
    pub(crate) data: Option<Bytes>,
    pub(crate) status: u32,
    pub(crate) status_message: String,
}

/// A response to a call over HTTP.
pub(crate) struct HttpAnswer {
    pub(crate) head: Head,
    pub(crate) body: Bytes,
    pub(crate) trailers: Option<Head>,
}

/// Calls to elsewhere that are under way.
#[derive(Default)]
pub(crate) struct Calls {
    pub(crate) http: HashMap<u32, AbortHandle>,
    pub(crate) grpc: HashMap<u32, crate::grpc::Call>,
    last: [u32; 3],
}

/// Kinds of calls, which tokens tell apart by their last two bits, as those of the C++ host do (`wasm.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallKind {
    Http,
    GrpcCall,
    GrpcStream,
}

/// Calls of all kinds that may be under way at once for one machine.
const MOST_CALLS: usize = 256;

impl Calls {
    /// A token for another call, unless there are too many.
    pub(crate) fn token(&mut self, kind: CallKind) -> Option<u32> {
        if self.http.len() + self.grpc.len() >= MOST_CALLS {
            return None;
        }
        let last = &mut self.last[kind as usize];
        // After a billion calls, tokens may be those of calls that are still under way.
        loop {
            *last = last.wrapping_add(4) & !3;
            let token = *last | kind as u32;
            if *last != 0 && !self.http.contains_key(&token) && !self.grpc.contains_key(&token) {
                return Some(token);
            }
        }
    }

    /// The kind of call that this is a token of.
    pub(crate) fn kind(token: u32) -> Option<CallKind> {
        [CallKind::Http, CallKind::GrpcCall, CallKind::GrpcStream].get((token & 3) as usize).copied()
    }

    /// Ends all that are under way.
    pub(crate) fn abandon(&mut self) {
        self.http.drain().for_each(|(_, call)| call.abort());
        self.grpc.drain().for_each(|(_, call)| call.abandon());
    }
}

impl Drop for Calls {
    fn drop(&mut self) {
        self.abandon();
    }
}

impl State {
    pub(crate) fn new(plugin: &Arc<Plugin>, vm: Weak<Vm>, tick: watch::Sender<Duration>) -> Self {
        let host = &plugin.host;
        Self {
            limiter: Limiter::new(&host.limits),
            plugin: Arc::clone(plugin),
            vm,
            link: Link::default(),
            streams: HashMap::new(),
            connections: HashMap::new(),
            current: NO_CONTEXT,
            effective: None,
            stopped: false,
            allocating: false,
            configuring: false,
            answer: Answer::default(),
            calls: Calls::default(),
            tick,
            done: watch::Sender::new(false),
            clock: crate::clock::Clock::new(host.deterministic),
            written: Written::default(),
        }
    }

    /// The context that the guest acts for.
    pub(crate) fn context(&self) -> u32 {
        self.effective.unwrap_or(self.current)
    }

    /// Whether there is a context of this number.
    pub(crate) fn has_context(&self, id: u32) -> bool {
        id == ROOT || id == NO_CONTEXT || self.streams.contains_key(&id) || self.connections.contains_key(&id)
    }

    /// The exchange that the guest acts for, if it is one.
    pub(crate) fn stream(&mut self) -> Option<&mut Stream> {
        self.streams.get_mut(&self.context())
    }

    /// The guest is called for this context.
    pub(crate) fn enter(&mut self, context: u32) {
        (self.current, self.effective, self.stopped) = (context, None, false);
    }

    /// All that wait for this machine wait in vain.
    pub(crate) fn die(&mut self) {
        self.calls.abandon();
        self.streams.values().for_each(|stream| stream.signals.die());
        self.connections.values().for_each(|connection| connection.signals.die());
    }
}

impl Limited for State {
    fn limiter(&mut self) -> &mut Limiter {
        &mut self.limiter
    }
}
