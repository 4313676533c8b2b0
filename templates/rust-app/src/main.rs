//! Answers `POST /` with the most frequent words of the text that is sent. Another component finds them.

wit_bindgen::generate!({ world: "app", path: "wit", generate_all });

use example::words::words::{Count, frequent};
use wstd::http::{Body, Method, Request, Response, StatusCode};

#[wstd::http_server]
async fn main(request: Request<Body>) -> wstd::http::error::Result<Response<Body>> {
    if request.method() != Method::POST {
        let refused = Response::builder().status(StatusCode::METHOD_NOT_ALLOWED).header("allow", "POST");
        return Ok(refused.body("send a text: curl -d 'to be or not to be' URL\n".into())?);
    }
    let mut body = request.into_body();
    let counts = frequent(body.str_contents().await?, 3);
    Ok(Response::builder().header("content-type", "text/plain; charset=utf-8").body(table(&counts).into())?)
}

/// A line for each word.
fn table(counts: &[Count]) -> String {
    counts.iter().map(|count| format!("{:>6} {}\n", count.times, count.word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_has_a_line() {
        let count = |word: &str, times| Count { word: word.into(), times };
        assert_eq!(table(&[count("be", 2), count("or", 1)]), "     2 be\n     1 or\n");
        assert_eq!(table(&[]), "");
    }
}
