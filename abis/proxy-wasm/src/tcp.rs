//! Connections.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use crate::signals::Signals;

/// One connection in the machine that it belongs to.
pub(crate) struct Connection {
    /// What came from the client, and what goes to it, while the guest is shown it or holds it.
    pub(crate) data: [Option<BytesMut>; 2],
    pub(crate) signals: Arc<Signals>,
}

impl Connection {
    pub(crate) fn property(&self, _first: &[u8], _rest: &[&[u8]]) -> Option<Bytes> {
        None
    }
}
