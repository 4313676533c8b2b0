//! The first app of whoever tries Spin, as its SDK wants it written.

use spin_sdk::http::{IntoResponse, Request, Response};
use spin_sdk::http_component;

#[http_component]
fn handle_request(req: Request) -> anyhow::Result<impl IntoResponse> {
    println!("{} {}", req.method(), req.path());
    Ok(Response::builder().status(200).header("content-type", "text/plain").body("Hello from the edge!").build())
}
