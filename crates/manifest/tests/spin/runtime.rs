//! `runtime-config.toml`.

use crate::parse;
use holm_grants::Blocked;
use holm_manifest::{Backend, ClientTls, Folder, Llm, Networking, RuntimeConfig, SqlBackend, VariableSource};
use std::path::Path;

fn config(text: &str) -> RuntimeConfig {
    RuntimeConfig::parse(text, Path::new("conf/runtime-config.toml")).unwrap()
}

fn wrong(text: &str) -> String {
    let error = RuntimeConfig::parse(text, Path::new("rc.toml")).unwrap_err().to_string();
    error.split_once('\n').unwrap().1.to_owned()
}

#[test]
fn every_key_is_read() {
    let read = config(
        r#"
        state_dir = "state"
        log_dir = ""
        max_instance_memory = 1000000
        [key_value_store.default]
        type = "spin"
        path = "kv.db"
        [key_value_store.scratch]
        type = "spin"
        [key_value_store.shared]
        type = "redis"
        url = "redis://user:hunter2@cache.example.com/1"
        [sqlite_database.default]
        type = "spin"
        path = "/srv/app.db"
        allow_attach_file = false
        [sqlite_database.scratch]
        type = "spin"
        [sqlite_database.turso]
        type = "libsql"
        url = "https://db.example.com"
        token = "hunter2"
        [llm_compute]
        type = "remote_http"
        url = "https://llm.example.com"
        auth_token = "hunter2"
        api_type = "open_ai"
        [[variables_provider]]
        type = "static"
        values = { a = "hunter2" }
        [[variables_provider]]
        type = "env"
        prefix = "SHOP"
        dotenv_path = "shop.env"
        [[variables_provider]]
        type = "vault"
        url = "http://127.0.0.1:8200"
        token = "hunter2"
        mount = "secret"
        prefix = "shop"
        [[client_tls]]
        component_ids = ["web"]
        hosts = ["db.example.com"]
        ca_roots_file = "roots.pem"
        client_cert_file = "web.pem"
        client_private_key_file = "web.key"
        [outbound_networking]
        block_networks = ["10.0.0.0/8", "fd00::/8", "1.1.1.1", "private"]
        max_socket_connections = 1
        max_total_connections = 2
        [outbound_http]
        connection_pooling = false
        max_connections = 3
        [outbound_redis]
        max_connections = 4
        [outbound_pg]
        max_connections = 5
        [outbound_mysql]
        max_connections = 6
        [outbound_mqtt]
        max_connections = 7
        max_payload_size_bytes = 8
        "#,
    );
    assert_eq!(read.state_dir, Some(Folder::At("conf/state".into())));
    assert_eq!(read.log_dir, Some(Folder::Nowhere));
    assert_eq!(read.max_instance_memory, Some(1_000_000));
    let services = &read.services;
    assert_eq!(services.kv["default"], Backend::Sqlite("conf/kv.db".into()));
    assert_eq!(services.kv["scratch"], Backend::Memory);
    assert_eq!(services.kv["shared"].to_string(), "redis://user:***@cache.example.com:6379/1");
    assert_eq!(services.sql["default"], SqlBackend::File("/srv/app.db".into()));
    assert_eq!(services.sql["scratch"], SqlBackend::Memory);
    let (url, token) = ("https://db.example.com".to_owned(), "hunter2".to_owned().into());
    assert_eq!(services.sql["turso"], SqlBackend::Libsql { url, token });
    let llm = Llm { url: "https://llm.example.com".into(), token: "hunter2".to_owned().into(), openai: true };
    assert_eq!(services.llm, Some(llm));
    let sources = [
        VariableSource::Static([("a".to_owned(), "hunter2".to_owned().into())].into()),
        VariableSource::Env { prefix: "SHOP".into(), dotenv: Some("conf/shop.env".into()) },
        VariableSource::Vault {
            url: "http://127.0.0.1:8200".into(),
            token: "hunter2".to_owned().into(),
            mount: "secret".into(),
            prefix: Some("shop".into()),
        },
    ];
    assert_eq!(services.variables, sources);
    let tls = ClientTls {
        components: vec!["web".into()],
        hosts: vec!["db.example.com".into()],
        platform_roots: false,
        webpki_roots: false,
        roots: Some("conf/roots.pem".into()),
        certificate: Some(("conf/web.pem".into(), "conf/web.key".into())),
    };
    assert_eq!(read.client_tls, [tls]);
    let mut blocked = Blocked::default();
    ["10.0.0.0/8", "fd00::/8", "1.1.1.1", "private"].iter().for_each(|text| blocked.add(text).unwrap());
    let networking = Networking {
        blocked,
        max_sockets: Some(1),
        max_total: Some(2),
        max_http: Some(3),
        keep_http: Some(false),
        max_redis: Some(4),
        max_postgres: Some(5),
        max_mysql: Some(6),
        max_mqtt: Some(7),
        max_mqtt_payload: Some(8),
    };
    assert_eq!(read.networking, networking);
    assert!(!format!("{read:?}").contains("hunter2"));
    let kinds = ["outbound_http", "outbound_redis", "outbound_pg", "outbound_mysql", "outbound_mqtt"];
    assert_eq!(read.unheeded(), [&["client_tls", "outbound_networking.max_socket_connections"][..], &kinds].concat());
    assert_eq!(config("state_dir = 'x'\n[outbound_networking]\nmax_total_connections = 1").unheeded(), [""; 0]);
}

#[test]
fn an_app_asks_here_before_it_asks_the_environment() {
    let mut app = parse("[component.a]\nsource = 'a.wasm'");
    let config = config(
        "max_instance_memory = 65536\n[outbound_networking]\nblock_networks = ['private']\nmax_total_connections = 9\n\
         [key_value_store.default]\ntype = 'redis'\nurl = 'redis://cache'\n\
         [[config_provider]]\ntype = 'env'\nprefix = 'MINE'",
    );
    config.apply_to(&mut app);
    assert_eq!(app.services.kv("default").to_string(), "redis://cache:6379/0");
    let prefixes = app.services.variables.iter().map(|source| match source {
        VariableSource::Env { prefix, dotenv } => (prefix.as_str(), dotenv.is_some()),
        other => panic!("{other:?}"),
    });
    assert_eq!(prefixes.collect::<Vec<_>>(), [("MINE", false), ("SPIN_VARIABLE", true)]);
    let guest = &mut app.guests[0];
    assert_eq!((guest.limits.memory, guest.serve.connections), (Some(65536), Some(9)));
    guest.grants.outbound.push("redis://*".parse().unwrap());
    let dialled = |ip: &str| guest.grants.allows_outbound_at("redis", "a.example", 6379, ip.parse().unwrap());
    assert!(dialled("1.1.1.1") && !dialled("127.0.0.1"));
}

#[test]
fn what_holm_does_not_speak_to_is_refused_with_what_it_does() {
    let why = wrong(
        "[key_value_store.a]\ntype = 'azure_cosmos'\naccount = 'x'\ndatabase = 'y'\ncontainer = 'z'\n\
         [key_value_store.b]\ntype = 'aws_dynamo'\nregion = 'x'\ntable = 'y'\n\
         [[variables_provider]]\ntype = 'azure_key_vault'\nvault_url = 'https://x'\n",
    );
    assert_eq!(
        why,
        "  rc.toml:2:8: Holm does not speak to Azure Cosmos DB; a store is `type = \"spin\"`, in a file, or `type = \
         \"redis\"`\n  \
         rc.toml:7:8: Holm does not speak to Amazon DynamoDB; a store is `type = \"spin\"`, in a file, or `type = \
         \"redis\"`\n  \
         rc.toml:11:8: Holm does not speak to Azure's key vaults; variables come from `static` values, from the \
         environment (`env`), or from HashiCorp's `vault`"
    );
}

#[test]
fn everything_that_is_wrong_is_told_with_its_line_and_without_secrets() {
    let why = wrong(
        r#"statedir = "x"
[key_value_store.a]
path = "x"
[key_value_store.b]
type = "redis"
url = "http://:hunter2@cache"
path = "x"
[key_value_store.c]
type = "sqlite"
[sqlite_database.a]
type = "spin"
allow_attach_file = true
[sqlite_database.b]
type = "libsql"
url = "libsql://:hunter2@db"
[llm_compute]
type = "remote_http"
url = "llm.example.com"
api_type = "openai"
[[variables_provider]]
type = "vault"
url = "http://vault"
mount = "secret"
[[client_tls]]
component_ids = []
hosts = ["a:443"]
client_cert_file = "x"
[outbound_networking]
block_networks = ["10.0.0.0/64", "public"]
[outbound_http]
max_connections = 1
max_concurrent_requests = 1
"#,
    );
    let lines: Vec<&str> = why.lines().map(|line| line.trim_start().trim_start_matches("rc.toml:")).collect();
    let expected = [
        "1:1: unknown key `statedir`; did you mean `state_dir`?",
        "2:18: [key_value_store.a] has no `type`; there are spin, redis",
        "6:7: `url` is not the address of a Redis server",
        "7:1: `path` is of no use in [key_value_store.b] with `type = \"redis\"`",
        "9:8: there is no `sqlite` here; there are spin, redis",
        "12:21: Holm lets no guest attach files",
        "13:18: [sqlite_database.b] has no `token`",
        "15:7: `url` is an address that begins with https:// or http://",
        "16:1: [llm_compute] has no `auth_token`",
        "18:7: `url` is an address that begins with https:// or http://",
        "19:12: there is no `openai` here; there are default, open_ai; did you mean `open_ai`?",
        "20:1: [variables_provider] has no `token`",
        "24:1: [[client_tls]] has no `component_ids`",
        "24:1: `client_cert_file` and `client_private_key_file` belong together",
        "26:10: `a:443` is not a host without a port",
        "29:19: `10.0.0.0/64` is not a network to block",
        "29:34: `public` is not a network to block",
        "32:1: `max_connections` replaced `max_concurrent_requests`",
    ];
    for part in expected {
        assert!(lines.iter().any(|line| line.starts_with(part)), "{part}\n{why}");
    }
    assert_eq!(lines.len(), expected.len(), "{why}");
    assert!(!why.contains("hunter2"));
}
