//! Calls the admin API of a running server.
//!
//! ```no_run
//! # async fn example() -> Result<(), holm_admin::client::ClientError> {
//! use holm_admin::client::{Client, Package, Target};
//!
//! let client = Client::new(Target::parse("unix:/run/holm/admin.sock", None)?);
//! let mut package = Package::new("name = \"hello\"\nguest = \"hello.wasm\"\n".to_owned());
//! package.guests.insert("hello.wasm".to_owned(), "target/hello.wasm".into());
//! let deployed = client.deploy(&"hello".parse().unwrap(), &package, &mut |_| {}).await?;
//! println!("version {} serves", deployed.version);
//! # Ok(())
//! # }
//! ```

mod connect;
mod error;
mod logs;
mod send;
mod upload;

use std::collections::BTreeMap;
use std::path::PathBuf;

use http::Method;

pub use connect::Target;
pub use error::ClientError;
pub use logs::Logs;

use crate::AppName;
use crate::wire::{AppDetail, AppList, AppSummary, Deploy, Deployed, Rollback, Top};
use send::{QUICK, SLOW, nothing};

/// A server's admin API, from outside. Cheap to clone; connects anew for each call.
#[derive(Debug, Clone)]
pub struct Client {
    target: Target,
}

/// What is to be deployed.
#[derive(Debug, Clone, Default)]
pub struct Package {
    /// The text of the app's manifest.
    pub manifest: String,
    /// What the manifest calls each guest, and where it is on this machine.
    pub guests: BTreeMap<String, PathBuf>,
    /// The hosts that its routes without one are for; none: all.
    pub hosts: Vec<String>,
    /// The version that must be current, 0 for none; `None`: any.
    pub if_version: Option<u64>,
    /// What to remember of this version.
    pub notes: String,
}

impl Package {
    /// A package without guests yet.
    #[must_use]
    pub fn new(manifest: String) -> Self {
        Self { manifest, ..Self::default() }
    }
}

/// How far an upload is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The file.
    pub path: PathBuf,
    /// Bytes that are on their way.
    pub sent: u64,
    /// Bytes of the whole file.
    pub total: u64,
    /// Whether the server had it already, so that nothing is sent.
    pub known: bool,
}

/// Which lines of a log are wanted.
#[derive(Debug, Clone, Default)]
pub struct LogOptions {
    /// Go on with lines as they are written.
    pub follow: bool,
    /// None older: a time as in RFC 3339, or an age such as `10m`.
    pub since: Option<String>,
}

/// Every call fails as [`ClientError`] says.
#[allow(clippy::missing_errors_doc)]
impl Client {
    /// A client of the server at `target`. Connects only when something is called.
    #[must_use]
    pub fn new(target: Target) -> Self {
        Self { target }
    }

    /// Where the server is.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Uploads what the server does not have and deploys. `progress` hears of each file.
    pub async fn deploy(
        &self,
        name: &AppName,
        package: &Package,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Deployed, ClientError> {
        let mut guests = BTreeMap::new();
        for (guest, path) in &package.guests {
            guests.insert(guest.clone(), self.upload(path, progress).await?);
        }
        let Package { manifest, hosts, if_version, notes, .. } = package.clone();
        let deploy = Deploy { manifest, guests, hosts, if_version, notes };
        let deployed = self.call_json(Method::PUT, &app(name), &deploy, SLOW).await;
        deployed.map_err(|error| conflict(name, error))
    }

    /// All apps.
    pub async fn apps(&self) -> Result<Vec<AppSummary>, ClientError> {
        let list: AppList = self.call(Method::GET, "/v1/apps", nothing(), QUICK).await?;
        Ok(list.apps)
    }

    /// One app and its versions.
    pub async fn app(&self, name: &AppName) -> Result<AppDetail, ClientError> {
        self.call(Method::GET, &app(name), nothing(), QUICK).await
    }

    /// Goes back to an earlier version.
    pub async fn rollback(&self, name: &AppName, rollback: Rollback) -> Result<Deployed, ClientError> {
        let path = format!("{}/rollback", app(name));
        let rolled = self.call_json(Method::POST, &path, &rollback, SLOW).await;
        rolled.map_err(|error| conflict(name, error))
    }

    /// Removes an app and all its versions.
    pub async fn remove(&self, name: &AppName) -> Result<(), ClientError> {
        self.call_bytes(Method::DELETE, &app(name), nothing(), QUICK).await.map(drop)
    }

    /// An app's log.
    pub async fn logs(&self, name: &AppName, options: &LogOptions) -> Result<Logs, ClientError> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("follow", if options.follow { "true" } else { "false" });
        if let Some(since) = &options.since {
            query.append_pair("since", since);
        }
        let path = format!("{}/logs?{}", app(name), query.finish());
        let opened = self.open(Method::GET, &path, nothing()).await?;
        Ok(Logs::new(self.clone(), opened.into_body()))
    }

    /// Has the server read its configuration again.
    pub async fn reload(&self) -> Result<(), ClientError> {
        self.call_bytes(Method::POST, "/v1/reload", nothing(), SLOW).await.map(drop)
    }

    /// What the server is doing.
    pub async fn top(&self) -> Result<Top, ClientError> {
        self.call(Method::GET, "/v1/top", nothing(), QUICK).await
    }

    /// The server's metrics, as text for Prometheus.
    pub async fn metrics(&self) -> Result<String, ClientError> {
        let bytes = self.call_bytes(Method::GET, "/metrics", nothing(), QUICK).await?;
        String::from_utf8(bytes.to_vec()).map_err(|error| self.not_holm(error.to_string()))
    }

    /// Returns when the server takes requests; else the error says why not.
    pub async fn ready(&self) -> Result<(), ClientError> {
        self.call_bytes(Method::GET, "/readyz", nothing(), QUICK).await.map(drop)
    }
}

fn app(name: &AppName) -> String {
    format!("/v1/apps/{name}")
}

fn conflict(name: &AppName, error: ClientError) -> ClientError {
    match error {
        ClientError::Refused { info, .. } if info.code == "version_conflict" => {
            ClientError::Conflict { name: name.clone(), message: info.message }
        }
        other => other,
    }
}
