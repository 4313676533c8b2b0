//! How guests that compute share threads with everything else that runs there.
//!
//! A guest gives its thread away at every tick. That alone is not enough where many compute without end: whoever has to
//! wait for the network would find all of them before it. So a guest that has computed for long needs a turn, of which
//! there are as many as processors; the others wait where they are in nobody's way.

use std::cell::Cell;
use std::pin::Pin;
use std::sync::LazyLock;

use tokio::sync::{Semaphore, SemaphorePermit};
use wasmtime::UpdateDeadline;

/// Ticks for which a guest needs no turn.
const FREE: u32 = 10;

static TURNS: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(std::thread::available_parallelism().map_or(1, usize::from)));

thread_local! {
    /// The turn of the guest that this thread runs.
    static TURN: Cell<Option<SemaphorePermit<'static>>> = const { Cell::new(None) };
}

/// The ticks of one guest.
#[derive(Debug, Default)]
pub(crate) struct Ticks(u32);

impl Ticks {
    /// Has the guest give its thread away until the next tick, and wait for its turn if it has computed for long.
    pub(crate) fn next(&mut self) -> UpdateDeadline {
        UpdateDeadline::YieldCustom(1, self.pause(&TURNS))
    }

    fn pause(&mut self, turns: &'static Semaphore) -> Pause {
        self.0 = self.0.saturating_add(1);
        if self.0 <= FREE { Box::pin(tokio::task::yield_now()) } else { turn(turns) }
    }
}

type Pause = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Ends with a new turn.
fn turn(turns: &'static Semaphore) -> Pause {
    let had = TURN.take();
    Box::pin(async move {
        // The turn is given away only after that: who gets it would run at once, and again before the network is
        // looked at.
        tokio::task::yield_now().await;
        drop(had);
        TURN.set(turns.acquire().await.ok());
    })
}

/// Ends the turn of the guest that this thread ran: it waits for something now, or is done.
pub(crate) fn end() {
    TURN.set(None);
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Poll;

    use super::*;

    async fn polled(pause: &mut Pause) -> bool {
        poll_fn(|cx| Poll::Ready(pause.as_mut().poll(cx).is_ready())).await
    }

    #[tokio::test]
    async fn who_computes_for_long_waits_for_a_turn_and_others_only_for_each_other() {
        let turns: &'static Semaphore = Box::leak(Box::new(Semaphore::new(1)));
        let (mut first, mut second) = (Ticks(FREE), Ticks(FREE));
        first.pause(turns).await;
        // Polled on another thread from now on, as far as this one knows.
        let turn = TURN.take().unwrap();
        let mut brief = Ticks::default();
        for _ in 0..FREE {
            brief.pause(turns).await;
        }
        let mut waits = second.pause(turns);
        for _ in 0..10 {
            assert!(!polled(&mut waits).await);
            tokio::task::yield_now().await;
        }
        drop(turn);
        assert!(polled(&mut waits).await);
        end();
        assert_eq!(turns.available_permits(), 1, "a guest that waits for something else has none");
    }

    #[tokio::test]
    async fn a_guest_gives_its_turn_to_the_next() {
        let turns: &'static Semaphore = Box::leak(Box::new(Semaphore::new(1)));
        let (mut first, mut second) = (Ticks(FREE), Ticks(FREE));
        first.pause(turns).await;
        let mut next = first.pause(turns);
        let mut waits = second.pause(turns);
        assert!(!polled(&mut waits).await && !polled(&mut waits).await, "it still has it");
        assert!(!polled(&mut next).await && !polled(&mut next).await, "it gave it away");
        assert!(polled(&mut waits).await);
        end();
    }
}
