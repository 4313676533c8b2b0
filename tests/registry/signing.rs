//! Signatures, made and checked by Holm and by OpenSSL as cosign would.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::http::{MANIFEST, WASM, descriptor, digest, manifest};
use crate::registry::{Registry, bytes, registry};
use crate::stranger::{content, registry_of};
use crate::support::Holm;

const HELLO: &str = "Hello from Holm!\n";
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";

/// A pair of keys in files.
struct Keys {
    private: PathBuf,
    public: PathBuf,
}

fn openssl(words: &[&str]) {
    let output = Command::new("openssl").args(words).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

fn keys(dir: &Path, name: &str, algorithm: &[&str]) -> Keys {
    let (private, public) = (dir.join(format!("{name}.pem")), dir.join(format!("{name}.pub")));
    openssl(&[&["genpkey"], algorithm, &["-out", private.to_str().unwrap()]].concat());
    openssl(&["pkey", "-in", private.to_str().unwrap(), "-pubout", "-out", public.to_str().unwrap()]);
    Keys { private, public }
}

const ED25519: &[&str] = &["-algorithm", "ed25519"];
const P256: &[&str] = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];

fn push(registry: &Registry, name: &str, file: &str, keys: &Keys) -> String {
    let pushed = registry.holm(["push", "--sign"]).arg(&keys.private).arg(registry.at(name)).guest(file).prints();
    pushed.trim_end().replace("[registry]", &registry.address().to_string())
}

fn run(registry: &Registry, name: &str, key: &Path) -> Holm {
    registry.holm(["run", "--verify"]).arg(key).arg(format!("oci://{}", registry.at(name)))
}

#[test]
fn what_one_signed_runs_for_who_trusts_it_and_for_nobody_else() {
    let Some(registry) = registry() else { return };
    for algorithm in [ED25519, P256] {
        let (own, other) = (keys(registry.home(), "own", algorithm), keys(registry.home(), "other", algorithm));
        push(&registry, "hello:1", "hello.p1.wasm", &own);
        assert_eq!(run(&registry, "hello:1", &own.public).prints(), HELLO);
        let said = run(&registry, "hello:1", &other.public).fails(126);
        assert!(said.contains("by this key"), "{said}");
        // Two may sign one thing.
        push(&registry, "hello:1", "hello.p1.wasm", &other);
        assert_eq!(run(&registry, "hello:1", &other.public).prints(), HELLO);
        assert_eq!(run(&registry, "hello:1", &own.public).prints(), HELLO);
    }
}

#[test]
fn what_nobody_signed_does_not_run() {
    let Some(registry) = registry() else { return };
    let own = keys(registry.home(), "own", ED25519);
    registry.push("hello:1", "hello.p1.wasm");
    for command in ["pull", "run", "inspect"] {
        let words =
            registry.holm([command, "--verify"]).arg(&own.public).arg(format!("oci://{}", registry.at("hello:1")));
        let said = words.fails(126);
        assert!(said.contains("is not signed\nhint: `holm push --sign KEY`"), "{said}");
    }
    // A tag that is moved from what was signed to something else.
    push(&registry, "app:1", "hello.p1.wasm", &own);
    assert_eq!(run(&registry, "app:1", &own.public).prints(), HELLO);
    registry.push("app:1", "exit.p1.wasm");
    assert!(run(&registry, "app:1", &own.public).fails(126).contains("is not signed"));
}

#[test]
fn a_signature_is_looked_at_before_anything_that_was_signed() {
    let own = keys(tempfile::tempdir().unwrap().keep().as_path(), "own", ED25519);
    let stranger = registry_of(content("this is not even JSON", &[]));
    let said = stranger.holm(["pull", "--verify"]).arg(&own.public).arg(stranger.reference()).fails(126);
    assert!(said.contains("is not signed"), "{said}");
    stranger.left_nothing();
}

#[test]
fn a_file_has_no_signature_to_check() {
    let Some(registry) = registry() else { return };
    let own = keys(registry.home(), "own", ED25519);
    let said = registry.holm(["run", "--verify"]).arg(&own.public).guest("hello.p1.wasm").fails(125);
    assert!(said.contains("is not on a registry, where --verify finds signatures"), "{said}");
    let said = registry.holm(["run", "--verify", "/nowhere/key.pub", "oci://localhost:1/a"]).fails(125);
    assert!(said.contains("cannot read the key /nowhere/key.pub"), "{said}");
}

#[test]
fn what_was_verified_once_is_verified_again_without_the_registry() {
    let Some(mut registry) = registry() else { return };
    let (own, other) = (keys(registry.home(), "own", ED25519), keys(registry.home(), "other", ED25519));
    let pushed = push(&registry, "hello:1", "hello.p1.wasm", &own);
    registry.holm(["pull", "--verify"]).arg(&own.public).arg(&pushed).prints();
    registry.stop();
    let by_digest = |keys: &Keys| registry.holm(["run", "--verify"]).arg(&keys.public).arg(&pushed);
    assert_eq!(by_digest(&own).prints(), HELLO);
    assert_eq!(by_digest(&other).ends().stdout, "");
    let kept = registry.cache().join("oci/signatures").join(pushed.rsplit(':').next().unwrap());
    let text = fs::read_to_string(&kept).unwrap();
    fs::write(&kept, text.replacen("\"signature\":\"", "\"signature\":\"AAAA", 1)).unwrap();
    assert_eq!(by_digest(&own).ends().stdout, "");
}

#[test]
fn openssl_finds_our_signatures_where_cosign_looks_for_them() {
    let Some(registry) = registry() else { return };
    let own = keys(registry.home(), "own", P256);
    let pushed = push(&registry, "hello:1", "hello.p1.wasm", &own);
    let tag = pushed.split_once('@').unwrap().1.replace(':', "-");
    let by_cosign = registry.manifest("hello", &format!("{tag}.sig"));
    let listed = registry.manifest("hello", &tag);
    assert_eq!(listed["mediaType"], "application/vnd.oci.image.index.v1+json");
    assert_eq!(listed["manifests"][0]["artifactType"], "application/vnd.dev.cosign.artifact.sig.v1+json");
    let referring = registry.manifest("hello", listed["manifests"][0]["digest"].as_str().unwrap());
    assert_eq!(referring["subject"]["digest"], pushed.split_once('@').unwrap().1);
    for signatures in [&by_cosign, &referring] {
        let layer = &signatures["layers"][0];
        assert_eq!(layer["mediaType"], "application/vnd.dev.cosign.simplesigning.v1+json");
        let (payload, signature) = (registry.home().join("payload"), registry.home().join("signature"));
        fs::write(&payload, registry.blob("hello", layer["digest"].as_str().unwrap())).unwrap();
        fs::write(&signature, STANDARD.decode(layer["annotations"][SIGNATURE].as_str().unwrap()).unwrap()).unwrap();
        let [key, signature, payload] = [&own.public, &signature, &payload].map(|path| path.to_str().unwrap());
        openssl(&["dgst", "-sha256", "-verify", key, "-signature", signature, payload]);
    }
}

#[test]
fn signatures_of_cosign_are_ours() {
    let Some(registry) = registry() else { return };
    let own = keys(registry.home(), "own", P256);
    let pushed = registry.push("hello:1", "hello.p1.wasm");
    let signed = pushed.split_once('@').unwrap().1;
    let payload = format!(
        r#"{{"critical":{{"identity":{{"docker-reference":"{}"}},"image":{{"docker-manifest-digest":"{signed}"}},"type":"cosign container image signature"}},"optional":{{"who":"ada"}}}}"#,
        registry.at("hello")
    );
    let (text, signature) = (registry.home().join("payload"), registry.home().join("signature"));
    fs::write(&text, &payload).unwrap();
    let paths = [&own.private, &signature, &text].map(|path| path.to_str().unwrap());
    openssl(&["dgst", "-sha256", "-sign", paths[0], "-out", paths[1], paths[2]]);
    let signature = STANDARD.encode(fs::read(&signature).unwrap());
    let annotation = format!(r#","annotations":{{"{SIGNATURE}":"{signature}"}}"#);
    registry.put_blob("hello", payload.as_bytes());
    registry.put_blob("hello", b"{}");
    let layer = descriptor("application/vnd.dev.cosign.simplesigning.v1+json", payload.as_bytes(), &annotation);
    registry.put_manifest("hello", &format!("{}.sig", signed.replace(':', "-")), MANIFEST, &manifest(&layer));
    assert_eq!(run(&registry, "hello:1", &own.public).prints(), HELLO);
}

#[test]
fn a_registry_with_the_api_is_asked_through_it() {
    let dir = tempfile::tempdir().unwrap();
    let own = keys(dir.path(), "own", ED25519);
    let hello = bytes("hello.p1.wasm");
    let text = manifest(&descriptor(WASM, &hello, ""));
    let signed = digest(text.as_bytes());
    let payload = format!(
        r#"{{"critical":{{"identity":{{"docker-reference":""}},"image":{{"docker-manifest-digest":"{signed}"}},"type":"cosign container image signature"}},"optional":null}}"#
    );
    let (file, signature) = (dir.path().join("payload"), dir.path().join("signature"));
    fs::write(&file, &payload).unwrap();
    let paths = [&own.private, &file, &signature].map(|path| path.to_str().unwrap());
    openssl(&["pkeyutl", "-sign", "-rawin", "-inkey", paths[0], "-in", paths[1], "-out", paths[2]]);
    let annotation =
        format!(r#","annotations":{{"{SIGNATURE}":"{}"}}"#, STANDARD.encode(fs::read(&signature).unwrap()));
    let layer = descriptor("application/vnd.dev.cosign.simplesigning.v1+json", payload.as_bytes(), &annotation);
    let signatures = manifest(&layer);
    let mut all = content(&text, &[&hello, payload.as_bytes()]);
    all.insert(format!("manifests/{}", digest(signatures.as_bytes())), signatures.clone().into_bytes());
    let entry = descriptor(
        MANIFEST,
        signatures.as_bytes(),
        r#","artifactType":"application/vnd.dev.cosign.artifact.sig.v1+json""#,
    );
    let index =
        format!(r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{entry}]}}"#);
    all.insert(format!("referrers/{signed}"), index.into_bytes());
    let stranger = registry_of(all);
    let run = stranger.holm(["run", "--verify"]).arg(&own.public).arg(format!("oci://{}", stranger.reference()));
    assert_eq!(run.prints(), HELLO);
}
