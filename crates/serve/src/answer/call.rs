//! Calls between guests of one app, without a network in between.
//!
//! What is called runs in a task of its own, so that it is counted, limited and scheduled like any request, and its caller
//! is not: polled within the caller it would use up the caller's CPU time and stack.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use holm_abi::{Body, BodyError, CallError};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::BodyExt as _;
use http_body_util::channel::{Channel, Sender};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::response::{declared_length, ends_with_head};
use super::underway::Underway;
use super::{Answer, handle, respond};
use crate::apps::{App, Guest};

/// Has `guest` of `app` answer a request that another guest makes. Who drops this, or the body of the response, ends
/// what was asked.
pub(super) async fn call(
    guest: &Arc<Guest>,
    app: &Arc<App>,
    request: Request<Body>,
    mut account: Box<Underway>,
) -> Result<Response<Body>, CallError> {
    account.leads_to(guest, guest.calls.then(|| Arc::clone(app)));
    let (guest, method) = (Arc::clone(guest), request.method().clone());
    let (answered, head) = oneshot::channel();
    let task = Task(tokio::spawn(async move {
        let response = respond(handle(guest, request, &mut account).await, account);
        let (head, answer) = response.into_parts();
        let (sender, body) = Channel::new(1);
        let without_body = ends_with_head(&method, head.status);
        let length = declared_length(&head.headers).filter(|_| !without_body);
        if answered.send(Response::from_parts(head, body)).is_ok() {
            hand_over(answer, (!without_body).then_some(sender), length).await;
        }
    }));
    let response = head.await.map_err(|_| CallError::Failed)?;
    Ok(response.map(|body| Called { body, _task: task }.boxed_unsync()))
}

/// Sends the body of a response on, which is as long as it says or breaks off. Without anybody to send it to, the guest
/// still writes it to its end.
async fn hand_over(mut answer: Answer, mut to: Option<Sender<Bytes, BodyError>>, length: Option<u64>) {
    let mut came = 0;
    while let Some(frame) = answer.frame().await {
        let frame = match frame {
            Ok(frame) => frame,
            Err(error) => return to.map_or((), |to| to.abort(error)),
        };
        came += frame.data_ref().map_or(0, |data| data.len() as u64);
        if let Some(to) = &mut to
            && to.send(frame).await.is_err()
        {
            return;
        }
    }
    if let Some(to) = to.filter(|_| length.is_some_and(|length| length != came)) {
        to.abort("the response is not as long as it says".into());
    }
}

/// A task that ends with whoever waits for it.
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The body of a response, which its guest writes in another task.
struct Called {
    body: Channel<Bytes, BodyError>,
    _task: Task,
}

impl http_body::Body for Called {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }
}
