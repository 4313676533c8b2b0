//! The local store: what is pulled once is there, for as many processes as want it.

use std::fs;

use serde_json::Value as Json;

use crate::http::digest;
use crate::proxy::proxy;
use crate::registry::{bytes, large, registry};

const HELLO: &str = "Hello from Holm!\n";

#[test]
fn what_is_pulled_is_what_was_pushed() {
    let Some(registry) = registry() else { return };
    let pushed = registry.push("team/hello:1", "hello.p2.wasm");
    assert_eq!(
        registry.holm(["pull", &registry.at("team/hello:1")]).prints(),
        pushed.replace(&registry.address().to_string(), "[registry]") + "\n"
    );

    let file = registry.home().join("out.wasm");
    let said = registry.holm(["pull", "--json", "-o"]).arg(&file).arg(&pushed).prints();
    let said: Json = serde_json::from_str(&said).unwrap();
    assert_eq!(said["guest"], digest(&bytes("hello.p2.wasm")));
    assert_eq!(fs::read(&file).unwrap(), bytes("hello.p2.wasm"));

    let folder = registry.home().join("folder");
    fs::create_dir(&folder).unwrap();
    registry.holm(["pull", "-o"]).arg(&folder).arg(&pushed).ends();
    assert_eq!(fs::read(folder.join("hello.p2.wasm")).unwrap(), bytes("hello.p2.wasm"));

    let mut raw = registry.holm(["pull", "-o", "-", &pushed]);
    let output = raw.spawn().wait_with_output().unwrap();
    assert_eq!(output.stdout, bytes("hello.p2.wasm"));
}

#[test]
fn a_digest_in_the_store_needs_no_registry_and_a_tag_warns() {
    let Some(mut registry) = registry() else { return };
    let pushed = registry.push("hello:1", "hello.p1.wasm");
    let by_tag = format!("oci://{}", registry.at("hello:1"));
    assert_eq!(registry.holm(["run", &by_tag]).prints(), HELLO);
    registry.stop();
    assert_eq!(registry.holm(["run", &pushed]).prints(), HELLO);
    let ended = registry.holm(["run", &by_tag]).ends();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), HELLO));
    assert!(
        ended
            .stderr
            .starts_with("warning: oci://[registry]/hello:1: [registry]: the connection was refused; taking sha256:"),
        "{ended:?}"
    );
    let unknown = registry.holm(["run", &format!("oci://{}", registry.at("other:1"))]).fails(125);
    assert!(unknown.contains("the connection was refused\nhint: it is not in the local store"), "{unknown}");
}

#[test]
fn a_tag_that_moved_is_followed() {
    let Some(registry) = registry() else { return };
    registry.push("app:1", "hello.p1.wasm");
    let name = format!("oci://{}", registry.at("app:1"));
    assert_eq!(registry.holm(["run", &name]).prints(), HELLO);
    registry.push("app:1", "exit.p1.wasm");
    assert_ne!(registry.holm(["run", &name]).ends().stdout, HELLO);
}

#[test]
fn many_at_once_bring_it_once() {
    let Some(registry) = registry() else { return };
    let guest = large(2 << 20);
    let file = registry.home().join("large.wasm");
    fs::write(&file, &guest).unwrap();
    registry.holm(["push", &registry.at("large:1")]).arg(&file).prints();
    let proxy = proxy(registry.address(), usize::MAX / 2);
    let pulls: Vec<_> = (0..6).map(|_| registry.holm(["pull", &proxy.at("large:1")]).starts()).collect();
    for pull in pulls {
        let ended = pull.ends();
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
    assert_eq!(proxy.asked(&format!("GET /v2/large/blobs/{}", digest(&guest))), 1);
    let kept = fs::read(registry.cache().join("oci/blobs").join(&digest(&guest)[7..])).unwrap();
    assert!(kept == guest);
    assert_eq!(fs::read_dir(registry.cache().join("oci/partial")).unwrap().count(), 0);
}

#[test]
fn what_was_damaged_on_the_disk_is_brought_again() {
    let Some(registry) = registry() else { return };
    let pushed = registry.push("hello:1", "hello.p1.wasm");
    registry.holm(["pull", &pushed]).prints();
    let kept = registry.cache().join("oci/blobs").join(&digest(&bytes("hello.p1.wasm"))[7..]);
    let mut damaged = bytes("hello.p1.wasm");
    damaged[20] ^= 1;
    fs::write(&kept, &damaged).unwrap();
    assert_eq!(registry.holm(["run", &pushed]).prints(), HELLO);
    assert_eq!(fs::read(&kept).unwrap(), bytes("hello.p1.wasm"));
}

#[test]
fn the_cache_shows_what_was_pulled_and_makes_room_in_it() {
    let Some(registry) = registry() else { return };
    let pushed = registry.push("team/hello:1", "hello.p2.wasm");
    registry.holm(["run", &pushed]).prints();
    let shown: Json = serde_json::from_str(&registry.holm(["cache", "--json"]).prints()).unwrap();
    let guest = &shown["guests"][0];
    assert_eq!(guest["digest"], digest(&bytes("hello.p2.wasm"))[7..]);
    assert!(guest["name"].as_str().unwrap().starts_with("oci://[registry]/team/hello@sha256:"), "{guest}");
    // Its code is under the guest's own digest, as that of a file is.
    assert_eq!(shown["entries"][0]["digest"], guest["digest"]);
    let text = registry.holm(["cache"]).prints();
    assert!(
        text.contains("  guest      just now        oci://[registry]/team/hello@sha256:") && text.contains("2 entries"),
        "{text}"
    );

    registry.holm(["cache", "prune", "1GiB"]).prints();
    assert!(registry.holm(["cache"]).prints().contains("2 entries"));
    assert!(registry.holm(["cache", "clear"]).prints().starts_with("removed 2 files"));
    assert!(registry.holm(["cache"]).prints().contains("0 entries"));
}
