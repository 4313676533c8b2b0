//! `holm serve` on a folder with a `spin.toml`.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;

use crate::app::{App, HEAD, HELLO, becomes, manifest};
use crate::server::start;

const SDK3: &str = "\"spin-sdk3-hello.wasm\"";

#[test]
fn components_of_several_sdks_are_served_as_they_are() {
    let http = |name: &str| format!("[[trigger.http]]\nroute = \"/{name}/...\"\ncomponent = \"{name}\"\n");
    let component = |name: &str| format!("[component.{name}]\nsource = \"spin-{name}-hello.wasm\"\n");
    let all = ["sdk2", "sdk3", "sdk7"];
    let text = all.map(|name| http(name) + &component(name)).concat();
    let app = App::of(
        &format!("{HEAD}{text}"),
        &all.map(|name| format!("spin-{name}-hello.wasm")).each_ref().map(String::as_str),
    );
    let server = app.serve(&[]);
    for name in all {
        assert_eq!(server.get(&format!("/{name}/a/b")).said(), HELLO, "{name}");
    }
    assert_eq!(server.get("/").said().0, 404);
    // Its name is not one that apps of ours have.
    server.logs(&["my-app", "guest=sdk3", "200"]);
}

#[test]
fn the_manifest_of_the_first_version_is_served_and_its_file_may_have_any_name() {
    let app = App::new();
    app.put("a.wasm", "spin-sdk3-hello.wasm");
    let text = "spin_manifest_version = \"1\"\nname = \"old\"\nversion = \"1.0.0\"\ntrigger = { type = \"http\", base = \"/\" }\n\
                [[component]]\nid = \"web\"\nsource = \"a.wasm\"\n[component.trigger]\nroute = \"/hello\"\n";
    app.write("production.toml", text);
    let server = start(app.holm(&["serve", "production.toml", "--addr", "127.0.0.1:0"]));
    assert_eq!(server.get("/hello").said(), HELLO);
    assert_eq!(server.get("/else").said().0, 404);
}

#[test]
fn beside_a_holm_toml_a_spin_toml_is_not_read_and_that_is_said() {
    let app = App::of("this is no manifest", &["serve-hello.p2.wasm"]);
    app.write("holm.toml", "holm = 1\nname = \"ours\"\nguest = \"serve-hello.p2.wasm\"\n");
    let mut command = app.holm(&["serve", ".", "--addr", "127.0.0.1:0"]);
    let mut child = command.spawn();
    let mut said = String::new();
    let lines = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().unwrap()));
    for line in lines.map_while(Result::ok) {
        said.push_str(&line);
        if line.starts_with("http://") {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(said.contains("spin.toml beside it is not read"), "{said}");
}

#[test]
fn an_app_is_replaced_when_it_changes_and_no_request_is_lost() {
    let app = App::of(&manifest(SDK3, ""), &["spin-sdk3-hello.wasm", "serve-hello.p2.wasm"]);
    let server = app.serve(&[]);
    let (stop, seen) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut client = server.client();
                while !stop.load(SeqCst) {
                    let response = client.get("/");
                    seen.lock().unwrap().push((response.whole, response.head.status));
                }
            });
        }
        app.write("spin.toml", manifest("\"serve-hello.p2.wasm\"", ""));
        becomes(&server, "/", (200, "Hello from Holm!\n"));
        // What is wrong changes nothing.
        app.write("spin.toml", "spin_manifest_version = 2\n");
        server.logs(&["the configuration is not taken over"]);
        assert_eq!(server.get("/").said(), (200, "Hello from Holm!\n"));
        app.write("spin.toml", manifest(SDK3, ""));
        becomes(&server, "/", HELLO);
        stop.store(true, SeqCst);
    });
    let seen = seen.into_inner().unwrap();
    assert!(!seen.is_empty() && seen.iter().all(|answer| *answer == (true, 200)), "{seen:?}");
}

#[test]
fn what_a_component_keeps_is_its_apps_own_and_is_there_after_a_restart() {
    let app = App::of(&manifest("\"serve-kv.p2.wasm\"", "key_value_stores = [\"default\"]"), &["serve-kv.p2.wasm"]);
    {
        let server = app.serve(&[]);
        assert_eq!(server.get("/set/k/v").said(), (200, "ok\n"));
        assert_eq!(server.get("/get/k?bucket=other").said().0, 500);
    }
    assert_eq!(app.serve(&[]).get("/get/k").said(), (200, "v\n"));
    assert!(app.at(".state/serve/stores/my-app/stores.sqlite").is_file());
    // A folder that is named is another one.
    assert_eq!(app.serve(&["--state-dir", "kept"]).get("/get/k").said(), (200, "(none)\n"));
    app.write("runtime.toml", "state_dir = \"kept\"\n");
    {
        let server = app.serve(&["--runtime-config-file", "runtime.toml"]);
        assert_eq!(server.get("/set/k/w").said(), (200, "ok\n"));
    }
    assert!(app.at("kept/my-app/stores.sqlite").is_file());
}
