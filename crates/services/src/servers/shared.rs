//! Links that all guests of an app share: as many as there may be, and none longer than it is used.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a connection that nobody uses is kept.
const IDLE: Duration = Duration::from_secs(60);

/// A way to a server, which connects when something is asked of it.
pub(crate) trait Link: Send + Sync + 'static {
    /// How often something was asked of it.
    fn asked(&self) -> u64;

    /// Lets go of its connection, which is made again when it is needed.
    fn rest(&self);
}

/// Links by what makes them different.
pub(crate) struct Shared<K, L> {
    most: usize,
    links: Mutex<Vec<Entry<K, L>>>,
}

struct Entry<K, L> {
    key: K,
    link: Arc<L>,
    used: Instant,
}

impl<K: PartialEq, L: Link> Shared<K, L> {
    /// Room for so many.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, links: Mutex::default() }
    }

    /// The link of this key, made if it is not there. `None`: as many as there may be are held by guests.
    pub(crate) fn get(&self, key: K, make: impl FnOnce(&K) -> L) -> Option<Arc<L>> {
        let now = Instant::now();
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = links.iter_mut().find(|known| known.key == key) {
            known.used = now;
            return Some(Arc::clone(&known.link));
        }
        links.retain(|known| known.is_held() || now - known.used < IDLE);
        if links.len() >= self.most {
            let free = links.iter().enumerate().filter(|(_, known)| !known.is_held());
            let (oldest, _) = free.min_by_key(|(_, known)| known.used)?;
            links.swap_remove(oldest);
        }
        let link = Arc::new(make(&key));
        rest_when_idle(&link);
        links.push(Entry { key, link: Arc::clone(&link), used: now });
        Some(link)
    }
}

impl<K, L> Entry<K, L> {
    fn is_held(&self) -> bool {
        Arc::strong_count(&self.link) > 1
    }
}

fn rest_when_idle<L: Link>(link: &Arc<L>) {
    let link = Arc::downgrade(link);
    tokio::spawn(async move {
        let mut asked = 0;
        loop {
            tokio::time::sleep(IDLE).await;
            let Some(link) = link.upgrade() else { return };
            let now = link.asked();
            if now == asked {
                link.rest();
            }
            asked = now;
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nothing;

    impl Link for Nothing {
        fn asked(&self) -> u64 {
            0
        }

        fn rest(&self) {}
    }

    #[tokio::test]
    async fn what_nobody_holds_makes_room() {
        let shared = Shared::new(2);
        let (one, two) = (shared.get(1, |_| Nothing).unwrap(), shared.get(2, |_| Nothing).unwrap());
        assert!(Arc::ptr_eq(&one, &shared.get(1, |_| Nothing).unwrap()));
        assert!(shared.get(3, |_| Nothing).is_none());
        drop(two);
        let three = shared.get(3, |_| Nothing).unwrap();
        assert!(shared.get(2, |_| Nothing).is_none());
        drop((one, three));
        assert!(shared.get(2, |_| Nothing).is_some());
    }
}
