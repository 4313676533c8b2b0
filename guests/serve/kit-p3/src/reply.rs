//! Making a response whose body is written after it is handed out, and reading a body.

use wasip3::http::types::{ErrorCode, Fields, Response, Trailers};
use wasip3::wit_bindgen::{FutureWriter, StreamReader, StreamResult, StreamWriter};
use wasip3::{spawn_local, wit_future, wit_stream};

const CHUNK: usize = 64 * 1024;

/// Where the body of a response is written, and then its trailers.
pub struct Body {
    stream: StreamWriter<u8>,
    trailers: FutureWriter<Result<Option<Trailers>, ErrorCode>>,
}

impl Body {
    /// Whether somebody has taken all of it; nobody does when the client has gone.
    pub async fn write(&mut self, bytes: Vec<u8>) -> bool {
        self.stream.write_all(bytes).await.is_empty()
    }

    pub async fn finish(self, trailers: Trailers) {
        drop(self.stream);
        // It fails when the client has gone.
        let _ = self.trailers.write(Ok(Some(trailers))).await;
    }
}

/// A response and the body to be written. A body that is dropped is complete and has no trailers.
pub fn start(status: u16, headers: &[(&str, &[u8])]) -> (Response, Body) {
    let (stream, reader) = wit_stream::new();
    let (trailers, trailers_reader) = wit_future::new(|| Ok(None));
    let (response, _sent) = Response::new(fields(headers), Some(reader), trailers_reader);
    response.set_status_code(status).expect("a status");
    (response, Body { stream, trailers })
}

pub fn fields(entries: &[(&str, &[u8])]) -> Fields {
    let fields = Fields::new();
    for (name, value) in entries {
        fields.append(name, value).expect("a valid header");
    }
    fields
}

pub fn text(status: u16, text: String) -> Response {
    let (response, mut body) = start(status, &[("content-type", b"text/plain")]);
    spawn_local(async move {
        body.write(text.into_bytes()).await;
    });
    response
}

/// The next chunk of a body, none at its end.
pub async fn next(stream: &mut StreamReader<u8>) -> Option<Vec<u8>> {
    let (status, chunk) = stream.read(Vec::with_capacity(CHUNK)).await;
    let ended = chunk.is_empty() && matches!(status, StreamResult::Dropped);
    (!ended).then_some(chunk)
}
