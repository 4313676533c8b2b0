//! A standard output that somebody reads while the guest writes it.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};

/// A pipe that keeps at most `capacity` bytes, more than 0. When it is full, the guest waits.
pub fn pipe(capacity: usize) -> (Pipe, PipeReader) {
    let kept = Kept { bytes: BytesMut::new(), capacity, end: End::Open, reader: None, writers: Vec::new() };
    let kept = Arc::new(Mutex::new(kept));
    (Pipe(Arc::clone(&kept)), PipeReader(kept))
}

/// The end that is written to. It is not closed: that nothing more comes is known from the guest's own end.
#[derive(Clone)]
pub struct Pipe(Arc<Mutex<Kept>>);

/// The end that is read. Dropped, it breaks the pipe.
pub struct PipeReader(Arc<Mutex<Kept>>);

struct Kept {
    bytes: BytesMut,
    capacity: usize,
    end: End,
    reader: Option<Waker>,
    writers: Vec<Waker>,
}

/// What became of the reader.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Open,
    /// It wants no more.
    Discards,
    Gone,
}

impl Pipe {
    /// How many bytes there is room for; 0 while it is full.
    ///
    /// # Errors
    /// [`io::ErrorKind::BrokenPipe`] when nobody reads any more.
    pub fn room(&self) -> io::Result<usize> {
        lock(&self.0).room()
    }

    /// Waits for room.
    ///
    /// # Errors
    /// As [`Pipe::room`].
    pub fn poll_room(&self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut kept = lock(&self.0);
        let room = kept.room();
        if matches!(room, Ok(0)) {
            if !kept.writers.iter().any(|waker| waker.will_wake(cx.waker())) {
                kept.writers.push(cx.waker().clone());
            }
            return Poll::Pending;
        }
        Poll::Ready(room)
    }

    /// Takes as many of `bytes` as there is room for, and returns how many.
    ///
    /// # Errors
    /// As [`Pipe::room`].
    pub fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut kept = lock(&self.0);
        let some = kept.room()?.min(bytes.len());
        if kept.end == End::Open {
            kept.bytes.extend_from_slice(&bytes[..some]);
        }
        if let Some(reader) = kept.reader.take() {
            drop(kept);
            reader.wake();
        }
        Ok(some)
    }
}

impl PipeReader {
    /// Waits for bytes, and takes all there are.
    pub fn poll_read(&self, cx: &mut Context<'_>) -> Poll<Bytes> {
        let bytes = self.take();
        if bytes.is_empty() {
            lock(&self.0).reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(bytes)
    }

    /// Takes all there are now.
    pub fn take(&self) -> Bytes {
        let mut kept = lock(&self.0);
        let bytes = kept.bytes.split().freeze();
        let writers = std::mem::take(&mut kept.writers);
        drop(kept);
        writers.into_iter().for_each(Waker::wake);
        bytes
    }

    /// Reads on for ever and keeps nothing.
    pub fn discard(self) {
        self.finish(End::Discards);
    }

    fn finish(&self, end: End) {
        let mut kept = lock(&self.0);
        if kept.end == End::Open {
            kept.end = end;
        }
        drop(kept);
        drop(self.take());
    }
}

impl Drop for PipeReader {
    fn drop(&mut self) {
        self.finish(End::Gone);
    }
}

impl Kept {
    fn room(&self) -> io::Result<usize> {
        match self.end {
            End::Open => Ok(self.capacity.saturating_sub(self.bytes.len())),
            End::Discards => Ok(self.capacity),
            End::Gone => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }
}

fn lock(kept: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pipe")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_full_pipe_takes_no_more_until_it_is_read() {
        let (pipe, reader) = pipe(4);
        let wakes = Arc::new(Count::default());
        let waker = Waker::from(Arc::clone(&wakes));
        let cx = &mut Context::from_waker(&waker);
        assert_eq!(pipe.write(b"hello").unwrap(), 4);
        assert_eq!(pipe.write(b"o").unwrap(), 0);
        assert!(pipe.poll_room(cx).is_pending() && pipe.poll_room(cx).is_pending());
        assert_eq!(reader.take(), "hell");
        assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
        assert!(matches!(pipe.poll_room(cx), Poll::Ready(Ok(4))));
    }

    #[test]
    fn a_reader_that_waits_is_woken_by_the_first_write() {
        let (pipe, reader) = pipe(4);
        let wakes = Arc::new(Count::default());
        let waker = Waker::from(Arc::clone(&wakes));
        let cx = &mut Context::from_waker(&waker);
        assert!(reader.poll_read(cx).is_pending());
        pipe.write(b"a").unwrap();
        assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
        assert_eq!(reader.poll_read(cx), Poll::Ready("a".into()));
    }

    #[test]
    fn a_pipe_without_a_reader_is_broken_unless_it_was_to_be_discarded() {
        let (gone, reader) = pipe(4);
        drop(reader);
        assert_eq!(gone.write(b"a").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        let (pipe, reader) = pipe(4);
        reader.discard();
        for _ in 0..9 {
            assert_eq!(pipe.write(b"abc").unwrap(), 3);
        }
    }
}
