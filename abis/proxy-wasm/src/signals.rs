//! What callbacks decide about a stream, for whoever carries its messages and may be waiting.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use holm_abi::Error;
use tokio::sync::Notify;

use crate::local::LocalReply;

/// One of the two ways through a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Request,
    Response,
}

/// What becomes of a stream.
#[derive(Debug)]
pub(crate) enum Event {
    /// What is held in this direction goes on.
    Continue,
    /// This is the response.
    Reply(LocalReply),
    /// It ends without one.
    Closed,
    /// The filter failed while the request's body passed it.
    Failed(Error),
    /// Its machine is gone.
    Dead,
}

/// What was decided, and not yet acted upon.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    pending: Mutex<Pending>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Pending {
    goes_on: [bool; 2],
    reply: Option<LocalReply>,
    closed: bool,
    failed: Option<Error>,
    dead: bool,
    over: bool,
}

impl Signals {
    pub(crate) fn go_on(&self, direction: Direction) {
        self.change(|pending| pending.goes_on[direction as usize] = true);
    }

    /// The first reply counts.
    pub(crate) fn reply(&self, reply: LocalReply) {
        self.change(|pending| _ = pending.reply.get_or_insert(reply));
    }

    pub(crate) fn close(&self) {
        self.change(|pending| pending.closed = true);
    }

    pub(crate) fn fail(&self, error: Error) {
        self.change(|pending| _ = pending.failed.get_or_insert(error));
    }

    pub(crate) fn die(&self) {
        self.change(|pending| pending.dead = true);
    }

    /// Nothing more is decided.
    pub(crate) fn end(&self) {
        self.change(|pending| pending.over = true);
    }

    /// Whether there is something that ends the way messages take.
    pub(crate) fn is_interrupted(&self) -> bool {
        let pending = self.pending();
        pending.reply.is_some() || pending.closed || pending.failed.is_some()
    }

    /// Forgets that something held was to go on: it was not held when a new callback began.
    pub(crate) fn hold(&self, direction: Direction) {
        self.pending().goes_on[direction as usize] = false;
    }

    /// What ends the way, if anything does.
    pub(crate) fn interruption(&self) -> Option<Event> {
        let mut pending = self.pending();
        if let Some(error) = pending.failed.take() {
            return Some(Event::Failed(error));
        }
        if let Some(reply) = pending.reply.take() {
            return Some(Event::Reply(reply));
        }
        std::mem::take(&mut pending.closed).then_some(Event::Closed)
    }

    /// What is to happen with a message that is held in this direction.
    pub(crate) fn take(&self, direction: Direction) -> Option<Event> {
        if let Some(event) = self.interruption() {
            return Some(event);
        }
        let mut pending = self.pending();
        if std::mem::take(&mut pending.goes_on[direction as usize]) {
            return Some(Event::Continue);
        }
        pending.dead.then_some(Event::Dead)
    }

    /// Waits for that.
    pub(crate) async fn held(&self, direction: Direction) -> Event {
        self.until(|signals| signals.take(direction)).await
    }

    /// Waits until a message held in this direction goes on or its machine is gone, and leaves what ends it to others.
    pub(crate) async fn released(&self, direction: Direction) -> Event {
        self.until(|signals| {
            let mut pending = signals.pending();
            if std::mem::take(&mut pending.goes_on[direction as usize]) {
                return Some(Event::Continue);
            }
            pending.dead.then_some(Event::Dead)
        })
        .await
    }

    /// Waits for the end of the stream.
    pub(crate) async fn over(&self) {
        self.until(|signals| signals.pending().over.then_some(())).await;
    }

    /// What `work` ends with, unless something ends the way before.
    pub(crate) async fn unless_interrupted<R>(&self, mut work: Pin<&mut impl Future<Output = R>>) -> Result<R, Event> {
        let mut interrupted = pin!(self.until(Self::interruption));
        poll_fn(|cx: &mut Context<'_>| {
            if let Poll::Ready(event) = interrupted.as_mut().poll(cx) {
                return Poll::Ready(Err(event));
            }
            work.as_mut().poll(cx).map(Ok)
        })
        .await
    }

    async fn until<R>(&self, take: impl Fn(&Self) -> Option<R>) -> R {
        loop {
            // Registered before looking, or a change in between would go unnoticed.
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            if let Some(taken) = take(self) {
                return taken;
            }
            changed.await;
        }
    }

    fn change(&self, change: impl FnOnce(&mut Pending)) {
        change(&mut self.pending());
        self.changed.notify_waiters();
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
