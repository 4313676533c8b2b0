//! `oci://…` wherever a guest is named.

use std::fs;

use serde_json::Value as Json;

use crate::registry::registry;
use crate::server::start;

const HELLO: &str = "Hello from Holm!\n";

#[test]
fn a_guest_on_a_registry_is_run_called_inspected_and_compiled() {
    let Some(registry) = registry() else { return };
    registry.push("team/hello:1", "hello.p2.wasm");
    registry.push("fib:1", "fib.raw.wasm");
    let name = format!("oci://{}", registry.at("team/hello:1"));
    assert_eq!(registry.holm(["run", &name]).prints(), HELLO);
    assert_eq!(registry.holm([name.as_str()]).prints(), HELLO);
    let listed = registry.holm(["call", &format!("oci://{}", registry.at("fib:1"))]).prints();
    assert!(listed.contains("fib"), "{listed}");
    let inspected: Json = serde_json::from_str(&registry.holm(["inspect", "--json", &name]).prints()).unwrap();
    assert_eq!(inspected["form"], "component", "{inspected}");
    let folder = registry.home().join("compiled");
    fs::create_dir(&folder).unwrap();
    registry.holm(["compile", &name]).within(&folder).prints();
    assert_eq!(registry.holm(["run", "hello.cwasm"]).within(&folder).prints(), HELLO);
}

#[test]
fn a_manifest_names_guests_on_registries() {
    let Some(registry) = registry() else { return };
    registry.push("hello:1", "hello.p1.wasm");
    let folder = registry.home().join("app");
    fs::create_dir(&folder).unwrap();
    let name = format!("oci://{}", registry.at("hello:1"));
    fs::write(folder.join("holm.toml"), format!("holm = 1\nguest = \"{name}\"\n")).unwrap();
    assert_eq!(registry.holm(["run"]).within(&folder).prints(), HELLO);
}

#[test]
fn a_server_serves_guests_on_registries_by_name_and_by_manifest() {
    let Some(registry) = registry() else { return };
    registry.push("web:1", "serve-hello.p2.wasm");
    let name = format!("oci://{}", registry.at("web:1"));
    let manifest = registry.home().join("app.toml");
    fs::write(&manifest, format!("holm = 1\nname = \"a\"\nguest = \"{name}\"\nroutes = \"/a\"\n")).unwrap();
    let serve =
        || registry.holm(["serve", "--addr", "127.0.0.1:0"]).env("HOLM_STATE_DIR", registry.home().join("state"));
    for app in [name.as_ref(), manifest.as_os_str()] {
        let server = start(serve().arg(app));
        assert_eq!(server.get("/a").head.status, 200);
    }
    let unknown = format!("oci://{}", registry.at("none:1"));
    let said = serve().arg(&unknown).fails(127);
    assert!(said.contains("[registry] does not have the manifest 1"), "{said}");
}

#[test]
fn a_server_takes_nothing_that_is_not_signed() {
    let Some(registry) = registry() else { return };
    registry.push("web:1", "serve-hello.p2.wasm");
    let (private, public) = (registry.home().join("key.pem"), registry.home().join("key.pub"));
    let openssl = |words: &[&std::ffi::OsStr]| {
        assert!(std::process::Command::new("openssl").args(words).status().unwrap().success())
    };
    openssl(&["genpkey".as_ref(), "-algorithm".as_ref(), "ed25519".as_ref(), "-out".as_ref(), private.as_ref()]);
    openssl(&["pkey".as_ref(), "-in".as_ref(), private.as_ref(), "-pubout".as_ref(), "-out".as_ref(), public.as_ref()]);
    let serve = || {
        let serve = registry.holm(["serve", "--addr", "127.0.0.1:0", "--verify"]).arg(&public);
        serve.env("HOLM_STATE_DIR", registry.home().join("state"))
    };
    let name = format!("oci://{}", registry.at("web:1"));
    assert!(serve().arg(&name).fails(126).contains("is not signed"));
    assert!(serve().guest("serve-hello.p2.wasm").fails(125).contains("is not on a registry"));
    registry.holm(["push", "--sign"]).arg(&private).arg(registry.at("web:1")).guest("serve-hello.p2.wasm").prints();
    assert_eq!(start(serve().arg(&name)).get("/").head.status, 200);
}

#[test]
fn what_is_deployed_is_sent_and_the_server_asks_no_registry() {
    let Some(registry) = registry() else { return };
    registry.push("web:1", "serve-hello.p2.wasm");
    let state = registry.home().join("state");
    let server = start(
        registry
            .holm(["serve", "--addr", "127.0.0.1:0", "--state"])
            .arg(&state)
            .env("HOLM_CACHE_DIR", registry.home().join("server")),
    );
    let deploy = || registry.holm(["deploy", "--to", &format!("unix:{}", state.join("admin.sock").display())]);
    let name = format!("oci://{}", registry.at("web:1"));
    let said = deploy().arg(&name).prints();
    assert!(said.starts_with("web version 1 answers"), "{said}");
    let manifest = registry.home().join("holm.toml");
    fs::write(&manifest, format!("holm = 1\nname = \"web\"\nguest = \"{name}\"\n")).unwrap();
    deploy().arg(&manifest).prints();
    assert_eq!(server.get("/").head.status, 200);
    assert!(!registry.home().join("server/oci").exists());
}
