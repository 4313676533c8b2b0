//! `runtime-config.toml`: where an app made for Spin keeps what it keeps, and who answers it.

mod network;
mod stores;
mod variables;

pub use network::{ClientTls, Networking};
pub(super) use variables::PREFIX;

use super::names::{did_you_mean, shown};
use super::{each, each_of};
use crate::app::App;
use crate::document;
use crate::error::ManifestError;
use crate::grants::beside;
use crate::keys::Keys;
use crate::services::{Llm, Services};
use crate::values::Reader;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// What a `runtime-config.toml` says. Nothing in it has been looked up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuntimeConfig {
    /// Where state is kept: a folder joined to that of the file, or [`Folder::Nowhere`].
    pub state_dir: Option<Folder>,
    /// Where logs are written.
    pub log_dir: Option<Folder>,
    /// The most memory that one instance may have, in bytes.
    pub max_instance_memory: Option<u64>,
    /// Stores, databases, models, and where variables come from before the environment is asked.
    pub services: Services,
    /// What connections of the app may be, and how many.
    pub networking: Networking,
    /// With which certificates hosts are trusted, and met.
    pub client_tls: Vec<ClientTls>,
}

/// A folder, or none where there would be one otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Folder {
    /// This one.
    At(PathBuf),
    /// None: what would be kept is forgotten when the process ends.
    Nowhere,
}

impl RuntimeConfig {
    /// Reads the `text` of such a file, which is at `path`. Paths in it are seen from its folder. Nothing else is read from
    /// disk.
    ///
    /// # Errors
    /// As [`App::parse`].
    pub fn parse(text: &str, path: &Path) -> Result<RuntimeConfig, ManifestError> {
        let folder = path.parent().unwrap_or(Path::new(""));
        document::parse_any(text, path, |reader| read(reader, folder))
    }

    /// Reads the file at `path`.
    ///
    /// # Errors
    /// As [`App::load`].
    pub fn load(path: &Path) -> Result<RuntimeConfig, ManifestError> {
        RuntimeConfig::parse(&document::load(path)?, path)
    }

    /// Has `app` keep its stores where this says, and ask for its variables here before it asks where it would have. Nothing
    /// is dialled in the networks that are blocked. How much memory one instance may have, and how many connections its guests
    /// may, is the least that anybody says.
    pub fn apply_to(&self, app: &mut App) {
        let services = self.services.clone();
        app.services.kv.extend(services.kv);
        app.services.sql.extend(services.sql);
        app.services.llm = services.llm.or(app.services.llm.take());
        app.services.variables.splice(0..0, services.variables);
        for guest in &mut app.guests {
            guest.grants.blocked.clone_from(&self.networking.blocked);
            guest.limits.memory = least(guest.limits.memory, self.max_instance_memory);
            guest.serve.connections = least(guest.serve.connections, self.networking.max_total);
        }
    }
}

impl RuntimeConfig {
    /// The keys that say something which Holm reads and does not do, for whoever runs the app to be told.
    pub fn unheeded(&self) -> Vec<&'static str> {
        let network = &self.networking;
        let said = [
            ("log_dir", matches!(self.log_dir, Some(Folder::At(_)))),
            ("client_tls", !self.client_tls.is_empty()),
            ("outbound_networking.max_socket_connections", network.max_sockets.is_some()),
            ("outbound_http", network.max_http.is_some() || network.keep_http == Some(false)),
            ("outbound_redis", network.max_redis.is_some()),
            ("outbound_pg", network.max_postgres.is_some()),
            ("outbound_mysql", network.max_mysql.is_some()),
            ("outbound_mqtt", network.max_mqtt.is_some() || network.max_mqtt_payload.is_some()),
        ];
        said.into_iter().filter(|(_, said)| *said).map(|(key, _)| key).collect()
    }
}

fn least(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    one.into_iter().chain(other).min()
}

/// Keys above all tables of the file.
static CONFIG: Keys = Keys {
    table: "",
    known: &[
        "state_dir",
        "log_dir",
        "max_instance_memory",
        "key_value_store",
        "sqlite_database",
        "llm_compute",
        "variables_provider",
        "variables_providers",
        "config_provider",
        "client_tls",
        "outbound_networking",
        "outbound_http",
        "outbound_redis",
        "outbound_pg",
        "outbound_mysql",
        "outbound_mqtt",
    ],
    family: &[],
};
/// Keys of `[llm_compute]`.
static LLM: Keys = Keys { table: "llm_compute", known: &["type", "url", "auth_token", "api_type"], family: &[] };

fn read(reader: &mut Reader<'_, '_, '_>, folder: &Path) -> RuntimeConfig {
    CONFIG.check(reader);
    let services = Services {
        kv: stores::key_value(reader, folder),
        sql: stores::sqlite(reader, folder),
        llm: llm(reader),
        variables: variables::read(reader, folder),
        ..Services::default()
    };
    RuntimeConfig {
        state_dir: place(reader, "state_dir", folder),
        log_dir: place(reader, "log_dir", folder),
        max_instance_memory: reader.positive("max_instance_memory"),
        services,
        networking: network::read(reader),
        client_tls: network::client_tls(reader, folder),
    }
}

fn place(reader: &mut Reader<'_, '_, '_>, key: &str, folder: &Path) -> Option<Folder> {
    let (text, _) = reader.text(key)?;
    Some(if text.is_empty() { Folder::Nowhere } else { Folder::At(beside(folder, text)) })
}

/// The `type` of something whose heading is at `span`; one of the `known`.
fn kind<'t>(
    reader: &mut Reader<'t, '_, '_>,
    span: Range<usize>,
    known: &[&'static str],
) -> Option<(&'t str, Range<usize>)> {
    if reader.value("type").is_none() {
        let place = reader.place.trim_matches(['[', ']']).to_owned();
        reader.report.add(span, format!("[{place}] has no `type`; there are {}", known.join(", ")));
    }
    reader.text("type")
}

/// Why there is no such type.
fn unknown(kind: &str, known: &[&'static str]) -> String {
    let advice = did_you_mean(kind, known.iter().copied());
    format!("there is no `{}` here; there are {}{advice}", shown(kind), known.join(", "))
}

/// What does not run here, and what does instead.
fn refused(what: &str, instead: &str) -> String {
    format!("Holm does not speak to {what}; {instead}")
}

/// A text that has to be there and is not empty.
fn required(reader: &mut Reader<'_, '_, '_>, key: &str, span: Range<usize>) -> Option<String> {
    if reader.value(key).is_none() {
        let place = reader.place.trim_matches(['[', ']']).to_owned();
        reader.report.add(span, format!("[{place}] has no `{key}`"));
    }
    reader.name(key)
}

/// Reports every key that is of no use for this type.
fn only(reader: &mut Reader<'_, '_, '_>, keys: &Keys, kind: &str, known: &[&str]) {
    let place = reader.place.clone();
    for key in reader.table.keys() {
        let name = key.get_ref().as_ref();
        if keys.known.contains(&name) && !known.contains(&name) && name != "type" {
            reader.report.add(key.span(), format!("`{name}` is of no use in [{place}] with `type = \"{kind}\"`"));
        }
    }
}

fn is_http(url: &str) -> bool {
    let authority = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    authority.is_some_and(|authority| !authority.is_empty() && url.parse::<http::Uri>().is_ok())
}

/// An `http` or `https` URL.
fn url(reader: &mut Reader<'_, '_, '_>, key: &str, span: Range<usize>) -> Option<String> {
    let url = required(reader, key, span)?;
    if !is_http(&url) {
        let span = reader.value(key).map(toml::Spanned::span).unwrap_or_default();
        // It may hold a password.
        reader.report.add(span, format!("`{key}` is an address that begins with https:// or http://"));
    }
    Some(url)
}

fn llm(reader: &mut Reader<'_, '_, '_>) -> Option<Llm> {
    let span = reader.value("llm_compute").map(toml::Spanned::span).unwrap_or_default();
    let mut reader = reader.inside("llm_compute")?;
    LLM.check(&mut reader);
    let known = ["spin", "remote_http"];
    match kind(&mut reader, span.clone(), &known)? {
        ("remote_http", _) => {
            let openai = openai(&mut reader);
            let (url, token) = (url(&mut reader, "url", span.clone()), required(&mut reader, "auth_token", span));
            Some(Llm { url: url?, token: token?.into(), openai })
        }
        // Models of Spin's own run in no build of it that is not made for them, and then guests are told so.
        ("spin", _) => {
            only(&mut reader, &LLM, "spin", &[]);
            None
        }
        (other, at) => {
            reader.report.add(at, unknown(other, &known));
            None
        }
    }
}

fn openai(reader: &mut Reader<'_, '_, '_>) -> bool {
    let Some((text, span)) = reader.text("api_type") else { return false };
    let known = ["default", "open_ai"];
    if !known.contains(&text) {
        reader.report.add(span, unknown(text, &known));
    }
    text == "open_ai"
}

/// Reads `[KEY.NAME]` tables.
fn named<'t, 'a>(
    reader: &mut Reader<'t, '_, 'a>,
    key: &str,
    read: impl FnMut(&mut Reader<'t, '_, 'a>, &'t str, Range<usize>),
) {
    each(reader, key, &format!("[{key}.NAME]"), read);
}

/// Reads `[[KEY]]` tables.
fn listed<'t, 'a>(reader: &mut Reader<'t, '_, 'a>, key: &str, read: impl FnMut(&mut Reader<'t, '_, 'a>, Range<usize>)) {
    each_of(reader, key, key, read);
}

/// Every table of the file.
#[cfg(test)]
pub(crate) fn keys() -> Vec<&'static Keys> {
    [vec![&CONFIG, &LLM], network::keys(), stores::keys(), variables::keys()].concat()
}
