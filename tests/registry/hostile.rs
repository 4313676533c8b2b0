//! Registries that lie: every lie is refused in words, and nothing of it is kept.

use std::collections::BTreeMap;
use std::io::Write as _;

use crate::http::{INDEX, MANIFEST, WASM, descriptor, digest, manifest};
use crate::registry::bytes;
use crate::stranger::{Answer, Stranger, content, not_found, ok, registry_of, status, stranger};

fn hello() -> Vec<u8> {
    bytes("hello.p1.wasm")
}

/// A registry with this manifest under the tag, and nothing else.
fn with_manifest(text: &str) -> Stranger {
    registry_of(content(text, &[]))
}

/// Answers the manifest of the guest, and `blob` in the place of it.
fn with_blob(blob: impl Fn() -> Answer + Send + Sync + 'static) -> Stranger {
    let all = content(&manifest(&descriptor(WASM, &hello(), "")), &[]);
    stranger(move |asked| match all.get(&asked.path[8..]) {
        Some(bytes) => ok(&format!("Content-Type: {MANIFEST}\r\n"), bytes),
        None if asked.path.contains("/blobs/") => blob(),
        None => not_found(),
    })
}

#[track_caller]
fn refused(stranger: &Stranger, code: i32, words: &str) {
    let said = stranger.fails(code);
    assert!(said.contains(words), "{said}");
    assert!(said.starts_with("error: oci://[stranger]/app:1: "), "{said}");
    stranger.left_nothing();
}

#[test]
fn other_bytes_than_the_digest_says() {
    let mut other = hello();
    let last = other.len() - 1;
    other[last] ^= 1;
    refused(&with_blob(move || ok("", &other)), 126, "was asked for");
}

#[test]
fn more_bytes_than_the_manifest_says() {
    let endless = || {
        Answer::Endless(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec(),
            [b"10000\r\n".as_slice(), &[7; 65536], b"\r\n"].concat(),
        )
    };
    refused(&with_blob(endless), 126, "sends more than");
    let long = || status("200 OK", "Content-Length: 1000000000000\r\n", b"");
    refused(&with_blob(long), 126, "sends more than");
}

#[test]
fn a_length_that_is_a_lie() {
    let short = || status("200 OK", &format!("Content-Length: {}\r\n", hello().len()), &[0; 10]);
    let said = with_blob(short).fails(125);
    assert!(said.contains("the response is incomplete"), "{said}");
    let fewer = || ok("", &[0; 10]);
    let said = with_blob(fewer).fails(125);
    assert!(said.contains("sends too little"), "{said}");
}

#[test]
fn a_part_that_is_another_part() {
    let said =
        with_blob(|| status("206 Partial Content", "Content-Length: 3\r\nContent-Range: bytes 5-7/8\r\n", b"abc"))
            .fails(126);
    assert!(said.contains("answers 206"), "{said}");
}

#[test]
fn a_guest_that_declares_to_be_huge() {
    let text = manifest(
        &descriptor(WASM, &hello(), "").replace(&format!("\"size\":{}", hello().len()), "\"size\":99999999999999"),
    );
    refused(&with_manifest(&text), 126, "there may be 512MiB");
}

#[test]
fn a_manifest_without_end() {
    let endless = stranger(|_| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {MANIFEST}\r\nTransfer-Encoding: chunked\r\n\r\n");
        Answer::Endless(head.into_bytes(), [b"10000\r\n".as_slice(), &[b' '; 65536], b"\r\n"].concat())
    });
    refused(&endless, 126, "the manifest 1 has more than 4MiB");
    let declared = stranger(|_| status("200 OK", "Content-Length: 1000000000\r\n", b""));
    refused(&declared, 126, "the manifest 1 has more than 4MiB");
}

#[test]
fn headers_without_end() {
    let endless = stranger(|_| {
        Answer::Endless(b"HTTP/1.1 200 OK\r\n".to_vec(), b"X-Header: and another one, and another one\r\n".repeat(100))
    });
    let said = endless.fails(126);
    assert!(said.contains("header section is too large") || said.contains("broke the HTTP protocol"), "{said}");
    endless.left_nothing();
}

#[test]
fn manifests_that_are_none() {
    let deep = format!(r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","x":{}"#, "[".repeat(1 << 20));
    let layer = descriptor(WASM, &hello(), "");
    let many = manifest(&vec![layer.as_str(); 20_000].join(","));
    let both = r#"{"schemaVersion":2,"manifests":[],"layers":[]}"#;
    for (text, words) in [
        ("", "the manifest is broken"),
        ("<html>", "the manifest is broken"),
        ("{}", "of a form before"),
        (deep.as_str(), "the manifest is broken"),
        (many.as_str(), "20000 layers; there may be 128"),
        (both, "an index as well"),
        (&manifest(&layer.replace("sha256", "md5")), "is not a digest"),
        (&manifest(&layer.replace(WASM, "text/html")), "it holds no guest"),
        (&manifest(""), "it holds no guest"),
    ] {
        refused(&with_manifest(text), 126, words);
    }
}

#[test]
fn another_manifest_than_the_digest_says() {
    let text = manifest(&descriptor(WASM, &hello(), ""));
    let stranger = registry_of(BTreeMap::from([(format!("manifests/{}", digest(b"other")), text.into_bytes())]));
    let reference = format!("{}/app@{}", stranger.address, digest(b"other"));
    let said = stranger.holm(["pull", &reference]).fails(126);
    assert!(said.contains("was asked for"), "{said}");
    stranger.left_nothing();
}

#[test]
fn a_header_that_names_another_manifest_than_the_one_that_comes() {
    let text = manifest(&descriptor(WASM, &hello(), ""));
    let header = format!("Docker-Content-Digest: {}\r\nContent-Type: {MANIFEST}\r\n", digest(b"other"));
    refused(&stranger(move |_| ok(&header, text.as_bytes())), 126, "the registry says that it sends");
}

#[test]
fn what_calls_itself_webassembly_and_is_not() {
    let text = manifest(&descriptor(WASM, b"#!/bin/sh\nrm -rf /\n", ""));
    refused(&registry_of(content(&text, &[b"#!/bin/sh\nrm -rf /\n"])), 126, "calls itself WebAssembly, and is not");
}

#[test]
fn an_index_says_what_it_has_and_one_for_webassembly_is_followed() {
    let text = manifest(&descriptor(WASM, &hello(), ""));
    let platform =
        |os: &str, architecture: &str| format!(r#","platform":{{"os":"{os}","architecture":"{architecture}"}}"#);
    let index = |entries: &str| format!(r#"{{"schemaVersion":2,"mediaType":"{INDEX}","manifests":[{entries}]}}"#);
    let linux = descriptor(MANIFEST, b"linux", &platform("linux", "amd64"));
    let said = with_manifest(&index(&linux)).fails(126);
    assert!(said.contains("nothing for WebAssembly\nhint: it has linux/amd64 (sha256:"), "{said}");

    let wasm = descriptor(MANIFEST, text.as_bytes(), &platform("wasip1", "wasm"));
    let mut all = content(&text, &[&hello()]);
    all.insert("manifests/1".into(), index(&format!("{linux},{wasm}")).into_bytes());
    let stranger = registry_of(all);
    assert_eq!(stranger.holm(["run", &format!("oci://{}", stranger.reference())]).prints(), "Hello from Holm!\n");

    let nested = index(&descriptor(INDEX, index(&wasm).as_bytes(), ""));
    let mut all = content(&text, &[&hello()]);
    all.insert("manifests/1".into(), nested.into_bytes());
    all.insert(format!("manifests/{}", digest(index(&wasm).as_bytes())), index(&wasm).into_bytes());
    refused(&registry_of(all), 126, "an index of indexes");
}

#[test]
fn a_title_that_leads_elsewhere_names_no_file() {
    let title = r#","annotations":{"org.opencontainers.image.title":"../../x"}"#;
    let text = manifest(&descriptor(WASM, &hello(), title));
    let stranger = registry_of(content(&text, &[&hello()]));
    let folder = stranger.home().join("a/b");
    std::fs::create_dir_all(&folder).unwrap();
    let said = stranger.holm(["pull", &stranger.reference(), "-o"]).arg(&folder).fails(126);
    assert!(said.contains("calls its file `../../x`, which is no plain name"), "{said}");
    assert!(!stranger.home().join("x").exists());
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
fn a_layer_that_unpacks_to_more_than_anybody_has() {
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let mut header = [0_u8; 512];
    header[..8].copy_from_slice(b"app.data");
    header[124..136].copy_from_slice(b"77777777777\0");
    header[156] = b'0';
    header[257..263].copy_from_slice(b"ustar\0");
    header[148..156].copy_from_slice(b"        ");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    bomb.write_all(&header).unwrap();
    let zeros = vec![0; 1 << 20];
    for _ in 0..1100 {
        bomb.write_all(&zeros).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    let text = manifest(&descriptor("application/vnd.oci.image.layer.v1.tar+gzip", &bomb, ""));
    let said = registry_of(content(&text, &[&bomb])).fails(126);
    assert!(said.contains("it unpacks to more than 1GiB"), "{said}");
}

#[test]
fn redirects_without_end() {
    let around = stranger(|asked| {
        status("307 Temporary Redirect", &format!("Location: {}?again\r\nContent-Length: 0\r\n", asked.path), b"")
    });
    refused(&around, 126, "redirects more than 5 times in a row");
    let nowhere = stranger(|_| status("302 Found", "Content-Length: 0\r\n", b""));
    refused(&nowhere, 126, "redirects to nowhere");
    let elsewhere = stranger(|_| status("302 Found", "Location: file:///etc/passwd\r\nContent-Length: 0\r\n", b""));
    refused(&elsewhere, 126, "which is not HTTP");
    let metadata =
        stranger(|_| status("302 Found", "Location: http://169.254.169.254/latest\r\nContent-Length: 0\r\n", b""));
    refused(&metadata, 126, "another machine, without encryption");
    let metadata =
        stranger(|_| status("302 Found", "Location: https://169.254.169.254/latest\r\nContent-Length: 0\r\n", b""));
    refused(&metadata, 126, "leads to 169.254.169.254");
}

#[test]
fn what_is_no_http() {
    let said = stranger(|_| Answer::Bytes(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec())).fails(126);
    assert!(said.contains("broke the HTTP protocol"), "{said}");
}

#[test]
fn errors_are_shown_without_what_moves_the_cursor() {
    let body = br#"{"errors":[{"code":"DENIED","message":"no\u001b[2J way\u0007"}]}"#;
    let said =
        stranger(|_| status("403 Forbidden", &format!("Content-Length: {}\r\n", body.len()), body)).holm(["pull"]);
    drop(said);
    let stranger = stranger(|_| status("500 Oops", &format!("Content-Length: {}\r\n", body.len()), body));
    let said = stranger.fails(125);
    assert!(said.contains("answers 500 Internal Server Error for the manifest 1: no[2J way"), "{said}");
}
