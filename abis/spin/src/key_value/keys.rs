//! The keys of a store as a stream: a page at a time, as the guest reads them.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use holm_services::kv::{KvError, Page, Store};
use holm_wasi::State;
use tokio::sync::oneshot;
use wasmtime::StoreContextMut;
use wasmtime::component::{Destination, StreamProducer, StreamResult, VecBuffer};

use super::Error;

type Asked = Pin<Box<dyn Future<Output = Result<Page, KvError>> + Send>>;

/// The keys that are still to come.
pub(super) struct Keys {
    store: Arc<dyn Store>,
    cursor: Option<String>,
    /// The page that was asked for.
    page: Option<Asked>,
    /// Who hears how it ended; `None` after that.
    ended: Option<oneshot::Sender<Result<(), Error>>>,
}

impl Keys {
    /// All keys of a store, and how reading them ends.
    pub(super) fn of(store: Arc<dyn Store>) -> (Self, oneshot::Receiver<Result<(), Error>>) {
        let (send, ended) = oneshot::channel();
        (Self { store, cursor: None, page: None, ended: Some(send) }, ended)
    }

    fn end(&mut self, how: Result<(), Error>) -> StreamResult {
        if let Some(ended) = self.ended.take() {
            // Nobody has to want to know.
            let _ = ended.send(how);
        }
        StreamResult::Dropped
    }
}

impl StreamProducer<State> for Keys {
    type Item = String;
    type Buffer = VecBuffer<String>;

    fn poll_produce<'a>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        store: StoreContextMut<'a, State>,
        mut destination: Destination<'a, String, VecBuffer<String>>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        let this = self.get_mut();
        if this.ended.is_none() {
            return Poll::Ready(Ok(StreamResult::Dropped));
        }
        // Whoever only waits for a key asks again when one may be there.
        if destination.remaining(store) == Some(0) {
            return Poll::Ready(Ok(StreamResult::Completed));
        }
        let (keys, cursor) = (&this.store, &this.cursor);
        let page = this.page.get_or_insert_with(|| {
            let (keys, cursor) = (Arc::clone(keys), cursor.clone());
            Box::pin(async move { keys.list_keys(cursor.as_deref()).await })
        });
        let page = match page.as_mut().poll(cx) {
            Poll::Ready(page) => page,
            Poll::Pending if finish => return Poll::Ready(Ok(StreamResult::Cancelled)),
            Poll::Pending => return Poll::Pending,
        };
        this.page = None;
        Poll::Ready(Ok(match page {
            Ok(page) => {
                destination.set_buffer(page.keys.into());
                this.cursor = page.cursor;
                if this.cursor.is_some() { StreamResult::Completed } else { this.end(Ok(())) }
            }
            Err(error) => this.end(Err(error.into())),
        }))
    }
}
