//! Rows that are handed on while more of them come.

use tokio::sync::{mpsc, oneshot};

/// How many rows wait for whoever reads them.
pub(crate) const AHEAD: usize = 16;

/// An answer that is still coming. Dropping it stops what answers.
#[derive(Debug)]
pub struct Streamed<C, R, E> {
    /// The columns.
    pub columns: Vec<C>,
    /// The rows, which end when there are no more, or something failed.
    pub rows: mpsc::Receiver<R>,
    /// How it ended. Nothing is sent if whatever answered is gone.
    pub end: oneshot::Receiver<Result<(), E>>,
}

/// The other side of [`Streamed`].
pub(crate) struct Source<C, R, E> {
    pub(crate) columns: oneshot::Sender<Result<Vec<C>, E>>,
    pub(crate) rows: mpsc::Sender<R>,
    pub(crate) end: oneshot::Sender<Result<(), E>>,
}

/// What [`Streamed`] is made of once the columns are there.
pub(crate) struct Coming<C, R, E> {
    columns: oneshot::Receiver<Result<Vec<C>, E>>,
    rows: mpsc::Receiver<R>,
    end: oneshot::Receiver<Result<(), E>>,
}

pub(crate) fn channel<C, R, E>() -> (Source<C, R, E>, Coming<C, R, E>) {
    let (columns, columns_coming) = oneshot::channel();
    let (rows, rows_coming) = mpsc::channel(AHEAD);
    let (end, end_coming) = oneshot::channel();
    let source = Source { columns, rows, end };
    (source, Coming { columns: columns_coming, rows: rows_coming, end: end_coming })
}

impl<C, R, E> Coming<C, R, E> {
    /// Waits for the columns, or what failed before there were any; `gone` if nothing comes at all.
    pub(crate) async fn columns(self, gone: impl FnOnce() -> E) -> Result<Streamed<C, R, E>, E> {
        let columns = self.columns.await.unwrap_or_else(|_| Err(gone()))?;
        Ok(Streamed { columns, rows: self.rows, end: self.end })
    }
}
