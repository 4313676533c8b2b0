//! Variables, and texts that name them.

use crate::{guest, message, parse};
use holm_manifest::{App, outbound_grant};
use std::path::Path;

#[test]
fn a_variable_has_a_default_or_has_to_be_given() {
    let why = message(
        "[variables]\nboth = { required = true, default = 'a' }\nnone = {}\nno = { required = false }\n\
         odd = { default = 3 }\n\"a-b\" = { default = '' }\nc = { defualt = 'x', required = true }\n\
         d = 'text'\n[component.a]\nsource = 'a.wasm'",
    );
    assert_eq!(
        why,
        "  spin.toml:5:1: the variable `both` is `required` and has a `default`; leave one of them out\n  \
         spin.toml:6:1: the variable `none` has no `default`; give it one, or write `required = true`\n  \
         spin.toml:7:1: the variable `no` has no `default`; give it one, or write `required = true`\n  \
         spin.toml:8:19: `default` takes a string; this is 3\n  \
         spin.toml:9:1: `a-b` cannot be the name of a variable: they are lower-case words with `_` between them, as in \
         db_url\n  \
         spin.toml:10:7: unknown key `defualt` in [variables.c]; did you mean `default`?\n  \
         spin.toml:11:5: `d` takes a table, written NAME = { default = \"…\" }; this is of type string"
    );
}

#[test]
fn a_text_that_names_no_variable_of_the_app_is_told() {
    let why = message(
        "[variables]\napi_host = { default = 'x' }\n[component.a]\nsource = 'a.wasm'\n\
         variables = { a = '{{ api_hots }}', b = '{{ nothing }}', c = '{{ open' }\n\
         allowed_outbound_hosts = ['https://{{ api_hots }}']",
    );
    assert_eq!(
        why,
        "  spin.toml:8:19: the app has no variable `api_hots`; did you mean `api_host`?\n  \
         spin.toml:8:41: the app has no variable `nothing`; there is api_host\n  \
         spin.toml:8:62: `{{` is not a text with variables: `}}` is missing behind it (example: `{{ name }}`)\n  \
         spin.toml:9:27: the app has no variable `api_hots`; did you mean `api_host`?"
    );
    let why = message("[component.a]\nsource = 'a.wasm'\nvariables = { a = '{{ b }}' }");
    assert!(why.ends_with("the app has no variable `b`; declare it in [variables]"), "{why}");
}

#[test]
fn a_server_whose_name_is_wrong_by_default_is_told() {
    let why = message(
        "[variables]\nhost = { default = 'not a host' }\nnone = { default = '' }\ngiven = { required = true }\n\
         [component.a]\nsource = 'a.wasm'\n\
         allowed_outbound_hosts = ['https://{{ host }}', '{{ none }}', 'https://{{ none }}', 'https://{{given}}']",
    );
    assert!(why.starts_with("  spin.toml:10:27: with the default values of its variables, "), "{why}");
    assert_eq!(why.lines().count(), 1);
}

#[test]
fn a_secret_that_names_no_server_is_not_repeated() {
    let why = message(
        "[variables]\nhost = { default = 'hunter2 hunter2', secret = true }\n[component.a]\nsource = 'a.wasm'\n\
         allowed_outbound_hosts = ['https://{{ host }}']",
    );
    assert!(why.contains("8:27: with the default values") && !why.contains("hunter2"), "{why}");
}

#[test]
fn a_server_whose_name_is_empty_is_none() {
    for text in ["", "http://", " https:// ", "\n"] {
        assert_eq!(outbound_grant(text), Ok(None), "{text:?}");
    }
    assert!(outbound_grant(" redis://a ").unwrap().is_some());
    let error = outbound_grant("http://user:hunter2@a").unwrap_err().to_string();
    assert!(error.contains("is not a server to reach") && !error.contains("hunter2"), "{error}");
}

#[test]
fn values_are_not_shown() {
    let app = parse(
        "[variables]\na = { default = 'hunter2', secret = true }\n[component.a]\nsource = 'a.wasm'\n\
         variables = { a = 'hunter2 {{ a }}' }",
    );
    assert!(!format!("{:?} {:?}", app.variables, guest(&app, "a").variables).contains("hunter2"));
}

#[test]
fn a_default_that_repeats_itself_does_not_grow_without_end() {
    let text = format!(
        "spin_manifest_version = 2\n[application]\nname = 'a'\n[variables]\nx = {{ default = '{}' }}\n[component.a]\n\
         source = 'a.wasm'\nallowed_outbound_hosts = ['http://{}']",
        "x".repeat(400_000),
        "{{x}}".repeat(100_000)
    );
    // Too long for a manifest to be told whether it is a server; and no memory is taken to find out.
    assert!(App::parse_spin(&text, Path::new("spin.toml"), None).is_ok());
}
