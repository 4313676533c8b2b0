//! One thing a guest asked for, and the words that would have granted it.

use crate::address::canonical;
use crate::net::Proto;
use crate::outbound::OutboundGrant;
use crate::quote::shell_word;
use std::net::{Ipv6Addr, SocketAddr};

/// Something a guest asked for and was refused.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ask {
    /// To open something below a directory, by the path the guest used.
    Dir {
        /// The directory as the guest named it.
        path: String,
        /// Whether it wanted to change anything there.
        write: bool,
    },
    /// To read an environment variable.
    Env(String),
    /// To connect, or to look up a name.
    Net {
        /// The protocol; `None` for a look-up, which has none.
        proto: Option<Proto>,
        /// A host name, or an address with its port, as a network grant writes it.
        target: String,
    },
    /// To listen.
    Listen {
        /// The protocol.
        proto: Proto,
        /// The address with its port.
        target: String,
    },
    /// To send an HTTP request.
    Http {
        /// Scheme, host and, unless it is the scheme's own, port: `https://api.example.com`.
        url_origin: String,
    },
    /// To open a key-value store, by name.
    Kv(String),
    /// To use a container of blobs, by name.
    Blob(String),
    /// To open a SQLite database, by name.
    Sql(String),
    /// To ask a model, by name.
    Model(String),
    /// To have the host reach a server: scheme, host and port, as a grant writes them.
    Outbound(String),
    /// To read a configuration value, by name.
    Config(String),
}

impl Ask {
    /// A connection to `addr`.
    pub fn connect(proto: Proto, addr: SocketAddr) -> Self {
        Ask::Net { proto: Some(proto), target: plain(addr) }
    }

    /// A listening socket on `addr`.
    pub fn listen(proto: Proto, addr: SocketAddr) -> Self {
        Ask::Listen { proto, target: plain(addr) }
    }

    /// A request to a URL with this scheme, host and port. A request refused because of the address
    /// its host led to is an [`Ask::connect`] to that address.
    pub fn http(scheme: &str, host: &str, port: u16) -> Self {
        let host = match host.parse::<Ipv6Addr>() {
            Ok(ip) => format!("[{ip}]"),
            Err(_) => host.to_owned(),
        };
        let url_origin = match (scheme, port) {
            ("http", 80) | ("https", 443) => format!("{scheme}://{host}"),
            _ => format!("{scheme}://{host}:{port}"),
        };
        Ask::Http { url_origin }
    }

    /// Reaching this server, which speaks `scheme`.
    pub fn outbound(scheme: &str, host: &str, port: u16) -> Self {
        let host = match host.parse::<Ipv6Addr>() {
            Ok(ip) => format!("[{ip}]"),
            Err(_) => host.to_owned(),
        };
        let text = format!("{scheme}://{host}:{port}");
        // As a grant of it is written, without its usual port.
        Ask::Outbound(text.parse::<OutboundGrant>().map_or(text, |grant| grant.to_string()))
    }

    /// Sending HTTP requests to the guest's own app.
    pub fn own_app() -> Self {
        Ask::Outbound("http://self".to_owned())
    }

    /// A DNS look-up.
    pub fn lookup(name: impl Into<String>) -> Self {
        Ask::Net { proto: None, target: name.into() }
    }

    /// The option of the `holm` program that would have granted this, quoted for a shell:
    /// `--net tcp://1.2.3.4:80`. The least that would do; the value of a configuration key is left
    /// for the reader to fill in.
    pub fn flag(&self) -> String {
        let (key, value) = self.grant_text();
        match key {
            // Its value may be left out, so that a word behind it would be the guest.
            "kv" | "blob" | "sql" => format!("--{key}={}", shell_word(&value)),
            "config" => format!("--config {}", shell_word(&format!("{value}=VALUE"))),
            "models" => format!("--model {}", shell_word(&value)),
            _ => format!("--{key} {}", shell_word(&value)),
        }
    }

    /// The key of the manifest's `[grants]` table that would have granted this, and the text to
    /// put there. For a configuration key the text is its name alone: its value is not ours to know.
    pub fn grant_text(&self) -> (&'static str, String) {
        match self {
            Ask::Dir { path, write } => ("dir", dir_text(path, *write)),
            Ask::Env(name) => ("env", name.clone()),
            Ask::Net { proto: None, target } => ("net", target.clone()),
            Ask::Net { proto: Some(proto), target } => ("net", format!("{proto}://{target}")),
            Ask::Listen { proto, target } => ("listen", format!("{proto}://{target}")),
            Ask::Http { url_origin } => ("http", url_origin.clone()),
            Ask::Kv(name) => ("kv", name.clone()),
            Ask::Blob(name) => ("blob", name.clone()),
            Ask::Sql(name) => ("sql", name.clone()),
            Ask::Model(name) => ("models", name.clone()),
            Ask::Outbound(server) => ("outbound", server.clone()),
            Ask::Config(name) => ("config", name.clone()),
        }
    }

    /// The key of a component in a `spin.toml` that would have granted this, and the text to put in its list there. `None`:
    /// Spin has no list of such things.
    pub fn spin_text(&self) -> Option<(&'static str, String)> {
        Some(match self {
            Ask::Outbound(server) => ("allowed_outbound_hosts", server.clone()),
            Ask::Http { url_origin } => ("allowed_outbound_hosts", url_origin.clone()),
            // Spin calls what a socket speaks tcp and udp.
            Ask::Net { proto: Some(proto), target } => ("allowed_outbound_hosts", format!("{proto}://{target}")),
            Ask::Kv(name) => ("key_value_stores", name.clone()),
            Ask::Sql(name) => ("sqlite_databases", name.clone()),
            Ask::Model(name) => ("ai_models", name.clone()),
            Ask::Dir { .. } | Ask::Env(_) | Ask::Net { proto: None, .. } | Ask::Listen { .. } => return None,
            Ask::Blob(_) | Ask::Config(_) => return None,
        })
    }

    /// How many bytes of memory the guest's own text takes.
    pub(crate) fn len(&self) -> usize {
        match self {
            Ask::Dir { path: text, .. }
            | Ask::Net { target: text, .. }
            | Ask::Listen { target: text, .. }
            | Ask::Http { url_origin: text }
            | Ask::Env(text)
            | Ask::Kv(text)
            | Ask::Blob(text)
            | Ask::Sql(text)
            | Ask::Model(text)
            | Ask::Outbound(text)
            | Ask::Config(text) => text.len(),
        }
    }
}

/// The same directory on the host is the likeliest wish, and the reader sees what to change.
fn dir_text(path: &str, write: bool) -> String {
    format!("{path}::{path}{}", if write { "" } else { ":ro" })
}

/// The address as a grant would be compared with it.
fn plain(addr: SocketAddr) -> String {
    SocketAddr::new(canonical(addr.ip()), addr.port()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_flag_that_would_have_granted_it() {
        let addr = |text: &str| text.parse().unwrap();
        for (ask, flag) in [
            (Ask::Dir { path: "/etc".into(), write: false }, "--dir /etc::/etc:ro"),
            (Ask::Dir { path: "/my dir".into(), write: true }, "--dir '/my dir::/my dir'"),
            (Ask::Env("HOME".into()), "--env HOME"),
            (Ask::connect(Proto::Tcp, addr("1.2.3.4:80")), "--net tcp://1.2.3.4:80"),
            (Ask::connect(Proto::Udp, addr("[::ffff:1.2.3.4]:53")), "--net udp://1.2.3.4:53"),
            (Ask::connect(Proto::Tcp, addr("[::1]:80")), "--net 'tcp://[::1]:80'"),
            (Ask::lookup("example.com"), "--net example.com"),
            (Ask::listen(Proto::Tcp, addr("0.0.0.0:80")), "--listen tcp://0.0.0.0:80"),
            (Ask::http("https", "a.example", 443), "--http https://a.example"),
            (Ask::http("http", "::1", 3000), "--http 'http://[::1]:3000'"),
            (Ask::Kv("default".into()), "--kv=default"),
            (Ask::Blob("my images".into()), "--blob='my images'"),
            (Ask::Config("colour".into()), "--config colour=VALUE"),
        ] {
            assert_eq!(ask.flag(), flag);
        }
    }
}
