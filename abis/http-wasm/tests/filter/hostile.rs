//! Modules that lie to their host.

use std::time::Duration;

use holm_abi::{Abi as _, Host, Kind};
use holm_http_wasm::HttpWasm;
use http::Request;

use crate::common::{Filter, full, module};
use crate::phases::{ADD, ENABLE, LOG, READ, SET, WRITE, filter_text};

/// Passes a request with a body past a filter that does this with it.
async fn request(imports: &str, data: &str, does: &str) -> Result<(), (Kind, String)> {
    let text = filter_text(imports, data, &format!("{does} (i64.const 1)"), "");
    let filter = Filter::new(&module(&text), Host::default());
    let passed = filter.pass(Request::post("http://a/b").body(full("body")).unwrap()).await;
    let result = passed.answer.map(drop).map_err(|error| (error.kind(), error.to_string()));
    // Whatever it did, its host goes on.
    let again = filter.pass(Request::post("http://a/b").body(full("body")).unwrap()).await;
    assert_eq!(again.answer.is_ok(), result.is_ok());
    result
}

async fn traps(imports: &str, data: &str, does: &str, why: &str) {
    let (kind, said) = request(imports, data, does).await.unwrap_err();
    assert!(kind == Kind::Trap && said.contains(why), "{does}: {kind:?} {said}");
}

#[tokio::test]
async fn pointers_and_lengths_outside_of_the_memory_end_the_guest() {
    let outside = "which are not all in its memory";
    for (at, len) in [(65_535, 2), (-1, 1), (65_536, 1), (1, -1_i32), (-1, -1)] {
        traps(WRITE, "", &format!("(call $write (i32.const 0) (i32.const {at}) (i32.const {len}))"), outside).await;
        traps(LOG, "", &format!("(call $log (i32.const 0) (i32.const {at}) (i32.const {len}))"), outside).await;
        traps(READ, "", &format!("(drop (call $read (i32.const 0) (i32.const {at}) (i32.const {len})))"), outside)
            .await;
    }
    let uri = r#"(import "http_handler" "get_uri" (func $uri (param i32 i32) (result i32)))"#;
    traps(uri, "", "(drop (call $uri (i32.const 65535) (i32.const 2)))", outside).await;
    let names = r#"(import "http_handler" "get_header_names" (func $names (param i32 i32 i32) (result i64)))"#;
    traps(names, "", "(drop (call $names (i32.const 0) (i32.const -1) (i32.const -1)))", outside).await;
    traps(SET, "", "(call $set (i32.const 0) (i32.const 65530) (i32.const 100) (i32.const 0) (i32.const 0))", outside)
        .await;
    traps(SET, "", "(call $set (i32.const 0) (i32.const 0) (i32.const -1) (i32.const 0) (i32.const 0))", "as the name")
        .await;
}

#[tokio::test]
async fn nothing_at_a_pointer_outside_is_nothing() {
    request(WRITE, "", "(call $write (i32.const 0) (i32.const -1) (i32.const 0))").await.unwrap();
    request(LOG, "", "(call $log (i32.const 0) (i32.const -1) (i32.const 0))").await.unwrap();
    let uri = r#"(import "http_handler" "set_uri" (func $uri (param i32 i32)))"#;
    request(uri, "", "(call $uri (i32.const -1) (i32.const 0))").await.unwrap();
}

#[tokio::test]
async fn a_buffer_of_no_size_reads_no_body() {
    traps(READ, "", "(drop (call $read (i32.const 0) (i32.const 0) (i32.const 0)))", "of no size").await;
}

#[tokio::test]
async fn kinds_that_do_not_exist_end_the_guest() {
    traps(READ, "", "(drop (call $read (i32.const 2) (i32.const 0) (i32.const 1)))", "no kind 2 of bodies").await;
    traps(
        SET,
        "ab",
        "(call $set (i32.const 4) (i32.const 0) (i32.const 1) (i32.const 1) (i32.const 1))",
        "no kind 4 of headers",
    )
    .await;
}

#[tokio::test]
async fn what_http_has_no_form_for_ends_the_guest() {
    let set = |name: usize, value: usize| {
        format!("(call $set (i32.const 0) (i32.const 0) (i32.const {name}) (i32.const {name}) (i32.const {value}))")
    };
    traps(SET, "", &set(0, 0), "is not empty").await;
    traps(SET, "a b", &set(3, 0), "`a b` is not the name of a header").await;
    traps(SET, "\\ff\\fe", &set(2, 0), "is not the name of a header").await;
    traps(SET, "xa\\r\\nb: c", &set(1, 7), "`a\\r\\nb: c` is not the value of a header").await;
    request(SET, "x\\ff\\fe", &set(1, 2)).await.unwrap();
    traps(SET, "hosta b", &set(4, 3), "`a b` is not a host").await;

    let uri = r#"(import "http_handler" "set_uri" (func $uri (param i32 i32)))"#;
    for text in ["a", "/a b", "http://b/c", "*", "/\\ff", "/a\\r\\n"] {
        let length = text.replace("\\ff", "x").replace("\\r\\n", "xx").len();
        let call = format!("(call $uri (i32.const 0) (i32.const {length}))");
        let text = text.to_owned();
        // What a URL's path holds beyond ASCII is the next one's to judge.
        if text != "/\\ff" {
            traps(uri, &text, &call, "is not a path and query").await;
        }
    }
    let method = r#"(import "http_handler" "set_method" (func $method (param i32 i32)))"#;
    for (text, length) in [("", 0), ("G T", 3), ("\\ff", 1), ("GET / HTTP/1.1\\r\\n", 16)] {
        traps(method, text, &format!("(call $method (i32.const 0) (i32.const {length}))"), "is not a method").await;
    }
    let status = r#"(import "http_handler" "set_status_code" (func $status (param i32)))"#;
    for code in [0, 99, 100, 103, 1000, -1] {
        traps(status, "", &format!("(call $status (i32.const {code}))"), "is no status code").await;
    }
}

#[tokio::test]
async fn headers_and_trailers_without_end_come_to_one() {
    let forever = |kind: u32, edit: &str| {
        format!(
            "(loop $on (call ${edit} (i32.const {kind}) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1)) (br $on))"
        )
    };
    for kind in 0..4 {
        traps(ADD, "x", &forever(kind, "add"), "more").await;
    }
    traps(SET, "x", &forever(2, "set"), "more often than").await;
}

#[tokio::test]
async fn a_body_without_end_is_held_to_the_limit_on_memory() {
    let text = filter_text(
        WRITE,
        "",
        "(loop $on (call $write (i32.const 1) (i32.const 0) (i32.const 65536)) (br $on)) (i64.const 0)",
        "",
    );
    let mut host = Host::default();
    host.limits.memory = Some(1 << 20);
    let passed = Filter::new(&module(&text), host).pass(Request::get("http://a/").body(full("")).unwrap()).await;
    assert_eq!(passed.failed().0, Kind::OutOfMemory);
}

#[tokio::test]
async fn a_request_cannot_be_touched_while_it_starts_or_once_it_is_gone() {
    let uri = r#"(import "http_handler" "get_uri" (func $uri (param i32 i32) (result i32)))"#;
    let text = filter_text(uri, "", "(i64.const 1)", "");
    let early =
        text.replace("(global", "(func $start (drop (call $uri (i32.const 0) (i32.const 9)))) (start $start) (global");
    let passed =
        Filter::new(&module(&early), Host::default()).pass(Request::get("http://a/").body(full("")).unwrap()).await;
    assert!(passed.failed().1.contains("no request yet"), "{:?}", passed.failed());

    let late = |imports: &str, does: &str| {
        filter_text(imports, "x", "(drop (call $enable (i32.const 2))) (i64.const 1)", does)
    };
    for (imports, does) in [
        (WRITE, "(call $write (i32.const 0) (i32.const 0) (i32.const 1))"),
        (READ, "(drop (call $read (i32.const 0) (i32.const 0) (i32.const 1)))"),
        (SET, "(call $set (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1))"),
        (SET, "(call $set (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1))"),
    ] {
        let text = late(&format!("{ENABLE}{imports}"), does);
        let passed =
            Filter::new(&module(&text), Host::default()).pass(Request::get("http://a/").body(full("")).unwrap()).await;
        assert!(passed.failed().1.contains("after the request had gone on"), "{does}: {:?}", passed.failed());
    }
}

#[tokio::test]
async fn a_response_cannot_be_touched_unless_it_is_held_back() {
    for (imports, does) in [
        (WRITE, "(call $write (i32.const 1) (i32.const 0) (i32.const 1))"),
        (READ, "(drop (call $read (i32.const 1) (i32.const 0) (i32.const 1)))"),
        (SET, "(call $set (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1))"),
        (SET, "(call $set (i32.const 3) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1))"),
    ] {
        let filter = Filter::new(&module(&filter_text(imports, "x", "(i64.const 1)", does)), Host::default());
        let passed = filter.pass(Request::get("http://a/").body(full("")).unwrap()).await;
        assert!(passed.failed().1.contains("it has to enable `buffer_response`"), "{does}: {:?}", passed.failed());
    }
}

#[tokio::test]
async fn a_guest_that_waits_for_a_body_that_never_comes_is_held_to_its_time() {
    let text = filter_text(READ, "", "(drop (call $read (i32.const 0) (i32.const 0) (i32.const 9))) (i64.const 1)", "");
    let mut host = Host::default();
    host.limits.wall = Some(Duration::from_millis(100));
    let (_sender, body) = http_body_util::channel::Channel::<bytes::Bytes, holm_abi::BodyError>::new(1);
    let request = Request::post("http://a/").body(http_body_util::BodyExt::boxed_unsync(body)).unwrap();
    assert_eq!(Filter::new(&module(&text), host).pass(request).await.failed().0, Kind::OutOfTime);
}

#[tokio::test]
async fn a_body_that_breaks_off_does_not_look_like_its_end() {
    let text = filter_text(READ, "", "(drop (call $read (i32.const 0) (i32.const 0) (i32.const 9))) (i64.const 1)", "");
    let (sender, body) = http_body_util::channel::Channel::<bytes::Bytes, holm_abi::BodyError>::new(1);
    sender.abort("the client went away".into());
    let request = Request::post("http://a/").body(http_body_util::BodyExt::boxed_unsync(body)).unwrap();
    let passed = Filter::new(&module(&text), Host::default()).pass(request).await;
    assert!(passed.failed().1.contains("a body broke off: the client went away"), "{:?}", passed.failed());
}

#[test]
fn guests_are_recognised_by_what_they_export_and_import() {
    let recognised = |text: &str| HttpWasm.recognise(&module(text).shape).map(|evidence| evidence.because);
    let both = filter_text(LOG, "", "(i64.const 0)", "");
    assert_eq!(recognised(&both).unwrap(), "exports `handle_request` and imports `log` from `http_handler`");
    let alone = filter_text("", "", "(i64.const 0)", "");
    assert_eq!(recognised(&alone).unwrap(), "exports `handle_request` and `handle_response`");
    assert!(recognised(&both.replace("(result i64)", "").replace("(i64.const 0)", "")).is_none());
    assert!(recognised(r#"(module (func (export "handle_request") (result i64) (i64.const 0)))"#).is_none());
    let unknown = r#"(import "http_handler" "no_such" (func))"#;
    assert!(recognised(&filter_text(unknown, "", "(i64.const 0)", "")).is_none());
}

#[test]
fn a_guest_that_cannot_be_linked_is_told_why() {
    let refused = |text: &str| Filter::try_new(&module(text), Host::default()).err().unwrap();
    let missing = r#"(import "http_handler" "no_such" (func)) (import "env" "other" (func))"#;
    let error = refused(&filter_text(missing, "", "(i64.const 0)", ""));
    assert!(
        error.kind() == Kind::MissingImports
            && error.to_string().contains("no_such")
            && error.to_string().contains("other"),
        "{error}"
    );
    let error = refused(&filter_text(r#"(import "http_handler" "log" (func (param i64)))"#, "", "(i64.const 0)", ""));
    assert_eq!(error.kind(), Kind::MissingImports, "{error}");
    let error = refused(&filter_text("", "", "(i64.const 0)", "").replace(r#"(export "memory")"#, ""));
    assert!(error.kind() == Kind::Invalid && error.to_string().contains("`memory`"), "{error}");
}
