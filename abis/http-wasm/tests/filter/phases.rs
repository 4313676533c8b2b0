//! The ABI to the letter, by modules that call it directly.

use holm_abi::Host;
use http::{HeaderMap, Request, Response};
use http_body::Frame;
use http_body_util::BodyExt as _;

use crate::common::{Filter, full, module, no_response};

/// A module with these functions of the host, data at 0 and this in its handlers.
pub(crate) fn filter_text(imports: &str, data: &str, request: &str, response: &str) -> String {
    format!(
        r#"(module
            {imports}
            (memory (export "memory") 1 4)
            (data (i32.const 0) "{data}")
            (global $seen (mut i32) (i32.const 0))
            (func (export "handle_request") (result i64) {request})
            (func (export "handle_response") (param $context i32) (param $error i32) {response}))"#
    )
}

pub(crate) const ADD: &str = r#"(import "http_handler" "add_header_value" (func $add (param i32 i32 i32 i32 i32)))"#;
pub(crate) const SET: &str = r#"(import "http_handler" "set_header_value" (func $set (param i32 i32 i32 i32 i32)))"#;
pub(crate) const ENABLE: &str = r#"(import "http_handler" "enable_features" (func $enable (param i32) (result i32)))"#;
pub(crate) const READ: &str = r#"(import "http_handler" "read_body" (func $read (param i32 i32 i32) (result i64)))"#;
pub(crate) const WRITE: &str = r#"(import "http_handler" "write_body" (func $write (param i32 i32 i32)))"#;
pub(crate) const LOG: &str = r#"(import "http_handler" "log" (func $log (param i32 i32 i32)))"#;

fn get(path: &str) -> Request<holm_abi::Body> {
    Request::get(format!("http://shop.example{path}")).body(full("")).unwrap()
}

#[tokio::test]
async fn the_context_of_a_request_comes_again_with_its_response() {
    // The context is 7; it logs "ok" if it comes again without an error, "er" if it comes with one.
    let text = filter_text(
        LOG,
        "oker",
        "(i64.const 0x7_0000_0001)",
        "(if (i32.eq (local.get $context) (i32.const 7))
             (then (call $log (i32.const 0) (i32.mul (local.get $error) (i32.const 2)) (i32.const 2))))",
    );
    let filter = Filter::new(&module(&text), Host::default());
    filter.pass(get("/")).await.answer();
    assert_eq!(filter.log(), "test.wasm: info: ok\n");
    let passed = filter.pass_to(get("/"), |_| Err(no_response())).await;
    assert_eq!(passed.failed().1, "nobody is there");
    assert_eq!(filter.log(), "test.wasm: info: ok\ntest.wasm: info: er\n");
}

#[tokio::test]
async fn zero_in_the_lower_half_ends_a_request_whatever_the_context_is() {
    let text = filter_text("", "", "(i64.const 0x7_0000_0000)", "unreachable");
    let passed = Filter::new(&module(&text), Host::default()).pass(get("/")).await;
    assert!(passed.asked.is_none());
    assert_eq!((passed.answer().head.status.as_u16(), passed.answer().body.as_str()), (200, ""));
}

#[tokio::test]
async fn features_enabled_for_a_request_end_with_it_and_unknown_ones_are_not_there() {
    // Answers with what `enable_features` returned for all bits, and for none.
    let text = filter_text(
        &format!("{ENABLE}{WRITE}"),
        "",
        "(i32.store8 (i32.const 8) (i32.add (call $enable (i32.const 0)) (i32.const 48)))
         (i32.store8 (i32.const 9) (i32.add (call $enable (i32.const -1)) (i32.const 48)))
         (call $write (i32.const 1) (i32.const 8) (i32.const 2)) (i64.const 0)",
        "",
    );
    let filter = Filter::new(&module(&text), Host::default());
    for _ in 0..2 {
        assert_eq!(filter.pass(get("/")).await.answer().body, "07");
    }
    let started = text.replace("(global", "(func $start (drop (call $enable (i32.const 2)))) (start $start) (global");
    let filter = Filter::new(&module(&started), Host::default());
    assert_eq!(filter.pass(get("/")).await.answer().body, "27");
}

#[tokio::test]
async fn a_result_that_does_not_fit_is_not_written_and_its_length_says_so() {
    // The URI into 3 bytes, into none, and into 4; then all of it as the answer.
    let text = filter_text(
        &format!(r#"(import "http_handler" "get_uri" (func $uri (param i32 i32) (result i32))){WRITE}"#),
        "----",
        "(local $length i32)
         (local.set $length (call $uri (i32.const 0) (i32.const 3)))
         (if (i32.ne (call $uri (i32.const -1) (i32.const 0)) (local.get $length)) (then unreachable))
         (call $write (i32.const 1) (i32.const 0) (i32.const 4))
         (drop (call $uri (i32.const 0) (local.get $length)))
         (call $write (i32.const 1) (i32.const 0) (local.get $length)) (i64.const 0)",
        "",
    );
    let passed = Filter::new(&module(&text), Host::default()).pass(get("/abc")).await;
    assert_eq!(passed.answer().body, "----/abc");
}

#[tokio::test]
async fn names_and_values_are_counted_even_if_they_do_not_fit() {
    // The names of the request into nothing: their number and their length, as digits.
    let text = filter_text(
        &format!(r#"(import "http_handler" "get_header_names" (func $names (param i32 i32 i32) (result i64))){WRITE}"#),
        "",
        "(local $found i64)
         (local.set $found (call $names (i32.const 0) (i32.const 0) (i32.const 0)))
         (i32.store8 (i32.const 0) (i32.add (i32.wrap_i64 (i64.shr_u (local.get $found) (i64.const 32))) (i32.const 48)))
         (i32.store8 (i32.const 1) (i32.add (i32.wrap_i64 (local.get $found)) (i32.const 48)))
         (call $write (i32.const 1) (i32.const 0) (i32.const 2)) (i64.const 0)",
        "",
    );
    let request = Request::get("http://a/").header("b", "1").header("b", "2").body(full("")).unwrap();
    assert_eq!(Filter::new(&module(&text), Host::default()).pass(request).await.answer().body, "27");
}

#[tokio::test]
async fn a_body_comes_as_it_is_asked_for_and_says_where_it_ends() {
    // Reads 4 bytes, and answers with them and whether that was the end.
    let text = filter_text(
        &format!("{READ}{WRITE}"),
        "",
        "(local $read i64)
         (local.set $read (call $read (i32.const 0) (i32.const 0) (i32.const 4)))
         (i32.store8 (i32.const 4) (i32.add (i32.wrap_i64 (i64.shr_u (local.get $read) (i64.const 32))) (i32.const 48)))
         (i32.store8 (i32.const 5) (i32.add (i32.wrap_i64 (local.get $read)) (i32.const 48)))
         (call $write (i32.const 1) (i32.const 0) (i32.const 6)) (i64.const 0)",
        "",
    );
    let module = module(&text);
    for (body, said) in [("abcdef", "abcd04"), ("abc", "abc\x0013"), ("", "\0\0\0\x0010")] {
        let request = Request::post("http://a/").body(full(body)).unwrap();
        let passed = Filter::new(&module, Host::default()).pass(request).await;
        assert_eq!(passed.answer().body, said, "{body}");
    }
}

#[tokio::test]
async fn a_body_that_is_read_in_part_goes_on_from_there() {
    let text = filter_text(READ, "", "(drop (call $read (i32.const 0) (i32.const 0) (i32.const 4))) (i64.const 1)", "");
    let request = Request::post("http://a/").header("content-length", "6").body(full("abcdef")).unwrap();
    let passed = Filter::new(&module(&text), Host::default()).pass(request).await;
    assert_eq!(
        (passed.asked().body.as_str(), passed.asked().head.headers.contains_key("content-length")),
        ("ef", false)
    );
}

fn with_trailers(body: &'static str, name: &'static str) -> holm_abi::Body {
    let mut trailers = HeaderMap::new();
    trailers.insert(name, "1".parse().unwrap());
    let frames = [Frame::data(body.into()), Frame::trailers(trailers)];
    Frames(frames.into()).boxed_unsync()
}

/// Frames that are there.
struct Frames(std::collections::VecDeque<Frame<bytes::Bytes>>);

impl http_body::Body for Frames {
    type Data = bytes::Bytes;
    type Error = holm_abi::BodyError;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<bytes::Bytes>, holm_abi::BodyError>>> {
        std::task::Poll::Ready(self.0.pop_front().map(Ok))
    }
}

#[tokio::test]
async fn trailers_are_added_to_those_that_come_and_to_bodies_that_have_none() {
    // "x-t: v" to both, before either body was seen.
    let add = "(call $add (i32.const 2) (i32.const 0) (i32.const 3) (i32.const 3) (i32.const 1))
               (call $add (i32.const 3) (i32.const 0) (i32.const 3) (i32.const 3) (i32.const 1)) (i64.const 1)";
    let filter = Filter::new(&module(&filter_text(ADD, "x-tv", add, "")), Host::default());
    let request = Request::post("http://a/").body(with_trailers("body", "x-own")).unwrap();
    let passed = filter.pass_to(request, |_| Ok(Response::new(with_trailers("answer", "x-theirs")))).await;
    let (asked, answer) = (passed.asked(), passed.answer());
    assert_eq!((asked.body.as_str(), answer.body.as_str()), ("body", "answer"));
    assert_eq!((&asked.trailers["x-own"], &asked.trailers["x-t"]), (&"1".parse().unwrap(), &"v".parse().unwrap()));
    assert_eq!((&answer.trailers["x-theirs"], &answer.trailers["x-t"]), (&"1".parse().unwrap(), &"v".parse().unwrap()));

    let request = Request::post("http://a/").body(full("body")).unwrap();
    let passed = filter.pass(request).await;
    assert_eq!(
        (&passed.asked().trailers["x-t"], &passed.answer().trailers["x-t"]),
        (&"v".parse().unwrap(), &"v".parse().unwrap())
    );
}

#[tokio::test]
async fn what_says_where_a_body_ends_is_not_the_guests() {
    let set = |name: &str, value: &str| {
        let (length, end) = (name.len(), value.len());
        let call = format!(
            "(call $set (i32.const 0) (i32.const 0) (i32.const {length}) (i32.const {length}) (i32.const {end})) (i64.const 1)"
        );
        filter_text(SET, &format!("{name}{value}"), &call, "")
    };
    for (name, value) in [("content-length", "1"), ("Transfer-Encoding", "chunked"), ("connection", "x-secret")] {
        let filter = Filter::new(&module(&set(name, value)), Host::default());
        let request = Request::post("http://a/").header("content-length", "4").body(full("body")).unwrap();
        let passed = filter.pass(request).await;
        let headers = &passed.asked().head.headers;
        assert_eq!(
            (passed.asked().body.as_str(), &headers["content-length"]),
            ("body", &"4".parse().unwrap()),
            "{name}"
        );
        assert_eq!(headers.len(), 1, "{headers:?}");
    }
}
