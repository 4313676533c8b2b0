//! A handler of HTTP requests with WASI 0.3: `/own+WHAT` is tried here, `/model+WHAT` by the component that provides
//! `later`, `/both+WHAT` by both at once; `+` stands for a space.

#[path = "../../attempt_p3.rs"]
mod attempt_p3;

wit_bindgen::generate!({ path: "../wit", world: "handler-p3", generate_all });

use wasip3::http::types::{ErrorCode, Fields, Request, Response};
use wasip3::{wit_future, wit_stream};

wasip3::http::service::export!(Handler);

struct Handler;

impl wasip3::exports::http::handler::Guest for Handler {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let path = request.get_path_with_query().unwrap_or_default();
        let what = path.trim_start_matches('/').replace('+', " ");
        let answer = match what.split_once(' ') {
            Some(("own", what)) => attempt_p3::attempt(what.to_owned()).await,
            Some(("model", what)) => parts::kit::later::attempt(what.to_owned()).await,
            Some(("both", what)) => {
                let own = attempt_p3::attempt(what.to_owned());
                let (own, model) = futures::join!(own, parts::kit::later::attempt(what.to_owned()));
                format!("{own}, {model}")
            }
            _ => "error: unknown word".to_owned(),
        };
        let (mut body, reader) = wit_stream::new();
        let (trailers, no_trailers) = wit_future::new(|| Ok(None));
        let (response, _sent) = Response::new(Fields::new(), Some(reader), no_trailers);
        drop(trailers);
        wit_bindgen::spawn_local(async move { drop(body.write_all(answer.into_bytes()).await) });
        Ok(response)
    }
}
