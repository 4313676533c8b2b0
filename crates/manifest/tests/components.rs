//! A manifest whose guest is composed of several components.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use holm_manifest::{App, MOST_COMPONENTS};
use std::path::{Path, PathBuf};

fn parse(text: &str) -> App {
    App::parse(&format!("holm = 1\n{text}"), Path::new("app/holm.toml")).unwrap()
}

fn message(text: &str) -> String {
    let error = App::parse(&format!("holm = 1\n{text}"), Path::new("holm.toml")).unwrap_err().to_string();
    error.split_once('\n').unwrap().1.to_owned()
}

#[test]
fn a_guest_has_components_with_grants_of_their_own() {
    let app = parse(
        r#"
        guest = "handler.wasm"
        [imports]
        "acme:model/infer@1.0.0" = "model"
        "acme:log/log" = "host"
        [grants]
        env = "SHARED=1"
        [components.model]
        file = "./model.wasm"
        [components.model.imports]
        "acme:crypto/sign" = "crypto"
        [components.model.grants]
        dir = "./weights:/weights:ro"
        env = ["A=b", "HOME"]
        [components.crypto]
        file = "lib/crypto.wasm"
        [[filters]]
        file = "auth.wasm"
        "#,
    );
    let [guest] = app.guests.as_slice() else { panic!("{app:?}") };
    let [crypto, model] = guest.components.as_slice() else { panic!("{guest:?}") };
    assert_eq!(guest.imports["acme:model/infer@1.0.0"].as_deref(), Some("model"));
    assert_eq!(guest.imports["acme:log/log"], None);
    assert_eq!((crypto.name.as_str(), crypto.place.as_str()), ("crypto", "components.crypto"));
    assert_eq!((crypto.file.as_path(), crypto.imports.len()), (Path::new("app/lib/crypto.wasm"), 0));
    assert!(crypto.grants.is_empty() && crypto.env_from_host.is_empty());
    assert_eq!(model.imports["acme:crypto/sign"].as_deref(), Some("crypto"));
    let dirs: Vec<String> = model.grants.dirs.iter().map(ToString::to_string).collect();
    assert_eq!(dirs, ["app/weights::/weights:ro"]);
    // Nothing is inherited, and nothing is passed on.
    assert_eq!(model.grants.env.keys().collect::<Vec<_>>(), ["A"]);
    assert_eq!(model.env_from_host, ["HOME"]);
    assert_eq!(guest.grants.env.keys().collect::<Vec<_>>(), ["SHARED"]);
    assert!(guest.grants.dirs.is_empty() && guest.env_from_host.is_empty());

    let files = ["app/handler.wasm", "app/lib/crypto.wasm", "app/model.wasm", "app/auth.wasm"];
    assert_eq!(guest.files().collect::<Vec<_>>(), files.map(Path::new));
    let mut guest = guest.clone();
    assert!(guest.files_mut().map(|file| file.clone()).eq(files.map(PathBuf::from)));
}

#[test]
fn each_of_several_guests_has_its_own_components() {
    let app = parse(
        "[grants]\nkv = 'all'\n[guest.a]\nfile = 'a'\n[guest.a.components.m]\nfile = 'am'\n[guest.a.imports]\n\
         'x:y/z' = 'm'\n[guest.b]\nfile = 'b'\n[guest.b.components.m]\nfile = 'bm'\n[guest.b.components.m.grants]\n\
         http = 'http://a.holm.internal'",
    );
    let place = |index: usize| app.guests[index].components[0].place.as_str();
    assert_eq!((place(0), place(1)), ("guest.a.components.m", "guest.b.components.m"));
    assert_eq!(app.guests[0].imports["x:y/z"].as_deref(), Some("m"));
    assert!(app.guests[0].components[0].grants.is_empty());
    assert_eq!(app.guests[1].components[0].grants.http.len(), 1);
}

#[test]
fn every_problem_of_components_is_told_at_once() {
    let text = r#"guest = "app.wasm"
[imports]
"a:b/c" = "modle"
"" = "model"
"a:b/d" = 3
[components.model]
flie = "m.wasm"
dir = "."
args = "x"
memory = "1MiB"
[components.model.grants]
file = "x"
dirs = "."
http = "http://web.holm.internal"
[components.host]
file = ""
[components.Big]
file = "b.wasm"
[components]
flat = "x.wasm"
"#;
    assert_eq!(
        message(text),
        r#"  holm.toml:4:11: no component of this guest is called `modle`; there is Big, flat, host, model, or `host` for what none provides
  holm.toml:5:1: `imports` takes the names of imports, and this one is empty
  holm.toml:6:11: `imports` takes a table of strings, as in { NAME = "value" }; this is 3
  holm.toml:7:13: the component `model` has no `file`; name it
  holm.toml:8:1: unknown key `flie` in [components.model]; did you mean `file`?
  holm.toml:9:1: unknown key `dir` in [components.model]; it belongs in [components.model.grants]
  holm.toml:10:1: unknown key `args` in [components.model]; it belongs above the first table
  holm.toml:11:1: unknown key `memory` in [components.model]; it belongs in [limits]
  holm.toml:13:1: unknown key `file` in [components.model.grants]; it belongs in [components.model]
  holm.toml:14:1: unknown key `dirs` in [components.model.grants]; did you mean `dir`?
  holm.toml:15:8: no guest of this app is called `web`; the app's guests have names only in [guest.NAME] tables
  holm.toml:16:13: `host` stands for what no component provides; give the component another name
  holm.toml:17:8: `file` is empty; give it a value, or leave the key out
  holm.toml:18:13: the name of a component is made of up to 63 lower-case letters, digits and hyphens, as in [components.model]
  holm.toml:21:8: `components` takes a table, written [components.flat]; this is of type string"#
    );
}

#[test]
fn a_guests_components_are_told_by_their_own_headings() {
    let text = r#"[guest.components]
file = "x"
[guest.components.imports]
"a:b/c" = "components"
[guest.components.components.components]
file = "y"
kv = "x"
[guest.components.components.components.grants]
wall = "1s"
imports = "x"
"#;
    assert_eq!(
        message(text),
        r#"  holm.toml:8:1: unknown key `kv` in [guest.components.components.components]; it belongs in [guest.components.components.components.grants]
  holm.toml:10:1: unknown key `wall` in [guest.components.components.components.grants]; it belongs in [guest.components.limits]
  holm.toml:11:1: unknown key `imports` in [guest.components.components.components.grants]; it belongs in [guest.components.components.components]"#
    );
}

#[test]
fn what_has_no_components_has_no_imports() {
    assert_eq!(
        message("guest = 'a'\n[imports]\n'a:b/c' = 'model'"),
        "  holm.toml:3:2: `imports` is of use only with [components.NAME]"
    );
    assert_eq!(
        message("guest = 'a'\ncomponents = 'b.wasm'"),
        "  holm.toml:3:1: a component is a table; write [components.NAME]"
    );
    assert_eq!(
        message("guest = 'a'\n[components]"),
        "  holm.toml:3:2: [components] holds no component; write [components.NAME], or leave it out"
    );
    let upstream = message("upstream = 'http://a.example'\n[components.m]\nfile = 'm'");
    assert_eq!(upstream, "  holm.toml:3:2: an upstream runs no guest that `components` could be for");
    let several = message("[guest.a]\nfile = 'a'\n[components.m]\nfile = 'm'");
    assert!(
        several.contains("`components` is for a single guest; with [guest.NAME] tables, write it in one"),
        "{several}"
    );
}

#[test]
fn components_that_import_each_other_are_refused_by_name() {
    let component = |name: &str, to: &str| {
        format!("[components.{name}]\nfile = '{name}'\n[components.{name}.imports]\n'x:y/z' = '{to}'\n")
    };
    let text = format!("guest = 'g'\n{}{}{}", component("a", "b"), component("b", "c"), component("c", "a"));
    assert_eq!(message(&text), "  holm.toml:14:11: components cannot import each other in a circle: a -> b -> c -> a");
    let itself = format!("guest = 'g'\n{}", component("a", "a"));
    assert_eq!(message(&itself), "  holm.toml:6:11: components cannot import each other in a circle: a -> a");
    // Two ways to one component are no circle.
    parse(
        "guest = 'g'\n[components.a]\nfile = 'a'\n[components.a.imports]\n'x:y/b' = 'b'\n'x:y/c' = 'c'\n\
         [components.b]\nfile = 'b'\n[components.b.imports]\n'x:y/c' = 'c'\n[components.c]\nfile = 'c'",
    );
}

#[test]
fn a_guest_has_a_bounded_number_of_components() {
    let components = (0..=MOST_COMPONENTS).map(|number| format!("[components.c{number}]\nfile = 'f'\n"));
    let told = message(&format!("guest = 'g'\n{}", components.collect::<String>()));
    assert!(told.ends_with("a guest has at most 32 components; this one has 33"), "{told}");
}
