//! Connecting to whichever of a server's addresses answers.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

/// What became of the last address that was tried.
pub(crate) enum Unanswered {
    /// It was silent for this long, or none was tried.
    Silent(Duration),
    /// It could not be connected to.
    Failed(SocketAddr, io::Error),
}

/// Connects to the first of `addresses` that answers. Each gets an equal share of the time left, so that a silent one does not
/// use up the turn of those after it.
pub(crate) async fn connect(
    addresses: &[SocketAddr],
    deadline: Instant,
) -> Result<(TcpStream, SocketAddr), Unanswered> {
    let mut last = Unanswered::Silent(Duration::ZERO);
    for (tried, address) in addresses.iter().enumerate() {
        let now = Instant::now();
        let left = u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
        let share = deadline.saturating_duration_since(now) / left;
        match timeout_at(now + share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok((stream, *address)),
            Ok(Err(error)) => last = Unanswered::Failed(*address, error),
            Err(_) => last = Unanswered::Silent(share),
        }
    }
    Err(last)
}
