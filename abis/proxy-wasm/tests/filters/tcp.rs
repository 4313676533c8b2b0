//! Filters for connections.

use std::sync::Arc;

use holm_abi::Host;
use holm_proxy_wasm::{ProxyWasm, TcpFilter};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

use crate::kit::*;

/// What arrives at a server that sends `pong` when its client is done, and at the client; and what the guest said.
async fn relayed(
    text: &str,
    sent: &[&str],
    change: impl FnOnce(&mut Host),
) -> (Result<(), String>, String, String, String) {
    let (mut host, log) = host();
    change(&mut host);
    let filter = TcpFilter::load(&ProxyWasm::default(), &guest(text), &host).unwrap();
    let (mut client, downstream) = duplex(1 << 16);
    let (mut server, upstream) = duplex(1 << 16);
    let (done, arrived, answered) = tokio::join!(
        filter.relay(downstream, upstream, Some("10.0.0.1:7".parse().unwrap()), Arc::default()),
        async {
            let mut all = String::new();
            server.read_to_string(&mut all).await.unwrap();
            let _ = server.write_all(b"pong").await;
            drop(server);
            all
        },
        async {
            for piece in sent {
                client.write_all(piece.as_bytes()).await.unwrap();
                tokio::task::yield_now().await;
            }
            client.shutdown().await.unwrap();
            let mut all = String::new();
            client.read_to_string(&mut all).await.unwrap();
            all
        }
    );
    drop(filter);
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    let said = String::from_utf8(log.lock().unwrap().clone()).unwrap().replace("info: ", "").replace('\n', " ");
    (done.map_err(|error| error.to_string()), arrived, answered, said)
}

#[tokio::test]
async fn bytes_pass_and_both_ends_are_told() {
    let (done, arrived, answered, said) = relayed(
        r#"
        (func (export "proxy_on_new_connection") (param i32) (result i32)
          (drop (call $get_property @"source\00address" (i32.const 0) (i32.const 4)))
          (call $say_text (call $out)) (i32.const 0))
        (func (export "proxy_on_upstream_data") (param i32 i32 i32) (result i32)
          (drop (call $set_buffer (i32.const 3) (i32.const 0) (i32.const 0) @">")) (i32.const 0))
        (func (export "proxy_on_downstream_connection_close") (param i32 i32)
          (call $say_text @"client") (call $say (local.get 1)))
        (func (export "proxy_on_upstream_connection_close") (param i32 i32)
          (call $say_text @"server") (call $say (local.get 1)))
        (func (export "proxy_on_delete") (param i32) (if (i32.ne (local.get 0) (i32.const 1)) (then
          (call $say_text @"delete"))))"#,
        &["ping"],
        |_| {},
    )
    .await;
    assert_eq!((done, arrived.as_str()), (Ok(()), "ping"));
    // The end is told with an empty piece, to which the guest adds as well.
    assert_eq!(answered, ">pong>");
    assert_eq!(said, "10.0.0.1:7 client 2 server 0 delete ");
}

#[tokio::test]
async fn what_is_held_is_shown_again_with_what_comes() {
    let (done, arrived, _, _) = relayed(
        r#"
        (func (export "proxy_on_downstream_data") (param i32 i32 i32) (result i32)
          (if (local.get 2) (then (return (i32.const 0))))
          (if (i32.lt_u (local.get 1) (i32.const 6)) (then (return (i32.const 1))))
          (drop (call $set_buffer (i32.const 2) (i32.const 0) (i32.const 3) @"new"))
          (i32.const 0))"#,
        &["abc", "def"],
        |_| {},
    )
    .await;
    assert_eq!((done, arrived.as_str()), (Ok(()), "newdef"));
}

#[tokio::test]
async fn a_connection_that_is_held_goes_on_when_a_tick_says_so() {
    let (done, arrived, _, _) = relayed(
        r#"
        (global $held (mut i32) (i32.const 0))
        (func (export "proxy_on_configure") (param i32 i32) (result i32)
          (drop (call $tick_every (i32.const 5))) (i32.const 1))
        (func (export "proxy_on_new_connection") (param i32) (result i32)
          (global.set $held (local.get 0)) (i32.const 1))
        (func (export "proxy_on_tick") (param i32)
          (if (global.get $held) (then
            (drop (call $act_for (global.get $held))) (drop (call $continue (i32.const 2))))))"#,
        &["abc"],
        |_| {},
    )
    .await;
    assert_eq!((done, arrived.as_str()), (Ok(()), "abc"));
}

#[tokio::test]
async fn a_guest_closes_a_connection_or_traps_and_that_is_its_end() {
    for (what, words) in [("(drop (call $close (i32.const 2)))", "closed the connection"), ("unreachable", "trapped")] {
        let text = format!(
            r#"(func (export "proxy_on_downstream_data") (param i32 i32 i32) (result i32) {what} (i32.const 0))"#
        );
        let (done, arrived, _, _) = relayed(&text, &["abc"], |_| {}).await;
        assert!(done.unwrap_err().contains(words));
        assert_eq!(arrived, "");
    }
}
