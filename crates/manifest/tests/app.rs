//! A manifest is read into an app, with every path beside the manifest's own.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use holm_grants::{Ask, Audit, Grants, NetGrant, Proto, parse_duration, parse_size};
use holm_manifest::{App, Guest, MAX_BYTES, ManifestError};
use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};

fn parse(text: &str) -> App {
    App::parse(text, Path::new("app/holm.toml")).unwrap()
}

fn only(app: &App) -> &Guest {
    let [guest] = app.guests.as_slice() else { panic!("not one guest: {app:?}") };
    guest
}

const FULL: &str = r#"
holm = 1
name = "thumbs"
guest = "thumbs.wasm"
args = ["--fast"]
abi = "wasi"
deterministic = true
features = ["wide-arithmetic"]

[grants]
dir = ["./data:/data:ro"]
env = ["MODE=prod", "HOME"]
net = "api.example.com:443"
listen = "127.0.0.1:8080"
http = ["https://api.example.com"]
kv = ["default"]
config = { colour = "blue" }

[limits]
memory = "64MiB"
cpu = "10s"
wall = 30
fuel = 1_000_000
stack = 1048576
max-output = "10MiB"
table-elements = 10000
"#;

#[test]
fn every_key_is_read() {
    let app = parse(FULL);
    let guest = only(&app);
    assert_eq!(app.name.as_deref(), Some("thumbs"));
    assert_eq!(guest.file, Some(PathBuf::from("app/thumbs.wasm")));
    assert_eq!(guest.args, ["--fast"]);
    assert_eq!(guest.abi.as_deref(), Some("wasi"));
    assert!(guest.deterministic);
    assert_eq!(guest.features, ["wide-arithmetic"]);
    assert_eq!(guest.grants.dirs[0].to_string(), "app/data::/data:ro");
    assert_eq!(guest.grants.env["MODE"], "prod");
    assert_eq!(guest.env_from_host, ["HOME"]);
    assert_eq!(guest.grants.net, ["api.example.com:443".parse().unwrap()]);
    assert_eq!(guest.grants.listen, ["127.0.0.1:8080".parse().unwrap()]);
    assert_eq!(guest.grants.http, ["https://api.example.com".parse().unwrap()]);
    assert_eq!(guest.grants.kv, ["default"]);
    assert_eq!(guest.grants.config["colour"], "blue");
    assert_eq!(guest.limits.memory, parse_size("64MiB").ok());
    assert_eq!(guest.limits.cpu, parse_duration("10s").ok());
    assert_eq!(guest.limits.wall, parse_duration("30s").ok());
    assert_eq!(guest.limits.fuel, Some(1_000_000));
    assert_eq!(guest.limits.stack, parse_size("1MiB").ok());
    assert_eq!(guest.limits.max_output, parse_size("10MiB").ok());
    assert_eq!(guest.limits.table_elements, Some(10_000));
}

#[test]
fn a_version_alone_is_a_manifest_that_grants_nothing() {
    assert_eq!(parse("holm = 1"), App::default());
}

#[test]
fn variables_may_be_a_table() {
    let app = parse("holm = 1\ngrants.env = { MODE = \"a=b\", EMPTY = \"\" }");
    assert_eq!(only(&app).grants.env["MODE"], "a=b");
    assert_eq!(only(&app).grants.env["EMPTY"], "");
}

#[test]
fn an_absolute_path_stays_where_it_is() {
    let app = parse("holm = 1\nguest = \"/opt/g.wasm\"\ngrants.dir = [\"/srv\", \".\"]");
    assert_eq!(only(&app).file, Some(PathBuf::from("/opt/g.wasm")));
    assert_eq!(only(&app).grants.dirs[0].to_string(), "/srv");
    assert_eq!(only(&app).grants.dirs[1].to_string(), "app::.");
}

#[test]
fn a_manifest_is_loaded_from_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("holm.toml");
    fs::write(&path, "holm = 1\nguest = \"./g.wasm\"").unwrap();
    assert_eq!(only(&App::load(&path).unwrap()).file, Some(folder.path().join("g.wasm")));
}

#[test]
fn a_file_that_cannot_be_a_manifest_is_refused_before_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("holm.toml");
    assert!(matches!(App::load(&path), Err(ManifestError::Read { .. })));

    fs::write(&path, b"\0asm\x01\0\0\0\xff").unwrap();
    let error = App::load(&path).unwrap_err().to_string();
    assert!(error.ends_with("it is not UTF-8 text, so it cannot be a manifest; is it the guest itself?"));

    fs::write(&path, "#".repeat(MAX_BYTES as usize + 1)).unwrap();
    assert!(matches!(App::load(&path), Err(ManifestError::TooLarge { .. })));
}

/// Texts of grants as people write them, to be mixed.
fn grants() -> impl Strategy<Value = Grants> {
    let pairs = || prop::collection::btree_map("[^=\0]{1,8}", "[^\0]{0,8}", 0..4);
    let nets = ["*", "tcp://a.example:80", "[::1]:5", "10.0.0.0/8:1-9", "localhost"];
    let https = ["*", "https://a.example/v1", "a.example", "http://[::1]:3000"];
    (
        pairs(),
        pairs(),
        prop::collection::vec("[^\0]{1,8}", 0..4),
        prop::sample::subsequence(nets.to_vec(), 0..5),
        prop::sample::subsequence(https.to_vec(), 0..4),
    )
        .prop_map(|(env, config, mut kv, nets, https)| {
            kv.sort();
            kv.dedup();
            let mut net: Vec<NetGrant> = nets.iter().map(|text| text.parse().unwrap()).collect();
            // Written in the order of their text.
            net.sort_by_key(NetGrant::to_string);
            let mut http: Vec<_> = https.iter().map(|text| text.parse().unwrap()).collect();
            http.sort_by_key(holm_grants::HttpGrant::to_string);
            let dirs = vec!["/srv/a b::/d\"q:ro".parse().unwrap()];
            let listens = net.iter().filter(|grant| NetGrant::parse_listen(&grant.to_string()).is_ok());
            let blob = kv.iter().map(|name| format!("blob-{name}")).collect();
            let sql = kv.iter().map(|name| format!("sql-{name}")).collect();
            let models = kv.iter().map(|name| format!("model-{name}")).collect();
            let outbound = vec!["*://10.0.0.0/8:8000-8099".parse().unwrap(), "redis://cache.example".parse().unwrap()];
            let listen = listens.cloned().collect();
            Grants { dirs, env, config, kv, blob, sql, models, outbound, listen, net, http, ..Grants::default() }
        })
}

/// Asks as a hostile guest would make them.
fn ask() -> impl Strategy<Value = Ask> {
    let text = || prop_oneof![any::<String>(), "[a-z:/=*.\\[\\]\"'#\n]{0,12}"];
    prop_oneof![
        (text(), any::<bool>()).prop_map(|(path, write)| Ask::Dir { path, write }),
        text().prop_map(Ask::Env),
        text().prop_map(Ask::lookup),
        text().prop_map(|target| Ask::Net { proto: Some(Proto::Udp), target }),
        text().prop_map(|target| Ask::Listen { proto: Proto::Tcp, target }),
        text().prop_map(|url_origin| Ask::Http { url_origin }),
        text().prop_map(Ask::Kv),
        text().prop_map(Ask::Sql),
        text().prop_map(Ask::Model),
        text().prop_map(Ask::Config),
    ]
}

proptest! {
    #[test]
    fn what_grants_write_a_manifest_reads(grants in grants()) {
        let app = parse(&format!("holm = 1\n{}", grants.to_manifest()));
        prop_assert_eq!(&only(&app).grants, &grants);
    }

    #[test]
    fn what_an_audit_writes_can_be_pasted(asks in prop::collection::vec(ask(), 0..20)) {
        let audit = Audit::new();
        asks.into_iter().for_each(|ask| audit.denied(ask));
        let text = format!("holm = 1\n{}", audit.manifest_text());
        let app = App::parse(&text, Path::new("holm.toml"));
        prop_assert!(app.is_ok(), "{}\n{}", text, app.unwrap_err());
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>()) {
        let _ = App::parse(&text, Path::new("holm.toml"));
    }

    #[test]
    fn no_damage_to_a_manifest_makes_the_parser_panic(
        at in 0..FULL.len(),
        length in 0..40_usize,
        insert in "[\\[\\]{}\"'=.,#\n0-9a-z\u{fc} -]{0,6}",
    ) {
        let mut text = FULL.to_owned();
        text.replace_range(at..FULL.len().min(at + length), &insert);
        let _ = App::parse(&text, Path::new("holm.toml"));
    }
}
