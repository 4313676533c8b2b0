//! wasi:keyvalue over HTTP: `/get/K`, `/set/K/V`, `/delete/K`, `/increment/K/N`, in the bucket `default` or in that of
//! the query `?bucket=NAME`. A value, `(none)` or `ok` and 200; the store's error and 500.

wit_bindgen::generate!({ path: "../../rust/components/wit/keyvalue.wit", world: "guest" });

use std::io::Write;

use wasi::keyvalue::store::Error;
use wasi::keyvalue::{atomics, store};
use wasip2::http::types::{Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam};

wasip2::http::proxy::export!(Store);

struct Store;

impl wasip2::exports::http::incoming_handler::Guest for Store {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let (status, text) = match run(&request.path_with_query().unwrap_or_default()) {
            Ok(text) => (200, text),
            Err(Error::NoSuchStore) => (500, "no such store".to_owned()),
            Err(Error::AccessDenied) => (500, "access denied".to_owned()),
            Err(Error::Other(text)) => (500, text),
        };
        respond(out, status, &text);
    }
}

fn run(target: &str) -> Result<String, Error> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let bucket = store::open(query.strip_prefix("bucket=").unwrap_or("default"))?;
    let words: Vec<&str> = path.split('/').skip(1).collect();
    match *words.as_slice() {
        ["get", key] => bucket.get(key).map(text),
        ["set", key, value] => bucket.set(key, value.as_bytes()).map(done),
        ["delete", key] => bucket.delete(key).map(done),
        ["increment", key, delta] => {
            let delta = delta.parse().map_err(|_| Error::Other("not a number".to_owned()))?;
            atomics::increment(&bucket, key, delta).map(|sum| sum.to_string())
        }
        _ => Err(Error::Other("unknown operation".to_owned())),
    }
}

fn text(value: Option<Vec<u8>>) -> String {
    value.map_or("(none)".to_owned(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn done(_: ()) -> String {
    "ok".to_owned()
}

fn respond(out: ResponseOutparam, status: u16, text: &str) {
    let response = OutgoingResponse::new(Fields::new());
    response.set_status_code(status).expect("a status");
    let body = response.body().expect("the body is taken once");
    ResponseOutparam::set(out, Ok(response));
    let mut stream = body.write().expect("the stream is taken once");
    // It fails when the client has gone.
    let _ = writeln!(stream, "{text}");
    drop(stream);
    let _ = OutgoingBody::finish(body, None);
}
