//! What a component is, and what it may touch.

use crate::{guest, message, names, outbound, parse};
use holm_manifest::{App, Build, Mount, Platform, VariableSource};
use std::path::{Path, PathBuf};

const DIGEST: &str = "6503aabbccddeeff00112233445566778899aabbccddeeff0011223344556677";

#[test]
fn every_key_of_a_component_is_read() {
    let app = parse(
        r#"
        version = "1.2.3"
        description = "A shop"
        authors = ["ann@example.com"]
        targets = ["spin-up:3.3", { url = "https://example.com/env.toml" }, { path = "env.toml" }]
        [application.tool.lint]
        level = "high"
        [variables]
        host = { default = "api.example.com", description = "Where" }
        token = { required = true, secret = true }
        [[trigger.http]]
        route = "/..."
        component = "web"
        [component.web]
        source = "target/web.wasm"
        description = "Pages"
        variables = { url = "https://{{ host }}/v1", token = "{{ token }}", plain = "a" }
        environment = { MODE = "prod", EMPTY = "" }
        files = ["static/**/*", { source = "assets", destination = "/" }, { source = "a.txt", destination = "etc/b.txt" }]
        exclude_files = ["**/*.psd"]
        allowed_outbound_hosts = ["redis://cache.example.com", "https://{{ host }}", "postgres://*:*"]
        allowed_http_hosts = ["old.example.com:8080"]
        key_value_stores = ["default", "my-store", "my_store"]
        sqlite_databases = ["default"]
        ai_models = ["llama2-chat"]
        targets = ["spin-up:3.2"]
        dependencies_inherit_configuration = false
        [component.web.tool.other]
        a = 1
        [component.web.build]
        command = "cargo build --target wasm32-wasip2"
        workdir = "web"
        watch = ["src/**/*.rs"]
        "#,
    );
    assert_eq!((app.name.as_deref(), app.version.as_deref()), (Some("shop"), Some("1.2.3")));
    assert_eq!(app.platform, Platform::Spin);
    let web = guest(&app, "web");
    assert_eq!(web.file, Some(PathBuf::from("app/target/web.wasm")));
    assert_eq!(web.variables.len(), 3);
    assert_eq!(web.variables["url"].variables().collect::<Vec<_>>(), ["host"]);
    assert_eq!(web.variables["plain"].literal().as_deref(), Some("a"));
    let env: Vec<_> = web.grants.env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(env, [("EMPTY", ""), ("MODE", "prod")]);
    let at = |source: &str, destination: &str| Mount::At { source: source.into(), destination: destination.into() };
    assert_eq!(web.files, [Mount::Pattern("static/**/*".into()), at("app/assets", "/"), at("app/a.txt", "/etc/b.txt")]);
    assert_eq!(web.exclude_files, ["**/*.psd"]);
    let hosts =
        ["redis://cache.example.com", "postgres://*:*", "http://old.example.com:8080", "https://old.example.com:8080"];
    let hosts = hosts.map(|text| text.parse::<holm_grants::OutboundGrant>().unwrap().to_string());
    assert_eq!(outbound(web), hosts);
    assert_eq!(web.outbound.len(), 1);
    assert_eq!(web.grants.kv, ["default", "my-store", "my_store"]);
    assert_eq!(
        (web.grants.sql.as_slice(), web.grants.models.as_slice()),
        (["default".into()].as_slice(), ["llama2-chat".into()].as_slice())
    );
    let build = Build {
        folder: Some("app/web".into()),
        command: Some("cargo build --target wasm32-wasip2".into()),
        watch: vec!["src/**/*.rs".into()],
        ..Build::default()
    };
    assert_eq!(web.build, Some(build));
    assert!(app.variables["token"].secret && app.variables["token"].default.is_none());
    assert_eq!(app.variables["host"].default.as_deref(), Some("api.example.com"));
}

#[test]
fn a_source_is_a_file_a_url_or_a_package() {
    let app = parse(&format!(
        "[component.a]\nsource = './a.wasm'\n\
         [component.b]\nsource = {{ url = 'https://example.com/b.wasm', digest = 'sha256:{}' }}\n\
         [component.c]\nsource = {{ registry = 'ttl.sh', package = 'acme:db', version = '1.0.0' }}",
        DIGEST.to_uppercase()
    ));
    assert_eq!(guest(&app, "a").file, Some(PathBuf::from("app/a.wasm")));
    assert_eq!(guest(&app, "b").file, Some(PathBuf::from("https://example.com/b.wasm")));
    assert_eq!(guest(&app, "b").digest.as_deref(), Some(DIGEST));
    assert_eq!(guest(&app, "c").file, Some(PathBuf::from("package:ttl.sh/acme:db@1.0.0")));
}

#[test]
fn a_source_that_is_none_is_told() {
    let why = message(
        "[component.a]\ndescription = 'x'\n[component.b]\nsource = 3\n[component.c]\nsource = { url = 'https://x/c.wasm' }\n\
         [component.d]\nsource = { url = 'ftp://x', digest = 'sha256:12' }\n[component.e]\nsource = { package = 'db' }\n\
         [component.f]\nsource = { package = 'acme:db', version = '1' }\n[component.g]\nsource = { path = 'g.wasm' }",
    );
    let lines: Vec<&str> = why.lines().map(str::trim).collect();
    for (at, part) in [
        "4:12: [component.a] has no `source`",
        "7:10: `source` takes a path",
        "9:10: a component at a URL has a `url` and a `digest`; the `digest` is missing",
        "11:18: `ftp://x` is no URL",
        "11:38: a digest is `sha256:` and 64 hexadecimal digits",
        "13:10: a `source` that is a table has `url` and `digest`, or `registry`, `package` and `version`; the `version`",
        "13:22: `db` is not a package",
        "15:43: `1` is not a version",
        "17:10: a `source` that is a table has `url` and `digest`, or `registry`, `package` and `version`; the `package`",
        "17:10: a `source` that is a table has `url` and `digest`, or `registry`, `package` and `version`; the `version`",
        "17:12: unknown key `path` in [component.g.source]",
    ]
    .iter()
    .enumerate()
    {
        assert!(lines.get(at).is_some_and(|line| line.starts_with(&format!("spin.toml:{part}"))), "{part}: {why}");
    }
}

#[test]
fn several_build_commands_each_have_a_shell_and_end_with_the_first_that_fails() {
    let app = parse("[component.a]\nsource = 'a.wasm'\nbuild = { command = ['npm install # all', 'npm run build'] }");
    let build = guest(&app, "a").build.as_ref().unwrap();
    assert_eq!(build.command.as_deref(), Some("(npm install # all\n) && (npm run build\n)"));
}

#[test]
fn old_http_hosts_are_hosts_for_http_and_https() {
    let hosts = |text: &str| {
        let app = parse(&format!("[component.a]\nsource = 'a.wasm'\nallowed_http_hosts = {text}"));
        outbound(guest(&app, "a"))
    };
    let same = |texts: &[&str]| -> Vec<String> {
        texts.iter().map(|text| text.parse::<holm_grants::OutboundGrant>().unwrap().to_string()).collect()
    };
    assert_eq!(hosts("['https://a.example/']"), same(&["http://a.example", "https://a.example"]));
    assert_eq!(hosts("['self']"), same(&["http://self"]));
    assert_eq!(hosts("['[::1]:80']"), same(&["http://[::1]:80", "https://[::1]:80"]));
    assert_eq!(hosts("['insecure:allow-all']"), same(&["http://*:*", "https://*:*", "http://self"]));
    // What version 1 opened without being asked, version 2 does not.
    assert_eq!(hosts("[]"), [""; 0]);
}

#[test]
fn a_profile_changes_what_it_names_and_nothing_else() {
    let text = r#"
        spin_manifest_version = 2
        [application]
        name = "shop"
        [component.a]
        source = "release.wasm"
        environment = { MODE = "prod", KEPT = "x" }
        build.command = "make"
        build.workdir = "a"
        dependencies = { "acme:db" = { path = "db.wasm" }, "acme:log" = { path = "log.wasm" } }
        [component.a.profile.debug]
        source = "debug.wasm"
        environment = { MODE = "debug" }
        build.command = ["make debug"]
        dependencies = { "acme:db" = { path = "db-debug.wasm" } }
        [component.b]
        source = "b.wasm"
        profile.debug.environment = { A = "b" }
    "#;
    let app = |profile| App::parse_spin(text, Path::new("app/spin.toml"), profile);
    let plain = app(None).unwrap();
    assert_eq!(guest(&plain, "a").file, Some(PathBuf::from("app/release.wasm")));
    assert_eq!(guest(&plain, "a").grants.env["MODE"], "prod");
    let debug = app(Some("debug")).unwrap();
    let a = guest(&debug, "a");
    assert_eq!(a.file, Some(PathBuf::from("app/debug.wasm")));
    assert_eq!((a.grants.env["MODE"].as_str(), a.grants.env["KEPT"].as_str()), ("debug", "x"));
    let build = a.build.as_ref().unwrap();
    assert_eq!((build.command.as_deref(), build.folder.as_deref()), (Some("make debug"), Some(Path::new("app/a"))));
    let files: Vec<_> = a.dependencies.iter().map(|dependency| format!("{:?}", dependency.source)).collect();
    assert!(files.iter().any(|file| file.contains("db-debug.wasm")) && files.len() == 2, "{files:?}");
    assert_eq!(guest(&debug, "b").file, Some(PathBuf::from("app/b.wasm")));
    assert!(app(Some("debgu")).unwrap_err().to_string().contains("no component has the profile `debgu`"));
}

#[test]
fn variables_are_in_the_environment_and_beside_the_manifest() {
    let app = parse("[component.a]\nsource = 'a.wasm'");
    let env = VariableSource::Env { prefix: "SPIN_VARIABLE".into(), dotenv: Some("app/.env".into()) };
    assert_eq!(app.services.variables, [env]);
}

#[test]
fn a_component_is_called_in_lower_case_and_may_be_called_by_nobody() {
    let app = parse("[component.HTTP-api]\nsource = 'a.wasm'");
    assert_eq!(names(&app), ["http-api"]);
    assert!(guest(&app, "http-api").routes.is_empty());
    let why = message("[component.API]\nsource = 'a.wasm'\n[component.api]\nsource = 'b.wasm'");
    assert!(why.contains("two components are called `api`"), "{why}");
}
