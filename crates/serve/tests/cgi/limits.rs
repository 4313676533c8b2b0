//! Programs among others on one thread.

use std::sync::Arc;
use std::time::Duration;

use holm_abi::{Exchange, Host, HttpHandler as _, Kind};
use holm_engine::Usage;
use holm_grants::Limits;

use crate::program::{ask, get, program, text};

fn under(limits: Limits) -> Host {
    Host { limits, ..Host::default() }
}

#[tokio::test(flavor = "current_thread")]
async fn a_program_that_loops_is_stopped_and_its_neighbours_are_not() {
    let host = under(Limits { cpu: Some(Duration::from_millis(500)), ..Limits::default() });
    let (spin, neighbour) = (program("spin.p1.wasm", &host), program("cgi.p1.wasm", &host));
    let usage = Arc::<Usage>::default();
    let exchange = Exchange { usage: Arc::clone(&usage), ..Exchange::default() };
    let looping = async { spin.handle(get("/").body(text("")).unwrap(), exchange).await.err().unwrap() };
    let mut looping = std::pin::pin!(looping);
    let mut answered = 0;
    let error = loop {
        let answer = ask(&neighbour, get("/"), "");
        tokio::select! {
            error = &mut looping => break error,
            // The loop's time, on the same thread, is not theirs.
            answer = answer => answered += usize::from(answer.unwrap().status() == 200),
        }
    };
    assert_eq!(error.kind(), Kind::OutOfCpu);
    assert!(answered > 0);
    assert!(usage.cpu() >= Duration::from_millis(500) && usage.memory() >= 1 << 16, "{usage:?}");
}

#[tokio::test]
async fn a_program_that_waits_is_stopped_in_time() {
    let host = under(Limits { wall: Some(Duration::from_millis(50)), ..Limits::default() });
    let error = ask(&program("sleep.p1.wasm", &host), get("/?100000"), "").await.unwrap_err();
    assert_eq!(error.kind(), Kind::OutOfTime);
}

#[tokio::test]
async fn a_response_beyond_the_limit_on_output_is_cut() {
    let host = under(Limits { max_output: Some(1 << 20), ..Limits::default() });
    let body = ["Content-Type: a/b\n\n", &"x".repeat(2 << 20)].concat();
    let answer = ask(&program("cat.p1.wasm", &host), get("/"), body).await.unwrap();
    assert!(answer.broken.is_some() && answer.body.len() <= 1 << 20);
    assert!(answer.failed[0].contains("limit of 1MiB"), "{:?}", answer.failed);
}
