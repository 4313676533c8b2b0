//! A stand-in for the host of wit/plugin.wit: its log is standard error, its settings are environment variables.

wit_bindgen::generate!({ world: "stand-in", path: "../wit" });

use exports::example::plugin::host::Guest;

struct StandIn;
export!(StandIn);

impl Guest for StandIn {
    fn log(line: String) {
        eprintln!("plugin: {line}");
    }

    fn setting(key: String) -> Option<String> {
        std::env::var(key.to_uppercase()).ok()
    }
}
