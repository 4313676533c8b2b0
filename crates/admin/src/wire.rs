//! The JSON of the admin API. Requests are read strictly; answers may gain members, so clients
//! ignore those they do not know.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::{AppName, Digest};

/// A new version of an app.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deploy {
    /// The text of the app's manifest.
    pub manifest: String,
    /// What the manifest calls each guest, and the digest it was uploaded under.
    #[serde(default, deserialize_with = "unique_keys")]
    pub guests: BTreeMap<String, Digest>,
    /// The hosts that its routes without one are for; none: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// The version this one shall follow; 0 when there must be none. Without it, any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_version: Option<u64>,
    /// What to remember of this version, at most 4096 bytes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub notes: String,
}

/// Which version to go back to.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rollback {
    /// The version; without it, the newest one before the current one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
    /// The version that must be current. Without it, the one that is current when the request comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_version: Option<u64>,
}

/// The version that is current after a deploy or a rollback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Deployed {
    /// The app.
    pub name: AppName,
    /// Its version.
    pub version: u64,
}

/// All deployed apps.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AppList {
    /// By name.
    pub apps: Vec<AppSummary>,
}

/// A deployed app, in short.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AppSummary {
    /// Its name.
    pub name: AppName,
    /// Its current version.
    pub version: u64,
    /// How it is doing.
    #[serde(flatten)]
    pub status: AppStatus,
}

/// How an app is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AppStatus {
    /// Whether it answers.
    pub state: AppState,
    /// The hosts and paths it answers on, such as `shop.example.com/cart`.
    #[serde(default)]
    pub routes: Vec<String>,
    /// The last thing that went wrong.
    #[serde(default)]
    pub last_error: Option<String>,
    /// Requests answered since the server started.
    #[serde(default)]
    pub requests: u64,
}

/// Whether an app answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AppState {
    /// It will be loaded for its next request.
    Idle,
    /// Its code is loaded.
    Running,
    /// It failed so often that requests are refused for a while.
    Failing,
    /// It is deployed, but the server could not take it up.
    Unavailable,
}

/// A deployed app, with all that is known of it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AppDetail {
    /// In short.
    #[serde(flatten)]
    pub summary: AppSummary,
    /// The text of the current version's manifest.
    pub manifest: String,
    /// The current version's guests, by what the manifest calls them.
    pub guests: BTreeMap<String, GuestInfo>,
    /// The versions that are kept, the oldest first.
    pub versions: Vec<VersionInfo>,
}

/// A guest.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct GuestInfo {
    /// Of its bytes.
    pub digest: Digest,
    /// In bytes.
    pub size: u64,
}

/// A version of an app.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct VersionInfo {
    /// Its number.
    pub version: u64,
    /// Whether it is the current one.
    pub current: bool,
    /// When it was deployed: RFC 3339, UTC. Absent when its record is damaged.
    #[serde(default)]
    pub created: Option<String>,
    /// What was noted with it.
    #[serde(default)]
    pub notes: String,
    /// Why it cannot be used, when it cannot.
    #[serde(default)]
    pub problem: Option<String>,
}

/// A blob that is stored.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct BlobInfo {
    /// Of its bytes.
    pub digest: Digest,
    /// In bytes.
    pub size: u64,
}

/// One line of an app's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogLine {
    /// RFC 3339, UTC.
    pub time: String,
    /// The app's version that wrote it, or that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// The id of the request it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Who wrote it.
    pub source: LogSource,
    /// The line, without its end.
    pub text: String,
    /// What else is known, such as the status of a request.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, serde_json::Value>,
}

/// Who wrote a line of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogSource {
    /// The guest, on its standard output.
    Stdout,
    /// The guest, on its standard error.
    Stderr,
    /// The server, about a request it answered.
    Access,
    /// The server, about the app.
    Server,
}

/// What the server is doing, for a live view. Totals count from the server's start, so that a view
/// makes rates from two snapshots.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Top {
    /// Seconds since the server started.
    pub uptime: f64,
    /// Resident memory of the server, in bytes.
    pub memory: u64,
    /// CPU time of the server, in seconds.
    pub cpu: f64,
    /// Open connections.
    pub connections: u64,
    /// The apps that are loaded, in no order.
    pub apps: Vec<TopApp>,
}

/// What an app is doing.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct TopApp {
    /// Its name.
    pub name: AppName,
    /// The version that serves.
    pub version: u64,
    /// Requests answered.
    pub requests: u64,
    /// Of these, how many with a status of 500 and above.
    pub errors: u64,
    /// Requests being answered.
    pub in_flight: u64,
    /// Requests waiting for their turn.
    pub queued: u64,
    /// CPU time of its guests, in seconds.
    pub cpu: f64,
    /// Memory of its instances, in bytes.
    pub memory: u64,
    /// Half of the last requests were answered within this many milliseconds.
    pub p50: f64,
    /// 99 of 100 of the last requests were answered within this many milliseconds.
    pub p99: f64,
}

/// What every failed request answers.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ErrorAnswer {
    /// The error.
    pub error: ErrorInfo,
}

/// Why a request failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorInfo {
    /// A word that programs can rely on, such as `version_conflict`.
    pub code: String,
    /// A sentence for people.
    pub message: String,
    /// Everything in particular, such as each reason why an app was rejected.
    #[serde(default)]
    pub details: Vec<String>,
}

impl JsonSchema for AppName {
    fn schema_name() -> Cow<'static, str> {
        "AppName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,62}$" })
    }
}

impl JsonSchema for Digest {
    fn schema_name() -> Cow<'static, str> {
        "Digest".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^sha256:[0-9a-f]{64}$" })
    }
}

/// Refuses a map that names one guest twice: which of the two would be meant?
fn unique_keys<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Digest>, D::Error> {
    struct Unique;

    impl<'de> Visitor<'de> for Unique {
        type Value = BTreeMap<String, Digest>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object of guests and their digests")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
            let mut map = BTreeMap::new();
            while let Some((key, value)) = entries.next_entry::<String, Digest>()? {
                if map.contains_key(&key) {
                    return Err(A::Error::custom(format!("the guest {key:?} is there twice")));
                }
                map.insert(key, value);
            }
            Ok(map)
        }
    }

    deserializer.deserialize_map(Unique)
}
