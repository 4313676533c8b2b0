use std::sync::Arc;

use holm_abi::{Guest, Host, Input};
use holm_services::blob::{BlobLimits, FileContainers, MemoryContainers, Spool};
use holm_services::kv::MemoryStores;
use holm_services::lent::Lent;
use holm_wasi::Wasi;

use crate::common::{guest, refused, run};

fn granted(names: &[&str]) -> Host {
    let mut host = Host::default();
    Arc::make_mut(&mut host.grants).blob = names.iter().map(|name| (*name).to_owned()).collect();
    host
}

/// WASI whose containers and spool hold so much.
fn with(limits: BlobLimits) -> Wasi {
    let (kv, blob) = (Arc::new(MemoryStores::default()), Arc::new(MemoryContainers::new(limits)));
    let spool = Spool::new(std::env::temp_dir(), limits.max_total);
    Wasi { lent: Some(Lent::stores(kv, blob, spool)), ..Wasi::default() }
}

fn roomy() -> Wasi {
    with(BlobLimits::default())
}

async fn says(wasi: &Wasi, guest: &Guest, host: &Host, args: &str) -> String {
    let args: Vec<&str> = args.split(' ').collect();
    run(wasi, guest, host, &args).await.unwrap().1
}

#[tokio::test]
async fn every_operation_works_on_a_granted_container() {
    let (wasi, guest, host) = (roomy(), guest("blob.p2.wasm"), granted(&["a", "b"]));
    for (args, answer) in [
        ("exists a", "ok false\n"),
        ("create a", "ok\n"),
        ("exists a", "ok true\n"),
        ("create a", "error: there is a container `a` already\n"),
        ("info a", "ok a true\n"),
        ("put a one 0123456789", "ok\n"),
        ("late a two twice", "ok\n"),
        ("drop a three gone", "ok\n"),
        ("get a one", "ok 10 0123456789\n"),
        ("get a one 3 5", "ok 3 345\n"),
        ("get a one 8 100", "ok 2 89\n"),
        ("get a one 10 10", "ok 0 \n"),
        ("get a three", "error: there is no object `three`\n"),
        ("size a one", "ok a/one 10 true\n"),
        ("size a two", "ok a/two 500 true\n"),
        ("has a three", "ok false\n"),
        ("list a", "ok one two\n"),
        ("skip a 1", "ok 1 false\n"),
        ("skip a 9", "ok 2 true\n"),
        ("copy a one b x", "error: there is no container `b`\n"),
        ("create b", "ok\n"),
        ("copy a one b x", "ok\n"),
        ("move a two b y", "ok\n"),
        ("list b", "ok x y\n"),
        ("list a", "ok one\n"),
        ("replaced b x new", "ok 0123456789 3 new\n"),
        ("delete b x y nothing", "ok\n"),
        ("delete b x", "ok\n"),
        ("list b", "ok\n"),
        ("clear a", "ok\n"),
        ("list a", "ok\n"),
        ("remove a", "ok\n"),
        ("exists a", "ok false\n"),
        ("list a", "ok\n"),
        ("exists a", "ok true\n"),
    ] {
        assert_eq!(says(&wasi, &guest, &host, args).await, answer, "{args}");
    }
    assert!(host.audit.is_empty());
}

#[tokio::test]
async fn a_container_that_was_not_granted_is_refused_and_audited() {
    let (wasi, guest, host) = (roomy(), guest("blob.p2.wasm"), granted(&["a"]));
    for args in ["list other", "create other", "remove other", "exists other", "copy a x other y", "move other x a y"] {
        assert_eq!(says(&wasi, &guest, &host, args).await, "error: access denied\n", "{args}");
    }
    assert_eq!(refused(&host), ["--blob=other"]);
}

#[tokio::test]
async fn a_host_without_containers_has_none_to_grant() {
    let (guest, host) = (guest("blob.p2.wasm"), granted(&["a"]));
    assert_eq!(says(&Wasi::new(), &guest, &host, "list a").await, "error: this host has no containers\n");
    assert_eq!(says(&Wasi::new(), &guest, &Host::default(), "list a").await, "error: access denied\n");
}

#[tokio::test]
async fn large_objects_stream_through_a_small_guest() {
    let large: Vec<u8> = (0..20_000_000_u32).map(|n| (n / 5) as u8).collect();
    let folder = tempfile::tempdir().unwrap();
    let files = FileContainers::at(folder.path().join("stores.db"), BlobLimits::default());
    let lent = Lent { blob: Arc::new(files), ..roomy().lent.unwrap() };
    let (wasi, guest, mut host) =
        (Wasi { lent: Some(lent), ..Wasi::default() }, guest("blob.p2.wasm"), granted(&["a"]));
    host.limits.memory = Some(4 << 20);
    host.stdio.stdin = Input::Bytes(large.as_slice().into());
    assert_eq!(says(&wasi, &guest, &host, "put a large").await, "ok\n");
    assert_eq!(says(&wasi, &guest, &host, "size a large").await, "ok a/large 20000000 true\n");

    let (stdout, printed) = holm_wasi::capture();
    host.stdio.stdout = stdout;
    let entries = holm_abi::Abi::load(&wasi, &guest, &host).unwrap();
    let Some(holm_abi::Entry::Command(command)) = entries.into_iter().next() else { panic!("no command") };
    let args = ["blob", "cat", "a", "large"].map(str::to_owned);
    assert_eq!(command.run(&holm_abi::Run::new(args)).await.unwrap(), 0);
    let printed = printed.lock().unwrap();
    assert!(printed.starts_with(&large) && printed.ends_with(b"ok 20000000\n"));
}

#[tokio::test]
async fn what_is_too_much_is_an_error_with_the_reason() {
    let small = BlobLimits { max_object: 100, max_total: 10_000, ..BlobLimits::default() };
    let (wasi, guest, host) = (with(small), guest("blob.p2.wasm"), granted(&["a"]));
    let long = "x".repeat(101);
    let answer = says(&wasi, &guest, &host, &format!("put a n {long}")).await;
    assert_eq!(answer, "error: an object may have 100 bytes, and this one has more\n");
    // A hundred times twice the spool's part.
    let answer = says(&wasi, &guest, &host, &format!("late a n {}", "x".repeat(200))).await;
    assert!(answer.starts_with("error: "), "{answer}");
    assert_eq!(says(&wasi, &guest, &host, "list a").await, "ok\n");
    assert_eq!(says(&wasi, &guest, &host, "put a n fits").await, "ok\n");
}

#[tokio::test]
async fn a_guest_holds_only_so_many_objects_at_once() {
    let (wasi, guest, host) = (roomy(), guest("blob.p2.wasm"), granted(&["a"]));
    says(&wasi, &guest, &host, "put a n text").await;
    let answer = says(&wasi, &guest, &host, "hold a n").await;
    assert_eq!(answer, "error: too many objects are read and written at once; drop some\n");
    assert_eq!(says(&wasi, &guest, &host, "get a n").await, "ok 4 text\n");
}

#[tokio::test]
async fn a_file_that_cannot_be_used_ends_the_guest_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("stores.sqlite");
    std::fs::write(&file, "this is a letter, and no database at all").unwrap();
    let lent = Lent { blob: Arc::new(FileContainers::at(&file, BlobLimits::default())), ..roomy().lent.unwrap() };
    let wasi = Wasi { lent: Some(lent), ..Wasi::default() };
    let error = run(&wasi, &guest("blob.p2.wasm"), &granted(&["a"]), &["list", "a"]).await.unwrap_err();
    assert_eq!(error.kind(), holm_engine::Kind::Io);
    assert!(error.to_string().contains("stores.sqlite"), "{error}");
}
