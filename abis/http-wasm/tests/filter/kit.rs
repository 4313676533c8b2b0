//! What a guest made with the Rust SDK sees and does.

use std::sync::Arc;
use std::time::Duration;

use holm_abi::{FilterSettings, Host, Kind};
use holm_engine::Usage;
use http::{HeaderValue, Request, Response, header};

use crate::common::{Filter, full, kit};

fn configured(configuration: &str) -> Host {
    let filter =
        FilterSettings { name: "kit".into(), configuration: configuration.as_bytes().into(), ..Default::default() };
    Host { filter, ..Host::default() }
}

fn filter() -> Filter {
    Filter::new(&kit(), configured("k"))
}

#[tokio::test]
async fn a_request_goes_on_as_the_guest_changed_it() {
    let passed = filter().told("", "body").await;
    assert_eq!((passed.asked().body.as_str(), passed.answer().body.as_str()), ("body", "body"));
    assert_eq!(passed.asked().head.headers["x-order"], "k");

    let passed = filter().told("rewrite PUT /x%20y?z", "").await;
    let head = &passed.asked().head;
    assert_eq!((head.method.as_str(), head.uri.to_string().as_str()), ("PUT", "http://shop.example/x%20y?z"));
    let passed = filter().told("host other.example", "").await;
    assert_eq!(passed.asked().head.uri, "http://other.example/a?b=c");
    let passed = filter().told("remove x-test", "").await;
    assert!(!passed.asked().head.headers.contains_key("x-test"));
}

#[tokio::test]
async fn a_guest_sees_all_of_a_request() {
    let passed = filter().told("facts", "").await;
    assert_eq!(passed.answer().body, "POST\n/a?b=c\nHTTP/1.1\n192.0.2.7:4711");
    let request = Request::get("http://shop.example/")
        .header("x-test", "headers")
        .header("X-Two", "1")
        .header("x-two", "2")
        .header("x-bytes", HeaderValue::from_bytes(b"\xff").unwrap());
    let passed = filter().pass(request.body(full("")).unwrap()).await;
    assert_eq!(passed.answer().body, "host: shop.example\nx-bytes: \u{fffd}\nx-test: headers\nx-two: 1 | 2\n");
    let passed = filter().told("config", "").await;
    assert_eq!(passed.answer().body, "k");
}

#[tokio::test]
async fn a_guest_that_answers_lets_nobody_else() {
    let passed = filter().told("reply", "").await;
    assert!(passed.asked.is_none());
    let answer = passed.answer();
    assert_eq!((answer.head.status.as_u16(), answer.body.as_str()), (403, "not for you\n"));
    assert_eq!(
        (&answer.head.headers["x-kit"], &answer.head.headers[header::CONTENT_LENGTH]),
        (&"answered".parse().unwrap(), &"12".parse().unwrap())
    );
}

#[tokio::test]
async fn a_body_that_is_read_goes_on_only_if_it_is_buffered() {
    let body = "x".repeat(100_000);
    let passed = filter().told("read", &body).await;
    assert_eq!(
        (passed.asked().body.len(), &passed.asked().head.headers["x-kit-length"]),
        (100_000, &"100000".parse().unwrap())
    );
    let passed = filter().told("consume", &body).await;
    assert_eq!(
        (passed.asked().body.len(), &passed.asked().head.headers["x-kit-length"]),
        (0, &"100000".parse().unwrap())
    );
}

#[tokio::test]
async fn a_body_that_is_written_takes_the_place_of_the_other_and_has_its_length() {
    let request = Request::post("http://a/").header("x-test", "write in its place").header("content-length", "4");
    let passed = filter().pass(request.body(full("body")).unwrap()).await;
    assert_eq!(
        (passed.asked().body.as_str(), &passed.asked().head.headers["content-length"]),
        ("in its place", &"12".parse().unwrap())
    );
    assert_eq!(filter().told("upload-upper", "body").await.asked().body, "BODY");
}

#[tokio::test]
async fn a_response_is_changed_where_it_is_buffered() {
    let passed = filter().told("upper", "body").await;
    assert_eq!((passed.asked().body.as_str(), passed.answer().body.as_str()), ("body", "BODY"));
    assert_eq!(
        (&passed.answer().head.headers["x-next"], &passed.answer().head.headers["content-length"]),
        (&"seen".parse().unwrap(), &"4".parse().unwrap())
    );
    assert_eq!(filter().told("status", "").await.answer().head.status, 201);
    assert_eq!(filter().told("respond", "").await.answer().head.headers["x-order"], "k");

    let (kind, why) = filter().told("unbuffered", "").await.failed();
    assert_eq!(kind, Kind::Trap);
    assert!(why.contains("it touched the status code") && why.contains("`buffer_response`"), "{why}");
}

#[tokio::test]
async fn what_a_guest_says_before_the_response_comes_before_it() {
    let request = || Request::post("http://a/").header("x-test", "before <").body(full("")).unwrap();
    let passed = filter()
        .pass_to(request(), |_| Ok(Response::builder().header("content-length", "4").body(full("body")).unwrap()))
        .await;
    let answer = passed.answer();
    assert_eq!((answer.body.as_str(), answer.head.headers.contains_key("content-length")), ("<body", false));
}

#[tokio::test]
async fn an_instance_is_used_again_until_it_fails() {
    let filter = filter();
    for count in ["1", "2", "3"] {
        assert_eq!(filter.told("count", "").await.answer().body, count);
    }
    let (kind, why) = filter.told("trap", "").await.failed();
    assert!(kind == Kind::Trap && why.contains("unreachable"), "{why}");
    assert_eq!(filter.told("count", "").await.answer().body, "1");
    filter.told("response-trap", "").await.failed();
    assert_eq!(filter.told("count", "").await.answer().body, "1");
}

#[tokio::test]
async fn what_a_guest_logs_is_led_to_the_log_by_its_name() {
    let filter = filter();
    filter.told("log", "").await;
    assert_eq!(filter.log(), "kit: info: a line\nand another\nprinted\n");
}

#[tokio::test]
async fn a_guest_that_reaches_a_limit_is_an_error_and_the_next_request_goes_on() {
    let mut host = configured("k");
    host.limits.cpu = Some(Duration::from_millis(100));
    host.limits.memory = Some(8 << 20);
    let filter = Filter::new(&kit(), host);
    assert_eq!(filter.told("loop", "").await.failed().0, Kind::OutOfCpu);
    assert_eq!(filter.told("grow", "").await.failed().0, Kind::OutOfMemory);
    let (kind, why) = filter.told("exit 3", "").await.failed();
    assert!(kind == Kind::Trap && why.ends_with("it ended with exit code 3"), "{why}");
    // The host keeps what is buffered, and that counts.
    let (kind, why) = filter.told("read", &"x".repeat(8 << 20)).await.failed();
    assert_eq!(kind, Kind::OutOfMemory, "{why}");
    assert_eq!(filter.told("count", "").await.answer().body, "1");
}

#[tokio::test]
async fn time_that_others_take_is_none_of_the_filters_and_its_own_counts_as_the_requests() {
    let mut host = configured("k");
    host.limits.cpu = Some(Duration::from_secs(5));
    let filter = Filter::new(&kit(), host);
    let usage = Arc::<Usage>::default();
    usage.add_cpu(Duration::from_secs(100));
    let request = Request::get("http://a/").header("x-test", "respond").body(full("")).unwrap();
    let counted = Arc::clone(&usage);
    let passed = filter
        .pass_counted(request, Arc::clone(&usage), move |_| {
            counted.add_cpu(Duration::from_secs(100));
            Ok(Response::new(full("")))
        })
        .await;
    assert_eq!(passed.answer().head.headers["x-order"], "k");
    assert!(usage.cpu() > Duration::from_secs(200) && usage.memory() > 0, "{usage:?}");
}

#[tokio::test]
async fn traffic_passes_by_a_guest_that_fails_open() {
    let mut host = configured("k");
    host.filter.fail_open = true;
    let filter = Filter::new(&kit(), host);
    let passed = filter.told("trap", "body").await;
    assert_eq!((passed.asked().body.as_str(), passed.answer().body.as_str()), ("body", "body"));
    assert!(!passed.asked().head.headers.contains_key("x-order"));
    let passed = filter.told("response-trap", "body").await;
    assert_eq!((passed.answer().head.status.as_u16(), passed.answer().body.as_str()), (200, "body"));
}
