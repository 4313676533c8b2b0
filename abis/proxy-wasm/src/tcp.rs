//! Filters for connections.
//!
//! Order and meaning of the callbacks are Envoy's (`Context::onData`, `onWrite` and `onCloseTCP` in its `context.cc`): what
//! comes from the client is downstream's, what goes to it is upstream's.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use holm_abi::{Guest, Host, Result};
use holm_engine::{Error, Kind, Usage};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadHalf, WriteHalf, split};

use crate::passing::MOST_HELD;
use crate::plugin::{Plugin, new_number};
use crate::pool::Pool;
use crate::properties;
use crate::signals::{Direction, Event, Signals};
use crate::state::ROOT;
use crate::vm::{Inner, Place, Vm};
use crate::{ProxyWasm, log};

/// Bytes that are read at once.
const PIECE: usize = 16 << 10;

/// How a connection ended, for the guest (specification, `proxy_close_type_t`).
const UNKNOWN: u32 = 0;
const REMOTE: u32 = 2;

/// One connection in the machine that it belongs to.
pub(crate) struct Connection {
    /// What came from the client, and what goes to it, while the guest is shown it or holds it.
    pub(crate) data: [Option<BytesMut>; 2],
    pub(crate) signals: Arc<Signals>,
    peer: Option<SocketAddr>,
    number: u64,
}

impl Connection {
    /// The value of a property.
    pub(crate) fn property(&self, name: &[u8], rest: &[&[u8]]) -> Option<Bytes> {
        match (name, rest) {
            (b"source", rest) => properties::peer(self.peer, rest),
            (b"connection", rest) => properties::connection(self.number, rest),
            (b"connection_id", []) => properties::connection(self.number, &[b"id"]),
            _ => None,
        }
    }
}

/// A guest that stands between clients and what they are connected to.
pub struct TcpFilter {
    plugin: Arc<Plugin>,
    pool: Arc<Pool>,
}

impl TcpFilter {
    /// Loads a guest for connections, with the settings that `host` has for filters.
    ///
    /// # Errors
    /// [`Kind::MissingImports`] with every missing import at once.
    pub fn load(abi: &ProxyWasm, guest: &Guest, host: &Host) -> Result<Self> {
        let plugin = abi.plugin(guest, host)?;
        Ok(Self { pool: Arc::new(Pool::new(&plugin)), plugin })
    }

    /// Carries bytes between the two ends of a connection until both are closed, or the guest closes one. `usage` counts
    /// what the guest uses. Must be called within a tokio runtime; who drops the future ends the connection.
    ///
    /// # Errors
    /// The filter failed and is closed; or an end of the connection failed ([`Kind::Io`]).
    pub async fn relay(
        &self,
        downstream: impl AsyncRead + AsyncWrite + Send,
        upstream: impl AsyncRead + AsyncWrite + Send,
        peer: Option<SocketAddr>,
        usage: Arc<Usage>,
    ) -> Result<()> {
        let vm = match self.pool.pick().await {
            Ok(vm) => Some(vm),
            Err(error) if self.plugin.host.filter.fail_open => {
                log::failed(&self.plugin, "its start, so a connection passes by it", &error);
                None
            }
            Err(error) => return Err(error),
        };
        let relay = match vm {
            Some(vm) => Some(Relay::open(vm, peer, usage).await?),
            None => None,
        };
        let ((from_client, to_client), (from_server, to_server)) = (split(downstream), split(upstream));
        let relay = relay.as_ref();
        tokio::try_join!(
            pump(relay, Direction::Request, from_client, to_server),
            pump(relay, Direction::Response, from_server, to_client),
        )?;
        Ok(())
    }
}

impl Drop for TcpFilter {
    fn drop(&mut self) {
        self.pool.end();
    }
}

/// One connection, seen from outside of the machine that it belongs to.
struct Relay {
    vm: Arc<Vm>,
    id: u32,
    signals: Arc<Signals>,
    usage: Arc<Usage>,
    _place: Place,
}

/// What becomes of bytes that a guest saw.
enum Passed {
    All(Bytes),
    Held(usize),
}

impl Relay {
    async fn open(vm: Arc<Vm>, peer: Option<SocketAddr>, usage: Arc<Usage>) -> Result<Self> {
        let signals = Arc::<Signals>::default();
        let connection = Connection { data: [None, None], signals: Arc::clone(&signals), peer, number: new_number() };
        let opened = vm.run(Some(&usage), move |inner| Box::pin(open(inner, connection)));
        let (id, goes_on) = opened.await?;
        let relay = Self { _place: vm.place(), vm, id, signals, usage };
        if !goes_on {
            relay.wait().await?;
        }
        Ok(relay)
    }

    /// Waits for a connection that is held before anything is read from it.
    async fn wait(&self) -> Result<()> {
        match self.signals.held(Direction::Request).await {
            Event::Continue => Ok(()),
            Event::Failed(error) => Err(error),
            Event::Reply(_) | Event::Closed => Err(self.closed()),
            Event::Dead => Err(self.gone()),
        }
    }

    fn gone(&self) -> Error {
        Error::new(Kind::Trap, "the filter's machine ended while it held this connection").about(self.vm.plugin.name())
    }

    fn closed(&self) -> Error {
        Error::new(Kind::NoResponse, "the filter closed the connection").about(self.vm.plugin.name())
    }

    async fn show(&self, direction: Direction, piece: Bytes, end: bool) -> Result<Passed> {
        let id = self.id;
        let passed = self.vm.run(Some(&self.usage), move |inner| Box::pin(show(inner, id, direction, piece, end)));
        let passed = passed.await?;
        match self.signals.interruption() {
            Some(_) => Err(self.closed()),
            None => Ok(passed),
        }
    }

    /// Takes what was held.
    async fn release(&self, direction: Direction) -> Result<Bytes> {
        let id = self.id;
        self.vm
            .run(None, move |inner| {
                Box::pin(async move {
                    let connection = inner.store.data_mut().connections.get_mut(&id);
                    let held = connection.and_then(|connection| connection.data[direction as usize].take());
                    Ok(held.unwrap_or_default().freeze())
                })
            })
            .await
    }

    async fn ended(&self, direction: Direction) -> Result<()> {
        let id = self.id;
        self.vm
            .run(Some(&self.usage), move |inner| {
                Box::pin(async move {
                    let why = if direction == Direction::Request { REMOTE } else { UNKNOWN };
                    match &inner.exports().closed[direction as usize] {
                        Some(closed) => inner.call(id, closed, (id, why)).await,
                        None => Ok(()),
                    }
                })
            })
            .await
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        if self.vm.is_dead() {
            return;
        }
        let id = self.id;
        // Not waited for, so it is done by a task of its own.
        drop(self.vm.run(Some(&self.usage), move |inner| {
            Box::pin(async move {
                let done = match &inner.exports().done {
                    Some(done) => inner.call(id, done, id).await.map(drop),
                    None => Ok(()),
                };
                done?;
                inner.log(id).await?;
                if let Some(delete) = &inner.exports().delete {
                    inner.call(id, delete, id).await?;
                }
                inner.store.data_mut().connections.remove(&id);
                Ok(())
            })
        }));
    }
}

async fn open(inner: &mut Inner, connection: Connection) -> wasmtime::Result<(u32, bool)> {
    let id = inner.new_context();
    inner.store.data_mut().connections.insert(id, connection);
    inner.create_context(id, ROOT).await?;
    let action = match &inner.exports().new_connection {
        Some(begin) => inner.call(id, begin, id).await?,
        None => 0,
    };
    Ok((id, action == 0))
}

async fn show(inner: &mut Inner, id: u32, direction: Direction, piece: Bytes, end: bool) -> wasmtime::Result<Passed> {
    let at = direction as usize;
    let Some(connection) = inner.store.data_mut().connections.get_mut(&id) else { return Ok(Passed::All(piece)) };
    connection.signals.hold(direction);
    let data = connection.data[at].get_or_insert_default();
    data.extend_from_slice(&piece);
    let size = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let action = match &inner.exports().data[at] {
        Some(function) => inner.call(id, function, (id, size, end.into())).await?,
        None => 0,
    };
    let Some(connection) = inner.store.data_mut().connections.get_mut(&id) else {
        return Ok(Passed::All(Bytes::new()));
    };
    let held = connection.data[at].as_ref().map_or(0, BytesMut::len);
    match action {
        0 => Ok(Passed::All(connection.data[at].take().unwrap_or_default().freeze())),
        _ => Ok(Passed::Held(held)),
    }
}

/// Carries bytes one way, until their end.
async fn pump(
    relay: Option<&Relay>,
    direction: Direction,
    mut from: ReadHalf<impl AsyncRead + AsyncWrite + Send>,
    mut to: WriteHalf<impl AsyncRead + AsyncWrite + Send>,
) -> Result<()> {
    let failed = |error| Error::io("carry a connection's bytes", &error);
    let mut buffer = BytesMut::with_capacity(PIECE);
    let mut held = 0;
    loop {
        let event = match relay {
            Some(relay) if held > 0 => read_or_hear(relay, direction, &mut from, &mut buffer, held).await,
            _ => Ok(from.read_buf(&mut buffer).await),
        };
        let out = match (event, relay) {
            (Ok(read), relay) => {
                let end = read.map_err(failed)? == 0;
                let piece = buffer.split().freeze();
                let passed = match relay {
                    Some(relay) => relay.show(direction, piece, end).await?,
                    None => Passed::All(piece),
                };
                let (out, still) = match passed {
                    Passed::All(out) => (out, 0),
                    Passed::Held(size) => (Bytes::new(), size.max(1)),
                };
                held = still;
                to.write_all(&out).await.map_err(failed)?;
                if end {
                    return finish(relay, direction, held, to).await;
                }
                continue;
            }
            (Err(Event::Continue), Some(relay)) => relay.release(direction).await?,
            (Err(Event::Closed | Event::Reply(_)), Some(relay)) => return Err(relay.closed()),
            (Err(Event::Failed(error)), _) => return Err(error),
            (Err(_), Some(relay)) => return Err(relay.gone()),
            (Err(_), None) => return Ok(()),
        };
        held = 0;
        to.write_all(&out).await.map_err(failed)?;
        buffer.reserve(PIECE);
    }
}

/// The next bytes, or what is to happen with those that are held. When many are, no more are read.
async fn read_or_hear(
    relay: &Relay,
    direction: Direction,
    from: &mut ReadHalf<impl AsyncRead + AsyncWrite + Send>,
    buffer: &mut BytesMut,
    held: usize,
) -> std::result::Result<std::io::Result<usize>, Event> {
    tokio::select! {
        event = relay.signals.held(direction) => Err(event),
        read = from.read_buf(buffer), if held < MOST_HELD => Ok(read),
    }
}

/// One way is at its end. What the guest holds then goes when it says so.
async fn finish(
    relay: Option<&Relay>,
    direction: Direction,
    held: usize,
    mut to: WriteHalf<impl AsyncRead + AsyncWrite + Send>,
) -> Result<()> {
    if let Some(relay) = relay {
        if held > 0
            && let Event::Continue = relay.signals.held(direction).await
        {
            let rest = relay.release(direction).await?;
            to.write_all(&rest).await.map_err(|error| Error::io("carry a connection's bytes", &error))?;
        }
        relay.ended(direction).await?;
    }
    // The other side may be gone already.
    let _ = to.shutdown().await;
    Ok(())
}
