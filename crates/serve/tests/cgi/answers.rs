//! What programs are told, and what becomes of their answers.

use std::collections::BTreeMap;

use holm_abi::{Exchange, Host};
use http::Request;

use crate::program::{Answer, ask, ask_as, cat, cgi, get, program};

fn lines(answer: &Answer) -> BTreeMap<String, String> {
    let lines = answer.body.lines().map(|line| line.split_once('=').unwrap());
    lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[tokio::test]
async fn a_program_is_told_of_the_request_in_its_environment_and_of_nothing_else() {
    let request = Request::post("https://a.example:8443/shop/caf%C3%A9/1?env")
        .header("host", "a.example:8443")
        .header("content-type", "text/plain")
        .header("accept-language", "fr")
        .header("proxy", "http://evil.example")
        .header("authorization", "Basic secret");
    let peer = Some("[::ffff:192.0.2.1]:4711".parse().unwrap());
    let exchange = Exchange { peer, route: "/shop".len(), ..Exchange::default() };
    let answer = ask_as(&cgi(), request, "hello", exchange).await.unwrap();
    let expected = [
        ("CONTENT_LENGTH", "5"),
        ("CONTENT_TYPE", "text/plain"),
        ("GATEWAY_INTERFACE", "CGI/1.1"),
        ("HTTP_ACCEPT_LANGUAGE", "fr"),
        ("HTTP_HOST", "a.example:8443"),
        ("PATH_INFO", "/café/1"),
        ("QUERY_STRING", "env"),
        ("REMOTE_ADDR", "192.0.2.1"),
        ("REMOTE_HOST", "192.0.2.1"),
        ("REQUEST_METHOD", "POST"),
        ("SCRIPT_NAME", "/shop"),
        ("SERVER_NAME", "a.example"),
        ("SERVER_PORT", "8443"),
        ("SERVER_PROTOCOL", "HTTP/1.1"),
        ("SERVER_SOFTWARE", concat!("Holm/", env!("CARGO_PKG_VERSION"))),
        ("X_FULL_URL", "https://a.example:8443/shop/caf%C3%A9/1?env"),
        ("X_MATCHED_ROUTE", "/shop"),
        ("X_RAW_PATH_INFO", "/caf%C3%A9/1"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(lines(&answer), BTreeMap::from(expected));
}

#[tokio::test]
async fn no_client_can_change_a_granted_variable() {
    let mut host = Host::default();
    let granted = holm_grants::Grants { env: [("HTTP_X_ROLE".into(), "guest".into())].into(), ..Default::default() };
    host.grants = granted.into();
    let program = program("cgi.p1.wasm", &host);
    let answer = ask(&program, get("/?env").header("x-role", "admin"), "").await.unwrap();
    assert_eq!(answer.body.matches("HTTP_X_ROLE").count(), 1, "{}", answer.body);
    assert_eq!(lines(&answer)["HTTP_X_ROLE"], "guest");
}

#[tokio::test]
async fn parameters_of_the_query_are_arguments_after_the_programs_own() {
    let program = cgi().with_args(["--quiet".to_owned()]);
    let answer = ask(&program, get("/x?args&name=%41&-s"), "").await.unwrap();
    // This one looks at the whole query: anything but a single word is a greeting.
    assert_eq!(answer.body, "Hello from CGI!\n");
    let answer = ask(&program, get("/x?args"), "").await.unwrap();
    assert_eq!(answer.body, "cgi.p1.wasm\n--quiet\nargs\n");
}

#[tokio::test]
async fn a_path_that_no_variable_can_hold_is_a_bad_request() {
    let answer = ask(&cgi(), get("/a%00b"), "").await.unwrap();
    assert_eq!(answer.status(), 400);
}

#[tokio::test]
async fn programs_of_every_language_and_preview_answer() {
    let answer = ask(&program("cgi-c.p1.wasm", &Host::default()), get("/path"), "").await.unwrap();
    assert_eq!((answer.status(), answer.body.as_str()), (200, "Hello from C! GET /path\n"));
    assert_eq!(answer.header("content-type"), Some("text/plain"));
    let component = program("cat.p2.wasm", &Host::default());
    let answer = ask(&component, get("/"), "Status: 201\nX-From: 0.2\n\nbody").await.unwrap();
    assert_eq!((answer.status(), answer.header("x-from"), answer.body.as_str()), (201, Some("0.2"), "body"));
}

#[tokio::test]
async fn status_and_location_say_what_kind_of_response_it_is() {
    let answer = ask(&cgi(), get("/?status=418%20teapot"), "").await;
    // The query is not decoded, so this is no status.
    assert!(answer.unwrap_err().to_string().contains("bad Status"));
    let answer = ask(&cgi(), get("/?status=404"), "").await.unwrap();
    assert_eq!((answer.status(), answer.body.as_str()), (404, "status 404\n"));
    let answer = ask(&cgi(), get("/?location=/elsewhere"), "").await.unwrap();
    assert_eq!((answer.status(), answer.header("location")), (302, Some("/elsewhere")));
}

#[tokio::test]
async fn a_true_content_length_is_passed_on() {
    let answer = ask(&cat(), get("/"), "Content-Type: a/b\nContent-Length: 5\n\nhello").await.unwrap();
    assert_eq!((answer.header("content-length"), answer.body.as_str()), (Some("5"), "hello"));
    assert!(answer.broken.is_none() && answer.failed.is_empty(), "{answer:?}");
}

#[tokio::test]
async fn a_response_that_has_no_body_gets_none_from_the_program() {
    let head = ask(&cat(), get("/").method("HEAD"), "Content-Type: a/b\nContent-Length: 9\n\nhello").await.unwrap();
    assert_eq!((head.header("content-length"), head.body.as_str()), (Some("9"), ""));
    let unchanged = ask(&cat(), get("/"), "Status: 304\nContent-Length: 9\n\nhello").await.unwrap();
    assert_eq!((unchanged.status(), unchanged.header("content-length"), unchanged.body.as_str()), (304, None, ""));
}
