//! What the host keeps of one exchange while it passes a filter.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use bytes::{Bytes, BytesMut};
use holm_abi::{Exchange, Stdio};

use crate::head::Head;
use crate::local::Asker;
use crate::signals::{Direction, Signals};

/// One exchange in the machine that it belongs to. Callbacks of other contexts can see and change it.
pub(crate) struct Stream {
    /// The request's, and the response's.
    pub(crate) sides: [Side; 2],
    pub(crate) signals: Arc<Signals>,
    pub(crate) exchange: Exchange,
    pub(crate) facts: Facts,
    /// Heads as they were sent on.
    pub(crate) sent: Log,
    /// The same at the end of the exchange, when they can be read again.
    pub(crate) log: Option<Log>,
    /// Where its output goes, once asked for.
    pub(crate) stdio: Option<Stdio>,
    pub(crate) asker: Asker,
}

/// One direction of it.
#[derive(Default)]
pub(crate) struct Side {
    /// There only while it can be read and changed: when the guest is called with it, and while it is held.
    pub(crate) head: Option<Head>,
    /// One that the guest said is to go on, and no longer has.
    pub(crate) gone: Option<Head>,
    /// Bytes of the body that the guest is shown, and that have not gone on.
    pub(crate) body: Option<BytesMut>,
    /// Bytes before those, which the guest holds without looking at them again.
    pub(crate) kept: BytesMut,
    pub(crate) trailers: Option<Head>,
    /// No more of the body comes.
    pub(crate) ended: bool,
    /// Bytes of the body that came so far.
    pub(crate) received: u64,
}

impl Side {
    /// The head, which goes on.
    pub(crate) fn take_head(&mut self) -> Option<Head> {
        self.gone.take().or_else(|| self.head.take())
    }

    /// What is held of the body, which goes on.
    pub(crate) fn take_body(&mut self) -> Bytes {
        self.join();
        self.body.take().unwrap_or_default().freeze()
    }

    /// Shows the guest all that is held.
    pub(crate) fn join(&mut self) {
        if !self.kept.is_empty() {
            let mut all = std::mem::take(&mut self.kept);
            all.extend_from_slice(&self.body.take().unwrap_or_default());
            self.body = Some(all);
        }
    }

    /// Holds all there is, out of sight.
    pub(crate) fn keep(&mut self) {
        if let Some(body) = self.body.take() {
            self.kept.unsplit(body);
        }
    }

    /// Bytes that are held.
    pub(crate) fn held(&self) -> usize {
        self.kept.len() + self.body.as_ref().map_or(0, BytesMut::len)
    }
}

/// Heads at the end of the exchange.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    pub(crate) request: Option<Head>,
    pub(crate) response: Option<Head>,
    pub(crate) trailers: Option<Head>,
}

/// What is known of an exchange beside its messages.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) began: SystemTime,
    pub(crate) clock: Instant,
    pub(crate) protocol: http::Version,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) id: u64,
    /// The response's status, once there is one.
    pub(crate) status: Option<u16>,
    /// How the response came about, in Envoy's words.
    pub(crate) details: Option<String>,
    pub(crate) set: SetProperties,
    /// All of it passed.
    pub(crate) complete: Option<std::time::Duration>,
}

/// Properties that filters of one exchange set, which those after them see.
#[derive(Clone, Debug, Default)]
pub(crate) struct SetProperties(Arc<Mutex<Vec<(Bytes, Bytes)>>>);

/// Bytes of all that are set on one exchange.
const MOST_SET: usize = 1 << 20;

impl SetProperties {
    pub(crate) fn get(&self, path: &[u8]) -> Option<Bytes> {
        let set = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        set.iter().find(|(known, _)| known == path).map(|(_, value)| value.clone())
    }

    /// `None`: there are too many.
    pub(crate) fn set(&self, path: &[u8], value: &[u8]) -> Option<()> {
        let mut set = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let others = set.iter().filter(|(known, _)| known != path);
        let had: usize = others.map(|(path, value)| path.len() + value.len() + 64).sum();
        if had.saturating_add(path.len()).saturating_add(value.len()) > MOST_SET {
            return None;
        }
        let value = Bytes::copy_from_slice(value);
        match set.iter_mut().find(|(known, _)| known == path) {
            Some((_, had)) => *had = value,
            None => set.push((Bytes::copy_from_slice(path), value)),
        }
        Some(())
    }
}

impl Stream {
    pub(crate) fn side(&mut self, direction: Direction) -> &mut Side {
        &mut self.sides[direction as usize]
    }

    pub(crate) fn request(&self) -> &Side {
        &self.sides[Direction::Request as usize]
    }

    pub(crate) fn response(&self) -> &Side {
        &self.sides[Direction::Response as usize]
    }

    /// The heads that a guest may see now: those of a message it is called with, or all at the end.
    pub(crate) fn seen_head(&self, direction: Direction) -> Option<&Head> {
        match (&self.log, direction) {
            (Some(log), Direction::Request) => log.request.as_ref(),
            (Some(log), Direction::Response) => log.response.as_ref(),
            (None, _) => self.sides[direction as usize].head.as_ref(),
        }
    }

    /// Likewise trailers. Those of the request are not logged.
    pub(crate) fn seen_trailers(&self, direction: Direction) -> Option<&Head> {
        match (&self.log, direction) {
            (Some(log), Direction::Response) => log.trailers.as_ref(),
            (Some(_), Direction::Request) => None,
            (None, _) => self.sides[direction as usize].trailers.as_ref(),
        }
    }

    /// Where its output goes: its observer says, if it has one.
    pub(crate) fn stdio(&mut self) -> Option<&Stdio> {
        let observer = self.exchange.observer.as_ref()?;
        Some(self.stdio.get_or_insert_with(|| observer.stdio()))
    }
}
