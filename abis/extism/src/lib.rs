//! Extism plugins, unmodified: those made with its PDKs for Rust, Go, JavaScript, AssemblyScript, C, Zig, Haskell and more.
//!
//! A plugin's function takes bytes and returns bytes, through memory that plugin and host share (the [`kernel`]), and may
//! read configuration, keep variables between calls, send HTTP requests and log. What of that reaches outside is granted
//! as everything is in Holm. A plugin may also import WASI 0.1, and functions that the program which runs it provides.
//!
//! Sources of the protocol: extism/extism 1.x, `kernel/src/lib.rs`, `runtime/src/{pdk,plugin,current_plugin}.rs` and
//! `manifest/src/lib.rs`.
//!
//! Differences, where Holm's rules are stricter: each redirect of a request is checked like the request itself, private
//! addresses need a grant of their own, memory that the host keeps counts as the plugin's.

mod env;
mod functions;
#[cfg(feature = "http")]
mod http;
pub mod kernel;
mod lend;
mod link;
pub mod manifest;
mod shared;
mod start;
mod state;
mod user;
mod vars;

use holm_abi::{Abi, Certainty, Entry, Evidence, Guest, Host, Provision, Result};
use holm_engine::shape::{ExternType, Form, Import, Shape};
#[cfg(feature = "http")]
use holm_services::http_client::{ClientConfig, HttpClient};
use holm_wasi::Wasi;

/// Where plugins import Extism's own functions from.
const ENV: &str = "extism:host/env";

/// Where plugins import functions of the program that runs them from, if they name no other place.
pub const USER: &str = "extism:host/user";

/// The ABI of Extism plugins.
#[derive(Clone)]
pub struct Extism {
    /// Sends their requests; clones share connections. With `None` every request fails.
    #[cfg(feature = "http")]
    pub http_client: Option<HttpClient>,
    /// What Extism bounds beside what Holm does.
    pub bounds: Bounds,
    /// Modules that plugins may import functions of by name, each before those that import from it. The plugin's own is
    /// not among them.
    pub modules: Vec<(String, Guest)>,
}

/// What the host keeps for a plugin at most, beside its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of all variables of an instance, names included and 48 for each; 0: there are none.
    pub vars: u64,
    /// Bytes of a response's body.
    pub http_response: u64,
}

impl Default for Bounds {
    /// Extism's: 1 MiB and 50 MiB.
    fn default() -> Self {
        Self { vars: 1 << 20, http_response: 50 << 20 }
    }
}

impl Default for Extism {
    /// A client that trusts the system's certificate authorities, Extism's bounds, no other modules.
    fn default() -> Self {
        Self {
            // Only certificate files of one's own could be unreadable.
            #[cfg(feature = "http")]
            http_client: HttpClient::new(ClientConfig::default()).ok(),
            bounds: Bounds::default(),
            modules: Vec::new(),
        }
    }
}

#[cfg(feature = "http")]
impl Extism {
    /// With this client, and otherwise as [`Extism::default`].
    pub fn sending_with(http_client: Option<HttpClient>) -> Self {
        Self { http_client, bounds: Bounds::default(), modules: Vec::new() }
    }
}

impl Abi for Extism {
    fn name(&self) -> &'static str {
        "extism"
    }

    /// By an import of one of Extism's own functions, or from where those of the host are.
    fn recognise(&self, shape: &Shape) -> Option<Evidence> {
        if shape.form != Form::Module {
            return None;
        }
        let ours = |import: &&Import| matches!(import.ty, ExternType::Func(_)) && is_ours(import);
        let import = shape.imports.iter().find(ours)?;
        Some(Evidence::new(Certainty::Certain, format!("imports `{}` from `{}`", import.name, import.module)))
    }

    fn provides(&self, import: &Import) -> Provision {
        match (import.module.as_str(), import.name.as_str()) {
            (ENV, "config_get") => Provision::Grant("--config KEY=VALUE"),
            (ENV, "http_request") if cfg!(feature = "http") => Provision::Grant("--http PATTERN"),
            (ENV, "http_request") => Provision::Refusal("this build of Holm sends no HTTP requests"),
            (ENV, name) if env::NAMES.contains(&name) => Provision::Always,
            (ENV | USER, _) => Provision::Nothing,
            _ => Wasi::default().provides(import),
        }
    }

    fn load(&self, guest: &Guest, host: &Host) -> Result<Vec<Entry>> {
        let functions = functions::PluginFunctions::new(self, guest, host)?;
        Ok(vec![Entry::Functions(std::sync::Arc::new(functions))])
    }
}

fn is_ours(import: &Import) -> bool {
    import.module == USER || (import.module == ENV && env::NAMES.contains(&import.name.as_str()))
}
