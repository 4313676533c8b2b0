//! Requests that plugins send.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use holm_abi::{Host, Kind};
use holm_extism::{Bounds, Extism};
use holm_grants::Limits;

use crate::{call, call_fresh, granting, load_as, open, prebuilt, told};

/// A server that answers each request with what `answer` makes of its head and body. Ends with the test's process.
fn serve(answer: impl Fn(&str) -> String + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
            loop {
                let text = String::from_utf8_lossy(&request).to_lowercase();
                let length = text.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
                if text.split_once("\r\n\r\n").is_some_and(|(_, body)| body.len() >= length.unwrap_or(0)) {
                    break;
                }
                match stream.read(&mut buffer) {
                    Ok(read) if read > 0 => request.extend_from_slice(&buffer[..read]),
                    _ => break,
                }
            }
            let _ = stream.write_all(answer(&String::from_utf8_lossy(&request)).as_bytes());
        }
    });
    format!("http://{address}")
}

fn response(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
}

fn granted(url: &str) -> Host {
    granting(|grants| grants.http.push(url.parse().unwrap()))
}

#[tokio::test]
async fn a_plugin_sends_requests_where_it_was_granted() {
    let url = serve(|request| {
        let method = request.split(' ').next().unwrap_or_default();
        let kit = request.contains("x-plugin: kit") && request.contains("user-agent: holm");
        let body = request.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        response("201 Created", "content-type: text/x\r\n", &format!("{method} {kit} {body}"))
    });
    let mut instance = open(&prebuilt("extism-kit.wasm"), &granted(&url)).await;
    assert_eq!(call(&mut instance, "fetch", &url).await.unwrap(), "201\ntext/x\nGET true ");
    let post = format!("POST {url}/a hello there");
    assert_eq!(call(&mut instance, "fetch", &post).await.unwrap(), "201\ntext/x\nPOST true hello there");
}

#[tokio::test]
async fn a_request_without_a_grant_says_which_would_do() {
    let host = Host::default();
    let kit = prebuilt("extism-kit.wasm");
    let error = call_fresh(&kit, &host, "fetch", "https://user:pw@api.example.com/a?b#c").await.unwrap_err();
    assert_eq!(
        told(&error),
        "Denied: extism-kit.wasm: HTTP request to https://api.example.com/a?b is not allowed\
         \n--http https://api.example.com would allow it"
    );
    assert_eq!(host.audit.asks()[0].flag(), "--http https://api.example.com");
}

#[tokio::test]
async fn a_name_that_leads_to_a_private_address_needs_a_grant_of_its_own() {
    let host = granted("http://*:*");
    let error = call_fresh(&prebuilt("extism-kit.wasm"), &host, "fetch", "http://127.0.0.1:9/").await.unwrap_err();
    assert_eq!(error.kind(), Kind::Denied, "{error}");
    assert_eq!(error.notes(), ["--net tcp://127.0.0.1:9 would allow it"]);
}

#[tokio::test]
async fn redirects_are_followed_where_each_is_granted() {
    let end = serve(|request| response("200 OK", "content-type: end\r\n", request.split(' ').next().unwrap()));
    let to = end.clone();
    let start = serve(move |request| match request.split(' ').nth(1) {
        Some("/loop") => response("302 Found", "location: /loop\r\n", ""),
        Some("/here") => response("302 Found", "location: there\r\n", ""),
        Some("/there") => response("200 OK", "content-type: there\r\n", ""),
        Some("/kept") => response("307 Temporary Redirect", &format!("location: {to}\r\n"), "kept"),
        _ => response("302 Found", &format!("location: {to}\r\n"), ""),
    });
    let kit = prebuilt("extism-kit.wasm");
    let both = granting(|grants| grants.http.extend([start.parse().unwrap(), end.parse().unwrap()]));
    let fetch = async |host: &Host, what: String| call_fresh(&kit, host, "fetch", &what).await;
    assert_eq!(fetch(&both, format!("POST {start}/out body")).await.unwrap(), "200\nend\nGET");
    assert_eq!(fetch(&both, format!("{start}/here")).await.unwrap(), "200\nthere\n");
    assert_eq!(fetch(&both, format!("PUT {start}/kept body")).await.unwrap(), "307\n\nkept");
    assert!(fetch(&both, format!("{start}/loop")).await.unwrap_err().to_string().contains("more than 10 times"));
    let error = fetch(&granted(&start), format!("{start}/out")).await.unwrap_err();
    assert!(error.kind() == Kind::Denied && error.to_string().contains(&end), "{error}");
}

#[tokio::test]
async fn a_response_larger_than_may_be_is_refused() {
    let url = serve(|request| response("200 OK", "", &"x".repeat(request.split(' ').nth(1).unwrap().len() * 1000)));
    let kit = prebuilt("extism-kit.wasm");
    let abi = Extism { bounds: Bounds { http_response: 2500, ..Bounds::default() }, ..Extism::default() };
    let functions = load_as(&abi, &kit, &granted(&url)).unwrap();
    let mut instance = crate::Kept::open(functions.clone()).await.unwrap();
    assert_eq!(call(&mut instance, "fetch", &format!("{url}/a")).await.unwrap().len(), 2005);
    let error = call(&mut instance, "fetch", &format!("{url}/ab")).await.unwrap_err();
    assert!(error.to_string().contains("its HTTP response has more than its limit of 2500"), "{error}");
}

#[tokio::test]
async fn a_response_counts_as_the_plugins_memory_while_it_arrives() {
    let url = serve(|_| response("200 OK", "", &"x".repeat(4 << 20)));
    let host = Host { limits: Limits { memory: Some(3 << 20), ..Limits::default() }, ..granted(&url) };
    let error = call_fresh(&prebuilt("extism-kit.wasm"), &host, "fetch", &url).await.unwrap_err();
    assert_eq!(error.kind(), Kind::OutOfMemory, "{error}");
}

#[tokio::test]
async fn the_limit_on_time_covers_requests() {
    let url = serve(|_| {
        std::thread::sleep(Duration::from_secs(60));
        String::new()
    });
    let limits = Limits { wall: Some(Duration::from_millis(50)), ..Limits::default() };
    let host = Host { limits, ..granted(&url) };
    let error = call_fresh(&prebuilt("extism-kit.wasm"), &host, "fetch", &url).await.unwrap_err();
    assert_eq!(error.kind(), Kind::OutOfTime, "{error}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told() {
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{unused}");
    let error = call_fresh(&prebuilt("extism-kit.wasm"), &granted(&url), "fetch", &url).await.unwrap_err();
    let expected = format!("Trap: extism-kit.wasm: stopped: HTTP request to {url}/: the connection was refused");
    assert_eq!(told(&error), expected);
}
