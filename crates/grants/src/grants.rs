//! Everything one guest was granted, and the questions a host asks of it.

use crate::blocked::Blocked;
use crate::dir::DirGrant;
use crate::http::HttpGrant;
use crate::net::{NetGrant, Proto};
use crate::outbound::OutboundGrant;
use crate::section::Section;
use crate::sibling::sibling;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

/// What a guest may touch. The default is nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grants {
    /// Directories of the host.
    pub dirs: Vec<DirGrant>,
    /// Environment variables, by name. The guest sees these and no others.
    pub env: BTreeMap<String, String>,
    /// Hosts to connect to and, if named, to look up.
    pub net: Vec<NetGrant>,
    /// Addresses to listen on.
    pub listen: Vec<NetGrant>,
    /// Sites to send HTTP requests to.
    pub http: Vec<HttpGrant>,
    /// Key-value stores, by name.
    pub kv: Vec<String>,
    /// Containers of blobs, by name.
    pub blob: Vec<String>,
    /// SQLite databases, by name.
    pub sql: Vec<String>,
    /// Models to ask, by name.
    pub models: Vec<String>,
    /// Servers that the host reaches for the guest, by what they speak: databases, message brokers.
    pub outbound: Vec<OutboundGrant>,
    /// Configuration values, by name.
    pub config: BTreeMap<String, String>,
    /// Networks that none of these opens.
    pub blocked: Blocked,
}

impl Grants {
    /// Adds what `other` grants. Where both speak of the same guest path, variable or configuration
    /// name, `other` wins, as a command line does over a manifest.
    pub fn merge(&mut self, other: Grants) {
        let renewed: BTreeSet<&str> = other.dirs.iter().map(|dir| dir.guest.as_str()).collect();
        self.dirs.retain(|dir| !renewed.contains(dir.guest.as_str()));
        self.dirs.extend(other.dirs);
        self.env.extend(other.env);
        self.config.extend(other.config);
        self.net.extend(other.net);
        self.listen.extend(other.listen);
        self.http.extend(other.http);
        self.kv.extend(other.kv);
        self.blob.extend(other.blob);
        self.sql.extend(other.sql);
        self.models.extend(other.models);
        self.outbound.extend(other.outbound);
        self.blocked.merge(other.blocked);
    }

    /// What is granted here and not by `given`. A directory that is given to read and write is given to read as well; all
    /// else counts as given only in the same words.
    #[must_use]
    pub fn beyond(&self, given: &Grants) -> Grants {
        let covers = |has: &DirGrant, dir: &DirGrant| {
            has.host == dir.host && has.guest == dir.guest && (dir.read_only || !has.read_only)
        };
        Grants {
            dirs: self.dirs.iter().filter(|dir| !given.dirs.iter().any(|has| covers(has, dir))).cloned().collect(),
            env: less(&self.env, &given.env),
            net: without(&self.net, &given.net),
            listen: without(&self.listen, &given.listen),
            http: without(&self.http, &given.http),
            kv: without(&self.kv, &given.kv),
            blob: without(&self.blob, &given.blob),
            sql: without(&self.sql, &given.sql),
            models: without(&self.models, &given.models),
            outbound: without(&self.outbound, &given.outbound),
            config: less(&self.config, &given.config),
            blocked: self.blocked.clone(),
        }
    }

    /// Whether nothing at all is granted.
    pub fn is_empty(&self) -> bool {
        *self == Grants { blocked: self.blocked.clone(), ..Grants::default() }
    }

    /// The `[grants]` table of a `holm.toml` that grants the same; empty when nothing is granted.
    pub fn to_manifest(&self) -> String {
        let mut section = Section::default();
        section.list("dir", texts(&self.dirs));
        section.pairs("env", &self.env);
        section.list("net", texts(&self.net));
        section.list("listen", texts(&self.listen));
        section.list("http", texts(&self.http));
        section.list("kv", self.kv.iter().cloned());
        section.list("blob", self.blob.iter().cloned());
        section.list("sql", self.sql.iter().cloned());
        section.list("models", self.models.iter().cloned());
        section.list("outbound", texts(&self.outbound));
        section.pairs("config", &self.config);
        section.text("grants")
    }

    /// Whether the guest may look up `name` in DNS for its own sockets. The names of [`crate::INTERNAL`] never get there.
    pub fn allows_lookup(&self, name: &str) -> bool {
        let by_outbound = || self.outbound.iter().any(|grant| grant.allows_lookup(name));
        sibling(name).is_none() && (self.net.iter().any(|grant| grant.allows_name(name)) || by_outbound())
    }

    /// Whether the guest may connect, or send, to `addr`. `names` as in [`NetGrant::allows_addr`].
    pub fn allows_connect(&self, proto: Proto, addr: SocketAddr, names: &[&str]) -> bool {
        let by_outbound = || self.outbound.iter().any(|grant| grant.allows_socket(proto, addr, names));
        let granted = self.net.iter().any(|grant| grant.allows_addr(proto, addr, names)) || by_outbound();
        granted && !self.blocked.covers(addr.ip())
    }

    /// Whether the host may reach this server for the guest, as far as can be said before its name has been resolved.
    /// `scheme` is what is spoken there: `redis`, `postgres`, `mysql`, `mqtt`.
    pub fn allows_outbound(&self, scheme: &str, host: &str, port: u16) -> bool {
        self.outbound.iter().any(|grant| grant.allows(scheme, host, port))
    }

    /// Whether it may be dialled at `ip`, to which its name led. One and the same grant must allow the server and the
    /// address. Ask for the address actually dialled.
    pub fn allows_outbound_at(&self, scheme: &str, host: &str, port: u16, ip: IpAddr) -> bool {
        let mut granted = self.outbound.iter().filter(|grant| grant.allows(scheme, host, port));
        granted.any(|grant| grant.allows_addr(host, ip)) && !self.blocked.covers(ip)
    }

    /// Whether the guest may listen on `addr`.
    pub fn allows_listen(&self, proto: Proto, addr: SocketAddr) -> bool {
        self.listen.iter().any(|grant| grant.allows_addr(proto, addr, &[]))
    }

    /// Whether the guest may send a request to this URL, as far as can be said before its host has
    /// been resolved. Arguments as in [`HttpGrant::allows`].
    pub fn allows_http(&self, scheme: &str, host: &str, port: u16, path: &str) -> bool {
        let by_outbound = || self.allows_outbound(scheme, host, port);
        self.http.iter().any(|grant| grant.allows(scheme, host, port, path)) || by_outbound()
    }

    /// Whether a request to this URL may be sent to `ip`, the address its host resolved to. Ask for
    /// the address actually dialled, and again after every redirect.
    ///
    /// One and the same grant must allow the URL and the address; or, for a name that leads to a
    /// private address, a [`net`](Grants::net) grant must open that address itself. (An
    /// [`outbound`](Grants::outbound) grant opens more by itself.) So when
    /// [`Grants::allows_http`] said yes and this says no, what is missing is
    /// [`Ask::connect`](crate::Ask::connect) to `ip`.
    pub fn allows_http_at(&self, scheme: &str, host: &str, port: u16, path: &str, ip: IpAddr) -> bool {
        let opened = || self.net.iter().any(|net| net.allows_by_address(Proto::Tcp, ip, port));
        let mut granting = self.http.iter().filter(|grant| grant.allows(scheme, host, port, path));
        let by_outbound = || self.allows_outbound_at(scheme, host, port, ip);
        let granted = granting.any(|grant| grant.allows_addr(host, ip) || opened()) || by_outbound();
        granted && !self.blocked.covers(ip)
    }

    /// Whether the guest may send HTTP requests to its own app, which leads them by its routes; see
    /// [`is_own_app`](crate::is_own_app).
    pub fn allows_own_app(&self) -> bool {
        self.outbound.iter().any(OutboundGrant::allows_own_app)
    }

    /// Whether the guest may send HTTP requests at all, as far as can be said without a URL.
    pub fn may_send_http(&self) -> bool {
        !self.http.is_empty() || self.outbound.iter().any(|grant| grant.speaks("http") || grant.speaks("https"))
    }

    /// Has names lead to public addresses alone: the guest is of somebody who does not own this machine.
    pub fn only_public(&mut self) {
        self.outbound.iter_mut().for_each(OutboundGrant::only_public);
    }
}

fn without<T: PartialEq + Clone>(asked: &[T], given: &[T]) -> Vec<T> {
    asked.iter().filter(|asked| !given.contains(asked)).cloned().collect()
}

fn less(asked: &BTreeMap<String, String>, given: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let own = asked.iter().filter(|(name, value)| given.get(*name) != Some(value));
    own.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn texts<T: ToString>(grants: &[T]) -> impl Iterator<Item = String> {
    grants.iter().map(T::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(dir: &str, net: &str, http: &str) -> Grants {
        Grants {
            dirs: vec![dir.parse().unwrap()],
            net: vec![net.parse().unwrap()],
            http: vec![http.parse().unwrap()],
            ..Grants::default()
        }
    }

    #[test]
    fn nothing_is_granted_by_default() {
        let none = Grants::default();
        assert!(none.is_empty());
        assert!(!none.allows_lookup("example.com"));
        assert!(!none.allows_connect(Proto::Tcp, "1.1.1.1:443".parse().unwrap(), &["example.com"]));
        assert!(!none.allows_listen(Proto::Tcp, "127.0.0.1:0".parse().unwrap()));
        assert!(!none.allows_http("https", "example.com", 443, "/"));
        assert_eq!(none.to_manifest(), "");
    }

    #[test]
    fn no_grant_opens_dns_for_the_names_of_guests() {
        let all = granted(".", "images.holm.internal", "*");
        assert!(!all.allows_lookup("images.holm.internal") && !all.allows_lookup("IMAGES.holm.internal."));
        assert!(!granted(".", "*", "*").allows_lookup("images.holm.internal"));
    }

    #[test]
    fn what_is_merged_in_wins_over_what_was_there() {
        let mut grants = granted("a::/data", "a.example", "*");
        grants.env.insert("MODE".into(), "prod".into());
        let mut other = granted("b::/data:ro", "b.example", "*");
        other.env.insert("MODE".into(), "dev".into());
        grants.merge(other.clone());
        assert_eq!((&grants.dirs, &grants.env), (&other.dirs, &other.env));
        assert!(grants.allows_lookup("a.example") && grants.allows_lookup("b.example"));
    }

    #[test]
    fn a_name_that_leads_to_a_private_address_needs_that_address_granted_too() {
        let ip = "10.0.0.5".parse().unwrap();
        let ask = |grants: &Grants| grants.allows_http_at("http", "db.corp", 80, "/", ip);
        assert!(!ask(&granted(".", "example.com", "http://db.corp")));
        assert!(!ask(&granted(".", "10.0.0.5:443", "http://db.corp")));
        assert!(!ask(&granted(".", "*", "http://db.corp")));
        assert!(ask(&granted(".", "10.0.0.5:80", "http://db.corp")));
    }

    #[test]
    fn one_grant_does_not_lend_its_address_to_another() {
        let mut grants = granted(".", "example.com", "http://localhost");
        grants.http.push("*".parse().unwrap());
        let loopback = "127.0.0.1".parse().unwrap();
        assert!(grants.allows_http_at("http", "localhost", 80, "/", loopback));
        assert!(!grants.allows_http_at("http", "evil.example", 80, "/", loopback));
    }

    #[test]
    fn servers_that_speak_http_are_sites_and_what_speaks_anything_is_open_to_sockets() {
        let outbound = |text: &str| Grants { outbound: vec![text.parse().unwrap()], ..Grants::default() };
        let (loopback, port) = ("127.0.0.1:3000".parse().unwrap(), 3000);
        let http = outbound("http://localhost:3000");
        assert!(http.allows_http("http", "localhost", port, "/any/path"));
        assert!(http.allows_http_at("http", "localhost", port, "/", "127.0.0.1".parse().unwrap()));
        assert!(!http.allows_http("https", "localhost", port, "/"));
        assert!(!http.allows_connect(Proto::Tcp, loopback, &["localhost"]) && !http.allows_lookup("localhost"));
        let any = outbound("*://*:*");
        assert!(any.allows_connect(Proto::Tcp, loopback, &[]) && any.allows_lookup("db.example.com"));
        assert!(!any.allows_lookup("back.holm.internal") && !any.allows_lookup("back.spin.internal"));
        assert!(any.allows_own_app() && any.may_send_http());
        assert!(!outbound("redis://*").may_send_http());
    }

    #[test]
    fn an_outbound_grant_does_not_lend_its_address_to_an_http_grant() {
        let mut grants = granted(".", "example.com", "https://evil.example");
        grants.outbound.push("https://db.corp".parse().unwrap());
        let private = "10.0.0.1".parse().unwrap();
        assert!(grants.allows_http_at("https", "db.corp", 443, "/", private));
        assert!(!grants.allows_http_at("https", "evil.example", 443, "/", private));
        grants.only_public();
        assert!(!grants.allows_http_at("https", "db.corp", 443, "/", private));
    }

    #[test]
    fn listening_is_granted_apart_from_connecting() {
        let addr = "127.0.0.1:8080".parse().unwrap();
        let mut grants = granted(".", "127.0.0.1:8080", "*");
        assert!(!grants.allows_listen(Proto::Tcp, addr));
        grants.listen.push("127.0.0.1:8080".parse().unwrap());
        assert!(grants.allows_listen(Proto::Tcp, addr));
    }

    #[test]
    fn grants_are_written_as_a_manifest_table() {
        let mut grants = granted("./data::/data:ro", "example.com:443", "https://a.example");
        grants.http.push("https://b.example".parse().unwrap());
        grants.env.insert("MODE".into(), "a\"b".into());
        grants.config.insert("colour".into(), "blue".into());
        assert_eq!(
            grants.to_manifest(),
            r#"[grants]
config = { colour = "blue" }
dir = ["./data::/data:ro"]
env = { MODE = 'a"b' }
http = [
    "https://a.example",
    "https://b.example",
]
net = ["example.com:443"]
"#
        );
    }
}
