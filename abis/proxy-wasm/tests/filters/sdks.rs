//! Filters made with what people make filters with.

use std::path::Path;

use holm_engine::{Loader, Runtime, Settings, Source};
use holm_proxy_wasm::ProxyWasm;

use crate::kit::*;

/// A filter of `guests/prebuilt`, with this configuration.
fn prebuilt(name: &str, root_id: &str, configuration: &str) -> Loaded {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests/prebuilt").join(name);
    let loader = Loader::default();
    let opened = loader.open(Source::read(path.to_str().unwrap()).unwrap()).unwrap();
    let code = loader.load(&opened, &Settings::default(), true, &Runtime::default()).unwrap().code;
    let (name, shape) = (opened.source.name, opened.shape.into());
    let guest = holm_abi::Guest { name, shape, code, path: None, lone: None };
    load_with(&ProxyWasm::default(), &guest, |host| {
        host.filter.root_id = root_id.to_owned();
        host.filter.configuration = configuration.as_bytes().into();
    })
}

#[tokio::test]
async fn filters_in_every_language_see_requests_and_responses() {
    for (name, root_id, request, response) in [
        ("filter-headers.wasm", "", ("x-set", "1"), ("x-back", "2")),
        ("filter-c-010.wasm", "", ("x-c-abi", "0.1.0"), ("x-c-configuration", "> x-set=1")),
        ("filter-c-020.wasm", "", ("x-c-abi", "0.2.0"), ("x-c-configuration", "> x-set=1")),
        ("filter-c-021.wasm", "", ("x-c-abi", "0.2.1"), ("x-c-configuration", "> x-set=1")),
        ("filter-go.wasm", "", ("x-go-request", "yes"), ("x-go-configuration", "> x-set=1")),
        ("filter-as.wasm", "as", ("x-as-request", "ended"), ("x-as-response", "> x-set=1")),
    ] {
        let configuration = if name == "filter-headers.wasm" { "> x-set=1\n< x-back=2" } else { "> x-set=1" };
        let filter = prebuilt(name, root_id, configuration);
        let seen = filter.get().await.unwrap();
        let (header, value) = request;
        assert!(seen.body.contains(&format!("{header}={value} ")), "{name}: {}", seen.body);
        assert_eq!(seen.header(response.0), Some(response.1), "{name}");
    }
}

#[tokio::test]
async fn a_filter_that_does_not_like_its_configuration_says_why() {
    let filter = prebuilt("filter-headers.wasm", "", "what is this");
    let error = filter.get().await.unwrap_err();
    assert!(error.to_string().contains("returned false"), "{error}");
    assert!(filter.said().iter().any(|line| line.contains("what is this")), "{:?}", filter.said());
}
