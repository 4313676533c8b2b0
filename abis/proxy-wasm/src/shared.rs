//! What machines have together: data and queues, by the `vm_id` of their filters.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use bytes::Bytes;

use crate::status::Status;
use crate::vm::Vm;

/// Bytes of data and of queues that one `vm_id` may keep, an entry counted as 64 bytes more than it holds.
const MOST: usize = 64 << 20;
const ENTRY: usize = 64;

/// Queues of one `vm_id`.
const MOST_QUEUES: usize = 1024;

/// Data and queues of all filters that one [`crate::ProxyWasm`] loads.
#[derive(Default)]
pub(crate) struct Shared(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    spaces: HashMap<String, Weak<Space>>,
    queues: HashMap<u32, Weak<Space>>,
    last_token: u32,
}

/// What the filters of one `vm_id` have together, for as long as there is one of them.
#[derive(Default)]
pub(crate) struct Space(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    data: HashMap<Bytes, (Bytes, u32)>,
    last_cas: u32,
    queues: HashMap<Bytes, Queue>,
    bytes: usize,
}

struct Queue {
    token: u32,
    /// Whom to tell when something arrives: who registered it last.
    reader: Weak<Vm>,
    items: VecDeque<Bytes>,
}

impl Shared {
    /// What the filters of this `vm_id` have together.
    pub(crate) fn space(&self, vm_id: &str) -> Arc<Space> {
        let mut inner = lock(&self.0);
        if let Some(space) = inner.spaces.get(vm_id).and_then(Weak::upgrade) {
            return space;
        }
        inner.spaces.retain(|_, space| space.strong_count() > 0);
        inner.queues.retain(|_, space| space.strong_count() > 0);
        let space = Arc::new(Space::default());
        inner.spaces.insert(vm_id.to_owned(), Arc::downgrade(&space));
        space
    }

    /// Makes `reader` the one who is told of what arrives in this queue of `space`, which is made if there is none.
    pub(crate) fn register(&self, space: &Arc<Space>, name: &[u8], reader: Weak<Vm>) -> Result<u32, Status> {
        let mut inner = lock(&self.0);
        let mut kept = lock(&space.0);
        if let Some(queue) = kept.queues.get_mut(name) {
            queue.reader = reader;
            return Ok(queue.token);
        }
        if kept.queues.len() >= MOST_QUEUES {
            return Err(Status::InternalFailure);
        }
        kept.grow(name.len(), 0)?;
        let token = loop {
            inner.last_token = inner.last_token.wrapping_add(1);
            if inner.last_token != 0 && !inner.queues.contains_key(&inner.last_token) {
                break inner.last_token;
            }
        };
        inner.queues.insert(token, Arc::downgrade(space));
        kept.queues.insert(Bytes::copy_from_slice(name), Queue { token, reader, items: VecDeque::new() });
        Ok(token)
    }

    /// The token of a queue of `vm_id`.
    pub(crate) fn resolve(&self, vm_id: &str, name: &[u8]) -> Result<u32, Status> {
        let space = lock(&self.0).spaces.get(vm_id).and_then(Weak::upgrade).ok_or(Status::NotFound)?;
        let token = lock(&space.0).queues.get(name).map(|queue| queue.token);
        token.ok_or(Status::NotFound)
    }

    /// Puts an item into a queue, and returns who is to be told.
    pub(crate) fn enqueue(&self, token: u32, item: &[u8]) -> Result<Weak<Vm>, Status> {
        let space = self.queue(token)?;
        let mut kept = lock(&space.0);
        kept.grow(item.len(), 0)?;
        let queue = kept.queue(token)?;
        queue.items.push_back(Bytes::copy_from_slice(item));
        Ok(Weak::clone(&queue.reader))
    }

    /// Takes the first item out of a queue.
    pub(crate) fn dequeue(&self, token: u32) -> Result<Bytes, Status> {
        let space = self.queue(token)?;
        let mut kept = lock(&space.0);
        let item = kept.queue(token)?.items.pop_front().ok_or(Status::Empty)?;
        kept.bytes = kept.bytes.saturating_sub(item.len() + ENTRY);
        Ok(item)
    }

    fn queue(&self, token: u32) -> Result<Arc<Space>, Status> {
        lock(&self.0).queues.get(&token).and_then(Weak::upgrade).ok_or(Status::NotFound)
    }
}

impl Space {
    /// A value and its number for comparing.
    pub(crate) fn get(&self, key: &[u8]) -> Option<(Bytes, u32)> {
        lock(&self.0).data.get(key).cloned()
    }

    /// Sets a value, if its number is still `cas`; 0 is any.
    pub(crate) fn set(&self, key: &[u8], value: &[u8], cas: u32) -> Result<(), Status> {
        let mut kept = lock(&self.0);
        let had = match kept.data.get(key) {
            Some((_, number)) if cas != 0 && cas != *number => return Err(Status::CasMismatch),
            Some((had, _)) => Some(had.len()),
            None => None,
        };
        match had {
            Some(had) => kept.bytes = kept.bytes.saturating_sub(had).saturating_add(value.len()),
            None => kept.grow(value.len(), key.len())?,
        }
        if kept.bytes > MOST {
            kept.bytes = kept.bytes.saturating_sub(value.len()).saturating_add(had.unwrap_or_default());
            return Err(Status::InternalFailure);
        }
        kept.last_cas = kept.last_cas.wrapping_add(1).max(1);
        let number = kept.last_cas;
        kept.data.insert(Bytes::copy_from_slice(key), (Bytes::copy_from_slice(value), number));
        Ok(())
    }
}

impl Kept {
    fn grow(&mut self, value: usize, key: usize) -> Result<(), Status> {
        let bytes = self.bytes.saturating_add(value).saturating_add(key).saturating_add(ENTRY);
        if bytes > MOST {
            return Err(Status::InternalFailure);
        }
        self.bytes = bytes;
        Ok(())
    }

    fn queue(&mut self, token: u32) -> Result<&mut Queue, Status> {
        self.queues.values_mut().find(|queue| queue.token == token).ok_or(Status::NotFound)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_set_only_by_who_saw_the_last() {
        let space = Space::default();
        assert_eq!(space.get(b"k"), None);
        space.set(b"k", b"1", 0).unwrap();
        let (_, first) = space.get(b"k").unwrap();
        space.set(b"k", b"2", first).unwrap();
        assert_eq!(space.set(b"k", b"3", first), Err(Status::CasMismatch));
        assert_eq!(space.get(b"k").unwrap().0, "2");
    }

    #[test]
    fn data_is_bounded_and_room_comes_back() {
        let space = Space::default();
        let half = vec![0; MOST / 2];
        space.set(b"a", &half, 0).unwrap();
        assert_eq!(space.set(b"b", &half, 0), Err(Status::InternalFailure));
        assert_eq!(space.set(b"a", &vec![0; MOST], 0), Err(Status::InternalFailure));
        space.set(b"a", b"", 0).unwrap();
        space.set(b"b", &half, 0).unwrap();
    }

    #[test]
    fn filters_of_one_vm_id_share_and_those_of_another_do_not() {
        let shared = Shared::default();
        let (first, same, other) = (shared.space("a"), shared.space("a"), shared.space("b"));
        first.set(b"k", b"v", 0).unwrap();
        assert!(same.get(b"k").is_some() && other.get(b"k").is_none());
        drop((first, same));
        assert!(shared.space("a").get(b"k").is_none(), "kept although nobody has it any more");
    }

    #[test]
    fn queues_give_what_they_were_given() {
        let shared = Shared::default();
        let space = shared.space("a");
        let token = shared.register(&space, b"q", Weak::new()).unwrap();
        assert_eq!(shared.register(&space, b"q", Weak::new()), Ok(token));
        assert_eq!((shared.resolve("a", b"q"), shared.resolve("b", b"q")), (Ok(token), Err(Status::NotFound)));
        assert_eq!(shared.dequeue(token), Err(Status::Empty));
        for item in ["1", "2"] {
            shared.enqueue(token, item.as_bytes()).unwrap();
        }
        assert_eq!((shared.dequeue(token).unwrap(), shared.dequeue(token).unwrap()), ("1".into(), "2".into()));
        assert_eq!(shared.enqueue(token + 1, b"").err(), Some(Status::NotFound));
        drop(space);
        assert_eq!(shared.dequeue(token), Err(Status::NotFound));
    }
}
