//! A program that runs on while its response is read.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use holm_abi::{Body, BodyError, Error, Observe, PipeReader, Result};
use http::Response;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::runtime::Handle;

use super::head::{Head, HeadReader, has_body};
use super::no_response;

/// A program at work; its result is its exit code.
pub(super) type Running = Pin<Box<dyn Future<Output = Result<i32>> + Send>>;

/// A program and what it writes.
///
/// It runs in the task of whoever reads its response, so a response costs no task of its own, a reader that is slow
/// slows the program, and one that goes away ends it.
pub(super) struct Program {
    pub(super) name: Arc<str>,
    /// `None` after its end.
    pub(super) guest: Option<Running>,
    pub(super) output: PipeReader,
    pub(super) observer: Option<Arc<dyn Observe>>,
}

impl Program {
    /// Runs the program until the head of its response is there, and hands it on with the body. `head_only`: the
    /// client wants no body, whatever the program writes.
    pub(super) async fn respond(mut self, head_only: bool) -> Result<Response<Body>> {
        let mut reader = HeadReader::default();
        let mut ended = None;
        let (head, written) = std::future::poll_fn(|cx| self.poll_head(cx, &mut reader, &mut ended)).await?;
        let mut response = Response::new(());
        let Head { status, headers, length } = head;
        (*response.status_mut(), *response.headers_mut()) = (status, headers);
        let bodiless = head_only || !has_body(status);
        let left = if bodiless { Some(0) } else { length };
        let written = if bodiless { Bytes::new() } else { written };
        let mut body = Streaming { program: Some(self), written, left, bodiless, broken: false };
        if let Some(ended) = ended {
            body.ended(ended);
        }
        Ok(response.map(|()| body.boxed_unsync()))
    }

    fn poll_head(
        &mut self,
        cx: &mut Context<'_>,
        reader: &mut HeadReader,
        ended: &mut Option<Result<i32>>,
    ) -> Poll<Result<(Head, Bytes)>> {
        loop {
            if let Poll::Ready(result) = self.poll_guest(cx) {
                *ended = Some(result);
            }
            match self.output.poll_read(cx) {
                Poll::Ready(bytes) => match reader.take(&bytes) {
                    Ok(Some(head)) => return Poll::Ready(Ok(head)),
                    Ok(None) => {}
                    Err(why) => return Poll::Ready(Err(no_response(&self.name, format_args!("it {why}")))),
                },
                Poll::Pending => {
                    let Some(ended) = ended.take() else { return Poll::Pending };
                    return Poll::Ready(Err(self.unanswered(ended, reader)));
                }
            }
        }
    }

    /// How the program ended, once.
    fn poll_guest(&mut self, cx: &mut Context<'_>) -> Poll<Result<i32>> {
        let Some(guest) = &mut self.guest else { return Poll::Pending };
        let ended = ready!(guest.as_mut().poll(cx));
        self.guest = None;
        Poll::Ready(ended)
    }

    fn unanswered(&self, ended: Result<i32>, reader: &HeadReader) -> Error {
        match ended {
            Err(error) => error,
            Ok(0) if reader.is_empty() => no_response(&self.name, "it ended without writing anything"),
            Ok(0) => no_response(&self.name, "it ended before the empty line that ends its headers"),
            Ok(code) => no_response(&self.name, format_args!("it ended with exit code {code} before its response")),
        }
    }

    fn tell(&self, error: &Error) {
        if let Some(observer) = &self.observer {
            observer.failed(error);
        }
    }

    /// Tells of an end that is none of a program that did its work.
    fn tell_end(&self, ended: &Result<i32>) {
        match ended {
            Ok(0) => {}
            Ok(code) => {
                let why = format!("{}: it ended with exit code {code} after it began its response", self.name);
                self.tell(&Error::new(holm_abi::Kind::NoResponse, why));
            }
            Err(error) => self.tell(error),
        }
    }
}

/// A response's body, and the program that writes it.
struct Streaming {
    /// `None` after its last frame.
    program: Option<Program>,
    /// What it wrote together with the head.
    written: Bytes,
    /// Bytes that are still to come, where that is known.
    left: Option<u64>,
    /// There is none, whatever the program writes.
    bodiless: bool,
    /// The program failed, so its end is not the body's.
    broken: bool,
}

impl Streaming {
    fn ended(&mut self, ended: Result<i32>) {
        // A response without a body is whole, whatever happens now.
        self.broken = ended.is_err() && !self.bodiless;
        if let Some(program) = &self.program {
            program.tell_end(&ended);
        }
    }

    /// Lets the program work, until there are bytes or an end.
    fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if !self.written.is_empty() {
            return Poll::Ready(Some(std::mem::take(&mut self.written)));
        }
        let Some(program) = &mut self.program else { return Poll::Ready(None) };
        if let Poll::Ready(ended) = program.poll_guest(cx) {
            self.ended(ended);
        }
        let Some(program) = &mut self.program else { return Poll::Ready(None) };
        match program.output.poll_read(cx) {
            Poll::Pending if program.guest.is_none() => Poll::Ready(None),
            bytes => bytes.map(Some),
        }
    }

    /// Whether all that was announced is there.
    fn is_complete(&self) -> bool {
        self.left == Some(0) && self.written.is_empty() && !self.broken
    }

    /// Cuts the body off, which ends the program.
    fn cut(&mut self, why: &str) -> BodyError {
        if let Some(program) = self.program.take() {
            program.tell(&no_response(&program.name, why));
        }
        why.into()
    }

    /// What a program does after its response is nobody's to wait for.
    fn finish_alone(&mut self) {
        let Some(mut program) = self.program.take() else { return };
        // Without a runtime nothing runs any more.
        let (Some(guest), Ok(runtime)) = (program.guest.take(), Handle::try_current()) else { return };
        let bodiless = self.bodiless;
        runtime.spawn(async move {
            let Program { name, output, observer, .. } = program;
            let (_, nothing) = holm_abi::pipe(1);
            // Beyond the length it announced it must not write; where there is no body, it may not know.
            if bodiless {
                output.discard()
            } else {
                drop(output)
            };
            let ended = guest.await;
            Program { name, guest: None, output: nothing, observer }.tell_end(&ended);
        });
    }
}

impl http_body::Body for Streaming {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if self.is_complete() {
            self.finish_alone();
            return Poll::Ready(None);
        }
        let bytes = ready!(self.poll_bytes(cx));
        Poll::Ready(match (bytes, self.left) {
            (Some(bytes), Some(left)) => match left.checked_sub(bytes.len() as u64) {
                Some(left) => {
                    self.left = Some(left);
                    Some(Ok(Frame::data(bytes)))
                }
                None => Some(Err(self.cut("it wrote more than the Content-Length it announced"))),
            },
            (Some(bytes), None) => Some(Ok(Frame::data(bytes))),
            // A program that fails closes its output too, and that must not look like its end.
            (None, _) if std::mem::take(&mut self.broken) => {
                self.program = None;
                Some(Err("the program failed".into()))
            }
            (None, Some(1..)) if self.program.is_some() => {
                Some(Err(self.cut("it wrote less than the Content-Length it announced")))
            }
            (None, _) => {
                self.program = None;
                None
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.is_complete()
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

impl Drop for Streaming {
    fn drop(&mut self) {
        if self.is_complete() {
            self.finish_alone();
        }
    }
}
