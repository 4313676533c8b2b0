//! Waiting, but not for ever.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Instant;

use tokio::time::{Sleep, sleep_until};

/// What `work` ends with, or `None` at `deadline`.
///
/// As [`tokio::time::timeout_at`], without a timer for work that ends at once, as most of what a server does. The work
/// is pinned: a future that is handed on by value is there once for each function that takes it.
pub async fn until<R>(deadline: Instant, mut work: Pin<&mut impl Future<Output = R>>) -> Option<R> {
    let mut late = pin!(None::<Sleep>);
    poll_fn(|cx| {
        if let Poll::Ready(done) = work.as_mut().poll(cx) {
            return Poll::Ready(Some(done));
        }
        if late.is_none() {
            late.set(Some(sleep_until(deadline.into())));
        }
        late.as_mut().as_pin_mut().map_or(Poll::Pending, |late| late.poll(cx).map(|()| None))
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn work_is_waited_for_until_the_deadline() {
        let now = Instant::now();
        assert_eq!(until(now, pin!(ready(1))).await, Some(1), "what is done is not late");
        let soon = now + Duration::from_millis(20);
        assert_eq!(until(soon, pin!(pending::<()>())).await, None);
        assert!(Instant::now() >= soon);
        let later = Instant::now() + Duration::from_secs(60);
        assert_eq!(until(later, pin!(tokio::time::sleep(Duration::from_millis(1)))).await, Some(()));
    }
}
