//! One exchange, seen from outside of the machine that it belongs to.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Waker};

use bytes::Bytes;
use holm_abi::{Observe, Result};
use holm_engine::{Error, Kind, Usage};
use http::HeaderMap;
use tokio::runtime::Handle;

use crate::head::Head;
use crate::local::{Asker, LocalReply};
use crate::passing::Passed;
use crate::plugin::Plugin;
use crate::signals::{Direction, Event, Signals};
use crate::stream::{Side, Stream};
use crate::vm::{Place, Vm};

/// One exchange.
pub(crate) struct Session {
    pub(crate) plugin: Arc<Plugin>,
    vm: Arc<Vm>,
    /// The context's number, once there is one.
    id: Arc<AtomicU32>,
    pub(crate) signals: Arc<Signals>,
    pub(crate) usage: Arc<Usage>,
    pub(crate) observer: Option<Arc<dyn Observe>>,
    pub(crate) asker: Asker,
    /// The filter failed and is open: what comes passes by it.
    bypassed: AtomicBool,
    /// What it had then.
    left: Mutex<Option<[Side; 2]>>,
    /// Bytes of a response that passed without its knowledge.
    pub(crate) sent: AtomicU64,
    _place: Place,
}

/// What becomes of a message whose head a guest saw.
pub(crate) enum Verdict {
    Pass(Head),
    Reply(LocalReply),
    Close,
}

/// Something that is handed to a machine, and is still here if that is gone.
type Handed<T> = Arc<Mutex<Option<T>>>;

fn hand<T>(thing: T) -> (Handed<T>, Handed<T>) {
    let handed = Arc::new(Mutex::new(Some(thing)));
    (Arc::clone(&handed), handed)
}

fn take<T>(handed: &Mutex<Option<T>>) -> Option<T> {
    handed.lock().unwrap_or_else(PoisonError::into_inner).take()
}

impl Session {
    pub(crate) fn new(vm: Arc<Vm>, stream: &Stream) -> Self {
        Self {
            _place: vm.place(),
            sent: AtomicU64::new(0),
            plugin: Arc::clone(&vm.plugin),
            vm,
            id: Arc::default(),
            signals: Arc::clone(&stream.signals),
            usage: Arc::clone(&stream.exchange.usage),
            observer: stream.exchange.observer.clone(),
            asker: stream.asker,
            bypassed: AtomicBool::new(false),
            left: Mutex::default(),
        }
    }

    pub(crate) fn is_bypassed(&self) -> bool {
        self.bypassed.load(Relaxed)
    }

    /// Begins the exchange with the request's head.
    ///
    /// # Errors
    /// The filter failed, and is closed.
    pub(crate) async fn open(&self, stream: Stream) -> Result<Verdict> {
        let (kept, handed) = hand(stream);
        let number = Arc::clone(&self.id);
        let passed = self.vm.run(Some(&self.usage), move |inner| {
            Box::pin(async move {
                let Some(stream) = take(&handed) else { return Ok(None) };
                let id = inner.new_context();
                number.store(id, Relaxed);
                inner.open(id, stream).await
            })
        });
        let passed = passed.await;
        let unseen = || take(&kept).and_then(|mut stream| stream.side(Direction::Request).head.take());
        self.judge(Direction::Request, passed, unseen).await
    }

    /// Goes on with the response's head.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub(crate) async fn respond(&self, head: Head, ended: bool) -> Result<Verdict> {
        if self.is_bypassed() {
            return Ok(Verdict::Pass(head));
        }
        let (kept, handed) = hand(head);
        let id = self.id.load(Relaxed);
        let passed = self.vm.run(Some(&self.usage), move |inner| {
            Box::pin(async move {
                let Some(head) = take(&handed) else { return Ok(None) };
                inner.respond(id, head, ended).await
            })
        });
        let passed = passed.await;
        self.judge(Direction::Response, passed, || take(&kept)).await
    }

    async fn judge(
        &self,
        direction: Direction,
        passed: Result<Option<Head>>,
        unseen: impl FnOnce() -> Option<Head>,
    ) -> Result<Verdict> {
        let passed = match passed {
            Ok(passed) => passed,
            Err(error) => return self.pass_by(direction, error, unseen()).await,
        };
        let event = match (self.signals.interruption(), passed) {
            (Some(event), _) => event,
            (None, Some(head)) => return Ok(Verdict::Pass(head)),
            (None, None) => self.signals.held(direction).await,
        };
        match event {
            Event::Reply(reply) => Ok(Verdict::Reply(reply)),
            Event::Closed => Ok(Verdict::Close),
            Event::Failed(error) => Err(error),
            Event::Dead => self.pass_by(direction, self.gone(), None).await,
            Event::Continue => {
                let id = self.id.load(Relaxed);
                let head = self.vm.run(None, move |inner| Box::pin(async move { Ok(inner.take_head(id, direction)) }));
                match head.await {
                    Ok(Some(head)) => Ok(Verdict::Pass(head)),
                    Ok(None) => Err(self.gone()),
                    Err(error) => self.pass_by(direction, error, None).await,
                }
            }
        }
    }

    fn gone(&self) -> Error {
        Error::new(Kind::Trap, "the filter's machine ended while it held this exchange").about(self.plugin.name())
    }

    /// Lets a head pass by a filter that failed, if that is open.
    async fn pass_by(&self, direction: Direction, error: Error, unseen: Option<Head>) -> Result<Verdict> {
        let error = self.bypass(error).await?;
        let left = || self.left(direction).take_head();
        match unseen.or_else(left) {
            Some(head) => Ok(Verdict::Pass(head)),
            None => Err(error),
        }
    }

    /// Has everything pass by the filter from now on.
    ///
    /// # Errors
    /// It is closed, and this is why the exchange fails.
    pub(crate) async fn bypass(&self, error: Error) -> Result<Error> {
        if !self.plugin.host.filter.fail_open {
            return Err(error);
        }
        if !self.bypassed.swap(true, Relaxed) {
            crate::log::failed(&self.plugin, "an exchange, which passes by it", &error);
            let id = self.id.load(Relaxed);
            let stream = self.vm.with_state(|state| state.streams.remove(&id)).await.flatten();
            let sides = stream.map(|stream| stream.sides);
            *self.left.lock().unwrap_or_else(PoisonError::into_inner) = sides;
        }
        Ok(error)
    }

    /// What the failed filter had of this direction.
    pub(crate) fn left(&self, direction: Direction) -> Side {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.as_mut().map(|sides| std::mem::take(&mut sides[direction as usize])).unwrap_or_default()
    }

    /// Shows the guest a piece of a body.
    ///
    /// # Errors
    /// The filter failed. The piece is returned if the guest did not get it.
    pub(crate) async fn body(
        &self,
        direction: Direction,
        piece: Bytes,
        end: bool,
    ) -> std::result::Result<Passed, (Error, Option<Bytes>)> {
        let (kept, handed) = hand(piece);
        let id = self.id.load(Relaxed);
        let passed = self.vm.run(Some(&self.usage), move |inner| {
            Box::pin(async move {
                let piece = take(&handed).unwrap_or_default();
                inner.show_body(id, direction, piece, end).await
            })
        });
        passed.await.map_err(|error| (error, take(&kept)))
    }

    /// Shows the guest trailers.
    ///
    /// # Errors
    /// As [`Session::body`].
    pub(crate) async fn trailers(
        &self,
        direction: Direction,
        trailers: HeaderMap,
    ) -> std::result::Result<Option<(Bytes, Option<HeaderMap>)>, (Error, Option<HeaderMap>)> {
        let (kept, handed) = hand(trailers);
        let id = self.id.load(Relaxed);
        let passed = self.vm.run(Some(&self.usage), move |inner| {
            Box::pin(async move {
                let trailers = take(&handed).unwrap_or_default();
                inner.show_trailers(id, direction, trailers).await
            })
        });
        passed.await.map_err(|error| (error, take(&kept)))
    }

    /// Takes what was held, which goes on.
    ///
    /// # Errors
    /// The machine is gone.
    pub(crate) async fn release(&self, direction: Direction) -> Result<(Bytes, Option<HeaderMap>)> {
        let id = self.id.load(Relaxed);
        self.vm.run(None, move |inner| Box::pin(async move { Ok(inner.take_held(id, direction)) })).await
    }
}

/// Ends an exchange when it is dropped.
pub(crate) struct Closer(pub(crate) Arc<Session>);

impl Drop for Closer {
    fn drop(&mut self) {
        let session = &self.0;
        session.signals.end();
        let id = session.id.load(Relaxed);
        let Ok(runtime) = Handle::try_current() else { return };
        if id == 0 || session.is_bypassed() || session.vm.is_dead() {
            return;
        }
        let sent = session.sent.load(Relaxed);
        let closed = session.vm.run(Some(&session.usage), move |inner| Box::pin(inner.close(id, sent)));
        let plugin = Arc::clone(&session.plugin);
        let mut closed: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(async move {
            if let Err(error) = closed.await {
                crate::log::failed(&plugin, "the end of an exchange", &error);
            }
        });
        // Mostly nobody else is at work there, and a task costs more than this.
        if closed.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            runtime.spawn(closed);
        }
    }
}
