//! Pulls that end in the midst of things, and go on.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::http::{WASM, descriptor, digest, manifest};
use crate::proxy::proxy;
use crate::registry::{large, registry};
use crate::stranger::{Answer, content, not_found, ok, status, stranger};
use crate::support::PATIENCE;

const SIZE: usize = 8 << 20;

#[test]
fn a_pull_that_was_killed_goes_on_where_it_ended() {
    let Some(registry) = registry() else { return };
    let guest = large(SIZE);
    let file = registry.home().join("large.wasm");
    fs::write(&file, &guest).unwrap();
    registry.holm(["push", &registry.at("large:1")]).arg(&file).prints();

    let proxy = proxy(registry.address(), SIZE / 2);
    let partial = registry.cache().join("oci/partial").join(&digest(&guest)[7..]);
    for signal in [Signal::KILL, Signal::INT] {
        let before = fs::metadata(&partial).map_or(0, |metadata| metadata.len());
        let pull = registry.holm(["pull", &proxy.at("large:1")]).starts();
        let deadline = Instant::now() + PATIENCE;
        while fs::metadata(&partial).map_or(0, |metadata| metadata.len()) <= before.max(SIZE as u64 / 4) && before == 0
        {
            assert!(Instant::now() < deadline, "nothing comes");
            thread::sleep(Duration::from_millis(5));
        }
        pull.signal(signal);
        assert_eq!(pull.ends().signal, Some(signal.as_raw()));
        assert!(!registry.cache().join("oci/blobs").join(&digest(&guest)[7..]).exists());
    }

    proxy.open();
    let before = proxy.passed();
    assert_eq!(registry.holm(["pull", &proxy.at("large:1")]).ends().code, Some(0));
    assert!(proxy.asked("range: bytes=") + proxy.asked("Range: bytes=") >= 1);
    // A quarter was there at least; what else was on its way is not asked for here.
    assert!(proxy.passed() - before < SIZE - SIZE / 5, "{}", proxy.passed() - before);
    assert!(fs::read(registry.cache().join("oci/blobs").join(&digest(&guest)[7..])).unwrap() == guest);
    assert!(!partial.exists());
}

#[test]
fn a_connection_that_breaks_is_made_again_within_one_pull() {
    let guest = large(300_000);
    let all = content(&manifest(&descriptor(WASM, &guest, "")), &[]);
    let (sent, blob) = (guest.clone(), format!("/v2/app/blobs/{}", digest(&guest)));
    let stranger = stranger(move |asked| {
        if asked.path == blob {
            let from: usize = asked.header("range").map_or(0, |range| range[6..range.len() - 1].parse().unwrap());
            let head = format!(
                "Content-Length: {}\r\nContent-Range: bytes {from}-{}/{}\r\n",
                sent.len() - from,
                sent.len() - 1,
                sent.len()
            );
            let end = (from + 100_000).min(sent.len());
            return status(if from == 0 { "200 OK" } else { "206 Partial Content" }, &head, &sent[from..end]);
        }
        all.get(&asked.path[8..])
            .map_or_else(not_found, |bytes| ok("Content-Type: application/vnd.oci.image.manifest.v1+json\r\n", bytes))
    });
    assert_eq!(stranger.holm(["pull", &stranger.reference()]).ends().code, Some(0));
    let blobs = stranger.asked().iter().filter(|asked| asked.path.contains("/blobs/")).count();
    assert_eq!(blobs, guest.len().div_ceil(100_000));
    assert!(fs::read(stranger.cache().join("oci/blobs").join(&digest(&guest)[7..])).unwrap() == guest);
}

#[test]
fn what_a_liar_left_behind_does_not_spoil_the_next_pull() {
    let guest = large(300_000);
    let all = content(&manifest(&descriptor(WASM, &guest, "")), &[&guest]);
    let stranger = stranger(move |asked| {
        let found = all.get(&asked.path[8..]);
        match (found, asked.header("range")) {
            (Some(bytes), Some(range)) => {
                let from: usize = range[6..range.len() - 1].parse().unwrap();
                let head = format!(
                    "Content-Length: {}\r\nContent-Range: bytes {from}-{}/{}\r\n",
                    bytes.len() - from,
                    bytes.len() - 1,
                    bytes.len()
                );
                status("206 Partial Content", &head, &bytes[from..])
            }
            (Some(bytes), None) => ok("Content-Type: application/vnd.oci.image.manifest.v1+json\r\n", bytes),
            (None, _) => not_found(),
        }
    });
    let partial = stranger.cache().join("oci/partial");
    fs::create_dir_all(&partial).unwrap();
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(stranger.cache(), fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(partial.join(&digest(&guest)[7..]), vec![7; 100_000]).unwrap();
    assert_eq!(stranger.holm(["pull", &stranger.reference()]).ends().code, Some(0));
    assert!(fs::read(stranger.cache().join("oci/blobs").join(&digest(&guest)[7..])).unwrap() == guest);
}

#[test]
fn ctrl_c_ends_a_pull_from_a_registry_that_hangs() {
    let stranger = stranger(|_| Answer::Silence(Vec::new()));
    let pull = stranger.holm(["pull", &stranger.reference()]).starts();
    let deadline = Instant::now() + PATIENCE;
    while stranger.asked().is_empty() {
        assert!(Instant::now() < deadline, "nobody asks");
        thread::sleep(Duration::from_millis(5));
    }
    pull.signal(Signal::INT);
    assert_eq!(pull.ends().signal, Some(Signal::INT.as_raw()));
    stranger.left_nothing();
}
