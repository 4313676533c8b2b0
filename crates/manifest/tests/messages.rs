//! What a person reads whose manifest is wrong, word for word.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use holm_manifest::App;
use std::path::Path;

fn message(text: &str) -> String {
    App::parse(text, Path::new("holm.toml")).unwrap_err().to_string()
}

#[test]
fn every_problem_is_told_at_once_in_the_order_of_the_text() {
    let text = r#"holm = 1
geust = "thumbs.wasm"
memory = "1GiB"
args = ["--fast", 3]
deterministic = "yes"

[grants]
dir = ["./a:/data", "./b::/data"]
net = ["10.0.0.5/8:5432", "https://api.example.com/v1"]
env = { "A=B" = "c" }
config = { retries = 3 }
kv = ""
sockets = true

[limits]
max_output = "10MiB"
memory = "lots"
fuel = -1
"#;
    assert_eq!(
        message(text),
        r#"14 problems in holm.toml
  holm.toml:2:1: unknown key `geust`; did you mean `guest`?
  holm.toml:3:1: unknown key `memory`; it belongs in [limits]
  holm.toml:4:19: `args` takes a string or an array of strings; this is 3
  holm.toml:5:17: `deterministic` takes true or false; this is of type string
  holm.toml:8:21: the guest path `/data` is given to two directories; rename one
  holm.toml:9:8: `10.0.0.5/8:5432` is not a network grant: a range is written with its first address: 10.0.0.0/8, or 10.0.0.5 alone (example: `api.example.com:443`)
  holm.toml:9:27: `https://api.example.com/v1` is not a network grant: a network grant has no path; to grant part of a site, make it an `http` grant (example: `api.example.com:443`)
  holm.toml:10:9: the name of a variable cannot hold `=`
  holm.toml:11:22: `config` takes a table of strings, as in { NAME = "value" }; this is 3
  holm.toml:12:6: `kv` takes names, and this one is empty
  holm.toml:13:1: unknown key `sockets` in [grants]; the keys are dir, env, net, listen, http, kv, blob, sql, models, outbound, config
  holm.toml:16:1: unknown key `max_output` in [limits]; did you mean `max-output`?
  holm.toml:17:10: `lots` is not a size: it has to begin with a number (example: `64MiB`)
  holm.toml:18:8: `fuel` takes a whole number of at least 0; this is -1"#
    );
}

#[test]
fn another_version_is_told_and_nothing_else() {
    assert_eq!(
        message("holm = 2\nnew-key = true"),
        "1 problem in holm.toml\n  holm.toml:1:8: this Holm reads manifests of version 1, written \
         `holm = 1`; for a newer one, update Holm"
    );
    assert_eq!(
        message("name = \"x\""),
        "1 problem in holm.toml\n  holm.toml:1:1: the manifest's version is missing; begin it with \
         `holm = 1`"
    );
}

#[test]
fn broken_toml_is_told_where_it_breaks() {
    assert_eq!(
        message("holm = 1\nname = \"x"),
        "1 problem in holm.toml\n  holm.toml:2:10: invalid basic string, expected `\"`"
    );
    assert_eq!(message("holm = 1\nname = 'a'\nname = 'b'\n"), "1 problem in holm.toml\n  holm.toml:3:1: duplicate key");
}

#[test]
fn a_table_that_is_none_is_told_how_to_be_written() {
    assert_eq!(
        message("holm = 1\ngrants = \"all\""),
        "1 problem in holm.toml\n  holm.toml:2:10: `grants` takes a table, written [grants]; this is of type string"
    );
}
