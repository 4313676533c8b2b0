//! What every command that runs a guest takes.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use holm_engine::Tier;
use holm_grants::{DirGrant, HttpGrant, NetGrant, OutboundGrant, parse_duration, parse_env, parse_size};

use super::RegistryArgs;

// What every command that runs a guest takes.
#[derive(Args, Clone, Default)]
pub(crate) struct HostArgs {
    /// Whether to listen for files it asks for in vain; `--audit` says so.
    #[arg(skip)]
    pub(crate) audit_paths: bool,

    /// A directory it may use, there as GUEST, or under its own name; `:ro` to only read
    #[arg(long, value_name = "HOST[::GUEST][:ro]", help_heading = "Grants")]
    pub(crate) dir: Vec<DirGrant>,

    /// An environment variable; without a value, this process's own
    #[arg(long, value_name = "NAME[=VALUE]", help_heading = "Grants", value_parser = parse_env)]
    pub(crate) env: Vec<(String, Option<String>)>,

    /// Where it may connect: HOST, HOST:PORT, *.example.com, 10.0.0.0/8:5432, udp://HOST:53, …
    #[arg(long, value_name = "PATTERN", help_heading = "Grants")]
    pub(crate) net: Vec<NetGrant>,

    /// Addresses it may listen on: 127.0.0.1:8080
    #[arg(long, value_name = "ADDRESS", help_heading = "Grants", value_parser = NetGrant::parse_listen)]
    pub(crate) listen: Vec<NetGrant>,

    /// Where it may send HTTP requests: https://api.example.com, https://*.example.com/v1, …
    #[arg(long, value_name = "PATTERN", help_heading = "Grants")]
    pub(crate) http: Vec<HttpGrant>,

    /// A key-value store it may use, kept between runs
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, default_missing_value = "default",
          help_heading = "Grants")]
    pub(crate) kv: Vec<String>,

    /// A container of blobs it may use, kept between runs
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, default_missing_value = "default",
          help_heading = "Grants")]
    pub(crate) blob: Vec<String>,

    /// A SQLite database it may use, kept between runs
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, default_missing_value = "default",
          help_heading = "Grants")]
    pub(crate) sql: Vec<String>,

    /// A model it may ask, by name
    #[arg(long, value_name = "NAME", help_heading = "Grants")]
    pub(crate) model: Vec<String>,

    /// Servers it may reach by what they speak: redis://cache:6379, postgres://*.example.com, https://*, …
    #[arg(long, value_name = "PATTERN", help_heading = "Grants")]
    pub(crate) outbound: Vec<OutboundGrant>,

    /// A configuration value it may read, through wasi:config
    #[arg(long, value_name = "NAME=VALUE", help_heading = "Grants", value_parser = key_value)]
    pub(crate) config: Vec<(String, String)>,

    /// Memory it may have, all of its memories together: 64MiB
    #[arg(long, value_name = "SIZE", help_heading = "Limits", value_parser = parse_size)]
    pub(crate) memory: Option<u64>,

    /// CPU time it may use: 500ms, 10s
    #[arg(long, value_name = "TIME", help_heading = "Limits", value_parser = parse_duration)]
    pub(crate) cpu: Option<Duration>,

    /// Time it may take, waiting included
    #[arg(long, value_name = "TIME", help_heading = "Limits", value_parser = parse_duration)]
    pub(crate) wall: Option<Duration>,

    /// Instructions it may execute, about
    #[arg(long, value_name = "COUNT", help_heading = "Limits")]
    pub(crate) fuel: Option<u64>,

    /// Stack it may use: 1MiB
    #[arg(long, value_name = "SIZE", help_heading = "Limits", value_parser = parse_size)]
    pub(crate) stack: Option<u64>,

    /// What it may print, on both streams together
    #[arg(long, value_name = "SIZE", help_heading = "Limits", value_parser = parse_size)]
    pub(crate) max_output: Option<u64>,

    /// Things it may have the host keep: files, streams, headers, requests
    #[arg(long, value_name = "COUNT", help_heading = "Limits")]
    pub(crate) handles: Option<u64>,

    /// Fixed clocks, seeded randomness, one NaN: the same run twice prints the same bytes
    #[arg(long)]
    pub(crate) deterministic: bool,

    /// Take grants and limits from this manifest
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest: Option<PathBuf>,

    /// Do not look for a holm.toml beside the guest
    #[arg(long, conflicts_with = "manifest")]
    pub(crate) no_manifest: bool,

    /// A value for a variable that a spin.toml declares; NAME=@FILE for what is in a file, @FILE.json for several
    #[cfg(feature = "spin")]
    #[arg(long, value_name = "NAME=VALUE", help_heading = "Spin's apps")]
    pub(crate) variable: Vec<String>,

    /// Take from this file where an app of Spin's keeps its stores, and where its variables and models are
    #[cfg(feature = "spin")]
    #[arg(long, value_name = "FILE", help_heading = "Spin's apps", visible_alias = "runtime-config-file")]
    pub(crate) runtime_config: Option<PathBuf>,

    /// Keep the stores and databases of Spin's apps in this folder [default: Holm's own, by the app's name]
    #[cfg(feature = "spin")]
    #[arg(long, value_name = "DIR", help_heading = "Spin's apps")]
    pub(crate) state_dir: Option<PathBuf>,

    /// Write a core dump here if it traps
    #[arg(long, value_name = "FILE")]
    pub(crate) coredump: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) engine: EngineArgs,

    #[command(flatten)]
    pub(crate) registry: RegistryArgs,
}

// How the guest is understood and compiled.
#[derive(Args, Clone, Default)]
pub(crate) struct EngineArgs {
    /// The ABI it was built for, when Holm does not see it by itself: wasi, bindgen, extism, core
    #[arg(long, value_name = "NAME", help_heading = "Engine")]
    pub(crate) abi: Option<String>,

    /// The compiler: fast (compiles four times faster), optimized, or portable (interpreted)
    #[arg(long, value_name = "TIER", help_heading = "Engine")]
    pub(crate) tier: Option<Tier>,

    /// Proposals that are not yet part of WebAssembly: wide-arithmetic, stack-switching
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = "Engine")]
    pub(crate) features: Vec<String>,

    /// Neither use nor fill the code cache
    #[arg(long, help_heading = "Engine")]
    pub(crate) no_cache: bool,

    /// Run native code that was not compiled here. It is not sandboxed: only for files you trust
    #[arg(long, help_heading = "Engine")]
    pub(crate) allow_precompiled: bool,
}

pub(super) fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err(format!("`{text}` is not NAME=VALUE")),
    }
}
