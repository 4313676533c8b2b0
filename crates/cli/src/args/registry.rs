//! What the commands take that reach registries.

#[cfg(feature = "registry")]
use std::path::PathBuf;

use clap::Args;

// How guests that are named `oci://…` are had.
#[derive(Args, Clone, Default)]
pub(crate) struct RegistryArgs {
    /// The public key (PEM) of who must have signed what is pulled: nothing else is run, or even read
    #[cfg(feature = "registry")]
    #[arg(long, value_name = "KEY", help_heading = "Registry")]
    pub(crate) verify: Option<PathBuf>,

    /// Ask registries without TLS, which is otherwise done on this machine only
    #[cfg(feature = "registry")]
    #[arg(long, help_heading = "Registry")]
    pub(crate) plain_http: bool,
}

// Who this is, where no file of Docker or Podman says so.
#[cfg(feature = "registry")]
#[derive(Args, Clone, Default)]
pub(crate) struct WhoArgs {
    /// Who you are there [default: what `docker login` or `podman login` keep]
    #[arg(long, value_name = "NAME", help_heading = "Registry", requires = "password_stdin")]
    pub(crate) username: Option<String>,

    /// Read the password from standard input
    #[arg(long, help_heading = "Registry", requires = "username")]
    pub(crate) password_stdin: bool,
}

// `holm push`
#[cfg(feature = "registry")]
#[derive(Args)]
#[command(after_help = PUSH_NOTES)]
pub(crate) struct Push {
    #[command(flatten)]
    pub(crate) who: WhoArgs,

    /// Ask the registry without TLS, which is otherwise done on this machine only
    #[arg(long, help_heading = "Registry")]
    pub(crate) plain_http: bool,

    /// Sign it with this private key (PEM, Ed25519 or ECDSA P-256)
    #[arg(long, value_name = "KEY")]
    pub(crate) sign: Option<PathBuf>,

    /// Say something about it, as in org.opencontainers.image.licenses=MIT
    #[arg(long, value_name = "NAME=VALUE", value_parser = super::host::key_value)]
    pub(crate) annotation: Vec<(String, String)>,

    /// Print what was pushed as JSON
    #[arg(long)]
    pub(crate) json: bool,

    /// Where to: HOST/NAME:TAG
    #[arg(value_name = "REF")]
    pub(crate) reference: String,

    /// The guest: .wasm, .wat, or `-` for standard input
    #[arg(value_name = "GUEST")]
    pub(crate) guest: String,
}

#[cfg(feature = "registry")]
const PUSH_NOTES: &str = "Prints the reference by digest, which names these bytes for ever.

Examples:
  holm push ghcr.io/someone/app:1.0 app.wasm
  holm push localhost:5000/app:1.0 app.wasm --sign key.pem

A key: openssl genpkey -algorithm ed25519 -out key.pem
       openssl pkey -in key.pem -pubout -out key.pub      for those who verify";

// `holm pull`
#[cfg(feature = "registry")]
#[derive(Args)]
#[command(after_help = PULL_NOTES)]
pub(crate) struct Pull {
    #[command(flatten)]
    pub(crate) registry: RegistryArgs,

    #[command(flatten)]
    pub(crate) who: WhoArgs,

    /// Write the guest to this file too, or into this folder; `-` for standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Print what was pulled as JSON
    #[arg(long)]
    pub(crate) json: bool,

    /// What: HOST/NAME:TAG or HOST/NAME@sha256:…
    #[arg(value_name = "REF")]
    pub(crate) reference: String,
}

#[cfg(feature = "registry")]
const PULL_NOTES: &str = "What is pulled is kept in the local store, from where `holm run oci://REF` takes it as well.
A pull that was interrupted goes on where it ended. `holm cache` shows the store, and makes room in it.

Examples:
  holm pull ghcr.io/someone/app:1.0
  holm pull ghcr.io/someone/app:1.0 -o app.wasm --verify key.pub
  holm run oci://ghcr.io/someone/app:1.0";
