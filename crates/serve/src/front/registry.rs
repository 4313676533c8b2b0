//! The open connections, to tell them to end.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

use tokio::sync::Notify;

use super::counters::{Counters, count};

const FINISH: u8 = 1;
const CUT: u8 = 2;

/// What a connection is told, and its task, to be woken then.
#[derive(Debug, Default)]
pub(super) struct Order {
    value: AtomicU8,
    task: Mutex<Option<Waker>>,
}

impl Order {
    /// Finish what is under way and take no more.
    pub(super) fn is_finish(&self) -> bool {
        self.value.load(Ordering::Acquire) >= FINISH
    }

    /// End at once.
    pub(super) fn is_cut(&self) -> bool {
        self.value.load(Ordering::Acquire) >= CUT
    }

    /// Has this task woken by orders. A task keeps its waker, so once is enough.
    pub(super) fn listen(&self, cx: &Context<'_>) {
        *lock(&self.task) = Some(cx.waker().clone());
    }

    /// Ends this connection.
    pub(super) fn cut(&self) {
        self.give(CUT);
    }

    fn give(&self, order: u8) {
        self.value.fetch_max(order, Ordering::AcqRel);
        if let Some(task) = &*lock(&self.task) {
            task.wake_by_ref();
        }
    }
}

/// Every open connection.
#[derive(Debug, Default)]
pub(super) struct Registry {
    next: AtomicU64,
    open: Mutex<HashMap<u64, Arc<Order>>>,
    peers: Mutex<HashMap<IpAddr, usize>>,
    /// Signalled when a connection ends.
    ended: Notify,
}

impl Registry {
    /// Enters a connection, unless there are `limit` already.
    pub(super) fn enter(self: &Arc<Self>, counters: &Arc<Counters>, limit: usize) -> Option<Place> {
        count(&counters.accepted);
        // One task accepts per listener, so the count may pass the limit by the number of listeners, briefly.
        if counters.open.fetch_add(1, Ordering::Relaxed) >= limit {
            counters.open.fetch_sub(1, Ordering::Relaxed);
            count(&counters.refused);
            return None;
        }
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let order = Arc::new(Order::default());
        lock(&self.open).insert(id, Arc::clone(&order));
        Some(Place { id, order, peer: None, registry: Arc::clone(self), counters: Arc::clone(counters) })
    }

    pub(super) fn finish(&self) {
        lock(&self.open).values().for_each(|order| order.give(FINISH));
    }

    /// Ends all connections; says how many there were.
    pub(super) fn cut(&self) -> usize {
        let open = lock(&self.open);
        open.values().for_each(|order| order.give(CUT));
        open.len()
    }

    pub(super) fn len(&self) -> usize {
        lock(&self.open).len()
    }

    /// Returns when no connection is open.
    pub(super) async fn empty(&self) {
        loop {
            let mut ended = std::pin::pin!(self.ended.notified());
            ended.as_mut().enable();
            if lock(&self.open).is_empty() {
                return;
            }
            ended.await;
        }
    }
}

/// An open connection's entry; dropping it says that the connection has ended.
pub(super) struct Place {
    id: u64,
    pub(super) order: Arc<Order>,
    peer: Option<IpAddr>,
    registry: Arc<Registry>,
    counters: Arc<Counters>,
}

impl Place {
    /// Counts the connection as one of `peer`'s, unless that has `limit` already.
    pub(super) fn belongs_to(&mut self, peer: IpAddr, limit: usize) -> bool {
        let peer = network(peer);
        let mut peers = lock(&self.registry.peers);
        let open = peers.entry(peer).or_default();
        if *open >= limit {
            count(&self.counters.refused);
            if *open == 0 {
                peers.remove(&peer);
            }
            return false;
        }
        *open += 1;
        self.peer = Some(peer);
        true
    }

    fn leave_peer(&self, peer: IpAddr) {
        let mut peers = lock(&self.registry.peers);
        if let Some(open) = peers.get_mut(&peer) {
            *open -= 1;
            if *open == 0 {
                peers.remove(&peer);
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(peer) = self.peer {
            self.leave_peer(peer);
        }
        lock(&self.registry.open).remove(&self.id);
        self.counters.open.fetch_sub(1, Ordering::Relaxed);
        self.registry.ended.notify_waiters();
    }
}

/// Whom an address belongs to: who has one IPv6 address has a /64 of them.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6((ip.to_bits() & !u128::from(u64::MAX)).into()),
        v4 => v4,
    }
}

// What is behind these locks is whole at every step, so a panic elsewhere changes nothing.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter(registry: &Arc<Registry>) -> Place {
        registry.enter(&Arc::default(), 100).unwrap()
    }

    #[test]
    fn addresses_of_one_ipv6_network_share_a_limit_and_leave_nothing_behind() {
        let registry = Arc::<Registry>::default();
        let [mut a, mut b, mut c] = [(); 3].map(|()| enter(&registry));
        assert!(a.belongs_to("2001:db8::1".parse().unwrap(), 1));
        assert!(!b.belongs_to("2001:db8::2".parse().unwrap(), 1));
        assert!(c.belongs_to("2001:db8:0:1::1".parse().unwrap(), 1));
        drop(a);
        assert!(b.belongs_to("2001:db8::2".parse().unwrap(), 1));
        drop((b, c));
        assert!(lock(&registry.peers).is_empty());
        assert_eq!(registry.len(), 0);
    }

    #[test]
    fn a_mapped_address_counts_as_the_ipv4_address_it_is() {
        assert_eq!(network("::ffff:192.0.2.1".parse().unwrap()), "192.0.2.1".parse::<IpAddr>().unwrap());
    }
}
