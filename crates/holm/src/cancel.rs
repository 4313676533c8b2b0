//! Ending calls that nobody wants to wait for any more.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

use crate::{Error, Kind, Result};

/// Ends calls from elsewhere: another thread, a signal, a button. Clones are the same; once it is used, it stays so.
///
/// Code that awaits calls has no need of it: dropping the future does the same.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<State>);

#[derive(Debug, Default)]
struct State {
    cancelled: AtomicBool,
    told: Notify,
}

impl Cancel {
    /// One that cancels nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends all calls that were given this, and those that will be. They return [`Kind::Cancelled`]: a plugin that computes
    /// within a few milliseconds, one that waits at once, one that is inside a function of the host that does not
    /// wait when that returns.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::SeqCst);
        self.0.told.notify_waiters();
    }

    /// Whether it was used.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::SeqCst)
    }

    /// `work`, unless it is cancelled before its end.
    pub(crate) async fn over<R>(&self, work: impl Future<Output = Result<R>>) -> Result<R> {
        let (mut told, mut work) = (pin!(self.0.told.notified()), pin!(work));
        // From here on nothing that is told is missed, so the flag is looked at afterwards.
        told.as_mut().enable();
        std::future::poll_fn(|cx| {
            if self.is_cancelled() || told.as_mut().poll(cx).is_ready() {
                return std::task::Poll::Ready(Err(Error::new(Kind::Cancelled, "the call was cancelled")));
            }
            work.as_mut().poll(cx)
        })
        .await
    }
}
