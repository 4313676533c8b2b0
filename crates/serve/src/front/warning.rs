use std::fmt;
use std::io;
use std::sync::Arc;

use super::CertificateError;

/// Something the operator should know of, and after which the server goes on.
#[derive(Debug)]
pub enum Warning {
    /// Connections cannot be accepted at the listener of this URL. Given at most once a second per listener.
    Accept {
        /// The listener's URL.
        listener: Arc<str>,
        /// What the system says.
        error: io::Error,
    },
    /// A certificate's files changed and what they hold now is of no use; the old certificate goes on.
    Certificate(CertificateError),
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accept { listener, error } => {
                write!(f, "{listener}: no connection can be accepted: {error}")?;
                // EMFILE, ENFILE
                if matches!(error.raw_os_error(), Some(23 | 24)) {
                    f.write_str("; raise the limit of open files (ulimit -n) or lower the limit of connections")?;
                }
                Ok(())
            }
            Self::Certificate(error) => write!(f, "the certificate is not replaced: {error}"),
        }
    }
}

/// Where warnings go.
pub(super) type OnWarning = Arc<dyn Fn(&Warning) + Send + Sync>;
