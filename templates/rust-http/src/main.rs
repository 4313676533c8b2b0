//! Answers HTTP requests: `GET /` and `GET /?name=Ada`.

use wstd::http::{Body, Request, Response, StatusCode};

#[wstd::http_server]
async fn main(request: Request<Body>) -> wstd::http::error::Result<Response<Body>> {
    if request.uri().path() != "/" {
        let missing = Response::builder().status(StatusCode::NOT_FOUND);
        return Ok(missing.body("nothing is here\n".into())?);
    }
    let text = greeting(request.uri().query());
    Ok(Response::builder().header("content-type", "text/plain; charset=utf-8").body(text.into())?)
}

/// What a request with this query is answered.
fn greeting(query: Option<&str>) -> String {
    let name = query.and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("name=")));
    format!("Hello, {}!\n", name.unwrap_or("world"))
}

#[cfg(test)]
mod tests {
    use super::greeting;

    #[test]
    fn who_gives_a_name_is_greeted_by_it() {
        assert_eq!(greeting(None), "Hello, world!\n");
        assert_eq!(greeting(Some("lang=en&name=Ada")), "Hello, Ada!\n");
    }
}
