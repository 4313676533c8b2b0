//! Which addresses a registry may lead us to.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use holm_services::http_client::{AddressPolicy, new_identity};
use url::Url;

use crate::error::{Failure, RegistryError, Result};
use crate::reference::Reference;

/// The registry that the user named, and with it what else may be asked.
pub(crate) struct Place {
    /// The registry's root, as in `https://ghcr.io/`.
    root: Url,
    /// Its host as the client names it to the policy.
    host: String,
    /// Whether it answered from an address that is not of the public internet.
    is_local: AtomicBool,
    identity: u64,
}

impl Place {
    /// Of the registry of `reference`. Without TLS only on this machine, or where the user says so.
    pub(crate) fn of(reference: &Reference, plain_http: bool) -> Result<Self> {
        let server = reference.server();
        let bad = |_| RegistryError::usage(format!("{server} is no registry's host"));
        let https = Url::parse(&format!("https://{server}/")).map_err(bad)?;
        let plain = plain_http || is_this_machine(&https);
        let root = if plain { Url::parse(&format!("http://{server}/")).map_err(bad)? } else { https };
        let host = bare_host(&root);
        Ok(Self { root, host, is_local: AtomicBool::new(false), identity: new_identity() })
    }

    /// An address below the registry's root.
    pub(crate) fn url(&self, path: &str) -> Result<Url> {
        self.root.join(path).map_err(|_| RegistryError::usage(format!("{path} is no path on a registry")))
    }

    /// Whether credentials for the registry may be sent to `url`.
    pub(crate) fn is_registry(&self, url: &Url) -> bool {
        same_origin(&self.root, url)
    }

    /// Where a redirect of `from` leads, if we go there.
    pub(crate) fn follow(&self, from: &Url, location: &str) -> Result<Url> {
        let to = from
            .join(location)
            .map_err(|_| RegistryError::invalid(format!("{} redirects to what is no address", self.host)))?;
        self.check(&to, "redirects")?;
        Ok(to)
    }

    /// Where tokens are to be had, as the registry says.
    pub(crate) fn realm(&self, realm: &str) -> Result<Url> {
        let bad = |_| RegistryError::invalid(format!("{} names a token server that is no address", self.host));
        let realm = Url::parse(realm).map_err(bad)?;
        self.check(&realm, "sends for a token")?;
        Ok(realm)
    }

    /// Nothing goes on without TLS that began with it, and nothing without TLS leaves the registry's host.
    fn check(&self, to: &Url, does: &str) -> Result<()> {
        let refuse = |why: &str| {
            let to = to.host_str().unwrap_or("nowhere");
            Err(RegistryError::new(Failure::Invalid, format!("{} {does} to {to}, {why}", self.host)))
        };
        if !to.username().is_empty() || to.password().is_some() {
            return refuse("with a user's name in the address");
        }
        match to.scheme() {
            "https" => Ok(()),
            "http" if self.root.scheme() == "https" => refuse("which would no longer be encrypted"),
            "http" if bare_host(to) == self.host || (is_this_machine(to) && is_this_machine(&self.root)) => Ok(()),
            "http" => refuse("another machine, without encryption"),
            _ => refuse("which is not HTTP"),
        }
    }
}

impl AddressPolicy for Place {
    /// The user named the registry, wherever it is. Where it leads us is on the public internet, unless the registry itself
    /// is not: else a stranger's registry could have us ask the machines around us, or the cloud's metadata service.
    fn allow(&self, host: &str, address: SocketAddr) -> bool {
        let ip = address.ip();
        let public = holm_grants::is_public(ip);
        if host == self.host {
            if !public {
                self.is_local.store(true, Relaxed);
            }
            return true;
        }
        public || (self.is_local.load(Relaxed) && is_neighbour(ip))
    }

    fn identity(&self) -> u64 {
        self.identity
    }
}

/// Private and loopback addresses, without those where clouds keep their secrets.
fn is_neighbour(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private(),
        // fd00:ec2::/32 has the metadata service of a large cloud.
        IpAddr::V6(ip) => ip.is_loopback() || (ip.is_unique_local() && !matches!(ip.segments(), [0xfd00, 0x0ec2, ..])),
    }
}

fn bare_host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase()
}

fn is_this_machine(url: &Url) -> bool {
    let host = bare_host(url);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

pub(crate) fn same_origin(a: &Url, b: &Url) -> bool {
    a.scheme() == b.scheme() && a.host_str() == b.host_str() && a.port_or_known_default() == b.port_or_known_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(reference: &str, plain_http: bool) -> Place {
        Place::of(&reference.parse().unwrap(), plain_http).unwrap()
    }

    fn allows(place: &Place, host: &str, address: &str) -> bool {
        place.allow(host, address.parse().unwrap())
    }

    #[test]
    fn only_this_machine_is_asked_without_tls_unless_the_user_says_so() {
        for (reference, plain, root) in [
            ("ghcr.io/a", false, "https://ghcr.io/"),
            ("10.0.0.1:5000/a", false, "https://10.0.0.1:5000/"),
            ("10.0.0.1:5000/a", true, "http://10.0.0.1:5000/"),
            ("localhost:5000/a", false, "http://localhost:5000/"),
            ("127.0.0.1:5000/a", false, "http://127.0.0.1:5000/"),
            ("[::1]:5000/a", false, "http://[::1]:5000/"),
            ("docker.io/a/b", false, "https://registry-1.docker.io/"),
            ("localhost.example.com/a", false, "https://localhost.example.com/"),
        ] {
            assert_eq!(place(reference, plain).root.as_str(), root, "{reference}");
        }
    }

    #[test]
    fn a_registry_on_the_internet_cannot_lead_us_to_our_own_machines() {
        let place = place("registry.example/a", false);
        assert!(allows(&place, "registry.example", "93.184.216.34:443"));
        assert!(allows(&place, "blobs.example", "93.184.216.34:443"));
        for inside in ["127.0.0.1:443", "10.0.0.1:443", "169.254.169.254:443", "[::1]:443", "[::ffff:10.0.0.1]:443"] {
            assert!(!allows(&place, "blobs.example", inside), "{inside}");
        }
    }

    #[test]
    fn a_registry_among_our_machines_can_lead_to_others_of_them_but_not_to_metadata() {
        let place = place("10.0.0.1:5000/a", false);
        assert!(allows(&place, "10.0.0.1", "10.0.0.1:5000"));
        assert!(allows(&place, "10.0.0.2", "10.0.0.2:443"));
        for metadata in
            ["169.254.169.254:443", "[fe80::1]:443", "[fd00:ec2::254]:443", "168.63.129.16:443", "100.100.100.200:443"]
        {
            assert!(!allows(&place, "metadata", metadata), "{metadata}");
        }
    }

    #[test]
    fn encryption_is_never_lost_on_the_way() {
        let from = Url::parse("https://registry.example/v2/").unwrap();
        let place = place("registry.example/a", false);
        assert!(place.follow(&from, "/elsewhere").is_ok() && place.follow(&from, "https://blobs.example/x").is_ok());
        for to in
            ["http://registry.example/", "http://blobs.example/", "ftp://x/", "file:///etc/passwd", "https://u:p@x/"]
        {
            assert_eq!(place.follow(&from, to).unwrap_err().failure(), Failure::Invalid, "{to}");
        }
        assert!(place.realm("http://auth.example/token").is_err() && place.realm("token").is_err());

        let place = self::place("10.0.0.1/a", true);
        assert!(place.realm("http://10.0.0.1:8080/token").is_ok());
        assert!(place.realm("http://10.0.0.2/token").is_err());
    }

    #[test]
    fn credentials_belong_to_one_scheme_host_and_port() {
        let place = place("registry.example/a", false);
        let is = |url| place.is_registry(&Url::parse(url).unwrap());
        assert!(is("https://registry.example/v2/") && is("https://registry.example:443/x"));
        assert!(
            !is("http://registry.example/")
                && !is("https://registry.example:8443/")
                && !is("https://x.registry.example/")
        );
    }
}
