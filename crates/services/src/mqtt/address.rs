//! Where an MQTT broker is, as guests and manifests name it.

use std::fmt;
use std::str::FromStr;

use holm_manifest::Remote;

use super::MqttError;

/// The longest address that is read, in bytes.
const MAX_ADDRESS: usize = 4 << 10;
/// The most bytes of a client's name; what servers have to take is 23 (MQTT 3.1.1, section 3.1.3.1).
const MAX_CLIENT: usize = 256;

/// `mqtt://HOST[:PORT]`, or `mqtts://…` with TLS; `tcp` and `ssl` say the same. A name for the client may follow, as in
/// `?client_id=NAME`; other settings are not taken. Its display form has no password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MqttAddress {
    scheme: &'static str,
    pub(super) server: Remote,
    pub(super) client: Option<String>,
}

impl MqttAddress {
    /// What stands before `://`.
    pub fn scheme(&self) -> &'static str {
        self.scheme
    }

    /// A name or an address; IPv6 in brackets.
    pub fn host(&self) -> &str {
        &self.server.host
    }

    /// The TCP port.
    pub fn port(&self) -> u16 {
        self.server.port
    }
}

impl FromStr for MqttAddress {
    type Err = MqttError;

    fn from_str(text: &str) -> Result<Self, MqttError> {
        if text.len() > MAX_ADDRESS {
            return Err(MqttError::InvalidAddress);
        }
        let (address, query) = text.split_once('?').unwrap_or((text, ""));
        let (scheme, tls) = match address.split_once("://").map(|(scheme, _)| scheme) {
            Some("mqtt") => ("mqtt", false),
            Some("tcp") => ("tcp", false),
            Some("mqtts") => ("mqtts", true),
            Some("ssl") => ("ssl", true),
            _ => return Err(MqttError::InvalidAddress),
        };
        let (server, path) =
            Remote::parse(address, if tls { 8883 } else { 1883 }, tls).map_err(|_| MqttError::InvalidAddress)?;
        if path.is_some() {
            return Err(MqttError::InvalidAddress);
        }
        let client = query.split('&').find_map(|setting| setting.strip_prefix("client_id=")).map(ToOwned::to_owned);
        match &client {
            Some(client) if client.is_empty() || client.len() > MAX_CLIENT => Err(MqttError::InvalidAddress),
            _ => Ok(Self { scheme, server, client }),
        }
    }
}

impl fmt::Display for MqttAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.server)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_scheme_a_usual_port_and_perhaps_a_name_for_the_client() {
        let address: MqttAddress = "mqtts://ann:hunter2@Broker.example?keep_alive_secs=5&client_id=me".parse().unwrap();
        assert_eq!((address.scheme(), address.host(), address.port()), ("mqtts", "broker.example", 8883));
        assert_eq!(address.client.as_deref(), Some("me"));
        assert_eq!(address.to_string(), "mqtts://ann:***@broker.example:8883");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "broker", "http://broker", "mqtt://", "mqtt://a/b", "mqtt://a?client_id=", "ws://a"] {
            assert!(text.parse::<MqttAddress>().is_err(), "{text}");
        }
    }
}
