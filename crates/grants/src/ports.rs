//! One port, a range of them, or all.

use std::fmt;

/// Ports `low` to `high`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ports {
    low: u16,
    high: u16,
}

impl Ports {
    pub(crate) const ANY: Ports = Ports { low: 0, high: u16::MAX };

    pub(crate) fn one(port: u16) -> Self {
        Ports { low: port, high: port }
    }

    pub(crate) fn contain(self, port: u16) -> bool {
        (self.low..=self.high).contains(&port)
    }

    /// The port, if it is one alone.
    pub(crate) fn only(self) -> Option<u16> {
        (self.low == self.high).then_some(self.low)
    }

    /// Reads `80`, `8000-8099` or `*`. The error is the reason alone.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text == "*" {
            return Ok(Ports::ANY);
        }
        let (low, high) = text.split_once('-').unwrap_or((text, text));
        let (low, high) = (port(low)?, port(high)?);
        if low > high {
            return Err(format!("the port range is upside down, write {high}-{low}"));
        }
        Ok(Ports { low, high })
    }
}

/// Digits only: Rust's own number parser would also take `+80`.
fn port(text: &str) -> Result<u16, String> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits);
    number.ok_or_else(|| format!("a port is a number from 0 to 65535, not `{text}`"))
}

impl fmt::Display for Ports {
    /// With the leading colon; nothing at all for any port.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Ports::ANY => Ok(()),
            Ports { low, high } if low == high => write!(f, ":{low}"),
            Ports { low, high } => write!(f, ":{low}-{high}"),
        }
    }
}
