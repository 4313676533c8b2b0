//! Bodies on their way past a guest.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use holm_abi::{Body, BodyError};
use http::HeaderMap;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;

use crate::headers::Edit;

/// A body, of which a guest may read, and what a guest makes of it.
#[derive(Default)]
pub(crate) struct Flow {
    /// What was read from the body and not yet by the guest.
    ahead: VecDeque<Bytes>,
    /// `None` at its end.
    body: Option<Body>,
    /// What the guest has read, while that is kept: as one, since it may have come in the smallest of pieces.
    kept: Vec<u8>,
    /// The guest has read of it what was not kept.
    consumed: bool,
    /// What the guest wrote in its place.
    written: Option<Vec<u8>>,
    /// Trailers that are known, changed as the guest wants them.
    trailers: HeaderMap,
    /// As they came.
    original: HeaderMap,
    edits: Vec<Edit>,
}

impl Flow {
    pub(crate) fn new(body: Body) -> Self {
        let body = Some(body).filter(|body| !body.is_end_stream());
        Self { body, ..Self::default() }
    }

    /// The body comes now, behind what the guest wrote before there was one. Says whether there was something.
    pub(crate) fn begin(&mut self, body: Body) -> bool {
        let written = self.written.take().filter(|written| !written.is_empty());
        let first = written.is_some();
        self.ahead.extend(written.map(Bytes::from));
        self.body = Some(body).filter(|body| !body.is_end_stream());
        first
    }

    /// Bytes that are kept for the guest.
    pub(crate) fn weight(&self) -> u64 {
        (self.kept.capacity() + self.written.as_ref().map_or(0, Vec::capacity)) as u64
    }

    /// Whether the guest made it a body of another length.
    pub(crate) fn is_changed(&self) -> bool {
        self.consumed || self.written.is_some()
    }

    /// Waits until there is something to read, or the end: then nothing.
    pub(crate) async fn ready(&mut self) -> Result<&[u8], BodyError> {
        while self.ahead.is_empty() && self.body.is_some() {
            poll_fn(|cx| self.poll_ahead(cx)).await?;
        }
        Ok(self.ahead.front().map_or(&[], |bytes| bytes))
    }

    fn poll_ahead(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BodyError>> {
        let Some(body) = &mut self.body else { return Poll::Ready(Ok(())) };
        match ready!(Pin::new(body).poll_frame(cx)) {
            Some(frame) => match frame?.into_data() {
                Ok(data) if data.is_empty() => {}
                Ok(data) => self.ahead.push_back(data),
                Err(frame) => self.end_with(frame.into_trailers().unwrap_or_default()),
            },
            None => self.body = None,
        }
        Poll::Ready(Ok(()))
    }

    fn end_with(&mut self, trailers: HeaderMap) {
        self.body = None;
        self.trailers = edited(trailers.clone(), &self.edits);
        self.original = trailers;
    }

    /// Reads what is ready, as far as there is room. `keep`: whoever comes next is to see it too.
    pub(crate) fn read_into(&mut self, room: &mut [u8], keep: bool) -> usize {
        let Some(front) = self.ahead.front_mut() else { return 0 };
        let read = front.split_to(room.len().min(front.len()));
        if front.is_empty() {
            self.ahead.pop_front();
        }
        let count = read.len();
        // Not longer than the room, by the line above.
        room[..count].copy_from_slice(&read);
        if keep {
            self.kept.extend_from_slice(&read);
        } else {
            self.consumed |= count > 0;
        }
        count
    }

    /// The guest writes in its place, or goes on doing so.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.written.get_or_insert_default().extend_from_slice(bytes);
    }

    pub(crate) fn trailers(&self) -> &HeaderMap {
        &self.trailers
    }

    pub(crate) fn edit_trailers(&mut self, edit: Edit) -> wasmtime::Result<()> {
        edit.apply(&mut self.trailers)?;
        // What a guest does for ever must come to an end here as well.
        if self.edits.len() >= 1000 {
            wasmtime::bail!("it changes trailers more often than 1000 times");
        }
        self.edits.push(edit);
        Ok(())
    }

    /// The body for whoever comes next, and its length if the guest gave it one.
    pub(crate) fn pass(self) -> (Body, Option<u64>) {
        if let Some(written) = self.written {
            let (length, ahead) = (written.len() as u64, VecDeque::from([Bytes::from(written)]));
            return (passing(ahead, None, Some(self.trailers), Vec::new()), Some(length));
        }
        let ended = self.body.is_none().then_some(self.trailers);
        (passing(joined(self.kept, self.ahead), self.body, ended, self.edits), None)
    }

    /// The body as it came, of which all that was read was kept.
    pub(crate) fn untouched(self) -> Body {
        let ended = self.body.is_none().then_some(self.original);
        passing(joined(self.kept, self.ahead), self.body, ended, Vec::new())
    }
}

fn joined(first: Vec<u8>, mut then: VecDeque<Bytes>) -> VecDeque<Bytes> {
    if !first.is_empty() {
        then.push_front(first.into());
    }
    then
}

fn edited(mut trailers: HeaderMap, edits: &[Edit]) -> HeaderMap {
    for edit in edits {
        // With what a guest added, a sender of as many trailers as there may be can have too many.
        let _ = edit.apply(&mut trailers);
    }
    trailers
}

fn passing(ahead: VecDeque<Bytes>, body: Option<Body>, ended: Option<HeaderMap>, edits: Vec<Edit>) -> Body {
    match body {
        Some(body) if ahead.is_empty() && edits.is_empty() => body,
        body => Passing { ahead, body, trailers: ended.filter(|trailers| !trailers.is_empty()), edits }.boxed_unsync(),
    }
}

/// What was read of a body, the rest of it, and its trailers.
struct Passing {
    ahead: VecDeque<Bytes>,
    body: Option<Body>,
    trailers: Option<HeaderMap>,
    /// What becomes of trailers that are still to come.
    edits: Vec<Edit>,
}

impl http_body::Body for Passing {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        while let Some(bytes) = this.ahead.pop_front() {
            if !bytes.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
        }
        if let Some(body) = &mut this.body {
            let came = match ready!(Pin::new(body).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_trailers() {
                    Ok(trailers) => trailers,
                    Err(frame) => return Poll::Ready(Some(Ok(frame))),
                },
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => HeaderMap::new(),
            };
            this.body = None;
            this.trailers = Some(edited(came, &this.edits)).filter(|trailers| !trailers.is_empty());
        }
        Poll::Ready(this.trailers.take().map(|trailers| Ok(Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        let more = self.body.as_ref().is_some_and(|body| !body.is_end_stream() || !self.edits.is_empty());
        self.ahead.iter().all(Bytes::is_empty) && self.trailers.is_none() && !more
    }

    fn size_hint(&self) -> SizeHint {
        let ahead: u64 = self.ahead.iter().map(|bytes| bytes.len() as u64).sum();
        let rest = self.body.as_ref().map_or(SizeHint::with_exact(0), http_body::Body::size_hint);
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(ahead));
        // A length leaves no room for trailers.
        let trailers = self.trailers.is_some() || !self.edits.is_empty();
        if let Some(upper) = rest.upper().filter(|_| !trailers) {
            hint.set_upper(upper.saturating_add(ahead));
        }
        hint
    }
}
