//! Answers every request the same.

use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

#[http_service]
async fn handle_request(_request: Request) -> impl IntoResponse {
    "Hello from the edge!"
}
