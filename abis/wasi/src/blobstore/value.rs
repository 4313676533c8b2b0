//! The resources `outgoing-value` and `incoming-value`.

use std::sync::Arc;

use bytes::Bytes;
use holm_services::blob::{BlobError, Reader, Spool, Writer};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use wasmtime::StoreContextMut;
use wasmtime::component::{LinkerInstance, Resource, ResourceType};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream};

use super::content::{Body, Content};
use super::{Answer, Held, TOO_MANY, answer, refused};
use crate::state::State;

/// The most bytes that a guest is handed at once.
const MOST_AT_ONCE: u64 = 64 << 20;

/// A value that a guest writes. A task takes in what is written: into a spool until the value has a place, and then there.
pub(super) struct OutgoingValue {
    /// The way in, until the guest has taken it.
    body: Option<mpsc::Sender<Bytes>>,
    /// The place, until there is one.
    place: Option<oneshot::Sender<Box<dyn Writer>>>,
    taking_in: TakingIn,
    _held: Held,
}

struct TakingIn(JoinHandle<Result<Option<Box<dyn Writer>>, BlobError>>);

impl Drop for TakingIn {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Pieces that wait to be taken in.
const WAITING: usize = 2;

impl OutgoingValue {
    fn new(spool: &Spool, held: Held) -> Self {
        let (body, pieces) = mpsc::channel(WAITING);
        let (place, placed) = oneshot::channel();
        let taking_in = tokio::spawn(take_in(spool.clone(), pieces, placed));
        Self { body: Some(body), place: Some(place), taking_in: TakingIn(taking_in), _held: held }
    }

    pub(super) fn has_a_place(&self) -> bool {
        self.place.is_none()
    }

    /// Has what is written go to `writer`.
    pub(super) fn goes_to(&mut self, writer: Box<dyn Writer>) {
        if let Some(place) = self.place.take() {
            // A task that failed says so in the end.
            let _ = place.send(writer);
        }
    }

    /// Puts the value in its place, if it has one.
    async fn finish(mut self) -> Result<(), BlobError> {
        (self.body, self.place) = (None, None);
        match (&mut self.taking_in.0).await {
            Ok(taken) => match taken? {
                Some(writer) => writer.finish().await,
                None => Ok(()),
            },
            Err(_) => Err(holm_services::StorageError::Stopped.into()),
        }
    }
}

async fn take_in(
    spool: Spool,
    mut pieces: mpsc::Receiver<Bytes>,
    mut placed: oneshot::Receiver<Box<dyn Writer>>,
) -> Result<Option<Box<dyn Writer>>, BlobError> {
    let mut spooled = spool.begin();
    let place = loop {
        tokio::select! {
            biased;
            place = &mut placed => break place,
            piece = pieces.recv() => match piece {
                Some(piece) => spooled.write(&piece).await?,
                None => break placed.await,
            },
        }
    };
    // Without a place it was to be nothing.
    let Ok(mut writer) = place else { return Ok(None) };
    let mut spooled = spooled.read().await?;
    while let Some(piece) = spooled.next().await? {
        writer.write(piece).await?;
    }
    while let Some(piece) = pieces.recv().await {
        writer.write(piece).await?;
    }
    Ok(Some(writer))
}

/// An object, or a part of it, that a guest has not begun to read.
pub(super) struct IncomingValue {
    reader: Box<dyn Reader>,
    held: Held,
}

impl IncomingValue {
    pub(super) fn new(reader: Box<dyn Reader>, held: Held) -> Self {
        Self { reader, held }
    }

    async fn all(mut self) -> Result<Vec<u8>, BlobError> {
        let mut bytes = Vec::with_capacity(usize::try_from(self.reader.size()).unwrap_or_default());
        while let Some(piece) = self.reader.next().await? {
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }
}

pub(super) fn link(instance: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    instance.resource("outgoing-value", ResourceType::host::<OutgoingValue>(), |mut state, value| {
        state.data_mut().table.delete(Resource::<OutgoingValue>::new_own(value))?;
        Ok(())
    })?;
    instance.func_wrap("[static]outgoing-value.new-outgoing-value", |state, (): ()| new(state))?;
    instance.func_wrap("[method]outgoing-value.outgoing-value-write-body", |state, (this,)| body(state, this))?;
    instance.func_wrap_async("[static]outgoing-value.finish", |mut state, (this,): (Resource<OutgoingValue>,)| {
        Box::new(async move {
            let value = state.data_mut().table.delete(this)?;
            answer(value.finish().await)
        })
    })?;

    instance.resource("incoming-value", ResourceType::host::<IncomingValue>(), |mut state, value| {
        state.data_mut().table.delete(Resource::<IncomingValue>::new_own(value))?;
        Ok(())
    })?;
    instance.func_wrap_async("[static]incoming-value.incoming-value-consume-sync", |state, (this,)| {
        Box::new(consume_sync(state, this))
    })?;
    instance.func_wrap("[static]incoming-value.incoming-value-consume-async", |state, (this,)| {
        consume_async(state, this)
    })?;
    instance.func_wrap("[method]incoming-value.size", |state, (this,): (Resource<IncomingValue>,)| {
        Ok((state.data().table.get(&this)?.reader.size(),))
    })
}

/// The interface leaves no room for an error here, so one value too many ends the guest.
fn new(mut state: StoreContextMut<'_, State>) -> wasmtime::Result<(Resource<OutgoingValue>,)> {
    let held = state.data().blobs.one_more().ok_or_else(|| wasmtime::Error::msg(TOO_MANY))?;
    let services = Arc::clone(&state.data().services);
    // Without containers nothing it could go to is granted.
    let spool = services.lent.as_ref().map_or_else(|| Spool::new("", 0), |lent| lent.spool.clone());
    Ok((state.data_mut().table.push(OutgoingValue::new(&spool, held))?,))
}

fn body(
    mut state: StoreContextMut<'_, State>,
    this: Resource<OutgoingValue>,
) -> wasmtime::Result<(Result<Resource<DynOutputStream>, ()>,)> {
    let table = &mut state.data_mut().table;
    let Some(body) = table.get_mut(&this)?.body.take() else { return Ok((Err(()),)) };
    let stream: DynOutputStream = Box::new(Body(body));
    Ok((Ok(table.push_child(stream, &this)?),))
}

async fn consume_sync(
    mut state: StoreContextMut<'_, State>,
    this: Resource<IncomingValue>,
) -> wasmtime::Result<Answer<Vec<u8>>> {
    let value = state.data_mut().table.delete(this)?;
    let size = value.reader.size();
    if size > MOST_AT_ONCE {
        return refused(format!("{size} bytes are too many to be had at once: read a part, or use consume-async"));
    }
    answer(value.all().await)
}

fn consume_async(
    mut state: StoreContextMut<'_, State>,
    this: Resource<IncomingValue>,
) -> wasmtime::Result<Answer<Resource<DynInputStream>>> {
    let table = &mut state.data_mut().table;
    let IncomingValue { reader, held } = table.delete(this)?;
    let stream: DynInputStream = Box::new(Content::new(reader, held));
    Ok((Ok(table.push(stream)?),))
}
