//! Heads, local replies, properties.

use std::sync::Arc;

use holm_abi::{FilterSettings, Kind};
use holm_engine::Settings;
use holm_proxy_wasm::ProxyWasm;
use http::{Request, Response};

use crate::kit::*;

#[tokio::test]
async fn headers_are_added_replaced_and_removed_both_ways() {
    let filter = load(&guest(
        r#"
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (call $say (local.get 1)) (call $say (local.get 2))
          (drop (call $add_header (i32.const 0) @"x-new" @"2"))
          (drop (call $remove_header (i32.const 0) @"X-Old"))
          (drop (call $set_header (i32.const 0) @":path" @"/c?d"))
          (i32.const 0))
        (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
          (call $say (local.get 1)) (call $say (local.get 2))
          (drop (call $set_header (i32.const 2) @"x-seen" @"3"))
          (drop (call $set_header (i32.const 2) @":status" @"203"))
          (i32.const 0))"#,
    ));
    let seen = filter.get().await.unwrap();
    assert_eq!(seen.body, "GET http://app.test/c?d host=app.test x-new=2 |");
    assert_eq!((seen.status, seen.header("x-seen")), (203, Some("3")));
    assert_eq!(filter.said(), ["5", "1", "2", "0"], "pseudo headers count");
}

#[tokio::test]
async fn a_guests_own_answer_passes_its_response_callbacks_and_nobody_else_is_asked() {
    let filter = load(&guest(
        r#"
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (drop (call $reply (i32.const 403) @"because of it" @"no" @"\01\00\00\00\03\00\00\00\01\00\00\00x-a\00b\00"
            (i32.const -1)))
          (i32.const 0))
        (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
          (drop (call $get_property @"response\00code_details" (i32.const 0) (i32.const 4)))
          (call $say_text (call $out))
          (drop (call $add_header (i32.const 2) @"x-passed" @"1"))
          (i32.const 0))
        (func (export "proxy_on_response_body") (param i32 i32 i32) (result i32)
          (call $say (local.get 1)) (call $say (local.get 2)) (i32.const 0))"#,
    ));
    let next = Answers(|_: Request<_>| -> Response<_> { panic!("the next was asked") });
    let seen = filter.send_to(Arc::new(next), get()).await.unwrap();
    assert_eq!((seen.status, seen.body.as_str()), (403, "no"));
    assert_eq!((seen.header("x-a"), seen.header("x-passed")), (Some("b"), Some("1")));
    assert_eq!((seen.header("content-type"), seen.header("content-length")), (Some("text/plain"), Some("2")));
    assert_eq!(filter.said(), ["because_of_it", "2", "1"], "the body is one piece");
}

#[tokio::test]
async fn an_answer_to_the_response_is_sent_as_it_is() {
    let filter = load(&guest(
        r#"
        (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
          (call $say (i32.const 1))
          (drop (call $reply (i32.const 418) @"" @"tea" @"" (i32.const -1)))
          (i32.const 0))"#,
    ));
    let seen = filter.get().await.unwrap();
    assert_eq!((seen.status, seen.body.as_str(), seen.header("x-seen")), (418, "tea", None));
    assert_eq!(filter.said(), ["1"]);
}

#[tokio::test]
async fn heads_are_there_only_while_they_pass_and_again_at_the_end() {
    let filter = load(&guest(
        r#"
        (func $look (param $kind i32)
          (call $say (call $get_header (local.get $kind) @":method" (i32.const 0) (i32.const 4))))
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (call $look (i32.const 0)) (call $look (i32.const 2)) (i32.const 0))
        (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
          (call $look (i32.const 0)) (call $look (i32.const 2)) (i32.const 0))
        (func (export "proxy_on_log") (param i32)
          (call $look (i32.const 0)) (call $look (i32.const 2)) (call $look (i32.const 3))
          (call $say (call $add_header (i32.const 0) @"a" @"b")))
        (func (export "proxy_on_done") (param i32) (result i32) (call $look (i32.const 0)) (i32.const 1))"#,
    ));
    filter.get().await.unwrap();
    assert_eq!(filter.said(), ["0", "2", "2", "1", "0", "1", "1", "2", "2"]);
}

#[tokio::test]
async fn in_the_first_version_what_is_not_there_is_empty() {
    let text = r#"
        (import "env" "proxy_get_configuration" (func $configuration (param i32 i32) (result i32)))
        (import "env" "proxy_continue_request" (func))
        (func (export "proxy_on_configure") (param i32 i32) (result i32)
          (drop (call $configuration (i32.const 0) (i32.const 4))) (call $say_text (call $out)) (i32.const 1))
        (func (export "proxy_on_request_headers") (param i32 i32) (result i32)
          (call $say (call $get_header (i32.const 0) @"nothing" (i32.const 0) (i32.const 4)))
          (call $say (i32.load (i32.const 4)))
          (i32.const 0))"#;
    // Imports must stand before everything else.
    let (imports, rest) = text.split_at(text.find("(func (export").unwrap());
    let text = module("0_1_0", rest).replacen("(module", &format!("(module {imports}"), 1);
    let settings = FilterSettings { configuration: b"conf".as_slice().into(), ..FilterSettings::default() };
    let guest = compile(&text, &Settings::default());
    let filter = load_with(&ProxyWasm::default(), &guest, |host| host.filter = settings);
    filter.get().await.unwrap();
    assert_eq!(filter.said(), ["conf", "0", "0"]);
}

#[tokio::test]
async fn a_request_without_what_it_needs_is_not_sent() {
    let filter = load(&guest(
        r#"
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (call $remove_header (i32.const 0) @":method"))
        (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
          (call $remove_header (i32.const 2) @"nothing"))"#,
    ));
    let seen = filter.get().await.unwrap();
    assert_eq!((seen.status, seen.body.as_str()), (503, "missing required header: :method"));
    let filter = load(&guest(
        r#"
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (call $remove_header (i32.const 0) @":path"))
        (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32) (i32.const 0))"#,
    ));
    assert_eq!(filter.get().await.unwrap().status, 404);
    let filter = load(&guest(
        r#"
        (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
          (call $remove_header (i32.const 2) @":status"))"#,
    ));
    let seen = filter.get().await.unwrap();
    assert_eq!((seen.status, seen.body.as_str()), (502, "missing required header: :status"));
}

#[tokio::test]
async fn a_stream_that_is_closed_has_no_response() {
    let filter = load(&guest(
        r#"
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (drop (call $close (i32.const 0))) (i32.const 1))"#,
    ));
    let error = filter.get().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (Kind::NoResponse, "filter.wasm: the filter closed the stream")
    );
}

#[tokio::test]
async fn configuration_is_told_when_the_guest_starts() {
    let filter = load_with(
        &ProxyWasm::default(),
        &guest(
            r#"
            (func $show (param $kind i32)
              (call $say (call $get_buffer (local.get $kind) (i32.const 0) (i32.const 99) (i32.const 0) (i32.const 4)))
              (call $say_text (call $out)))
            (func (export "proxy_on_vm_start") (param i32 i32) (result i32)
              (call $say (local.get 0)) (call $say (local.get 1)) (call $show (i32.const 6)) (i32.const 1))
            (func (export "proxy_on_configure") (param i32 i32) (result i32)
              (call $say (local.get 1)) (call $show (i32.const 7)) (i32.const 1))
            (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
              (call $say (call $get_buffer (i32.const 7) (i32.const 0) (i32.const 99) (i32.const 0) (i32.const 4)))
              (i32.const 0))"#,
        ),
        |host| {
            host.filter.vm_configuration = b"vm".as_slice().into();
            host.filter.configuration = b"plugin".as_slice().into();
        },
    );
    filter.get().await.unwrap();
    assert_eq!(filter.said(), ["1", "2", "0", "vm", "6", "0", "plugin", "1"]);
}

#[tokio::test]
async fn properties_are_those_of_envoy() {
    let filter = load_with(
        &ProxyWasm::default(),
        &guest(
            r#"
            (func $show (param i32 i32)
              (i32.store (i32.const 4) (i32.const 0))
              (if (call $get_property (local.get 0) (local.get 1) (i32.const 0) (i32.const 4))
                (then (call $say_text @"none"))
                (else (call $say_text (call $out)))))
            (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
              (call $show @"request\00path") (call $show @"request\00url_path") (call $show @"request\00query")
              (call $show @"request\00host") (call $show @"request\00method") (call $show @"request\00scheme")
              (call $show @"request\00headers\00x-old") (call $show @"request\00headers\00x-none")
              (call $show @"request\00protocol") (call $show @"source\00address")
              (call $show @"plugin_name") (call $show @"plugin_root_id") (call $show @"plugin_vm_id")
              (call $show @"response\00code") (call $show @"nothing") (call $show @"")
              (drop (call $set_property @"own" @"value")) (call $show @"own") (call $show @"own\00more")
              (drop (call $set_property @"a\00b" @"value")) (call $show @"a\00b")
              (call $show @"connection\00mtls")
              (i32.const 0))
            (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
              (call $show @"request\00path") (call $show @"own")
              (drop (call $get_property @"response\00code" (i32.const 0) (i32.const 4)))
              (call $say (i32.eq (i32.load (i32.load (i32.const 0))) (i32.const 200)))
              (call $say (i32.load (i32.const 4)))
              (i32.const 0))"#,
        ),
        |host| {
            let filter = &mut host.filter;
            (filter.name, filter.root_id, filter.vm_id) = ("n".into(), "r".into(), "v".into());
        },
    );
    let exchange = holm_abi::Exchange { peer: Some("[::1]:80".parse().unwrap()), ..Default::default() };
    let next: Arc<dyn holm_abi::HttpHandler> = Arc::new(Echo);
    filter.filter.handle(get(), exchange, &next).await.unwrap();
    let said: Vec<_> = filter.said().iter().map(|line| line.strip_prefix("n: ").unwrap().to_owned()).collect();
    let expected = [
        "/a?b", "/a", "b", "app.test", "GET", "http", "1", "none", "HTTP/1.1", "[::1]:80", "n", "r", "v", "none",
        "none", "none", "value", "none", "none", "\0", "none", "value", "1", "8",
    ];
    assert_eq!(said, expected);
}

#[tokio::test]
async fn all_headers_can_be_had_and_replaced_at_once() {
    let filter = load(&guest(
        r#"
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (drop (call $get_headers (i32.const 0) (i32.const 0) (i32.const 4)))
          (call $say (i32.load (i32.load (i32.const 0))))
          (drop (call $headers_size (i32.const 0) (i32.const 8)))
          (call $say (i32.gt_u (i32.load (i32.const 8)) (i32.const 40)))
          ;; The list it got is one that it can give back.
          (call $say (call $set_headers (i32.const 0) (call $out)))
          (i32.const 0))
        (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
          (call $set_headers (i32.const 2)
            @"\02\00\00\00\07\00\00\00\03\00\00\00\01\00\00\00\01\00\00\00:status\00201\00y\00z\00"))"#,
    ));
    let seen = filter.get().await.unwrap();
    assert_eq!(seen.body, "GET http://app.test/a?b host=app.test x-old=1 |");
    assert_eq!((seen.status, seen.headers.len(), seen.header("y")), (201, 1, Some("z")));
    assert_eq!(filter.said(), ["5", "1", "0"]);
}
