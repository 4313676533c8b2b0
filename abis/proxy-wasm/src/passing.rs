//! What happens in a machine when a message passes.

use bytes::{Bytes, BytesMut};
use http::HeaderMap;

use crate::exports::OnHead;
use crate::head::Head;
use crate::signals::Direction;
use crate::state::ROOT;
use crate::stream::Stream;
use crate::vm::Inner;

/// Bytes of a body that are held for a guest: Envoy's default, `per_connection_buffer_limit_bytes`.
pub(crate) const MOST_HELD: usize = 1 << 20;

/// What a guest does with a piece of a body.
#[derive(Debug)]
pub(crate) enum Passed {
    /// All that there is goes on.
    All(Bytes, Option<HeaderMap>),
    /// It is held, to be shown again with what comes.
    Held,
    /// It is held, and so many bytes with it. Nothing more is taken in when they are many.
    Kept(usize),
    /// More is held than may be.
    TooMuch,
    /// It is no more: the guest answered, or did not want it.
    Gone,
}

/// What a callback says of a body (specification, `proxy_action_t`; the others are Envoy's `FilterDataStatus`).
const CONTINUE: u32 = 0;
const HOLD: u32 = 1;
const KEEP: u32 = 2;

impl Inner {
    /// Begins an exchange, and shows the guest the request's head, which is returned if it goes on.
    pub(crate) async fn open(&mut self, id: u32, stream: Stream) -> wasmtime::Result<Option<Head>> {
        self.store.data_mut().streams.insert(id, stream);
        self.create_context(id, ROOT).await?;
        self.show_head(id, Direction::Request).await
    }

    /// Shows the guest the response's head, likewise.
    pub(crate) async fn respond(&mut self, id: u32, head: Head, ended: bool) -> wasmtime::Result<Option<Head>> {
        let Some(stream) = self.store.data_mut().streams.get_mut(&id) else { return Ok(Some(head)) };
        stream.facts.status = head.text(":status").and_then(|status| status.parse().ok());
        stream.facts.details.get_or_insert_with(|| "via_upstream".into());
        let side = stream.side(Direction::Response);
        (side.head, side.ended) = (Some(head), ended);
        self.show_head(id, Direction::Response).await
    }

    async fn show_head(&mut self, id: u32, direction: Direction) -> wasmtime::Result<Option<Head>> {
        let Some(stream) = self.begin(id, direction) else { return Ok(None) };
        let side = stream.side(direction);
        let (count, ended) = (side.head.as_ref().map_or(0, Head::len), side.ended);
        let action = match &self.exports().messages[direction as usize].head {
            Some(OnHead::New(function)) => self.call(id, function, (id, count, ended.into())).await?,
            Some(OnHead::Old(function)) => self.call(id, function, (id, count)).await?,
            None => CONTINUE,
        };
        match action {
            CONTINUE if !self.store.data().stopped => Ok(self.take_head(id, direction)),
            _ => Ok(None),
        }
    }

    /// The guest is about to be shown something, whatever was decided before.
    fn begin(&mut self, id: u32, direction: Direction) -> Option<&mut Stream> {
        let state = self.store.data_mut();
        state.stopped = false;
        let stream = state.streams.get_mut(&id)?;
        stream.signals.hold(direction);
        Some(stream)
    }

    /// Takes out a head that goes on.
    pub(crate) fn take_head(&mut self, id: u32, direction: Direction) -> Option<Head> {
        let state = self.store.data_mut();
        let logs = state.plugin.wants.log;
        let stream = state.streams.get_mut(&id)?;
        let head = stream.side(direction).take_head()?;
        if logs {
            let sent = match direction {
                Direction::Request => &mut stream.sent.request,
                Direction::Response => &mut stream.sent.response,
            };
            *sent = Some(head.clone());
        }
        Some(head)
    }

    /// Shows the guest a piece of a body, with what is held of it.
    pub(crate) async fn show_body(
        &mut self,
        id: u32,
        direction: Direction,
        piece: Bytes,
        end: bool,
    ) -> wasmtime::Result<Passed> {
        let Some(stream) = self.begin(id, direction) else { return Ok(Passed::All(piece, None)) };
        let side = stream.side(direction);
        side.received = side.received.saturating_add(piece.len() as u64);
        side.ended = end;
        let held = side.body.as_ref().map_or(0, BytesMut::len);
        match &mut side.body {
            Some(body) => body.extend_from_slice(&piece),
            None => side.body = Some(BytesMut::from(piece)),
        }
        // What is held is more than there may be before the guest has seen it.
        if held > 0 && side.held() > MOST_HELD {
            return Ok(Passed::TooMuch);
        }
        let size = side.body.as_ref().map_or(0, BytesMut::len);
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        let action = match &self.exports().messages[direction as usize].body {
            Some(function) => self.call(id, function, (id, size, end.into())).await?,
            None => CONTINUE,
        };
        Ok(self.act_on_body(id, direction, action))
    }

    fn act_on_body(&mut self, id: u32, direction: Direction, action: u32) -> Passed {
        let state = self.store.data_mut();
        let stopped = state.stopped;
        let Some(stream) = state.streams.get_mut(&id) else { return Passed::Gone };
        let side = stream.side(direction);
        match action {
            _ if stopped => side.body = None,
            CONTINUE => {
                let body = side.take_body();
                let trailers = if side.ended { self.take_trailers(id, direction) } else { None };
                return Passed::All(body, trailers);
            }
            HOLD => {
                side.join();
                return if side.held() > MOST_HELD { Passed::TooMuch } else { Passed::Held };
            }
            KEEP => {
                side.keep();
                return Passed::Kept(side.held());
            }
            _ => side.body = None,
        }
        Passed::Gone
    }

    /// Shows the guest trailers; they are returned with what was held before them, if they go on.
    pub(crate) async fn show_trailers(
        &mut self,
        id: u32,
        direction: Direction,
        trailers: HeaderMap,
    ) -> wasmtime::Result<Option<(Bytes, Option<HeaderMap>)>> {
        let Some(stream) = self.begin(id, direction) else { return Ok(Some((Bytes::new(), Some(trailers)))) };
        let head = Head::trailers(trailers);
        let count = head.len();
        stream.side(direction).trailers = Some(head);
        let action = match &self.exports().messages[direction as usize].trailers {
            Some(function) => self.call(id, function, (id, count)).await?,
            None => CONTINUE,
        };
        match action {
            CONTINUE if !self.store.data().stopped => Ok(Some(self.take_held(id, direction))),
            _ => Ok(None),
        }
    }

    /// Takes out what was held of a body, and its trailers.
    pub(crate) fn take_held(&mut self, id: u32, direction: Direction) -> (Bytes, Option<HeaderMap>) {
        let Some(stream) = self.store.data_mut().streams.get_mut(&id) else { return (Bytes::new(), None) };
        let body = stream.side(direction).take_body();
        (body, self.take_trailers(id, direction))
    }

    fn take_trailers(&mut self, id: u32, direction: Direction) -> Option<HeaderMap> {
        let state = self.store.data_mut();
        let logs = state.plugin.wants.log;
        let stream = state.streams.get_mut(&id)?;
        let trailers = stream.side(direction).trailers.take()?;
        if logs && direction == Direction::Response {
            stream.sent.trailers = Some(trailers.clone());
        }
        Some(trailers.into_trailers())
    }

    /// Tells the guest that an exchange is over, of whose response so many bytes passed without its knowledge.
    pub(crate) async fn close(&mut self, id: u32, sent: u64) -> wasmtime::Result<()> {
        let Some(stream) = self.store.data_mut().streams.get_mut(&id) else { return Ok(()) };
        stream.facts.complete = Some(stream.facts.clock.elapsed());
        stream.side(Direction::Response).received += sent;
        stream.log = Some(std::mem::take(&mut stream.sent));
        let logged = self.log(id).await;
        if let Some(stream) = self.store.data_mut().streams.get_mut(&id) {
            stream.log = None;
        }
        logged?;
        let ended = self.end_context(id).await;
        self.store.data_mut().streams.remove(&id);
        ended
    }
}
