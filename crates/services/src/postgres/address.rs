//! Where a server is, as a guest says it.

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use super::PgError;

/// The port of a server whose address names none.
const USUAL_PORT: u16 = 5432;
/// The most bytes of an address.
const MAX_ADDRESS: usize = 8 << 10;

/// Where a server is and how to get in: a URL (`postgres://USER:PASSWORD@HOST:PORT/DATABASE?…`) or words
/// (`host=… user=…`), as PostgreSQL's manual has them ("Connection Strings").
#[derive(Clone)]
pub struct Address {
    pub(super) text: String,
    pub(super) config: Config,
    servers: Vec<(String, u16)>,
}

impl Address {
    /// # Errors
    /// [`PgError::Connection`] for what is no address, and for what no guest may ask for: a socket in the file system, or an
    /// IP address in the place of the one that the name leads to.
    pub fn parse(text: &str) -> Result<Self, PgError> {
        if text.len() > MAX_ADDRESS {
            return Err(PgError::Connection(format!(
                "the address has {} bytes, and may have {MAX_ADDRESS}",
                text.len()
            )));
        }
        // What it says of itself may repeat the password.
        let config: Config = text.parse().map_err(|_| {
            PgError::Connection(
                "the address cannot be read; it should be postgres://USER:PASSWORD@HOST/DATABASE".to_owned(),
            )
        })?;
        if !config.get_hostaddrs().is_empty() {
            return Err(PgError::Connection("an address may not have `hostaddr`; write it as the host".to_owned()));
        }
        if config.get_user().is_none() {
            return Err(PgError::Connection("the address names no user".to_owned()));
        }
        let servers = servers(&config)?;
        Ok(Self { text: text.to_owned(), config, servers })
    }

    /// Each server that it names, by host and port, in the order in which they are tried.
    pub fn servers(&self) -> &[(String, u16)] {
        &self.servers
    }

    /// What a message calls it: without what lets us in.
    pub(super) fn shown(&self) -> String {
        let servers: Vec<_> = self.servers.iter().map(|(host, port)| format!("{host}:{port}")).collect();
        format!("postgres://{}", servers.join(","))
    }

    pub(super) fn wants_tls(&self) -> bool {
        self.config.get_ssl_mode() != SslMode::Disable
    }
}

fn servers(config: &Config) -> Result<Vec<(String, u16)>, PgError> {
    let ports = config.get_ports();
    if ports.len() > 1 && ports.len() != config.get_hosts().len() {
        return Err(PgError::Connection("the address has another number of ports than of hosts".to_owned()));
    }
    let mut servers = Vec::new();
    for (index, host) in config.get_hosts().iter().enumerate() {
        let port = ports.get(index).or(ports.first()).copied().unwrap_or(USUAL_PORT);
        match host {
            Host::Tcp(host) => servers.push((host.to_ascii_lowercase(), port)),
            #[cfg(unix)]
            Host::Unix(_) => {
                return Err(PgError::Connection("a guest cannot use a socket in the file system".to_owned()));
            }
        }
    }
    match servers.is_empty() {
        true => Err(PgError::Connection("the address names no host".to_owned())),
        false => Ok(servers),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_only_to_the_hosts_that_it_names() {
        let servers =
            |text: &str| Address::parse(text).map(|address| address.servers).map_err(|error| error.to_string());
        let one = |host: &str, port| Ok(vec![(host.to_owned(), port)]);
        assert_eq!(servers("postgres://ann:pw@DB.example.com/x"), one("db.example.com", 5432));
        assert_eq!(servers("host=db user=ann port=5433 password=pw"), one("db", 5433));
        assert_eq!(servers("postgresql://ann@a:1,b:2/x").unwrap().len(), 2);
        for (text, part) in [
            ("host=db hostaddr=10.0.0.1 user=ann password=hunter2", "hostaddr"),
            ("host=/var/run/postgresql user=ann password=hunter2", "socket"),
            ("postgres://ann:hunter2@%2Ftmp/x", "socket"),
            ("user=ann password=hunter2", "no host"),
            ("postgres://db/x", "no user"),
            ("host=db user=ann password='hunter2", "cannot be read"),
            ("host=a,b,c port=1,2 user=ann password=hunter2", "ports"),
        ] {
            let error = servers(text).unwrap_err();
            assert!(error.contains(part) && !error.contains("hunter2"), "{text}: {error}");
        }
    }
}
