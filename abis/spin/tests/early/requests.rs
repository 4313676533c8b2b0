//! Requests and messages, in and out.

use std::sync::Arc;
use std::time::Duration;

use holm_abi::{Abi as _, Entry, Event, Exchange, Host, Run};
use holm_engine::Kind;
use holm_grants::Grants;
use http::{Method, Request};

use crate::common::{KIT, ask, body, capturing, events, granting, guest, http, refused, spin, text, wat};

#[tokio::test]
async fn a_request_and_its_response_arrive_whole() {
    let handler = http(&spin(), &guest(KIT), &Host::default()).unwrap();
    let long = "0123456789".repeat(100_000);
    for (number, method) in ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"].into_iter().enumerate() {
        let request = Request::builder().method(method).uri("http://localhost/echo?a=b").header("x-a", "1");
        let request = request.header("x-a", "ü").header("x-b", &b"\xff"[..]);
        let request = request.header("spin-path-info", "/echo").body(body(long.clone())).unwrap();
        let response = handler.handle(request, Exchange::default()).await.unwrap();
        assert_eq!(response.status(), 201);
        let said = text(response).await;
        let head = "/echo?a=b\nx-a: 1\nx-a: ü\nspin-path-info: /echo\nhost: localhost\n1000000 bytes\n";
        assert_eq!(said, format!("{number} {head}{long}"));
    }
}

#[tokio::test]
async fn a_method_that_the_interface_has_not_is_not_allowed() {
    let handler = http(&spin(), &guest(KIT), &Host::default()).unwrap();
    for method in [Method::CONNECT, Method::TRACE, Method::from_bytes(b"PURGE").unwrap()] {
        let request = Request::builder().method(method).uri("/").body(body("")).unwrap();
        assert_eq!(handler.handle(request, Exchange::default()).await.unwrap().status(), 405);
    }
}

#[tokio::test]
async fn a_response_may_be_without_headers_and_body_or_have_a_header_twice() {
    let handler = http(&spin(), &guest(KIT), &Host::default()).unwrap();
    let get = |path: &str| handler.handle(Request::get(path).body(body("")).unwrap(), Exchange::default());
    let response = get("/nothing").await.unwrap();
    assert_eq!((response.status().as_u16(), response.headers().len()), (204, 0));
    assert_eq!(text(response).await, "");
    let cookies = get("/cookies").await.unwrap();
    let cookies: Vec<_> = cookies.headers().get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
}

#[tokio::test]
async fn an_answer_that_is_none_is_said_to_be_none() {
    let handler = http(&spin(), &guest(KIT), &Host::default()).unwrap();
    for (path, kind, part) in [
        ("/status", Kind::NoResponse, "it answered with the status 9, and they go from 100 to 599"),
        ("/header", Kind::NoResponse, "it answered with the header `a b`, which is none"),
        ("/exit", Kind::NoResponse, "it ended with exit code 3"),
        ("/trap", Kind::Trap, "trapped"),
    ] {
        let request = Request::get(path).body(body("")).unwrap();
        let error = handler.handle(request, Exchange::default()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[tokio::test]
async fn a_guest_has_its_environment_and_its_output_is_kept() {
    let grants = Grants { env: [("GREETING".to_owned(), "hello".to_owned())].into(), ..Grants::default() };
    let (host, printed) = capturing(granting(grants));
    let handler = http(&spin(), &guest(KIT), &host).unwrap();
    assert_eq!(ask(&handler, "/env", &[]).await, "hello");
    ask(&handler, "/print", &[]).await;
    assert_eq!(*printed.lock().unwrap(), b"printed by the guest\n");
}

#[tokio::test]
async fn limits_hold() {
    let mut host = Host::default();
    host.limits.cpu = Some(Duration::from_millis(50));
    host.limits.memory = Some(2 << 20);
    let handler = http(&spin(), &guest(KIT), &host).unwrap();
    assert!(ask(&handler, "/loop", &[]).await.starts_with("OutOfCpu"));
    let request = Request::post("/echo").body(body(vec![b'a'; 8 << 20])).unwrap();
    let error = handler.handle(request, Exchange::default()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::OutOfMemory, "{error}");
    assert_eq!(ask(&handler, "/", &[]).await, "Hello from an early Spin!");
}

#[tokio::test]
async fn messages_are_handled_and_what_fails_is_told() {
    let (host, printed) = capturing(granting(Grants::default()));
    let spin = spin();
    let messages = events(&spin, &guest("spin-early-message.p1.wasm"), &host);
    let message = |payload: &[u8]| Event::Redis { channel: "c".into(), payload: payload.into() };
    let tell = |event: Event| messages.handle(event, Exchange::default());
    assert!(messages.takes(&message(b"")) && !messages.takes(&Event::Cron { at: 0 }));
    tell(message(b"first")).await.unwrap();
    tell(message(b"\xff\0")).await.unwrap();
    let store = spin.wasi.lent.as_ref().unwrap().kv.open("default").await.unwrap();
    assert_eq!(store.get("last").await.unwrap().unwrap(), b"\xff\0");
    let failed = tell(message(b"")).await.unwrap_err();
    assert_eq!(failed.kind(), Kind::Failed, "{failed}");
    assert_eq!(*printed.lock().unwrap(), b"an empty message\n");
    assert_eq!(tell(message(b"trap")).await.unwrap_err().kind(), Kind::Trap);
    assert_eq!(tell(Event::Cron { at: 0 }).await.unwrap_err().kind(), Kind::Usage);
}

#[tokio::test]
async fn modules_of_others_are_left_to_them() {
    for (text, ours) in [
        (r#"(module (import "key-value" "open" (func (param i32 i32 i32))) (func (export "_start")))"#, true),
        (
            r#"(module (import "key-value" "open" (func (param i32 i32 i32))) (import "key-value" "scan" (func)))"#,
            false,
        ),
        (r#"(module (import "key-value" "open" (func (param i32 i32) (result i32))))"#, false),
        (r#"(module (func (export "handle-http-request") (param i32)))"#, false),
        (r#"(module (func (export "handle-redis-message") (param i32 i32) (result i32) i32.const 0))"#, true),
        (
            r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func (param i32))) (func (export "_start")))"#,
            false,
        ),
    ] {
        let shape = holm_engine::shape::Shape::parse(&wat::parse_str(text).unwrap()).unwrap();
        assert_eq!(spin().recognise(&shape).is_some(), ours, "{text}");
    }
}

#[tokio::test]
async fn requests_are_sent_where_grants_allow_and_led_on_where_they_allow_that() {
    let server = Arc::new(tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap());
    let at = server.local_addr().unwrap();
    let elsewhere = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    tokio::spawn(crate::interfaces::serve(Arc::clone(&server), elsewhere));
    let grants = Grants { http: vec![format!("http://{at}").parse().unwrap()], ..Grants::default() };
    let host = granting(grants);
    let handler = http(&spin(), &guest(KIT), &host).unwrap();
    let url = |path: &str| format!("http://{at}{path}");
    for (lines, expected) in [
        (["0", &url("/a?b"), ""], r#"ok 200 Some(("x-answer", "yes")) GET /a?b asked yes authorization secret "#),
        (["1", &url("/a"), "body"], r#"ok 200 Some(("x-answer", "yes")) POST /a asked yes authorization secret body"#),
        (["1", &url("/303"), "body"], r#"ok 200 Some(("x-answer", "yes")) GET /to asked yes authorization secret "#),
        (
            ["2", &url("/307"), "body"],
            r#"ok 200 Some(("x-answer", "yes")) PUT /to asked yes authorization secret body"#,
        ),
        (["0", &url("/round"), ""], "error: runtime error"),
        (["0", &url("/elsewhere"), ""], "error: destination not allowed"),
        (["0", "http://example.com/", ""], "error: destination not allowed"),
        (["0", "ftp://example.com/", ""], "error: invalid url"),
        (["0", "\0", ""], "error: invalid url"),
        (["9", &url("/"), ""], "error: request error"),
        (["0", &url("/broken"), ""], "error: runtime error"),
    ] {
        assert_eq!(ask(&handler, "/http", &lines).await, expected, "{lines:?}");
    }
    assert_eq!(refused(&host), [format!("--http http://{elsewhere}"), "--http http://example.com".to_owned()]);
}

#[tokio::test]
async fn a_program_that_imports_spins_functions_runs_with_its_arguments() {
    let text = r#"(module
        (import "key-value" "close" (func $close (param i32)))
        (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (func (export "_start")
            (call $close (i32.const 0))
            (drop (call $args (i32.const 0) (i32.const 4)))
            (call $exit (i32.load (i32.const 0)))))"#;
    let entries = spin().load(&wat(text), &Host::default()).unwrap();
    let [Entry::Command(command)] = &entries[..] else { panic!("it has {} entries", entries.len()) };
    let args = ["program", "a", "b"].map(str::to_owned);
    assert_eq!(command.run(&Run::new(args)).await.unwrap(), 3);
}
