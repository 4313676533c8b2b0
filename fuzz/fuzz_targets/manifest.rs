//! Any text is a manifest of ours or Spin's, a configuration, a route, or an error.
#![no_main]

use std::path::Path;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Err(error) = holm_manifest::App::parse(text, Path::new("holm.toml")) {
        assert!(!error.to_string().is_empty());
    }
    if let Err(error) = holm_manifest::Server::parse(text, Path::new("server.toml")) {
        assert!(!error.to_string().is_empty());
    }
    if let Err(error) = holm_manifest::App::parse_spin(text, Path::new("spin.toml"), None) {
        assert!(!error.to_string().is_empty());
    }
    if let Err(error) = holm_manifest::RuntimeConfig::parse(text, Path::new("runtime-config.toml")) {
        assert!(!error.to_string().is_empty());
    }
    if let Ok(route) = text.parse::<holm_manifest::Route>() {
        assert_eq!(route.to_string().parse(), Ok(route));
    }
});
