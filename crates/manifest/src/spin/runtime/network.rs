//! `[[client_tls]]` and the tables `[outbound_…]`.

use super::super::names::{is_component, shown};
use super::listed;
use crate::grants::beside;
use crate::keys::Keys;
use crate::values::Reader;
use holm_grants::Blocked;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Which servers the app's guests reach nevertheless not, and how many connections they may have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networking {
    /// Networks that nothing is dialled in.
    pub blocked: Blocked,
    /// The most connections of all kinds at once.
    pub max_total: Option<u64>,
    /// The most connections of guests' own sockets at once.
    pub max_sockets: Option<u64>,
    /// The most connections for HTTP requests at once.
    pub max_http: Option<u64>,
    /// Whether connections for HTTP requests are kept for the next; yes, where nobody says otherwise.
    pub keep_http: Option<bool>,
    /// The most connections to Redis servers at once.
    pub max_redis: Option<u64>,
    /// The most connections to PostgreSQL servers at once.
    pub max_postgres: Option<u64>,
    /// The most connections to MySQL servers at once.
    pub max_mysql: Option<u64>,
    /// The most connections to MQTT brokers at once.
    pub max_mqtt: Option<u64>,
    /// The most bytes of a message to an MQTT broker.
    pub max_mqtt_payload: Option<u64>,
}

/// With which certificates some components trust some hosts, and are known to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientTls {
    /// The components, by name.
    pub components: Vec<String>,
    /// The hosts, without ports.
    pub hosts: Vec<String>,
    /// Whether the authorities that this machine trusts are trusted.
    pub platform_roots: bool,
    /// Whether those are that Mozilla's browser trusts.
    pub webpki_roots: bool,
    /// A PEM file of authorities that are trusted as well.
    pub roots: Option<PathBuf>,
    /// PEM files of a certificate and its key, to be known by.
    pub certificate: Option<(PathBuf, PathBuf)>,
}

/// Keys of `[outbound_networking]`.
static NETWORKING: Keys = Keys {
    table: "outbound_networking",
    known: &["block_networks", "max_socket_connections", "max_total_connections"],
    family: &[],
};
/// Keys of `[outbound_http]`.
static HTTP: Keys = Keys {
    table: "outbound_http",
    known: &["connection_pooling", "max_connections", "max_concurrent_requests"],
    family: &[],
};
/// Keys of `[outbound_mqtt]`.
static MQTT: Keys = Keys { table: "outbound_mqtt", known: &["max_connections", "max_payload_size_bytes"], family: &[] };
/// Keys of the other kinds of servers.
static SERVERS: Keys = Keys { table: "outbound", known: &["max_connections"], family: &[] };
/// Keys of `[[client_tls]]`.
static TLS: Keys = Keys {
    table: "[client_tls]",
    known: &[
        "component_ids",
        "hosts",
        "ca_use_platform_roots",
        "ca_use_webpki_roots",
        "ca_roots_file",
        "client_cert_file",
        "client_private_key_file",
    ],
    family: &[],
};

pub(super) fn read(reader: &mut Reader<'_, '_, '_>) -> Networking {
    let mut networking = Networking::default();
    if let Some(mut inner) = reader.inside("outbound_networking") {
        NETWORKING.check(&mut inner);
        blocked(&mut inner, &mut networking);
        networking.max_sockets = inner.number("max_socket_connections");
        networking.max_total = inner.number("max_total_connections");
    }
    if let Some(mut inner) = reader.inside("outbound_http") {
        http(&mut inner, &mut networking);
    }
    networking.max_redis = servers(reader, "outbound_redis");
    networking.max_postgres = servers(reader, "outbound_pg");
    networking.max_mysql = servers(reader, "outbound_mysql");
    if let Some(mut inner) = reader.inside("outbound_mqtt") {
        MQTT.check(&mut inner);
        networking.max_mqtt = inner.number("max_connections");
        networking.max_mqtt_payload = inner.number("max_payload_size_bytes");
    }
    networking
}

fn servers(reader: &mut Reader<'_, '_, '_>, key: &str) -> Option<u64> {
    let mut inner = reader.inside(key)?;
    SERVERS.check(&mut inner);
    inner.number("max_connections")
}

fn http(reader: &mut Reader<'_, '_, '_>, networking: &mut Networking) {
    HTTP.check(reader);
    networking.keep_http = reader.flag("connection_pooling");
    let (connections, requests) = (reader.number("max_connections"), reader.number("max_concurrent_requests"));
    if let (Some(_), Some((old, _))) = (connections, reader.table.get_key_value("max_concurrent_requests")) {
        reader.report.add(old.span(), "`max_connections` replaced `max_concurrent_requests`; leave this out");
    }
    // One more, as the older key counted.
    networking.max_http = connections.or(requests.map(|requests| requests.saturating_add(1)));
}

fn blocked(reader: &mut Reader<'_, '_, '_>, networking: &mut Networking) {
    for (text, span) in reader.texts("block_networks") {
        let added = networking.blocked.add(text);
        reader.noted(span, added);
    }
}

pub(super) fn client_tls(reader: &mut Reader<'_, '_, '_>, folder: &Path) -> Vec<ClientTls> {
    let mut all = Vec::new();
    listed(reader, "client_tls", |reader, span| {
        TLS.check(reader);
        all.push(one(reader, span, folder));
    });
    all
}

fn one(reader: &mut Reader<'_, '_, '_>, span: Range<usize>, folder: &Path) -> ClientTls {
    let components = list(reader, "component_ids", span.clone(), "a component's name", is_component);
    let hosts = list(reader, "hosts", span.clone(), "a host without a port", is_host);
    let mut file = |key: &str| reader.name(key).map(|path| beside(folder, path));
    let (roots, certificate, key) = (file("ca_roots_file"), file("client_cert_file"), file("client_private_key_file"));
    let (platform, webpki) = (reader.flag("ca_use_platform_roots"), reader.flag("ca_use_webpki_roots"));
    if certificate.is_some() != key.is_some() {
        reader.report.add(span, "`client_cert_file` and `client_private_key_file` belong together; one is missing");
    }
    ClientTls {
        components,
        hosts,
        // Whoever names some authorities means those.
        platform_roots: platform.unwrap_or(webpki.is_none() && roots.is_none()),
        webpki_roots: webpki.unwrap_or(false),
        roots,
        certificate: certificate.zip(key),
    }
}

fn list(
    reader: &mut Reader<'_, '_, '_>,
    key: &str,
    span: Range<usize>,
    what: &str,
    fits: impl Fn(&str) -> bool,
) -> Vec<String> {
    let texts = reader.texts(key);
    if texts.is_empty() && reader.value(key).is_none_or(|value| value.get_ref().is_array()) {
        reader.report.add(span, format!("[[client_tls]] has no `{key}`"));
    }
    let wrong = texts.iter().filter(|(text, _)| !fits(text));
    for (text, span) in wrong {
        reader.report.add(span.clone(), format!("`{}` is not {what}", shown(text)));
    }
    texts.into_iter().map(|(text, _)| text.to_owned()).collect()
}

fn is_host(text: &str) -> bool {
    text.parse::<http::uri::Authority>()
        .is_ok_and(|authority| authority.port().is_none() && authority.as_str() == authority.host())
}

#[cfg(test)]
pub(super) fn keys() -> Vec<&'static Keys> {
    vec![&NETWORKING, &HTTP, &MQTT, &SERVERS, &TLS]
}
