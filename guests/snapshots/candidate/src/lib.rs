//! Made with Spin's SDK for Rust 6: answers with its path, or with what the URL behind it answers.

use spin_sdk::http::{EmptyBody, IntoResponse, Request, send};
use spin_sdk::http_service;

#[http_service]
async fn handle_request(request: Request) -> anyhow::Result<impl IntoResponse> {
    let target = request.uri().to_string();
    Ok(match target.split_once('?') {
        None => format!("Hello from the candidate: {}", request.uri().path()),
        Some((_, url)) => {
            let asked = Request::get(url).body(EmptyBody::new())?;
            match send(asked).await {
                Ok(response) => format!("{}", response.status().as_u16()),
                Err(error) => format!("{error:?}"),
            }
        }
    })
}
