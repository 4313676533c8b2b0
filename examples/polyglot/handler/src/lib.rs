//! Answers `GET /?text=…`, and `POST /` with the text as its body, with what the model makes of the text.

mod bindings {
    wit_bindgen::generate!({ path: "../wit", world: "handler" });
}
mod request;
mod response;

use bindings::acme::polyglot::model::{self, Answer, Label};
use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{IncomingRequest, ResponseOutparam};

wasip2::http::proxy::export!(Handler);

struct Handler;

impl Guest for Handler {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let (status, json) = match answer(&request) {
            Ok(answer) => (200, json(&answer)),
            Err((status, why)) => (status, format!("{{\"error\":\"{why}\"}}\n")),
        };
        response::send(out, status, &json);
    }
}

fn answer(request: &IncomingRequest) -> Result<Answer, (u16, String)> {
    let text = request::text(request).map_err(|why| (400, why.to_owned()))?;
    // The one secret of the app. The model is told it for this call; nobody else has it.
    let key = std::env::var("SIGNING_KEY").map_err(|_| (500, "SIGNING_KEY is not granted".to_owned()))?;
    model::rate(&text, key.as_bytes()).map_err(|why| (422, why))
}

fn json(answer: &Answer) -> String {
    let label = match answer.label {
        Label::Negative => "negative",
        Label::Positive => "positive",
    };
    let signature: String = answer.signature.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{{\"label\":\"{label}\",\"probability\":{:.4},\"signature\":\"{signature}\"}}\n", answer.probability)
}
