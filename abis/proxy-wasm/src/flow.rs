//! Bodies that pass a filter while they are read.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use holm_abi::{Body, BodyError, Error, Kind};
use http::{HeaderMap, StatusCode};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;

use crate::local::LocalReply;
use crate::passing::{MOST_HELD, Passed};
use crate::session::{Closer, Session};
use crate::signals::{Direction, Event};

type Output = Option<Result<Frame<Bytes>, BodyError>>;

/// One direction of an exchange, from where its body comes to where it goes.
pub(crate) struct Flow {
    session: Arc<Session>,
    direction: Direction,
    input: Body,
    /// The last piece of the body is known to be the last when it comes, as in HTTP/2; in HTTP/1 the guest is told
    /// afterwards, by an empty one, as Envoy does.
    knows_end: bool,
    /// Nothing more comes.
    ended: bool,
    /// The guest holds what came.
    holds: bool,
    /// So much that nothing more is taken in.
    full: bool,
    /// What goes on.
    output: VecDeque<Frame<Bytes>>,
    finished: bool,
    closer: Option<Closer>,
}

/// What happens next.
enum Next {
    Frame(Option<Result<Frame<Bytes>, BodyError>>),
    Event(Event),
}

impl Flow {
    pub(crate) fn new(
        session: &Arc<Session>,
        direction: Direction,
        input: Body,
        knows_end: bool,
        closer: Option<Closer>,
    ) -> Self {
        Self {
            session: Arc::clone(session),
            direction,
            input,
            knows_end,
            ended: false,
            holds: false,
            full: false,
            output: VecDeque::new(),
            finished: false,
            closer,
        }
    }

    /// The next frame that goes on.
    async fn next(&mut self) -> Output {
        loop {
            if let Some(frame) = self.output.pop_front() {
                return Some(Ok(frame));
            }
            if self.finished {
                self.closer = None;
                return None;
            }
            if self.session.is_bypassed() {
                self.forward().await;
                continue;
            }
            let done = match self.wait().await {
                Next::Event(event) => self.on_event(event).await,
                Next::Frame(Some(Ok(frame))) => self.on_frame(frame).await,
                Next::Frame(Some(Err(error))) => Err(error),
                Next::Frame(None) => self.on_end().await,
            };
            if let Err(error) = done {
                self.finished = true;
                return Some(Err(error));
            }
        }
    }

    async fn wait(&mut self) -> Next {
        let (signals, direction) = (Arc::clone(&self.session.signals), self.direction);
        let mut event = pin!(async {
            match direction {
                // What ends a request is looked at by who waits for the response.
                Direction::Request => signals.released(direction).await,
                Direction::Response => signals.held(direction).await,
            }
        });
        let waits = self.ended || self.full;
        let mut frame = pin!(self.input.frame());
        poll_fn(|cx| {
            if let Poll::Ready(event) = event.as_mut().poll(cx) {
                return Poll::Ready(Next::Event(event));
            }
            if waits { Poll::Pending } else { frame.as_mut().poll(cx).map(Next::Frame) }
        })
        .await
    }

    async fn on_event(&mut self, event: Event) -> Result<(), BodyError> {
        match event {
            // It was not held any more when it was to go on.
            Event::Continue if !self.holds => Ok(()),
            Event::Continue => match self.session.release(self.direction).await {
                Ok((body, trailers)) => {
                    self.go_on(body, trailers);
                    Ok(())
                }
                Err(error) => self.failed(error).await,
            },
            Event::Dead if !self.holds => self.failed_later().await,
            Event::Dead => {
                let error = Error::new(Kind::Trap, "the filter's machine ended while it held a body");
                self.failed(error.about(self.session.plugin.name())).await
            }
            Event::Failed(error) => self.failed(error).await,
            // The head is gone already, so nothing is left but to break off.
            Event::Reply(_) | Event::Closed => Err("the filter ended the exchange amid its response".into()),
        }
    }

    /// Machines of messages that are not held are looked at when the next piece comes.
    async fn failed_later(&mut self) -> Result<(), BodyError> {
        let frame = if self.ended { None } else { self.input.frame().await };
        match frame {
            Some(Ok(frame)) => self.on_frame(frame).await,
            Some(Err(error)) => Err(error),
            None => self.on_end().await,
        }
    }

    async fn on_frame(&mut self, frame: Frame<Bytes>) -> Result<(), BodyError> {
        match frame.into_data() {
            Ok(piece) => {
                let end = self.knows_end && self.input.is_end_stream();
                self.on_piece(piece, end).await
            }
            Err(frame) => match frame.into_trailers() {
                Ok(trailers) => self.on_trailers(trailers).await,
                Err(_) => Ok(()),
            },
        }
    }

    async fn on_end(&mut self) -> Result<(), BodyError> {
        if self.ended {
            return Ok(());
        }
        self.on_piece(Bytes::new(), true).await
    }

    async fn on_piece(&mut self, piece: Bytes, end: bool) -> Result<(), BodyError> {
        self.ended |= end;
        let passed = match self.session.plugin.wants.body[self.direction as usize] {
            true => self.session.body(self.direction, piece, end).await,
            false => Ok(Passed::All(piece, None)),
        };
        match passed {
            Ok(Passed::All(body, trailers)) => self.go_on(body, trailers),
            Ok(Passed::Held) => self.holds = true,
            Ok(Passed::Kept(held)) => (self.holds, self.full) = (true, held >= MOST_HELD),
            Ok(Passed::TooMuch) => return self.too_much().await,
            Ok(Passed::Gone) if self.session.signals.is_interrupted() => return self.stall().await,
            // A guest that does not want a piece waits all the same.
            Ok(Passed::Gone) => self.holds = true,
            Err((error, piece)) => {
                self.failed(error).await?;
                self.output.extend(piece.filter(|piece| !piece.is_empty()).map(Frame::data));
            }
        }
        Ok(())
    }

    async fn on_trailers(&mut self, trailers: HeaderMap) -> Result<(), BodyError> {
        self.ended = true;
        match self.session.trailers(self.direction, trailers).await {
            Ok(Some((body, trailers))) => self.go_on(body, trailers),
            Ok(None) if self.session.signals.is_interrupted() => return self.stall().await,
            Ok(None) => self.holds = true,
            Err((error, trailers)) => {
                self.failed(error).await?;
                self.output.extend(trailers.map(Frame::trailers));
            }
        }
        Ok(())
    }

    fn go_on(&mut self, body: Bytes, trailers: Option<HeaderMap>) {
        (self.holds, self.full) = (false, false);
        if !body.is_empty() {
            self.output.push_back(Frame::data(body));
        }
        self.output.extend(trailers.map(Frame::trailers));
        self.finished = self.ended;
    }

    /// The guest gave a response: of a request nothing more is sent, and who waits for its response is told by others.
    async fn stall(&mut self) -> Result<(), BodyError> {
        if self.direction == Direction::Request {
            self.session.signals.over().await;
            return Err("the exchange is over".into());
        }
        // What to do is the next event.
        Ok(())
    }

    /// As Envoy: 413 for a request; a response whose head is on its way breaks off.
    async fn too_much(&mut self) -> Result<(), BodyError> {
        if self.direction == Direction::Response {
            return Err(format!("the filter holds more than {MOST_HELD} bytes of the response's body").into());
        }
        let reply = LocalReply::new(StatusCode::PAYLOAD_TOO_LARGE, "Payload Too Large", "request_payload_too_large");
        self.session.signals.reply(reply);
        self.stall().await
    }

    /// The filter failed: what it has goes on if it is open.
    async fn failed(&mut self, error: Error) -> Result<(), BodyError> {
        let error = match self.session.bypass(error).await {
            Ok(_) => {
                let mut left = self.session.left(self.direction);
                let trailers = left.trailers.take();
                let body = left.take_body();
                self.go_on(body, trailers.map(|trailers| trailers.into_trailers()));
                return Ok(());
            }
            Err(error) => error,
        };
        if self.direction == Direction::Request {
            self.session.signals.fail(error);
            return self.stall().await;
        }
        if let Some(observer) = &self.session.observer {
            observer.failed(&error);
        }
        Err(error.into())
    }

    /// Hands on what comes, as it is.
    async fn forward(&mut self) {
        // The other direction may have found out that the filter failed.
        if self.holds {
            let mut left = self.session.left(self.direction);
            let trailers = left.trailers.take();
            let body = left.take_body();
            self.go_on(body, trailers.map(|trailers| trailers.into_trailers()));
            return;
        }
        match self.input.frame().await {
            Some(Ok(frame)) => self.output.push_back(frame),
            Some(Err(_)) | None => self.finished = true,
        }
    }
}

/// A body that passes a filter.
pub(crate) struct Passing {
    flow: Option<Flow>,
    step: Option<Step>,
}

type Step = Pin<Box<dyn Future<Output = (Flow, Output)> + Send>>;

impl Passing {
    pub(crate) fn new(flow: Flow) -> Self {
        Self { flow: Some(flow), step: None }
    }
}

impl http_body::Body for Passing {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Output> {
        if let Some(mut flow) = self.flow.take() {
            self.step = Some(Box::pin(async move {
                let next = flow.next().await;
                (flow, next)
            }));
        }
        let Some(step) = &mut self.step else { return Poll::Ready(None) };
        let (flow, next) = ready!(step.as_mut().poll(cx));
        self.step = None;
        self.flow = Some(flow);
        Poll::Ready(next)
    }

    fn is_end_stream(&self) -> bool {
        self.flow.as_ref().is_some_and(|flow| flow.finished && flow.output.is_empty())
    }
}

/// A body that passes by, and ends the exchange when it ends.
pub(crate) struct Watched {
    pub(crate) body: Body,
    pub(crate) closer: Option<Closer>,
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Output> {
        if let Some(closer) = &self.closer
            && let Some(Event::Reply(_) | Event::Closed | Event::Failed(_)) = closer.0.signals.interruption()
        {
            self.closer = None;
            return Poll::Ready(Some(Err("the filter ended the exchange amid its response".into())));
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        match (&frame, &self.closer) {
            (Some(Ok(frame)), Some(closer)) => {
                let bytes = frame.data_ref().map_or(0, |data| data.len() as u64);
                closer.0.sent.fetch_add(bytes, Relaxed);
            }
            (None, _) => self.closer = None,
            _ => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
