//! Servers that are none, or that want to harm whoever asks them.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use holm_services::Manners;
use holm_services::kv::{KvError, Store, StoreLimits};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::elsewhere;

/// What a liar does with a connection: says `first`, then `again` without end, or nothing more if that is empty.
#[derive(Clone, Copy)]
struct Lie {
    /// Whether it waits to be asked.
    asked: bool,
    first: &'static str,
    again: &'static str,
}

/// A liar's address, and how many bytes somebody took of it.
async fn liar(lie: Lie) -> (SocketAddr, Arc<AtomicU64>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let taken = Arc::<AtomicU64>::default();
    let counting = Arc::clone(&taken);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(tell(stream, lie, Arc::clone(&counting)));
        }
    });
    (address, taken)
}

async fn tell(mut stream: TcpStream, lie: Lie, taken: Arc<AtomicU64>) {
    let mut asked = [0; 4096];
    if lie.asked {
        let _ = stream.read(&mut asked).await;
    }
    if stream.write_all(lie.first.as_bytes()).await.is_err() {
        return;
    }
    let block = lie.again.repeat(1 << 14);
    while !block.is_empty() {
        match stream.write(block.as_bytes()).await {
            Ok(written) => taken.fetch_add(written as u64, Relaxed),
            Err(_) => return,
        };
    }
    // It hangs until whoever asked goes away.
    while stream.read(&mut asked).await.is_ok_and(|read| read > 0) {}
}

async fn store(scheme: &str, address: SocketAddr) -> Arc<dyn Store> {
    let manners = Manners { patience: Duration::from_secs(1), report: None };
    let backend = format!("{scheme}://{address}").parse().unwrap();
    elsewhere(&backend, manners, StoreLimits::default()).open("default").await.unwrap()
}

/// What a NATS server says first.
const INFO: &str = "INFO {\"server_id\":\"x\",\"server_name\":\"x\",\"version\":\"2.9.0\",\"proto\":1,\"host\":\"x\",\"port\":1,\
                    \"headers\":true,\"max_payload\":1048576,\"client_id\":1,\"go\":\"x\"}\r\nPONG\r\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_never_answers_is_given_up() {
    for (scheme, first) in [("redis", ""), ("redis", "+OK\r\n+OK\r\n+OK\r\n"), ("nats", ""), ("nats", INFO)] {
        let (address, _) = liar(Lie { asked: scheme == "redis", first, again: "" }).await;
        let store = store(scheme, address).await;
        // Those who wait together are given up together.
        let all = (0..20).map(|n| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.set(&n.to_string(), vec![]).await })
        });
        for asked in all.collect::<Vec<_>>() {
            let error = asked.await.unwrap().unwrap_err();
            assert!(matches!(error, KvError::Storage(_)), "{error:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nonsense_is_an_error() {
    let words =
        ["HTTP/1.1 200 OK\r\n\r\n", "-ERR no\r\n", "*1\r\n*1\r\n*1\r\n", "$-5\r\n", "\0\0\0\0", "*4294967296\r\n"];
    for first in words {
        for scheme in ["redis", "nats"] {
            let (address, _) = liar(Lie { asked: true, first, again: "" }).await;
            let error = store(scheme, address).await.get("k").await.unwrap_err();
            assert!(matches!(error, KvError::Storage(_)), "{scheme} {first:?}: {error:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_without_end_is_not_kept() {
    let redis = [("", "+OK\r\n"), ("+OK\r\n+OK\r\n$9000000000\r\n", "aaaa"), ("*2147483647\r\n", ":1\r\n")];
    let nats = [(INFO, "aaaa")];
    let lies = redis.map(|lie| ("redis", lie)).into_iter().chain(nats.map(|lie| ("nats", lie)));
    for (scheme, (first, again)) in lies {
        let (address, taken) = liar(Lie { asked: scheme == "redis", first, again }).await;
        let error = store(scheme, address).await.get("k").await.unwrap_err();
        assert!(matches!(error, KvError::Storage(_)), "{scheme} {first:?}: {error:?}");
        // What both kernels hold is on top of it.
        let mebibytes = taken.load(Relaxed) >> 20;
        assert!(scheme == "nats" || mebibytes < 64, "{scheme} {first:?}: {mebibytes} MiB");
    }
}
