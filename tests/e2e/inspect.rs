//! What `holm inspect` advises.

use serde_json::Value as Json;

use crate::support::holm;

fn inspected(name: &str) -> Json {
    serde_json::from_str(&holm(["inspect", "--json"]).guest(name).prints()).unwrap()
}

#[test]
fn a_handler_of_http_requests_is_served_without_a_grant() {
    for name in ["serve-hello.p2.wasm", "serve-hello.p3.wasm"] {
        let shown = inspected(name);
        assert_eq!(shown["run_with"], format!("holm serve prebuilt/{name}"), "{shown}");
        assert_eq!(shown["obstacle"], Json::Null);
        assert_eq!(provision(&shown, "wasi:http/types@"), "always");
    }
}

#[test]
fn only_a_guest_that_sends_http_requests_is_told_of_the_flag() {
    for (name, sends) in [("http.p2.wasm", "wasi:http/outgoing-handler@"), ("serve-kit.p3.wasm", "wasi:http/client@")] {
        let shown = inspected(name);
        assert_eq!(provision(&shown, sends), "grant", "{shown}");
        assert_eq!(provision(&shown, "wasi:http/types@"), "always", "{shown}");
    }
}

fn provision(shown: &Json, interface: &str) -> String {
    let imports = shown["imports"].as_array().unwrap();
    let named = |group: &&Json| group["interface"].as_str().is_some_and(|name| name.starts_with(interface));
    imports.iter().find(named).unwrap()["satisfied_by"]["kind"].as_str().unwrap().to_owned()
}
