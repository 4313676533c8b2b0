//! Bodies that are longer than what is kept of them.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll};

use bytes::Bytes;
use holm_abi::{BodyError, Exchange, Host, HttpHandler as _};
use http_body::Frame;
use http_body_util::{BodyExt as _, Channel};

use crate::program::{cat, cgi, get, program, text};

#[tokio::test]
async fn bytes_pass_in_both_directions_while_the_program_runs() {
    for name in ["cat.p1.wasm", "cat.p2.wasm"] {
        let (mut sender, body) = Channel::<Bytes, BodyError>::new(1);
        sender.send_data("Content-Type: a/b\n\n".into()).await.unwrap();
        let request = get("/").body(body.boxed_unsync()).unwrap();
        let program = program(name, &Host::default());
        let mut body = program.handle(request, Exchange::default()).await.unwrap().into_body();
        // Its standard input is still open, so it cannot have ended.
        for line in ["first\n", "second\n", "third\n"] {
            sender.send_data(line.into()).await.unwrap();
            assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), line, "{name}");
        }
        drop(sender);
        assert!(body.frame().await.is_none(), "{name}");
    }
}

#[tokio::test]
async fn a_program_that_takes_its_time_is_heard_line_by_line() {
    let request = get("/?trickle").body(text("")).unwrap();
    let mut body = cgi().handle(request, Exchange::default()).await.unwrap().into_body();
    let mut frames = Vec::new();
    while let Some(frame) = body.frame().await {
        frames.push(frame.unwrap().into_data().unwrap());
    }
    assert_eq!(frames.concat(), b"line 1\nline 2\nline 3\nline 4\nline 5\n");
    assert!(frames.len() > 1);
}

/// Chunks of a large body, counted as they are taken.
struct Large {
    head: Option<Bytes>,
    chunk: Bytes,
    taken: Arc<AtomicUsize>,
}

const CHUNK: usize = 16 << 10;
const SIZE: usize = 64 << 20;
/// A chunk of the request, what the guest has in its hands, and what is kept of the response.
const ON_THE_WAY: usize = 256 << 10;

impl http_body::Body for Large {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Some(head) = self.head.take() {
            return Poll::Ready(Some(Ok(Frame::data(head))));
        }
        if self.taken.load(Relaxed) >= SIZE {
            return Poll::Ready(None);
        }
        self.taken.fetch_add(CHUNK, Relaxed);
        Poll::Ready(Some(Ok(Frame::data(self.chunk.clone()))))
    }
}

fn large() -> (Large, Arc<AtomicUsize>) {
    let taken = Arc::<AtomicUsize>::default();
    let chunk = Bytes::from(vec![b'x'; CHUNK]);
    (Large { head: Some("Content-Type: a/b\n\n".into()), chunk, taken: Arc::clone(&taken) }, taken)
}

#[tokio::test]
async fn of_a_large_body_only_a_little_is_kept() {
    for name in ["cat.p1.wasm", "cat.p2.wasm"] {
        let (large, taken) = large();
        let request = get("/").body(large.boxed_unsync()).unwrap();
        let program = program(name, &Host::default());
        let mut body = program.handle(request, Exchange::default()).await.unwrap().into_body();
        let (mut received, mut most) = (0, 0);
        while let Some(frame) = body.frame().await {
            most = most.max(taken.load(Relaxed) - received);
            received += frame.unwrap().into_data().unwrap().len();
        }
        assert_eq!(received, SIZE, "{name}");
        assert!(most <= ON_THE_WAY, "{name}: {most} bytes were on the way");
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_makes_the_program_wait() {
    let (large, taken) = large();
    let request = get("/").body(large.boxed_unsync()).unwrap();
    let mut body = cat().handle(request, Exchange::default()).await.unwrap().into_body();
    body.frame().await.unwrap().unwrap();
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(taken.load(Relaxed) <= ON_THE_WAY);
}
