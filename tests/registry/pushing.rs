//! `holm push`, looked at with another program.

use serde_json::Value as Json;

use crate::http::digest;
use crate::registry::{bytes, registry};
use crate::support::guest;

#[test]
fn what_is_pushed_has_the_layout_for_webassembly() {
    let Some(registry) = registry() else { return };
    let pushed = registry.push("team/hello:1", "hello.p2.wasm");
    let manifest = registry.manifest("team/hello", "1");
    let hello = bytes("hello.p2.wasm");
    assert_eq!(manifest["mediaType"], "application/vnd.oci.image.manifest.v1+json");
    assert_eq!(manifest["config"]["mediaType"], "application/vnd.wasm.config.v0+json");
    let layers = manifest["layers"].as_array().unwrap();
    assert_eq!(layers.len(), 1);
    assert_eq!(layers[0]["mediaType"], "application/wasm");
    assert_eq!(layers[0]["digest"], digest(&hello));
    assert_eq!(layers[0]["annotations"]["org.opencontainers.image.title"], "hello.p2.wasm");
    assert_eq!(registry.blob("team/hello", &digest(&hello)), hello);

    let config = registry.blob("team/hello", manifest["config"]["digest"].as_str().unwrap());
    let config: Json = serde_json::from_slice(&config).unwrap();
    assert_eq!((&config["architecture"], &config["os"]), (&"wasm".into(), &"wasip2".into()));
    assert_eq!(config["layerDigests"][0], digest(&hello));
    assert_eq!(config["component"]["exports"][0], "wasi:cli/run@0.2.0");
    let imports = config["component"]["imports"].as_array().unwrap();
    assert!(imports.iter().any(|name| name.as_str().unwrap().starts_with("wasi:cli/stdout@0.2.")), "{config}");

    let (repository, by_digest) = pushed.split_once('@').unwrap();
    assert_eq!(repository, format!("oci://{}", registry.at("team/hello")));
    assert_eq!(registry.manifest("team/hello", by_digest), manifest);
}

#[test]
fn the_same_guest_pushed_twice_has_one_digest() {
    let Some(registry) = registry() else { return };
    assert_eq!(registry.push("hello:1", "hello.p1.wasm"), registry.push("hello:2", "hello.p1.wasm"));
}

#[test]
fn a_module_is_told_from_a_component_and_annotations_are_said() {
    let Some(registry) = registry() else { return };
    let said = registry
        .holm(["push", "--json", "--annotation", "org.opencontainers.image.licenses=MIT", &registry.at("hello:1")])
        .guest("hello.p1.wasm")
        .prints();
    let said: Json = serde_json::from_str(&said).unwrap();
    assert_eq!((&said["tag"], &said["signed"]), (&"1".into(), &false.into()));
    let manifest = registry.manifest("hello", said["digest"].as_str().unwrap());
    assert_eq!(manifest["annotations"]["org.opencontainers.image.licenses"], "MIT");
    let config = registry.blob("hello", manifest["config"]["digest"].as_str().unwrap());
    let config: Json = serde_json::from_slice(&config).unwrap();
    assert_eq!((&config["os"], &config["component"]), (&"wasip1".into(), &Json::Null));
}

#[test]
fn what_cannot_be_pushed_says_why() {
    let Some(registry) = registry() else { return };
    let digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let by_digest = registry.holm(["push", &registry.at(&format!("a@{digest}"))]).guest("hello.p1.wasm").fails(125);
    assert!(by_digest.contains("is a digest, which only follows from what is pushed"), "{by_digest}");
    let no_guest = registry.holm(["push", &registry.at("a:1")]).stdin("not wasm").arg("-").fails(125);
    assert!(no_guest.contains("the guest cannot be pushed"), "{no_guest}");
    let nowhere = registry.holm(["push", "someone/app:1"]).guest("hello.p1.wasm").fails(125);
    assert!(nowhere.contains("`someone` is no registry's host"), "{nowhere}");
    let compiled = registry.home().join("hello.cwasm");
    registry.holm(["compile", "-o"]).arg(&compiled).guest("hello.p1.wasm").ends();
    let precompiled = registry.holm(["push", &registry.at("a:1")]).arg(&compiled).fails(125);
    assert!(precompiled.contains("is compiled code"), "{precompiled}");
    assert!(guest("hello.p1.wasm").exists());
}
