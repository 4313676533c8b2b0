//! Requests: routes, what guests are told of them, responses without a guest, calls within an app, refusals.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::thread;

use tempfile::TempDir;

use crate::server::{Server, start};
use crate::support::{guest, holm};

const KITS: [&str; 2] = ["serve-kit.p2.wasm", "serve-kit.p3.wasm"];

/// An app in a folder, and the server that serves it.
struct Served {
    server: Server,
    _folder: TempDir,
}

impl std::ops::Deref for Served {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

/// Serves an app with these components and triggers.
fn serve(rest: &str) -> Served {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("spin_manifest_version = 2\n[application]\nname = \"shop\"\nversion = \"1.2.3\"\n{rest}\n");
    fs::write(folder.path().join("spin.toml"), text).unwrap();
    let command = holm(["serve", "--addr", "127.0.0.1:0"]).env("HOLM_STATE_DIR", folder.path().join("state"));
    Served { server: start(command.arg(folder.path())), _folder: folder }
}

/// A component, with further keys of its table.
fn component(name: &str, file: &str, rest: &str) -> String {
    format!("[component.{name}]\nsource = \"{}\"\n{rest}\n", guest(file).display())
}

/// A trigger that leads this route to a component.
fn route(component: &str, route: &str) -> String {
    format!("[[trigger.http]]\ncomponent = \"{component}\"\nroute = {route}\n")
}

/// The headers that the kit says it sees.
fn told(body: &str) -> BTreeMap<&str, &str> {
    body.lines().filter_map(|line| line.split_once(": ")).collect()
}

#[test]
fn requests_are_led_as_spin_leads_them() {
    let app = serve(
        &[
            component("kit", KITS[0], ""),
            component("hello", "serve-hello.p2.wasm", ""),
            route("hello", "\"/hello\""),
            route("kit", "\"/status/...\""),
            route("kit", "\"/users/:id\""),
            route("hello", "\"/users/me\""),
        ]
        .concat(),
    );
    for (path, status) in [
        ("/hello", 200),
        ("/hello/", 200),
        ("//hello", 200),
        ("/hello/x", 404),
        ("/status/418", 418),
        ("/status", 404),
        ("/users/me", 200),
        ("/", 404),
    ] {
        assert_eq!(app.get(path).said().0, status, "{path}");
    }
    assert!(app.get("/hello/x").body.contains("nothing is served here"));
    assert!(
        !app.get("/users/7").body.contains("nothing is served here"),
        "the kit has nothing there, and says so itself"
    );
}

#[test]
fn names_of_segments_are_told_and_nobody_else_can_say_them() {
    for kit in KITS {
        let app = serve(&[component("kit", kit, ""), route("kit", "\"/:what_it_is\"")].concat());
        let mut client = app.client();
        let forged = "spin-path-match-what-it-is: forged\r\nspin-path-match-id: forged\r\nspin-own: kept";
        client.send(format!("GET /headers HTTP/1.1\r\nhost: localhost\r\n{forged}\r\n\r\n"));
        let response = client.response();
        let told = told(response.said().1);
        assert_eq!((told["spin-path-match-what-it-is"], told["spin-own"]), ("headers", "kept"), "{kit}: {told:?}");
        assert!(!response.body.contains("forged"), "{kit}: {}", response.body);
    }
}

#[test]
fn what_a_guest_is_told_is_what_spin_tells() {
    for kit in KITS {
        let app = serve(&[component("kit", kit, ""), route("kit", "\"/...\"")].concat());
        let mut client = app.client();
        let forged = "spin-client-addr: 1.2.3.4:5\r\nspin-path-info: /forged\r\nspin-path-match-id: forged";
        client.send(format!("GET /headers?c=d HTTP/1.1\r\nhost: shop.example:81\r\n{forged}\r\n\r\n"));
        let response = client.response();
        let told = told(response.said().1);
        for (name, value) in [
            ("spin-full-url", "http://shop.example:81/headers?c=d"),
            ("spin-path-info", "/headers"),
            ("spin-matched-route", "/..."),
            ("spin-raw-component-route", "/..."),
            ("spin-component-route", ""),
            ("spin-base-path", "/"),
        ] {
            assert_eq!(told.get(name).copied().unwrap_or(""), value, "{kit} {name}");
        }
        assert!(told["spin-client-addr"].starts_with("127.0.0.1:"), "{kit}: {told:?}");
        assert_eq!(told.get("spin-path-match-id"), None, "{kit}");
        assert_eq!(response.body.matches("spin-client-addr").count(), 1, "{kit}: {}", response.body);
    }
}

#[test]
fn an_app_says_that_it_is_well_and_what_it_is_without_its_guests() {
    let app = serve(&[component("kit", KITS[0], ""), route("kit", "\"/...\"")].concat());
    assert_eq!(app.get("/.well-known/spin/health").said(), (200, "OK"));
    let info = app.get("/.well-known/spin/info");
    assert_eq!(info.head.header("content-type"), Some("application/json"));
    assert_eq!(info.said().1, "{\n  \"name\": \"shop\",\n  \"version\": \"1.2.3\"\n}");
    assert_eq!(app.get("/.well-known/spin/other").said(), (404, ""));
}

#[test]
fn a_response_that_is_always_the_same_needs_no_guest() {
    let moved = "[[trigger.http]]\nroute = \"/old/...\"\nstatic_response = { status_code = 302, headers = { location = \"/new\" }, body = \"moved\" }\n";
    let fallback = "[[trigger.http]]\nroute = \"/...\"\nstatic_response = { status_code = 404 }\n";
    let app = serve(&[&component("kit", KITS[0], ""), &route("kit", "\"/status/...\""), moved, fallback].concat());
    let response = app.get("/old/page");
    assert_eq!((response.head.header("location"), response.said()), (Some("/new"), (302, "moved")));
    assert_eq!(app.get("/other").said(), (404, ""));
    assert_eq!(app.get("/status/201").said().0, 201);
}

#[test]
fn guests_call_each_other_by_spins_names_where_they_may() {
    for kit in KITS {
        let back = [component("back", KITS[0], ""), route("back", "{ private = true }")].concat();
        let front = |hosts: &str| {
            let hosts = format!("allowed_outbound_hosts = [{hosts}]");
            serve(&[component("front", kit, &hosts), route("front", "\"/...\""), back.clone()].concat())
        };
        let app = front("\"http://back.spin.internal\"");
        let response = app.get("/fetch?url=http://back.spin.internal/headers?a=b");
        let (status, body) = response.said();
        assert_eq!(status, 200, "{kit}: {body}");
        assert!(
            body.contains("path /headers?a=b\n") && body.contains("authority back.spin.internal\n"),
            "{kit}: {body}"
        );
        let told = told(body);
        assert_eq!((told["spin-path-info"], told["spin-raw-component-route"]), ("/headers", "/..."), "{kit}: {body}");
        assert_eq!(told["spin-client-addr"], "0.0.0.0:0", "{kit}");
        app.logs(&["GET back.spin.internal/headers 200", "caller="]);
        assert_eq!(app.get("/fetch?url=http://other.spin.internal/").head.status, 502, "{kit}");
        app.logs(&["front asked for more", "allowed_outbound_hosts", "http://other.spin.internal"]);

        for all in ["\"http://*.spin.internal\"", "\"*://*:*\""] {
            let app = front(all);
            assert_eq!(app.get("/fetch?url=http://back.spin.internal/status/201").said().0, 201, "{kit} {all}");
            assert_eq!(app.get("/fetch?url=http://nobody.spin.internal/").head.status, 502, "{kit} {all}");
        }
        assert_eq!(front("\"http://self\"").get("/fetch?url=http://back.spin.internal/").head.status, 502, "{kit}");
    }
}

#[test]
fn a_guest_asks_its_own_app_by_its_routes() {
    for kit in KITS {
        let routes =
            [component("other", KITS[0], ""), route("front", "\"/fetch\""), route("other", "\"/:what\"")].concat();
        let front = |hosts: &str| {
            let hosts = format!("allowed_outbound_hosts = [{hosts}]");
            serve(&[component("front", kit, &hosts), routes.clone()].concat())
        };
        let app = front("\"http://self\"");
        for own in ["http://self", "http://self.alt", "http://"] {
            let response = app.get(&format!("/fetch?url={own}/headers"));
            let (status, body) = response.said();
            assert_eq!(status, 200, "{kit} {own}: {body}");
            let told = told(body);
            assert_eq!(
                (told["spin-matched-route"], told["spin-path-match-what"]),
                ("/:what", "headers"),
                "{kit}: {body}"
            );
            assert!(body.contains("authority localhost\n"), "{kit}: {body}");
        }
        assert_eq!(app.get("/fetch?url=http://self/a/b").said().0, 404, "{kit}: no route leads there");
        assert_eq!(app.get("/fetch?url=http://self/.well-known/spin/health").said(), (200, "OK"), "{kit}");
        let looped = app.get("/fetch?url=http://self/fetch?url=http://self/headers");
        assert_eq!(looped.head.status, 200, "{kit}: {looped:?}");

        let app = front("\"https://example.com\"");
        for own in ["http://self.alt", "http://"] {
            assert_eq!(app.get(&format!("/fetch?url={own}/headers")).head.status, 502, "{kit}");
        }
        app.logs(&["front asked for more", "`allowed_outbound_hosts = [\"http://self\"]`"]);
    }
}

/// A server that answers every request with `neighbour`.
fn neighbour() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(&stream).lines();
            while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
            let response = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\nconnection: close\r\n\r\nneighbour";
            let _ = (&stream).write_all(response.as_bytes());
        }
    });
    port
}

#[test]
fn a_guest_reaches_the_servers_it_may_and_is_told_of_in_the_log_where_it_may_not() {
    let port = neighbour();
    for kit in KITS {
        let front = |hosts: &str| {
            let hosts = format!("allowed_outbound_hosts = [{hosts}]");
            serve(&[component("front", kit, &hosts), route("front", "\"/...\"")].concat())
        };
        let ask = |app: &Served, host: &str| app.get(&format!("/fetch?url=http://{host}/")).head.status;
        for granted in [&format!("http://127.0.0.1:{port}"), "http://*:*", "*://127.0.0.0/8:1..65535"] {
            assert_eq!(ask(&front(&format!("\"{granted}\"")), &format!("127.0.0.1:{port}")), 200, "{kit} {granted}");
        }
        let named = front(&format!("\"http://localhost:{port}\""));
        assert_eq!(ask(&named, &format!("localhost:{port}")), 200, "{kit}");
        assert_eq!(ask(&named, "example.com"), 502, "{kit}");
        named.logs(&["front asked for more", "`allowed_outbound_hosts = [\"http://example.com\"]`"]);

        let wide = front("\"http://*:*\"");
        assert_eq!(ask(&wide, "169.254.169.254"), 502, "{kit}");
        wide.logs(&["front asked for more", "`allowed_outbound_hosts = [\"http://169.254.169.254\"]`"]);
    }
}

#[test]
fn a_program_answers_as_wagi() {
    let wagi = |argv: &str| format!("executor = {{ type = \"wagi\"{argv} }}\n");
    let app = serve(
        &[
            component("cgi", "cgi.p1.wasm", ""),
            component("cgi2", "cgi.p1.wasm", ""),
            route("cgi", "\"/shop/:id/...\"") + &wagi(""),
            route("cgi2", "\"/own\"") + &wagi(", argv = \"one ${ARGS} ${SCRIPT_NAME}\""),
        ]
        .concat(),
    );
    let response = app.get("/shop/42/x%20y?env");
    let env: BTreeMap<&str, &str> = response.said().1.lines().filter_map(|line| line.split_once('=')).collect();
    for (name, value) in [
        ("X_MATCHED_ROUTE", "/shop/:id/..."),
        ("X_COMPONENT_ROUTE", "/shop/:id"),
        ("X_RAW_COMPONENT_ROUTE", "/shop/:id/..."),
        ("X_FULL_URL", "http://localhost/shop/42/x%20y?env"),
        ("X_BASE_PATH", "/"),
        ("X_PATH_MATCH_ID", "42"),
        ("PATH_INFO", "/x%20y"),
        ("PATH_TRANSLATED", "/x y"),
        ("SCRIPT_NAME", "/shop/:id"),
        ("SERVER_SOFTWARE", "WAGI/1"),
        ("CONTENT_LENGTH", "0"),
        ("HTTP_HOST", "localhost"),
    ] {
        assert_eq!(env.get(name), Some(&value), "{name}: {env:?}");
    }
    assert!(env["X_CLIENT_ADDR"].starts_with("127.0.0.1:") && !env.contains_key("HTTP_SPIN_FULL_URL"), "{env:?}");
    assert_eq!(app.get("/shop/1?args").said(), (200, "/shop/1\nargs\n"));
    assert_eq!(app.get("/own?args").said(), (200, "one\nargs\n/own\n"));
    let mut client = app.client();
    client.send("POST /shop/1?env HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n");
    client.send_chunk("four");
    client.send_chunk("five5");
    client.send("0\r\n\r\n");
    let response = client.response();
    assert!(response.said().1.contains("CONTENT_LENGTH=9\n"), "{response:?}");
    assert_eq!(app.get("/shop/1?silent").said().0, 500);
}

#[test]
fn a_guest_that_fails_is_an_error_of_the_server() {
    for kit in KITS {
        let app = serve(&[component("kit", kit, ""), route("kit", "\"/...\"")].concat());
        let response = app.get("/trap");
        assert_eq!(response.said().0, 500, "{kit}");
        app.logs(&["GET localhost/trap 500"]);
        assert_eq!(app.get("/error").said().0, 500, "{kit}");
    }
}
