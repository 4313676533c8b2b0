//! Programs that do not answer as they should.

use std::time::Duration;

use bytes::Bytes;
use holm_abi::{BodyError, Exchange, Host, HttpHandler as _, Input, Kind, Output, Stdio};
use http_body_util::{BodyExt as _, Channel};

use crate::program::{Failures, ask, cat, cgi, get, program, text};

#[tokio::test]
async fn what_is_no_response_is_an_error_that_says_what_one_is() {
    let cases = [
        ("", "without writing anything"),
        ("this is no header block", "before the empty line"),
        ("this is none either\n\n", "no header block: \"this is none"),
        ("Content-Type: a/b\n", "before the empty line"),
        ("X-Only: this\n\nbody", "neither Content-Type nor Location nor Status"),
        ("Content-Type: a/b\n folded\n\n", "no header block"),
    ];
    let cat = cat();
    for (written, why) in cases {
        let error = ask(&cat, get("/"), written).await.unwrap_err();
        assert_eq!(error.kind(), Kind::NoResponse);
        assert!(error.to_string().starts_with("cat.p1.wasm: it ") && error.to_string().contains(why), "{error}");
        assert!(error.notes()[0].contains("Content-Type: text/plain"));
    }
}

#[tokio::test]
async fn a_header_block_without_an_end_stops_being_read() {
    let error = ask(&cat(), get("/"), "X-Filler: 0123456789\n".repeat(1 << 16)).await.unwrap_err();
    assert!(error.to_string().contains("more than 64 KiB"), "{error}");
    // A program that writes for ever.
    let error = ask(&program("flood.p1.wasm", &Host::default()), get("/"), "").await.unwrap_err();
    assert_eq!(error.kind(), Kind::NoResponse);
}

#[tokio::test]
async fn a_program_that_fails_before_its_response_has_none_and_its_log_is_kept() {
    let (stderr, log) = holm_wasi::capture();
    let stdio = Stdio { stdin: Input::Empty, stdout: Output::Discard, stderr };
    let exchange = Failures::with(stdio).exchange();
    let error = cat().handle(get("/?missing").body(text("")).unwrap(), exchange).await.err().unwrap();
    assert_eq!(error.kind(), Kind::NoResponse);
    assert!(error.to_string().contains("exit code 1"), "{error}");
    let log = String::from_utf8(log.lock().unwrap().clone()).unwrap();
    assert!(log.starts_with("cat: missing: "), "{log}");
}

#[tokio::test]
async fn a_trap_before_the_response_is_told_as_one() {
    let error = ask(&program("panic.p1.wasm", &Host::default()), get("/"), "").await.unwrap_err();
    assert_eq!(error.kind(), Kind::Trap);
}

#[tokio::test]
async fn an_exit_code_after_the_response_is_told_and_the_response_stands() {
    let answer = ask(&cgi(), get("/?exit=7"), "").await.unwrap();
    assert_eq!((answer.status(), answer.body.as_str(), answer.broken.is_none()), (200, "exits\n", true));
    assert!(answer.failed.len() == 1 && answer.failed[0].contains("exit code 7"), "{:?}", answer.failed);
}

#[tokio::test]
async fn a_trap_after_the_head_cuts_the_response() {
    let answer = ask(&cgi(), get("/?trap"), "").await.unwrap();
    assert_eq!((answer.status(), answer.body.as_str(), answer.broken.is_some()), (200, "traps\n", true));
    assert!(answer.failed.len() == 1 && answer.failed[0].contains("trapped"), "{:?}", answer.failed);
}

#[tokio::test]
async fn a_trap_after_a_head_without_a_body_is_told_and_the_response_stands() {
    let answer = ask(&cgi(), get("/?trap").method("HEAD"), "").await.unwrap();
    assert_eq!((answer.status(), answer.body.as_str(), answer.broken.is_none()), (200, "", true));
    assert!(answer.failed.len() == 1 && answer.failed[0].contains("trapped"), "{:?}", answer.failed);
}

#[tokio::test]
async fn an_untrue_content_length_cuts_the_response() {
    for (length, why) in [(4, "more than"), (6, "less than")] {
        let written = format!("Content-Type: a/b\nContent-Length: {length}\n\nhello");
        let answer = ask(&cat(), get("/"), written).await.unwrap();
        assert!(answer.broken.unwrap().to_string().contains(why));
        assert!(answer.failed.len() == 1 && answer.failed[0].contains(why), "{:?}", answer.failed);
    }
}

#[tokio::test]
async fn a_program_may_go_on_after_the_last_byte_of_its_response() {
    let failures = Failures::default();
    let request = get("/?exit=7").method("HEAD").body(text("")).unwrap();
    let response = cgi().handle(request, failures.exchange()).await.unwrap();
    drop(response);
    while failures.all().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(failures.all()[0].contains("exit code 7"));
}

#[tokio::test]
async fn a_response_that_is_dropped_ends_the_program() {
    let (sender, body) = Channel::<Bytes, BodyError>::new(4);
    let mut sender = sender;
    sender.send_data("Content-Type: a/b\n\nfirst\n".into()).await.unwrap();
    let request = get("/").body(body.boxed_unsync()).unwrap();
    let response = cat().handle(request, Exchange::default()).await.unwrap();
    drop(response);
    // The request's body goes with it.
    assert!(sender.send_data("second\n".into()).await.is_err());
}

#[tokio::test]
async fn a_request_that_breaks_off_is_not_taken_for_a_whole_one() {
    let (mut sender, body) = Channel::<Bytes, BodyError>::new(4);
    sender.send_data("Content-Type: a/b\n\nhalf".into()).await.unwrap();
    sender.abort("the client went away".into());
    let failures = Failures::default();
    let request = get("/").body(body.boxed_unsync()).unwrap();
    // `cat` has written nothing when it is told, or the head alone.
    let told = match cat().handle(request, failures.exchange()).await {
        Err(error) => error.to_string(),
        Ok(response) => {
            response.into_body().collect().await.unwrap();
            failures.all().concat()
        }
    };
    assert!(told.contains("exit code 1"), "{told}");
}
