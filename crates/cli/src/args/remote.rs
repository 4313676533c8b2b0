//! What the commands take that drive a running server.

use std::path::PathBuf;

use clap::Args;
use holm_admin::AppName;

use super::RegistryArgs;

// Which server, and why it should listen.
#[derive(Args)]
pub(crate) struct Server {
    /// The server: unix:/path/to/admin.sock, or http://127.0.0.1:9000
    /// [default: $HOLM_SERVER, else the server that this user runs on this machine]
    #[arg(long, value_name = "URL", help_heading = "Server")]
    pub(crate) to: Option<String>,

    /// The file that holds the token of an http:// server [default: the token in $HOLM_TOKEN]
    #[arg(long, value_name = "FILE", help_heading = "Server")]
    pub(crate) token_file: Option<PathBuf>,
}

// `holm deploy`
#[derive(Args)]
#[command(after_help = DEPLOY_NOTES)]
pub(crate) struct Deploy {
    #[command(flatten)]
    pub(crate) server: Server,

    #[command(flatten)]
    pub(crate) registry: RegistryArgs,

    /// The app's name on the server [default: the manifest's `name`, else that of the folder or file]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<AppName>,

    /// A host that the app answers on, wherever its manifest does not name one itself: every app of Spin's
    #[arg(long, value_name = "HOST")]
    pub(crate) host: Vec<String>,

    /// Deploy only if this version is the current one; 0: only if there is none yet
    #[arg(long, value_name = "N")]
    pub(crate) if_version: Option<u64>,

    /// What to remember of this version; `holm apps NAME` shows it
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,

    /// Print what was deployed as JSON
    #[arg(long)]
    pub(crate) json: bool,

    /// A .wasm, a folder with a holm.toml or a spin.toml, a manifest, or oci://HOST/NAME:TAG
    #[arg(value_name = "APP")]
    pub(crate) app: PathBuf,
}

const DEPLOY_NOTES: &str =
    "The server loads all of the app first. If anything is wrong, it says what, and the version before
goes on serving; else new requests get the new version, and those in flight finish on the old one.

Examples:
  holm deploy ./shop                                        the app of ./shop/holm.toml
  holm deploy hello.wasm --name hello --note 'first try'
  holm deploy ./spin-app --host shop.example.com            the app of ./spin-app/spin.toml, on a host of its own
  holm deploy ./shop --to http://127.0.0.1:9000 --token-file ~/holm.token";

// `holm apps`
#[derive(Args)]
#[command(after_help = "Examples:
  holm apps            what is deployed, and how it is doing
  holm apps shop       its routes, guests and versions")]
pub(crate) struct Apps {
    #[command(flatten)]
    pub(crate) server: Server,

    /// Print everything as JSON
    #[arg(long)]
    pub(crate) json: bool,

    /// One app, to show with all that is known of it
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<AppName>,
}

// `holm rollback`
#[derive(Args)]
#[command(after_help = "Examples:
  holm rollback shop                   the version before the current one
  holm rollback shop --to-version 3    `holm apps shop` lists those that are kept")]
pub(crate) struct Rollback {
    #[command(flatten)]
    pub(crate) server: Server,

    /// The version to go back to [default: the newest before the current one]
    #[arg(long, value_name = "N")]
    pub(crate) to_version: Option<u64>,

    /// Print the version that is current now as JSON
    #[arg(long)]
    pub(crate) json: bool,

    /// The app
    #[arg(value_name = "NAME")]
    pub(crate) name: AppName,
}

// `holm remove`
#[derive(Args)]
#[command(after_help = "With the app go the stores that the server keeps for it. Those on servers elsewhere stay.

Examples:
  holm remove shop           asks first
  holm remove shop --yes     does not, for scripts")]
pub(crate) struct Remove {
    #[command(flatten)]
    pub(crate) server: Server,

    /// Do not ask: there is no way back
    #[arg(long, short)]
    pub(crate) yes: bool,

    /// The app
    #[arg(value_name = "NAME")]
    pub(crate) name: AppName,
}

// `holm logs`
#[derive(Args)]
#[command(after_help = "Examples:
  holm logs shop                      what is kept of it
  holm logs shop --since 10m -f       the last ten minutes, and on as it comes
  holm logs shop --json | jq .text")]
pub(crate) struct Logs {
    #[command(flatten)]
    pub(crate) server: Server,

    /// Go on with lines as they are written, until Ctrl-C
    #[arg(long, short)]
    pub(crate) follow: bool,

    /// Nothing older: an age such as 10m or 2h, or a time such as 2026-01-31T08:00:00Z
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,

    /// Print each line as JSON
    #[arg(long)]
    pub(crate) json: bool,

    /// The app
    #[arg(value_name = "NAME")]
    pub(crate) name: AppName,
}

// `holm top`
#[derive(Args)]
#[command(after_help = "On a terminal, refreshed every second until `q` or Ctrl-C; elsewhere, as with --once.

Examples:
  holm top
  holm top --once              one second, as text
  holm top --json | jq .cpu    all counters as they stand")]
pub(crate) struct Top {
    #[command(flatten)]
    pub(crate) server: Server,

    /// Look for one second, print and end
    #[arg(long)]
    pub(crate) once: bool,

    /// Print the server's counters as JSON; they count from its start
    #[arg(long, conflicts_with = "once")]
    pub(crate) json: bool,
}

// `holm reload`
#[derive(Args)]
#[command(
    after_help = "The same as sending SIGHUP to the server. If the new configuration is wrong, the old one stays in force.

Example:
  holm reload --to unix:/run/holm/admin.sock"
)]
pub(crate) struct Reload {
    #[command(flatten)]
    pub(crate) server: Server,
}
