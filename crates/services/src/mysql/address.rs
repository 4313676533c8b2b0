//! Where a server is, as a guest says it.

use mysql_async::{Opts, OptsBuilder};
use url::Url;

use super::MyError;

/// The most bytes of an address.
const MAX_ADDRESS: usize = 8 << 10;
const USUAL_PORT: u16 = 3306;

/// Where a server is and how to get in: `mysql://USER:PASSWORD@HOST:PORT/DATABASE`, with `?ssl-mode=…` for TLS.
#[derive(Clone)]
pub struct Address {
    pub(super) text: String,
    pub(super) options: Opts,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: bool,
}

impl Address {
    /// # Errors
    /// [`MyError::Connection`] for what is no such address.
    pub fn parse(text: &str) -> Result<Self, MyError> {
        let wrong = || {
            MyError::Connection(
                "the address cannot be read; it should be mysql://USER:PASSWORD@HOST/DATABASE".to_owned(),
            )
        };
        if text.len() > MAX_ADDRESS {
            return Err(MyError::Connection(format!("the address may have {MAX_ADDRESS} bytes")));
        }
        let mut url = Url::parse(text).map_err(|_| wrong())?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(wrong)?;
        let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
        let port = url.port().unwrap_or(USUAL_PORT);
        // What other drivers call it, and this one does not know: any mode but `disabled` wants TLS.
        let is_mode = |key: &str| ["ssl-mode", "sslmode"].contains(&key.to_ascii_lowercase().as_str());
        let mut tls = url.query_pairs().any(|(key, value)| is_mode(&key) && !value.eq_ignore_ascii_case("disabled"));
        let rest: Vec<_> = url.query_pairs().into_owned().filter(|(key, _)| !is_mode(key)).collect();
        url.set_query(None);
        if !rest.is_empty() {
            url.query_pairs_mut().extend_pairs(rest);
        }
        let options = Opts::from_url(url.as_str()).map_err(|error| MyError::Connection(error.to_string()))?;
        tls |= options.ssl_opts().is_some();
        // A socket of this machine's is nothing that a guest may reach.
        let options = OptsBuilder::from_opts(options).prefer_socket(false).socket(None::<String>);
        Ok(Self { text: text.to_owned(), options: options.into(), host, port, tls })
    }

    /// What a message calls it: without what lets us in.
    pub(super) fn shown(&self) -> String {
        format!("mysql://{}:{}", self.host, self.port)
    }

    /// The server's host, in lower case and without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_where_and_whether_over_tls() {
        let parts = |text: &str| {
            let address = Address::parse(text).map_err(|error| error.to_string())?;
            Ok((address.host, address.port, address.tls))
        };
        let one = |host: &str, port, tls| Ok::<_, String>((host.to_owned(), port, tls));
        assert_eq!(parts("mysql://ann:pw@DB.example/x"), one("db.example", 3306, false));
        assert_eq!(parts("mysql://ann:pw@[::1]:3307/x?ssl-mode=DISABLED"), one("::1", 3307, false));
        assert_eq!(parts("mysql://ann:pw@db/x?sslMode=VERIFY_CA&client_found_rows=true"), one("db", 3306, true));
        for text in ["mysql://", "postgres://ann:hunter2@db/x", "ann:hunter2@db", "mysql://ann:hunter2@db/x?nonsense=1"]
        {
            let error = parts(text).unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn no_address_leads_to_a_socket_of_this_machine() {
        let address =
            Address::parse("mysql://ann:pw@127.0.0.1/x?socket=%2Frun%2Fmysqld.sock&prefer_socket=true").unwrap();
        assert_eq!((address.options.socket(), address.options.prefer_socket()), (None, false));
    }
}
