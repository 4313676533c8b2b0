//! What others make: layouts before the common one, and plain images.

use std::io::Write as _;

use crate::http::{MANIFEST, descriptor};
use crate::registry::{Registry, bytes, registry};

const HELLO: &str = "Hello from Holm!\n";
const DOCKER: &str = "application/vnd.docker.distribution.manifest.v2+json";

/// A tar with these files.
fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut all = Vec::new();
    for (name, content) in files {
        let mut header = [0_u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[100..108].copy_from_slice(b"0000644\0");
        header[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
        header[156] = b'0';
        header[257..265].copy_from_slice(b"ustar\x0000");
        header[148..156].copy_from_slice(b"        ");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        all.extend(header);
        all.extend(*content);
        all.resize(all.len().next_multiple_of(512), 0);
    }
    all.resize(all.len() + 1024, 0);
    all
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Puts an image with these layers under the tag `1`.
fn put(registry: &Registry, media_type: &str, config: &[u8], layers: &[(&str, &[u8])]) {
    registry.put_blob("app", config);
    let layers: Vec<String> = layers
        .iter()
        .map(|(kind, bytes)| {
            registry.put_blob("app", bytes);
            descriptor(kind, bytes, "")
        })
        .collect();
    let kind = if media_type == DOCKER {
        "application/vnd.docker.container.image.v1+json"
    } else {
        "application/vnd.oci.image.config.v1+json"
    };
    let config = descriptor(kind, config, "");
    let text = format!(
        r#"{{"schemaVersion":2,"mediaType":"{media_type}","config":{config},"layers":[{}]}}"#,
        layers.join(",")
    );
    registry.put_manifest("app", "1", media_type, &text);
}

fn run(registry: &Registry) -> crate::support::Holm {
    registry.holm(["run", &format!("oci://{}", registry.at("app:1"))])
}

#[test]
fn layouts_of_older_tools_run() {
    let Some(registry) = registry() else { return };
    for kind in [
        "application/vnd.module.wasm.content.layer.v1+wasm",
        "application/vnd.wasm.content.layer.v1+wasm",
        "application/vnd.bytecodealliance.wasm.component.layer.v0+wasm",
    ] {
        put(&registry, MANIFEST, b"{}", &[(kind, &bytes("hello.p1.wasm"))]);
        assert_eq!(run(&registry).prints(), HELLO, "{kind}");
    }
}

#[test]
fn plain_images_run_with_and_without_compression() {
    let Some(registry) = registry() else { return };
    let plain = tar(&[("etc/motd", b"hello"), ("./app.wasm", &bytes("hello.p1.wasm"))]);
    let layers: [(&str, &str, Vec<u8>); 4] = [
        (MANIFEST, "application/vnd.oci.image.layer.v1.tar", plain.clone()),
        (MANIFEST, "application/vnd.oci.image.layer.v1.tar+gzip", gzip(&plain)),
        (DOCKER, "application/vnd.docker.image.rootfs.diff.tar.gzip", gzip(&plain)),
        (DOCKER, "application/vnd.docker.image.rootfs.diff.tar", plain),
    ];
    for (media_type, kind, layer) in &layers {
        put(&registry, media_type, b"{}", &[(kind, layer)]);
        assert_eq!(run(&registry).prints(), HELLO, "{kind}");
    }
}

#[test]
fn an_image_with_several_guests_says_which_one_it_runs() {
    let Some(registry) = registry() else { return };
    let layer = tar(&[("a.wasm", &bytes("exit.p1.wasm")), ("bin/b.wasm", &bytes("exit.p1.wasm"))]);
    let above = tar(&[("bin/b.wasm", &bytes("hello.p1.wasm"))]);
    let kind = "application/vnd.oci.image.layer.v1.tar";
    put(&registry, MANIFEST, br#"{"config":{"Entrypoint":["/bin/b.wasm"]}}"#, &[(kind, &layer), (kind, &above)]);
    assert_eq!(run(&registry).prints(), HELLO);
    put(&registry, MANIFEST, b"{}", &[(kind, &layer), (kind, &above)]);
    let said = run(&registry).fails(126);
    assert!(said.contains("the image has no .wasm that it runs"), "{said}");
}

#[test]
fn an_image_for_linux_is_told_as_one() {
    let Some(registry) = registry() else { return };
    put(&registry, MANIFEST, b"{}", &[("application/vnd.oci.image.layer.v1.tar", &tar(&[("bin/sh", b"\x7fELF")]))]);
    let said = run(&registry).fails(126);
    assert!(said.contains("hint: Holm runs WebAssembly; is this an image for Linux?"), "{said}");
    put(&registry, MANIFEST, b"{}", &[("application/vnd.oci.image.layer.v1.tar+zstd", b"x")]);
    let said = run(&registry).fails(126);
    assert!(said.contains("its layers are application/vnd.oci.image.layer.v1.tar+zstd"), "{said}");
}
