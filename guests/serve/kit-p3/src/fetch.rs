//! A request to elsewhere, whose response becomes ours.

use wasip3::http::client::send;
use wasip3::http::types::{ErrorCode, Fields, Request, Response, Scheme};
use wasip3::{spawn_local, wit_future};

use crate::reply::{fields, text};

/// Gets `url=...` of the query (not percent-encoded) and hands the response on, with its status, content-type and
/// trailers; 502 and the error's name when there is none.
pub async fn fetch(query: &str) -> Response {
    let Some(url) = query.strip_prefix("url=") else {
        return text(400, "no url\n".to_owned());
    };
    match get(url).await {
        Ok(response) => forward(response),
        Err(error) => text(502, format!("{error}\n")),
    }
}

async fn get(url: &str) -> Result<Response, String> {
    let (scheme, rest) = url.split_once("://").ok_or("the URL has no scheme")?;
    let (authority, path) = rest.find('/').map_or((rest, "/"), |slash| rest.split_at(slash));
    let scheme = match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.to_owned()),
    };
    let (_, no_trailers) = wit_future::new(|| Ok(None));
    let (request, _sent) = Request::new(Fields::new(), None, no_trailers, None);
    request.set_scheme(Some(&scheme)).map_err(|()| "not a scheme")?;
    request.set_authority(Some(authority).filter(|host| !host.is_empty())).map_err(|()| "not an authority")?;
    request.set_path_with_query(Some(path)).map_err(|()| "not a path")?;
    send(request).await.map_err(|error: ErrorCode| format!("{error:?}"))
}

fn forward(theirs: Response) -> Response {
    let status = theirs.get_status_code();
    let content_type = theirs.get_headers().get("content-type").into_iter().next().unwrap_or_default();
    let (consumed, consumption) = wit_future::new(|| Ok(()));
    let (body, trailers) = Response::consume_body(theirs, consumption);
    let (ours, sent) = Response::new(fields(&[("content-type", &content_type)]), Some(body), trailers);
    ours.set_status_code(status).expect("a status");
    spawn_local(async move {
        // Their body is consumed once ours is sent.
        let result = sent.await;
        let _ = consumed.write(result).await;
    });
    ours
}
