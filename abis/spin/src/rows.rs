//! Rows of databases as streams of the component model.

use std::pin::Pin;
use std::task::{Context, Poll};

use holm_services::streamed::Streamed;
use holm_wasi::State;
use tokio::sync::mpsc::Receiver;
use wasmtime::StoreContextMut;
use wasmtime::component::{
    Accessor, ComponentType, Destination, FutureReader, Lift, Lower, StreamProducer, StreamReader, StreamResult,
};

/// Hands rows on as they come, each made into what the interface has for it.
struct Producer<R, T> {
    rows: Receiver<R>,
    convert: fn(R) -> T,
}

impl<R, T> StreamProducer<State> for Producer<R, T>
where
    R: Send + 'static,
    T: Lower + Send + Sync + 'static,
{
    type Item = T;
    type Buffer = Option<T>;

    fn poll_produce<'a>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut store: StoreContextMut<'a, State>,
        mut destination: Destination<'a, T, Option<T>>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        let producer = self.get_mut();
        // Nothing is said of whether there is a row: one that was taken out could not be put back.
        if destination.remaining(&mut store) == Some(0) {
            return Poll::Ready(Ok(StreamResult::Completed));
        }
        match producer.rows.poll_recv(cx) {
            Poll::Ready(Some(row)) => {
                destination.set_buffer(Some((producer.convert)(row)));
                Poll::Ready(Ok(StreamResult::Completed))
            }
            Poll::Ready(None) => Poll::Ready(Ok(StreamResult::Dropped)),
            Poll::Pending if finish => Poll::Ready(Ok(StreamResult::Cancelled)),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// Columns, rows, and how they end, as the interfaces return them.
pub(crate) type Streams<C, T, E> = (Vec<C>, StreamReader<T>, FutureReader<Result<(), E>>);

/// How each part of an answer is made into what an interface has for it.
pub(crate) struct Convert<C, D, R, T, F, E> {
    pub(crate) column: fn(C) -> D,
    pub(crate) row: fn(R) -> T,
    pub(crate) error: fn(F) -> E,
}

/// Gives the guest an answer that is still coming.
pub(crate) fn streams<C, D, R, T, F, E>(
    accessor: &Accessor<State>,
    streamed: Streamed<C, R, F>,
    convert: Convert<C, D, R, T, F, E>,
) -> wasmtime::Result<Streams<D, T, E>>
where
    R: Send + 'static,
    T: ComponentType + Lower + Lift + Send + Sync + 'static,
    F: Send + 'static,
    E: ComponentType + Lower + Lift + Send + Sync + 'static,
{
    let columns = streamed.columns.into_iter().map(convert.column).collect();
    let (rows, end) = (Producer { rows: streamed.rows, convert: convert.row }, streamed.end);
    // What is not told is only what nobody waits for.
    let end = async move { Ok::<_, wasmtime::Error>(end.await.unwrap_or(Ok(())).map_err(convert.error)) };
    accessor
        .with(|mut access| Ok((columns, StreamReader::new(&mut access, rows)?, FutureReader::new(&mut access, end)?)))
}

/// An engine without concurrency has only guests that import nothing asynchronous, so that it misses nothing.
pub(crate) fn if_concurrent(linked: wasmtime::Result<()>) {
    drop(linked);
}
